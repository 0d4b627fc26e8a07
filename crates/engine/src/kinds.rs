//! Every kind of event that this version knows. A journal with another one was written by a
//! newer version, and is only read.

use crate::conductor::SUPERSEDED;
use crate::lane::REPORTS_KEPT;
use crate::prune::{KEEP_SET, PRUNED};
use crate::release::kind;
use crate::rollout::{
    ABORT, ADOPTED, APPLIED, PAUSE, PROMOTE, REMOVED, RESUME, RETRY, ROLLBACK_FINISHED,
    ROLLBACK_STARTED,
};
use bowline_record::{BUILT, DEPLOYED};
use bowline_rollout::machine::Event;

/// The kinds of all stages but the rollout, which names its own.
const OTHERS: &[&str] = &[
    kind::STARTED,
    kind::STAGE,
    kind::IMAGE,
    kind::GATE,
    kind::OVERRIDDEN,
    kind::FINISHED,
    ROLLBACK_STARTED,
    ROLLBACK_FINISHED,
    REMOVED,
    ADOPTED,
    SUPERSEDED,
    REPORTS_KEPT,
    APPLIED,
    KEEP_SET,
    PRUNED,
    BUILT,
    DEPLOYED,
    ABORT,
    PROMOTE,
    PAUSE,
    RESUME,
    RETRY,
];

/// Every kind.
#[must_use]
pub fn known() -> Vec<&'static str> {
    [OTHERS, Event::KINDS].concat()
}

/// Whether this version will read what it writes.
#[must_use]
pub fn is_known(kind: &str) -> bool {
    OTHERS.contains(&kind) || Event::KINDS.contains(&kind)
}
