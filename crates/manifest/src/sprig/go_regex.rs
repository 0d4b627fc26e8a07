//! Go's regular expressions, translated: RE2's syntax, its ASCII classes, its messages.

use crate::limits::REGEX_BYTES_MAX;
use crate::tmpl::Str;
use regex::bytes::{Captures, Regex, RegexBuilder};

/// A compiled expression.
pub(super) struct Compiled {
    /// It looks at bytes, with `.` and classes matching whole characters.
    pub bytes: Regex,
    /// The pattern is the empty text.
    pub empty: bool,
}

impl Compiled {
    pub fn new(pattern: &Str) -> Result<Self, String> {
        let wrong = |message: String| format!("error parsing regexp: {message}");
        let text = std::str::from_utf8(pattern)
            .map_err(|_| wrong(format!("invalid UTF-8: `{}`", pattern.text())))?;
        let translated = Translator::new(text).run().map_err(wrong)?;
        let bytes = RegexBuilder::new(&translated).size_limit(REGEX_BYTES_MAX).build();
        let bytes = bytes.map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => wrong(format!("expression too large: `{text}`")),
            error => {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or("not understood").to_owned();
                wrong(format!("{}: `{text}`", reason.trim_start_matches("error: ")))
            }
        })?;
        Ok(Self { bytes, empty: text.is_empty() })
    }
}

/// Go's `$1`, `${name}`, `$$` in a replacement.
pub(super) fn expand(out: &mut Vec<u8>, template: &[u8], found: &Captures<'_>) {
    let mut rest = template;
    while let Some(at) = memchr::memchr(b'$', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(b"$") {
            out.push(b'$');
            rest = after;
            continue;
        }
        let braced = rest.first() == Some(&b'{');
        let name_from = usize::from(braced);
        let word = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
        let length = rest[name_from..].iter().take_while(word).count();
        let name_to = name_from + length;
        let closed = !braced || rest.get(name_to) == Some(&b'}');
        if length == 0 || !closed {
            out.push(b'$');
            continue;
        }
        let name = std::str::from_utf8(&rest[name_from..name_to]).unwrap_or("");
        // A number with a leading zero is a name, except for 0 itself.
        let number = name.parse::<usize>().ok().filter(|_| name == "0" || !name.starts_with('0'));
        let group = match number {
            Some(number) => found.get(number),
            None => found.name(name),
        };
        if let Some(group) = group {
            out.extend_from_slice(group.as_bytes());
        }
        rest = &rest[name_to + usize::from(braced)..];
    }
    out.extend_from_slice(rest);
}

struct Translator<'p> {
    pattern: &'p str,
    at: usize,
    out: String,
    /// Where open groups begin.
    groups: usize,
    /// Where what a repetition would repeat begins; `None`: nothing is there.
    operand: bool,
    /// Where the repetition before this one begins.
    repeated: Option<usize>,
}

const PERL: &[(char, &str, bool)] = &[
    ('d', "0-9", false),
    ('D', "0-9", true),
    ('w', "0-9A-Za-z_", false),
    ('W', "0-9A-Za-z_", true),
    ('s', r"\t\n\f\r ", false),
    ('S', r"\t\n\f\r ", true),
];

/// Go's most repetitions of one part.
const REPEAT_MAX: u32 = 1000;

type Step = Result<(), String>;

impl<'p> Translator<'p> {
    fn new(pattern: &'p str) -> Self {
        Self { pattern, at: 0, out: String::new(), groups: 0, operand: false, repeated: None }
    }

