//! Which folder of which repository a verb was typed in.

use crate::context::Context;
use bowline_engine::Failure;
use bowline_source::{Error, Git};
use std::path::PathBuf;

/// A folder of a repository.
pub struct Place {
    /// The repository's root; the folder itself when it is in no repository.
    pub root: PathBuf,
    /// The folder, relative to the root; empty for the root itself.
    pub folder: String,
    /// The repository's name.
    pub name: String,
}

/// Where the verb was typed. Without git the folder stands for itself.
pub fn of(context: &Context) -> Result<Place, Failure> {
    let opened = Git::find(&context.house.search_text()).and_then(|git| git.open(&context.folder));
    let (root, folder) = match opened {
        Ok(repository) => (repository.root().to_owned(), repository.prefix().to_owned()),
        Err(Error::NotARepository(_) | Error::Bare(_) | Error::GitMissing { .. }) => {
            (context.folder.clone(), String::new())
        }
        Err(error) => return Err(error.into()),
    };
    let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Place { root, folder, name })
}
