//! Path patterns as `@actions/glob` reads them: `*`, `?`, `[a-z]`, `**`, `\` escapes, `!`.
//!
//! `*` matches files that begin with a dot; `!` takes away what earlier patterns matched; a
//! pattern that names a folder means everything inside it when descendants are implied.
//!
//! Source: npm `@actions/glob` 0.7 (README and behaviour).
//! Absent on purpose: braces and extended globs (that package has them off); reading folders.

use crate::limits::WALK_DEPTH_MAX;

/// A list of patterns, in the order that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patterns {
    patterns: Vec<Pattern>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    negated: bool,
    /// From the root; a literal part is kept unescaped.
    segments: Vec<Segment>,
    directories_only: bool,
    /// `x/**` that was added because `x` was written.
    implied: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Glob(String),
    Globstar,
}

/// A pattern that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// `.` or `..` inside.
    #[error("pattern `{0}` has `.` or `..` inside, which is not allowed")]
    Relative(String),
    /// `~` that is not the home folder.
    #[error("pattern `{0}` begins with `~`, but not with `~/`")]
    Home(String),
    /// More segments than the depth that is looked at.
    #[error("pattern `{0}` is deeper than {WALK_DEPTH_MAX} folders")]
    TooDeep(String),
}

/// What a path is, so that `x/` can mean folders only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// A regular file, or a link that is not followed.
    File,
    /// A folder.
    Directory,
}

impl Patterns {
    /// Reads patterns, one a line; blank lines and `#` comments are skipped.
    ///
    /// `base` is the absolute folder that relative patterns start from, `home` what `~` means.
    /// With `imply_descendants`, `x` also means `x/**`.
    ///
    /// # Errors
    /// The first pattern that cannot be read.
    pub fn read(
        text: &str,
        base: &str,
        home: &str,
        imply_descendants: bool,
    ) -> Result<Self, PatternError> {
        let mut patterns = Vec::new();
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let pattern = Pattern::read(line, base, home)?;
            let open =
                pattern.directories_only || pattern.segments.last() != Some(&Segment::Globstar);
            if imply_descendants && open {
                let mut implied = pattern.clone();
                implied.segments.push(Segment::Globstar);
                (implied.implied, implied.directories_only) = (true, false);
                patterns.push(pattern);
                patterns.push(implied);
            } else {
                patterns.push(pattern);
            }
        }
        Ok(Self { patterns })
    }

    /// The absolute folders or files where looking starts, in the order of the patterns; one
    /// that lies inside another is left out.
    #[must_use]
    pub fn starts(&self) -> Vec<String> {
        let included = || self.patterns.iter().filter(|pattern| !pattern.negated);
        let all: Vec<Vec<String>> = included().map(Pattern::literal_start).collect();
        let mut starts: Vec<String> = Vec::new();
        for start in &all {
            let inside = |other: &&Vec<String>| {
                other.len() < start.len() && start[..other.len()] == other[..]
            };
            let text = format!("/{}", start.join("/"));
            if !all.iter().any(|other| inside(&other)) && !starts.contains(&text) {
                starts.push(text);
            }
        }
        starts
    }

    /// Whether the absolute `path` is matched, after all exclusions.
    #[must_use]
    pub fn matches(&self, path: &str, kind: PathKind) -> bool {
        let parts = parts(path);
        let mut matched = false;
        for pattern in &self.patterns {
            if pattern.matches(&parts, kind) {
                matched = !pattern.negated;
            }
        }
        matched
    }

    /// Whether something below the absolute folder `path` could match.
    #[must_use]
    pub fn may_match_below(&self, path: &str) -> bool {
        let parts = parts(path);
        let mut included = self.patterns.iter().filter(|pattern| !pattern.negated);
        included.any(|pattern| matches(&parts, &pattern.segments, true))
    }
}

/// The non-empty parts of a path.
fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

impl Pattern {
    fn read(line: &str, base: &str, home: &str) -> Result<Self, PatternError> {
        let bangs = line.len() - line.trim_start_matches('!').len();
        let text = line[bangs..].trim();
        let rooted = if text == "~" || text.starts_with("~/") {
            format!("{}{}", escape(home), &text[1..])
        } else if text.starts_with('~') {
            return Err(PatternError::Home(text.to_owned()));
        } else if text.starts_with('/') {
            text.to_owned()
        } else {
            let relative = text.strip_prefix("./").unwrap_or(text);
            let relative = if relative == "." { "" } else { relative };
            format!("{}/{relative}", escape(base))
        };
        let parts: Vec<&str> = parts(&rooted);
        if parts.iter().any(|part| matches!(*part, "." | "..")) {
            return Err(PatternError::Relative(text.to_owned()));
        }
        if parts.len() > WALK_DEPTH_MAX {
            return Err(PatternError::TooDeep(text.to_owned()));
        }
        Ok(Self {
            negated: bangs % 2 == 1,
            segments: parts.into_iter().map(Segment::read).collect(),
            directories_only: text.ends_with('/'),
            implied: false,
        })
    }

