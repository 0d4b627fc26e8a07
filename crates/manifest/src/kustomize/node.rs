//! The tree that transformers change: go-yaml v3's nodes, as far as the output can tell them apart.

use super::fail::{Fail, Outcome};
use bowline_yaml::go::{Meaning, Version, float_text, resolve};
use bowline_yaml::{Style, Yaml};
use serde_json::{Map, Number, Value};

/// The type that a scalar was given when it was read or set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// Set by a transformer without a type: read again when it is printed.
    Unset,
    Str,
    Int,
    Float,
    Bool,
    Null,
    Time,
}

/// A single value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    pub(crate) tag: Tag,
    /// In quotes or a block: a place keeps its quotes when its value changes.
    pub(crate) quoted: bool,
}

/// A key and its value.
pub(crate) type Entry = (Scalar, Node);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) content: Content,
    /// Line and column; the file is that of the resource.
    pub(crate) at: (u32, u32),
}

impl Scalar {
    pub(crate) fn unset(text: impl Into<String>) -> Self {
        Self { text: text.into(), tag: Tag::Unset, quoted: false }
    }

    pub(crate) fn string(text: impl Into<String>) -> Self {
        Self { text: text.into(), tag: Tag::Str, quoted: false }
    }

    pub(crate) fn is_null(&self) -> bool {
        self.tag == Tag::Null
    }

    /// Whether the value is text when it is printed.
    pub(crate) fn is_text(&self) -> bool {
        self.quoted
            || self.tag == Tag::Str
            || (self.tag == Tag::Unset && tag_of(&self.text) == Tag::Str)
    }

    /// `value` at the place of this one: the quotes stay those of the place.
    pub(crate) fn replace(&mut self, value: Scalar) {
        let quoted = self.quoted;
        *self = value;
        self.quoted = quoted;
    }
}

/// The type of a plain scalar.
pub(crate) fn tag_of(text: &str) -> Tag {
    match resolve(text, Version::V3) {
        Meaning::Null => Tag::Null,
        Meaning::Bool(_) => Tag::Bool,
        Meaning::Int(_) | Meaning::Uint(_) => Tag::Int,
        Meaning::Float(_) => Tag::Float,
        Meaning::Timestamp => Tag::Time,
        Meaning::Text => Tag::Str,
    }
}

impl Node {
    pub(crate) fn scalar(scalar: Scalar) -> Self {
        Self { content: Content::Scalar(scalar), at: (0, 0) }
    }

    pub(crate) fn string(text: impl Into<String>) -> Self {
        Self::scalar(Scalar::string(text))
    }

    pub(crate) fn map() -> Self {
        Self { content: Content::Map(Vec::new()), at: (0, 0) }
    }

