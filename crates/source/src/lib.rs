//! Source: a git repository read without running anything that it holds.
//!
//! All reading is plumbing of the `git` program in an environment of its own: no hooks, no
//! filter drivers, no external diff, no protocols, no configuration of user or system. Files
//! come out of the object database byte for byte, so attributes such as `export-ignore`,
//! `eol` or `filter` change nothing.
//!
//! Absent on purpose: networks (nothing is cloned or fetched here), merging. Writing is
//! there for the demo only.
#![forbid(unsafe_code)]

mod branch;
mod checkout;
mod codes;
mod commit;
mod error;
mod git;
mod git_dir;
mod history;
pub mod limits;
mod object;
mod reference;
mod repository;
mod status;
mod tag;
mod worktree;
mod write;

pub use checkout::Checkout;
pub use codes::CODES;
pub use error::Error;
pub use git::Git;
pub use history::History;
pub use reference::GitRef;
pub use repository::Repository;
pub use status::Status;
pub use write::Author;

use std::path::Path;

/// Opens the repository that `path` lies in, with the `git` of the usual folders. See
/// [`Git::open`] for another one.
///
/// # Errors
/// As [`Git::find`] and [`Git::open`].
pub fn open(path: impl AsRef<Path>) -> Result<Repository, Error> {
    Git::find(git::USUAL_PATH)?.open(path)
}
