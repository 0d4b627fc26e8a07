//! Semantic versions and constraints by the rules of Masterminds/semver v3.4.0.

use regex::Regex;
use std::cmp::Ordering;
use std::sync::LazyLock;

/// A version that may lack its minor or patch part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// First part.
    pub major: u64,
    /// Second part.
    pub minor: u64,
    /// Third part.
    pub patch: u64,
    /// After `-`.
    pub pre: String,
    /// After `+`.
    pub metadata: String,
    /// As it was written.
    pub original: String,
}

const PARTS: &str =
    r"(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?";
const CONSTRAINT_VERSION: &str = r"v?([0-9|x|X|*]+)(\.[0-9|x|X|*]+)?(\.[0-9|x|X|*]+)?";
const OPERATORS: &str = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^";
const BLANK: &str = r"[\t\n\f\r ]";

fn regex(pattern: String) -> Regex {
    Regex::new(&pattern).expect("a constant expression that the tests compile")
}

static VERSION: LazyLock<Regex> =
    LazyLock::new(|| regex(format!(r"^v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?{PARTS}$")));
static ONE: LazyLock<Regex> = LazyLock::new(|| {
    regex(format!("^{BLANK}*({OPERATORS}){BLANK}*({CONSTRAINT_VERSION}{PARTS}){BLANK}*$"))
});
static RANGE: LazyLock<Regex> = LazyLock::new(|| {
    let version = format!("({CONSTRAINT_VERSION}{PARTS})");
    regex(format!("{BLANK}*{version}{BLANK}+-{BLANK}+{version}{BLANK}*"))
});
static FIND: LazyLock<Regex> =
    LazyLock::new(|| regex(format!("({OPERATORS}){BLANK}*({CONSTRAINT_VERSION}{PARTS})")));
static VALID: LazyLock<Regex> = LazyLock::new(|| {
    let one = format!("(?:{OPERATORS}){BLANK}*(?:{CONSTRAINT_VERSION}{PARTS}){BLANK}*");
    regex(format!("^(?:{BLANK}*{one})(?:(?:{BLANK}+|,{BLANK}*){one})*$"))
});

fn segment(text: Option<regex::Match<'_>>) -> Result<u64, String> {
    let Some(text) = text else { return Ok(0) };
    let digits = text.as_str().trim_start_matches('.');
    digits.parse().map_err(|_| {
        format!(
            "error parsing version segment: strconv.ParseUint: parsing \"{digits}\": value out of \
             range"
        )
    })
}

impl Version {
    /// Reads a version, with or without `v`, minor and patch.
    ///
    /// # Errors
    /// Go's sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let found = VERSION.captures(text).ok_or("invalid semantic version")?;
        let part = |at: usize| found.get(at).map_or("", |part| part.as_str()).to_owned();
        let version = Self {
            major: segment(found.get(1))?,
            minor: segment(found.get(2))?,
            patch: segment(found.get(3))?,
            pre: part(5),
            metadata: part(8),
            original: text.to_owned(),
        };
        let zero_first = |part: &str| {
            part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit())
        };
        if version.pre.split('.').any(zero_first) {
            return Err("version segment starts with 0".to_owned());
        }
        Ok(version)
    }

    /// The order of versions; build metadata does not count.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        let numbers = |version: &Self| (version.major, version.minor, version.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| {
            match (self.pre.is_empty(), other.pre.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_pre(&self.pre, &other.pre),
            }
        })
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

fn compare_pre(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one.split('.'), other.split('.'));
    loop {
        let (left, right) = match (one.next(), other.next()) {
            (None, None) => return Ordering::Equal,
            (left, right) => (left.unwrap_or(""), right.unwrap_or("")),
        };
        if left == right {
            continue;
        }
        return match (left, right, left.parse::<u64>(), right.parse::<u64>()) {
            ("", _, ..) => Ordering::Less,
            (_, "", ..) => Ordering::Greater,
            (_, _, Ok(left), Ok(right)) if left > right => Ordering::Greater,
            (_, _, Ok(_), Ok(_)) => Ordering::Less,
            (_, _, Err(_), Err(_)) => left.cmp(right),
            (_, _, Ok(_), Err(_)) => Ordering::Less,
            (_, _, Err(_), Ok(_)) => Ordering::Greater,
        };
    }
}

/// One comparison of a constraint.
#[derive(Clone, Debug)]
struct Constraint {
    operator: String,
    version: Version,
    minor_open: bool,
    patch_open: bool,
    open: bool,
}

/// `>= 1.2, < 2 || ^3`: any group of which all comparisons hold.
#[derive(Clone, Debug)]
pub struct Constraints {
    groups: Vec<Vec<Constraint>>,
}

