//! Points at which a test may end the process, to prove that a crash there is harmless.
//!
//! The crash matrix runs a scenario once to count the points, then once per point with a hook
//! that aborts there, restarts, and compares the final state.

use crate::Journal;
use std::sync::{Arc, PoisonError};

/// On which side of the write, or of the effect, the point lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// Nothing has happened yet.
    Before,
    /// It is durable, or done.
    After,
}

/// Called with kind and key of the first event (or effect) of a write.
pub type CrashHook = Box<dyn Fn(&str, &str, When) + Send + Sync>;

/// The hook as it is kept: shared, so that it can run without the lock.
pub(crate) type SharedHook = Arc<dyn Fn(&str, &str, When) + Send + Sync>;

impl Journal {
    /// Sets or clears the hook that is called before and after every append, request and
    /// effect completion. The journal's lock is not held while it runs.
    pub fn set_crash_hook(&self, hook: Option<CrashHook>) {
        *self.hook.lock().unwrap_or_else(PoisonError::into_inner) = hook.map(Arc::from);
    }

    /// Marks a crash point of the caller's own, for example around performing an effect.
    pub fn crash_point(&self, kind: &str, key: &str, when: When) {
        let hook = self.hook.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(hook) = hook {
            hook(kind, key, when);
        }
    }
}
