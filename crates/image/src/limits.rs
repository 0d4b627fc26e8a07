//! Limits of this crate, each with its unit last.

/// The longest Dockerfile, in bytes.
pub const DOCKERFILE_BYTES_MAX: usize = 1 << 20;
/// The longest ignore file, in bytes.
pub const IGNORE_BYTES_MAX: usize = 1 << 20;
/// The most stages of a Dockerfile.
pub const STAGES_MAX: usize = 100;
/// The most instructions of a Dockerfile.
pub const INSTRUCTIONS_MAX: usize = 2_000;
/// ONBUILD and other instructions inside one another.
pub const NESTING_MAX: usize = 2;
/// Substitutions inside one another, `${a:-${b:-…}}`.
pub const SUBSTITUTION_DEPTH_MAX: usize = 32;
/// The longest text that a word may become, in bytes.
pub const WORD_BYTES_MAX: usize = 1 << 20;
/// The most files of a build context or of a stage.
pub const FILES_MAX: usize = 200_000;
/// Symbolic links followed while one path is resolved, as the kernel has it.
pub const LINKS_MAX: usize = 40;
/// The longest RUN step, in seconds.
pub const RUN_SECONDS_MAX: u64 = 3_600;
/// What a stage may write to disk, in bytes.
pub const STAGE_DISK_BYTES_MAX: u64 = 32 << 30;
/// What a RUN step leaves free on the disk, in bytes: the journal goes on.
pub const DISK_FREE_BYTES_MIN: u64 = 512 << 20;
/// On a disk with less a stage that wrote no more than this goes on, in bytes.
pub const DISK_HARMLESS_BYTES_MAX: u64 = 64 << 20;
/// Lines that are shown of a RUN step that failed.
pub const LAST_LINES_MAX: usize = 20;
/// The longest line of output that is kept, in bytes.
pub const LINE_BYTES_MAX: usize = 4_096;
