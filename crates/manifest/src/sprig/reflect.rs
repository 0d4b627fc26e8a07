//! Types and kinds, and Go's deep equality.

use super::args::{A, Result, S, kind, string, text};
use crate::tmpl::{Function, Map, Shape, Type, Value};
use std::rc::Rc;

const B: Type = Type::Bool;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("typeOf", &[A], S, |_, args| string(args[0].type_name())),
    Function::new("typeIs", &[S, A], B, |_, args| is(text(&args[0]), &args[1].type_name())),
    Function::new("typeIsLike", &[S, A], B, |_, args| {
        let (wanted, name) = (text(&args[0]), args[1].type_name());
        let pointee = name.strip_prefix('*').unwrap_or(&name);
        Ok(Value::Bool(wanted == name.as_bytes() || wanted == pointee.as_bytes()))
    }),
    Function::new("kindOf", &[A], S, |_, args| string(kind(&args[0]))),
    Function::new("kindIs", &[S, A], B, |_, args| is(text(&args[0]), kind(&args[1]))),
    Function::new("deepEqual", &[A, A], B, |_, args| {
        Ok(Value::Bool(deep_equal(&args[0], &args[1])))
    }),
];

fn is(wanted: &[u8], name: &str) -> Result {
    Ok(Value::Bool(wanted == name.as_bytes()))
}

/// `reflect.DeepEqual`: values of different types are never equal.
pub(super) fn deep_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::NoValue | Value::Nil, Value::NoValue | Value::Nil) => true,
        (Value::Bool(one), Value::Bool(other)) => one == other,
        (Value::Int(one), Value::Int(other)) => one == other,
        (Value::Int64(one), Value::Int64(other)) => one == other,
        (Value::Int32(one), Value::Int32(other)) => one == other,
        (Value::Uint8(one), Value::Uint8(other)) => one == other,
        (Value::Uint64(one), Value::Uint64(other)) => one == other,
        (Value::Float(one), Value::Float(other)) => one == other,
        (Value::Str(one), Value::Str(other)) | (Value::Bytes(one), Value::Bytes(other)) => {
            one == other
        }
        (Value::List(one), Value::List(other)) => {
            one.typ == other.typ
                && one.is_nil() == other.is_nil()
                && one.items().len() == other.items().len()
                && (Rc::ptr_eq(one, other)
                    || one.items().iter().zip(other.items()).all(|(one, other)| {
                        stacker::maybe_grow(64 * 1024, 1024 * 1024, || deep_equal(one, other))
                    }))
        }
        (Value::Map(one), Value::Map(other)) => equal_maps(one, other),
        (Value::Object(one), Value::Object(other)) => {
            Rc::ptr_eq(one, other)
                || one.type_name() == other.type_name()
                    && match (one.shape(), other.shape()) {
                        (Shape::Map(one), Shape::Map(other)) => equal_maps(&one, &other),
                        (Shape::List(one), Shape::List(other)) => {
                            deep_equal(&Value::List(one), &Value::List(other))
                        }
                        (Shape::Struct, Shape::Struct) => {
                            let (fields, others) = (one.fields(), other.fields());
                            !fields.is_empty()
                                && fields
                                    .iter()
                                    .zip(&others)
                                    .all(|(one, other)| deep_equal(&one.1, &other.1))
                        }
                        (one, other) => {
                            matches!((one, other), (Shape::NilPointer, Shape::NilPointer))
                        }
                    }
        }
        _ => false,
    }
}

fn equal_maps(one: &Rc<Map>, other: &Rc<Map>) -> bool {
    if Rc::ptr_eq(one, other) {
        return true;
    }
    one.typ == other.typ
        && one.len() == other.len()
        && one.snapshot().iter().all(|(key, value)| {
            let other = other.get(key);
            other.is_some_and(|other| {
                stacker::maybe_grow(64 * 1024, 1024 * 1024, || deep_equal(value, &other))
            })
        })
}
