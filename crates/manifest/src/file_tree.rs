//! A folder or an archive as a value: paths and bytes, with limits.

use crate::limits::{TREE_BYTES_MAX, TREE_FILE_BYTES_MAX, TREE_FILES_MAX};
use crate::tmpl::Str;

/// The files beneath one folder, in the order in which they were added. Paths have `/` between
/// their parts, none of them is `..`, none is absolute.
#[derive(Clone, Debug, Default)]
pub struct FileTree {
    files: Vec<(String, Str)>,
    bytes: usize,
}

/// Why a file cannot be part of a tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// Larger than one file may be.
    #[error("`{path}` has {bytes} bytes; at most {TREE_FILE_BYTES_MAX} are read")]
    FileTooLarge {
        /// The file.
        path: String,
        /// Its size.
        bytes: u64,
    },
    /// Larger than all files together may be.
    #[error("the files have more than {TREE_BYTES_MAX} bytes together")]
    TooLarge,
    /// More files than are read.
    #[error("there are more than {TREE_FILES_MAX} files")]
    TooMany,
    /// A path that leads out of the tree.
    #[error("`{path}` leads out of its folder")]
    Outside {
        /// The path.
        path: String,
    },
}

impl FileTree {
    /// Whether a file of this size may be read at all, before it is read.
    ///
    /// # Errors
    /// One file or all together are too large, or too many.
    pub fn allows(&self, path: &str, bytes: u64) -> Result<(), TreeError> {
        if bytes > TREE_FILE_BYTES_MAX as u64 {
            return Err(TreeError::FileTooLarge { path: path.to_owned(), bytes });
        }
        if self.bytes as u64 + bytes > TREE_BYTES_MAX as u64 {
            return Err(TreeError::TooLarge);
        }
        match self.files.len() >= TREE_FILES_MAX {
            true => Err(TreeError::TooMany),
            false => Ok(()),
        }
    }

    /// Adds a file. A byte order mark at its beginning is dropped.
    ///
    /// # Errors
    /// A limit is reached, or the path leads out of the tree.
    pub fn add(&mut self, path: impl Into<String>, content: &[u8]) -> Result<(), TreeError> {
        let path = path.into();
        self.allows(&path, content.len() as u64)?;
        let leads_out = |part: &str| part.is_empty() || part == "." || part == "..";
        if path.split('/').any(leads_out) {
            return Err(TreeError::Outside { path });
        }
        self.bytes += content.len();
        let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        self.files.push((path, Str::from(content)));
        Ok(())
    }

    /// Every file with its content.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Str)> {
        self.files.iter().map(|(path, content)| (path.as_str(), content))
    }

    /// The content of a file.
    pub fn get(&self, path: &str) -> Option<&Str> {
        self.files.iter().find(|(at, _)| at == path).map(|(_, content)| content)
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}
