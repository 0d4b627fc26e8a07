//! `.helmignore`: which files of a folder are not part of the chart.

use super::error::Error;

/// The rules of one file, with Helm's own.
#[derive(Clone, Debug)]
pub struct Ignore {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    pattern: String,
    negate: bool,
    folder_only: bool,
    /// Compared with the whole path, not with the last part alone.
    whole_path: bool,
}

impl Ignore {
    /// Reads the rules of a `.helmignore`; `None` where there is none.
    ///
    /// # Errors
    /// A pattern with `**`, or one that is no pattern.
    pub fn read(text: Option<&[u8]>) -> Result<Self, Error> {
        let text = String::from_utf8_lossy(text.unwrap_or_default()).into_owned();
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut rules = Vec::new();
        for (at, line) in text.lines().enumerate() {
            rules.extend(Rule::read(line).map_err(|message| {
                Error::chart(message)
                    .place(".helmignore", at + 1, 1, "")
                    .source(".helmignore", text.as_bytes())
            })?);
        }
        rules.extend(Rule::read("templates/.?*").unwrap_or_default());
        Ok(Self { rules })
    }

    /// Whether a file, or a folder with all that is in it, is left out.
    pub fn skips(&self, path: &str, is_folder: bool) -> bool {
        for rule in &self.rules {
            let not_meant = rule.folder_only && !is_folder;
            if rule.negate {
                if not_meant || !rule.matches(path) {
                    return true;
                }
            } else if !not_meant && rule.matches(path) {
                return true;
            }
        }
        false
    }
}

impl Rule {
    fn read(line: &str) -> Result<Option<Self>, String> {
        let rule = line.trim();
        if rule.is_empty() || rule.starts_with('#') {
            return Ok(None);
        }
        if rule.contains("**") {
            return Err("double-star (`**`) is not supported by Helm".to_owned());
        }
        if path_match(rule, "abc").is_none() {
            return Err(format!("`{rule}` is not a pattern"));
        }
        let (negate, rule) = rule.strip_prefix('!').map_or((false, rule), |rest| (true, rest));
        let (folder_only, rule) = rule.strip_suffix('/').map_or((false, rule), |rest| (true, rest));
        let whole_path = rule.contains('/');
        let pattern = rule.strip_prefix('/').unwrap_or(rule).to_owned();
        Ok(Some(Self { pattern, negate, folder_only, whole_path }))
    }

    fn matches(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        let text = if self.whole_path { path } else { name };
        path_match(&self.pattern, text).unwrap_or(false)
    }
}

/// Go's `path.Match`; `None` where the pattern is none.
pub fn path_match(pattern: &str, text: &str) -> Option<bool> {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    well_formed(&pattern)?;
    // The place after the last star, and how much of the text it has taken.
    let (mut p, mut t, mut back) = (0, 0, None);
    loop {
        if p < pattern.len() && pattern[p] == '*' {
            back = Some((p + 1, t));
            p += 1;
            continue;
        }
        if t == text.len() && p == pattern.len() {
            return Some(true);
        }
        if t < text.len()
            && let Some(next) = one(&pattern, p, text[t])
        {
            (p, t) = (next, t + 1);
            continue;
        }
        match back {
            Some((after, taken)) if taken < text.len() && text[taken] != '/' => {
                back = Some((after, taken + 1));
                (p, t) = (after, taken + 1);
            }
            _ => return Some(false),
        }
    }
}

fn well_formed(pattern: &[char]) -> Option<()> {
    let mut at = 0;
    while at < pattern.len() {
        at = match pattern[at] {
            '\\' if at + 1 >= pattern.len() => return None,
            '\\' => at + 2,
            '[' => class(pattern, at, '\0')?.1,
            _ => at + 1,
        };
    }
    Some(())
}

/// The place behind one part of the pattern when it takes the character.
fn one(pattern: &[char], at: usize, character: char) -> Option<usize> {
    let next = match *pattern.get(at)? {
        '?' => (character != '/').then_some(at + 1),
        '[' => class(pattern, at, character).and_then(|(fits, next)| fits.then_some(next)),
        '\\' => (*pattern.get(at + 1)? == character).then_some(at + 2),
        other => (other == character).then_some(at + 1),
    }?;
    Some(next)
}

fn class(pattern: &[char], at: usize, character: char) -> Option<(bool, usize)> {
    let mut at = at + 1;
    let negated = pattern.get(at) == Some(&'^');
    at += usize::from(negated);
    let (mut fits, mut ranges) = (false, 0);
    loop {
        if pattern.get(at) == Some(&']') && ranges > 0 {
            return Some((fits != negated, at + 1));
        }
        let (low, next) = class_character(pattern, at)?;
        at = next;
        let mut high = low;
        if pattern.get(at) == Some(&'-') {
            (high, at) = class_character(pattern, at + 1)?;
        }
        fits |= (low..=high).contains(&character);
        ranges += 1;
    }
}

fn class_character(pattern: &[char], at: usize) -> Option<(char, usize)> {
    match *pattern.get(at)? {
        '-' | ']' => None,
        '\\' => Some((*pattern.get(at + 1)?, at + 2)),
        other => Some((other, at + 1)),
    }
}