    pub(crate) fn null() -> Self {
        Self::scalar(Scalar { text: "null".into(), tag: Tag::Null, quoted: false })
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.content, Content::Scalar(scalar) if scalar.is_null())
    }

    pub(crate) fn is_empty_map(&self) -> bool {
        matches!(&self.content, Content::Map(entries) if entries.is_empty())
    }

    /// `IsNilOrEmpty` of kyaml: null, an empty collection or an empty text.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.content {
            Content::Scalar(scalar) => scalar.is_null() || scalar.text.is_empty(),
            Content::List(items) => items.is_empty(),
            Content::Map(entries) => entries.is_empty(),
        }
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Map(entries) => entries,
            _ => &[],
        }
    }

    pub(crate) fn entries_mut(&mut self) -> Option<&mut Vec<Entry>> {
        match &mut self.content {
            Content::Map(entries) => Some(entries),
            _ => None,
        }
    }

    pub(crate) fn items(&self) -> Option<&[Node]> {
        match &self.content {
            Content::List(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn as_scalar(&self) -> Option<&Scalar> {
        match &self.content {
            Content::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    pub(crate) fn as_scalar_mut(&mut self) -> Option<&mut Scalar> {
        match &mut self.content {
            Content::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text of a scalar; empty for a list or mapping, as kyaml's `Value` is.
    pub(crate) fn text(&self) -> &str {
        self.as_scalar().map_or("", |scalar| &scalar.text)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(name, _)| name.text == key).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries_mut()?.iter_mut().find(|(name, _)| name.text == key).map(|(_, value)| value)
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<Node> {
        let entries = self.entries_mut()?;
        let at = entries.iter().position(|(name, _)| name.text == key)?;
        Some(entries.remove(at).1)
    }

    /// Puts `value` under `key`, replacing all that stood there.
    pub(crate) fn put(&mut self, key: &str, value: Node) {
        if let Some(entries) = self.entries_mut() {
            match entries.iter_mut().find(|(name, _)| name.text == key) {
                Some((_, old)) => *old = value,
                None => entries.push((Scalar::unset(key), value)),
            }
        }
    }

    /// kyaml's `FieldSetter`: a scalar that is there keeps its quotes.
    pub(crate) fn set(&mut self, key: &str, value: Scalar) {
        if value.is_null() {
            self.remove(key);
            return;
        }
        match self.get_mut(key) {
            Some(Node { content: Content::Scalar(old), .. }) => old.replace(value),
            Some(old) => old.content = Content::Scalar(value),
            None => self.put(key, Node::scalar(value)),
        }
    }

    /// The mapping under `key`, made where there is none or a null.
    pub(crate) fn map_at(&mut self, key: &str) -> &mut Node {
        if self.get(key).is_none_or(Node::is_null) {
            self.put(key, Node::map());
        }
        match self.get(key) {
            Some(_) => self.get_mut(key).expect("it was just found"),
            None => self,
        }
    }

    pub(crate) fn kind_name(&self) -> &'static str {
        match &self.content {
            Content::Scalar(_) => "a scalar",
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        }
    }

    /// Reads a node of go-yaml v3: `<<` merged, every scalar typed.
    pub(crate) fn read(node: &bowline_yaml::Node, file: &str) -> Outcome<Node> {
        let at = place(node);
        let content = match &node.value {
            Yaml::Scalar(scalar) => Content::Scalar(read_scalar(scalar, node.tag.as_deref())),
            Yaml::Sequence(items) => Content::List(
                items.iter().map(|item| Node::read(item, file)).collect::<Outcome<_>>()?,
            ),
            Yaml::Mapping(entries) => Content::Map(read_entries(entries, file)?),
        };
        Ok(Node { content, at })
    }

    /// The value as JSON, the way Kustomize prints it.
    pub(crate) fn to_json(&self, file: &str) -> Outcome<Value> {
        match &self.content {
            Content::Scalar(scalar) => scalar_json(scalar)
                .ok_or_else(|| self.fail(file, format!("`{}` is not of its type", scalar.text))),
            Content::List(items) => Ok(Value::Array(
                items.iter().map(|item| item.to_json(file)).collect::<Outcome<_>>()?,
            )),
            Content::Map(entries) => {
                let mut map = Map::with_capacity(entries.len());
                for (key, value) in entries {
                    if !key.is_text() {
                        let message = format!("the key `{}` is not text", key.text);
                        return Err(value.fail(file, message));
                    }
                    if map.insert(key.text.clone(), value.to_json(file)?).is_some() {
                        let message = format!("the key `{}` stands twice in a mapping", key.text);
                        return Err(value.fail(file, message));
                    }
                }
                Ok(Value::Object(map))
            }
        }
    }

    /// JSON as Kustomize takes it back: numbers are Go's floats.
    pub(crate) fn from_json(value: &Value) -> Node {
        let content = match value {
            Value::Null => return Node::null(),
            Value::Bool(value) => {
                Content::Scalar(Scalar { text: value.to_string(), tag: Tag::Bool, quoted: false })
            }
            Value::Number(number) => {
                let text = float_text(number.as_f64().unwrap_or(0.0));
                let tag = tag_of(&text);
                Content::Scalar(Scalar { text, tag, quoted: false })
            }
            Value::String(text) => {
                let quoted = tag_of(text) != Tag::Str;
                Content::Scalar(Scalar { text: text.clone(), tag: Tag::Str, quoted })
            }
            Value::Array(items) => Content::List(items.iter().map(Node::from_json).collect()),
            Value::Object(map) => Content::Map(
                map.iter()
                    .map(|(key, value)| (Scalar::string(key.as_str()), Node::from_json(value)))
                    .collect(),
            ),
        };
        Node { content, at: (0, 0) }
    }

    pub(crate) fn fail(&self, file: &str, message: impl Into<String>) -> Box<Fail> {
        Fail::new(message).at(file, self.at)
    }
}

pub(crate) fn place(node: &bowline_yaml::Node) -> (u32, u32) {
    let small = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    (small(node.span.line), small(node.span.column))
}

fn read_scalar(scalar: &bowline_yaml::Scalar, tag: Option<&str>) -> Scalar {
    let quoted = scalar.style != Style::Plain;
    let tag = match tag.map(|tag| tag.strip_prefix("tag:yaml.org,2002:").unwrap_or(tag)) {
        Some("str" | "binary" | "!") => Tag::Str,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("bool") => Tag::Bool,
        Some("null") => Tag::Null,
        Some("timestamp") => Tag::Time,
        _ if quoted => Tag::Str,
        _ => tag_of(&scalar.text),
    };
    Scalar { text: scalar.text.clone(), tag, quoted }
}

fn read_entries(
    entries: &[(bowline_yaml::Node, bowline_yaml::Node)],
    file: &str,
) -> Outcome<Vec<Entry>> {
    let mut own: Vec<Entry> = Vec::with_capacity(entries.len());
    let mut merged: Vec<Entry> = Vec::new();
    for (key, value) in entries {
        let Yaml::Scalar(name) = &key.value else {
            return Err(Fail::new("a key is no scalar").at(file, place(key)));
        };
        if name.style == Style::Plain && name.text == "<<" {
            merge_sources(value, file, &mut merged)?;
            continue;
        }
        own.push((read_scalar(name, key.tag.as_deref()), Node::read(value, file)?));
    }
    for (key, value) in merged {
        if !own.iter().any(|(known, _)| known.text == key.text) {
            own.push((key, value));
        }
    }
    Ok(own)
}

fn merge_sources(value: &bowline_yaml::Node, file: &str, merged: &mut Vec<Entry>) -> Outcome<()> {
    let sources = match &value.value {
        Yaml::Sequence(items) => items.iter().collect(),
        _ => vec![value],
    };
    for source in sources {
        let Yaml::Mapping(entries) = &source.value else {
            return Err(Fail::new("`<<` takes a mapping").at(file, place(source)));
        };
        for entry in read_entries(entries, file)? {
            if !merged.iter().any(|(known, _)| known.text == entry.0.text) {
                merged.push(entry);
            }
        }
    }
    Ok(())
}

fn scalar_json(scalar: &Scalar) -> Option<Value> {
    if scalar.quoted {
        return Some(Value::String(scalar.text.clone()));
    }
    if scalar.tag == Tag::Str {
        return Some(Value::String(scalar.text.clone()));
    }
    let meaning = resolve(&scalar.text, Version::V3);
    Some(match (scalar.tag, meaning) {
        (Tag::Unset | Tag::Null, Meaning::Null) => Value::Null,
        (Tag::Unset | Tag::Bool, Meaning::Bool(value)) => Value::Bool(value),
        (Tag::Float, Meaning::Int(value)) => Value::Number(Number::from_f64(value as f64)?),
        (Tag::Unset | Tag::Int, Meaning::Int(value)) => Value::Number(value.into()),
        (Tag::Unset | Tag::Int, Meaning::Uint(value)) => Value::Number(value.into()),
        (Tag::Unset | Tag::Float, Meaning::Float(value)) => Value::Number(Number::from_f64(value)?),
        (Tag::Unset | Tag::Time, Meaning::Timestamp) => {
            Value::String(super::time::rfc3339(&scalar.text))
        }
        (Tag::Unset, Meaning::Text) => Value::String(scalar.text.clone()),
        _ => return None,
    })
}
