//! Which processes belong to a state folder: by their command line, or by what is mounted for
//! them out of that folder.

use bowline_host::files;
use bowline_sandbox::{Signal, process};
use std::fmt;
use std::path::Path;

/// The largest file of `/proc` that is read, in bytes.
const PROC_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// A process of a state folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Its process id.
    pub pid: u32,
    /// Its command line, arguments separated by blanks.
    pub command: String,
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}: {}", self.pid, self.command)
    }
}

impl Leftover {
    /// Ends it, as hard as it goes. One that has ended meanwhile is no error.
    pub fn kill(&self) {
        // It was asked for by its folder's name, which no other process has.
        let _ = process::kill(self.pid, Signal::KILL);
    }
}

/// Every living process that belongs to `folder`.
///
/// # Panics
/// When `/proc` cannot be listed.
#[must_use]
pub fn processes_of(folder: &Path) -> Vec<Leftover> {
    let folder = folder.display().to_string();
    // A list that cannot be read must not read as "no process is left".
    let entries = files::list("/proc").expect("`/proc` can be listed");
    let pids = entries.iter().filter_map(|entry| entry.name.parse::<u32>().ok());
    pids.filter(|pid| *pid != std::process::id()).filter_map(|pid| belongs(pid, &folder)).collect()
}

fn belongs(pid: u32, folder: &str) -> Option<Leftover> {
    let read = |name: &str| {
        let bytes = files::read(format!("/proc/{pid}/{name}"), PROC_BYTES_MAX).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    // A process that has ended and was not waited for has an empty command line.
    let command = read("cmdline").filter(|text| !text.is_empty())?;
    let command = command.trim_end_matches('\0').replace('\0', " ");
    let is_ours = command.contains(folder)
        || read("mountinfo").is_some_and(|text| text.lines().any(|line| uses(line, folder)));
    is_ours.then_some(Leftover { pid, command })
}

/// Whether a line of `mountinfo` mounts something out of `folder`: the root of a bind mount or
/// a layer of an overlay. What is mounted *onto* the folder is everybody's to see.
fn uses(line: &str, folder: &str) -> bool {
    let Some((mount, file_system)) = line.split_once(" - ") else { return false };
    let root = mount.split(' ').nth(3).unwrap_or_default();
    root.starts_with(folder) || file_system.contains(folder)
}

#[cfg(test)]
mod tests {
    use super::uses;

    #[test]
    fn a_layer_or_a_bind_mount_belongs_and_a_mount_point_does_not() {
        let folder = "/tmp/b1/s";
        for (line, expected) in [
            ("9 8 0:4 / / rw - overlay overlay rw,lowerdir=/a,upperdir=/tmp/b1/s/u", true),
            ("9 8 0:4 /tmp/b1/s/cache /root/.cache rw - ext4 /dev/vda rw", true),
            ("9 8 0:4 / /tmp/b1/s rw - tmpfs tmpfs rw", false),
            ("9 8 0:4 / / rw - ext4 /dev/vda rw", false),
        ] {
            assert_eq!(uses(line, folder), expected, "{line}");
        }
    }
}
