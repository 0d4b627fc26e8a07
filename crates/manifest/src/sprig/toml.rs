//! TOML as Helm's functions write and read it (BurntSushi/toml).

use super::args::{A, M, S, string, text};
use super::json::into_map;
use super::toml_read::read;
use crate::tmpl::{Function, Map, ObjectJson, Value};
use bowline_yaml::go::float_text;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("toToml", &[A], S, |_, args| {
        let mut writer = Writer { out: Vec::new() };
        match writer.document(&args[0]) {
            Ok(()) => string(writer.out),
            Err(message) => string(message),
        }
    }),
    Function::new("fromToml", &[S], M, |_, args| Ok(into_map(read(text(&args[0])), |text| text))),
];

struct Writer {
    out: Vec<u8>,
}

type Step = Result<(), String>;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Nil,
    Table,
    Tables,
    Other,
}

/// What counts in TOML; a list of nothing but tables is one of tables.
fn kind(value: &Value) -> Result<Kind, String> {
    Ok(match value {
        Value::NoValue | Value::Nil => Kind::Nil,
        Value::Map(_) => Kind::Table,
        Value::List(list) if list.items().is_empty() => Kind::Other,
        Value::List(list) => {
            let mut tables = true;
            for item in list.items() {
                match kind(item)? {
                    Kind::Nil => {
                        return Err("toml: cannot encode array with nil element".to_owned());
                    }
                    found => tables &= found == Kind::Table,
                }
            }
            if tables { Kind::Tables } else { Kind::Other }
        }
        _ => Kind::Other,
    })
}

fn plain(value: &Value) -> Value {
    match value {
        Value::Object(object) => match object.json() {
            ObjectJson::Text(text) => Value::Str(text),
            ObjectJson::Value(value) => value,
            ObjectJson::Fields(fields) => {
                Value::map(fields.into_iter().map(|(key, value)| (key.into(), value)))
            }
        },
        value => value.clone(),
    }
}

fn quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for byte in text {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            8 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            12 => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0..=0x1f | 0x7f => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            byte => out.push(*byte),
        }
    }
    out.push(b'"');
}

fn key(out: &mut Vec<u8>, key: &[u8]) {
    let bare = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !key.is_empty() && key.iter().all(bare) {
        out.extend_from_slice(key);
    } else {
        quoted(out, key);
    }
}

impl Writer {
    fn document(&mut self, value: &Value) -> Step {
        match plain(value) {
            Value::NoValue | Value::Nil => {
                // Go's encoder is given no value at all and panics.
                Err("reflect: call of reflect.Value.Type on zero Value".to_owned())
            }
            Value::Map(map) => self.table(&[], &map),
            value if kind(&value)? == Kind::Tables => {
                Err("toml: top-level values must be Go maps or structs".to_owned())
            }
            value => self.element(&value),
        }
    }

    fn line(&mut self) {
        if !self.out.is_empty() {
            self.out.push(b'\n');
        }
    }

    fn indent(&mut self, path: &[Vec<u8>]) {
        for _ in 1..path.len() {
            self.out.extend_from_slice(b"  ");
        }
    }

    fn head(&mut self, path: &[Vec<u8>], open: &[u8], close: &[u8]) {
        self.indent(path);
        self.out.extend_from_slice(open);
        for (at, part) in path.iter().enumerate() {
            if at > 0 {
                self.out.push(b'.');
            }
            key(&mut self.out, part);
        }
        self.out.extend_from_slice(close);
        self.line();
    }

    fn table(&mut self, path: &[Vec<u8>], map: &Map) -> Step {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.entries(path, map))
    }

    fn entries(&mut self, path: &[Vec<u8>], map: &Map) -> Step {
        let (mut direct, mut tables) = (Vec::new(), Vec::new());
        for (key, value) in map.snapshot() {
            let value = plain(&value);
            match kind(&value)? {
                Kind::Nil => {}
                Kind::Other => direct.push((key, value)),
                found => tables.push((key, value, found)),
            }
        }
        let below = |name: &[u8]| [path, &[name.to_vec()]].concat();
        for (name, value) in direct {
            let path = below(&name);
            self.indent(&path);
            key(&mut self.out, &name);
            self.out.extend_from_slice(b" = ");
            self.element(&value)?;
            self.line();
        }
        for (name, value, _) in tables {
            let path = below(&name);
            match value {
                Value::Map(map) => {
                    if path.len() == 1 {
                        self.line();
                    }
                    self.head(&path, b"[", b"]");
                    self.table(&path, &map)?;
                }
                Value::List(list) => {
                    for item in list.items() {
                        if let Value::Map(map) = plain(item) {
                            self.line();
                            self.head(&path, b"[[", b"]]");
                            self.table(&path, &map)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn element(&mut self, value: &Value) -> Step {
        match plain(value) {
            Value::Str(text) => quoted(&mut self.out, &text),
            Value::Float(number) => {
                let text = match number {
                    number if number.is_nan() => "nan".to_owned(),
                    number if number.is_infinite() => {
                        if number > 0.0 { "inf" } else { "-inf" }.to_owned()
                    }
                    number => float_text_toml(number),
                };
                self.out.extend_from_slice(text.as_bytes());
            }
            Value::Bytes(bytes) => {
                let items = bytes.iter().map(|byte| Value::Uint8(*byte)).collect();
                return self.element(&Value::list(items));
            }
            Value::List(list) => {
                self.out.push(b'[');
                for (at, item) in list.items().iter().enumerate() {
                    if at > 0 {
                        self.out.extend_from_slice(b", ");
                    }
                    stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.element(item))?;
                }
                self.out.push(b']');
            }
            Value::Map(map) => return self.inline(&map),
            value => self.out.extend_from_slice(&super::args::printed(&value)),
        }
        Ok(())
    }

    fn inline(&mut self, map: &Map) -> Step {
        let (mut direct, mut tables) = (Vec::new(), Vec::new());
        for (key, value) in map.snapshot() {
            let value = plain(&value);
            let sub = matches!(kind(&value)?, Kind::Table | Kind::Tables);
            if sub { tables.push((key, value)) } else { direct.push((key, value)) }
        }
        self.out.push(b'{');
        let has_tables = !tables.is_empty();
        let (last_direct, last_table) = (direct.len(), tables.len());
        let parts = direct
            .into_iter()
            .enumerate()
            .map(|(at, entry)| (entry, has_tables || at + 1 != last_direct));
        let tables = tables.into_iter().enumerate();
        let tables = tables.map(|(at, entry)| (entry, at + 1 != last_table));
        for ((name, value), comma) in parts.chain(tables) {
            if value.is_nothing() {
                continue;
            }
            key(&mut self.out, &name);
            self.out.extend_from_slice(b" = ");
            self.element(&value)?;
            if comma {
                self.out.extend_from_slice(b", ");
            }
        }
        self.out.push(b'}');
        Ok(())
    }
}

/// Go's shortest form, with `.0` where neither point nor exponent tells that it is a float.
fn float_text_toml(number: f64) -> String {
    let text = crate::tmpl::text::format_float(number, b'g', None);
    let text = String::from_utf8(text).unwrap_or_else(|_| float_text(number));
    if text.contains(['e', '.']) { text } else { format!("{text}.0") }
}
