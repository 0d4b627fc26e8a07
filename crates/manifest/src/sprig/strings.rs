//! Texts: trimming, cutting, joining, indenting, quoting.

use super::args::{A, I, Result, S, fits, int, printed, string, strslice, strval, text};
use crate::tmpl::text::{chars, quote};
use crate::tmpl::{Call, CallError, Function, Map, Str, Type, Value};
use memchr::memmem;
use std::rc::Rc;

const TWO: &[Type] = &[S, S];

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("hello", &[], S, |_, _| string("Hello!")),
    Function::new("trunc", &[I, S], S, trunc),
    Function::new("trim", &[S], S, |_, args| string(trim_space(text(&args[0])))),
    Function::new("trimall", TWO, S, |_, args| string(trim(text(&args[1]), text(&args[0])))),
    Function::new("trimAll", TWO, S, |_, args| string(trim(text(&args[1]), text(&args[0])))),
    Function::new("trimSuffix", TWO, S, |_, args| {
        let whole = text(&args[1]);
        string(whole.strip_suffix(text(&args[0])).unwrap_or(whole))
    }),
    Function::new("trimPrefix", TWO, S, |_, args| {
        let whole = text(&args[1]);
        string(whole.strip_prefix(text(&args[0])).unwrap_or(whole))
    }),
    Function::new("substr", &[I, I, S], S, substr),
    Function::new("repeat", &[I, S], S, |_, args| repeated(int(&args[0]), text(&args[1]))),
    Function::new("contains", TWO, Type::Bool, |_, args| {
        Ok(Value::Bool(memmem::find(text(&args[1]), text(&args[0])).is_some()))
    }),
    Function::new("hasPrefix", TWO, Type::Bool, |_, args| {
        Ok(Value::Bool(text(&args[1]).starts_with(text(&args[0]))))
    }),
    Function::new("hasSuffix", TWO, Type::Bool, |_, args| {
        Ok(Value::Bool(text(&args[1]).ends_with(text(&args[0]))))
    }),
    Function::variadic("quote", &[], A, S, |_, args| {
        joined_present(args, |out, value| quote(out, &strval(value), false))
    }),
    Function::variadic("squote", &[], A, S, |_, args| {
        joined_present(args, |out, value| {
            out.push(b'\'');
            out.extend_from_slice(&printed(value));
            out.push(b'\'');
        })
    }),
    Function::variadic("cat", &[], A, S, |_, args| {
        joined_present(args, |out, value| out.extend_from_slice(&printed(value)))
    }),
    Function::new("indent", &[I, S], S, |_, args| indented(b"", int(&args[0]), text(&args[1]))),
    Function::new("nindent", &[I, S], S, |_, args| indented(b"\n", int(&args[0]), text(&args[1]))),
    Function::new("replace", &[S, S, S], S, |_, args| {
        string(replaced(text(&args[2]), text(&args[0]), text(&args[1]))?)
    }),
    Function::new("plural", &[S, S, I], S, |_, args| {
        Ok(args[usize::from(int(&args[2]) != 1)].clone())
    }),
    Function::new("toString", &[A], S, |_, args| string(strval(&args[0]))),
    Function::new("toStrings", &[A], Type::LIST_STR, |_, args| {
        Ok(Value::strings(strslice(&args[0])))
    }),
    Function::new("join", &[S, A], S, |_, args| {
        let parts = strslice(&args[1]);
        string(parts.iter().map(Str::bytes).collect::<Vec<_>>().join(text(&args[0])))
    }),
    Function::new("split", TWO, Type::MAP_STR, |_, args| {
        numbered(split(text(&args[1]), text(&args[0]), None))
    }),
    Function::new("splitn", &[S, I, S], Type::MAP_STR, |_, args| {
        numbered(match int(&args[1]) {
            0 => Vec::new(),
            most => split(text(&args[2]), text(&args[0]), usize::try_from(most).ok()),
        })
    }),
    Function::new("splitList", TWO, Type::LIST_STR, |_, args| {
        Ok(Value::strings(split(text(&args[1]), text(&args[0]), None)))
    }),
];

fn trunc(_: &mut Call<'_>, args: &[Value]) -> Result {
    let whole = text(&args[1]);
    let length = whole.len() as i64;
    let count = int(&args[0]);
    if count < 0 && length.saturating_add(count) > 0 {
        return string(&whole[usize::try_from(length + count).unwrap_or(0)..]);
    }
    match usize::try_from(count) {
        Ok(count) if whole.len() > count => string(&whole[..count]),
        _ => Ok(args[1].clone()),
    }
}

/// `strings.TrimSpace`.
pub(super) fn trim_space(whole: &[u8]) -> &[u8] {
    if whole.is_ascii() {
        let space = |byte: &u8| matches!(byte, b'\t'..=b'\r' | b' ');
        let Some(from) = whole.iter().position(|byte| !space(byte)) else { return b"" };
        let to = whole.iter().rposition(|byte| !space(byte)).map_or(from, |at| at + 1);
        return &whole[from..to];
    }
    trim_where(whole, char::is_whitespace)
}

fn trim(whole: &[u8], cut: &[u8]) -> Vec<u8> {
    let cut: Vec<char> = chars(cut).map(|(_, char, _)| char).collect();
    trim_where(whole, |char| cut.contains(&char)).to_vec()
}

