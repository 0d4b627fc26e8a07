//! Texts by their words and letters: case, initials, wrapping, shortening.

use super::args::{I, Result, S, fits, int, string, text};
use super::words::{connected, lower, pascal, upper};
use crate::tmpl::text::{chars, is_digit, is_letter};
use crate::tmpl::{Call, CallError, Function, Value};
use memchr::{memchr, memrchr};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("upper", &[S], S, |_, args| {
        string(mapped(text(&args[0]), |text| text.make_ascii_uppercase(), upper))
    }),
    Function::new("lower", &[S], S, |_, args| {
        string(mapped(text(&args[0]), |text| text.make_ascii_lowercase(), lower))
    }),
    Function::new("title", &[S], S, title),
    Function::new("untitle", &[S], S, untitle),
    Function::new("swapcase", &[S], S, swap_case),
    Function::new("snakecase", &[S], S, |_, args| string(connected(text(&args[0]), '_'))),
    Function::new("kebabcase", &[S], S, |_, args| string(connected(text(&args[0]), '-'))),
    Function::new("camelcase", &[S], S, |_, args| string(pascal(text(&args[0])))),
    Function::new("nospace", &[S], S, no_space),
    Function::new("initials", &[S], S, initials),
    Function::new("abbrev", &[I, S], S, |_, args| {
        let (width, whole) = (int(&args[0]), text(&args[1]));
        if width < 4 { Ok(args[1].clone()) } else { string(abbreviated(whole, 0, width)?) }
    }),
    Function::new("abbrevboth", &[I, I, S], S, |_, args| {
        let (left, right, whole) = (int(&args[0]), int(&args[1]), text(&args[2]));
        if right < 4 || left > 0 && right < 7 {
            return Ok(args[2].clone());
        }
        string(abbreviated(whole, left, right)?)
    }),
    Function::new("wrap", &[I, S], S, |_, args| {
        string(wrapped(text(&args[1]), int(&args[0]), b"\n", false)?)
    }),
    Function::new("wrapWith", &[I, S, S], S, |_, args| {
        let separator = if text(&args[1]).is_empty() { b"\n" } else { text(&args[1]) };
        string(wrapped(text(&args[2]), int(&args[0]), separator, true)?)
    }),
];

fn mapped(whole: &[u8], ascii: fn(&mut [u8]), map: fn(char) -> char) -> Vec<u8> {
    if whole.is_ascii() {
        let mut out = whole.to_vec();
        ascii(&mut out);
        return out;
    }
    chars(whole).map(|(_, char, _)| map(char)).collect::<String>().into_bytes()
}

fn is_separator(char: char) -> bool {
    match char {
        '_' => false,
        char if char.is_ascii() => !char.is_ascii_alphanumeric(),
        char => !is_letter(char) && !is_digit(char) && char.is_whitespace(),
    }
}

fn title(_: &mut Call<'_>, args: &[Value]) -> Result {
    let mut before = ' ';
    let titled = chars(text(&args[0])).map(|(_, char, _)| {
        let begins = is_separator(before);
        before = char;
        if begins { upper(char) } else { char }
    });
    string(titled.collect::<String>())
}

fn untitle(_: &mut Call<'_>, args: &[Value]) -> Result {
    let mut begins = true;
    let untitled = chars(text(&args[0])).map(|(_, char, _)| {
        let space = char.is_whitespace();
        let first = begins && !space;
        begins = space || (begins && !first);
        if first { lower(char) } else { char }
    });
    string(untitled.collect::<String>())
}

fn swap_case(_: &mut Call<'_>, args: &[Value]) -> Result {
    let mut after_space = true;
    let swapped = chars(text(&args[0])).map(|(_, char, _)| {
        if char.is_uppercase() {
            after_space = false;
            lower(char)
        } else if char.is_lowercase() {
            after_space = false;
            upper(char)
        } else {
            after_space = char.is_whitespace();
            char
        }
    });
    string(swapped.collect::<String>())
}

/// goutils looks at bytes and takes each for a character.
fn no_space(_: &mut Call<'_>, args: &[Value]) -> Result {
    let whole = text(&args[0]);
    let kept = whole.iter().map(|byte| char::from(*byte)).filter(|char| !char.is_whitespace());
    let kept: Vec<char> = kept.collect();
    if kept.len() == whole.len() {
        return Ok(args[0].clone());
    }
    string(kept.into_iter().collect::<String>())
}

fn initials(_: &mut Call<'_>, args: &[Value]) -> Result {
    let (mut out, mut after_gap) = (String::new(), true);
    for char in text(&args[0]).iter().map(|byte| char::from(*byte)) {
        let space = char.is_whitespace();
        if after_gap && !space {
            out.push(char);
        }
        after_gap = space;
    }
    string(out)
}

fn abbreviated(whole: &[u8], offset: i64, width: i64) -> std::result::Result<Vec<u8>, CallError> {
    let length = whole.len() as i64;
    if whole.is_empty() || width < 4 {
        return Ok(Vec::new());
    }
    if length <= width {
        return Ok(whole.to_vec());
    }
    let mut offset = offset.min(length);
    if length - offset < width - 3 {
        offset = length - (width - 3);
    }
    let at = |index: i64| usize::try_from(index.clamp(0, length)).unwrap_or(0);
    if offset <= 4 {
        return Ok([&whole[..at(width - 3)], b"..."].concat());
    }
    if width < 7 {
        return Ok(Vec::new());
    }
    if offset + width - 3 < length {
        let middle = abbreviated(&whole[at(offset)..], 0, width - 3)?;
        return Ok([b"...", &middle[..]].concat());
    }
    Ok([b"...", &whole[at(length - (width - 3))..]].concat())
}

fn wrapped(
    whole: &[u8],
    width: i64,
    separator: &[u8],
    long_words: bool,
) -> std::result::Result<Vec<u8>, CallError> {
    let width = usize::try_from(width).unwrap_or(0).max(1);
    let lines = whole.len() / width + whole.len();
    fits(separator.len().checked_mul(lines.min(whole.len())))?;
    let (mut out, mut offset) = (Vec::with_capacity(whole.len()), 0);
    while whole.len().saturating_sub(offset) > width {
        if whole[offset] == b' ' {
            offset += 1;
            continue;
        }
        let line = &whole[offset..=offset + width];
        let (end, next) = if let Some(space) = memrchr(b' ', line) {
            (offset + space, offset + space + 1)
        } else if long_words {
            (offset + width, offset + width)
        } else if let Some(space) = memchr(b' ', &whole[offset + width..]) {
            (offset + width + space, offset + width + space + 1)
        } else {
            break;
        };
        out.extend_from_slice(&whole[offset..end]);
        out.extend_from_slice(separator);
        offset = next;
    }
    out.extend_from_slice(&whole[offset..]);
    Ok(out)
}