    fn rest(&self) -> &'p str {
        &self.pattern[self.at..]
    }

    fn run(mut self) -> Result<String, String> {
        while let Some(char) = self.rest().chars().next() {
            match char {
                '(' => self.open()?,
                ')' => {
                    if self.groups == 0 {
                        return Err(format!("unexpected ): `{}`", self.pattern));
                    }
                    self.groups -= 1;
                    self.atom(")", 1);
                }
                '|' => {
                    self.out.push('|');
                    self.at += 1;
                    (self.operand, self.repeated) = (false, None);
                }
                '[' => self.class()?,
                '*' | '+' | '?' => self.repeat(1, char.to_string())?,
                '{' => match bounds(self.rest()) {
                    None => self.atom("\\{", 1),
                    Some((length, low, high)) => {
                        let most = high.unwrap_or(low).max(low);
                        let backwards = high.is_some_and(|high| high < low);
                        if most > REPEAT_MAX || backwards {
                            let shown = &self.rest()[..length];
                            return Err(format!("invalid repeat count: `{shown}`"));
                        }
                        self.repeat(length, self.rest()[..length].to_owned())?;
                    }
                },
                '\\' => self.escape()?,
                '^' | '$' | '.' => self.atom(&char.to_string(), 1),
                char => {
                    let literal = regex::escape(char.encode_utf8(&mut [0; 4]));
                    self.atom(&literal, char.len_utf8());
                }
            }
        }
        if self.groups > 0 {
            return Err(format!("missing closing ): `{}`", self.pattern));
        }
        Ok(self.out)
    }

    fn atom(&mut self, text: &str, length: usize) {
        self.out.push_str(text);
        self.at += length;
        (self.operand, self.repeated) = (true, None);
    }

    fn repeat(&mut self, length: usize, sign: String) -> Step {
        let from = self.at;
        let mut to = self.at + length;
        if self.pattern[to..].starts_with('?') {
            to += 1;
        }
        if let Some(before) = self.repeated {
            let shown = &self.pattern[before..to];
            return Err(format!("invalid nested repetition operator: `{shown}`"));
        }
        if !self.operand {
            let shown = &self.pattern[from..to];
            return Err(format!("missing argument to repetition operator: `{shown}`"));
        }
        self.out.push_str(&sign);
        if to > from + length {
            self.out.push('?');
        }
        self.at = to;
        self.repeated = Some(from);
        Ok(())
    }

    fn open(&mut self) -> Step {
        let rest = self.rest();
        if !rest.starts_with("(?") {
            self.out.push('(');
            self.at += 1;
            self.groups += 1;
            (self.operand, self.repeated) = (false, None);
            return Ok(());
        }
        let named = ["(?P<", "(?<"].iter().find(|start| rest.starts_with(**start));
        if let Some(start) =
            named.filter(|_| !rest.starts_with("(?<=") && !rest.starts_with("(?<!"))
        {
            let Some(end) = rest.find('>') else {
                return Err(format!("invalid named capture: `{rest}`"));
            };
            let name = &rest[start.len()..end];
            let legal = |char: char| char.is_ascii_alphanumeric() || char == '_';
            if name.is_empty() || !name.chars().all(legal) {
                return Err(format!("invalid named capture: `{}`", &rest[..=end]));
            }
            if self.out.contains(&format!("(?P<{name}>")) {
                return Err(format!("duplicate capture group name: `{name}`"));
            }
            self.out.push_str(&format!("(?P<{name}>"));
            self.at += end + 1;
            self.groups += 1;
            (self.operand, self.repeated) = (false, None);
            return Ok(());
        }
        self.flags()
    }

    fn flags(&mut self) -> Step {
        let rest = self.rest();
        let (mut minus, mut some) = (false, false);
        for (at, char) in rest.char_indices().skip(2) {
            match char {
                'i' | 'm' | 's' | 'U' => some = true,
                '-' if !minus => {
                    minus = true;
                    some = false;
                }
                ':' | ')' if (some || !minus) => {
                    self.out.push_str(&rest[..=at]);
                    self.at += at + 1;
                    self.groups += usize::from(char == ':');
                    (self.operand, self.repeated) = (false, None);
                    return Ok(());
                }
                char => {
                    let shown = &rest[..at + char.len_utf8()];
                    return Err(format!("invalid or unsupported Perl syntax: `{shown}`"));
                }
            }
        }
        Err(format!("missing closing ): `{}`", self.pattern))
    }

    fn escape(&mut self) -> Step {
        let rest = self.rest();
        let Some(char) = rest[1..].chars().next() else {
            return Err("trailing backslash at end of expression: ``".to_owned());
        };
        match char {
            'A' | 'z' => self.atom(&rest[..2], 2),
            'b' | 'B' => self.atom(&format!("(?-u:\\{char})"), 2),
            'C' => self.atom("(?s-u:.)", 2),
            'Q' => {
                let (quoted, length) = match rest[2..].split_once("\\E") {
                    Some((quoted, _)) => (quoted, quoted.len() + 4),
                    None => (&rest[2..], rest.len()),
                };
                self.at += length;
                for char in quoted.chars() {
                    let literal = regex::escape(char.encode_utf8(&mut [0; 4]));
                    self.atom(&literal, 0);
                }
            }
            'p' | 'P' => {
                let (class, length) = property(rest)?;
                self.atom(&class, length);
            }
            _ => match PERL.iter().find(|(name, ..)| *name == char) {
                Some((_, set, true)) => self.atom(&format!("[^{set}]"), 2),
                Some((_, set, false)) => self.atom(&format!("[{set}]"), 2),
                None => {
                    let (code, length) = literal(rest)?;
                    self.atom(&format!("\\x{{{code:x}}}"), length);
                }
            },
        }
        Ok(())
    }

    fn class(&mut self) -> Step {
        let whole = self.rest();
        let missing = || format!("missing closing ]: `{whole}`");
        let mut at = 1;
        let mut out = String::from("[");
        if whole[at..].starts_with('^') {
            out.push('^');
            at += 1;
        }
        let mut first = true;
        loop {
            let rest = &whole[at..];
            let char = rest.chars().next().ok_or_else(missing)?;
            if char == ']' && !first {
                break;
            }
            first = false;
            if let Some((class, length)) = named_class(rest)? {
                out.push_str(&class);
                at += length;
                continue;
            }
            let (low, length) = class_char(rest).map_err(|error| error.unwrap_or_else(missing))?;
            let begin = at;
            at += length;
            let rest = &whole[at..];
            let mut high = low;
            if rest.starts_with('-') && rest.len() > 1 && !rest[1..].starts_with(']') {
                let (code, length) =
                    class_char(&rest[1..]).map_err(|error| error.unwrap_or_else(missing))?;
                high = code;
                at += 1 + length;
                if high < low {
                    let shown = &whole[begin..at];
                    return Err(format!("invalid character class range: `{shown}`"));
                }
            }
            out.push_str(&format!("\\x{{{low:x}}}-\\x{{{high:x}}}"));
        }
        out.push(']');
        self.atom(&out, at + 1);
        Ok(())
    }
}

