//! Reads the folders that a kustomization leads to, within limits.
//!
//! A base may lie anywhere beside or above an overlay, so the folders are followed first; what
//! may be read from where is decided by `bowline_manifest::kustomize`.

use bowline_diag::Diagnostic;
use bowline_engine::Failure;
use bowline_host::files;
use bowline_manifest::kustomize::FileTree;
use bowline_manifest::limits::{TREE_BYTES_MAX, TREE_FILE_BYTES_MAX, TREE_FILES_MAX};
use bowline_yaml::{Limits, Node, Yaml};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// The names that Kustomize knows.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The largest file of an overlay, in bytes: custom resource definitions are long.
const FILE_BYTES_MAX: u64 = 4 * TREE_FILE_BYTES_MAX as u64;

/// Whether a folder holds a kustomization.
pub fn is_kustomization(folder: &Path) -> bool {
    NAMES.iter().any(|name| files::exists(folder.join(name)))
}

/// The files of everything that the kustomization in `folder` leads to, and where in the tree it
/// lies itself.
pub fn read(folder: &Path) -> Result<(FileTree, String), Failure> {
    let start = files::canonical(folder).map_err(|error| refused(error.what()))?;
    let mut found = Found::default();
    found.follow(start.clone())?;
    let top = found.folders.iter().fold(start.clone(), |top, folder| shared(&top, folder));
    let within = |path: &Path| {
        let inner = path.strip_prefix(&top).unwrap_or(path);
        inner.to_string_lossy().into_owned()
    };
    let tree = found.files.iter().map(|(path, bytes)| (within(path), bytes.clone()));
    Ok((FileTree::new(tree), within(&start)))
}

/// What has been read so far.
#[derive(Default)]
struct Found {
    folders: Vec<PathBuf>,
    files: BTreeMap<PathBuf, Vec<u8>>,
    bytes: usize,
}

impl Found {
    fn follow(&mut self, start: PathBuf) -> Result<(), Failure> {
        let mut next = vec![start];
        while let Some(folder) = next.pop() {
            if self.folders.contains(&folder) {
                continue;
            }
            self.folders.push(folder.clone());
            self.take(&folder)?;
            for name in NAMES {
                let Some(text) = self.files.get(&folder.join(name)) else { continue };
                let text = String::from_utf8_lossy(text).into_owned();
                let read = bowline_yaml::parse_documents(&text, &Limits::charts());
                // What is no YAML is told by who builds it.
                for path in read.unwrap_or_default().iter().flat_map(paths) {
                    let path = plain(&folder.join(path));
                    if files::is_dir(&path) {
                        next.push(path);
                    } else if files::exists(&path) && !self.files.contains_key(&path) {
                        self.add(path)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Every file beneath a folder.
    fn take(&mut self, folder: &Path) -> Result<(), Failure> {
        let entries = files::walk(folder, TREE_FILES_MAX).map_err(|error| refused(error.what()))?;
        for entry in entries {
            let path = folder.join(&entry.relative);
            let is_hidden = entry.relative.split('/').any(|part| part == ".git");
            if !is_hidden && !files::is_dir(&path) && !self.files.contains_key(&path) {
                self.add(path)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, path: PathBuf) -> Result<(), Failure> {
        // What is no plain file, or too long, is missing to who asks for it.
        let Ok(content) = files::read(&path, FILE_BYTES_MAX) else { return Ok(()) };
        self.bytes += content.len();
        if self.bytes > TREE_BYTES_MAX {
            return Err(refused(format!("the overlay has more than {TREE_BYTES_MAX} bytes")));
        }
        self.files.insert(path, content);
        Ok(())
    }
}

fn refused(why: String) -> Failure {
    Failure::usage(Diagnostic::error("BOW0630", why).help("name a folder with a kustomization"))
}

/// Every text of the lists that lead to other folders and files.
fn paths(document: &Node) -> Vec<String> {
    let lists = ["resources", "bases", "components", "crds", "configurations", "patches"];
    let mut found = Vec::new();
    for list in lists.iter().filter_map(|name| document.get(name)) {
        texts(list, &mut found);
    }
    found.retain(|text| !text.contains("://") && !text.contains('\n') && !text.is_empty());
    found
}

fn texts(node: &Node, found: &mut Vec<String>) {
    match &node.value {
        Yaml::Scalar(scalar) => found.push(scalar.text.clone()),
        Yaml::Sequence(items) => items.iter().for_each(|item| texts(item, found)),
        Yaml::Mapping(entries) => entries.iter().for_each(|(_, value)| texts(value, found)),
    }
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
        plain
    })
}

/// The folder that both lie in.
fn shared(left: &Path, right: &Path) -> PathBuf {
    let same = left.components().zip(right.components()).take_while(|(l, r)| l == r);
    same.map(|(part, _)| part).collect()
}
