//! The files of a stage or context as a tree in memory: what COPY reads from and writes to.
//!
//! Contents stay where they are; a node knows the file that holds them. Symbolic links are
//! resolved inside the tree, whatever they say.

use crate::limits::LINKS_MAX;
use bowline_oci::layer::Content;
use std::{collections::BTreeMap, ops::Bound};

/// What a path is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Dir,
    File(Content),
    Symlink(String),
}

/// One path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Permission bits.
    pub(crate) mode: u32,
    pub(crate) owner: (u32, u32),
}

impl Node {
    pub(crate) fn dir(mode: u32, owner: (u32, u32)) -> Self {
        Self { kind: Kind::Dir, mode, owner }
    }

    pub(crate) fn is_dir(&self) -> bool {
        self.kind == Kind::Dir
    }
}

/// Paths relative to the root, without `.`, `..` and empty names. The root itself is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    nodes: BTreeMap<String, Node>,
}

/// Links that lead round and round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TooManyLinks;

impl Tree {
    pub(crate) fn get(&self, path: &str) -> Option<&Node> {
        self.nodes.get(path)
    }

    pub(crate) fn insert(&mut self, path: impl Into<String>, node: Node) {
        self.nodes.insert(path.into(), node);
    }

    pub(crate) fn is_dir(&self, path: &str) -> bool {
        path.is_empty() || self.get(path).is_some_and(Node::is_dir)
    }

    /// Removes a path and all below it.
    pub(crate) fn remove(&mut self, path: &str) {
        let below: Vec<String> = self.below(path).map(|(path, _)| path.to_owned()).collect();
        below.iter().for_each(|path| {
            self.nodes.remove(path);
        });
        self.nodes.remove(path);
    }

    /// Everything below a folder, sorted by bytes.
    pub(crate) fn below(&self, folder: &str) -> impl Iterator<Item = (&str, &Node)> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let start = (Bound::Included(prefix.clone()), Bound::Unbounded);
        let range = self.nodes.range::<String, _>(start);
        range
            .take_while(move |(path, _)| path.starts_with(&prefix))
            .map(|(path, node)| (path.as_str(), node))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.nodes.iter().map(|(path, node)| (path.as_str(), node))
    }

    /// Where `path` really lies: links in it are followed, the last one only if `last`.
    /// Names that are not there stay as they are.
    pub(crate) fn resolve(&self, path: &str, last: bool) -> Result<String, TooManyLinks> {
        let mut waiting: Vec<String> = names(path).rev().map(str::to_owned).collect();
        let mut real: Vec<String> = Vec::new();
        let mut links = 0;
        while let Some(name) = waiting.pop() {
            if name == ".." {
                real.pop();
                continue;
            }
            real.push(name);
            let Some(Kind::Symlink(target)) = self.get(&real.join("/")).map(|node| &node.kind)
            else {
                continue;
            };
            if waiting.is_empty() && !last {
                continue;
            }
            links += 1;
            if links > LINKS_MAX {
                return Err(TooManyLinks);
            }
            if target.starts_with('/') {
                real.clear();
            } else {
                real.pop();
            }
            waiting.extend(names(target).rev().map(str::to_owned));
        }
        Ok(real.join("/"))
    }

    /// The paths that match `pattern`, name by name (`*`, `?`, `[…]`, `\`), sorted. A pattern
    /// without such characters matches its own path if it is there.
    pub(crate) fn matching(&self, pattern: &str) -> Vec<String> {
        let pattern: Vec<&str> = names(pattern).filter(|name| *name != "..").collect();
        let depth = pattern.len();
        let fits = |path: &str| {
            let mut count = 0;
            let all = path.split('/').zip(&pattern).all(|(name, pattern)| {
                count += 1;
                glob(&pattern.chars().collect::<Vec<_>>(), &name.chars().collect::<Vec<_>>())
            });
            all && count == depth && path.split('/').count() == depth
        };
        self.nodes.keys().filter(|path| fits(path)).cloned().collect()
    }
}

/// The names of a path; `..` is kept.
pub(crate) fn names(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty() && *name != ".")
}

/// Whether a source is a pattern.
pub(crate) fn is_pattern(source: &str) -> bool {
    source.contains(['*', '?', '['])
}

