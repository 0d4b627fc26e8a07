//! The top of a workflow file, and the shapes that stand at several levels.

use crate::schema::{Table, Usable, contexts, key, required, required_with, with};

/// What is known when a run begins.
const RUN: Usable = contexts(&["github", "inputs", "vars"]);
const RUN_AND_SECRETS: Usable = contexts(&["github", "secrets", "inputs", "vars"]);

/// The whole file.
pub(crate) const WORKFLOW: Table = Table {
    what: "a workflow",
    rows: &[
        key("name"),
        key("description"),
        with("run-name", RUN),
        required("on"),
        key("permissions"),
        with("env", RUN_AND_SECRETS),
        key("defaults"),
        with("concurrency", RUN),
        required("jobs"),
    ],
};

/// `defaults`.
pub(crate) const DEFAULTS: Table = Table { what: "`defaults`", rows: &[key("run")] };

/// `defaults.run` of a workflow.
pub(crate) const DEFAULTS_RUN: Table =
    Table { what: "`defaults.run`", rows: &[key("shell"), key("working-directory")] };

/// `concurrency` of a workflow.
pub(crate) const CONCURRENCY: Table = Table {
    what: "`concurrency`",
    rows: &[required_with("group", RUN), with("cancel-in-progress", RUN), with("queue", RUN)],
};

/// The scopes of `permissions` and whether they can be written.
pub(crate) const PERMISSIONS: &[(&str, &[&str])] = &[
    ("actions", LEVELS),
    ("artifact-metadata", LEVELS),
    ("attestations", LEVELS),
    ("checks", LEVELS),
    ("contents", LEVELS),
    ("deployments", LEVELS),
    ("discussions", LEVELS),
    ("id-token", LEVELS),
    ("issues", LEVELS),
    ("models", &["read", "none"]),
    ("packages", LEVELS),
    ("pages", LEVELS),
    ("pull-requests", LEVELS),
    ("repository-projects", LEVELS),
    ("security-events", LEVELS),
    ("statuses", LEVELS),
];

const LEVELS: &[&str] = &["read", "write", "none"];
