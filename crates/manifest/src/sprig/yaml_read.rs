//! YAML as `sigs.k8s.io/yaml` reads it: go-yaml v2, then JSON, so that every number is a float.

use super::json_read::Failure;
use crate::tmpl::{Map, Str, Value};
use bowline_yaml::go::{Meaning, Version, json_float, resolve, syntax_message};
use bowline_yaml::{Limits, Node, Style, Yaml, parse_documents};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A decoded text, or Go's message.
pub(super) type FromYaml = Result<Value, Failure>;

fn failed(message: impl std::fmt::Display) -> Failure {
    Failure::new(format!("error converting YAML to JSON: {message}"))
}

/// Reads the first document; an empty text is null.
pub(super) fn read(text: &[u8]) -> FromYaml {
    let Ok(text) = std::str::from_utf8(text) else {
        return Err(failed("yaml: invalid leading UTF-8 octet"));
    };
    // Go stops after the first document and never sees what is wrong behind it.
    let documents = parse_documents(text, &Limits::charts()).map_err(|error| {
        let message = syntax_message(text).unwrap_or_else(|| error.to_string());
        failed(format!("yaml: {message}"))
    })?;
    match documents.first() {
        None => Ok(Value::Nil),
        Some(node) => value(node),
    }
}

fn value(node: &Node) -> FromYaml {
    match &node.value {
        Yaml::Scalar(scalar) => {
            let tag = node.tag.as_deref().map(|tag| tag.strip_prefix(PREFIX).unwrap_or(""));
            scalar_value(&scalar.text, scalar.style, tag)
        }
        Yaml::Sequence(items) => {
            Ok(Value::list(items.iter().map(value).collect::<Result<_, _>>()?))
        }
        Yaml::Mapping(entries) => {
            let mut map = BTreeMap::new();
            fill(&mut map, entries)?;
            Ok(Value::Map(Rc::new(Map::new(map))))
        }
    }
}

const PREFIX: &str = "tag:yaml.org,2002:";

fn scalar_value(text: &str, style: Style, tag: Option<&str>) -> FromYaml {
    let plain = style == Style::Plain && tag.is_none();
    if let Some("binary") = tag {
        let bytes = super::base::BASE_64.decode(text.as_bytes());
        return bytes
            .map(Value::str)
            .map_err(|_| failed("yaml: !!binary value contains invalid base64 data"));
    }
    if !plain && !matches!(tag, Some("int" | "float" | "bool" | "null")) {
        return Ok(Value::str(text));
    }
    Ok(match resolve(text, Version::V2) {
        Meaning::Null => Value::Nil,
        Meaning::Bool(truth) => Value::Bool(truth),
        Meaning::Int(number) => Value::Float(number as f64),
        Meaning::Uint(number) => Value::Float(number as f64),
        Meaning::Float(number) if !number.is_finite() => {
            let shown = match number {
                number if number.is_nan() => "NaN",
                number if number > 0.0 => "+Inf",
                _ => "-Inf",
            };
            return Err(failed(format!("json: unsupported value: {shown}")));
        }
        Meaning::Float(number) => Value::Float(number),
        _ => Value::str(text),
    })
}

fn is_merge(key: &Node) -> bool {
    matches!(&key.value, Yaml::Scalar(scalar)
        if scalar.text == "<<" && scalar.style == Style::Plain)
}

/// Entries in their order; a later one replaces an earlier one, merged or not.
fn fill(map: &mut BTreeMap<Str, Value>, entries: &[(Node, Node)]) -> Result<(), Failure> {
    let unfit = || failed("yaml: map merge requires map or sequence of maps as the value");
    for (key, entry) in entries {
        if !is_merge(key) {
            map.insert(key_text(key)?, value(entry)?);
            continue;
        }
        match &entry.value {
            Yaml::Mapping(merged) => fill(map, merged)?,
            Yaml::Sequence(items) => {
                for item in items.iter().rev() {
                    let Yaml::Mapping(merged) = &item.value else { return Err(unfit()) };
                    fill(map, merged)?;
                }
            }
            Yaml::Scalar(_) => return Err(unfit()),
        }
    }
    Ok(())
}

/// A key as text: what it means, written as JSON would.
fn key_text(key: &Node) -> Result<Str, Failure> {
    let Yaml::Scalar(scalar) = &key.value else {
        let kind = if matches!(key.value, Yaml::Mapping(_)) {
            "map[interface {}]interface {}"
        } else {
            "[]interface {}"
        };
        return Err(failed(format!("yaml: invalid map key: {kind}")));
    };
    if key.tag.is_some() || scalar.style != Style::Plain {
        return Ok(Str::from(scalar.text.as_str()));
    }
    Ok(Str::from(match resolve(&scalar.text, Version::V2) {
        Meaning::Bool(truth) => truth.to_string(),
        Meaning::Int(number) => number.to_string(),
        Meaning::Uint(number) => number.to_string(),
        Meaning::Float(number) => float_key(number),
        Meaning::Null => {
            return Err(failed("unsupported map key of type: %!s(<nil>), key: <nil>"));
        }
        _ => scalar.text.clone(),
    }))
}

/// `strconv.FormatFloat(key, 'g', -1, 32)`, with the names of YAML for what is no number.
fn float_key(number: f64) -> String {
    if number.is_finite() {
        let short = (number as f32).to_string();
        return match short.parse::<f64>() {
            Ok(value) => json_float(value),
            Err(_) => short,
        };
    }
    if number.is_nan() {
        ".nan"
    } else if number > 0.0 {
        ".inf"
    } else {
        "-.inf"
    }
    .to_owned()
}
