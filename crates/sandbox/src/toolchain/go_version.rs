//! Go's version numbers and their order (the rules of Go's own `go/version`).

/// A Go version.
///
/// ```
/// use bowline_sandbox::toolchain::go_version::GoVersion;
/// let parse = |text| GoVersion::parse(text).unwrap();
/// assert!(parse("go1.9") < parse("1.22rc1") && parse("1.22rc1") < parse("1.22.0"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GoVersion {
    /// 1.
    pub major: u64,
    /// 22 in `1.22.3`.
    pub minor: u64,
    /// 3 in `1.22.3`. `None` from 1.21 on when it is missing: the language `1.21` comes before
    /// its first release candidate. Before 1.21, `1.20` is the release `1.20.0`.
    pub patch: Option<u64>,
    /// The stage before a release and its number.
    pub stage: Option<(Stage, u64)>,
}

/// What comes before a release, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// `alpha1`.
    Alpha,
    /// `beta1`.
    Beta,
    /// `rc1`.
    Candidate,
}

impl GoVersion {
    /// `1.22.3`, `go1.22rc1`, `1.21`, `go1.26.8-vendor X:experiment`. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("go").unwrap_or(text);
        // A vendor's suffix and experiments do not count.
        let text = text.split(['-', '+', ' ']).next()?;
        let (major, rest) = number(text)?;
        let Some(rest) = rest.strip_prefix('.') else {
            let whole = Self { major, minor: 0, patch: Some(0), stage: None };
            return rest.is_empty().then_some(whole);
        };
        let (minor, rest) = number(rest)?;
        if rest.is_empty() {
            let patch = ((major, minor) < (1, 21)).then_some(0);
            return Some(Self { major, minor, patch, stage: None });
        }
        if let Some(rest) = rest.strip_prefix('.') {
            let (patch, rest) = number(rest)?;
            let whole = Self { major, minor, patch: Some(patch), stage: None };
            return rest.is_empty().then_some(whole);
        }
        let stages = [("alpha", Stage::Alpha), ("beta", Stage::Beta), ("rc", Stage::Candidate)];
        let found =
            stages.iter().find_map(|(word, stage)| Some((*stage, rest.strip_prefix(word)?)));
        let (stage, rest) = found?;
        let (count, rest) = number(rest)?;
        let whole = Self { major, minor, patch: None, stage: Some((stage, count)) };
        rest.is_empty().then_some(whole)
    }
}

/// A number without superfluous zeros, and what follows it.
fn number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let superfluous = digits.len() > 1 && digits.starts_with('0');
    if superfluous { None } else { Some((digits.parse().ok()?, rest)) }
}

#[cfg(test)]
mod tests {
    use super::GoVersion;

    #[test]
    fn versions_are_ordered_as_go_orders_them() {
        let order = [
            "1",
            "1.9beta1",
            "1.9rc2",
            "go1.9",
            "1.9.7",
            "1.10",
            "1.20rc1",
            "1.20",
            "1.20.1",
            "1.21",
            "1.21rc1",
            "1.21.0",
            "go1.22.3",
            "1.22.12",
            "go1.26.8-vendor X:exp",
            "2.0",
        ];
        let parsed: Vec<_> = order.iter().map(|text| GoVersion::parse(text).unwrap()).collect();
        for (index, pair) in parsed.windows(2).enumerate() {
            assert!(pair[0] < pair[1], "{} < {}", order[index], order[index + 1]);
        }
        assert_eq!(GoVersion::parse("1.20"), GoVersion::parse("go1.20.0"));
    }

    #[test]
    fn what_is_no_version_is_none() {
        for text in ["", "go", "devel go1.23", "1.", "1.2.3.4", "1.02", "1.22rc", "v1.22", "x"] {
            assert_eq!(GoVersion::parse(text), None, "{text}");
        }
    }
}