/// One name against one pattern (Go's `path.Match`).
fn glob(pattern: &[char], name: &[char]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some(('*', rest)) => (0..=name.len()).any(|skip| glob(rest, &name[skip..])),
        Some(('?', rest)) => !name.is_empty() && glob(rest, &name[1..]),
        Some(('[', rest)) => match (class(rest), name.split_first()) {
            (Some((negated, ranges, after)), Some((c, name))) => {
                let within = ranges.iter().any(|(low, high)| low <= c && c <= high);
                within != negated && glob(after, name)
            }
            _ => false,
        },
        Some(('\\', rest)) => match (rest.split_first(), name.split_first()) {
            (Some((escaped, rest)), Some((c, name))) => escaped == c && glob(rest, name),
            _ => false,
        },
        Some((one, rest)) => name.first() == Some(one) && glob(rest, &name[1..]),
    }
}

/// Whether it is negated, its ranges, and what follows it.
type Class<'a> = (bool, Vec<(char, char)>, &'a [char]);

fn class(pattern: &[char]) -> Option<Class<'_>> {
    let (negated, mut rest) = match pattern.first() {
        Some('^') => (true, &pattern[1..]),
        _ => (false, pattern),
    };
    let mut ranges = Vec::new();
    loop {
        match rest {
            [']', after @ ..] if !ranges.is_empty() => return Some((negated, ranges, after)),
            [low, '-', high, after @ ..] if *high != ']' => {
                ranges.push((*low, *high));
                rest = after;
            }
            [one, after @ ..] => {
                ranges.push((*one, *one));
                rest = after;
            }
            [] => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Node, TooManyLinks, Tree};
    use bowline_oci::layer::Content;

    fn tree(paths: &[&str]) -> Tree {
        let mut tree = Tree::default();
        for path in paths {
            let (path, kind) = match path.split_once(" -> ") {
                Some((path, target)) => (path, Kind::Symlink(target.to_owned())),
                None if path.ends_with('/') => (path.trim_end_matches('/'), Kind::Dir),
                None => (*path, Kind::File(Content::Bytes(Vec::new()))),
            };
            tree.insert(path, Node { kind, mode: 0o644, owner: (0, 0) });
        }
        tree
    }

    #[test]
    fn links_are_followed_inside_the_tree() {
        let tree = tree(&[
            "usr/",
            "usr/lib/",
            "usr/lib/a",
            "lib -> usr/lib",
            "up -> ../../../etc",
            "abs -> /usr/lib/a",
            "usr/back -> ../lib/a",
            "loop -> loop",
        ]);
        let check = |path: &str, last: bool, expected: &str| {
            assert_eq!(tree.resolve(path, last), Ok(expected.to_owned()), "{path}");
        };
        check("/lib/a", true, "usr/lib/a");
        check("lib", true, "usr/lib");
        check("lib", false, "lib");
        check("lib/new/x", true, "usr/lib/new/x");
        check("up/passwd", true, "etc/passwd");
        check("abs", true, "usr/lib/a");
        check("usr/back", true, "usr/lib/a");
        check("../../etc", true, "etc");
        assert_eq!(tree.resolve("loop/x", true), Err(TooManyLinks));
    }

    #[test]
    fn patterns_match_name_by_name() {
        let tree = tree(&["go.mod", "go.sum", "a/", "a/go.mod", "b.txt", "[x]", "main.go"]);
        let check = |pattern: &str, expected: &[&str]| {
            assert_eq!(tree.matching(pattern), expected, "{pattern}");
        };
        check("go.*", &["go.mod", "go.sum"]);
        check("./go.su?", &["go.sum"]);
        check("*/go.mod", &["a/go.mod"]);
        check("[a-b]*", &["a", "b.txt"]);
        check("[^a-m[]*", &[]);
        check("\\[x]", &["[x]"]);
        check("yarn.lock*", &[]);
        check("go.mod", &["go.mod"]);
    }

    #[test]
    fn removing_a_folder_removes_what_it_holds() {
        let mut tree = tree(&["a/", "a/b/", "a/b/c", "a-b", "ab"]);
        assert_eq!(tree.below("a").map(|(path, _)| path).collect::<Vec<_>>(), ["a/b", "a/b/c"]);
        tree.remove("a");
        assert_eq!(tree.iter().map(|(path, _)| path).collect::<Vec<_>>(), ["a-b", "ab"]);
    }
}
