//! Regular expressions, each compiled once a render.

use super::args::{I, Result, S, int, string, text};
use super::go_regex::{Compiled, expand};
use super::host::host;
use crate::tmpl::{Call, CallError, Function, List, Str, Type, Value};
use std::rc::Rc;

const B: Type = Type::Bool;
const STRINGS: Type = Type::LIST_STR;
const TWO: &[Type] = &[S, S];
const THREE: &[Type] = &[S, S, S];
const COUNTED: &[Type] = &[S, S, I];

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("regexMatch", TWO, B, |call, args| match compiled(call, args, false) {
        Ok(regex) => Ok(Value::Bool(regex.bytes.is_match(text(&args[1])))),
        Err(_) => Ok(Value::Bool(false)),
    }),
    Function::new("mustRegexMatch", TWO, B, |call, args| {
        Ok(Value::Bool(compiled(call, args, false)?.bytes.is_match(text(&args[1]))))
    }),
    Function::new("regexFind", TWO, S, |call, args| find(&*compiled(call, args, true)?, args)),
    Function::new("mustRegexFind", TWO, S, |call, args| find(&*compiled(call, args, false)?, args)),
    Function::new("regexFindAll", COUNTED, STRINGS, |call, args| {
        find_all(&*compiled(call, args, true)?, args)
    }),
    Function::new("mustRegexFindAll", COUNTED, STRINGS, |call, args| {
        find_all(&*compiled(call, args, false)?, args)
    }),
    Function::new("regexReplaceAll", THREE, S, |call, args| {
        replace(&*compiled(call, args, true)?, args, true)
    }),
    Function::new("mustRegexReplaceAll", THREE, S, |call, args| {
        replace(&*compiled(call, args, false)?, args, true)
    }),
    Function::new("regexReplaceAllLiteral", THREE, S, |call, args| {
        replace(&*compiled(call, args, true)?, args, false)
    }),
    Function::new("mustRegexReplaceAllLiteral", THREE, S, |call, args| {
        replace(&*compiled(call, args, false)?, args, false)
    }),
    Function::new("regexSplit", COUNTED, STRINGS, |call, args| {
        split(&*compiled(call, args, true)?, args)
    }),
    Function::new("mustRegexSplit", COUNTED, STRINGS, |call, args| {
        split(&*compiled(call, args, false)?, args)
    }),
    Function::new("regexQuoteMeta", &[S], S, |_, args| {
        let mut out = Vec::new();
        for byte in text(&args[0]) {
            if br"\.+*?()|[]{}^$".contains(byte) {
                out.push(b'\\');
            }
            out.push(*byte);
        }
        string(out)
    }),
];

/// The compiled pattern. `MustCompile` panics, and says more than `Compile`.
fn compiled(
    call: &mut Call<'_>,
    args: &[Value],
    panics: bool,
) -> std::result::Result<Rc<Compiled>, CallError> {
    let pattern = Str::from(text(&args[0]));
    host(call)?.regex(&pattern).map_err(|message| {
        if !panics {
            return CallError::new(message);
        }
        let shown = if pattern.contains(&b'`') {
            let mut out = Vec::new();
            crate::tmpl::text::quote(&mut out, &pattern, false);
            String::from_utf8_lossy(&out).into_owned()
        } else {
            format!("`{}`", pattern.text())
        };
        CallError::new(format!("regexp: Compile({shown}): {message}"))
    })
}

fn find(regex: &Compiled, args: &[Value]) -> Result {
    let found = regex.bytes.find(text(&args[1]));
    string(found.map_or(&b""[..], |found| found.as_bytes()))
}

/// Go finds no empty match right after another match; the same as this library's iterator.
fn find_all(regex: &Compiled, args: &[Value]) -> Result {
    let most = usize::try_from(int(&args[2])).unwrap_or(usize::MAX);
    let found = regex.bytes.find_iter(text(&args[1])).take(most);
    let found: Vec<Value> = found.map(|found| Value::str(found.as_bytes())).collect();
    Ok(Value::List(Rc::new(match found.is_empty() {
        true => List::nil(STRINGS),
        false => List::of(STRINGS, found),
    })))
}

fn replace(regex: &Compiled, args: &[Value], template: bool) -> Result {
    let (whole, with) = (text(&args[1]), text(&args[2]));
    let (mut out, mut from) = (Vec::with_capacity(whole.len()), 0);
    for found in regex.bytes.captures_iter(whole) {
        let Some(all) = found.get(0) else { continue };
        out.extend_from_slice(&whole[from..all.start()]);
        if template {
            expand(&mut out, with, &found);
        } else {
            out.extend_from_slice(with);
        }
        super::args::fits(Some(out.len()))?;
        from = all.end();
    }
    out.extend_from_slice(&whole[from..]);
    string(out)
}

fn split(regex: &Compiled, args: &[Value]) -> Result {
    let (whole, count) = (text(&args[1]), int(&args[2]));
    if count == 0 {
        return Ok(Value::List(Rc::new(List::nil(STRINGS))));
    }
    if !regex.empty && whole.is_empty() {
        return Ok(Value::strings([Str::from("")]));
    }
    let most = usize::try_from(count).unwrap_or(usize::MAX);
    let (mut out, mut from, mut end) = (Vec::new(), 0, 0);
    for found in regex.bytes.find_iter(whole) {
        if out.len() + 1 >= most {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            out.push(Str::from(&whole[from..end]));
        }
        from = found.end();
    }
    if end != whole.len() {
        out.push(Str::from(&whole[from..]));
    }
    Ok(Value::strings(out))
}
