//! Reading one object's fields: every field is either read, refused by name, or unknown.

use super::{Amount, FieldNote};
use crate::codes;
use crate::error::FieldError;
use crate::limits::DURATION_SECONDS_MAX;
use bowline_diag::nearest;
use serde_json::{Map, Value};

/// What becomes of a field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Support {
    /// It is read here.
    Read,
    /// A server writes it; in a manifest it means nothing, there as here.
    ServerWritten,
    /// It is known and not carried out; the consequence of going on without it.
    Refused(&'static str),
}

/// The fields of one object.
pub(super) type Table = &'static [(&'static str, Support)];

/// Collects everything that is wrong, and goes on.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) errors: Vec<FieldError>,
    pub(super) notes: Vec<FieldNote>,
}

/// `pointer` and one key more, escaped as RFC 6901 asks.
pub(super) fn join(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// A JSON type as people call it.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// What is written under `key`; null is as good as nothing, as Kubernetes has it.
pub(super) fn get<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object.get(key).filter(|value| !value.is_null())
}

impl Reader {
    pub(super) fn error(
        &mut self,
        code: &'static str,
        pointer: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let (pointer, message, help) = (pointer.into(), message.into(), help.into());
        self.errors.push(FieldError { code, pointer, message, help });
    }

    pub(super) fn invalid(
        &mut self,
        pointer: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.error(codes::INVALID_VALUE, pointer, message, help);
    }

    pub(super) fn refused(&mut self, pointer: &str, name: &str, consequence: &str) {
        let message = format!("`{name}` is not carried out: {consequence}");
        let help = format!("delete `{name}` to go on without it");
        self.error(codes::NOT_CARRIED_OUT, pointer, message, help);
    }

    pub(super) fn note(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.notes.push(FieldNote { pointer: pointer.into(), message: message.into() });
    }

    /// `value` as an object whose fields all stand in `table`.
    pub(super) fn object<'a>(
        &mut self,
        value: &'a Value,
        pointer: &str,
        table: Table,
    ) -> Option<&'a Map<String, Value>> {
        let Some(object) = value.as_object() else {
            let message = format!("expected an object, found {}", type_of(value));
            self.invalid(pointer, message, "write `key: value` lines below it");
            return None;
        };
        for (key, value) in object {
            let at = join(pointer, key);
            match table.iter().find(|(name, _)| name == key) {
                Some((_, Support::Read | Support::ServerWritten)) => {}
                Some((_, Support::Refused(_))) if value.is_null() => {}
                Some((_, Support::Refused(consequence))) => self.refused(&at, key, consequence),
                None => self.unknown(at, key, table),
            }
        }
        Some(object)
    }

    fn unknown(&mut self, pointer: String, key: &str, table: Table) {
        let help = match nearest(key, table.iter().map(|(name, _)| *name)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "delete the field, or move it to where it belongs".to_owned(),
        };
        let message = format!("unknown field `{key}`, it would have no effect");
        self.error(codes::UNKNOWN_FIELD, pointer, message, help);
    }

    pub(super) fn text(
        &mut self,
        object: &Map<String, Value>,
        pointer: &str,
        key: &str,
    ) -> Option<String> {
        let value = get(object, key)?;
        match value.as_str() {
            Some(text) if !text.is_empty() => Some(text.to_owned()),
            _ => {
                let message = format!("`{key}` is {}, expected text", type_of(value));
                self.invalid(join(pointer, key), message, "write a name");
                None
            }
        }
    }

    pub(super) fn bool(&mut self, object: &Map<String, Value>, pointer: &str, key: &str) -> bool {
        let Some(value) = get(object, key) else { return false };
        value.as_bool().unwrap_or_else(|| {
            let message = format!("`{key}` is {}, expected true or false", type_of(value));
            self.invalid(join(pointer, key), message, "write `true` or `false`");
            false
        })
    }

    /// A whole number from 0 to `max`, or `default` when nothing is written.
    pub(super) fn count(
        &mut self,
        object: &Map<String, Value>,
        pointer: &str,
        key: &str,
        default: u32,
        max: u32,
    ) -> u32 {
        let Some(value) = get(object, key) else { return default };
        let number = value.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n <= max);
        number.unwrap_or_else(|| {
            let message = format!("`{key}` is `{value}`, expected a whole number from 0 to {max}");
            self.invalid(join(pointer, key), message, format!("write `{key}: {default}`"));
            default
        })
    }

    pub(super) fn seconds(
        &mut self,
        object: &Map<String, Value>,
        pointer: &str,
        key: &str,
        default: u32,
    ) -> u32 {
        let max = u32::try_from(DURATION_SECONDS_MAX).unwrap_or(u32::MAX);
        self.count(object, pointer, key, default, max)
    }

    /// Kubernetes' `IntOrString`: `1` or `25%`. A text without a per cent sign is a share too:
    /// Argo's own default is the text `25`.
    pub(super) fn amount(
        &mut self,
        object: &Map<String, Value>,
        pointer: &str,
        key: &str,
    ) -> Option<Amount> {
        let value = get(object, key)?;
        let amount = match value {
            Value::Number(n) => n.as_u64().and_then(|n| u32::try_from(n).ok()).map(Amount::Count),
            Value::String(text) => {
                let digits = text.strip_suffix('%').unwrap_or(text);
                digits.parse().ok().map(Amount::Percent)
            }
            _ => None,
        };
        if amount.is_none() {
            let message = format!("`{key}` is `{value}`, expected a number or per cent");
            self.invalid(join(pointer, key), message, format!("write `{key}: 1` or `\"25%\"`"));
        }
        amount
    }
}