    fn literal_start(&self) -> Vec<String> {
        let literal = |segment: &Segment| match segment {
            Segment::Literal(text) => Some(text.clone()),
            Segment::Glob(_) | Segment::Globstar => None,
        };
        self.segments.iter().map_while(literal).collect()
    }

    fn matches(&self, parts: &[&str], kind: PathKind) -> bool {
        if self.directories_only && kind == PathKind::File {
            return false;
        }
        // An implied `x/**` is what lies inside of `x`; a written one matches `x` as well.
        let parts = match parts.split_last() {
            Some((_, folder)) if self.implied => folder,
            _ => parts,
        };
        matches(parts, &self.segments, false)
    }
}

impl Segment {
    fn read(text: &str) -> Self {
        if text == "**" {
            return Self::Globstar;
        }
        match literal(text) {
            Some(text) => Self::Literal(text),
            None => Self::Glob(text.to_owned()),
        }
    }

    fn matches(&self, part: &str) -> bool {
        match self {
            Self::Literal(text) => text == part,
            Self::Glob(text) => {
                let glob: Vec<char> = text.chars().collect();
                let part: Vec<char> = part.chars().collect();
                segment_matches(&glob, &part)
            }
            Self::Globstar => true,
        }
    }
}

/// Escapes a path so that it reads as literal text in a pattern.
fn escape(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for character in path.chars() {
        if matches!(character, '*' | '?' | '[' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// The plain text of a segment without globs, or `None` when it has some.
fn literal(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.push(characters.next().unwrap_or('\\')),
            '*' | '?' => return None,
            '[' if class(&characters.clone().collect::<Vec<_>>()).is_some() => return None,
            other => plain.push(other),
        }
    }
    Some(plain)
}

/// Whether the whole of `parts` matches; with `partial`, whether it could be continued so.
fn matches(parts: &[&str], segments: &[Segment], partial: bool) -> bool {
    // One row of a table instead of recursion: many `**` stay polynomial.
    let mut reachable = vec![false; segments.len() + 1];
    reachable[0] = true;
    close(&mut reachable, segments);
    for part in parts {
        let mut next = vec![false; segments.len() + 1];
        for (at, segment) in segments.iter().enumerate() {
            if reachable[at] && segment.matches(part) {
                next[if *segment == Segment::Globstar { at } else { at + 1 }] = true;
            }
        }
        close(&mut next, segments);
        reachable = next;
    }
    if partial { reachable.contains(&true) } else { reachable[segments.len()] }
}

/// A `**` may match nothing: what stands behind it is reachable too.
fn close(reachable: &mut [bool], segments: &[Segment]) {
    for (at, segment) in segments.iter().enumerate() {
        if reachable[at] && *segment == Segment::Globstar {
            reachable[at + 1] = true;
        }
    }
}

/// Whether one name matches one segment's glob.
fn segment_matches(glob: &[char], name: &[char]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while from < name.len() {
        match step(&glob[at..], name[from]) {
            Step::Star => {
                star = Some((at + 1, from));
                at += 1;
                continue;
            }
            Step::Taken(length) => {
                at += length;
                from += 1;
                continue;
            }
            Step::Fails => {}
        }
        let Some((after, resumed)) = star else { return false };
        star = Some((after, resumed + 1));
        (at, from) = (after, resumed + 1);
    }
    glob[at..].iter().all(|character| *character == '*')
}

enum Step {
    Star,
    Taken(usize),
    Fails,
}

/// How the front of `glob` takes `character`.
fn step(glob: &[char], character: char) -> Step {
    let taken = |yes, length| if yes { Step::Taken(length) } else { Step::Fails };
    match glob.first() {
        None => Step::Fails,
        Some('*') => Step::Star,
        Some('?') => Step::Taken(1),
        Some('\\') if glob.len() > 1 => taken(glob[1] == character, 2),
        Some('[') => match class(&glob[1..]) {
            Some(class) => taken(class.matches(character), class.length + 1),
            None => taken(character == '[', 1),
        },
        Some(other) => taken(*other == character, 1),
    }
}

/// A character class, without its opening bracket.
struct Class {
    negated: bool,
    ranges: Vec<(char, char)>,
    length: usize,
}

impl Class {
    fn matches(&self, character: char) -> bool {
        let inside = self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&character));
        inside != self.negated
    }
}

