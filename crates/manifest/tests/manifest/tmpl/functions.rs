//! The twins of the functions and the object in `tests/oracle/template/main.go`.

use bowline_manifest::tmpl::{
    Call, CallError, Function, FunctionTable, List, Map, Member, Method, Object, Shape, Str, Takes,
    Type, Value,
};
use std::rc::Rc;

type Result = std::result::Result<Value, CallError>;

fn bytes(value: &Value) -> &[u8] {
    match value {
        Value::Str(text) => text.bytes(),
        _ => b"",
    }
}

fn int(value: &Value) -> i64 {
    value.signed().unwrap_or(0)
}

fn set(_: &mut Call<'_>, args: &[Value]) -> Result {
    let Value::Map(map) = &args[0] else {
        return Err(CallError::new("assignment to entry in nil map"));
    };
    map.set(Str::from(bytes(&args[1])), args[2].clone());
    Ok(args[0].clone())
}

fn dict(_: &mut Call<'_>, args: &[Value]) -> Result {
    let mut entries = Vec::new();
    for pair in args.chunks_exact(2) {
        let mut key = Vec::new();
        bowline_manifest::tmpl::text::print(&mut key, &pair[..1]);
        entries.push((Str::from(key), pair[1].clone()));
    }
    Ok(Value::map(entries))
}

static ROWS: &[Function] = &[
    Function::variadic("strings", &[], Type::Str, Type::LIST_STR, |_, args| {
        Ok(Value::List(Rc::new(List::of(Type::LIST_STR, args.to_vec()))))
    }),
    Function::variadic("list", &[], Type::Any, Type::LIST_ANY, |_, args| {
        Ok(Value::list(args.to_vec()))
    }),
    Function::new("i64", &[Type::Int], Type::Int64, |_, args| Ok(Value::Int64(int(&args[0])))),
    Function::new("u64", &[Type::Int], Type::Uint64, |_, args| {
        Ok(Value::Uint64(int(&args[0]).cast_unsigned()))
    }),
    Function::new("i32", &[Type::Int], Type::Int32, |_, args| {
        Ok(Value::Int32(int(&args[0]) as i32))
    }),
    Function::new("bytes", &[Type::Str], Type::BYTES, |_, args| {
        Ok(Value::Bytes(Str::from(bytes(&args[0]))))
    }),
    Function::new("labels", &[], Type::MAP_STR, |_, _| {
        let entries = [("a", "1"), ("b", "2")];
        let entries = entries.map(|(key, value)| (Str::from(key), Value::from(value)));
        Ok(Value::Map(Rc::new(Map::of(Type::MAP_STR, entries.into()))))
    }),
    Function::new("fail", &[Type::Str], Type::Str, |_, args| {
        Err(CallError::new(String::from_utf8_lossy(bytes(&args[0]))))
    }),
    Function::new("upper", &[Type::Str], Type::Str, |_, args| {
        Ok(Value::str(String::from_utf8_lossy(bytes(&args[0])).to_uppercase()))
    }),
    Function::new("count", &[Type::MAP_ANY], Type::Int, |_, args| {
        Ok(Value::Int(match &args[0] {
            Value::Map(map) => map.len() as i64,
            _ => 0,
        }))
    }),
    Function::new("first", &[Type::LIST_ANY], Type::Any, |_, args| match &args[0] {
        Value::List(list) if !list.items().is_empty() => Ok(list.items()[0].clone()),
        _ => Err(CallError::new("runtime error: index out of range [0] with length 0")),
    }),
    Function::new("half", &[Type::Float], Type::Float, |_, args| match args[0] {
        Value::Float(number) => Ok(Value::Float(number / 2.0)),
        _ => Err(CallError::new("no float")),
    }),
    Function::new("flip", &[Type::Bool], Type::Bool, |_, args| {
        Ok(Value::Bool(!matches!(args[0], Value::Bool(true))))
    }),
    Function::new("add", &[Type::Int, Type::Int], Type::Int, |_, args| {
        Ok(Value::Int(int(&args[0]).wrapping_add(int(&args[1]))))
    }),
    Function::new("add64", &[Type::Int64, Type::Int64], Type::Int64, |_, args| {
        Ok(Value::Int64(int(&args[0]).wrapping_add(int(&args[1]))))
    }),
    Function::new("nothing", &[], Type::Any, |_, _| Ok(Value::Nil)),
    Function::new("seven", &[], Type::Any, |_, _| Ok(Value::Int(7))),
    Function::new("same", &[Type::Any], Type::Any, |_, args| Ok(args[0].clone())),
    Function::variadic("dict", &[], Type::Any, Type::MAP_ANY, dict),
    Function::new("set", &[Type::MAP_ANY, Type::Str, Type::Any], Type::MAP_ANY, set),
    Function::new("include", &[Type::Str, Type::Any], Type::Str, |call, args| {
        Ok(Value::Str(call.render(bytes(&args[0]), args[1].clone())?))
    }),
    Function::new("thing", &[], Type::Object("*main.thing"), |_, _| {
        Ok(Value::Object(Rc::new(Thing)))
    }),
    Function::new("version", &[], Type::Object("main.version"), |_, _| {
        Ok(Value::Object(Rc::new(Version)))
    }),
    Function::new("set_of", &[], Type::Object("main.set"), |_, _| {
        Ok(Value::Object(Rc::new(SetOf)))
    }),
];

