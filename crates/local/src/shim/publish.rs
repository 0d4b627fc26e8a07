//! The state as everybody sees it: changed in one place, written to disk, told to watchers.

use super::state::{STATE_FILE, State};
use bowline_host::files;
use std::{
    path::PathBuf,
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

/// The current state and who waits for the next one.
pub struct Published {
    state: Mutex<State>,
    changed: Condvar,
    folder: PathBuf,
}

impl Published {
    /// Starts with `state` and writes it.
    pub fn new(state: State, folder: PathBuf) -> Self {
        let published = Self { state: Mutex::new(state), changed: Condvar::new(), folder };
        published.keep(&published.current());
        published
    }

    /// The current state.
    pub fn current(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the state. Watchers hear of it before the disk does; no change, no word.
    pub fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = state.clone();
        change(&mut state);
        if *state == before {
            return;
        }
        state.change = before.change + 1;
        let now = state.clone();
        drop(state);
        self.changed.notify_all();
        self.keep(&now);
    }

    /// Waits until the state is a later one than `seen`, at most `timeout`.
    pub fn wait(&self, seen: u64, timeout: Duration) -> Option<State> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (state, _) = self
            .changed
            .wait_timeout_while(state, timeout, |state| state.change <= seen)
            .unwrap_or_else(PoisonError::into_inner);
        (state.change > seen).then(|| state.clone())
    }

    /// Written aside and renamed: a reader never sees half a state. Not forced to the disk,
    /// because after a power cut neither the container nor this file means anything.
    fn keep(&self, state: &State) {
        let text = serde_json::to_vec(state).expect("a state of plain fields is written as JSON");
        let aside = self.folder.join(format!("{STATE_FILE}.new"));
        let kept = files::write(&aside, &text)
            .and_then(|()| files::rename(&aside, self.folder.join(STATE_FILE)));
        if let Err(error) = kept {
            // The socket still tells; a full disk must not stop the container.
            super::complain(&format!("the state was not written: {error}"));
        }
    }
}
