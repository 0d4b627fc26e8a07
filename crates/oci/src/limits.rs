//! Every limit of this crate, the unit last in its name.

/// The largest manifest or index; registries accept at least 4 MiB (distribution spec 1.1).
pub const MANIFEST_BYTES_MAX: u64 = 4 << 20;

/// The largest image configuration.
pub const CONFIG_BYTES_MAX: u64 = 8 << 20;

/// How many layers an image has at most; overlay mounts take 500.
pub const LAYERS_MAX: usize = 500;

/// The largest layer as it is stored.
pub const LAYER_BYTES_MAX: u64 = 2 << 30;

/// The largest gzip member, unpacked: a layer that others made is one member, held in memory.
pub const MEMBER_BYTES_MAX: usize = 1 << 30;

/// The bytes of content in each gzip member that we write. Part of every digest: never change.
pub const WRITTEN_MEMBER_BYTES: usize = 1 << 20;

/// The bytes of an unpacked image, headers included, all layers together.
pub const UNPACKED_BYTES_MAX: u64 = 8 << 30;

/// The entries of an image, all layers together.
pub const ENTRIES_MAX: u64 = 500_000;

/// The longest path or link target in a layer.
pub const PATH_BYTES_MAX: usize = 4096;

/// The longest single name in a path.
pub const NAME_BYTES_MAX: usize = 255;

/// The largest PAX header or GNU long name.
pub const PAX_BYTES_MAX: u64 = 1 << 20;
