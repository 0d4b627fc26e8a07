//! A user on a machine: everything that `bowline` sees of its surroundings.

use crate::outcome::Outcome;
use crate::port::free_port;
use crate::reaper::{Leftover, processes_of};
use crate::repository::Repository;
use crate::running::Running;
use crate::small_disk::SmallDisk;
use crate::{filters, ordinary, shared_cache};
use bowline_host::clock::Stopwatch;
use bowline_host::files;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// After `bowline down`, and after a command that was killed, processes may take this long.
const GONE_MAX: Duration = Duration::from_secs(15);

/// Programs that a world's `PATH` never needs more of than these, beside Go.
const TOOLS: &[&str] = &["git", "sh"];

/// A user with a home, a state folder and a `PATH`; ends with everything that it started.
#[derive(Debug)]
pub struct World {
    program: PathBuf,
    // Before the folder: fields are dropped in this order, and a disk must be unmounted first.
    disk: Option<SmallDisk>,
    folder: TempDir,
    environment: BTreeMap<String, String>,
    search_path: String,
}

impl World {
    /// A fresh user of the `bowline` in `program`.
    ///
    /// # Panics
    /// When the folders cannot be made.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self::with(program.into(), |_| None)
    }

    /// A fresh user whose state folder lies on a disk of `bytes` bytes; `None` where this
    /// process may not mount one.
    #[must_use]
    pub fn on_small_disk(program: impl Into<PathBuf>, bytes: u64) -> Option<Self> {
        let world = Self::with(program.into(), |state| SmallDisk::mount(state, bytes));
        world.disk.is_some().then_some(world)
    }

    fn with(program: PathBuf, mount: impl FnOnce(&Path) -> Option<SmallDisk>) -> Self {
        let program = ordinary::overridden().unwrap_or(program);
        // Sockets lie below it, and a socket's path has 108 bytes at most.
        let folder = tempfile::Builder::new().prefix("b").rand_bytes(5).tempdir_in("/tmp");
        let folder = folder.expect("a temporary folder can be made");
        let root = folder.path();
        let search_path = std::env::var("PATH").unwrap_or_else(|_| "/usr/bin:/bin".into());
        let text = |name: &str| root.join(name).display().to_string();
        let environment = BTreeMap::from([
            ("BOWLINE_STATE".to_owned(), text("s")),
            ("HOME".to_owned(), text("h")),
            ("XDG_RUNTIME_DIR".to_owned(), text("r")),
            ("PATH".to_owned(), search_path.clone()),
        ]);
        for name in ["h", "r"] {
            files::create_private_dir(root.join(name)).expect("a folder can be made");
        }
        files::create_private_dir(root.join("s")).expect("a folder can be made");
        let disk = mount(&root.join("s"));
        shared_cache::lay(&root.join("s"));
        Self { program, folder, environment, search_path, disk }
    }

    /// The folder in which everything of this world lies.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// The state folder.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.root().join("s")
    }

    /// Sets a variable of `bowline`'s environment.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    /// Removes a variable of `bowline`'s environment.
    pub fn unset(&mut self, name: &str) {
        self.environment.remove(name);
    }

    /// Makes `PATH` a single folder with git, a shell and nothing else; the folder, so that a
    /// test may add programs.
    ///
    /// # Panics
    /// When a tool is not on this machine.
    pub fn bare_path(&mut self) -> PathBuf {
        let folder = self.root().join("p/bin");
        files::create_dirs(&folder).expect("a folder can be made");
        for tool in TOOLS {
            let found = std::env::split_paths(&self.search_path).map(|dir| dir.join(tool));
            let found = found.into_iter().find(|path| files::exists(path));
            let found = found.unwrap_or_else(|| panic!("`{tool}` is on this machine"));
            files::symlink(found, folder.join(tool)).expect("a link can be made");
        }
        self.set("PATH", &folder.display().to_string());
        folder
    }

    /// Makes `PATH` what it was at first: this machine's.
    pub fn whole_path(&mut self) {
        let path = self.search_path.clone();
        self.set("PATH", &path);
    }

    /// The example in a repository of its own, in the folder `checkout`.
    #[must_use]
    pub fn repository(&self) -> Repository {
        let (folder, home) = (self.root().join("checkout"), self.root().join("h"));
        Repository::example(folder, free_port(), &self.search_path, &home)
    }

    /// An empty repository in the folder `name`.
    #[must_use]
    pub fn empty_repository(&self, name: &str) -> Repository {
        let (folder, home) = (self.root().join(name), self.root().join("h"));
        Repository::empty(folder, free_port(), &self.search_path, &home)
    }

    /// Runs `bowline` in `folder` to its end.
    #[track_caller]
    pub fn bowline(&self, folder: &Path, arguments: &[&str]) -> Outcome {
        self.start(folder, arguments).wait()
    }

    /// Starts `bowline` in `folder`.
    #[must_use]
    pub fn start(&self, folder: &Path, arguments: &[&str]) -> Running {
        Running::start(&self.program, arguments, folder, &self.environment)
    }

    /// Runs a line of shell in `folder` to its end; `bowline` is in its `PATH`.
    ///
    /// # Panics
    /// When there is no shell.
    #[track_caller]
    pub fn shell(&self, folder: &Path, line: &str) -> Outcome {
        let program = self.program.parent().unwrap_or(Path::new("/"));
        let mut environment = self.environment.clone();
        let path = format!("{}:{}", program.display(), self.environment["PATH"]);
        environment.insert("PATH".to_owned(), path);
        Running::start(Path::new("/bin/sh"), &["-c", line], folder, &environment).wait()
    }

    /// Leaves `bytes` free on the small disk, by a file that takes the rest.
    ///
    /// # Panics
    /// Without a small disk.
    pub fn leave_room(&self, bytes: u64) {
        self.disk.as_ref().expect("a world on a small disk").leave_room(bytes);
    }

    /// Every living process of this world's state folder.
    #[must_use]
    pub fn processes(&self) -> Vec<Leftover> {
        processes_of(&self.state())
    }

    /// Fails the test when a process of this world lives on.
    ///
    /// # Panics
    /// With the processes, after seconds of waiting for their end.
    #[track_caller]
    pub fn expect_no_process(&self) {
        let left = self.left_after(GONE_MAX);
        assert!(left.is_empty(), "still there:\n{}", shown(&left));
    }

    /// Pattern and replacement of everything that differs from run to run.
    #[must_use]
    pub fn filters(&self) -> Vec<(String, &'static str)> {
        filters::of(self.root(), &self.program)
    }

    /// What is left when `limit` is over; at once when nothing is.
    fn left_after(&self, limit: Duration) -> Vec<Leftover> {
        let clock = Stopwatch::start();
        loop {
            let left = self.processes();
            if left.is_empty() || clock.elapsed() > limit {
                return left;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if self.processes().is_empty() {
            return;
        }
        let down = self.start(self.root(), &["down"]).wait();
        let left = self.left_after(GONE_MAX);
        for process in &left {
            process.kill();
        }
        // A test that fails already shows its own reason.
        if !std::thread::panicking() {
            assert!(left.is_empty(), "left after `bowline down`:\n{}\n{down}", shown(&left));
            assert_eq!(down.code, 0, "{down}");
        }
    }
}

fn shown(left: &[Leftover]) -> String {
    left.iter().map(Leftover::to_string).collect::<Vec<_>>().join("\n")
}