/// `{2}`, `{2,}`, `{2,3}`: the length and the numbers. Anything else is literal text.
fn bounds(rest: &str) -> Option<(usize, u32, Option<u32>)> {
    let end = rest.find('}')?;
    let (low, high) = match rest[1..end].split_once(',') {
        Some((low, high)) => (low, Some(high)),
        None => (&rest[1..end], None),
    };
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let plain = digits && (text == "0" || !text.starts_with('0'));
        plain.then(|| text.parse().unwrap_or(u32::MAX))
    };
    let low_number = number(low)?;
    match high {
        None => Some((end + 1, low_number, Some(low_number))),
        Some("") => Some((end + 1, low_number, None)),
        Some(high) => Some((end + 1, low_number, Some(number(high)?))),
    }
}

/// A class inside brackets that has a name: `[:alpha:]`, `\d`, `\pL`.
fn named_class(rest: &str) -> Result<Option<(String, usize)>, String> {
    if rest.starts_with("[:") {
        let Some(end) = rest.find(":]") else { return Ok(None) };
        let name = &rest[2..end];
        let known = [
            "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print",
            "punct", "space", "upper", "word", "xdigit",
        ];
        if !known.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return Err(format!("invalid character class range: `{}`", &rest[..end + 2]));
        }
        return Ok(Some((rest[..end + 2].to_owned(), end + 2)));
    }
    if rest.starts_with("\\p") || rest.starts_with("\\P") {
        return property(rest).map(Some);
    }
    let Some(name) = rest.strip_prefix('\\').and_then(|rest| rest.chars().next()) else {
        return Ok(None);
    };
    let found = PERL.iter().find(|(known, ..)| *known == name);
    Ok(found.map(|(_, set, negated)| {
        let sign = if *negated { "^" } else { "" };
        (format!("[{sign}{set}]"), 2)
    }))
}

