//! A disk that is soon full: a small tmpfs, mounted for one world.

use bowline_host::files;
use bowline_sandbox::Exit;
use bowline_sandbox::tool::{self, Tool};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file that takes the room.
const BALLAST: &str = "ballast";

/// A mounted tmpfs; dropping it unmounts it.
#[derive(Debug)]
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts `bytes` bytes at `folder`; `None` where that is not permitted.
    pub fn mount(folder: &Path, bytes: u64) -> Option<Self> {
        let options = format!("size={bytes},mode=0700");
        let target = folder.display().to_string();
        let mounted = run("mount", &["-t", "tmpfs", "-o", &options, "bowline-test", &target]);
        mounted.then(|| Self { folder: folder.to_owned() })
    }

    /// Leaves `bytes` free.
    pub fn leave_room(&self, bytes: u64) {
        let ballast = self.folder.join(BALLAST);
        files::remove_file(&ballast).expect("the ballast can be removed");
        let free = files::disk_free(&self.folder).expect("the disk is there");
        let size = usize::try_from(free.saturating_sub(bytes)).expect("it is small");
        files::write(&ballast, &vec![0; size]).expect("there is room for the ballast");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process that was just killed may hold it for a moment.
        run("umount", &["-l", &self.folder.display().to_string()]);
    }
}

fn run(program: &str, arguments: &[&str]) -> bool {
    let output = tool::run(&Tool {
        program: program.into(),
        arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
        directory: "/".into(),
        environment: vec![("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into())],
        input: Vec::new(),
        timeout: Duration::from_secs(10),
        output_bytes_max: 64 * 1024,
    });
    output.is_ok_and(|output| output.exit == Exit::Code(0))
}
