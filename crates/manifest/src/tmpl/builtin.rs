//! The functions that every Go template has.

use super::ast::Builtin;
use super::call::{Call, CallError, Function};
use super::truth::{equal, less, less_or_equal, truth};
use super::types::Type;
use super::value::{List, Map, Object, Shape, Str, Value};
use super::{escape, fmt};
use std::rc::Rc;

const ONE: &[Type] = &[Type::Reflect];
const TWO: &[Type] = &[Type::Reflect, Type::Reflect];

type Result = std::result::Result<Value, CallError>;

static BUILTINS: &[Function] = &[
    Function::variadic("and", ONE, Type::Reflect, Type::Reflect, special),
    Function::variadic("call", ONE, Type::Reflect, Type::Reflect, special),
    Function::variadic("eq", ONE, Type::Reflect, Type::Bool, eq),
    Function::new("ge", TWO, Type::Bool, |_, args| compared(less(&args[0], &args[1]), true)),
    Function::new("gt", TWO, Type::Bool, |_, args| {
        compared(less_or_equal(&args[0], &args[1]), true)
    }),
    Function::variadic("html", &[], Type::Any, Type::Str, |_, args| {
        Ok(Value::str(escape::html(&text_of(args))))
    }),
    Function::variadic("index", ONE, Type::Reflect, Type::Reflect, index),
    Function::variadic("js", &[], Type::Any, Type::Str, |_, args| {
        Ok(Value::str(escape::js(&text_of(args))))
    }),
    Function::new("le", TWO, Type::Bool, |_, args| {
        compared(less_or_equal(&args[0], &args[1]), false)
    }),
    Function::new("len", ONE, Type::Int, |_, args| length(&args[0])),
    Function::new("lt", TWO, Type::Bool, |_, args| compared(less(&args[0], &args[1]), false)),
    Function::new("ne", TWO, Type::Bool, |_, args| compared(equal(&args[0], &args[1]), true)),
    Function::new("not", ONE, Type::Bool, |_, args| Ok(Value::Bool(!truth(&args[0])))),
    Function::variadic("or", ONE, Type::Reflect, Type::Reflect, special),
    Function::variadic("print", &[], Type::Any, Type::Str, |_, args| written(args, fmt::print)),
    Function::variadic("printf", &[Type::Str], Type::Any, Type::Str, |_, args| {
        let Value::Str(format) = &args[0] else { return Err(CallError::new("no format")) };
        let mut out = Vec::new();
        fmt::printf(&mut out, format, &args[1..]);
        Ok(Value::str(out))
    }),
    Function::variadic("println", &[], Type::Any, Type::Str, |_, args| written(args, fmt::println)),
    Function::variadic("slice", ONE, Type::Reflect, Type::Reflect, slice),
    Function::variadic("urlquery", &[], Type::Any, Type::Str, |_, args| {
        Ok(Value::str(escape::url_query(&text_of(args))))
    }),
];

/// The row of a built-in function; some have rules of their own in the executor.
pub(crate) fn find(name: &[u8]) -> Option<(&'static Function, Builtin)> {
    let function = BUILTINS.iter().find(|function| function.name.as_bytes() == name)?;
    let kind = match function.name {
        "and" => Builtin::And,
        "or" => Builtin::Or,
        "call" => Builtin::Call,
        "slice" => Builtin::Slice,
        _ => Builtin::None,
    };
    Some((function, kind))
}

/// Never called: the executor carries these out itself.
fn special(_: &mut Call<'_>, _: &[Value]) -> Result {
    Err(CallError::new("unreachable"))
}

fn compared(result: std::result::Result<bool, String>, inverse: bool) -> Result {
    match result {
        Ok(truth) => Ok(Value::Bool(truth != inverse)),
        Err(message) => Err(CallError::new(message)),
    }
}

fn written(args: &[Value], write: fn(&mut Vec<u8>, &[Value])) -> Result {
    let mut out = Vec::new();
    write(&mut out, args);
    Ok(Value::str(out))
}

/// The arguments as `print` writes them, as a template prints a value.
fn text_of(args: &[Value]) -> Vec<u8> {
    if let [Value::Str(text)] = args {
        return text.to_vec();
    }
    let shown: Vec<Value> = args
        .iter()
        .map(|arg| if arg.is_nothing() { Value::str("<no value>") } else { arg.clone() })
        .collect();
    let mut out = Vec::new();
    fmt::print(&mut out, &shown);
    out
}

