//! Points at which a test may end the process, to prove that a crash there is harmless.
//!
//! A point lies before and after everything that outlives the process: an append to the journal,
//! a file that gets its name, an object, a pod's process, a table of the edge. The crash matrix
//! lists the points of a command once and then ends a process at each of them. Without a hook a
//! point costs one atomic load.

use std::sync::OnceLock;

/// On which side of the write, or of the effect, the point lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// Nothing has happened yet.
    Before,
    /// It is durable, or done.
    After,
}

/// Called with a point's kind, its key and its side.
pub type Hook = Box<dyn Fn(&str, &str, When) + Send + Sync>;

static HOOK: OnceLock<Hook> = OnceLock::new();

/// Sets the hook of this process; whether it was the first.
pub fn set_hook(hook: Hook) -> bool {
    HOOK.set(hook).is_ok()
}

/// Whether anybody listens: a key that costs something need not be made for nobody.
#[must_use]
pub fn is_watched() -> bool {
    HOOK.get().is_some()
}

/// Passes a point.
pub fn point(kind: &str, key: &str, when: When) {
    if let Some(hook) = HOOK.get() {
        hook(kind, key, when);
    }
}

/// Does `work` with a point on both sides.
pub fn around<T>(kind: &str, key: &str, work: impl FnOnce() -> T) -> T {
    point(kind, key, When::Before);
    let done = work();
    point(kind, key, When::After);
    done
}
