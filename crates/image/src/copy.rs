//! What a COPY writes: a list of paths, worked out from the tree that it reads and the tree that
//! it writes to. Absent on purpose: files; contents are named, not read.

use crate::{
    plan::Copy,
    tree::{Kind, Node, Tree, is_pattern, names},
};
use bowline_oci::layer::Content;

/// A path and what it becomes, relative to the root.
pub(crate) type Write = (String, Node);

/// Why a COPY cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CopyError {
    #[error("`{source_path}` does not exist in {from}")]
    Missing {
        /// Which of the sources, from 0.
        index: Index,
        source_path: String,
        from: String,
        /// A path that is there and near to it.
        nearest: Option<String>,
    },
    #[error("`{path}` is a folder in the image, so no file can be written there")]
    FolderInTheWay { path: String },
    #[error("`{path}` is a file in the image, so nothing can be written below it")]
    FileInTheWay { path: String },
    #[error("`{path}` leads from link to link without an end")]
    Links { path: String },
    #[error("several files would be written to `{path}`, each over the last")]
    Several { path: String },
}

/// The number of a source in its instruction.
pub(crate) type Index = usize;

/// What `copy` writes into `to` when its sources lie in `from`, which messages call `name`.
/// Folders come before what they hold. Folders that are there keep their mode.
pub(crate) fn writes(
    copy: &Copy,
    from: &Tree,
    to: &Tree,
    name: &str,
) -> Result<Vec<Write>, CopyError> {
    let mut writer = Writer { copy, to: to.clone(), written: Vec::new() };
    let mut sources: Vec<Found> = Vec::new();
    for (index, (source, _)) in copy.sources.iter().enumerate() {
        let found = find(from, source)?;
        if found.is_empty() && !is_pattern(source) {
            return Err(missing(index, source, from, name));
        }
        sources.extend(found);
    }
    let folders = sources.iter().filter(|found| from.is_dir(&found.real)).count();
    let files = sources.len() - folders + copy.inline.len();
    let into_folder = copy.destination.ends_with('/') || writer.is_dir(&copy.destination)?;
    if !into_folder && files > 1 {
        return Err(CopyError::Several { path: copy.destination.clone() });
    }
    for Found { name, real } in &sources {
        if from.is_dir(real) {
            writer.folder(from, real)?;
        } else if let Some(node) = from.get(real) {
            writer.file(name, node.clone(), into_folder)?;
        }
    }
    for (name, content) in &copy.inline {
        let kind = Kind::File(Content::Bytes(content.clone().into_bytes()));
        writer.file(name, Node { kind, mode: 0o644, owner: (0, 0) }, into_folder)?;
    }
    Ok(writer.written)
}

/// What WORKDIR writes: the folders that are not there.
pub(crate) fn make_dir(to: &Tree, path: &str) -> Result<Vec<Write>, CopyError> {
    let copy = Copy {
        from: None,
        sources: Vec::new(),
        inline: Vec::new(),
        destination: path.to_owned(),
        owner: None,
        mode: None,
        link: false,
    };
    let mut writer = Writer { copy: &copy, to: to.clone(), written: Vec::new() };
    let real = writer.real(path, true)?;
    writer.dirs(&real)?;
    Ok(writer.written)
}

/// A source that is there: the name it keeps, and where it really lies.
struct Found {
    name: String,
    real: String,
}

/// What a source names: links on the way and the source itself are followed.
fn find(from: &Tree, source: &str) -> Result<Vec<Found>, CopyError> {
    let links = |_| CopyError::Links { path: source.to_owned() };
    let plain = names(source).collect::<Vec<_>>().join("/");
    let paths = if is_pattern(source) { from.matching(source) } else { vec![plain] };
    let mut all = Vec::new();
    for path in paths {
        let real = from.resolve(&path, true).map_err(links)?;
        if real.is_empty() || from.get(&real).is_some() {
            let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
            all.push(Found { name, real });
        }
    }
    Ok(all)
}

fn missing(index: Index, path: &str, from: &Tree, name: &str) -> CopyError {
    let plain = names(path).collect::<Vec<_>>().join("/");
    let depth = plain.matches('/').count();
    let same_depth = from.iter().map(|(path, _)| path).filter(|p| p.matches('/').count() == depth);
    let nearest = bowline_diag::nearest(&plain, same_depth.take(10_000)).map(str::to_owned);
    let (source_path, from) = (path.to_owned(), name.to_owned());
    CopyError::Missing { index, source_path, from, nearest }
}

