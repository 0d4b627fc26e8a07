//! The error codes of this crate (02).

use bowline_diag::Code;

/// A secret that nobody gave.
pub const UNKNOWN_SECRET: &str = "BOW0201";
/// An action that is not built in.
pub const UNKNOWN_ACTION: &str = "BOW0202";
/// An input that a built-in action does not honour.
pub const UNKNOWN_INPUT: &str = "BOW0203";
/// A value of an input that cannot be used.
pub const BAD_INPUT: &str = "BOW0204";
/// An expression that fails when it is evaluated.
pub const EXPRESSION: &str = "BOW0205";
/// A shell that cannot be carried out.
pub const SHELL: &str = "BOW0206";
/// A toolchain that is missing or too old.
pub const TOOLCHAIN: &str = "BOW0207";
/// The box of a job could not be made or failed.
pub const SANDBOX: &str = "BOW0208";
/// A file of the run could not be read or written.
pub const FILES: &str = "BOW0209";
/// The job asked for does not exist.
pub const UNKNOWN_JOB: &str = "BOW0210";
/// A value of a key that is known only at run time cannot be used.
pub const BAD_VALUE: &str = "BOW0211";
/// A download failed.
pub const DOWNLOAD: &str = "BOW0212";
/// A fault of the runner itself.
pub const INTERNAL: &str = "BOW0213";
/// A job took more of the machine than it may.
pub const LIMIT: &str = "BOW0214";

/// One row for each code.
pub const CODES: &[Code] = &[
    Code {
        id: UNKNOWN_SECRET,
        title: "a workflow reads a secret that was not given",
        text: "A missing secret would read as an empty text and fail much later, or not at all. \
               It is refused before any job starts. Give it with `-s NAME=value`, or take the \
               expression out.",
    },
    Code {
        id: UNKNOWN_ACTION,
        title: "a step uses an action that is not built in",
        text: "Checkout, setup-go, setup-node, cache, upload-artifact and download-artifact run \
               natively. Other actions are not carried out yet. Replace the step by a `run:`.",
    },
    Code {
        id: UNKNOWN_INPUT,
        title: "an input of a built-in action is not honoured",
        text: "An input that is left out in silence changes what a workflow means, so each one \
               that is not honoured is refused at its place.",
    },
    Code {
        id: BAD_INPUT,
        title: "the value of an action's input cannot be used",
        text: "The input is known, but not with this value. The help line says which values are.",
    },
    Code {
        id: EXPRESSION,
        title: "an expression fails when it is evaluated",
        text: "The expression is well formed, but with the values of this run it has no result, \
               for example `fromJSON` of a text that is not JSON.",
    },
    Code {
        id: SHELL,
        title: "a step's shell cannot be carried out",
        text: "Built in are `bash`, `sh`, `python` and `pwsh`. Any other shell is a command line \
               with `{0}` where the script's path goes.",
    },
    Code {
        id: TOOLCHAIN,
        title: "a toolchain is missing or older than the one asked for",
        text: "Go: an installed version equal to or newer than the one asked for is used. Node: \
               the same major version is taken from PATH or the tool cache, else brought from \
               the npm registry.",
    },
    Code {
        id: SANDBOX,
        title: "the box of a job could not be made",
        text: "Each job runs in namespaces of its own. `bowline doctor` says what this machine \
               permits and how to permit the rest.",
    },
    Code {
        id: FILES,
        title: "a file of the run could not be read or written",
        text: "The state folder holds logs, workspaces and caches of runs. Check that it can be \
               written and that its disk is not full.",
    },
    Code {
        id: UNKNOWN_JOB,
        title: "the job asked for does not exist",
        text: "`bowline run -j NAME` takes the id of a job, the key under `jobs:`.",
    },
    Code {
        id: BAD_VALUE,
        title: "a value that is known only at run time cannot be used",
        text: "For example a `timeout-minutes` whose expression is not a number, or a matrix \
               whose expression is not a mapping.",
    },
    Code {
        id: DOWNLOAD,
        title: "a download failed",
        text: "A toolchain could not be fetched, or what came is not what its integrity value \
               promises. Where there is no network, put it into the tool cache by hand.",
    },
    Code {
        id: INTERNAL,
        title: "the runner itself failed",
        text: "This is a fault of Bowline. The run ends as failed, never as passed.",
    },
    Code {
        id: LIMIT,
        title: "a job took more of the machine than it may",
        text: "What a job may write to disk, how many processes it may start and how much of its \
               output is stored is bounded, so that other jobs and the journal go on. The message \
               names the limit, its value and the environment variable that changes it.",
    },
];
