//! Jobs.

use crate::schema::{Table, Usable, contexts, key, required_with, with};

/// Known before a job's matrix is.
pub(crate) const BEFORE_MATRIX: Usable = contexts(&["github", "needs", "vars", "inputs"]);
/// Known when a job is about to start.
const START: Usable = contexts(&["github", "needs", "strategy", "matrix", "vars", "inputs"]);
const START_AND_ENV: Usable =
    contexts(&["github", "needs", "strategy", "matrix", "env", "vars", "inputs"]);
const START_AND_SECRETS: Usable =
    contexts(&["github", "needs", "strategy", "matrix", "vars", "secrets", "inputs"]);
const CREDENTIALS: Usable =
    contexts(&["github", "needs", "strategy", "matrix", "env", "vars", "secrets", "inputs"]);
const INSIDE: Usable = contexts(&[
    "github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "secrets", "inputs",
]);
const OUTPUTS: Usable = contexts(&[
    "github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "secrets", "steps",
    "inputs",
]);
const URL: Usable = contexts(&[
    "github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "steps", "inputs",
]);
const CONDITION: Usable = Usable {
    contexts: BEFORE_MATRIX.contexts,
    functions: &["always", "cancelled", "success", "failure"],
};

/// A job that runs steps.
pub(crate) const JOB: Table = Table {
    what: "a job",
    rows: &[
        with("name", START),
        key("needs"),
        with("if", CONDITION),
        key("permissions"),
        with("runs-on", START),
        with("environment", START),
        with("concurrency", START),
        with("outputs", OUTPUTS),
        with("env", START_AND_SECRETS),
        with("defaults", START_AND_ENV),
        key("steps"),
        with("timeout-minutes", START),
        with("cancel-timeout-minutes", START),
        with("strategy", BEFORE_MATRIX),
        with("continue-on-error", START),
        with("container", START),
        with("services", START),
        with("snapshot", START),
        // Keys of the other kind of job, so that a wrong mixture is named as such.
        key("uses"),
        key("with"),
        key("secrets"),
    ],
};

/// A job that calls a reusable workflow.
pub(crate) const REUSABLE_JOB: Table = Table {
    what: "a job with `uses`",
    rows: &[
        with("name", START),
        key("uses"),
        with("with", START),
        with("secrets", START_AND_SECRETS),
        key("needs"),
        with("if", CONDITION),
        key("permissions"),
        with("concurrency", START),
        with("strategy", BEFORE_MATRIX),
    ],
};

/// `strategy`.
pub(crate) const STRATEGY: Table = Table {
    what: "`strategy`",
    rows: &[
        with("matrix", BEFORE_MATRIX),
        with("fail-fast", BEFORE_MATRIX),
        with("max-parallel", BEFORE_MATRIX),
    ],
};

/// `runs-on` as a mapping.
pub(crate) const RUNS_ON: Table =
    Table { what: "`runs-on`", rows: &[with("group", START), with("labels", START)] };

/// `defaults` of a job.
pub(crate) const DEFAULTS: Table =
    Table { what: "`defaults`", rows: &[with("run", START_AND_ENV)] };

/// `defaults.run` of a job.
pub(crate) const DEFAULTS_RUN: Table = Table {
    what: "`defaults.run`",
    rows: &[with("shell", START_AND_ENV), with("working-directory", START_AND_ENV)],
};

/// `concurrency` of a job.
pub(crate) const CONCURRENCY: Table = Table {
    what: "`concurrency`",
    rows: &[required_with("group", START), with("cancel-in-progress", START), with("queue", START)],
};

/// `environment` as a mapping.
pub(crate) const ENVIRONMENT: Table = Table {
    what: "`environment`",
    rows: &[required_with("name", START), with("url", URL), with("deployment", START)],
};

/// `container` as a mapping.
pub(crate) const CONTAINER: Table = Table {
    what: "`container`",
    rows: &[
        with("image", START),
        with("options", START),
        with("env", INSIDE),
        with("ports", START),
        with("volumes", START),
        with("credentials", CREDENTIALS),
    ],
};

/// One of `services` as a mapping.
pub(crate) const SERVICE: Table = Table {
    what: "a service",
    rows: &[
        with("image", START),
        with("options", START),
        with("env", INSIDE),
        with("ports", START),
        with("volumes", START),
        with("credentials", CREDENTIALS),
        with("entrypoint", START),
        with("command", START),
    ],
};

/// `credentials` of a container.
pub(crate) const CREDENTIAL_KEYS: Table = Table {
    what: "`credentials`",
    rows: &[with("username", CREDENTIALS), with("password", CREDENTIALS)],
};

/// `snapshot` as a mapping.
pub(crate) const SNAPSHOT: Table = Table {
    what: "`snapshot`",
    rows: &[required_with("image-name", START), with("version", START), with("if", CONDITION)],
};
