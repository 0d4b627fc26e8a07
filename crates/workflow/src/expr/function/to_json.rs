//! `toJSON`: a value as JSON text, indented by two.

use super::super::number;
use super::Value;
use std::fmt::Write as _;

pub(crate) fn call(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, &mut text);
    text
}

fn write(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Number(value) => text.push_str(&number::format(*value)),
        Value::String(value) => write_string(value, text),
        Value::Array(items) if items.is_empty() => text.push_str("[]"),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                begin_line(index, indent + 2, text);
                write(item, indent + 2, text);
            }
            let _ = write!(text, "\n{:indent$}]", "");
        }
        Value::Object(object) if object.is_empty() => text.push_str("{}"),
        Value::Object(object) => {
            text.push('{');
            for (index, (key, value)) in object.entries().enumerate() {
                begin_line(index, indent + 2, text);
                write_string(key, text);
                text.push_str(": ");
                write(value, indent + 2, text);
            }
            let _ = write!(text, "\n{:indent$}}}", "");
        }
    }
}

fn begin_line(index: usize, indent: usize, text: &mut String) {
    let comma = if index == 0 { "" } else { "," };
    let _ = write!(text, "{comma}\n{:indent$}", "");
}

fn write_string(string: &str, text: &mut String) {
    text.push('"');
    for c in string.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            c if u32::from(c) < 0x20 => {
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('"');
}
