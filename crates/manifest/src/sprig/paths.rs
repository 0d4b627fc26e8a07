//! Paths with slashes; `os*` is the same on Linux.

use super::args::{Result, S, string, text};
use crate::tmpl::{Function, Type, Value};

const B: Type = Type::Bool;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("base", &[S], S, |_, args| base(text(&args[0]))),
    Function::new("dir", &[S], S, |_, args| dir(text(&args[0]))),
    Function::new("clean", &[S], S, |_, args| string(clean(text(&args[0])))),
    Function::new("ext", &[S], S, |_, args| ext(text(&args[0]))),
    Function::new("isAbs", &[S], B, |_, args| is_absolute(text(&args[0]))),
    Function::new("osBase", &[S], S, |_, args| base(text(&args[0]))),
    Function::new("osDir", &[S], S, |_, args| dir(text(&args[0]))),
    Function::new("osClean", &[S], S, |_, args| string(clean(text(&args[0])))),
    Function::new("osExt", &[S], S, |_, args| ext(text(&args[0]))),
    Function::new("osIsAbs", &[S], B, |_, args| is_absolute(text(&args[0]))),
];

fn is_absolute(path: &[u8]) -> Result {
    Ok(Value::Bool(path.starts_with(b"/")))
}

/// `path.Clean`.
pub(super) fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => {
                parts.pop();
            }
            b".." if rooted => {}
            part => parts.push(part),
        }
    }
    let mut out = if rooted { b"/".to_vec() } else { Vec::new() };
    out.extend_from_slice(&parts.join(&b'/'));
    if out.is_empty() {
        out.push(b'.');
    }
    out
}

fn base(path: &[u8]) -> Result {
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |at| at + 1);
    if end == 0 {
        return string(if path.is_empty() { "." } else { "/" });
    }
    let start = path[..end].iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    string(&path[start..end])
}

fn dir(path: &[u8]) -> Result {
    let end = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    string(clean(&path[..end]))
}

fn ext(path: &[u8]) -> Result {
    let name = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    match path[name..].iter().rposition(|byte| *byte == b'.') {
        Some(at) => string(&path[name + at..]),
        None => string(""),
    }
}
