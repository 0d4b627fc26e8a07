//! What can go wrong with the store.

use bowline_host::files;
use bowline_model::Digest;

/// Why a blob or tree is not available.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// No blob has this digest.
    #[error("the store has no blob `{0}`")]
    Missing(Digest),
    /// The content is not what its name says. It was moved aside, so that it can be fetched or
    /// built again.
    #[error("blob `{expected}` is damaged: its content is `{found}`")]
    Damaged {
        /// The name.
        expected: Digest,
        /// The digest of what was there.
        found: Digest,
    },
    /// The blob is larger than the caller takes, or than the store takes.
    #[error("blob `{name}` has {bytes} bytes, more than the limit of {bytes_max}")]
    TooLarge {
        /// The digest, or the file that should be stored.
        name: String,
        /// Its size; of a stream, the size at which it was stopped.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// A tree's key is not a plain file name.
    #[error("`{0}` is not the key of a tree: letters, digits, `.`, `_`, `-`, at most 200")]
    Key(String),
}

impl Error {
    /// The disk is full.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Files(error) => error.is_disk_full(),
            Self::Missing(_) | Self::Damaged { .. } | Self::TooLarge { .. } | Self::Key(_) => false,
        }
    }
}