/// Reads a class up to and with its closing bracket; `None` when there is none.
fn class(text: &[char]) -> Option<Class> {
    let negated = matches!(text.first(), Some('!' | '^'));
    let start = usize::from(negated);
    let mut ranges = Vec::new();
    let mut at = start;
    loop {
        match *text.get(at)? {
            ']' if at > start => break,
            '\\' if at + 1 < text.len() => {
                ranges.push((text[at + 1], text[at + 1]));
                at += 2;
            }
            low => {
                let high = text.get(at + 2).copied().filter(|high| *high != ']');
                match (text.get(at + 1), high) {
                    (Some('-'), Some(high)) => {
                        ranges.push((low, high));
                        at += 3;
                    }
                    _ => {
                        ranges.push((low, low));
                        at += 1;
                    }
                }
            }
        }
    }
    Some(Class { negated, ranges, length: at + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(patterns: &str, path: &str, expected: bool) {
        let read = Patterns::read(patterns, "/w", "/home/runner", true).expect("it is readable");
        assert_eq!(read.matches(path, PathKind::File), expected, "{patterns:?} on {path}");
    }

    #[test]
    fn paths_match_as_the_glob_package_matches_them() {
        for (patterns, path, expected) in [
            ("a.txt", "/w/a.txt", true),
            ("./a.txt", "/w/a.txt", true),
            ("a.txt", "/w/b/a.txt", false),
            ("**/a.txt", "/w/a.txt", true),
            ("**/a.txt", "/w/b/c/a.txt", true),
            ("b/**", "/w/b/c/d", true),
            ("b/**", "/w/bc/d", false),
            ("b", "/w/b/c/d", true),
            ("b/", "/w/b/c/d", true),
            ("b/", "/w/b", false),
            ("**/a", "/w/a/b", true),
            ("**/a/", "/w/x/a", false),
            ("*", "/w/.hidden", true),
            ("*.go", "/w/x.go", true),
            ("*.go", "/w/d/x.go", false),
            ("**/*.go\n!**/v/**", "/w/v/x.go", false),
            ("**/*.go\n!**/v/**", "/w/u/x.go", true),
            ("!x.go\n*.go", "/w/x.go", true),
            ("# c\n\n*.go", "/w/x.go", true),
            ("a?c", "/w/abc", true),
            ("a[b-d]c", "/w/acc", true),
            ("a[!b-d]c", "/w/acc", false),
            ("a\\*c", "/w/a*c", true),
            ("a\\*c", "/w/abc", false),
            ("a[c", "/w/a[c", true),
            ("**/a/**/b", "/w/x/a/y/z/b", true),
            ("{a,b}", "/w/a", false),
            ("/w/x", "/w/x", true),
            ("~/x", "/home/runner/x", true),
            ("a*b*c", "/w/aXbYbZc", true),
        ] {
            check(patterns, path, expected);
        }
    }

    #[test]
    fn looking_starts_where_the_literal_part_ends() {
        for (patterns, expected) in [
            ("a.txt\nb/**", vec!["/w/a.txt", "/w/b"]),
            ("b/c/*.x\nb/**", vec!["/w/b"]),
            ("b\nb/*", vec!["/w/b"]),
            ("**/x\na", vec!["/w"]),
            ("!c\nd", vec!["/w/d"]),
        ] {
            let read = Patterns::read(patterns, "/w", "/h", false).expect("it is readable");
            assert_eq!(read.starts(), expected, "{patterns:?}");
        }
    }

    #[test]
    fn a_folder_that_cannot_lead_to_a_match_is_not_entered() {
        let read = Patterns::read("b/*/c.txt", "/w", "/h", false).expect("it is readable");
        for (path, expected) in [("/w", true), ("/w/b", true), ("/w/b/x", true), ("/w/a", false)] {
            assert_eq!(read.may_match_below(path), expected, "{path}");
        }
    }

    #[test]
    fn patterns_that_leave_their_base_are_refused() {
        for text in ["../x", "a/../b", "a/./b", "~other/x"] {
            assert!(Patterns::read(text, "/w", "/h", true).is_err(), "{text}");
        }
    }

    #[test]
    fn many_globstars_stay_quick() {
        let pattern = "**/a/".repeat(40) + "b";
        let path = "/w".to_owned() + &"/a".repeat(100);
        let read = Patterns::read(&pattern, "/w", "/h", false).expect("it is readable");
        assert!(!read.matches(&path, PathKind::File));
    }
}