pub(crate) fn table() -> FunctionTable {
    FunctionTable::new(&[ROWS])
}

struct Thing;

static GREET: Method = Method {
    takes: Takes { fixed: &[Type::Str], rest: None },
    gives: Type::Str,
    body: |_, _, args| {
        let mut text = b"hello ".to_vec();
        text.extend_from_slice(bytes(&args[0]));
        text.extend_from_slice(b" from T");
        Ok(Value::str(text))
    },
};
static COUNT: Method = Method {
    takes: Takes { fixed: &[], rest: Some(Type::Str) },
    gives: Type::Int,
    body: |_, _, args| Ok(Value::Int(args.len() as i64)),
};
static FAIL: Method = Method {
    takes: Takes { fixed: &[], rest: None },
    gives: Type::Str,
    body: |_, _, _| Err(CallError::new("the thing failed")),
};

impl Object for Thing {
    fn type_name(&self) -> &str {
        "*main.thing"
    }

    fn member(&self, name: &[u8]) -> Option<Member> {
        Some(match name {
            b"Name" => Member::Field(Value::from("T"), Type::Str),
            b"Any" => Member::Field(Value::Nil, Type::Any),
            b"Labels" => {
                let entries = [(Str::from("k"), Value::from("v"))];
                let map = Map::of(Type::MAP_STR, entries.into());
                Member::Field(Value::Map(Rc::new(map)), Type::MAP_STR)
            }
            b"Next" => Member::Field(Value::Object(Rc::new(NoThing)), Type::Object("*main.thing")),
            b"Greet" => Member::Method(&GREET),
            b"Count" => Member::Method(&COUNT),
            b"Fail" => Member::Method(&FAIL),
            _ => return None,
        })
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        ["Name", "Any", "Labels", "Next"]
            .iter()
            .filter_map(|name| match self.member(name.as_bytes()) {
                Some(Member::Field(value, _)) => Some((*name, value)),
                _ => None,
            })
            .collect()
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

struct NoThing;

impl Object for NoThing {
    fn type_name(&self) -> &str {
        "*main.thing"
    }

    fn member(&self, name: &[u8]) -> Option<Member> {
        Thing.member(name)
    }

    fn shape(&self) -> Shape {
        Shape::NilPointer
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

struct Version;

impl Object for Version {
    fn type_name(&self) -> &str {
        "main.version"
    }

    fn member(&self, _: &[u8]) -> Option<Member> {
        None
    }

    fn text(&self) -> Option<Str> {
        Some(Str::from("v1.2"))
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("text", Value::from("1.2"))]
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

struct SetOf;

static HAS: Method = Method {
    takes: Takes { fixed: &[Type::Str], rest: None },
    gives: Type::Bool,
    body: |_, _, args| Ok(Value::Bool(matches!(bytes(&args[0]), b"one" | b"two"))),
};

impl Object for SetOf {
    fn type_name(&self) -> &str {
        "main.set"
    }

    fn member(&self, name: &[u8]) -> Option<Member> {
        (name == b"Has").then_some(Member::Method(&HAS))
    }

    fn shape(&self) -> Shape {
        let items = ["one", "two"].map(Value::from).to_vec();
        Shape::List(Rc::new(List::of(Type::LIST_STR, items)))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
