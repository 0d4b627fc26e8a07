//! One Go build cache for all tests of this user: a cold one costs a minute a test.
//!
//! Go keys its entries by content and takes many writers, so sharing changes nothing but time.

use crate::ordinary;
use bowline_host::files;
use std::path::{Path, PathBuf};

/// Makes `<state>/cache/go-build` a link to the shared folder.
///
/// # Panics
/// When the folders cannot be made.
pub fn lay(state: &Path) {
    let shared = folder();
    files::create_private_dir(&shared).expect("the shared cache can be made");
    files::create_private_dir(state).expect("the state folder can be made");
    let cache = state.join("cache");
    files::create_dirs(&cache).expect("the cache folder can be made");
    files::symlink(shared, cache.join("go-build")).expect("the cache is linked once");
}

/// Gives another user, who has no cache yet, a copy of this user's.
///
/// # Panics
/// When it cannot be copied.
pub fn seed(user: u32) {
    let (own, theirs) = (folder(), folder_of(user));
    if files::exists(&theirs) || !files::exists(&own) {
        return;
    }
    // Beside it first: tests of several binaries come here at once.
    let copy = tempfile::Builder::new().prefix("bowline-seed").tempdir_in("/tmp");
    let copy = copy.expect("a folder can be made");
    files::copy_tree(&own, copy.path().join("cache")).expect("the cache can be copied");
    ordinary::give(&copy.path().join("cache"));
    // Who comes second has copied for nothing.
    let _ = files::rename(copy.path().join("cache"), &theirs);
}

/// The shared folder: of this user, and kept between runs.
fn folder() -> PathBuf {
    folder_of(ordinary::user())
}

fn folder_of(user: u32) -> PathBuf {
    PathBuf::from(format!("/tmp/bowline-testkit-{user}"))
}
