//! Where the public test data lies. It is not part of the repository.

use std::path::PathBuf;

/// The folder `name` of the yardsticks, or `None` with a loud line when it is not there.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("BOWLINE_YARDSTICKS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/yardsticks"),
        PathBuf::from,
    );
    let folder = root.join(name);
    if !folder.is_dir() {
        eprintln!("SKIPPED: no yardsticks at {}", folder.display());
        return None;
    }
    Some(folder)
}
