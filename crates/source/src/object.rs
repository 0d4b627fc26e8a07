//! Files of a tree out of the object database, byte for byte.

use crate::{
    Error, Repository,
    limits::{BATCH_BYTES_MAX, BATCH_OBJECTS_MAX, FILE_BYTES_MAX, FILES_MAX, PATH_BYTES_MAX},
};

/// What a tree's entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File { executable: bool },
    Symlink,
}

/// Takes the content of an entry.
pub(crate) type Take<'a> = dyn FnMut(&Entry, &[u8]) -> Result<(), Error> + 'a;

/// One file of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) kind: Kind,
    pub(crate) object: String,
    pub(crate) size: u64,
}

impl Repository {
    /// All files below `tree`, and the paths of its submodules, whose files are not here.
    pub(crate) fn entries(&self, tree: &str) -> Result<(Vec<Entry>, Vec<String>), Error> {
        let lines = self.paths(&["ls-tree", "-r", "-l", "-z", "--full-tree", tree])?;
        if lines.len() > FILES_MAX {
            let what = format!("a commit of {} files", lines.len());
            return Err(Error::Limit { what, limit: format!("{FILES_MAX} files") });
        }
        let mut submodules = Vec::new();
        let mut entries = Vec::with_capacity(lines.len());
        for line in &lines {
            match entry(line)? {
                Listed::Entry(entry) => entries.push(entry),
                Listed::Submodule(path) => submodules.push(path),
            }
        }
        Ok((entries, submodules))
    }

    /// The paths of the submodules of `tree`.
    pub(crate) fn submodules(&self, tree: &str) -> Result<Vec<String>, Error> {
        let lines = self.paths(&["ls-tree", "-r", "-z", "--full-tree", tree])?;
        let gitlinks = lines.iter().filter(|line| line.starts_with(b"160000 "));
        let path = |line: &Vec<u8>| {
            let tab = line.iter().position(|byte| *byte == b'\t').unwrap_or(line.len());
            checked_path(line.get(tab + 1..).unwrap_or_default())
        };
        gitlinks.map(path).collect()
    }

    /// Gives the content of each entry to `take`, in order.
    pub(crate) fn contents(&self, entries: &[Entry], take: &mut Take<'_>) -> Result<(), Error> {
        let mut rest = entries;
        while !rest.is_empty() {
            let (mut bytes, mut count) = (0, 0);
            for entry in rest.iter().take(BATCH_OBJECTS_MAX) {
                if count > 0 && bytes + entry.size > BATCH_BYTES_MAX {
                    break;
                }
                bytes += entry.size;
                count += 1;
            }
            let (batch, later) = rest.split_at(count);
            self.batch(batch, take)?;
            rest = later;
        }
        Ok(())
    }

    fn batch(&self, entries: &[Entry], take: &mut Take<'_>) -> Result<(), Error> {
        let mut call = self.call(&["cat-file", "--batch"]);
        for entry in entries {
            call.input.extend_from_slice(entry.object.as_bytes());
            call.input.push(b'\n');
        }
        let output = self.git.run(call)?;
        let mut rest = output.as_slice();
        for entry in entries {
            let (content, later) = one_object(rest, entry)?;
            take(entry, content)?;
            rest = later;
        }
        Ok(())
    }
}

/// `<id> blob <size>\n<content>\n`.
fn one_object<'a>(output: &'a [u8], entry: &Entry) -> Result<(&'a [u8], &'a [u8]), Error> {
    let wrong =
        || Error::Answer { command: "cat-file", message: format!("no blob for `{}`", entry.path) };
    let end = output.iter().position(|byte| *byte == b'\n').ok_or_else(wrong)?;
    let header = std::str::from_utf8(&output[..end]).map_err(|_| wrong())?;
    let expected = format!("{} blob {}", entry.object, entry.size);
    if header != expected {
        return Err(wrong());
    }
    let length = usize::try_from(entry.size).map_err(|_| wrong())?;
    let content = output.get(end + 1..end + 1 + length).ok_or_else(wrong)?;
    Ok((content, output.get(end + 2 + length..).unwrap_or_default()))
}

enum Listed {
    Entry(Entry),
    Submodule(String),
}

