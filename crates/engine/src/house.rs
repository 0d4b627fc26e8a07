//! What the engine needs to know of the machine and of the process that it runs in.

use bowline_host::directories::Directories;
use bowline_sandbox::Launcher;
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
    /// Bowline's own version.
    pub bowline_version: String,
}
