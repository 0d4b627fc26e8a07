//! Files and folders. Every error names its path and what was tried.
//!
//! - [`write_atomic`] is for what must survive a power cut: a temporary file beside the place,
//!   fsync, rename, fsync of the folder.
//! - [`Root`] and [`open_beneath`] are for paths that came from somebody else (a repository,
//!   an archive): the kernel resolves them and refuses to leave the root.
//!
//! Absent on purpose: watching, memory maps, anything asynchronous. Callers in async code use
//! [`crate::task::blocking`] for work that takes long.
#![expect(clippy::disallowed_methods, reason = "the one place that touches files")]

mod atomic;
mod beneath;
mod error;
mod lock;
mod metadata;
mod plain;
mod tree;

pub use atomic::{AtomicFile, sync_dir, write_atomic, write_atomic_mode};
pub use beneath::{NewFile, Root, open_beneath, read_beneath};
pub use error::Error;
pub use lock::{Lock, TryLock, is_locked, lock_exclusive, lock_shared, try_lock};
pub use metadata::{Kind, Metadata, Modified, exists, is_dir, metadata, metadata_followed};
pub use plain::{
    append, canonical, create, create_dirs, create_private_dir, disk_free, hard_link, is_root,
    open_read, read, read_link, read_text, remove_dir, remove_file, rename, set_mode, set_modified,
    symlink, truncate, write,
};
pub use tree::{Entry, WalkEntry, copy_tree, list, remove_tree, walk};
