//! Release versions: `v1.4.3-build.89`.

use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, fmt, str::FromStr};

/// A release version: three numbers and a build number, `v1.4.3-build.89`.
///
/// To Semantic Versioning the build number is a pre-release, and it compares numerically, so
/// `build.100` is newer than `build.89`.
///
/// ```
/// use bowline_model::Version;
/// let old: Version = "v1.4.3-build.89".parse().expect("a version");
/// let new: Version = "v1.4.3-build.100".parse().expect("a version");
/// assert!(old < new);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    /// Major, minor, patch.
    pub core: [u64; 3],
    /// The number behind `-build.`; `None` for a plain tag such as `v1.4.2`.
    pub build: Option<u64>,
}

/// A text that is not a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version of the form v1.4.2 or v1.4.2-build.89")]
pub struct VersionError(pub String);

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let wrong = || VersionError(text.to_owned());
        let rest = text.strip_prefix('v').unwrap_or(text);
        let (core, build) = match rest.split_once('-') {
            None => (rest, None),
            Some((core, label)) => {
                let number = label.strip_prefix("build.").ok_or_else(wrong)?;
                (core, Some(parse_number(number).ok_or_else(wrong)?))
            }
        };
        let mut parts = core.split('.').map(parse_number);
        let mut next = || parts.next().flatten().ok_or_else(wrong);
        let core = [next()?, next()?, next()?];
        if parts.next().is_some() { Err(wrong()) } else { Ok(Self { core, build }) }
    }
}

/// Digits without a sign and without leading zeros (Semantic Versioning 2.0.0, rule 2).
fn parse_number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    if digits && canonical { text.parse().ok() } else { None }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A build sorts below the plain version with the same three numbers.
impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let rank = |v: &Self| v.build.unwrap_or(u64::MAX);
        self.core.cmp(&other.core).then_with(|| rank(self).cmp(&rank(other)))
    }
}

impl TryFrom<String> for Version {
    type Error = VersionError;

    fn try_from(text: String) -> Result<Self, VersionError> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.core;
        write!(f, "v{major}.{minor}.{patch}")?;
        self.build.map_or(Ok(()), |build| write!(f, "-build.{build}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn versions_parse_print_and_order() {
        let sorted = ["v0.0.1-build.1", "v1.4.2", "v1.4.3-build.9", "v1.4.3-build.89", "v1.4.3"];
        let parsed: Vec<Version> = sorted.iter().map(|t| t.parse().expect("a version")).collect();
        assert!(parsed.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(parsed.iter().zip(sorted).all(|(v, text)| v.to_string() == text));
    }

    #[test]
    fn what_is_not_a_version_is_refused() {
        for text in
            ["", "v1", "v1.2", "v1.2.3.4", "v1.02.3", "v1.2.3-rc.1", "v1.2.3-build.", "v-1.2.3"]
        {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }
}