fn rewrite_ranges(text: &str) -> String {
    let mut out = text.to_owned();
    for found in RANGE.captures_iter(text) {
        let part = |at: usize| found.get(at).map_or("", |part| part.as_str());
        let written = format!(">= {}, <= {} ", part(1), part(11));
        out = out.replacen(part(0), &written, 1);
    }
    out
}

impl Constraints {
    /// Reads a constraint.
    ///
    /// # Errors
    /// Go's sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = rewrite_ranges(text);
        let groups = text.split("||").map(|group| {
            if !VALID.is_match(group) {
                return Err(format!("improper constraint: {group}"));
            }
            FIND.find_iter(group).map(|one| Constraint::parse(one.as_str())).collect()
        });
        Ok(Self { groups: groups.collect::<Result<_, _>>()? })
    }

    /// Whether a version satisfies the constraint. Pre-releases only do where the group names
    /// one.
    #[must_use]
    pub fn check(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| {
            let pre = group.iter().any(|one| !one.version.pre.is_empty());
            (version.pre.is_empty() || pre) && group.iter().all(|one| one.check(version))
        })
    }
}

impl Constraint {
    fn parse(text: &str) -> Result<Self, String> {
        let found = ONE.captures(text).ok_or_else(|| format!("improper constraint: {text}"))?;
        let part = |at: usize| found.get(at).map_or("", |part| part.as_str());
        let any = |part: &str| matches!(part.trim_start_matches('.'), "" | "x" | "X" | "*");
        let pre = part(6);
        let (mut minor_open, mut patch_open, mut open) = (false, false, true);
        let version = if any(part(3)) {
            format!("0.0.0{pre}")
        } else if any(part(4)) {
            minor_open = true;
            format!("{}.0.0{pre}", part(3))
        } else if any(part(5)) {
            patch_open = true;
            format!("{}{}.0{pre}", part(3), part(4))
        } else {
            open = false;
            part(2).to_owned()
        };
        let version = Version::parse(&version).map_err(|_| "constraint parser error".to_owned())?;
        Ok(Self { operator: part(1).to_owned(), version, minor_open, patch_open, open })
    }

    fn check(&self, version: &Version) -> bool {
        let order = version.compare(&self.version);
        match self.operator.as_str() {
            "" | "=" if self.open => self.tilde(version, order),
            "" | "=" => order == Ordering::Equal,
            "!=" => self.differs(version, order),
            ">" => self.greater(version, order),
            "<" => order == Ordering::Less,
            ">=" | "=>" => order != Ordering::Less,
            "<=" | "=<" if self.open => {
                version.major < self.version.major
                    || version.major == self.version.major
                        && (version.minor <= self.version.minor || self.minor_open)
            }
            "<=" | "=<" => order != Ordering::Greater,
            "~" | "~>" => self.tilde(version, order),
            _ => self.caret(version, order),
        }
    }

    fn differs(&self, version: &Version, order: Ordering) -> bool {
        if self.open {
            if self.version.major != version.major {
                return true;
            }
            if self.minor_open {
                return false;
            }
            if self.version.minor != version.minor {
                return true;
            }
            if self.patch_open {
                let some_pre = !version.pre.is_empty() || !self.version.pre.is_empty();
                return some_pre && compare_pre(&version.pre, &self.version.pre) != Ordering::Equal;
            }
            if self.version.patch != version.patch {
                return true;
            }
        }
        order != Ordering::Equal
    }

    fn greater(&self, version: &Version, order: Ordering) -> bool {
        if !self.open {
            return order == Ordering::Greater;
        }
        match version.major.cmp(&self.version.major) {
            Ordering::Greater => true,
            Ordering::Less => false,
            Ordering::Equal if self.minor_open => false,
            Ordering::Equal if self.patch_open => version.minor > self.version.minor,
            Ordering::Equal => order == Ordering::Greater,
        }
    }

    fn tilde(&self, version: &Version, order: Ordering) -> bool {
        let own = &self.version;
        if order == Ordering::Less {
            return false;
        }
        let zero = own.major == 0 && own.minor == 0 && own.patch == 0;
        if zero && !self.minor_open && !self.patch_open {
            return true;
        }
        version.major == own.major && (version.minor == own.minor || self.minor_open)
    }

    fn caret(&self, version: &Version, order: Ordering) -> bool {
        let own = &self.version;
        if order == Ordering::Less {
            return false;
        }
        if own.major > 0 || self.minor_open {
            return version.major == own.major;
        }
        if version.major > 0 {
            return false;
        }
        if own.minor > 0 || self.patch_open {
            return version.minor == own.minor;
        }
        version.minor == 0 && version.patch == own.patch
    }
}
