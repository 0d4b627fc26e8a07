//! SHA-256 of content.

use bowline_model::Digest;
use sha2::{Digest as _, Sha256};

/// Digests content that comes in pieces.
///
/// ```
/// let mut hasher = bowline_store::Hasher::new();
/// hasher.update(b"con");
/// hasher.update(b"tent");
/// assert_eq!(hasher.finish(), bowline_store::digest_of(b"content"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// Nothing so far.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all pieces.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest::from_sha256(self.0.finalize().into())
    }
}

/// The digest of `bytes`.
#[must_use]
pub fn digest_of(bytes: &[u8]) -> Digest {
    Digest::from_sha256(Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::digest_of;

    #[test]
    fn the_digest_is_the_published_one() {
        let abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest_of(b"abc").as_str(), abc);
    }
}