/// `<mode> <type> <id> <size>\t<path>`.
fn entry(line: &[u8]) -> Result<Listed, Error> {
    let tab = line.iter().position(|byte| *byte == b'\t').unwrap_or(line.len());
    let (facts, path) = (&line[..tab], line.get(tab + 1..).unwrap_or_default());
    let facts = String::from_utf8_lossy(facts).into_owned();
    let path = checked_path(path)?;
    let mut facts = facts.split_whitespace();
    let (mode, _) = (facts.next().unwrap_or_default(), facts.next());
    let object = facts.next().unwrap_or_default().to_owned();
    let kind = match mode {
        "100755" => Kind::File { executable: true },
        // Very old commits have group-writable files.
        "100644" | "100664" => Kind::File { executable: false },
        "120000" => Kind::Symlink,
        "160000" => return Ok(Listed::Submodule(path)),
        other => {
            let message = format!("`{path}` with the mode {other}");
            return Err(Error::Answer { command: "ls-tree", message });
        }
    };
    let size = facts.next().and_then(|size| size.parse::<u64>().ok()).ok_or_else(|| {
        Error::Answer { command: "ls-tree", message: format!("`{path}` without a size") }
    })?;
    if size > FILE_BYTES_MAX {
        let what = format!("`{path}` of {size} bytes");
        return Err(Error::Limit { what, limit: format!("{FILE_BYTES_MAX} bytes a file") });
    }
    Ok(Listed::Entry(Entry { path, kind, object, size }))
}

/// The path of a file that may be written below a folder.
pub(crate) fn checked_path(path: &[u8]) -> Result<String, Error> {
    let refused = |why| Error::Path { path: String::from_utf8_lossy(path).into_owned(), why };
    let text = std::str::from_utf8(path).map_err(|_| refused("it is not UTF-8"))?;
    if text.len() > PATH_BYTES_MAX {
        return Err(refused("it is longer than 4096 bytes"));
    }
    for part in text.split('/') {
        match part {
            "" | "." | ".." => return Err(refused("it leaves its folder")),
            part if names_git(part) => {
                return Err(refused("it would overwrite git's own files"));
            }
            _ => {}
        }
    }
    Ok(text.to_owned())
}

/// Whether some file system takes the name for `.git`: HFS+ skips invisible characters, NTFS
/// skips dots and spaces at the end, reads `:` as a stream, `\\` as a separator, and calls `.git`
/// also `git~1`. Git refuses the same names.
fn names_git(part: &str) -> bool {
    let invisible = |c: &char| {
        let ranges = ['\u{200c}'..='\u{200f}', '\u{202a}'..='\u{202e}', '\u{206a}'..='\u{206f}'];
        *c == '\u{feff}' || ranges.iter().any(|range| range.contains(c))
    };
    let visible: String = part.chars().filter(|c| !invisible(c)).collect();
    let name = visible.split([':', '\\']).next().unwrap_or_default().trim_end_matches(['.', ' ']);
    name.eq_ignore_ascii_case(".git") || name.eq_ignore_ascii_case("git~1")
}

#[cfg(test)]
mod tests {
    use super::checked_path;

    #[test]
    fn every_form_of_git_s_folder_is_refused_and_its_neighbours_are_not() {
        for name in [
            ".git ",
            ".git.",
            ".git. .",
            "git~1",
            "GIT~1",
            "git~1 ",
            ".g\u{200c}it",
            "\u{feff}.Git",
            ".git\u{202e}",
            ".git::$INDEX_ALLOCATION",
            ".git:x",
            ".git\\hooks",
            "git~1\\hooks",
        ] {
            for path in [name.to_owned(), format!("a/{name}/hooks/x")] {
                assert!(checked_path(path.as_bytes()).is_err(), "{path:?}");
            }
        }
        for name in
            ["git~2", "git~10", "git~", ".gitx", ".github", "git", "a.git", ". git", "git ~1"]
        {
            assert!(checked_path(name.as_bytes()).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn only_paths_below_the_folder_are_written() {
        for path in ["a", "a/b.c", ".gitignore", "a/.github/x", "..a", "größe"] {
            assert!(checked_path(path.as_bytes()).is_ok(), "{path}");
        }
        for path in ["", "/a", "a/", "a//b", "../a", "a/../b", ".", ".git/hooks/x", "a/.GIT/x"] {
            assert!(checked_path(path.as_bytes()).is_err(), "{path}");
        }
        assert!(checked_path(b"a\xff").is_err());
    }
}
