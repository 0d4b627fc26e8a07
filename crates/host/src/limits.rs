//! Every limit of this crate, the unit last in its name.

/// The longest path of a Unix socket: `sun_path` holds 108 bytes, the last of them a zero.
pub const SOCKET_PATH_BYTES_MAX: usize = 107;

/// How many entries [`crate::files::copy_tree`] copies before it gives up.
pub const COPY_ENTRIES_MAX: usize = 1_000_000;

/// The deepest folder that a walk enters, counted from its root.
pub const WALK_DEPTH_MAX: usize = 256;

/// How much of a lock file is read to learn who holds it.
pub const LOCK_TEXT_BYTES_MAX: u64 = 256;
