//! Every limit of this crate, the unit last in its name.

/// The longest path of a Unix socket: `sun_path` holds 108 bytes, the last of them a zero.
pub const SOCKET_PATH_BYTES_MAX: usize = 107;

/// How many entries [`crate::files::copy_tree`] copies before it gives up.
pub const COPY_ENTRIES_MAX: usize = 1_000_000;

/// The deepest folder that a walk enters, counted from its root.
pub const WALK_DEPTH_MAX: usize = 256;

/// How much of a lock file is read to learn who holds it.
pub const LOCK_TEXT_BYTES_MAX: u64 = 256;

/// The largest body that [`crate::local`] reads.
pub const LOCAL_BODY_BYTES_MAX: u64 = 64 << 20;

/// The largest body that [`crate::http::Client::get`] keeps in memory.
pub const GET_BODY_BYTES_MAX: u64 = 32 << 20;

/// How long [`crate::http`] waits for names, connections and handshakes.
pub const CONNECT_MS_MAX: u64 = 10_000;

/// How long [`crate::http`] waits for the head of a response.
pub const HEAD_MS_MAX: u64 = 30_000;

/// How long a whole exchange of [`crate::http`] may take, redirects and body included.
pub const EXCHANGE_MS_MAX: u64 = 600_000;

/// How many redirects [`crate::http`] follows.
pub const REDIRECTS_MAX: usize = 5;

/// The longest address (URL) that is taken.
pub const URL_BYTES_MAX: usize = 8 << 10;
