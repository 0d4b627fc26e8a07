//! Error codes of this crate: `BOW04..`.

use bowline_diag::Code;

/// A condition that cannot be read.
pub const CONDITION_SYNTAX: &str = "BOW0401";
/// A metric that nobody knows.
pub const UNKNOWN_METRIC: &str = "BOW0402";
/// A metric that is known, but not measured here.
pub const METRIC_NOT_CARRIED_OUT: &str = "BOW0403";

/// The table, for `bowline explain`.
pub const CODES: &[Code] = &[
    Code {
        id: CONDITION_SYNTAX,
        title: "a gate condition that cannot be read",
        text: "A condition is a metric, `>=` or `<=`, and a number: `coverage >= 80`. It says \
               what must hold. `>`, `<` and `==` are refused, because the decision is written \
               in SonarQube's form, which has only `LT` and `GT`.",
    },
    Code {
        id: UNKNOWN_METRIC,
        title: "a gate condition on an unknown metric",
        text: "No gate measures this. The known metrics are listed in the message; they have \
               SonarQube's keys.",
    },
    Code {
        id: METRIC_NOT_CARRIED_OUT,
        title: "a gate condition on a metric that is not measured here",
        text: "The metric exists in SonarQube, but Bowline does not measure it. A gate that \
               nobody feeds would either block for ever or pass without a look, so the \
               condition is refused. Delete it to go on without it.",
    },
];
