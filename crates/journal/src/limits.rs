//! Every limit of this crate, the unit last in its name.

/// The longest JSON text of an event's or effect's body. Larger things are blobs.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// The longest kind of an event or effect.
pub const KIND_BYTES_MAX: usize = 100;

/// The longest key of an event or effect.
pub const KEY_BYTES_MAX: usize = 500;

/// How many events or effects one transaction takes.
pub const BATCH_ENTRIES_MAX: usize = 10_000;

/// How long a writer waits for another process's transaction.
pub const BUSY_MS_MAX: u64 = 10_000;

/// The pause between two looks at the database for events of other processes.
pub const FOLLOW_MS: u64 = 20;

/// How many events one call of `wait_for` returns; the next call goes on after them.
pub const FOLLOW_EVENTS_MAX: usize = 1_000;

/// Below this an error of the disk counts as a full disk: SQLite's shared memory grows by 32 KiB.
pub const ROOM_BYTES_MIN: u64 = 64 * 1024;

/// The longest file that keeps the newest epoch.
pub const EPOCH_FILE_BYTES_MAX: u64 = 32;
