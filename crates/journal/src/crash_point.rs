//! Points at which a test may end the process, to prove that a crash there is harmless.
//!
//! A journal passes the process's own points ([`bowline_host::crash`]); a test of the journal
//! alone sets a hook of that one journal.

use crate::Journal;
use bowline_host::crash;
use std::sync::{Arc, PoisonError};

pub use bowline_host::crash::When;

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
        crash::point(kind, key, when);
        let hook = self.hook.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(hook) = hook {
            hook(kind, key, when);
        }
    }
}
