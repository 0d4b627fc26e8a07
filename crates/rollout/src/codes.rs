//! Error codes of this crate: `BOW07..`.

use bowline_diag::Code;

/// A field that nobody knows.
pub const UNKNOWN_FIELD: &str = "BOW0701";
/// A field that Argo or Kubernetes knows and Bowline does not carry out.
pub const NOT_CARRIED_OUT: &str = "BOW0702";
/// A value of the wrong type or out of its range.
pub const INVALID_VALUE: &str = "BOW0703";
/// Something that cannot be left out.
pub const MISSING_FIELD: &str = "BOW0704";
/// A policy number that is out of its range.
pub const INVALID_POLICY: &str = "BOW0705";
/// A journal entry of this stage that this version cannot read.
pub const UNREADABLE_EVENT: &str = "BOW0706";

/// The table, for `bowline explain`.
pub const CODES: &[Code] = &[
    Code {
        id: UNKNOWN_FIELD,
        title: "unknown field in a Rollout or Deployment",
        text: "The field is not part of the object. Argo Rollouts would drop it without a word, \
               and the rollout would run without it. Bowline refuses, because a misspelt \
               `setWeight` must not become a 50:50 split. Correct the name or delete the line.",
    },
    Code {
        id: NOT_CARRIED_OUT,
        title: "a known field that Bowline does not carry out",
        text: "Argo Rollouts or Kubernetes knows this field, but Bowline does not act on it here. \
               Running the rollout without it would mean something else than was written. The \
               message names the consequence; delete the field to go on without it.",
    },
    Code {
        id: INVALID_VALUE,
        title: "a value of the wrong type or out of its range",
        text: "The value cannot mean what the field stands for. The message says what is \
               accepted: weights are 0 to 100, durations are seconds or text such as `5m`.",
    },
    Code {
        id: MISSING_FIELD,
        title: "something indispensable is missing",
        text: "A deployable `Rollout` needs `metadata.name`, `spec.selector` and `spec.template`. \
               A fragment that has only a strategy can be checked, but not deployed.",
    },
    Code {
        id: INVALID_POLICY,
        title: "a policy number is out of its range",
        text: "`slo.maxErrorRate` is a share between 0.000001 and 0.5. Above one half the \
               absolute test cannot tell good from bad.",
    },
    Code {
        id: UNREADABLE_EVENT,
        title: "a rollout event that this version cannot read",
        text: "The journal holds an event of kind `rollout.*` that this version does not know or \
               whose payload it cannot read. It was written by a newer version. Nothing is \
               decided on a state that is known only in part; use that version.",
    },
];
