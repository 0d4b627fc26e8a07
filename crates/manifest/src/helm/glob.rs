//! The patterns of `.Files.Glob`: `*`, `**`, `?`, `[a-z]`, `[!a]`, `{one,two}`.

/// A pattern, ready to be compared.
pub struct Glob(Vec<Part>);

enum Part {
    Text(char),
    /// Any character but `/`.
    One,
    /// Any characters but `/`.
    Many,
    /// Any characters.
    All,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    Choice(Vec<Vec<Part>>),
}

impl Glob {
    /// Reads a pattern; `None` where it is none.
    pub fn read(pattern: &str) -> Option<Self> {
        let characters: Vec<char> = pattern.chars().collect();
        let mut at = 0;
        let parts = parts(&characters, &mut at, false, 0)?;
        (at == characters.len()).then_some(Self(parts))
    }

    /// Whether a path fits.
    pub fn fits(&self, path: &str) -> bool {
        let path: Vec<char> = path.chars().collect();
        ends(&self.0, &path, &[0]).contains(&path.len())
    }
}

/// How deep choices nest.
const DEPTH_MAX: usize = 20;

fn parts(pattern: &[char], at: &mut usize, inner: bool, depth: usize) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    while let Some(character) = pattern.get(*at) {
        match character {
            ',' | '}' if inner => break,
            '*' if pattern.get(*at + 1) == Some(&'*') => {
                *at += 1;
                parts.push(Part::All);
            }
            '*' => parts.push(Part::Many),
            '?' => parts.push(Part::One),
            '\\' => {
                *at += 1;
                parts.push(Part::Text(*pattern.get(*at)?));
            }
            '[' => parts.push(class(pattern, at)?),
            '{' if depth < DEPTH_MAX => {
                let mut choices = Vec::new();
                loop {
                    *at += 1;
                    choices.push(self::parts(pattern, at, true, depth + 1)?);
                    if *pattern.get(*at)? == '}' {
                        break;
                    }
                }
                parts.push(Part::Choice(choices));
            }
            '{' => return None,
            other => parts.push(Part::Text(*other)),
        }
        *at += 1;
    }
    Some(parts)
}

fn class(pattern: &[char], at: &mut usize) -> Option<Part> {
    *at += 1;
    let negated = pattern.get(*at) == Some(&'!');
    *at += usize::from(negated);
    let mut ranges = Vec::new();
    while *pattern.get(*at)? != ']' {
        let low = *pattern.get(*at)?;
        if pattern.get(*at + 1) == Some(&'-') && *pattern.get(*at + 2)? != ']' {
            ranges.push((low, *pattern.get(*at + 2)?));
            *at += 3;
        } else {
            ranges.push((low, low));
            *at += 1;
        }
    }
    Some(Part::Class { negated, ranges })
}

/// All places in the path where the parts may end when they begin at one of `starts`.
fn ends(parts: &[Part], path: &[char], starts: &[usize]) -> Vec<usize> {
    let mut places = starts.to_vec();
    for part in parts {
        let mut next: Vec<usize> = Vec::new();
        match part {
            Part::Many | Part::All => {
                for start in &places {
                    let any = |c: &&char| matches!(part, Part::All) || **c != '/';
                    let longest = start + path[*start..].iter().take_while(any).count();
                    next.extend(*start..=longest);
                }
            }
            Part::Choice(choices) => {
                next.extend(choices.iter().flat_map(|choice| ends(choice, path, &places)));
            }
            one => {
                let fits = |start: &&usize| path.get(**start).is_some_and(|c| takes(one, *c));
                next.extend(places.iter().filter(fits).map(|start| start + 1));
            }
        }
        next.sort_unstable();
        next.dedup();
        places = next;
    }
    places
}

fn takes(part: &Part, character: char) -> bool {
    match part {
        Part::Text(text) => *text == character,
        Part::One => character != '/',
        Part::Class { negated, ranges } => {
            ranges.iter().any(|(low, high)| (*low..=*high).contains(&character)) != *negated
        }
        Part::Many | Part::All | Part::Choice(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn patterns_fit_as_gobwas_has_them() {
        for (pattern, path, expected) in [
            ("files/*", "files/a.txt", true),
            ("files/*", "files/a/b", false),
            ("files/**", "files/a/b", true),
            ("**.yaml", "a/b.yaml", true),
            ("*.{yml,yaml}", "a.yaml", true),
            ("[!a]?", "bc", true),
            ("[a-c]x", "bx", true),
            ("a\\*", "a*", true),
        ] {
            assert_eq!(Glob::read(pattern).is_some_and(|g| g.fits(path)), expected, "{pattern}");
        }
        assert!(Glob::read("{a").is_none());
    }
}
