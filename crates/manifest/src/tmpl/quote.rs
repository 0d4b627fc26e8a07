//! Go's quoting of strings and characters (`strconv`), on bytes that need not be UTF-8.

use super::unicode::{DIGIT, LETTER, PRINT};

fn among(table: &[(u32, u32)], char: char) -> bool {
    let code = char as u32;
    let after = table.partition_point(|range| range.0 <= code);
    after > 0 && code <= table[after - 1].1
}

/// `strconv.IsPrint`.
pub fn is_print(char: char) -> bool {
    if char.is_ascii() { matches!(char, ' '..='~') } else { among(PRINT, char) }
}

/// `unicode.IsLetter`.
pub fn is_letter(char: char) -> bool {
    among(LETTER, char)
}

/// `unicode.IsDigit`.
pub fn is_digit(char: char) -> bool {
    among(DIGIT, char)
}

/// The first character and its width; what is not UTF-8 is U+FFFD of width 1.
pub(crate) fn decode(bytes: &[u8]) -> (char, usize) {
    let Some(&first) = bytes.first() else { return (char::REPLACEMENT_CHARACTER, 0) };
    let width = match first {
        0..=0x7f => return (first as char, 1),
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    let head = bytes.get(..width).and_then(|head| std::str::from_utf8(head).ok());
    match head.and_then(|head| head.chars().next()) {
        Some(char) => (char, width),
        None => (char::REPLACEMENT_CHARACTER, 1),
    }
}

/// The characters of a Go string with their offsets and widths.
pub fn chars(bytes: &[u8]) -> impl Iterator<Item = (usize, char, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= bytes.len() {
            return None;
        }
        let (char, width) = decode(&bytes[at..]);
        at += width;
        Some((at - width, char, width))
    })
}

/// `utf8.RuneCount`.
pub fn count(bytes: &[u8]) -> usize {
    if bytes.is_ascii() { bytes.len() } else { chars(bytes).count() }
}

pub(crate) fn push_char(out: &mut Vec<u8>, char: char) {
    out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
}

/// `strconv.Quote`, or `QuoteToASCII`.
pub fn quote(out: &mut Vec<u8>, text: &[u8], ascii: bool) {
    out.push(b'"');
    for (at, char, width) in chars(text) {
        if width == 1 && char == char::REPLACEMENT_CHARACTER {
            push_hex(out, b'x', u32::from(text[at]), 2);
        } else {
            escaped(out, char, b'"', ascii);
        }
    }
    out.push(b'"');
}

/// `strconv.QuoteRune`, or `QuoteRuneToASCII`.
pub(crate) fn quote_char(out: &mut Vec<u8>, char: char, ascii: bool) {
    out.push(b'\'');
    escaped(out, char, b'\'', ascii);
    out.push(b'\'');
}

fn push_hex(out: &mut Vec<u8>, letter: u8, code: u32, digits: u32) {
    out.push(b'\\');
    out.push(letter);
    for digit in (0..digits).rev() {
        out.push(b"0123456789abcdef"[(code >> (4 * digit) & 15) as usize]);
    }
}

fn escaped(out: &mut Vec<u8>, char: char, quote: u8, ascii: bool) {
    if char == quote as char || char == '\\' {
        out.push(b'\\');
        return push_char(out, char);
    }
    if is_print(char) && (char.is_ascii() || !ascii) {
        return push_char(out, char);
    }
    let letter = match char {
        '\x07' => b'a',
        '\x08' => b'b',
        '\x0c' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\x0b' => b'v',
        '\0'..='\x1f' | '\x7f' => return push_hex(out, b'x', char as u32, 2),
        '\0'..='\u{ffff}' => return push_hex(out, b'u', char as u32, 4),
        _ => return push_hex(out, b'U', char as u32, 8),
    };
    out.push(b'\\');
    out.push(letter);
}

/// `strconv.CanBackquote`.
pub(crate) fn can_backquote(text: &[u8]) -> bool {
    chars(text).all(|(_, char, width)| {
        if width > 1 {
            return char != '\u{feff}';
        }
        !matches!(char, '\0'..='\x08' | '\n'..='\x1f' | '`' | '\x7f' | '\u{fffd}')
    })
}

/// `strconv.Unquote` of a token with its quotes; `None` is Go's "invalid syntax".
pub fn unquote(token: &[u8]) -> Option<Vec<u8>> {
    let inner = token.get(1..token.len().checked_sub(1)?)?;
    if token[0] == b'`' {
        return Some(inner.iter().copied().filter(|byte| *byte != b'\r').collect());
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while !rest.is_empty() {
        let (code, is_char, used) = unquote_char(rest, token[0])?;
        rest = &rest[used..];
        match char::from_u32(code) {
            Some(char) if is_char => push_char(&mut out, char),
            // One byte, perhaps no character.
            _ => out.push(u8::try_from(code).ok()?),
        }
    }
    Some(out)
}

/// `strconv.UnquoteChar`: the code, whether it is a character rather than a byte, the width.
pub(crate) fn unquote_char(text: &[u8], quote: u8) -> Option<(u32, bool, usize)> {
    let first = *text.first()?;
    if first == quote {
        return None;
    }
    if first >= 0x80 {
        let (char, width) = decode(text);
        return Some((char as u32, true, width));
    }
    if first != b'\\' {
        return Some((u32::from(first), false, 1));
    }
    let escape = *text.get(1)?;
    let code = match escape {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => 10,
        b'r' => 13,
        b't' => 9,
        b'v' => 11,
        b'\\' => 92,
        b'x' => return Some((digits(text.get(2..4)?, 16)?, false, 4)),
        b'u' => return Some((scalar(digits(text.get(2..6)?, 16)?)?, true, 6)),
        b'U' => return Some((scalar(digits(text.get(2..10)?, 16)?)?, true, 10)),
        b'0'..=b'7' => {
            let code = digits(text.get(1..4)?, 8)?;
            return (code <= 255).then_some((code, false, 4));
        }
        _ if escape == quote => u32::from(quote),
        _ => return None,
    };
    Some((code, false, 2))
}

fn scalar(code: u32) -> Option<u32> {
    char::from_u32(code).map(|char| char as u32)
}

fn digits(text: &[u8], base: u32) -> Option<u32> {
    text.iter().try_fold(0u32, |sum, byte| {
        let digit = (*byte as char).to_digit(base)?;
        sum.checked_mul(base)?.checked_add(digit)
    })
}
