//! YAML as Helm's functions write and read it.

use super::args::{A, L, M, S, string, text};
use super::json::{into_list, into_map};
use super::json_read::fits;
use super::yaml_read::{FromYaml, read};
use crate::limits::VALUE_DEPTH_MAX;
use crate::tmpl::text::chars;
use crate::tmpl::{CallError, Function, ObjectJson, Value};
use bowline_yaml::go::{
    Emitter, Layout, Version, float_text, json_float, number_text, round_trip, sort_naturally,
};
use std::borrow::Cow;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("toYaml", &[A], S, |_, args| string(written(&args[0]).unwrap_or_default())),
    Function::new("mustToYaml", &[A], S, |_, args| {
        string(written(&args[0]).map_err(CallError::new)?)
    }),
    Function::new("toYamlPretty", &[A], S, |_, args| {
        string(emitted(&args[0], Layout::PRETTY_V3).unwrap_or_default())
    }),
    Function::new("fromYaml", &[S], M, |_, args| {
        let decoded =
            read(text(&args[0])).and_then(|value| decoded(value, "map[string]interface {}"));
        Ok(into_map(decoded, |message| message))
    }),
    Function::new("fromYamlArray", &[S], L, |_, args| {
        let decoded = read(text(&args[0])).and_then(|value| decoded(value, "[]interface {}"));
        Ok(into_list(decoded, |message| message))
    }),
];

fn decoded(value: Value, typ: &str) -> FromYaml {
    match fits(&value, typ) {
        Ok(()) => Ok(value),
        Err(mut error) => {
            error.message =
                format!("error unmarshaling JSON: while decoding JSON: {}", error.message);
            Err(error)
        }
    }
}

/// What `sigs.k8s.io/yaml` makes of a value, without the last line break.
fn written(value: &Value) -> std::result::Result<String, String> {
    emitted(value, Layout::MARSHAL_V2)
}

fn emitted(value: &Value, layout: Layout) -> std::result::Result<String, String> {
    let mut writer = Writer { emitter: Emitter::new(layout), version: layout.version, depth: 0 };
    writer.value(value)?;
    let mut out = writer.emitter.finish();
    if out.ends_with('\n') {
        out.pop();
    }
    Ok(out)
}

struct Writer {
    emitter: Emitter,
    version: Version,
    depth: usize,
}

type Step = std::result::Result<(), String>;

fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(chars(bytes).map(|(_, char, _)| char).collect()),
    }
}

impl Writer {
    fn text(&self, bytes: &[u8]) -> std::result::Result<String, String> {
        let text = utf8(bytes);
        if self.version == Version::V3 {
            return Ok(text.into_owned());
        }
        let refused =
            || "error converting JSON to YAML: yaml: control characters are not allowed".to_owned();
        round_trip(&text).map(Cow::into_owned).ok_or_else(refused)
    }

    fn string(&mut self, bytes: &[u8]) -> Step {
        let text = self.text(bytes)?;
        self.emitter.string(&text);
        Ok(())
    }

    fn value(&mut self, value: &Value) -> Step {
        let v3 = self.version == Version::V3;
        match value {
            Value::NoValue | Value::Nil => self.emitter.plain("null"),
            Value::Bool(truth) => self.emitter.plain(if *truth { "true" } else { "false" }),
            Value::Float(number) if v3 => self.emitter.plain(&float_text(*number)),
            Value::Float(number) if !number.is_finite() => {
                let shown = super::args::printed(value);
                return Err(format!(
                    "error marshaling into JSON: json: unsupported value: {}",
                    shown.text()
                ));
            }
            Value::Float(number) => self.emitter.plain(&number_text(&json_float(*number))),
            Value::Str(text) => return self.string(text),
            Value::Bytes(bytes) if v3 => {
                let items = bytes.iter().map(|byte| Value::Uint8(*byte)).collect::<Vec<_>>();
                return self.list(&items);
            }
            Value::Bytes(bytes) => {
                return self.string(super::base::BASE_64.encode(bytes).as_bytes());
            }
            Value::List(list) if list.is_nil() && !v3 => self.emitter.plain("null"),
            Value::List(list) => return self.list(list.items()),
            Value::Map(map) => {
                let entries = map.snapshot();
                let entries = entries.iter().map(|(key, value)| (key.bytes(), value));
                return self.entries(entries);
            }
            Value::Object(object) => match object.json() {
                ObjectJson::Text(text) => return self.string(&text),
                ObjectJson::Value(value) => return self.value(&value),
                ObjectJson::Fields(fields) => {
                    let fields = fields.iter().map(|(key, value)| (key.as_bytes(), value));
                    return self.entries(fields);
                }
            },
            number => self.emitter.plain(&super::args::printed(number).text()),
        }
        Ok(())
    }

    fn nested(&mut self, value: &Value) -> Step {
        self.depth += 1;
        if self.depth > VALUE_DEPTH_MAX {
            return Err("json: unsupported value: encountered a cycle".to_owned());
        }
        let step = stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.value(value));
        self.depth -= 1;
        step
    }

    fn list(&mut self, items: &[Value]) -> Step {
        if items.is_empty() {
            self.emitter.empty_list();
            return Ok(());
        }
        self.emitter.begin_list();
        items.iter().try_for_each(|item| self.nested(item))?;
        self.emitter.end();
        Ok(())
    }

    fn entries<'v>(&mut self, entries: impl Iterator<Item = (&'v [u8], &'v Value)>) -> Step {
        let entries = entries.map(|(key, value)| Ok((self.text(key)?, value)));
        let mut entries = entries.collect::<std::result::Result<Vec<_>, String>>()?;
        if entries.is_empty() {
            self.emitter.empty_mapping();
            return Ok(());
        }
        sort_naturally(&mut entries, self.version, &|(key, _)| key.as_str());
        self.emitter.begin_mapping();
        for (key, value) in entries {
            self.emitter.key(&key);
            self.nested(value)?;
        }
        self.emitter.end();
        Ok(())
    }
}
