//! Limits of this crate, each with its unit last.

/// The longest name of a revision, in bytes.
pub const REFERENCE_BYTES_MAX: usize = 256;
/// The longest call of `git`, in seconds.
pub const GIT_SECONDS_MAX: u64 = 300;
/// What one call of `git` may print, in bytes.
pub const OUTPUT_BYTES_MAX: usize = 256 << 20;
/// What one batch of objects may hold, in bytes.
pub const BATCH_BYTES_MAX: u64 = 32 << 20;
/// The most objects of one batch.
pub const BATCH_OBJECTS_MAX: usize = 2_000;
/// The largest file of a checkout, in bytes.
pub const FILE_BYTES_MAX: u64 = 200 << 20;
/// The most files of a checkout.
pub const FILES_MAX: usize = 200_000;
/// The longest path, in bytes.
pub const PATH_BYTES_MAX: usize = 4_096;
/// The most tags that are looked at for a version.
pub const TAGS_MAX: usize = 5_000;
/// The largest file that can be a Git LFS pointer, in bytes.
pub const POINTER_BYTES_MAX: usize = 1_024;
/// Names that an error about an unknown revision compares.
pub const NAMES_MAX: usize = 2_000;
