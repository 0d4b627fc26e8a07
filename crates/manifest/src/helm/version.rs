//! Whether a version lies in a range, as Masterminds' semver decides it.

use std::cmp::Ordering;

/// `1.2.3-rc.1`; build metadata says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    numbers: [u64; 3],
    pre: String,
}

/// One comparison of a range.
#[derive(Debug)]
struct Condition {
    operator: String,
    version: Version,
    /// How many of the three numbers were given.
    given: usize,
}

/// Whether a text is a version; `v1` and `1.2` are.
pub fn is_version(text: &str) -> bool {
    version(text).is_some()
}

/// Whether a version fits a range; false where either is not what it should be.
pub fn fits(range: &str, text: &str) -> bool {
    let (Some(version), Some(groups)) = (version(text), groups(range)) else { return false };
    groups.iter().any(|group| {
        let pre = group.iter().any(|condition| !condition.version.pre.is_empty());
        (version.pre.is_empty() || pre) && group.iter().all(|condition| condition.holds(&version))
    })
}

fn version(text: &str) -> Option<Version> {
    let (version, given) = partial(text)?;
    let core = text.strip_prefix('v').unwrap_or(text);
    let core = core.split(['-', '+']).next()?;
    let plain = core.split('.').count() == given
        && core.split('.').all(|part| part == "0" || !part.starts_with('0'));
    let numeric_pre = version.pre.split('.').all(|part| {
        !(part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit()))
    });
    (plain && numeric_pre).then_some(version)
}

/// A version with places left open: `1.x`, `1`, `*`.
fn partial(text: &str) -> Option<(Version, usize)> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (text, build) = text.split_once('+').map_or((text, "0"), |(text, build)| (text, build));
    let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
    let allowed = |text: &str| {
        text.split('.').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
    };
    if !allowed(build) || !pre.is_none_or(allowed) {
        return None;
    }
    let mut numbers = [0; 3];
    let (mut given, mut open) = (0, false);
    for (at, part) in core.split('.').enumerate() {
        if at > 2 {
            return None;
        }
        if matches!(part, "x" | "X" | "*") {
            open = true;
        } else {
            let number = part.parse().ok().filter(|_| part.bytes().all(|b| b.is_ascii_digit()))?;
            if !open {
                (numbers[at], given) = (number, at + 1);
            }
        }
    }
    Some((Version { numbers, pre: pre.unwrap_or_default().to_owned() }, given))
}

fn groups(range: &str) -> Option<Vec<Vec<Condition>>> {
    range.split("||").map(group).collect()
}

/// The comparisons of a group, all of which must hold.
fn group(text: &str) -> Option<Vec<Condition>> {
    if let Some((low, high)) = text.split_once(" - ") {
        let of = |operator: &str, text: &str| Condition::read(operator, text.trim());
        return Some(vec![of(">=", low)?, of("<=", high)?]);
    }
    let mut conditions = Vec::new();
    let mut rest = text.trim();
    if rest.is_empty() {
        return Some(vec![Condition::read("", "*")?]);
    }
    while !rest.is_empty() {
        let operators = rest.len() - rest.trim_start_matches(['=', '!', '>', '<', '~', '^']).len();
        let (operator, after) = rest.split_at(operators);
        if !matches!(
            operator,
            "" | "=" | "!=" | ">" | "<" | ">=" | "=>" | "<=" | "=<" | "~" | "~>" | "^"
        ) {
            return None;
        }
        let after = after.trim_start();
        let ends = |c: char| c.is_whitespace() || "=!><~^,".contains(c);
        let end = after.find(ends).unwrap_or(after.len());
        conditions.push(Condition::read(operator, &after[..end])?);
        rest = after[end..].trim_start();
        if let Some(next) = rest.strip_prefix(',') {
            rest = next.trim_start();
            if rest.is_empty() {
                return None;
            }
        }
    }
    Some(conditions)
}

impl Condition {
    fn read(operator: &str, text: &str) -> Option<Self> {
        let (version, given) = partial(text)?;
        Some(Self { operator: operator.to_owned(), version, given })
    }

    fn holds(&self, version: &Version) -> bool {
        let order = version.compare(&self.version);
        let own = self.version.numbers;
        let is = version.numbers;
        match self.operator.as_str() {
            "!=" if self.given < 3 => match self.given {
                0 | 1 => own[0] != is[0],
                _ => own[..2] != is[..2] || version.pre != self.version.pre,
            },
            "!=" => order != Ordering::Equal,
            ">" => match self.given {
                0 if own[0] == is[0] => order == Ordering::Greater,
                0 | 1 => is[0] > own[0],
                2 => is[..2] > own[..2],
                _ => order == Ordering::Greater,
            },
            "<" => order == Ordering::Less,
            ">=" | "=>" => order != Ordering::Less,
            "<=" | "=<" => match self.given {
                0 | 1 => is[0] <= own[0],
                2 => is[..2] <= own[..2],
                _ => order != Ordering::Greater,
            },
            "^" => order != Ordering::Less && self.caret(is),
            "~" | "~>" => order != Ordering::Less && self.tilde(is),
            _ if self.given < 3 => order != Ordering::Less && self.tilde(is),
            _ => order == Ordering::Equal,
        }
    }

    fn tilde(&self, is: [u64; 3]) -> bool {
        let own = self.version.numbers;
        if own == [0, 0, 0] && matches!(self.given, 0 | 3) {
            return true;
        }
        own[0] == is[0] && (own[1] == is[1] || self.given == 1)
    }

    fn caret(&self, is: [u64; 3]) -> bool {
        let own = self.version.numbers;
        if own[0] > 0 || self.given == 1 {
            return own[0] == is[0];
        }
        if is[0] > 0 {
            return false;
        }
        if own[1] > 0 || self.given == 2 {
            return own[1] == is[1];
        }
        is[1] == 0 && own[2] == is[2]
    }
}

impl Version {
    fn compare(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| pre_order(&self.pre, &other.pre))
    }
}

fn pre_order(one: &str, other: &str) -> Ordering {
    match (one.is_empty(), other.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut ones, mut others) = (one.split('.'), other.split('.'));
    loop {
        let order = match (ones.next(), others.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(one), Some(other)) => match (one.parse::<u64>(), other.parse::<u64>()) {
                (Ok(one), Ok(other)) => one.cmp(&other),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => one.cmp(other),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{fits, is_version};

    #[test]
    fn ranges_hold_what_masterminds_says() {
        for (range, version, expected) in [
            (">=0.0.0-0", "1.2.3-rc.1", true),
            (">=1.19.0", "v1.35.0-beta", false),
            (">=1.19.0-0", "v1.35.0", true),
            ("1.x.x", "1.9.0", true),
            ("1.x", "2.0.0", false),
            ("^0.2", "0.2.9", true),
            ("^0.2.3", "0.3.0", false),
            ("~1.2.3", "1.2.9", true),
            ("~1", "1.9.9", true),
            ("1.2 - 1.4.5", "1.4.5", true),
            (">= 1.2, < 3.0.0 || >= 4.2.3", "4.2.3", true),
            ("> 11", "11.1.0", false),
            ("<=1.4", "1.4.9", true),
            ("*", "9.9.9", true),
            ("", "9.9.9", true),
            ("2.*.*", "2.31.4", true),
            ("!=1.x", "1.2.0", false),
            ("nonsense", "1.0.0", false),
        ] {
            assert_eq!(fits(range, version), expected, "{version} in {range}");
        }
        assert!(is_version("v1.2") && is_version("1.2.3+x") && !is_version("1.02"));
    }
}