struct Writer<'a> {
    copy: &'a Copy,
    /// The destination with what was written so far.
    to: Tree,
    written: Vec<Write>,
}

impl Writer<'_> {
    fn owned(&self, node: &Node) -> (u32, u32) {
        self.copy.owner.unwrap_or(node.owner)
    }

    /// Where a path of the destination really lies. `--link` knows nothing of what is there.
    fn real(&self, path: &str, last: bool) -> Result<String, CopyError> {
        if self.copy.link {
            return Ok(names(path).collect::<Vec<_>>().join("/"));
        }
        let links = |_| CopyError::Links { path: path.to_owned() };
        self.to.resolve(path, last).map_err(links)
    }

    fn is_dir(&self, path: &str) -> Result<bool, CopyError> {
        Ok(self.to.is_dir(&self.real(path, true)?))
    }

    /// The contents of a folder go into the destination, whatever its name.
    fn folder(&mut self, from: &Tree, source: &str) -> Result<(), CopyError> {
        let target = self.real(&self.copy.destination, true)?;
        self.dirs(&target)?;
        let skip = if source.is_empty() { 0 } else { source.len() + 1 };
        for (path, node) in from.below(source) {
            let inner = &path[skip..];
            let whole =
                if target.is_empty() { inner.to_owned() } else { format!("{target}/{inner}") };
            let (folder, name) = whole.rsplit_once('/').unwrap_or(("", &whole));
            let folder = self.real(folder, true)?;
            let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            self.node(path, node)?;
        }
        Ok(())
    }

    fn file(&mut self, name: &str, node: Node, into_folder: bool) -> Result<(), CopyError> {
        let destination = &self.copy.destination;
        let path = if into_folder {
            format!("{}/{name}", destination.trim_end_matches('/'))
        } else {
            destination.clone()
        };
        let path = self.real(&path, false)?;
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.dirs(folder)?;
        }
        self.node(path, &node)
    }

    /// Makes a folder and those above it, where they are not there.
    fn dirs(&mut self, path: &str) -> Result<(), CopyError> {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for end in ends.filter(|end| *end > 0) {
            let folder = &path[..end];
            match self.to.get(folder) {
                Some(node) if node.is_dir() => {}
                Some(_) => return Err(CopyError::FileInTheWay { path: format!("/{folder}") }),
                None => {
                    let owner = self.copy.owner.unwrap_or((0, 0));
                    self.write(folder.to_owned(), Node::dir(0o755, owner));
                }
            }
        }
        Ok(())
    }

    fn node(&mut self, path: String, node: &Node) -> Result<(), CopyError> {
        let there = self.to.get(&path).map(Node::is_dir);
        match (node.is_dir(), there) {
            // A folder that is there keeps its mode.
            (true, Some(true)) => return Ok(()),
            (true, Some(false)) => {
                return Err(CopyError::FileInTheWay { path: format!("/{path}") });
            }
            (false, Some(true)) => {
                return Err(CopyError::FolderInTheWay { path: format!("/{path}") });
            }
            (_, None) | (false, Some(false)) => {}
        }
        let is_link = matches!(node.kind, Kind::Symlink(_));
        let mode = if is_link { node.mode } else { self.copy.mode.unwrap_or(node.mode) };
        let node = Node { kind: node.kind.clone(), mode, owner: self.owned(node) };
        self.write(path, node);
        Ok(())
    }

    fn write(&mut self, path: String, node: Node) {
        self.to.insert(path.clone(), node.clone());
        self.written.push((path, node));
    }
}

#[cfg(test)]
mod tests {
    use super::{CopyError, writes};
    use crate::{
        dockerfile::Place,
        plan::Copy,
        tree::{Kind, Node, Tree},
    };
    use bowline_oci::layer::Content;

    fn tree(paths: &[&str]) -> Tree {
        let mut tree = Tree::default();
        for path in paths {
            let (path, kind, mode) = match path.split_once(" -> ") {
                Some((path, target)) => (path, Kind::Symlink(target.to_owned()), 0o777),
                None if path.ends_with('/') => (path.trim_end_matches('/'), Kind::Dir, 0o750),
                None => (*path, Kind::File(Content::Bytes(Vec::new())), 0o640),
            };
            tree.insert(path, Node { kind, mode, owner: (0, 0) });
        }
        tree
    }

