//! How a scalar may be written: libyaml's analysis of its text, with go-yaml's changes.

use super::resolve::{Meaning, Version, old_bool, resolve};

/// What the characters of a text allow (`yaml_emitter_analyze_scalar`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Analysis {
    /// There is a line break in it.
    pub(super) multiline: bool,
    pub(super) plain: bool,
    pub(super) single_quoted: bool,
    pub(super) block: bool,
}

/// The style that go-yaml's encoder asks for, before the analysis has a say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// `stringv` of `encode.go`: a text is quoted where a reader would take it for something else.
pub(super) fn wanted_style(text: &str, version: Version) -> Style {
    if text.contains('\n') {
        return Style::Literal;
    }
    let means_text = matches!(resolve(text, version), Meaning::Text);
    let old = version == Version::V3 && old_bool(text).is_some();
    if means_text && !is_base_60(text) && !old { Style::Plain } else { Style::DoubleQuoted }
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`: quoted for the sake of other parsers.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let first = parts.next().unwrap_or_default().as_bytes();
    let digit_or_line = |byte: &u8| byte.is_ascii_digit() || *byte == b'_';
    if !first.first().is_some_and(u8::is_ascii_digit) || !first.iter().all(digit_or_line) {
        return false;
    }
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return false;
    }
    while let Some(part) = parts.next() {
        let part = match part.split_once('.') {
            Some((whole, fraction)) if parts.peek().is_none() => {
                if !fraction.bytes().all(|byte| digit_or_line(&byte)) {
                    return false;
                }
                whole
            }
            _ => part,
        };
        let fits = match part.as_bytes() {
            [digit] => digit.is_ascii_digit(),
            [tens, ones] => (b'0'..=b'5').contains(tens) && ones.is_ascii_digit(),
            _ => false,
        };
        if !fits {
            return false;
        }
    }
    true
}

/// Whether libyaml writes the character as it is. Nothing beyond the basic plane is.
pub(super) fn is_printable(character: char) -> bool {
    matches!(character, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && character != '\u{feff}'
}

/// YAML 1.1's line breaks.
pub(super) fn is_break(character: char) -> bool {
    matches!(character, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

/// What the analysis collects while it walks over the text.
#[derive(Default)]
struct Findings {
    indicators: bool,
    breaks: bool,
    special: bool,
    tabs: bool,
    blank_end: bool,
    trailing_space: bool,
    break_space: bool,
    space_break: bool,
}

/// Looks at every character once.
pub(super) fn analyze(text: &str, version: Version) -> Analysis {
    if text.is_empty() {
        return Analysis { multiline: false, plain: true, single_quoted: true, block: false };
    }
    let mut found = Findings {
        indicators: text.starts_with("---") || text.starts_with("..."),
        ..Findings::default()
    };
    let (mut after_blank, mut after_space, mut after_break) = (true, false, false);
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        let before_blank = next.is_none_or(is_blank);
        found.indicators |= is_indicator(character, at == 0, after_blank, before_blank);
        if character == '\t' && version == Version::V3 {
            found.tabs = true;
        } else {
            found.special |= !is_printable(character);
        }
        let at_end = at == 0 || next.is_none();
        if character == ' ' {
            found.blank_end |= at_end;
            found.trailing_space |= next.is_none();
            found.break_space |= after_break;
        } else if is_break(character) {
            found.breaks = true;
            found.blank_end |= at_end;
            found.space_break |= after_space;
        }
        after_space = character == ' ';
        after_break = is_break(character);
        after_blank = is_blank(character) || after_break || character == '\0';
    }
    found.analysis()
}

/// Whether this character ends the plain style at this place of a block.
fn is_indicator(character: char, first: bool, after_blank: bool, before_blank: bool) -> bool {
    if first {
        return match character {
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
            | '@' | '`' => true,
            '?' | ':' | '-' => before_blank,
            _ => false,
        };
    }
    match character {
        ':' => before_blank,
        '#' => after_blank,
        _ => false,
    }
}

impl Findings {
    fn analysis(&self) -> Analysis {
        let unreadable = self.space_break || self.special;
        let folded = self.break_space || unreadable || self.tabs;
        Analysis {
            multiline: self.breaks,
            plain: !(self.blank_end || folded || self.breaks || self.indicators),
            single_quoted: !folded,
            block: !(self.trailing_space || unreadable),
        }
    }
}
