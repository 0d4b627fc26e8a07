//! The functions: their names, how many arguments they take, and what they do.

mod affix;
mod case;
mod contains;
mod format;
mod from_json;
mod join;
mod to_json;

use super::{EvaluationError, Value};

/// A function's name and arguments.
#[derive(Debug)]
pub(crate) struct Signature {
    /// In lower case.
    pub(crate) name: &'static str,
    /// At least this many arguments.
    pub(crate) least: usize,
    /// At most this many.
    pub(crate) most: usize,
    /// An odd number of them.
    pub(crate) odd: bool,
    /// Usable only where the key's schema says so.
    restricted: bool,
}

const fn row(name: &'static str, least: usize, most: usize) -> Signature {
    Signature { name, least, most, odd: false, restricted: false }
}

const fn restricted(name: &'static str, least: usize, most: usize) -> Signature {
    Signature { name, least, most, odd: false, restricted: true }
}

const ARGUMENTS_MAX: usize = 255;

const SIGNATURES: &[Signature] = &[
    Signature { name: "case", least: 3, most: ARGUMENTS_MAX, odd: true, restricted: false },
    row("contains", 2, 2),
    row("endswith", 2, 2),
    row("format", 1, ARGUMENTS_MAX),
    row("fromjson", 1, 1),
    row("join", 1, 2),
    row("startswith", 2, 2),
    row("tojson", 1, 1),
    restricted("hashfiles", 1, ARGUMENTS_MAX),
    restricted("success", 0, ARGUMENTS_MAX),
    restricted("failure", 0, ARGUMENTS_MAX),
    restricted("cancelled", 0, 0),
    restricted("always", 0, 0),
];

/// The function of a name, case ignored, where it may be used.
pub(crate) fn signature(name: &str, allowed: &[&str]) -> Option<&'static Signature> {
    SIGNATURES.iter().find(|signature| {
        signature.name.eq_ignore_ascii_case(name)
            && (!signature.restricted
                || allowed.iter().any(|known| known.eq_ignore_ascii_case(name)))
    })
}

/// The names that are valid everywhere, for "did you mean".
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SIGNATURES.iter().map(|signature| match signature.name {
        "endswith" => "endsWith",
        "fromjson" => "fromJSON",
        "startswith" => "startsWith",
        "tojson" => "toJSON",
        "hashfiles" => "hashFiles",
        name => name,
    })
}

/// Calls a function that needs nothing but its arguments.
pub(crate) fn call(name: &str, arguments: &[Value]) -> Result<Value, EvaluationError> {
    match (name, arguments) {
        ("case", _) => case::call(arguments),
        ("contains", [left, right]) => Ok(Value::Bool(contains::call(left, right))),
        ("endswith", [text, end]) => Ok(Value::Bool(affix::ends_with(text, end))),
        ("startswith", [text, start]) => Ok(Value::Bool(affix::starts_with(text, start))),
        ("format", [text, rest @ ..]) => format::call(&text.to_text(), rest).map(Value::from),
        ("fromjson", [text]) => from_json::call(&text.to_text()),
        ("join", [list, rest @ ..]) => Ok(join::call(list, rest.first()).into()),
        ("tojson", [value]) => Ok(to_json::call(value).into()),
        _ => Err(EvaluationError::other(format!("`{name}` cannot be called like this"))),
    }
}
