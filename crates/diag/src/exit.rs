//! Exit codes of the command line (the table in the README is tested against this one).

/// Done.
pub const OK: u8 = 0;
/// The user's own code failed: a job, a test, a build.
pub const YOUR_CODE: u8 = 1;
/// Usage or configuration, and what the machine lacks: a full disk, a taken port, no toolchain.
pub const USAGE: u8 = 2;
/// A gate or policy refused the release.
pub const BLOCKED: u8 = 3;
/// The release ended rolled back.
pub const ROLLED_BACK: u8 = 4;
/// Waiting for an approval.
pub const WAITING: u8 = 5;
/// A fault of Bowline itself.
pub const BUG: u8 = 70;
/// Interrupted by Ctrl-C.
pub const INTERRUPTED: u8 = 130;
