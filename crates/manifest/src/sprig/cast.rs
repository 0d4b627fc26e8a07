//! Numbers of whatever a template gives: `cast` v1.7.0, which never fails in sprig.

use super::args::text;
use crate::tmpl::Value;

/// Go's conversion of a float to an integer on this machine: what does not fit is the smallest.
pub(super) fn truncated(value: f64) -> i64 {
    const EDGE: f64 = 9_223_372_036_854_775_808.0;
    if (-EDGE..EDGE).contains(&value) { value as i64 } else { i64::MIN }
}

/// `cast.ToInt64`.
pub(super) fn to_int(value: &Value) -> i64 {
    match value {
        Value::Float(number) => truncated(*number),
        Value::Bool(truth) => i64::from(*truth),
        Value::Str(text) => std::str::from_utf8(text)
            .ok()
            .and_then(|text| parse_int(without_zeros(text), 0))
            .unwrap_or(0),
        other => match (other.signed(), other.unsigned()) {
            (Some(number), _) => number,
            (_, Some(number)) => number.cast_signed(),
            _ => 0,
        },
    }
}

/// `cast.ToFloat64`.
pub(super) fn to_float(value: &Value) -> f64 {
    match value {
        Value::Float(number) => *number,
        Value::Bool(truth) => f64::from(u8::from(*truth)),
        Value::Str(_) => std::str::from_utf8(text(value)).ok().and_then(parse_float).unwrap_or(0.0),
        other => match (other.signed(), other.unsigned()) {
            (Some(number), _) => number as f64,
            (_, Some(number)) => number as f64,
            _ => 0.0,
        },
    }
}

/// `1.00` is taken for `1`.
fn without_zeros(text: &str) -> &str {
    let bare = text.trim_end_matches('0');
    match bare.strip_suffix('.') {
        Some(whole) if bare.len() < text.len() => whole,
        _ => text,
    }
}

/// `strconv.ParseInt` with 64 bits; base 0 reads prefixes and underscores.
pub(super) fn parse_int(text: &str, base: u32) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (digits, base, prefixed) = match (base, digits.as_bytes()) {
        (0, [b'0', b'x' | b'X', ..]) => (&digits[2..], 16, true),
        (0, [b'0', b'b' | b'B', ..]) => (&digits[2..], 2, true),
        (0, [b'0', b'o' | b'O', ..]) => (&digits[2..], 8, true),
        (0, [b'0', _, ..]) => (&digits[1..], 8, true),
        (0, _) => (digits, 10, false),
        (base, _) => (digits, base, true),
    };
    let plain;
    let digits = if base != 0 && digits.contains('_') {
        if !underscores_fit(digits, prefixed) || text.is_empty() {
            return None;
        }
        plain = digits.replace('_', "");
        plain.as_str()
    } else {
        digits
    };
    if digits.is_empty() || !digits.bytes().all(|byte| char::from(byte).is_digit(base)) {
        return None;
    }
    let value = u64::from_str_radix(digits, base).ok()?;
    if negative { 0_i64.checked_sub_unsigned(value) } else { i64::try_from(value).ok() }
}

/// Underscores stand between digits, or between the prefix and a digit.
fn underscores_fit(digits: &str, prefixed: bool) -> bool {
    !digits.ends_with('_') && !digits.contains("__") && (prefixed || !digits.starts_with('_'))
}

/// `strconv.ParseFloat`; what does not fit is an error.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    let value: f64 = text.parse().ok()?;
    let written = text.bytes().any(|byte| byte.is_ascii_digit());
    (value.is_finite() || !written).then_some(value)
}
