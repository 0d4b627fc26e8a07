//! What counts as empty, and what stands in for it.

use super::args::{A, Result, kind};
use super::dicts::deep_copy;
use crate::tmpl::{Function, Shape, Type, Value, text::truth};

const B: Type = Type::Bool;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::variadic("default", &[A], A, A, |_, args| {
        Ok(args.get(1).filter(|given| !is_empty(given)).unwrap_or(&args[0]).clone())
    }),
    Function::new("empty", &[A], B, |_, args| Ok(Value::Bool(is_empty(&args[0])))),
    Function::variadic("coalesce", &[], A, A, |_, args| {
        Ok(args.iter().find(|value| !is_empty(value)).cloned().unwrap_or(Value::Nil))
    }),
    Function::variadic("all", &[], A, B, |_, args| Ok(Value::Bool(!args.iter().any(is_empty)))),
    Function::variadic("any", &[], A, B, |_, args| {
        Ok(Value::Bool(args.iter().any(|value| !is_empty(value))))
    }),
    Function::new("ternary", &[A, A, B], A, |_, args| ternary(args)),
    Function::new("deepCopy", &[A], A, |_, args| Ok(deep_copy(&args[0]))),
    Function::new("mustDeepCopy", &[A], A, |_, args| Ok(deep_copy(&args[0]))),
];

/// sprig's `empty`: like the truth of a template, but for structs and pointers.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(object) => match object.shape() {
            Shape::Struct => false,
            Shape::NilPointer => true,
            Shape::List(_) | Shape::Map(_) => !truth(value),
        },
        _ => !truth(value),
    }
}

fn ternary(args: &[Value]) -> Result {
    debug_assert_eq!(kind(&args[2]), "bool", "the engine checks the type");
    Ok(args[usize::from(!matches!(args[2], Value::Bool(true)))].clone())
}
