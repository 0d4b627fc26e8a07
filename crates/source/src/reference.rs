//! Names of revisions, checked before any program sees them.

use crate::{Error, limits::REFERENCE_BYTES_MAX};
use std::{fmt, str::FromStr};

/// The name of one revision: a branch, a tag, a commit id or its first digits, `HEAD~1`.
///
/// It can never be taken for an option, a range, or a path inside a revision.
///
/// ```
/// use bowline_source::GitRef;
/// assert!("main".parse::<GitRef>().is_ok());
/// assert!("--upload-pack=x".parse::<GitRef>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitRef(String);

impl GitRef {
    /// The commit that is checked out.
    #[must_use]
    pub fn head() -> Self {
        Self("HEAD".to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for GitRef {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let why = if text.is_empty() {
            "it is empty"
        } else if text.len() > REFERENCE_BYTES_MAX {
            "it is longer than 256 bytes"
        } else if text.starts_with('-') {
            "it begins with `-`, as an option would"
        } else if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            "it holds a blank or a control character"
        } else if text.contains("..") {
            "it is a range"
        } else if text.contains([':', '*', '?', '[', '\\']) {
            "it holds one of `: * ? [ \\`"
        } else {
            return Ok(Self(text.to_owned()));
        };
        // Only what can be printed safely goes into the message.
        let shown = text.chars().filter(|c| !c.is_control()).take(REFERENCE_BYTES_MAX).collect();
        Err(Error::Reference { text: shown, why })
    }
}

impl fmt::Display for GitRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::GitRef;

    #[test]
    fn what_could_be_more_than_a_name_is_refused() {
        for text in ["HEAD", "HEAD~2", "v1.4.2", "feature/a-b", "a1b2c3d", "main^{}", "größe"] {
            assert!(text.parse::<GitRef>().is_ok(), "{text}");
        }
        let long = "x".repeat(257);
        for text in [
            "",
            "-h",
            "--upload-pack=touch /x",
            "a b",
            "a\nb",
            "a\u{1b}[0m",
            "main..dev",
            "main:secret",
            "refs/*",
            &long,
        ] {
            assert!(text.parse::<GitRef>().is_err(), "{text}");
        }
    }
}
