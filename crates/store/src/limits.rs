//! Every limit of this crate, the unit last in its name.

/// The largest blob.
pub const BLOB_BYTES_MAX: u64 = 16 << 30;

/// The longest key of a tree.
pub const TREE_KEY_BYTES_MAX: usize = 200;

/// How much is copied at once.
pub const COPY_CHUNK_BYTES: usize = 256 << 10;