/// A duration in milliseconds, rounded up: whole seconds as a number or text, or Go's form
/// (`time.ParseDuration`): `5m`, `1h30m`, `1.5h`, `300ms`. No sign.
pub(super) fn duration_ms(value: &Value) -> Option<u64> {
    let max = DURATION_SECONDS_MAX * 1000;
    let ms = match value {
        Value::Number(number) => number.as_u64()?.checked_mul(1000)?,
        Value::String(text) => match text.parse::<u64>() {
            Ok(seconds) if text.bytes().all(|b| b.is_ascii_digit()) => seconds.checked_mul(1000)?,
            _ => go_duration_ms(text)?,
        },
        _ => return None,
    };
    (ms <= max).then_some(ms)
}

fn go_duration_ms(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut nanoseconds: u128 = 0;
    if rest.is_empty() || rest.len() > 64 {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let unit_end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let unit: u128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        nanoseconds = nanoseconds.checked_add(scaled(number, unit)?)?;
        rest = tail;
    }
    u64::try_from(nanoseconds.div_ceil(1_000_000)).ok()
}

/// `number` (digits with at most one point) times `unit`.
fn scaled(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || whole.len() > 18 || fraction.len() > 18 {
        return None;
    }
    let parse = |t: &str| if t.is_empty() { Some(0) } else { t.parse::<u128>().ok() };
    let power = 10u128.pow(u32::try_from(fraction.len()).ok()?);
    Some(parse(whole)? * unit + parse(fraction)? * unit / power)
}

#[cfg(test)]
mod tests {
    use super::{Support, duration_ms};
    use crate::spec::{document, strategy};
    use serde_json::json;

    #[test]
    fn every_refusal_is_one_short_sentence() {
        let tables = [
            document::METADATA,
            document::ROLLOUT_SPEC,
            document::SELECTOR,
            strategy::STRATEGY,
            strategy::CANARY,
            strategy::TRAFFIC_ROUTING,
            strategy::STEP,
        ];
        for (name, support) in tables.into_iter().flatten() {
            if let Support::Refused(consequence) = support {
                let message = format!("`{name}` is not carried out: {consequence}");
                assert!(message.chars().count() <= 100, "{message}");
            }
        }
    }

    #[test]
    fn durations_are_seconds_or_go_text() {
        for (value, expected) in [
            (json!(300), Some(300_000)),
            (json!(0), Some(0)),
            (json!("300"), Some(300_000)),
            (json!("5m"), Some(300_000)),
            (json!("1h30m"), Some(5_400_000)),
            (json!("1.5h"), Some(5_400_000)),
            (json!("300ms"), Some(300)),
            (json!("1us"), Some(1)),
            (json!(-5), None),
            (json!("-5m"), None),
            (json!(1.5), None),
            (json!("5"), Some(5_000)),
            (json!("5 m"), None),
            (json!("m"), None),
            (json!(""), None),
            (json!("1d"), None),
            (json!("1.2.3s"), None),
            (json!(true), None),
            (json!(u64::MAX), None),
        ] {
            assert_eq!(duration_ms(&value), expected, "{value}");
        }
    }
}
