//! `values.schema.json`: what the values of a chart must be like, offline.

use super::error::Error;
use super::tree::Branch;
use crate::codes;
use crate::limits::SCHEMA_BYTES_MAX;
use crate::tmpl::{Str, Value};
use serde_json::{Map, Number, Value as Json};
use std::sync::OnceLock;

/// A schema, compiled at its first use.
pub struct Schema {
    file: String,
    text: Str,
    compiled: OnceLock<Result<jsonschema::Validator, String>>,
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Schema({})", self.file)
    }
}

/// Violations that one message lists.
const VIOLATIONS_SHOWN_MAX: usize = 20;

/// Nothing is fetched: a name without meaning allows everything, as in Helm, an address fails.
struct Offline;

impl jsonschema::Retrieve for Offline {
    fn retrieve(
        &self,
        uri: &jsonschema::Uri<String>,
    ) -> Result<Json, Box<dyn std::error::Error + Send + Sync>> {
        match uri.scheme().as_str() {
            "urn" => Ok(Json::Bool(true)),
            _ => Err(format!("`{uri}` is not fetched: rendering is offline").into()),
        }
    }
}

impl Schema {
    /// A schema file.
    pub(crate) fn new(text: Str, file: String) -> Self {
        Self { file, text, compiled: OnceLock::new() }
    }

    fn compiled(&self) -> Result<&jsonschema::Validator, Error> {
        let compiled = self.compiled.get_or_init(|| {
            if self.text.len() > SCHEMA_BYTES_MAX {
                return Err(format!("it has more than {SCHEMA_BYTES_MAX} bytes"));
            }
            let json = serde_json::from_slice(&self.text).map_err(|error| error.to_string())?;
            let options = jsonschema::options().with_retriever(Offline);
            options.build(&json).map_err(|error| error.to_string())
        });
        compiled.as_ref().map_err(|why| {
            let message = format!("`{}` cannot be used", self.file);
            Error::new(&codes::SCHEMA, message)
                .note(why.clone())
                .help("write what it refers to into the schema itself")
        })
    }

    /// Where the values are not as the schema wants, each in one line.
    fn violations(&self, values: &Json) -> Result<Vec<String>, Error> {
        let found = self.compiled()?.iter_errors(values).take(VIOLATIONS_SHOWN_MAX);
        Ok(found.map(|error| format!("at `{}`: {error}", error.instance_path())).collect())
    }
}

/// Checks the values of a chart and of all charts in it.
pub(crate) fn check(branch: &Branch, values: &Value) -> Result<(), Error> {
    let mut found = Vec::new();
    gather(branch, values, &mut found)?;
    if found.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = found.iter().map(|(name, _)| format!("`{name}`")).collect();
    let message = format!("the values do not fit the schema of {}", names.join(", "));
    let mut error = Error::new(&codes::SCHEMA, message);
    for (name, violation) in found.iter().flat_map(|(name, all)| all.iter().map(move |v| (name, v)))
    {
        error = error.note(format!("{name}: {violation}"));
    }
    Err(error.help("change the values, or pass `--skip-schema-validation`"))
}

fn gather(
    branch: &Branch,
    values: &Value,
    found: &mut Vec<(String, Vec<String>)>,
) -> Result<(), Error> {
    let name = branch.name().to_owned();
    if let Some(schema) = &branch.chart.schema {
        let violations = schema.violations(&json(values))?;
        if !violations.is_empty() {
            found.push((name, violations));
        }
    }
    let Value::Map(map) = values else { return Ok(()) };
    for child in &branch.children {
        match map.get(child.name().as_bytes()) {
            None | Some(Value::Nil) => {}
            Some(values @ Value::Map(_)) => gather(child, &values, found)?,
            Some(_) => {
                found.push((child.name().to_owned(), vec!["it is not a mapping".to_owned()]));
            }
        }
    }
    Ok(())
}

/// Values as JSON; whole numbers without a point.
pub(crate) fn json(value: &Value) -> Json {
    match value {
        Value::NoValue | Value::Nil | Value::Object(_) => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Float(value) => number(*value),
        Value::Str(text) | Value::Bytes(text) => Json::String(text.text().into_owned()),
        Value::List(list) => Json::Array(list.items().iter().map(json).collect()),
        Value::Map(map) => {
            let entries = map.snapshot().into_iter();
            let entries = entries.map(|(key, value)| (key.text().into_owned(), json(&value)));
            Json::Object(entries.collect::<Map<_, _>>())
        }
        other => match (other.signed(), other.unsigned()) {
            (Some(value), _) => Json::Number(value.into()),
            (None, Some(value)) => Json::Number(value.into()),
            (None, None) => Json::Null,
        },
    }
}

fn number(value: f64) -> Json {
    /// Beyond this a float does not hold every whole number.
    const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= WHOLE_MAX {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
        return Json::Number((value as i64).into());
    }
    Number::from_f64(value).map_or(Json::Null, Json::Number)
}
