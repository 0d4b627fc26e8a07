//! JSON as `encoding/json` writes it, and the functions that read it.

use super::args::{A, L, Result, S, string, text};
use super::base::BASE_64;
use super::json_read::{Failure, read, read_into};
use crate::limits::VALUE_DEPTH_MAX;
use crate::tmpl::text::chars;
use crate::tmpl::{Call, CallError, Function, List, Map, ObjectJson, Type, Value};
use bowline_yaml::go::json_float;
use std::rc::Rc;

const M: Type = Type::MAP_ANY;

/// sprig's first, Helm's after them.
pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("mustFromJson", &[S], A, |_, args| {
        read(text(&args[0])).map_err(|error| CallError::new(error.message))
    }),
    Function::new("toPrettyJson", &[A], S, |_, args| {
        string(written(&args[0], Form::PRETTY).unwrap_or_default())
    }),
    Function::new("mustToPrettyJson", &[A], S, |_, args| {
        string(written(&args[0], Form::PRETTY).map_err(CallError::new)?)
    }),
    Function::new("toRawJson", &[A], S, |_, args| {
        string(written(&args[0], Form::RAW).map_err(CallError::new)?)
    }),
    Function::new("mustToRawJson", &[A], S, |_, args| {
        string(written(&args[0], Form::RAW).map_err(CallError::new)?)
    }),
    Function::new("toJson", &[A], S, |_, args| {
        string(written(&args[0], Form::PLAIN).unwrap_or_default())
    }),
    Function::new("mustToJson", &[A], S, |_, args| {
        string(written(&args[0], Form::PLAIN).map_err(CallError::new)?)
    }),
    Function::new("fromJson", &[S], M, from_json),
    Function::new("fromJsonArray", &[S], L, from_json_array),
];

fn from_json(_: &mut Call<'_>, args: &[Value]) -> Result {
    Ok(into_map(read_into(text(&args[0]), "map[string]interface {}"), |message| message))
}

/// What Helm makes of a decoded text that should be a map: an error becomes its entry `Error`.
pub(super) fn into_map(
    decoded: std::result::Result<Value, Failure>,
    say: impl Fn(String) -> String,
) -> Value {
    match decoded {
        Ok(Value::Map(map)) => Value::Map(map),
        Ok(_) => Value::Map(Rc::new(Map::new(std::collections::BTreeMap::new()))),
        Err(error) => Value::map([("Error".into(), Value::str(say(error.message)))]),
    }
}

/// The same for a list: an error becomes its only element.
pub(super) fn into_list(
    decoded: std::result::Result<Value, Failure>,
    say: impl Fn(String) -> String,
) -> Value {
    match decoded {
        Ok(Value::List(list)) => Value::List(list),
        Ok(_) => Value::List(Rc::new(List::nil(L))),
        Err(error) => Value::list(vec![Value::str(say(error.message))]),
    }
}

fn from_json_array(_: &mut Call<'_>, args: &[Value]) -> Result {
    Ok(into_list(read_into(text(&args[0]), "[]interface {}"), |message| message))
}

/// How JSON is written.
#[derive(Clone, Copy)]
pub(super) struct Form {
    html: bool,
    indent: bool,
}

impl Form {
    /// `json.Marshal`.
    pub const PLAIN: Self = Self { html: true, indent: false };
    /// `json.MarshalIndent` with two blanks.
    pub const PRETTY: Self = Self { html: true, indent: true };
    /// Without the escapes for HTML.
    pub const RAW: Self = Self { html: false, indent: false };
}

/// The JSON text, or Go's message.
pub(super) fn written(value: &Value, form: Form) -> std::result::Result<Vec<u8>, String> {
    let mut writer = Writer { out: Vec::new(), form, depth: 0 };
    writer.value(value)?;
    Ok(writer.out)
}

struct Writer {
    out: Vec<u8>,
    form: Form,
    depth: usize,
}

type Step = std::result::Result<(), String>;

impl Writer {
    fn value(&mut self, value: &Value) -> Step {
        match value {
            Value::NoValue | Value::Nil => self.out.extend_from_slice(b"null"),
            Value::Bool(true) => self.out.extend_from_slice(b"true"),
            Value::Bool(false) => self.out.extend_from_slice(b"false"),
            Value::Float(number) if !number.is_finite() => {
                let shown = super::args::printed(value);
                return Err(format!("json: unsupported value: {}", shown.text()));
            }
            Value::Float(number) => self.out.extend_from_slice(json_float(*number).as_bytes()),
            Value::Str(text) => quoted(&mut self.out, text, self.form.html),
            Value::Bytes(bytes) => {
                self.out.push(b'"');
                self.out.extend_from_slice(BASE_64.encode(bytes).as_bytes());
                self.out.push(b'"');
            }
            Value::List(list) if list.is_nil() => self.out.extend_from_slice(b"null"),
            Value::List(list) => return self.list(list),
            Value::Map(map) => {
                let entries = map.snapshot();
                let entries = entries.iter().map(|(key, value)| (key.bytes(), value));
                return self.entries(entries);
            }
            Value::Object(object) => match object.json() {
                ObjectJson::Text(text) => quoted(&mut self.out, &text, self.form.html),
                ObjectJson::Value(value) => return self.value(&value),
                ObjectJson::Fields(fields) => {
                    let fields = fields.iter().map(|(key, value)| (key.as_bytes(), value));
                    return self.entries(fields);
                }
            },
            number => self.out.extend_from_slice(&super::args::printed(number)),
        }
        Ok(())
    }

    fn deeper(&mut self) -> Step {
        self.depth += 1;
        match self.depth > VALUE_DEPTH_MAX {
            true => Err("json: unsupported value: encountered a cycle".to_owned()),
            false => Ok(()),
        }
    }

    fn line(&mut self) {
        if self.form.indent {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + self.depth * 2, b' ');
        }
    }

    fn nested(&mut self, value: &Value) -> Step {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.value(value))
    }

    fn list(&mut self, list: &List) -> Step {
        self.out.push(b'[');
        self.deeper()?;
        for (at, item) in list.items().iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.line();
            self.nested(item)?;
        }
        self.depth -= 1;
        if !list.items().is_empty() {
            self.line();
        }
        self.out.push(b']');
        Ok(())
    }

    fn entries<'v>(&mut self, entries: impl Iterator<Item = (&'v [u8], &'v Value)>) -> Step {
        self.out.push(b'{');
        self.deeper()?;
        let mut first = true;
        for (key, value) in entries {
            if !first {
                self.out.push(b',');
            }
            first = false;
            self.line();
            quoted(&mut self.out, key, self.form.html);
            self.out.push(b':');
            if self.form.indent {
                self.out.push(b' ');
            }
            self.nested(value)?;
        }
        self.depth -= 1;
        if !first {
            self.line();
        }
        self.out.push(b'}');
        Ok(())
    }
}

/// A JSON string. What is not UTF-8 becomes U+FFFD.
fn quoted(out: &mut Vec<u8>, text: &[u8], html: bool) {
    out.push(b'"');
    for (at, char, width) in chars(text) {
        match char {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            '<' | '>' | '&' if html => escaped(out, char),
            '\0'..='\u{1f}' | '\u{2028}' | '\u{2029}' => escaped(out, char),
            '\u{fffd}' if width == 1 => escaped(out, char),
            _ => out.extend_from_slice(&text[at..at + width]),
        }
    }
    out.push(b'"');
}

fn escaped(out: &mut Vec<u8>, char: char) {
    out.extend_from_slice(format!("\\u{:04x}", u32::from(char)).as_bytes());
}
