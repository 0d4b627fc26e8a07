//! Limits of this crate, each with its unit last.

/// The fewest hexadecimal digits by which a commit or a digest is looked up.
pub const PREFIX_DIGITS_MIN: usize = 7;
/// Candidates that an ambiguous query lists.
pub const CANDIDATES_MAX: usize = 10;
/// The longest query, in bytes.
pub const QUERY_BYTES_MAX: usize = 512;
