//! Reads charts from folders and archives, within limits and within their folder.

use bowline_diag::Diagnostic;
use bowline_engine::Failure;
use bowline_host::files;
use bowline_manifest::helm::{Chart, Error, Ignore};
use bowline_manifest::limits::{CHART_DEPTH_MAX, TREE_BYTES_MAX, TREE_FILE_BYTES_MAX};
use bowline_manifest::{FileTree, TreeError};
use bowline_oci::archive;
use std::path::Path;

/// Entries of one folder and all beneath it.
const ENTRIES_MAX: usize = 100_000;

/// The chart at a path: a folder with `Chart.yaml`, or a `.tgz`.
pub fn read(path: &Path) -> Result<Chart, Failure> {
    let shown = path.display().to_string();
    let tree = if files::is_dir(path) {
        folder(path, &shown)?
    } else {
        let packed =
            files::read(path, TREE_BYTES_MAX as u64).map_err(|error| refused(error.what()))?;
        unpack(&packed).map_err(failure)?
    };
    let at = shown.trim_end_matches('/');
    Chart::read(&tree, at, &unpack).map_err(failure)
}

/// A chart that fails is the user's code that fails: exit 1.
pub fn failure(error: Error) -> Failure {
    Failure { exit_code: bowline_diag::exit::YOUR_CODE, ..Failure::from(error) }
}

fn refused(why: String) -> Failure {
    Failure::usage(Diagnostic::error("BOW0620", why).help("name a chart's folder or its `.tgz`"))
}

fn folder(root: &Path, shown: &str) -> Result<FileTree, Failure> {
    let rules = files::read_beneath(root, ".helmignore", TREE_FILE_BYTES_MAX as u64).ok();
    let ignore = Ignore::read(rules.as_deref()).map_err(failure)?;
    let mut tree = FileTree::default();
    walk(root, shown, "", &ignore, &mut tree, 0)?;
    Ok(tree)
}

fn walk(
    root: &Path,
    shown: &str,
    within: &str,
    ignore: &Ignore,
    tree: &mut FileTree,
    depth: usize,
) -> Result<(), Failure> {
    if depth > CHART_DEPTH_MAX * 2 {
        return Err(refused(format!("`{shown}/{within}` nests too deep")));
    }
    let entries = files::list(root.join(within)).map_err(|error| refused(error.what()))?;
    if entries.len() > ENTRIES_MAX {
        return Err(refused(format!("`{shown}/{within}` has too many entries")));
    }
    let mut names: Vec<String> = Vec::new();
    for entry in entries {
        names.push(entry.name);
    }
    names.sort();
    for name in names {
        let path = if within.is_empty() { name } else { format!("{within}/{name}") };
        let is_folder = files::is_dir(root.join(&path));
        if ignore.skips(&path, is_folder) {
            continue;
        }
        if is_folder {
            walk(root, shown, &path, ignore, tree, depth + 1)?;
            continue;
        }
        let content = files::read_beneath(root, &path, TREE_FILE_BYTES_MAX as u64)
            .map_err(|error| refused(error.what()))?;
        tree.add(&path, &content).map_err(|error| refused(error.to_string()))?;
    }
    Ok(())
}

/// Why an archive is refused.
enum Refused {
    Archive(bowline_oci::Error),
    Tree(TreeError),
}

impl From<bowline_oci::Error> for Refused {
    fn from(error: bowline_oci::Error) -> Self {
        Self::Archive(error)
    }
}

/// The files of a `.tgz` without the folder that holds them all.
fn unpack(packed: &[u8]) -> Result<FileTree, Error> {
    let inner = |path: &str| path.split_once('/').map_or(path, |(_, inner)| inner).to_owned();
    let tree = std::cell::RefCell::new(FileTree::default());
    let bytes_max = TREE_BYTES_MAX as u64 + TREE_FILE_BYTES_MAX as u64;
    let allows = |path: &str, bytes| tree.borrow().allows(path, bytes).map_err(Refused::Tree);
    let take = |path: &str, content: &[u8]| {
        tree.borrow_mut().add(inner(path), content).map_err(Refused::Tree)
    };
    match archive::files(packed, bytes_max, allows, take) {
        Ok(()) => Ok(tree.into_inner()),
        Err(Refused::Archive(error)) => Err(Error::archive(error.to_string())),
        Err(Refused::Tree(error)) => Err(Error::archive(error.to_string())),
    }
}
