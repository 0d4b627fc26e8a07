//! Error codes of this crate.

use bowline_diag::Code;

pub(crate) const UNKNOWN_KEY: &str = "BOW0101";
pub(crate) const WRONG_VALUE: &str = "BOW0102";
pub(crate) const MISSING_KEY: &str = "BOW0103";
pub(crate) const EXPRESSION: &str = "BOW0104";
pub(crate) const UNKNOWN_NAME: &str = "BOW0105";
pub(crate) const ID: &str = "BOW0106";
pub(crate) const NEEDS: &str = "BOW0107";
pub(crate) const CYCLE: &str = "BOW0108";
pub(crate) const EVENT: &str = "BOW0109";
pub(crate) const FILTER: &str = "BOW0110";
pub(crate) const MATRIX: &str = "BOW0111";
pub(crate) const EVALUATION: &str = "BOW0112";
pub(crate) const NOT_CARRIED_OUT: &str = "BOW0113";
pub(crate) const UNKNOWN_ACTION: &str = "BOW0114";
/// A label that no runner of ours has.
pub const RUNNER_LABEL: &str = "BOW0115";
pub(crate) const PERMISSION: &str = "BOW0116";

/// Every code of this crate, for `bowline explain` and the documentation.
pub const CODES: &[Code] = &[
    Code {
        id: UNKNOWN_KEY,
        title: "a key is not part of the workflow syntax at this place",
        text: "Bowline reads every key that GitHub documents. A key that stands at the wrong \
               level, or is misspelt, would be ignored elsewhere and is refused here, because \
               the workflow would not do what it says.",
    },
    Code {
        id: WRONG_VALUE,
        title: "a value has the wrong kind",
        text: "The key takes another kind of value: a list where a mapping is needed, a word \
               where a number is needed, or a value outside a closed list.",
    },
    Code {
        id: MISSING_KEY,
        title: "a key that must be there is missing",
        text: "The mapping cannot be used without this key. Add it.",
    },
    Code {
        id: EXPRESSION,
        title: "an expression cannot be read",
        text: "The text between `${{` and `}}` (or the text of an `if`) breaks the grammar of \
               GitHub's expression language. Strings stand in single quotes; a quote inside is \
               doubled.",
    },
    Code {
        id: UNKNOWN_NAME,
        title: "a context or function does not exist here",
        text: "Which contexts and functions may be used depends on the key: `secrets` never in \
               an `if`, `matrix` not in `strategy`, `hashFiles` only in steps, the status \
               functions only in an `if`.",
    },
    Code {
        id: ID,
        title: "an id is not valid",
        text: "Ids begin with a letter or `_`, go on with letters, digits, `_` or `-`, have \
               fewer than 100 characters, do not begin with `__`, and are unique without case.",
    },
    Code {
        id: NEEDS,
        title: "a job needs a job that does not exist",
        text: "`needs` names jobs by their id (the key under `jobs`), not by their `name`.",
    },
    Code {
        id: CYCLE,
        title: "jobs wait for one another",
        text: "At least one job must need nothing, and no job may need itself through others. \
               Remove one of the needs on the way.",
    },
    Code {
        id: EVENT,
        title: "an event does not exist",
        text: "`on` names GitHub's events. A misspelt event would never trigger anything.",
    },
    Code {
        id: FILTER,
        title: "a filter of `on` cannot be used",
        text: "A pattern is broken, or a filter stands beside its `-ignore` twin, which GitHub \
               refuses too: write one list with `!` patterns instead.",
    },
    Code {
        id: MATRIX,
        title: "a matrix yields no jobs that can be run",
        text: "Every key of a matrix is a list with items; `exclude` names only those keys; the \
               combinations are at most 256.",
    },
    Code {
        id: EVALUATION,
        title: "an expression has no value",
        text: "The expression is well formed, but a function refused its arguments when it was \
               evaluated.",
    },
    Code {
        id: NOT_CARRIED_OUT,
        title: "a valid key is not carried out by Bowline",
        text: "The workflow is valid for GitHub, but Bowline does not carry out this key yet. \
               Running the rest without it would give a result that means something else, so \
               nothing is run.",
    },
    Code {
        id: UNKNOWN_ACTION,
        title: "an action is not one of the built-in ones",
        text: "Bowline carries out `actions/checkout`, `actions/setup-go`, \
               `actions/setup-node`, `actions/cache`, `actions/upload-artifact` and \
               `actions/download-artifact` itself. Other actions are not run.",
    },
    Code {
        id: RUNNER_LABEL,
        title: "no runner has this label",
        text: "Jobs run on this machine, under Linux. Labels that name it are `ubuntu-*`, \
               `linux` and `self-hosted`. A job for another system is not run silently on Linux.",
    },
    Code {
        id: PERMISSION,
        title: "a permission is not granted",
        text: "Bowline gives a job no token that could write anywhere. Permissions that only \
               reduce (`read`, `none`) are accepted.",
    },
];
