//! Waiting for a fact: looked at again and again until a deadline, never slept for.

use bowline_host::clock::Stopwatch;
use std::time::Duration;

/// How often a fact is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The first `Some` of `look`.
///
/// # Panics
/// After `limit` without one; `what` says what was waited for.
pub fn until<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let clock = Stopwatch::start();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(clock.elapsed() < limit, "waited {limit:?} for {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}