fn eq(_: &mut Call<'_>, args: &[Value]) -> Result {
    if args.len() < 2 {
        return Err(CallError::new("missing argument for comparison"));
    }
    for other in &args[1..] {
        if equal(&args[0], other).map_err(CallError::new)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

/// Something with elements, whoever owns it.
enum Elements {
    Bytes(Str, bool),
    List(Rc<List>),
    Map(Rc<Map>),
    NilPointer,
    Other,
}

fn elements(value: &Value) -> Elements {
    match value {
        Value::Str(text) => Elements::Bytes(text.clone(), true),
        Value::Bytes(bytes) => Elements::Bytes(bytes.clone(), false),
        Value::List(list) => Elements::List(list.clone()),
        Value::Map(map) => Elements::Map(map.clone()),
        Value::Object(object) => shape(object),
        _ => Elements::Other,
    }
}

fn shape(object: &Rc<dyn Object>) -> Elements {
    match object.shape() {
        Shape::Struct => Elements::Other,
        Shape::NilPointer => Elements::NilPointer,
        Shape::List(list) => Elements::List(list),
        Shape::Map(map) => Elements::Map(map),
    }
}

fn length(value: &Value) -> Result {
    let length = match elements(value) {
        Elements::Bytes(bytes, _) => bytes.len(),
        Elements::List(list) => list.items().len(),
        Elements::Map(map) => map.len(),
        Elements::NilPointer => return Err(CallError::new("len of nil pointer")),
        Elements::Other => {
            return Err(CallError::new(match value {
                Value::NoValue => "reflect: call of reflect.Value.Type on zero Value".to_owned(),
                Value::Nil => "len of nil pointer".to_owned(),
                value => format!("len of type {}", value.pointee_name()),
            }));
        }
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

/// An index from 0 to `most`, the last included.
fn position(index: &Value, most: usize) -> std::result::Result<usize, CallError> {
    let number = match (index.signed(), index.unsigned()) {
        (Some(number), _) => number,
        (_, Some(number)) => number.cast_signed(),
        _ if index.is_nothing() => {
            return Err(CallError::new("cannot index slice/array with nil"));
        }
        _ => {
            let name = index.type_name();
            return Err(CallError::new(format!("cannot index slice/array with type {name}")));
        }
    };
    match usize::try_from(number) {
        Ok(position) if position <= most => Ok(position),
        _ => Err(CallError::new(format!("index out of range: {number}"))),
    }
}

fn index(_: &mut Call<'_>, args: &[Value]) -> Result {
    let mut item = args[0].clone();
    if item.is_nothing() {
        return Err(CallError::new("index of untyped nil"));
    }
    for index in &args[1..] {
        item = match elements(&item) {
            Elements::Bytes(bytes, is_text) => {
                let at = position(index, bytes.len())?;
                let byte = bytes.get(at).ok_or_else(|| beyond(at, bytes.len(), is_text))?;
                Value::Uint8(*byte)
            }
            Elements::List(list) => {
                let at = position(index, list.items().len())?;
                let found = list.items().get(at).cloned();
                found.ok_or_else(|| beyond(at, list.items().len(), false))?
            }
            Elements::Map(map) => {
                let Value::Str(key) = index else {
                    return Err(CallError::new(if index.is_nothing() {
                        "value is nil; should be of type string".to_owned()
                    } else {
                        format!("value has type {}; should be string", index.type_name())
                    }));
                };
                map.get(key).unwrap_or_else(|| Value::zero(map.element()))
            }
            Elements::NilPointer => return Err(CallError::new("index of nil pointer")),
            Elements::Other if item.is_nothing() => {
                return Err(CallError::new("index of nil pointer"));
            }
            Elements::Other => {
                let name = item.pointee_name();
                return Err(CallError::new(format!("can't index item of type {name}")));
            }
        };
    }
    Ok(item)
}

/// The index that Go's check lets through and Go's reflection then refuses.
fn beyond(_: usize, _: usize, is_text: bool) -> CallError {
    let what = if is_text { "string" } else { "slice" };
    CallError::new(format!("reflect: {what} index out of range"))
}

fn slice(_: &mut Call<'_>, args: &[Value]) -> Result {
    let (item, indexes) = (&args[0], &args[1..]);
    match item {
        Value::NoValue | Value::Nil => return Err(CallError::new("slice of untyped nil")),
        _ if indexes.len() > 3 => {
            return Err(CallError::new(format!("too many slice indexes: {}", indexes.len())));
        }
        _ => {}
    }
    let found = elements(item);
    let length = match &found {
        Elements::Bytes(_, true) if indexes.len() == 3 => {
            return Err(CallError::new("cannot 3-index slice a string"));
        }
        Elements::Bytes(bytes, _) => bytes.len(),
        Elements::List(list) => list.items().len(),
        Elements::NilPointer => return Err(CallError::new("slice of nil pointer")),
        Elements::Map(_) | Elements::Other => {
            let name = item.pointee_name();
            return Err(CallError::new(format!("can't slice item of type {name}")));
        }
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = position(index, length)?;
    }
    let [from, to, most] = bounds;
    if from > to {
        return Err(CallError::new(format!("invalid slice index: {from} > {to}")));
    }
    if to > most {
        return Err(CallError::new(format!("invalid slice index: {to} > {most}")));
    }
    Ok(match found {
        Elements::Bytes(text, true) => Value::str(&text[from..to]),
        Elements::Bytes(bytes, false) => Value::Bytes(Str::from(&bytes[from..to])),
        Elements::List(list) => {
            Value::List(Rc::new(List::of(list.typ, list.items()[from..to].to_vec())))
        }
        Elements::Map(_) | Elements::NilPointer | Elements::Other => Value::NoValue,
    })
}

/// An index of `slice` that stands in an `interface {}`: Go looks into it everywhere but there.
pub(crate) struct Wrapped;

impl Object for Wrapped {
    fn type_name(&self) -> &str {
        "interface {}"
    }

    fn member(&self, _: &[u8]) -> Option<super::call::Member> {
        None
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
