//! Cancelling a run or one job of it.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

/// A switch that can be thrown once and that work listens to. Copies are the same switch.
#[derive(Clone, Default)]
pub struct CancelToken(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    cancelled: bool,
    next: u64,
    watchers: BTreeMap<u64, Box<dyn Fn() + Send>>,
}

/// A registered listener; dropping it ends the listening.
#[must_use]
pub struct Watch {
    token: Weak<Mutex<State>>,
    number: u64,
}

impl CancelToken {
    /// A switch that is not thrown.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Throws the switch; a second time changes nothing.
    pub fn cancel(&self) {
        let watchers = {
            let mut state = self.state();
            if state.cancelled {
                return;
            }
            state.cancelled = true;
            std::mem::take(&mut state.watchers)
        };
        for watcher in watchers.values() {
            watcher();
        }
    }

    /// Whether it is thrown.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.state().cancelled
    }

    /// Calls `listener` when the switch is thrown; at once when it is already.
    pub fn watch(&self, listener: impl Fn() + Send + 'static) -> Watch {
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        if state.cancelled {
            drop(state);
            listener();
        } else {
            state.watchers.insert(number, Box::new(listener));
        }
        Watch { token: Arc::downgrade(&self.0), number }
    }

    /// A switch of its own that is thrown with this one too. The child ends to listen when the
    /// returned watch is dropped.
    pub fn child(&self) -> (Self, Watch) {
        let child = Self::new();
        let thrown = child.clone();
        let watch = self.watch(move || thrown.cancel());
        (child, watch)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken").field("cancelled", &self.is_cancelled()).finish()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(state) = self.token.upgrade() {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.watchers.remove(&self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn listeners_hear_the_switch_once_and_late_ones_at_once() {
        let token = CancelToken::new();
        let (sender, heard) = mpsc::channel();
        let other = sender.clone();
        let first = token.watch(move || other.send("first").expect("it is open"));
        let dropped = sender.clone();
        drop(token.watch(move || dropped.send("dropped").expect("it is open")));
        token.cancel();
        token.cancel();
        let late = token.watch(move || sender.send("late").expect("it is open"));
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), ["first", "late"]);
        drop((first, late));
    }

    #[test]
    fn a_child_is_cancelled_with_its_parent_and_not_the_other_way_round() {
        let parent = CancelToken::new();
        let (one, _one) = parent.child();
        let (two, _two) = parent.child();
        one.cancel();
        assert!(!parent.is_cancelled() && !two.is_cancelled());
        parent.cancel();
        assert!(two.is_cancelled());
    }
}
