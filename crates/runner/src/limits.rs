//! Named limits of this crate, each with its unit last.

/// An environment file (`GITHUB_ENV`, `GITHUB_OUTPUT` …) of one step.
pub const ENVIRONMENT_FILE_BYTES_MAX: usize = 4 << 20;
/// A step summary; a larger one is an error and is not stored.
pub const SUMMARY_BYTES_MAX: usize = 1 << 20;
/// A line of output; what is longer is cut with a visible marker.
pub const LOG_LINE_BYTES_MAX: usize = 64 << 10;
/// The stored output of one step; the rest is left out behind a visible marker.
pub const LOG_STEP_BYTES_MAX: u64 = 64 << 20;
/// The stored output of one job; the rest is left out behind a visible marker.
pub const LOG_JOB_BYTES_MAX: u64 = 256 << 20;
/// What a job may write to disk, unless the machine's owner sets another number.
pub const JOB_DISK_BYTES_MAX: u64 = 32 << 30;
/// What a job leaves free on the disk: the journal and other jobs go on.
pub const JOB_DISK_FREE_BYTES_MIN: u64 = 512 << 20;
/// On a disk with less than that a job that wrote no more than this goes on.
pub const JOB_DISK_HARMLESS_BYTES_MAX: u64 = 64 << 20;
/// How often is looked at what a job has written, in milliseconds.
pub const DISK_LOOK_MS: u64 = 100;
/// How often a job's processes are counted, in milliseconds.
pub const PROCESSES_LOOK_MS: u64 = 500;
/// Annotations of one kind that a step may keep; the log keeps all of them.
pub const ANNOTATIONS_OF_A_KIND_MAX: usize = 10;
/// Entries that are looked at when files are matched by patterns.
pub const WALK_ENTRIES_MAX: usize = 1_000_000;
/// Depth of folders that are looked at when files are matched by patterns.
pub const WALK_DEPTH_MAX: usize = 128;
/// A file that goes into an artifact or a cache.
pub const ARCHIVED_FILE_BYTES_MAX: usize = 4 << 30;
/// A small file that the runner itself reads from a workspace (`go.mod`, `.nvmrc`).
pub const VERSION_FILE_BYTES_MAX: usize = 1 << 20;
/// The download of a toolchain.
pub const TOOLCHAIN_BYTES_MAX: u64 = 512 << 20;
/// A registry's answer about one package version.
pub const REGISTRY_ANSWER_BYTES_MAX: usize = 16 << 20;
/// What is waiting from a program's output before the program has to wait, in chunks.
pub const OUTPUT_CHUNKS_MAX: usize = 256;
/// One read from a program's output.
pub const OUTPUT_CHUNK_BYTES_MAX: usize = 64 << 10;
/// After a step's program ended, how long its last output is waited for.
pub const OUTPUT_DRAIN_MS_MAX: u64 = 200;
/// After SIGINT, how long a cancelled step may go on before SIGTERM.
pub const INTERRUPT_GRACE_MS_MAX: u64 = 7_500;
/// After SIGTERM, how long it may go on before the kill.
pub const TERMINATE_GRACE_MS_MAX: u64 = 2_500;
/// A job without `timeout-minutes`.
pub const JOB_TIMEOUT_MINUTES_DEFAULT: f64 = 360.0;
/// The part of one line that is held for masking before it is cut for the log. Larger than
/// what is stored, so that a secret at the cut is masked before the cut is made.
pub const LINE_HELD_BYTES_MAX: usize = 1 << 20;
/// The stored log of a job when it is read back whole.
pub const LOG_READ_BYTES_MAX: u64 = 2 * LOG_JOB_BYTES_MAX;
/// What the kernel says about one process.
pub const PROCESS_STATUS_BYTES_MAX: u64 = 64 << 10;
/// How often a job that waits for its `concurrency` group looks whether it is free.
pub const GROUP_LOOK_MS: u64 = 50;
