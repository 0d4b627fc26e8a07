//! What can go wrong with an image.

use bowline_host::files;
use bowline_model::Digest;

/// Why an image could not be written, read or unpacked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store refused: a missing or damaged blob, a full disk.
    #[error(transparent)]
    Store(#[from] bowline_store::Error),
    /// The file system refused.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// A manifest, index, configuration or layout is not what the specification says.
    #[error("{what} is not valid: {reason}")]
    Invalid {
        /// `manifest sha256:1234…`, `oci-layout`, …
        what: String,
        /// Why.
        reason: String,
    },
    /// Something legal that is not supported.
    #[error("{what} is not supported")]
    Unsupported {
        /// What it is.
        what: String,
    },
    /// The archive of a layer is broken or lies about itself.
    #[error("the layer's archive is broken at byte {offset}: {reason}")]
    Archive {
        /// Where in the unpacked archive.
        offset: u64,
        /// Why.
        reason: String,
    },
    /// An entry of a layer tries what no image may do.
    #[error("entry `{path}` of the layer is refused: {reason}")]
    Refused {
        /// The entry's path as the archive has it.
        path: String,
        /// Why.
        reason: String,
    },
    /// A limit was reached.
    #[error("{what} is larger than the limit of {limit} {unit}")]
    TooLarge {
        /// What it is.
        what: String,
        /// The limit.
        limit: u64,
        /// `bytes`, `entries`, `layers`.
        unit: &'static str,
    },
    /// Unpacked, a layer is not what the configuration says.
    #[error("layer `{expected}` unpacks to `{found}`")]
    DiffId {
        /// The diff id in the configuration.
        expected: Digest,
        /// The digest of what came out.
        found: Digest,
    },
    /// A file changed while it was packed.
    #[error("`{0}` changed while it was packed")]
    Changed(String),
    /// A path that cannot stand in a layer.
    #[error("`{path}` cannot stand in a layer: {reason}")]
    Path {
        /// The path.
        path: String,
        /// Why.
        reason: &'static str,
    },
}

impl Error {
    /// The disk is full.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Store(error) => error.is_disk_full(),
            Self::Files(error) => error.is_disk_full(),
            _ => false,
        }
    }

    pub(crate) fn invalid(what: impl Into<String>, reason: impl ToString) -> Self {
        Self::Invalid { what: what.into(), reason: reason.to_string() }
    }

    pub(crate) fn refused(path: &str, reason: impl Into<String>) -> Self {
        // A hostile archive chooses the path; it must not flood the terminal.
        let path = path.chars().take(200).flat_map(char::escape_debug).collect();
        Self::Refused { path, reason: reason.into() }
    }
}
