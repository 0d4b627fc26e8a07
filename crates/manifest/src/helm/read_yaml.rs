//! YAML as Helm's Go reads it: `go-yaml` v2, then JSON, then `interface {}`.
//!
//! Later keys win over earlier ones, `<<` wins over what stands before it, keys that are
//! numbers or booleans become text, and every number becomes a float.

use bowline_yaml::go::{Meaning, Version, float_text, resolve};
use bowline_yaml::{Limits, Node, Style, Yaml, parse_documents};
use serde_json::{Map, Number, Value};
use std::collections::BTreeMap;

/// Why a text is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    /// One sentence.
    pub message: String,
    /// From 1; 0 where it is not known.
    pub line: usize,
    /// From 1; 0 where it is not known.
    pub column: usize,
}

impl YamlError {
    fn at(node: &Node, message: impl Into<String>) -> Self {
        Self { message: message.into(), line: node.span.line, column: node.span.column }
    }
}

/// The first document of a text; `None` where there is none.
pub fn document(bytes: &[u8]) -> Result<Option<Node>, YamlError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = 1 + memchr::memchr_iter(b'\n', before).count();
        YamlError { message: "the text is not UTF-8".to_owned(), line, column: 1 }
    })?;
    let documents = parse_documents(text, &Limits::charts()).map_err(|error| YamlError {
        message: error.message.clone(),
        line: error.line,
        column: error.column,
    })?;
    Ok(documents.into_iter().next())
}

/// The entries of a mapping in the order of their keys, as go-yaml's map has them.
pub fn fields(node: &Node) -> Result<BTreeMap<String, &Node>, YamlError> {
    let mut found = BTreeMap::new();
    for (key, value) in node.as_mapping().unwrap_or_default() {
        if is_merge(key) {
            merge(value, &mut found)?;
        } else {
            found.insert(key_text(key)?, value);
        }
    }
    Ok(found)
}

fn is_merge(key: &Node) -> bool {
    match (&key.value, key.tag.as_deref()) {
        (Yaml::Scalar(scalar), None) => scalar.style == Style::Plain && scalar.text == "<<",
        (Yaml::Scalar(scalar), Some("tag:yaml.org,2002:merge")) => scalar.text == "<<",
        _ => false,
    }
}

fn merge<'n>(value: &'n Node, found: &mut BTreeMap<String, &'n Node>) -> Result<(), YamlError> {
    match &value.value {
        Yaml::Mapping(_) => {
            found.extend(fields(value)?);
            Ok(())
        }
        Yaml::Sequence(items) if items.iter().all(|item| item.as_mapping().is_some()) => {
            items.iter().rev().try_for_each(|item| merge(item, found))
        }
        _ => Err(YamlError::at(value, "map merge requires map or sequence of maps as the value")),
    }
}

fn key_text(key: &Node) -> Result<String, YamlError> {
    match meaning(key) {
        None => Err(YamlError::at(key, "a mapping or a list cannot be a key")),
        Some(Meaning::Null) => Err(YamlError::at(key, "null cannot be a key")),
        Some(Meaning::Float(number)) if number.is_infinite() => {
            Ok(if number > 0.0 { "+.inf" } else { "-.inf" }.to_owned())
        }
        #[expect(clippy::cast_possible_truncation, reason = "Go writes such keys as float32")]
        Some(Meaning::Float(number)) => Ok(float_text(f64::from(number as f32))),
        Some(other) => Ok(shown(key, other)),
    }
}

fn shown(node: &Node, meaning: Meaning) -> String {
    match meaning {
        Meaning::Bool(value) => value.to_string(),
        Meaning::Int(value) => value.to_string(),
        Meaning::Uint(value) => value.to_string(),
        Meaning::Float(value) => float_text(value),
        Meaning::Null | Meaning::Timestamp | Meaning::Text => {
            node.as_str().unwrap_or_default().to_owned()
        }
    }
}

/// What a scalar means; `None` for a list or mapping.
pub fn meaning(node: &Node) -> Option<Meaning> {
    let Yaml::Scalar(scalar) = &node.value else { return None };
    let plain = || resolve(&scalar.text, Version::V2);
    Some(match node.tag.as_deref() {
        None if scalar.style == Style::Plain => plain(),
        Some("tag:yaml.org,2002:float") => match plain() {
            #[expect(clippy::cast_precision_loss, reason = "the tag asks for a float")]
            Meaning::Int(value) => Meaning::Float(value as f64),
            other => other,
        },
        Some("tag:yaml.org,2002:int" | "tag:yaml.org,2002:bool" | "tag:yaml.org,2002:null") => {
            plain()
        }
        _ => Meaning::Text,
    })
}

/// A scalar where Go wants a string: numbers and booleans become text, null is empty.
pub fn string(node: &Node) -> Result<String, YamlError> {
    match meaning(node) {
        Some(Meaning::Null) => Ok(String::new()),
        Some(meaning) => Ok(shown(node, meaning)),
        None => Err(YamlError::at(node, format!("{} stands where text is wanted", node.kind()))),
    }
}

/// The whole tree as JSON.
pub fn json(node: &Node) -> Result<Value, YamlError> {
    Ok(match &node.value {
        Yaml::Sequence(items) => Value::Array(items.iter().map(json).collect::<Result<_, _>>()?),
        Yaml::Mapping(_) => {
            let mut map = Map::new();
            for (key, value) in fields(node)? {
                map.insert(key, json(value)?);
            }
            Value::Object(map)
        }
        Yaml::Scalar(scalar) => match meaning(node).unwrap_or(Meaning::Text) {
            Meaning::Null => Value::Null,
            Meaning::Bool(value) => Value::Bool(value),
            Meaning::Int(value) => Value::Number(value.into()),
            Meaning::Uint(value) => Value::Number(value.into()),
            Meaning::Float(value) => {
                Number::from_f64(value).map(Value::Number).ok_or_else(|| {
                    YamlError::at(node, format!("json: unsupported value: {}", scalar.text))
                })?
            }
            Meaning::Timestamp | Meaning::Text => Value::String(scalar.text.clone()),
        },
    })
}

/// The texts of a stream's documents with the number of lines before each, as Kubernetes'
/// reader cuts them: at lines that are `---` and nothing but blanks or a comment.
pub fn stream(text: &[u8]) -> Vec<(usize, &[u8])> {
    let mut documents = Vec::new();
    let (mut from, mut at, mut line, mut first_line) = (0, 0, 0, 0);
    for content in text.split_inclusive(|byte| *byte == b'\n') {
        let end = at + content.len();
        if let Some(rest) = content.strip_prefix(b"---")
            && matches!(rest.trim_ascii_start().first(), None | Some(b'#'))
            && at > from
        {
            documents.push((first_line, &text[from..at]));
            (from, first_line) = (end, line + 1);
        }
        (at, line) = (end, line + 1);
    }
    if from < text.len() {
        documents.push((first_line, &text[from..]));
    }
    documents
}