    fn copy(sources: &[&str], destination: &str) -> Copy {
        Copy {
            from: None,
            sources: sources.iter().map(|&s| (s.to_owned(), Place::START)).collect(),
            inline: Vec::new(),
            destination: destination.to_owned(),
            owner: None,
            mode: None,
            link: false,
        }
    }

    fn check(sources: &[&str], destination: &str, to: &[&str], expected: &[&str]) {
        let from = tree(&[
            "go.mod",
            "go.sum",
            "cmd/",
            "cmd/main.go",
            "cmd/sub/",
            "cmd/sub/x",
            "ln -> cmd",
            "cmd/in -> /etc/passwd",
        ]);
        let found = writes(&copy(sources, destination), &from, &tree(to), "the context");
        let found: Vec<String> = found
            .unwrap_or_else(|error| panic!("{sources:?} {destination}: {error}"))
            .into_iter()
            .map(|(path, node)| match node.kind {
                Kind::Dir => format!("{path}/ {:o}", node.mode),
                Kind::File(_) => path,
                Kind::Symlink(target) => format!("{path} -> {target}"),
            })
            .collect();
        assert_eq!(found, expected, "{sources:?} {destination}");
    }

    #[test]
    fn files_and_folders_land_where_docker_puts_them() {
        check(&["go.mod"], "/app/", &[], &["app/ 755", "app/go.mod"]);
        check(&["go.mod"], "/app", &[], &["app"]);
        check(&["go.mod"], "/app", &["app/"], &["app/go.mod"]);
        check(&["go.mod", "go.sum"], "/", &[], &["go.mod", "go.sum"]);
        check(&["go.*", "yarn.lock*"], "/a/", &["a/"], &["a/go.mod", "a/go.sum"]);
        check(&["yarn.lock*"], "/a/", &[], &[]);
        let cmd = ["x/ 755", "x/in -> /etc/passwd", "x/main.go", "x/sub/ 750", "x/sub/x"];
        check(&["cmd"], "/x", &[], &cmd);
        // A source that is a link is followed, one inside a folder is kept.
        check(&["ln"], "/x", &[], &cmd);
        check(&["cmd/sub"], "/x/", &["x/", "x/x"], &["x/x"]);
    }

    #[test]
    fn links_at_the_destination_are_followed_unless_linked() {
        check(&["go.mod"], "/lib/", &["usr/", "usr/lib/", "lib -> usr/lib"], &["usr/lib/go.mod"]);
        let from = tree(&["f"]);
        let to = tree(&["lib -> usr/lib"]);
        let linked = Copy { link: true, ..copy(&["f"], "/new/f") };
        let written = writes(&linked, &from, &to, "x").expect("a copy");
        assert_eq!(
            written.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(),
            ["new", "new/f"]
        );
        // A link at the very place is replaced, as Docker does.
        check(&["go.mod"], "/f", &["f -> elsewhere"], &["f"]);
    }

    #[test]
    fn owner_and_mode_reach_made_folders_and_files() {
        let copy = Copy { owner: Some((7, 8)), mode: Some(0o500), ..copy(&["f"], "/a/f") };
        let written = writes(&copy, &tree(&["f"]), &Tree::default(), "x").expect("a copy");
        let facts: Vec<_> = written.iter().map(|(_, node)| (node.mode, node.owner)).collect();
        assert_eq!(facts, [(0o755, (7, 8)), (0o500, (7, 8))]);
    }

    #[test]
    fn what_cannot_be_copied_is_an_error() {
        let from = tree(&["main.go", "d/", "d/x/", "f"]);
        let fails = |copy: &Copy, to: &[&str]| {
            writes(copy, &from, &tree(to), "the context").expect_err("a copy that fails")
        };
        match fails(&copy(&["mian.go"], "/"), &[]) {
            CopyError::Missing { nearest, .. } => assert_eq!(nearest.as_deref(), Some("main.go")),
            other => panic!("{other:?}"),
        }
        assert!(matches!(fails(&copy(&["d"], "/a"), &["a"]), CopyError::FileInTheWay { .. }));
        assert!(matches!(fails(&copy(&["d"], "/"), &["x"]), CopyError::FileInTheWay { .. }));
        let into = fails(&copy(&["f"], "/a/"), &["a/", "a/f/"]);
        assert!(matches!(into, CopyError::FolderInTheWay { .. }));
        assert!(matches!(fails(&copy(&["[mf]*"], "/a"), &[]), CopyError::Several { .. }));
    }
}
