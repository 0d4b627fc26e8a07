//! The files that a build may read, as texts: it never looks at a disk.

use super::fail::{Fail, Outcome};
use std::collections::BTreeMap;

/// The files of a repository by their path from its root, with `/` between the parts.
#[derive(Clone, Debug, Default)]
pub struct FileTree {
    files: BTreeMap<String, Vec<u8>>,
}

impl FileTree {
    /// A tree of these files.
    #[must_use]
    pub fn new(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        Self { files: files.into_iter().collect() }
    }

    /// The bytes of a file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// Whether any file lies in this folder; `""` is the root.
    #[must_use]
    pub fn is_directory(&self, path: &str) -> bool {
        let start = if path.is_empty() { String::new() } else { format!("{path}/") };
        self.files.range(start.clone()..).next().is_some_and(|(file, _)| file.starts_with(&start))
    }
}

/// `path` seen from the folder `from`, without `.` and `..`; `None` above the root of the tree.
pub(crate) fn join(from: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whether `path` lies in `folder` or is it.
pub(crate) fn is_beneath(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The folder of one kustomization, and those on the way to it.
#[derive(Clone, Debug)]
pub(crate) struct Loader<'t> {
    pub(crate) tree: &'t FileTree,
    pub(crate) root: String,
    visited: Vec<String>,
}

impl<'t> Loader<'t> {
    pub(crate) fn new(tree: &'t FileTree, root: String) -> Self {
        Self { tree, root, visited: Vec::new() }
    }

    /// The text of a file; only files beneath this kustomization's own folder are read.
    pub(crate) fn bytes(&self, path: &str) -> Outcome<(String, &'t [u8])> {
        if path.starts_with('/') {
            return Err(Fail::new(format!("`{path}` is an absolute path"))
                .help("name the file from the folder of the kustomization"));
        }
        let found = join(&self.root, path);
        let Some(full) = found.filter(|full| is_beneath(full, &self.root)) else {
            let message = format!("`{path}` lies outside of the kustomization's folder");
            return Err(Fail::new(message).help(
                "move the file beneath it, or give its folder a kustomization and name that",
            ));
        };
        match self.tree.get(&full) {
            Some(bytes) => Ok((full, bytes)),
            None if self.tree.is_directory(&full) => {
                Err(Fail::new(format!("`{path}` is a folder; a file is needed here")))
            }
            None => Err(Fail::new(format!("the file `{path}` does not exist"))),
        }
    }

    /// As [`Loader::bytes`], and the file must be text.
    pub(crate) fn text(&self, path: &str) -> Outcome<(String, &'t str)> {
        let (full, bytes) = self.bytes(path)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok((full, text)),
            Err(_) => Err(Fail::new("the file is not UTF-8").at(&full, (1, 1))),
        }
    }

    /// The loader of another kustomization's folder.
    pub(crate) fn enter(&self, path: &str) -> Outcome<Loader<'t>> {
        if is_remote(path) {
            let message = format!("`{path}` is a remote base, which is not fetched");
            return Err(Fail::refused(message)
                .note(
                    "without it the overlay would lack all of its objects, so nothing is rendered",
                )
                .help("copy the base into the repository and name its folder"));
        }
        if path.starts_with('/') {
            return Err(Fail::new(format!("`{path}` is an absolute path")));
        }
        let Some(root) = join(&self.root, path) else {
            return Err(Fail::new(format!("`{path}` lies outside of the repository")));
        };
        if !self.tree.is_directory(&root) {
            return Err(Fail::new(format!("neither a file nor a folder is called `{path}`")));
        }
        let mut visited = self.visited.clone();
        visited.push(self.root.clone());
        if visited.iter().any(|known| is_beneath(known, &root)) {
            let message = format!("`{path}` contains a kustomization that leads to it");
            return Err(Fail::new(message).help("remove one of the two references"));
        }
        Ok(Loader { tree: self.tree, root, visited })
    }
}

/// Whether a path names something that Kustomize would clone or download.
pub(crate) fn is_remote(path: &str) -> bool {
    let known = ["http://", "https://", "ssh://", "git@", "git::", "oci://", "file://", "s3::"];
    known.iter().any(|start| path.starts_with(start))
        || path.starts_with("github.com/")
        || path.starts_with("gitlab.com/")
        || path.contains("?ref=")
        || path.contains(".git//")
}
