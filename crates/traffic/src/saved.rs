//! The table on disk, so that a restarted edge serves at once.

use crate::{Error, Table, limits::CONTROL_BODY_BYTES_MAX};
use bowline_host::{files, task};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const FILE: &str = "table.json";
const UNREADABLE_FILE: &str = "table.json.unreadable";
/// The file holds a little more than the body of the request that it came from.
const FILE_BYTES_MAX: u64 = 2 * CONTROL_BODY_BYTES_MAX as u64;

/// What is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Saved {
    pub(crate) table: Table,
    /// Names of routes that the dead man's switch sent back to stable.
    pub(crate) fell_back: Vec<String>,
}

fn failed(path: &Path, reason: impl std::fmt::Display) -> Error {
    Error::State { path: path.to_owned(), reason: reason.to_string() }
}

/// Replaces the file as a whole.
pub(crate) async fn write(folder: &Path, saved: Saved) -> Result<(), Error> {
    let path = folder.join(FILE);
    let target = path.clone();
    let written = task::blocking("keep-table", move || {
        let bytes = serde_json::to_vec(&saved).map_err(|error| failed(&target, error))?;
        files::write_atomic(&target, &bytes).map_err(|error| failed(&target, error))
    });
    written.await.map_err(|error| failed(&path, error))?
}

/// The table of the last run; `None` when there was none. A file that makes no sense is put
/// aside: an edge that serves nothing yet is better than one that does not start.
pub(crate) fn read(folder: &Path) -> Result<(Option<Saved>, Option<PathBuf>), Error> {
    files::create_private_dir(folder).map_err(|error| failed(folder, error))?;
    let path = folder.join(FILE);
    let bytes = match files::read(&path, FILE_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.is_not_found() => return Ok((None, None)),
        Err(error) => return Err(failed(&path, error)),
    };
    match serde_json::from_slice::<Saved>(&bytes) {
        Ok(saved) if saved.table.check().is_ok() => Ok((Some(saved), None)),
        Ok(_) | Err(_) => {
            let aside = folder.join(UNREADABLE_FILE);
            files::rename(&path, &aside).map_err(|error| failed(&path, error))?;
            Ok((None, Some(aside)))
        }
    }
}
