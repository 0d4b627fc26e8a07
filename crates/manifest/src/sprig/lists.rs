//! Lists.

use super::args::{A, I, L, Result, items, kind, nil_dereference, strslice, strval};
use super::cast::to_int;
use super::defaults::is_empty;
use super::reflect::deep_equal;
use crate::tmpl::{Call, CallError, Function, List, Type, Value};
use std::rc::Rc;

const B: Type = Type::Bool;
const LISTS: Type = Type::List(&Type::LIST_ANY);

pub(super) static FUNCTIONS: &[Function] = &[
    Function::variadic("list", &[], A, L, |_, args| made(args)),
    Function::variadic("tuple", &[], A, L, |_, args| made(args)),
    Function::new("append", &[A, A], L, push),
    Function::new("push", &[A, A], L, push),
    Function::new("mustAppend", &[A, A], L, push),
    Function::new("mustPush", &[A, A], L, push),
    Function::new("prepend", &[A, A], L, prepend),
    Function::new("mustPrepend", &[A, A], L, prepend),
    Function::new("first", &[A], A, first),
    Function::new("mustFirst", &[A], A, first),
    Function::new("last", &[A], A, last),
    Function::new("mustLast", &[A], A, last),
    Function::new("rest", &[A], L, rest),
    Function::new("mustRest", &[A], L, rest),
    Function::new("initial", &[A], L, initial),
    Function::new("mustInitial", &[A], L, initial),
    Function::new("reverse", &[A], L, reverse),
    Function::new("mustReverse", &[A], L, reverse),
    Function::new("compact", &[A], L, compact),
    Function::new("mustCompact", &[A], L, compact),
    Function::new("uniq", &[A], L, uniq),
    Function::new("mustUniq", &[A], L, uniq),
    Function::variadic("without", &[A], A, L, without),
    Function::variadic("mustWithout", &[A], A, L, without),
    Function::new("has", &[A, A], B, has),
    Function::new("mustHas", &[A, A], B, has),
    Function::variadic("slice", &[A], A, A, slice),
    Function::variadic("mustSlice", &[A], A, A, slice),
    Function::variadic("concat", &[], A, A, concat),
    Function::new("chunk", &[I, A], LISTS, chunk),
    Function::new("mustChunk", &[I, A], LISTS, chunk),
    Function::new("sortAlpha", &[A], Type::LIST_STR, sort_alpha),
];

fn of(value: &Value, wrong: &str) -> std::result::Result<Rc<List>, CallError> {
    if value.is_nothing() {
        return Err(nil_dereference());
    }
    items(value).ok_or_else(|| CallError::new(format!("{wrong} type {}", kind(value))))
}

/// An element that goes into an `interface {}`: no value at all is nil there.
fn boxed(value: &Value) -> Value {
    if value.is_nothing() { Value::Nil } else { value.clone() }
}

fn made(args: &[Value]) -> Result {
    // Called by reflection, a function without arguments gets an empty slice, not a nil one.
    Ok(Value::list(args.iter().map(boxed).collect()))
}

fn nil() -> Result {
    Ok(Value::List(Rc::new(List::nil(L))))
}

fn push(_: &mut Call<'_>, args: &[Value]) -> Result {
    let list = of(&args[0], "Cannot push on")?;
    Ok(Value::list(list.items().iter().cloned().chain([boxed(&args[1])]).collect()))
}

fn prepend(_: &mut Call<'_>, args: &[Value]) -> Result {
    let list = of(&args[0], "Cannot prepend on")?;
    Ok(Value::list([boxed(&args[1])].into_iter().chain(list.items().iter().cloned()).collect()))
}

fn first(_: &mut Call<'_>, args: &[Value]) -> Result {
    let list = of(&args[0], "Cannot find first on")?;
    Ok(list.items().first().cloned().unwrap_or(Value::Nil))
}

fn last(_: &mut Call<'_>, args: &[Value]) -> Result {
    let list = of(&args[0], "Cannot find last on")?;
    Ok(list.items().last().cloned().unwrap_or(Value::Nil))
}

fn rest(_: &mut Call<'_>, args: &[Value]) -> Result {
    let list = of(&args[0], "Cannot find rest on")?;
    match list.items() {
        [] => nil(),
        [_, rest @ ..] => Ok(Value::list(rest.to_vec())),
    }
}

