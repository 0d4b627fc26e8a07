//! Content digests as the OCI image specification writes them: `sha256:<64 hex digits>`.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The number of hexadecimal digits of a SHA-256 digest.
const SHA256_HEX_LENGTH: usize = 64;

/// A SHA-256 content digest, `sha256:` and 64 lower-case hexadecimal digits
/// (OCI image specification, "Digests"). Other algorithms are refused when parsing.
///
/// ```
/// use bowline_model::Digest;
/// let text = format!("sha256:{}", "0".repeat(64));
/// let digest: Digest = text.parse().expect("64 hex digits");
/// assert_eq!(digest.short(), "sha256:00000000");
/// assert!("sha256:12".parse::<Digest>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

/// A text that is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a digest of the form sha256:<64 hex digits>")]
pub struct DigestError(pub String);

impl Digest {
    /// The digest whose 32 bytes are `bytes`.
    #[must_use]
    pub fn from_sha256(bytes: [u8; 32]) -> Self {
        let mut text = String::with_capacity(7 + SHA256_HEX_LENGTH);
        text.push_str("sha256:");
        for byte in bytes {
            text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
        Self(text)
    }

    /// The 64 hexadecimal digits without the algorithm.
    #[must_use]
    pub fn hex(&self) -> &str {
        &self.0["sha256:".len()..]
    }

    /// The algorithm and the first eight digits: for people, never for machines.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[.."sha256:".len() + 8]
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let hex = text.strip_prefix("sha256:").ok_or_else(|| DigestError(text.to_owned()))?;
        let valid = hex.len() == SHA256_HEX_LENGTH
            && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if valid { Ok(Self(text.to_owned())) } else { Err(DigestError(text.to_owned())) }
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, DigestError> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
