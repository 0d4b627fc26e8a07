//! Steps.

use crate::schema::{Names, Table, Usable, key, with};

const CONTEXTS: Names = &[
    "github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "secrets", "steps",
    "inputs",
];
const STEP: Usable = Usable { contexts: CONTEXTS, functions: &["hashfiles"] };
/// Everything but `secrets`: a condition must not leak them bit by bit.
const CONDITION: Usable = Usable {
    contexts: &[
        "github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "steps", "inputs",
    ],
    functions: &["always", "cancelled", "success", "failure", "hashfiles"],
};

/// A step with `run`.
pub(crate) const RUN: Table = Table {
    what: "a step with `run`",
    rows: &[
        key("id"),
        with("name", STEP),
        with("if", CONDITION),
        with("run", STEP),
        key("shell"),
        with("working-directory", STEP),
        with("env", STEP),
        with("continue-on-error", STEP),
        with("timeout-minutes", STEP),
        key("background"),
    ],
};

/// A step with `uses`.
pub(crate) const USES: Table = Table {
    what: "a step with `uses`",
    rows: &[
        key("id"),
        with("name", STEP),
        with("if", CONDITION),
        key("uses"),
        with("with", STEP),
        with("env", STEP),
        with("continue-on-error", STEP),
        with("timeout-minutes", STEP),
        key("background"),
    ],
};

/// A step that deals with background steps.
pub(crate) const BACKGROUND: Table = Table {
    what: "a step for background steps",
    rows: &[
        key("id"),
        with("name", STEP),
        with("if", CONDITION),
        with("continue-on-error", STEP),
        with("timeout-minutes", STEP),
        key("wait"),
        key("wait-all"),
        key("cancel"),
        key("parallel"),
    ],
};

/// The keys that say what kind of step it is.
pub(crate) const KINDS: [&str; 6] = ["run", "uses", "wait", "wait-all", "cancel", "parallel"];
