//! Every bound of this crate, the unit last.

/// Descriptors in one message (the kernel's own bound is 253).
pub const DESCRIPTORS_MAX: usize = 64;
/// One message between Bowline and its launcher, in bytes: a whole environment fits.
pub const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long a sandbox may take to end after it was killed, in milliseconds, before that is an
/// error. Its programs are gone at once; the kernel then takes down mounts and networks, which
/// on a machine under load has been seen to take more than two seconds.
pub const KILL_MS_MAX: u64 = 20_000;
/// How long a sandbox may take to be ready, in milliseconds.
pub const READY_MS_MAX: u64 = 30_000;
/// How often a sandbox's init looks for orphans while programs run, in milliseconds.
pub const REAP_MS: u64 = 100;
/// Mount options of one overlay, in bytes: the kernel takes one page.
pub const OVERLAY_OPTIONS_BYTES_MAX: usize = 4_095;
/// Entries of the host's `/opt` that are shown inside.
pub const OPT_ENTRIES_MAX: usize = 256;
/// Entries of the host's `/etc` that are looked at for files to hide.
pub const ETC_ENTRIES_MAX: usize = 4_096;
/// `/dev/shm` inside, in bytes.
pub const SHARED_MEMORY_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// The private `/dev`, in bytes; it also holds the content of [`crate::Mount::File`].
pub const DEVICE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// The least that the kernel takes as the number of processes of a pid namespace.
pub const PROCESSES_MIN: u64 = 301;
/// Processes and threads of one sandbox, unless its owner sets another number.
pub const PROCESSES_MAX: u64 = 4_096;
/// What fits into the private folders in memory of one sandbox together, in bytes, unless its
/// owner sets another number.
pub const SCRATCH_BYTES_MAX: u64 = 1 << 30;
/// What a file or folder counts at least towards a bound of the disk, in bytes: many empty files
/// fill a disk, too.
pub const DISK_ENTRY_BYTES_MIN: u64 = 4_096;
/// The longest control sequence of a terminal that is looked through, in bytes.
pub const CONTROL_SEQUENCE_BYTES_MAX: usize = 4_096;
/// A host name, in bytes.
pub const HOSTNAME_BYTES_MAX: usize = 64;
/// One secret, in bytes; of a longer one the lines are masked, the whole is not.
pub const SECRET_BYTES_MAX: usize = 256 * 1024;
/// A line of a secret shorter than this is masked with a warning, in bytes.
pub const SECRET_LINE_BYTES_MIN: usize = 8;
/// An encoded form shorter than this is no pattern: it would mask common text, in bytes.
pub const ENCODED_FORM_BYTES_MIN: usize = 6;
/// Sections that PowerShell prints of a secret with `&` in it count from this length, in bytes.
pub const POWERSHELL_SECTION_BYTES_MIN: usize = 6;
/// Fewer open files are too few for an edge with a hundred users, its pods and a build.
pub const OPEN_FILES_MIN: u64 = 1024;
/// Fewer processes are too few for a compiler, its tests and the pods of two versions.
pub const USER_PROCESSES_MIN: u64 = 512;
/// Output of a tool that looks up a version, in bytes.
pub const VERSION_OUTPUT_BYTES_MAX: usize = 64 * 1024;
/// How long a tool that looks up a version may take, in seconds.
pub const VERSION_SECONDS_MAX: u64 = 20;
/// The folder in memory that holds the places of a toolchain's parts, in bytes.
pub const TOOLCHAIN_ROOT_BYTES_MAX: u64 = 64 * 1024;
