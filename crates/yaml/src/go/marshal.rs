//! JSON as YAML: `yaml.Marshal` of `sigs.k8s.io/yaml`.

use super::{Emitter, Layout, Meaning, Version, resolve, round_trip, sort_naturally};
use serde_json::Value;
use std::borrow::Cow;

/// `value` as Go writes it: keys in natural order, numbers as go-yaml reads and prints them.
/// `None` where v2 cannot read its own JSON back (see [`round_trip`]).
#[must_use]
pub fn marshal(value: &Value, layout: Layout) -> Option<String> {
    let mut emitter = Emitter::new(layout);
    node(value, &mut emitter)?;
    Some(emitter.finish())
}

/// The text that is written; v3 is given it as it is.
fn text_of<'t>(text: &'t str, emitter: &Emitter) -> Option<Cow<'t, str>> {
    match emitter.layout().version {
        Version::V2 => round_trip(text),
        Version::V3 => Some(Cow::Borrowed(text)),
    }
}

fn node(value: &Value, emitter: &mut Emitter) -> Option<()> {
    match value {
        Value::Null => emitter.plain("null"),
        Value::Bool(value) => emitter.plain(if *value { "true" } else { "false" }),
        Value::Number(number) => {
            let text = match number.as_f64() {
                Some(_) if number.is_i64() || number.is_u64() => number.to_string(),
                // v3 is given Go's floats, v2 their JSON text.
                Some(value) if emitter.layout().version == Version::V3 => float_text(value),
                Some(value) => number_text(&json_float(value)),
                None => number.to_string(),
            };
            emitter.plain(&text);
        }
        Value::String(text) => emitter.string(&text_of(text, emitter)?),
        Value::Array(items) if items.is_empty() => emitter.empty_list(),
        Value::Array(items) => {
            emitter.begin_list();
            items.iter().try_for_each(|item| node(item, emitter))?;
            emitter.end();
        }
        Value::Object(map) if map.is_empty() => emitter.empty_mapping(),
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            sort_naturally(&mut entries, emitter.layout().version, &|(key, _)| key.as_str());
            emitter.begin_mapping();
            for (key, value) in entries {
                // A key cannot go over a line break, and U+0085 is one.
                if key.contains('\u{85}') && emitter.layout().version == Version::V2 {
                    return None;
                }
                emitter.key(&text_of(key, emitter)?);
                node(value, emitter)?;
            }
            emitter.end();
        }
    }
    Some(())
}

/// A JSON number after its way through go-yaml: a whole number keeps its digits, any other is
/// printed as [`float_text`].
#[must_use]
pub fn number_text(json: &str) -> String {
    match resolve(json, Version::V2) {
        Meaning::Int(value) => value.to_string(),
        Meaning::Uint(value) => value.to_string(),
        Meaning::Float(value) => float_text(value),
        _ => json.to_owned(),
    }
}

/// A float as Go's `encoding/json` writes it: digits alone from 1e-6 to 1e21, whole ones without
/// a point.
#[must_use]
pub fn json_float(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let scientific = format!("{value:e}");
        return match scientific.split_once("e") {
            Some((mantissa, exponent)) if !exponent.starts_with('-') => {
                format!("{mantissa}e+{exponent}")
            }
            _ => scientific,
        };
    }
    value.to_string()
}

/// `strconv.FormatFloat(value, 'g', -1, 64)`: the shortest digits that read back the same, with
/// an exponent below 1e-4 and from 1e6 on; infinities and no-number as YAML writes them.
#[must_use]
pub fn float_text(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}