/// One character of a class; the error `None` is the missing end.
fn class_char(rest: &str) -> Result<(u32, usize), Option<String>> {
    match rest.chars().next() {
        None => Err(None),
        Some('\\') => literal(rest).map_err(Some),
        Some(char) => Ok((u32::from(char), char.len_utf8())),
    }
}

/// `\pL`, `\p{Greek}`, `\P{^Lu}`.
fn property(rest: &str) -> Result<(String, usize), String> {
    let wrong = |length: usize| {
        let shown = rest.get(..length).unwrap_or(rest);
        format!("invalid character class range: `{shown}`")
    };
    let negated = rest.starts_with("\\P");
    let (name, length) = match rest[2..].chars().next() {
        None => return Err(wrong(rest.len())),
        Some('{') => {
            let end = rest.find('}').ok_or_else(|| wrong(rest.len()))?;
            (&rest[3..end], end + 1)
        }
        Some(char) => (&rest[2..2 + char.len_utf8()], 2 + char.len_utf8()),
    };
    let (name, negated) = match name.strip_prefix('^') {
        Some(name) => (name, !negated),
        None => (name, negated),
    };
    let sign = if negated { 'P' } else { 'p' };
    let class = format!("\\{sign}{{{name}}}");
    // Only the names that Go knows: those of scripts and categories as they are written.
    let legal = name == "Any" || name.starts_with(|char: char| char.is_ascii_uppercase());
    match legal && regex::Regex::new(&class).is_ok() {
        true => Ok((class, length)),
        false => Err(wrong(length)),
    }
}

/// A character behind a backslash: its code and the length of what was read.
fn literal(rest: &str) -> Result<(u32, usize), String> {
    let char = rest[1..].chars().next();
    let wrong = |length: usize| {
        let shown: String = rest.chars().take(length).collect();
        format!("invalid escape sequence: `{shown}`")
    };
    let Some(char) = char else {
        return Err("trailing backslash at end of expression: ``".to_owned());
    };
    let octal = |rest: &str| {
        let digits = rest.bytes().take(3).take_while(|byte| (b'0'..b'8').contains(byte)).count();
        (u32::from_str_radix(&rest[..digits], 8).unwrap_or(0), 1 + digits)
    };
    Ok(match char {
        'a' => (7, 2),
        'f' => (12, 2),
        'n' => (10, 2),
        'r' => (13, 2),
        't' => (9, 2),
        'v' => (11, 2),
        '0' => octal(&rest[1..]),
        '1'..='7' if rest[2..].starts_with(|next: char| ('0'..='7').contains(&next)) => {
            octal(&rest[1..])
        }
        'x' => {
            if let Some(inner) = rest[2..].strip_prefix('{') {
                let end = inner.find('}').ok_or_else(|| wrong(rest.len()))?;
                let code = u32::from_str_radix(&inner[..end], 16).ok();
                let code = code.filter(|code| char::from_u32(*code).is_some());
                return code.map(|code| (code, end + 4)).ok_or_else(|| wrong(end + 4));
            }
            let code = rest.get(2..4).and_then(|hex| u32::from_str_radix(hex, 16).ok());
            return code.map(|code| (code, 4)).ok_or_else(|| wrong(4));
        }
        char if char.is_ascii_punctuation() => (u32::from(char), 2),
        _ => return Err(wrong(2)),
    })
}
