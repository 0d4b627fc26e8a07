//! Which file a program's name means, inside.

use super::Outcome;
use crate::spec::Program;
use crate::wire::{Failure, Step};
use rustix::fs::{Access, access};
use rustix::io::Errno;
use std::path::{Path, PathBuf};

/// Container engines take this when the environment has no `PATH`.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The file to start. Its folder to start in is looked at first, so that an error names the
/// one that is missing.
pub(super) fn resolve(program: &Program) -> Outcome<PathBuf> {
    let name = program.arguments.first().map_or("", String::as_str);
    let directory = &program.directory;
    let failed = |errno| Failure::new(Step::Directory, directory.display(), errno);
    let metadata = std::fs::metadata(directory)
        .map_err(|e| Failure::io(Step::Directory, directory.display(), &e))?;
    if !metadata.is_dir() {
        return Err(failed(Errno::NOTDIR));
    }
    if name.contains('/') {
        return Ok(directory.join(name));
    }
    let path = program.environment.iter().find(|(key, _)| key == "PATH");
    let path = path.map_or(PATH, |(_, value)| value.as_str());
    let mut worst = Errno::NOENT;
    for folder in path.split(':') {
        // An empty part means the working folder, by tradition.
        let candidate = directory.join(folder).join(name);
        match usable(&candidate) {
            Ok(()) => return Ok(candidate),
            Err(Errno::ACCESS) => worst = Errno::ACCESS,
            Err(_) => {}
        }
    }
    Err(Failure::new(Step::Program, name, worst))
}

fn usable(candidate: &Path) -> Result<(), Errno> {
    access(candidate, Access::EXEC_OK)?;
    let is_file = std::fs::metadata(candidate).is_ok_and(|metadata| metadata.is_file());
    if is_file { Ok(()) } else { Err(Errno::ACCESS) }
}
