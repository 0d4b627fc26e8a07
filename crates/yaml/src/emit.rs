//! Plain, readable YAML for configuration that Bowline writes itself.

use crate::{Resolved, Schema, resolve};
use serde_json::Value;
use std::fmt::Write as _;

/// `value` as block YAML, two blanks a level, keys in their order, strings quoted only where
/// either schema would read them as something else. Ends with a line break.
#[must_use]
pub fn emit(value: &Value) -> String {
    let mut text = String::new();
    block(value, 0, &mut text);
    text
}

/// Writes `value` at the beginning of a line.
fn block(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let _ = write!(text, "{:indent$}{}:", "", plain_or_quoted(key));
                after_colon(value, indent, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let _ = write!(text, "{:indent$}-", "");
                item_of(item, indent, text);
            }
        }
        Value::Object(_)
        | Value::Array(_)
        | Value::String(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_) => {
            let _ = write!(text, "{:indent$}", "");
            scalar(value, indent, text);
        }
    }
}

fn after_colon(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            text.push('\n');
            block(value, indent + 2, text);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            block(value, indent + 2, text);
        }
        _ => {
            text.push(' ');
            scalar(value, indent, text);
        }
    }
}

fn item_of(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            // The first key stands on the line of the dash.
            let mut inner = String::new();
            block(value, indent + 2, &mut inner);
            text.push(' ');
            text.push_str(inner.trim_start_matches(' '));
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            block(value, indent + 2, text);
        }
        _ => {
            text.push(' ');
            scalar(value, indent, text);
        }
    }
}

/// The rest of the line, and for a text of several lines the block below it.
fn scalar(value: &Value, indent: usize, text: &mut String) {
    let Value::String(string) = value else {
        let _ = writeln!(text, "{value}");
        return;
    };
    if !as_literal(string) {
        let _ = writeln!(text, "{}", plain_or_quoted(string));
        return;
    }
    let body = string.strip_suffix('\n');
    text.push_str(if body.is_some() { "|\n" } else { "|-\n" });
    for line in body.unwrap_or(string).split('\n') {
        if line.is_empty() {
            text.push('\n');
        } else {
            let _ = writeln!(text, "{:1$}{line}", "", indent + 2);
        }
    }
}

/// Whether a text of several lines keeps every character as a `|` block.
fn as_literal(string: &str) -> bool {
    let body = string.strip_suffix('\n').unwrap_or(string);
    string.contains('\n')
        && !body.is_empty()
        && !body.ends_with('\n')
        && !body.starts_with([' ', '\n'])
        && body.chars().all(|c| c == '\n' || c == '\t' || is_printable(c))
}

fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{85}')
}

fn plain_or_quoted(string: &str) -> String {
    if is_plain(string) {
        return string.to_owned();
    }
    // A JSON string is a YAML double-quoted string; what JSON leaves bare YAML takes too,
    // except the line breaks of Unicode.
    Value::String(string.to_owned())
        .to_string()
        .replace('\u{85}', "\\u0085")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
        .replace('\u{7f}', "\\u007f")
        .replace('\u{feff}', "\\ufeff")
}

fn is_plain(string: &str) -> bool {
    let text = |schema| matches!(resolve::plain(string, schema), Resolved::Str(_));
    let first = string.chars().next();
    text(Schema::Core12)
        && text(Schema::Yaml11)
        && first.is_some_and(|c| !c.is_whitespace() && !"-?:,[]{}#&*!|>'\"%@`=<".contains(c))
        && !string.ends_with([' ', ':'])
        && !string.contains(": ")
        && !string.contains(" #")
        && string.chars().all(is_printable)
        && !string.starts_with("...")
        && !string.chars().all(|c| c.is_ascii_digit() || "-_:.+eETZx".contains(c))
}
