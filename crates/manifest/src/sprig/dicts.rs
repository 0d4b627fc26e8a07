//! Dictionaries: shared, and changed in place by `set`, `unset` and `merge`.

use super::args::{A, L, M, Result, S, items, kind, map, strval, text};
use super::merge::merge;
use crate::tmpl::{Call, CallError, Function, List, Map, Str, Type, Value};
use std::rc::Rc;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::variadic("dict", &[], A, M, dict),
    Function::new("get", &[M, S], A, |_, args| {
        let found = map(&args[0]).and_then(|map| map.get(text(&args[1])));
        Ok(found.unwrap_or_else(|| Value::str("")))
    }),
    Function::new("set", &[M, S, A], M, |_, args| {
        let Some(map) = map(&args[0]) else {
            return Err(CallError::new("assignment to entry in nil map"));
        };
        let value = if args[2].is_nothing() { Value::Nil } else { args[2].clone() };
        map.set(Str::from(text(&args[1])), value);
        Ok(args[0].clone())
    }),
    Function::new("unset", &[M, S], M, |_, args| {
        if let Some(map) = map(&args[0]) {
            map.remove(text(&args[1]));
        }
        Ok(args[0].clone())
    }),
    Function::new("hasKey", &[M, S], Type::Bool, |_, args| {
        Ok(Value::Bool(map(&args[0]).is_some_and(|map| map.has(text(&args[1])))))
    }),
    Function::variadic("pluck", &[S], M, L, |_, args| {
        let maps = args[1..].iter().filter_map(map);
        Ok(Value::list(maps.filter_map(|map| map.get(text(&args[0]))).collect()))
    }),
    // Go's order of keys and values is by chance; ours is that of the keys' bytes.
    Function::variadic("keys", &[], M, Type::LIST_STR, |_, args| {
        Ok(Value::strings(args.iter().filter_map(map).flat_map(|map| map.keys())))
    }),
    Function::new("values", &[M], L, |_, args| {
        let entries = map(&args[0]).map(|map| map.snapshot()).unwrap_or_default();
        Ok(Value::list(entries.into_iter().map(|(_, value)| value).collect()))
    }),
    Function::variadic("pick", &[M], S, M, |_, args| {
        let Some(map) = map(&args[0]) else { return Ok(Value::map([])) };
        let keys = args[1..].iter().map(|key| Str::from(text(key)));
        Ok(Value::map(keys.filter_map(|key| map.get(&key).map(|value| (key, value)))))
    }),
    Function::variadic("omit", &[M], S, M, |_, args| {
        let entries = map(&args[0]).map(|map| map.snapshot()).unwrap_or_default();
        let kept = |key: &Str| !args[1..].iter().any(|omitted| text(omitted) == key.bytes());
        Ok(Value::map(entries.into_iter().filter(|(key, _)| kept(key))))
    }),
    Function::variadic("merge", &[M], M, A, |_, args| merged(args, false)),
    Function::variadic("mustMerge", &[M], M, A, |_, args| merged(args, false)),
    Function::variadic("mergeOverwrite", &[M], M, A, |_, args| merged(args, true)),
    Function::variadic("mustMergeOverwrite", &[M], M, A, |_, args| merged(args, true)),
    Function::variadic("dig", &[], A, A, dig),
];

fn dict(_: &mut Call<'_>, args: &[Value]) -> Result {
    let pairs = args.chunks(2).map(|pair| {
        let value = match pair.get(1) {
            None => Value::str(""),
            Some(value) if value.is_nothing() => Value::Nil,
            Some(value) => value.clone(),
        };
        (strval(&pair[0]), value)
    });
    Ok(Value::map(pairs))
}

fn merged(args: &[Value], overwrite: bool) -> Result {
    let sources = args[1..].iter().map(map);
    let Some(into) = map(&args[0]) else {
        // A nil map becomes the first that is none, as a map of its own.
        let into = Rc::new(Map::new(std::collections::BTreeMap::new()));
        for source in sources.flatten() {
            merge(&into, &source, overwrite).map_err(CallError::new)?;
        }
        return Ok(Value::Map(into));
    };
    for source in sources {
        if let Some(source) = source {
            merge(&into, &source, overwrite).map_err(CallError::new)?;
        }
    }
    Ok(args[0].clone())
}

fn conversion(value: &Value, wanted: &str) -> CallError {
    let name = match value {
        value if value.is_nothing() => "nil".to_owned(),
        value => value.type_name(),
    };
    CallError::new(format!("interface conversion: interface {{}} is {name}, not {wanted}"))
}

fn dig(_: &mut Call<'_>, args: &[Value]) -> Result {
    let [keys @ .., default, dict] = args else {
        return Err(CallError::new("dig needs at least three arguments"));
    };
    if keys.is_empty() {
        return Err(CallError::new("dig needs at least three arguments"));
    }
    let plain = |value: &Value| match value {
        Value::Map(map) if map.typ == M => Ok(map.clone()),
        value => Err(conversion(value, "map[string]interface {}")),
    };
    let mut level = plain(dict)?;
    for key in keys {
        if !matches!(key, Value::Str(_)) {
            return Err(conversion(key, "string"));
        }
    }
    for (at, key) in keys.iter().enumerate() {
        let Some(step) = level.get(text(key)) else { return Ok(default.clone()) };
        if at + 1 == keys.len() {
            return Ok(step);
        }
        level = plain(&step)?;
    }
    Ok(default.clone())
}

/// `copystructure.Copy`: maps and lists are new all the way down.
pub(super) fn deep_copy(value: &Value) -> Value {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || match value {
        Value::Map(map) => {
            let entries = map.snapshot().into_iter();
            let entries = entries.map(|(key, value)| (key, deep_copy(&value)));
            Value::Map(Rc::new(Map::of(map.typ, entries.collect())))
        }
        Value::List(list) if !list.is_nil() => {
            let copies = list.items().iter().map(deep_copy).collect();
            Value::List(Rc::new(List::of(list.typ, copies)))
        }
        Value::Object(_) if kind(value) == "slice" => items(value).map_or(Value::Nil, Value::List),
        other => other.clone(),
    })
}
