//! `.dockerignore`: which files of the context COPY does not see.
//!
//! The last pattern that matches a path or one of its folders decides; `!` takes it back.
//! Patterns are rooted at the context: `*` and `?` stay within one name, `**` does not.

use crate::limits::IGNORE_BYTES_MAX;

/// The patterns of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignore {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    keeps: bool,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    One(char),
    /// `?`.
    Any,
    /// `*`.
    Many,
    /// `**`: anything, slashes too.
    All,
    /// `**/`: any number of folders, also none.
    Folders,
    /// `[a-z]`, `[^a]`.
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

/// A pattern that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pattern `{pattern}` cannot be read: {why}")]
pub struct IgnoreError {
    /// From 1.
    pub line: usize,
    /// As it was written.
    pub pattern: String,
    /// Why.
    pub why: &'static str,
}

impl Ignore {
    /// Reads the text of an ignore file.
    ///
    /// # Errors
    /// A class that is not closed, a backslash at the end, a text that is too long.
    pub fn parse(text: &str) -> Result<Self, IgnoreError> {
        let wrong = |line, pattern: &str, why| {
            let pattern = pattern.chars().take(200).collect();
            IgnoreError { line, pattern, why }
        };
        if text.len() > IGNORE_BYTES_MAX {
            return Err(wrong(1, "", "the file is longer than 1 MiB"));
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut rules = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let pattern = line.trim();
            if line.starts_with('#') || pattern.is_empty() {
                continue;
            }
            let (keeps, body) = match pattern.strip_prefix('!') {
                Some(body) => (true, body.trim()),
                None => (false, pattern),
            };
            if body.is_empty() {
                return Err(wrong(index + 1, pattern, "there is nothing behind `!`"));
            }
            let body = clean(body);
            // `.` is the context itself: nothing of it can be named that way.
            if body.is_empty() {
                continue;
            }
            let parts = parts(&body).map_err(|why| wrong(index + 1, pattern, why))?;
            rules.push(Rule { keeps, parts });
        }
        Ok(Self { rules })
    }

    /// Whether COPY does not see `path` (relative, `/` between names).
    #[must_use]
    pub fn ignores(&self, path: &str) -> bool {
        let mut ignored = false;
        for rule in &self.rules {
            // A rule that changes nothing need not be tried.
            if rule.keeps == ignored && rule.matches_or_parent(path) {
                ignored = !rule.keeps;
            }
        }
        ignored
    }
}

impl Rule {
    fn matches_or_parent(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        ends.into_iter().any(|end| self.matches(&path[..end]))
    }

    fn matches(&self, path: &str) -> bool {
        let chars: Vec<char> = path.chars().collect();
        // reached[i]: the parts so far match the first i characters.
        let mut reached = vec![false; chars.len() + 1];
        reached[0] = true;
        for part in &self.parts {
            let mut next = vec![false; chars.len() + 1];
            for from in (0..=chars.len()).filter(|from| reached[*from]) {
                part.step(&chars, from, &mut next);
            }
            reached = next;
        }
        reached[chars.len()]
    }
}

impl Part {
    /// Marks where a match of this part that begins at `from` can end.
    fn step(&self, chars: &[char], from: usize, next: &mut [bool]) {
        let here = chars.get(from);
        match self {
            Self::One(c) if here == Some(c) => next[from + 1] = true,
            Self::Any if here.is_some_and(|c| *c != '/') => next[from + 1] = true,
            Self::Class { negated, ranges } => {
                let within = |c: &char| ranges.iter().any(|(low, high)| low <= c && c <= high);
                if here.is_some_and(|c| *c != '/' && within(c) != *negated) {
                    next[from + 1] = true;
                }
            }
            Self::Many => {
                let length = chars[from..].iter().take_while(|c| **c != '/').count();
                next[from..=from + length].fill(true);
            }
            Self::All => next[from..].fill(true),
            Self::Folders => {
                next[from] = true;
                for (at, _) in chars.iter().enumerate().skip(from).filter(|(_, c)| **c == '/') {
                    next[at + 1] = true;
                }
            }
            Self::One(_) | Self::Any => {}
        }
    }
}

/// Without `.`, `..`, double and outer slashes.
fn clean(pattern: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in pattern.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    names.join("/")
}

fn parts(pattern: &str) -> Result<Vec<Part>, &'static str> {
    let mut parts = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        parts.push(match c {
            '*' if chars.peek() == Some(&'*') => {
                while chars.next_if_eq(&'*').is_some() {}
                if chars.next_if_eq(&'/').is_some() { Part::Folders } else { Part::All }
            }
            '*' => Part::Many,
            '?' => Part::Any,
            '[' => class(&mut chars)?,
            '\\' => Part::One(chars.next().ok_or("it ends in a backslash")?),
            c => Part::One(c),
        });
    }
    Ok(parts)
}

fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Part, &'static str> {
    const OPEN: &str = "`[` is never closed";
    let negated = chars.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    let next = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| {
        let c = chars.next().ok_or(OPEN)?;
        if c == '\\' { chars.next().ok_or(OPEN) } else { Ok(c) }
    };
    while chars.next_if_eq(&']').is_none() {
        let low = next(chars)?;
        let high = if chars.next_if_eq(&'-').is_some() { next(chars)? } else { low };
        ranges.push((low, high));
    }
    if ranges.is_empty() {
        Err("`[]` matches nothing")
    } else {
        Ok(Part::Class { negated, ranges })
    }
}

#[cfg(test)]
mod tests {
    use super::Ignore;

    #[test]
    fn the_last_matching_pattern_decides() {
        let check = |text: &str, ignored: &[&str], seen: &[&str]| {
            let ignore = Ignore::parse(text).expect("an ignore file");
            for path in ignored {
                assert!(ignore.ignores(path), "{text:?} ignores {path}");
            }
            for path in seen {
                assert!(!ignore.ignores(path), "{text:?} does not ignore {path}");
            }
        };
        check("*.md\n!README.md", &["a.md"], &["README.md", "docs/a.md", "a.mdx"]);
        check("**/*.md", &["a.md", "docs/x/a.md"], &["a.m"]);
        check("docs", &["docs", "docs/a", "docs/a/b"], &["x/docs", "docs2"]);
        check("docs/*\n!docs/keep", &["docs/a", "docs/a/b"], &["docs/keep/x", "docs"]);
        check("/build/", &["build/x"], &["a/build"]);
        check("**\n!cmd/**", &["a", "internal/x"], &["cmd/a/b"]);
        check("a/**/z", &["a/z", "a/b/c/z"], &["az", "b/a/z"]);
        check("*/temp*", &["a/temporary"], &["temp", "a/b/temp"]);
        check("temp?", &["tempa"], &["temp", "temp/"]);
        check("[a-c]x\n[^a]y", &["bx", "by"], &["dx", "ay"]);
        check("# a\n\n  b  \n\\#c", &["b", "#c"], &["a", "# a"]);
        check("./x/../y", &["y"], &["x"]);
        check("a**b", &["a/x/b", "ab"], &["ba"]);
        check(".", &[], &["a"]);
        check("!a\na", &["a"], &[]);
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_an_error_with_its_line() {
        for (text, line) in [("a\n[b", 2), ("!", 1), ("x\\", 1), ("[]", 1)] {
            assert_eq!(Ignore::parse(text).map_err(|error| error.line), Err(line), "{text}");
        }
    }
}
