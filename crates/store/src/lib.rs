//! The content-addressed store: blobs named by their digest, and trees made once by key.
//!
//! A blob that is there is whole and durable. Whoever reads one gets what its name says, or an
//! error. A tree (a checkout, an unpacked image) is a folder that can be made again.
//!
//! Absent on purpose: what a blob means (`oci`), which blobs are still needed (their users),
//! compression.
//!
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! let store = bowline_store::Store::open(folder.path()).unwrap();
//! let digest = store.put(b"content").unwrap();
//! assert_eq!(store.get(&digest, 100).unwrap(), b"content");
//! ```
#![forbid(unsafe_code)]

mod blob;
pub mod codes;
mod error;
mod hash;
pub mod limits;
mod sweep;
mod tree;

pub use blob::{BlobWriter, Store};
pub use error::Error;
pub use hash::{Hasher, digest_of};
pub use sweep::{Found, FoundTree};
pub use tree::TreeSlot;
