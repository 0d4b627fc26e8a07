//! Words inside identifiers: `snakecase`, `kebabcase`, `camelcase` (xstrings v1.5.0).

use crate::tmpl::text::{chars, is_letter};
use regex::Regex;
use std::sync::LazyLock;

static PUNCTUATION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\p{P}$").expect("a constant expression that a test compiles"));

/// `unicode.IsPunct`.
fn is_punctuation(char: char) -> bool {
    match char {
        '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~' => false,
        char if char.is_ascii() => char.is_ascii_punctuation(),
        char => PUNCTUATION.is_match(char.encode_utf8(&mut [0; 4])),
    }
}

fn is_connector(char: char) -> bool {
    matches!(char, '-' | '_') || char.is_whitespace()
}

/// A letter of an alphabet: no ideogram.
fn is_alphabet(char: char) -> bool {
    const IDEOGRAMS: &[(char, char)] = &[
        ('\u{4e00}', '\u{9fcc}'),
        ('\u{3400}', '\u{4db5}'),
        ('\u{20000}', '\u{2a6d6}'),
        ('\u{2a700}', '\u{2b734}'),
        ('\u{2b740}', '\u{2b81d}'),
    ];
    is_letter(char) && !IDEOGRAMS.iter().any(|(from, to)| (*from..=*to).contains(&char))
}

/// Unicode's simple mapping, one character to one.
pub(super) fn upper(char: char) -> char {
    let mut mapped = char.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => char,
    }
}

/// Unicode's simple mapping, one character to one.
pub(super) fn lower(char: char) -> char {
    let mut mapped = char.to_lowercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ if char == '\u{130}' => 'i',
        _ => char,
    }
}

fn is_number(char: char) -> bool {
    char.is_numeric()
}

/// What a word is made of.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Invalid,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punctuation,
    Other,
}

fn run(word: &[char], from: usize, fits: impl Fn(char) -> bool) -> usize {
    from + word[from..].iter().take_while(|char| fits(**char)).count()
}

/// The next word of a text: its kind and its length.
fn next_word(rest: &[char]) -> (Kind, usize) {
    let Some(first) = rest.first().copied() else { return (Kind::Invalid, 0) };
    let small = |char| is_alphabet(char) && !char.is_uppercase();
    if is_connector(first) {
        (Kind::Connector, run(rest, 1, is_connector))
    } else if is_punctuation(first) {
        (Kind::Punctuation, run(rest, 1, is_punctuation))
    } else if first.is_uppercase() {
        let capitals = run(rest, 1, char::is_uppercase);
        let follows = rest.get(capitals).copied();
        match (capitals, follows) {
            // The last capital begins the next word.
            (2.., Some(next)) if is_alphabet(next) => (Kind::Upper, capitals - 1),
            (1, Some(next)) if is_alphabet(next) => (Kind::Upper, run(rest, 1, small)),
            _ => (Kind::Upper, capitals),
        }
    } else if is_alphabet(first) {
        (Kind::Alphabet, run(rest, 1, small))
    } else if is_number(first) {
        (Kind::Number, run(rest, 1, is_number))
    } else {
        let other = |char| {
            !(is_connector(char) || is_alphabet(char) || is_number(char) || is_punctuation(char))
        };
        (Kind::Other, run(rest, 1, other))
    }
}

struct Words<'t> {
    rest: &'t [char],
    out: String,
    connector: char,
}

impl<'t> Words<'t> {
    fn take(&mut self) -> (Kind, &'t [char]) {
        let (kind, length) = next_word(self.rest);
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        (kind, word)
    }

    fn write(&mut self, kind: Kind, word: &[char]) {
        if !matches!(kind, Kind::Upper | Kind::Connector) {
            self.out.extend(word);
            return;
        }
        for char in word {
            self.out.push(match *char {
                char if is_connector(char) => self.connector,
                char if char.is_uppercase() => lower(char),
                char => char,
            });
        }
    }

    /// Letters and digits that follow a number belong to it.
    fn write_tail(&mut self, mut kind: Kind, mut word: &'t [char]) -> (Kind, &'t [char]) {
        while matches!(kind, Kind::Alphabet | Kind::Number) {
            self.write(kind, word);
            (kind, word) = self.take();
        }
        if !matches!(kind, Kind::Invalid | Kind::Punctuation | Kind::Connector) {
            self.out.push(self.connector);
        }
        (kind, word)
    }
}

/// `xstrings.ToSnakeCase` and `ToKebabCase`.
pub(super) fn connected(text: &[u8], connector: char) -> String {
    let text: Vec<char> = chars(text).map(|(_, char, _)| char).collect();
    let mut words = Words { rest: &text, out: String::new(), connector };
    let separates = |kind| !matches!(kind, Kind::Connector | Kind::Punctuation);
    let (mut kind, mut word) = words.take();
    while !words.rest.is_empty() {
        if kind != Kind::Connector {
            words.write(kind, word);
        }
        let (before, last) = (kind, word);
        (kind, word) = words.take();
        match before {
            Kind::Number => (kind, word) = words.write_tail(kind, word),
            Kind::Connector => words.write(before, last),
            Kind::Punctuation => {}
            _ if kind != Kind::Number => {
                if separates(kind) {
                    words.out.push(connector);
                }
            }
            _ if words.rest.is_empty() => {}
            _ => {
                let number = word;
                (kind, word) = words.take();
                if kind == Kind::Alphabet {
                    words.out.push(connector);
                    words.write(Kind::Number, number);
                    (kind, word) = words.write_tail(kind, word);
                } else {
                    words.write(Kind::Number, number);
                    if separates(kind) {
                        words.out.push(connector);
                    }
                }
            }
        }
    }
    words.write(kind, word);
    words.out
}

/// `xstrings.ToPascalCase`.
pub(super) fn pascal(text: &[u8]) -> String {
    let text: Vec<char> = chars(text).map(|(_, char, _)| char).collect();
    let start = run(&text, 0, is_connector);
    let mut out: String = text[..start].iter().collect();
    let Some(first) = text.get(start).copied() else {
        return out;
    };
    let mut first_is_upper = first.is_uppercase();
    let mut current = upper(first);
    for next in text[start + 1..].iter().copied() {
        let before = current;
        current = next;
        if is_connector(current) && is_connector(before) {
            out.push(before);
            continue;
        }
        if is_connector(before) {
            first_is_upper = current.is_uppercase();
            current = upper(current);
            continue;
        }
        if first_is_upper {
            if current.is_uppercase() {
                current = lower(current);
            } else {
                first_is_upper = false;
            }
        }
        out.push(before);
    }
    out.push(current);
    out
}
