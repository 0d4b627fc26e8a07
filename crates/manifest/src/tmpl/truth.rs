//! What counts as true, and the comparisons of Go's templates.

use super::fmt;
use super::value::{Object, Shape, Value};
use std::cmp::Ordering;
use std::rc::Rc;

/// Not the zero of its type.
pub fn truth(value: &Value) -> bool {
    match value {
        Value::NoValue | Value::Nil => false,
        Value::Bool(truth) => *truth,
        Value::Int(number) | Value::Int64(number) => *number != 0,
        Value::Int32(number) => *number != 0,
        Value::Uint8(number) => *number != 0,
        Value::Uint64(number) => *number != 0,
        Value::Float(number) => *number != 0.0,
        Value::Str(text) | Value::Bytes(text) => !text.is_empty(),
        Value::List(list) => !list.items().is_empty(),
        Value::Map(map) => !map.is_empty(),
        Value::Object(object) => match object.shape() {
            Shape::Struct => true,
            Shape::NilPointer => false,
            Shape::List(list) => !list.items().is_empty(),
            Shape::Map(map) => !map.is_empty(),
        },
    }
}

const BAD_TYPE: &str = "invalid type for comparison";

/// The kinds that can be ordered or compared as such.
enum Basic<'v> {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Str(&'v [u8]),
    None,
}

fn basic(value: &Value) -> Basic<'_> {
    match value {
        Value::Bool(truth) => Basic::Bool(*truth),
        Value::Float(number) => Basic::Float(*number),
        Value::Str(text) => Basic::Str(text),
        _ => match (value.signed(), value.unsigned()) {
            (Some(number), _) => Basic::Int(number),
            (_, Some(number)) => Basic::Uint(number),
            _ => Basic::None,
        },
    }
}

fn same_sign(int: i64, uint: u64) -> Ordering {
    u64::try_from(int).map_or(Ordering::Less, |int| int.cmp(&uint))
}

fn incompatible(one: &Value, other: &Value) -> String {
    let (one, other) = (one.type_name(), other.type_name());
    format!("incompatible types for comparison: {one} and {other}")
}

/// `eq` of two values.
pub(crate) fn equal(one: &Value, other: &Value) -> Result<bool, String> {
    Ok(match (basic(one), basic(other)) {
        (Basic::Bool(one), Basic::Bool(other)) => one == other,
        (Basic::Int(one), Basic::Int(other)) => one == other,
        (Basic::Uint(one), Basic::Uint(other)) => one == other,
        (Basic::Float(one), Basic::Float(other)) => one == other,
        (Basic::Str(one), Basic::Str(other)) => one == other,
        (Basic::Int(int), Basic::Uint(uint)) | (Basic::Uint(uint), Basic::Int(int)) => {
            same_sign(int, uint) == Ordering::Equal
        }
        (Basic::None, Basic::None) => return equal_compound(one, other),
        // Nothing is unequal to every basic value, without an error.
        _ if one.is_nothing() || other.is_nothing() => false,
        _ => return Err(incompatible(one, other)),
    })
}

#[derive(PartialEq, Clone, Copy)]
enum Compound {
    Nothing,
    List,
    Map,
    Pointer,
}

fn compound(value: &Value) -> Compound {
    match value {
        Value::Bytes(_) | Value::List(_) => Compound::List,
        Value::Map(_) => Compound::Map,
        Value::Object(object) => match object.shape() {
            Shape::Struct | Shape::NilPointer => Compound::Pointer,
            Shape::List(_) => Compound::List,
            Shape::Map(_) => Compound::Map,
        },
        _ => Compound::Nothing,
    }
}

fn equal_compound(one: &Value, other: &Value) -> Result<bool, String> {
    let (kind, other_kind) = (compound(one), compound(other));
    let nothing = kind == Compound::Nothing || other_kind == Compound::Nothing;
    if kind != other_kind && !nothing {
        // Go mixes up values and types in this sentence; so does this one.
        let (first, second) = (fmt::text_s(one), fmt::text(other));
        let (one, other) = (one.type_name(), other.type_name());
        return Err(format!("non-comparable types {first}: {one}, {other}: {second}"));
    }
    let nil = |value: &Value| match value {
        Value::Object(object) => matches!(object.shape(), Shape::NilPointer),
        value => value.is_nothing(),
    };
    if nil(one) || nil(other) {
        return Ok(nil(one) == nil(other));
    }
    match (one, other) {
        (Value::Object(one), Value::Object(other)) if kind == Compound::Pointer => {
            Ok(Rc::ptr_eq(one, other) || equal_structs(one, other))
        }
        _ => Err(format!("non-comparable type {}: {}", fmt::text_s(other), other.type_name())),
    }
}

fn equal_structs(one: &Rc<dyn Object>, other: &Rc<dyn Object>) -> bool {
    let name = one.type_name();
    let (fields, others) = (one.fields(), other.fields());
    !name.starts_with('*')
        && name == other.type_name()
        && fields.iter().zip(&others).all(|(one, other)| equal(&one.1, &other.1) == Ok(true))
}

/// `lt`.
pub(crate) fn less(one: &Value, other: &Value) -> Result<bool, String> {
    let (first, second) = (basic(one), basic(other));
    if matches!(first, Basic::None) || matches!(second, Basic::None) {
        return Err(BAD_TYPE.to_owned());
    }
    Ok(match (first, second) {
        (Basic::Bool(_), Basic::Bool(_)) => return Err(BAD_TYPE.to_owned()),
        (Basic::Int(one), Basic::Int(other)) => one < other,
        (Basic::Uint(one), Basic::Uint(other)) => one < other,
        (Basic::Float(one), Basic::Float(other)) => one < other,
        (Basic::Str(one), Basic::Str(other)) => one < other,
        (Basic::Int(int), Basic::Uint(uint)) => same_sign(int, uint) == Ordering::Less,
        (Basic::Uint(uint), Basic::Int(int)) => same_sign(int, uint) == Ordering::Greater,
        _ => return Err(incompatible(one, other)),
    })
}

/// `le`, as Go makes it of `lt` and `eq`.
pub(crate) fn less_or_equal(one: &Value, other: &Value) -> Result<bool, String> {
    Ok(less(one, other)? || equal(one, other)?)
}
