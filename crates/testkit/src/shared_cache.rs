//! One Go build cache for all tests of this user: a cold one costs a minute a test.
//!
//! Go keys its entries by content and takes many writers, so sharing changes nothing but time.

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

/// The shared folder: of this user, and kept between runs.
fn folder() -> PathBuf {
    let user = files::metadata("/proc/self").map_or(0, |metadata| metadata.uid);
    PathBuf::from(format!("/tmp/bowline-testkit-{user}"))
}
