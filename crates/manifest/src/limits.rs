//! Limits of this crate, each with its unit last.

/// The most objects of all files together.
pub const RESOURCES_MAX: usize = 20_000;
/// The most YAML nodes of all files together, aliases counted: about 150 MB.
pub const NODES_MAX: usize = 300_000;
/// The most files.
pub const FILES_MAX: usize = 5_000;
/// Container names that an error about images lists.
pub const NAMES_SHOWN_MAX: usize = 10;
