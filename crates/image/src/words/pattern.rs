//! Shell patterns inside substitutions: `*`, `?`, and a backslash that takes the next character
//! as it is.

use super::WordError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    One(char),
    Any,
    Many,
}

/// A pattern that can be matched.
#[derive(Debug)]
pub(super) struct Pattern(Vec<Part>);

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, WordError> {
        let mut parts = Vec::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            parts.push(match c {
                '*' => Part::Many,
                '?' => Part::Any,
                '\\' => match chars.next() {
                    Some(escaped) => Part::One(escaped),
                    None => return Err(WordError("a pattern ends in a backslash".to_owned())),
                },
                c => Part::One(c),
            });
        }
        Ok(Self(parts))
    }

    /// The lengths (in characters) of all beginnings of `text` that match, ascending.
    fn lengths(&self, text: &[char]) -> Vec<usize> {
        // reached[i]: the parts so far match the first i characters.
        let mut reached = vec![false; text.len() + 1];
        reached[0] = true;
        for part in &self.0 {
            let mut next = vec![false; text.len() + 1];
            for from in (0..=text.len()).filter(|from| reached[*from]) {
                match part {
                    Part::Many => next[from..].fill(true),
                    Part::Any if from < text.len() => next[from + 1] = true,
                    Part::One(c) if text.get(from) == Some(c) => next[from + 1] = true,
                    Part::Any | Part::One(_) => {}
                }
            }
            reached = next;
        }
        (0..=text.len()).filter(|length| reached[*length]).collect()
    }

    pub(super) fn without_prefix(&self, value: &str, longest: bool) -> String {
        let chars: Vec<char> = value.chars().collect();
        let lengths = self.lengths(&chars);
        let length = if longest { lengths.last() } else { lengths.first() };
        chars[length.copied().unwrap_or(0)..].iter().collect()
    }

    pub(super) fn without_suffix(&self, value: &str, longest: bool) -> String {
        let chars: Vec<char> = value.chars().collect();
        let matches =
            |start: &usize| self.lengths(&chars[*start..]).last() == Some(&(chars.len() - start));
        let mut starts = 0..=chars.len();
        let start = if longest { starts.find(matches) } else { starts.rev().find(matches) };
        chars[..start.unwrap_or(chars.len())].iter().collect()
    }

    /// The first (or every) longest match replaced.
    pub(super) fn replace(&self, value: &str, replacement: &str, all: bool) -> String {
        let chars: Vec<char> = value.chars().collect();
        let (mut result, mut at, mut done) = (String::new(), 0, false);
        while at <= chars.len() {
            let matched = if done && !all { None } else { self.lengths(&chars[at..]).pop() };
            if let Some(length) = matched {
                result.push_str(replacement);
                done = true;
                if length > 0 {
                    at += length;
                    if at == chars.len() {
                        break;
                    }
                    continue;
                }
            }
            result.extend(chars.get(at));
            at += 1;
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).expect("a pattern")
    }

    #[test]
    fn prefixes_and_suffixes_are_trimmed_shortest_or_longest() {
        for (text, value, longest, expected) in [
            ("*/", "a/b/c", false, "b/c"),
            ("*/", "a/b/c", true, "c"),
            ("x", "a/b/c", true, "a/b/c"),
            ("?", "äb", false, "b"),
            ("\\*", "*b", false, "b"),
            ("", "ab", true, "ab"),
        ] {
            assert_eq!(pattern(text).without_prefix(value, longest), expected, "{text} {value}");
        }
        for (text, value, longest, expected) in [
            ("/*", "a/b/c", false, "a/b"),
            ("/*", "a/b/c", true, "a"),
            ("c", "a/b/c", false, "a/b/"),
            ("x", "abc", true, "abc"),
        ] {
            assert_eq!(pattern(text).without_suffix(value, longest), expected, "{text} {value}");
        }
    }

    #[test]
    fn one_or_all_matches_are_replaced() {
        for (text, value, all, expected) in [
            ("a", "banana", false, "b_nana"),
            ("a", "banana", true, "b_n_n_"),
            ("a*", "banana", false, "b_"),
            ("x", "banana", true, "banana"),
            ("n?", "banana", true, "ba__"),
        ] {
            assert_eq!(pattern(text).replace(value, "_", all), expected, "{text} {value}");
        }
    }

    #[test]
    fn an_open_escape_is_an_error() {
        assert!(Pattern::parse("a\\").is_err());
    }
}