fn initial(_: &mut Call<'_>, args: &[Value]) -> Result {
    let list = of(&args[0], "Cannot find initial on")?;
    match list.items() {
        [] => nil(),
        [initial @ .., _] => Ok(Value::list(initial.to_vec())),
    }
}

fn reverse(_: &mut Call<'_>, args: &[Value]) -> Result {
    let list = of(&args[0], "Cannot find reverse on")?;
    Ok(Value::list(list.items().iter().rev().cloned().collect()))
}

fn compact(_: &mut Call<'_>, args: &[Value]) -> Result {
    let list = of(&args[0], "Cannot compact on")?;
    Ok(Value::list(list.items().iter().filter(|item| !is_empty(item)).cloned().collect()))
}

fn uniq(_: &mut Call<'_>, args: &[Value]) -> Result {
    let list = of(&args[0], "Cannot find uniq on")?;
    let mut texts = std::collections::HashSet::new();
    let mut kept: Vec<Value> = Vec::new();
    for item in list.items() {
        // Long lists are lists of texts.
        let new = match item {
            Value::Str(text) => texts.insert(text.clone()),
            _ => !kept.iter().any(|known| deep_equal(item, known)),
        };
        if new {
            kept.push(item.clone());
        }
    }
    Ok(Value::list(kept))
}

fn without(_: &mut Call<'_>, args: &[Value]) -> Result {
    let list = of(&args[0], "Cannot find without on")?;
    let gone = |item: &&Value| !args[1..].iter().any(|omitted| deep_equal(item, omitted));
    Ok(Value::list(list.items().iter().filter(gone).cloned().collect()))
}

fn has(_: &mut Call<'_>, args: &[Value]) -> Result {
    if args[1].is_nothing() {
        return Ok(Value::Bool(false));
    }
    let list = of(&args[1], "Cannot find has on")?;
    Ok(Value::Bool(list.items().iter().any(|item| deep_equal(&args[0], item))))
}

fn slice(_: &mut Call<'_>, args: &[Value]) -> Result {
    let list = of(&args[0], "list should be type of slice or array but")
        .map_err(|error| CallError::new(error.message.replace("but type ", "but ")))?;
    let length = list.items().len();
    if length == 0 {
        return Ok(Value::Nil);
    }
    let start = args.get(1).map_or(0, to_int);
    let end = args.get(2).map_or(length as i64, to_int);
    let bounds = (usize::try_from(start), usize::try_from(end));
    match bounds {
        (Ok(start), Ok(end)) if start <= end && end <= length => {
            let items = list.items()[start..end].to_vec();
            if let Value::Bytes(bytes) = &args[0] {
                return Ok(Value::Bytes(bytes[start..end].into()));
            }
            Ok(Value::List(Rc::new(List::of(list.typ, items))))
        }
        _ => Err(CallError::new("reflect.Value.Slice: slice index out of bounds")),
    }
}

fn concat(_: &mut Call<'_>, args: &[Value]) -> Result {
    let mut out = Vec::new();
    for value in args {
        if value.is_nothing() {
            return Err(nil_dereference());
        }
        let Some(list) = items(value) else {
            let message = format!("Cannot concat type {} as list", kind(value));
            return Err(CallError::new(message));
        };
        out.extend(list.items().iter().cloned());
    }
    if out.is_empty() { nil() } else { Ok(Value::list(out)) }
}

fn chunk(_: &mut Call<'_>, args: &[Value]) -> Result {
    let list = of(&args[1], "Cannot chunk")?;
    let Some(size) = args[0].signed().and_then(|size| usize::try_from(size).ok()) else {
        return Err(CallError::new("runtime error: makeslice: len out of range"));
    };
    if size == 0 {
        // Go divides by zero in floats, and the length that comes of it is the least integer.
        return Err(CallError::new("runtime error: makeslice: len out of range"));
    }
    let chunks = list.items().chunks(size).map(|chunk| Value::list(chunk.to_vec())).collect();
    Ok(Value::List(Rc::new(List::of(LISTS, chunks))))
}

fn sort_alpha(_: &mut Call<'_>, args: &[Value]) -> Result {
    if items(&args[0]).is_none() {
        return Ok(Value::strings([strval(&args[0])]));
    }
    let mut texts = strslice(&args[0]);
    texts.sort();
    Ok(Value::strings(texts))
}
