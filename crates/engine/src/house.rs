//! What the engine needs to know of the machine and of the process that it runs in.

use crate::failure::Failure;
use bowline_diag::Diagnostic;
use bowline_host::directories::Directories;
use bowline_host::files;
use bowline_host::http::Proxy;
use bowline_runner::JobLimits;
use bowline_sandbox::{Launcher, ladder};
use std::path::PathBuf;

/// Where things are and what the machine offers.
#[derive(Debug, Clone)]
pub struct House {
    /// State and runtime folders.
    pub directories: Directories,
    /// How sandboxes are started: this binary, re-executed.
    pub launcher: Launcher,
    /// Where programs are looked for.
    pub search_path: Vec<PathBuf>,
    /// Proxy and registry variables that jobs are given.
    pub network_environment: Vec<(String, String)>,
    /// What each job may take of the machine.
    pub job_limits: JobLimits,
    /// Bowline's own version.
    pub bowline_version: String,
    /// All caches together, in bytes; beyond that the longest unused are pruned.
    pub cache_bytes_max: u64,
}

/// With less than this much free on the state folder's disk nothing is begun, in bytes: half a
/// build is worse than none.
const DISK_FREE_BYTES_MIN: u64 = 16 << 20;

/// The folder in the state folder where overlays are tried.
pub(crate) const SCRATCH: &str = "doctor";

/// With more than this free on the state folder's disk a program that found no room found it
/// elsewhere, in bytes.
const DISK_FREE_BYTES_DOUBT: u64 = 1 << 30;

/// How programs say that a disk is full, in small letters.
const NO_ROOM: [&str; 2] = ["no space left on device", "disk quota exceeded"];

impl House {
    /// Makes the state folder, and refuses to begin anything on a disk that is full.
    ///
    /// # Errors
    /// The folder cannot be made, or the disk has no room left.
    pub fn ensure_room(&self) -> Result<(), Failure> {
        self.directories.create()?;
        let state = &self.directories.state;
        let free = files::disk_free(state)?;
        if free >= DISK_FREE_BYTES_MIN {
            return Ok(());
        }
        let message = format!(
            "there is no room left for `{}`: {:.1} MB are free, {} MB are needed",
            state.display(),
            free as f64 / 1e6,
            DISK_FREE_BYTES_MIN >> 20
        );
        let help = "free some space, or set `BOWLINE_STATE` to a folder on another disk";
        Err(Failure::usage(Diagnostic::error("BOW1021", message).help(help)))
    }

    /// Refuses to begin what needs a sandbox where none can be made: nothing runs with less
    /// isolation instead.
    ///
    /// # Errors
    /// What forbids it, with its remedy.
    pub fn ensure_sandbox(&self) -> Result<(), Failure> {
        self.directories.create()?;
        let scratch = self.directories.state.join(SCRATCH);
        files::create_private_dir(&scratch)?;
        let tried = ladder::ensure(&self.launcher, &scratch);
        files::remove_tree(&scratch)?;
        Ok(tried?)
    }

    /// What a failure really was, when the disk was full behind it: not the commit's fault, and
    /// the same command goes on when there is room.
    #[must_use]
    pub fn out_of_room(&self, failure: &Failure) -> Option<Failure> {
        let told = failure.diagnostics.iter();
        let lines = told.flat_map(|told| std::iter::once(&told.message).chain(&told.notes));
        let words = |line: &&String| {
            let line = line.to_lowercase();
            NO_ROOM.iter().any(|words| line.contains(words))
        };
        let line = lines.flat_map(|text| text.lines()).map(str::to_owned);
        let line = line.collect::<Vec<_>>().iter().find(words).cloned()?;
        let state = &self.directories.state;
        // The program that failed has freed what it had written, so there is some room again.
        // With plenty of it the words are about another disk.
        let free = files::disk_free(state).ok().filter(|free| *free < DISK_FREE_BYTES_DOUBT)?;
        let message =
            format!("the disk is full: {} MB are free for `{}`", free >> 20, state.display());
        let help = "free some space, then run the same command again: it resumes";
        Some(Failure::usage(Diagnostic::error("BOW1021", message).note(line).help(help)))
    }

    /// The proxies that outbound requests go through.
    #[must_use]
    pub fn proxy(&self) -> Proxy {
        Proxy {
            https: self.variable(&["HTTPS_PROXY", "https_proxy"]),
            http: self.variable(&["HTTP_PROXY", "http_proxy"]),
            no_proxy: self.variable(&["NO_PROXY", "no_proxy"]),
        }
    }

    /// The npm registry that the environment names.
    #[must_use]
    pub fn npm_registry(&self) -> Option<String> {
        self.variable(&["npm_config_registry", "NPM_CONFIG_REGISTRY"])
    }

    /// `PATH` as one text.
    #[must_use]
    pub fn search_text(&self) -> String {
        let folders: Vec<String> =
            self.search_path.iter().map(|folder| folder.display().to_string()).collect();
        folders.join(":")
    }

    fn variable(&self, names: &[&str]) -> Option<String> {
        let found = self.network_environment.iter().find(|(name, _)| names.contains(&&**name));
        found.map(|(_, value)| value.clone())
    }
}
