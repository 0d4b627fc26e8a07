//! Equality and order: loose between kinds, and text without case.

use super::{Comparison, Value};
use std::cmp::Ordering;
use std::sync::Arc;

/// Whether `left comparison right` holds.
pub(crate) fn holds(comparison: Comparison, left: &Value, right: &Value) -> bool {
    match comparison {
        Comparison::Equal => equal(left, right),
        Comparison::NotEqual => !equal(left, right),
        Comparison::Less => order(left, right) == Some(Ordering::Less),
        Comparison::LessOrEqual => equal(left, right) || order(left, right) == Some(Ordering::Less),
        Comparison::Greater => order(left, right) == Some(Ordering::Greater),
        Comparison::GreaterOrEqual => {
            equal(left, right) || order(left, right) == Some(Ordering::Greater)
        }
    }
}

/// Loose equality. Kinds that differ become numbers; NaN equals nothing; lists and objects
/// equal only themselves.
pub(crate) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::String(a), Value::String(b)) => equal_text(a, b),
        (Value::Array(a), Value::Array(b)) => Arc::ptr_eq(a, b),
        (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b),
        (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => false,
        _ => left.to_number() == right.to_number(),
    }
}

/// The order of two values, where they have one.
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Null, Value::Null) => None,
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::String(a), Value::String(b)) => Some(order_text(a, b)),
        (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => None,
        _ => left.to_number().partial_cmp(&right.to_number()),
    }
}

/// Whether two texts are equal when case is ignored.
pub(crate) fn equal_text(left: &str, right: &str) -> bool {
    left == right || left.chars().map(upper).eq(right.chars().map(upper))
}

/// The order of two texts by UTF-16 units of their upper case.
fn order_text(left: &str, right: &str) -> Ordering {
    let units = |text: &str| upper_text(text).encode_utf16().collect::<Vec<u16>>();
    units(left).cmp(&units(right))
}

/// Every character in upper case, one for one.
pub(crate) fn upper_text(text: &str) -> String {
    text.chars().map(upper).collect()
}

/// The simple upper case of one character: what would become several letters (`ß`) stays,
/// and so does the dotless `ı`, which is a letter of its own.
fn upper(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_uppercase();
    }
    if c == 'ı' {
        return c;
    }
    let mut letters = c.to_uppercase();
    match (letters.next(), letters.next()) {
        (Some(only), None) => only,
        _ => c,
    }
}
