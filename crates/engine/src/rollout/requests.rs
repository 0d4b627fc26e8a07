//! Requests from a second terminal: events that the living conductor follows.

use bowline_model::{Event as Entry, NewEvent};
use bowline_rollout::machine::{Action, Request};
use serde_json::json;

/// Take the version back.
pub const ABORT: &str = "request.rollout_abort";
/// End the pause; with `full` skip all steps.
pub const PROMOTE: &str = "request.rollout_promote";
/// Hold.
pub const PAUSE: &str = "request.rollout_pause";
/// Go on.
pub const RESUME: &str = "request.rollout_resume";
/// Begin again.
pub const RETRY: &str = "request.rollout_retry";

/// The event of a request of `kind` about the rollout `key`.
#[must_use]
pub fn request_event(kind: &str, key: &str, by: &str, reason: &str, full: bool) -> NewEvent {
    NewEvent::new(kind, key, json!({"by": by, "reason": reason, "full": full}))
}

/// A journal entry as a request; `None` for entries that are none.
pub fn read(entry: &Entry) -> Option<Request> {
    let flag = |name: &str| entry.body[name].as_bool().unwrap_or(false);
    let action = match entry.kind.as_str() {
        ABORT => Action::Abort,
        PROMOTE => Action::Promote { full: flag("full") },
        PAUSE => Action::Pause,
        RESUME => Action::Resume,
        RETRY => Action::Retry { overriding: flag("full") },
        _ => return None,
    };
    let text = |name: &str| entry.body[name].as_str().unwrap_or_default().to_owned();
    Some(Request { number: Some(entry.n), by: text("by"), reason: text("reason"), action })
}
