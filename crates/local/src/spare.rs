//! The spare copy of the cluster's database: what it holds is what runs, and a damaged or lost
//! one must not be read as "nothing is to run".
//!
//! The copy is made whenever a conductor leaves the cluster running. Between two conductors the
//! objects do not change, so it is current then; what a killed conductor changed after it is
//! carried out again from the journal, because effects are absolute.

use crate::{api::objects::Objects, error::Error};
use bowline_host::{directories::Directories, files, random};
use std::path::{Path, PathBuf};

/// The database's logs, which belong to it alone.
const LOGS: [&str; 2] = ["db-wal", "db-shm"];

/// Where the copy lies.
fn path(directories: &Directories) -> PathBuf {
    directories.cluster().with_extension("db.spare")
}

/// Makes the copy anew; the one before stays until it is whole.
///
/// # Errors
/// The database cannot be read, or there is no room for the copy.
pub(crate) fn keep(directories: &Directories, objects: &Objects) -> Result<(), Error> {
    let (to, aside) = (path(directories), directories.cluster().with_extension("db.new"));
    files::remove_file(&aside)?;
    objects.copy_to(&aside)?;
    files::rename(&aside, &to)?;
    Ok(files::sync_dir(&directories.state)?)
}

/// Opens the database. One that is damaged is moved aside, never removed, and where a copy is
/// kept that takes the place of a damaged or lost one; the sentence says so.
///
/// # Errors
/// A damaged database without a copy; one of another version; a full disk.
pub(crate) fn open(directories: &Directories) -> Result<(Objects, Option<String>), Error> {
    let database = directories.cluster();
    let there = files::exists(&database);
    let opened = if there { whole(&database) } else { Err(Error::Corrupt("it is gone".into())) };
    let spare = path(directories);
    let damage = match opened {
        Ok(objects) => return Ok((objects, None)),
        Err(error) if !error.is_damage() => return Err(error),
        Err(error) if there && !files::exists(&spare) => return Err(error),
        Err(error) => error,
    };
    if !files::exists(&spare) {
        return Ok((Objects::open(Some(&database))?, None));
    }
    let suffix = format!("damaged-{}", random::hex(4));
    for part in LOGS.iter().copied().chain(["db"]) {
        let from = database.with_extension(part);
        if files::exists(&from) {
            files::rename(&from, database.with_extension(format!("{part}.{suffix}")))?;
        }
    }
    let copy = directories.cluster().with_extension("db.new");
    files::remove_file(&copy)?;
    whole(&spare)?.copy_to(&copy)?;
    files::rename(&copy, &database)?;
    let kept = if there { format!(" (kept as `cluster.db.{suffix}`)") } else { String::new() };
    let told = format!("`cluster.db` was made anew from its spare copy: {damage}{kept}");
    Ok((Objects::open(Some(&database))?, Some(told)))
}

/// Opens a database whose pages are all whole.
fn whole(database: &Path) -> Result<Objects, Error> {
    if files::metadata(database)?.size == 0 {
        return Err(Error::Corrupt("the file is empty".to_owned()));
    }
    let objects = Objects::open(Some(database))?;
    objects.check()?;
    Ok(objects)
}