fn trim_where(whole: &[u8], gone: impl Fn(char) -> bool) -> &[u8] {
    let mut kept = chars(whole).filter(|(_, char, _)| !gone(*char));
    let Some((from, _, width)) = kept.next() else { return b"" };
    let to = kept.last().map_or(from + width, |(at, _, width)| at + width);
    &whole[from..to]
}

fn out_of_range(index: i64, end: i64, length: usize) -> CallError {
    CallError::new(match index {
        _ if end >= 0 && end <= length as i64 => {
            format!("runtime error: slice bounds out of range [{index}:{end}]")
        }
        _ => format!("runtime error: slice bounds out of range [:{end}] with length {length}"),
    })
}

fn substr(_: &mut Call<'_>, args: &[Value]) -> Result {
    let (start, end, whole) = (int(&args[0]), int(&args[1]), text(&args[2]));
    let length = whole.len();
    let until = usize::try_from(end).ok().filter(|end| *end <= length);
    if start < 0 {
        return match until {
            Some(until) => string(&whole[..until]),
            None if end < 0 => {
                Err(CallError::new(format!("runtime error: slice bounds out of range [:{end}]")))
            }
            None => Err(out_of_range(0, end, length)),
        };
    }
    let from = usize::try_from(start).unwrap_or(usize::MAX);
    match until {
        Some(until) if from <= until => string(&whole[from..until]),
        Some(_) => Err(out_of_range(start, end, length)),
        None if from <= length => string(&whole[from..]),
        None => Err(CallError::new(format!(
            "runtime error: slice bounds out of range [{start}:{length}]"
        ))),
    }
}

fn negative() -> CallError {
    CallError::new("strings: negative Repeat count")
}

fn repeated(count: i64, part: &[u8]) -> Result {
    let count = usize::try_from(count).map_err(|_| negative())?;
    fits(part.len().checked_mul(count))?;
    string(part.repeat(count))
}

fn joined_present(args: &[Value], write: impl Fn(&mut Vec<u8>, &Value)) -> Result {
    let mut out = Vec::new();
    let mut first = true;
    for value in args.iter().filter(|value| !value.is_nothing()) {
        if !first {
            out.push(b' ');
        }
        first = false;
        write(&mut out, value);
    }
    string(out)
}

fn indented(before: &[u8], spaces: i64, whole: &[u8]) -> Result {
    let spaces = usize::try_from(spaces).map_err(|_| negative())?;
    let lines = memchr::memchr_iter(b'\n', whole).count() + 1;
    fits(spaces.checked_mul(lines).and_then(|pads| pads.checked_add(whole.len())))?;
    let mut out = Vec::with_capacity(before.len() + whole.len() + spaces * lines);
    out.extend_from_slice(before);
    for (at, line) in whole.split(|byte| *byte == b'\n').enumerate() {
        if at > 0 {
            out.push(b'\n');
        }
        out.resize(out.len() + spaces, b' ');
        out.extend_from_slice(line);
    }
    string(out)
}

/// `strings.ReplaceAll`; an empty text stands before each character and at the end.
pub(super) fn replaced(
    whole: &[u8],
    old: &[u8],
    new: &[u8],
) -> std::result::Result<Vec<u8>, CallError> {
    let mut out = Vec::with_capacity(whole.len());
    if old == new {
        out.extend_from_slice(whole);
        return Ok(out);
    }
    if old.is_empty() {
        fits(new.len().checked_mul(whole.len() + 1))?;
        for (at, _, width) in chars(whole) {
            out.extend_from_slice(new);
            out.extend_from_slice(&whole[at..at + width]);
        }
        out.extend_from_slice(new);
        return Ok(out);
    }
    let count = memmem::find_iter(whole, old).count();
    fits(new.len().checked_mul(count).and_then(|bytes| bytes.checked_add(whole.len())))?;
    let mut from = 0;
    for at in memmem::find_iter(whole, old) {
        out.extend_from_slice(&whole[from..at]);
        out.extend_from_slice(new);
        from = at + old.len();
    }
    out.extend_from_slice(&whole[from..]);
    Ok(out)
}

/// `strings.SplitN`; an empty separator splits into characters.
fn split(whole: &[u8], separator: &[u8], most: Option<usize>) -> Vec<Str> {
    let most = most.unwrap_or(usize::MAX);
    let mut out = Vec::new();
    if separator.is_empty() {
        for (at, _, width) in chars(whole) {
            if out.len() + 1 == most {
                out.push(Str::from(&whole[at..]));
                return out;
            }
            out.push(Str::from(&whole[at..at + width]));
        }
        return out;
    }
    let mut from = 0;
    for at in memmem::find_iter(whole, separator) {
        if out.len() + 1 >= most {
            break;
        }
        out.push(Str::from(&whole[from..at]));
        from = at + separator.len();
    }
    out.push(Str::from(&whole[from..]));
    out
}

fn numbered(parts: Vec<Str>) -> Result {
    let entries = parts.into_iter().enumerate();
    let entries = entries.map(|(at, part)| (Str::from(format!("_{at}")), Value::Str(part)));
    Ok(Value::Map(Rc::new(Map::of(Type::MAP_STR, entries.collect()))))
}
