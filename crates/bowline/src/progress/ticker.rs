//! A thread that looks at a watcher's state again and again, for as long as the watcher lives.

use bowline_host::task;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Calls `look` every `every` until `state` is gone.
pub fn start<S: Send + Sync + 'static>(state: &Arc<S>, every: Duration, look: fn(&S)) {
    let state: Weak<S> = Arc::downgrade(state);
    // Without the thread the lines come later or not at all; nothing depends on them.
    let thread = task::thread("progress", move || {
        loop {
            std::thread::sleep(every);
            match state.upgrade() {
                Some(state) => look(&state),
                None => return,
            }
        }
    });
    drop(thread);
}
