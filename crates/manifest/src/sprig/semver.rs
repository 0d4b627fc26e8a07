//! `semver` and `semverCompare`.

use super::args::{Result, S, utf8};
use super::version::{Constraints, Version};
use crate::tmpl::{
    Call, CallError, Function, Member, Method, Object, ObjectJson, Str, Takes, Type, Value,
};
use std::cmp::Ordering;
use std::rc::Rc;

const VERSION: Type = Type::Object("*semver.Version");

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("semver", &[S], VERSION, |_, args| {
        let version = Version::parse(&utf8(&args[0])).map_err(CallError::new)?;
        Ok(object(version, true))
    }),
    Function::new("semverCompare", &[S, S], Type::Bool, compare),
];

fn compare(_: &mut Call<'_>, args: &[Value]) -> Result {
    let constraints = Constraints::parse(&utf8(&args[0])).map_err(CallError::new)?;
    let version = Version::parse(&utf8(&args[1])).map_err(CallError::new)?;
    Ok(Value::Bool(constraints.check(&version)))
}

struct Semver {
    version: Version,
    pointer: bool,
}

fn object(version: Version, pointer: bool) -> Value {
    Value::Object(Rc::new(Semver { version, pointer }))
}

fn of(object: &Rc<dyn Object>) -> std::result::Result<&Version, CallError> {
    let semver = object.as_any().downcast_ref::<Semver>();
    semver.map(|semver| &semver.version).ok_or_else(|| CallError::new("no semantic version"))
}

const NONE: Takes = Takes { fixed: &[], rest: None };
const OTHER: Takes = Takes { fixed: &[VERSION], rest: None };

macro_rules! method {
    ($takes:expr, $gives:expr, $body:expr) => {{
        static METHOD: Method = Method { takes: $takes, gives: $gives, body: $body };
        &METHOD
    }};
}

fn ordering(object: &Rc<dyn Object>, args: &[Value]) -> std::result::Result<Ordering, CallError> {
    match &args[0] {
        Value::Object(other) => Ok(of(object)?.compare(of(other)?)),
        _ => Err(super::args::nil_dereference()),
    }
}

/// The next version: its text begins with `v` if that of this one does.
fn next(object: &Rc<dyn Object>, change: fn(&mut Version)) -> Result {
    let mut version = of(object)?.clone();
    let prefix = if version.original.starts_with('v') { "v" } else { "" };
    change(&mut version);
    version.original = format!("{prefix}{version}");
    Ok(self::object(version, false))
}

fn part(object: &Rc<dyn Object>, of_version: fn(&Version) -> &str) -> Result {
    Ok(Value::str(of_version(of(object)?)))
}

fn find(name: &[u8]) -> Option<&'static Method> {
    const U: Type = Type::Uint64;
    const B: Type = Type::Bool;
    const V: Type = Type::Object("semver.Version");
    Some(match name {
        b"Major" => method!(NONE, U, |object, _, _| Ok(Value::Uint64(of(object)?.major))),
        b"Minor" => method!(NONE, U, |object, _, _| Ok(Value::Uint64(of(object)?.minor))),
        b"Patch" => method!(NONE, U, |object, _, _| Ok(Value::Uint64(of(object)?.patch))),
        b"Prerelease" => method!(NONE, S, |object, _, _| part(object, |version| &version.pre)),
        b"Metadata" => method!(NONE, S, |object, _, _| part(object, |version| &version.metadata)),
        b"Original" => method!(NONE, S, |object, _, _| part(object, |version| &version.original)),
        b"String" => method!(NONE, S, |object, _, _| Ok(Value::str(of(object)?.to_string()))),
        b"Compare" => method!(OTHER, Type::Int, |object, _, args| {
            Ok(Value::Int(ordering(object, args)? as i64))
        }),
        b"Equal" => {
            method!(OTHER, B, |object, _, args| Ok(Value::Bool(ordering(object, args)?.is_eq())))
        }
        b"LessThan" => {
            method!(OTHER, B, |object, _, args| Ok(Value::Bool(ordering(object, args)?.is_lt())))
        }
        b"LessThanEqual" => {
            method!(OTHER, B, |object, _, args| Ok(Value::Bool(ordering(object, args)?.is_le())))
        }
        b"GreaterThan" => {
            method!(OTHER, B, |object, _, args| Ok(Value::Bool(ordering(object, args)?.is_gt())))
        }
        b"GreaterThanEqual" => {
            method!(OTHER, B, |object, _, args| Ok(Value::Bool(ordering(object, args)?.is_ge())))
        }
        b"IncPatch" => method!(NONE, V, |object, _, _| next(object, |version| {
            if version.pre.is_empty() {
                version.patch = version.patch.wrapping_add(1);
            }
            version.pre.clear();
            version.metadata.clear();
        })),
        b"IncMinor" => method!(NONE, V, |object, _, _| next(object, |version| {
            *version = Version {
                major: version.major,
                minor: version.minor.wrapping_add(1),
                patch: 0,
                pre: String::new(),
                metadata: String::new(),
                original: String::new(),
            };
        })),
        b"IncMajor" => method!(NONE, V, |object, _, _| next(object, |version| {
            *version = Version {
                major: version.major.wrapping_add(1),
                minor: 0,
                patch: 0,
                pre: String::new(),
                metadata: String::new(),
                original: String::new(),
            };
        })),
        b"SetPrerelease" => set_part(true),
        b"SetMetadata" => set_part(false),
        _ => return None,
    })
}

fn set_part(pre: bool) -> &'static Method {
    const V: Type = Type::Object("semver.Version");
    const TEXT: Takes = Takes { fixed: &[S], rest: None };
    fn set(object: &Rc<dyn Object>, args: &[Value], pre: bool) -> Result {
        let new = utf8(&args[0]).into_owned();
        let legal = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let zero = |part: &str| {
            part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit())
        };
        if !new.is_empty() && !new.split('.').all(legal) {
            let what = if pre { "prerelease" } else { "metadata" };
            return Err(CallError::new(format!("invalid {what} string")));
        }
        if pre && new.split('.').any(zero) {
            return Err(CallError::new("version segment starts with 0"));
        }
        let mut version = of(object)?.clone();
        let prefix = if version.original.starts_with('v') { "v" } else { "" };
        *(if pre { &mut version.pre } else { &mut version.metadata }) = new;
        version.original = format!("{prefix}{version}");
        Ok(self::object(version, false))
    }
    match pre {
        true => method!(TEXT, V, |object, _, args| set(object, args, true)),
        false => method!(TEXT, V, |object, _, args| set(object, args, false)),
    }
}

impl Object for Semver {
    fn type_name(&self) -> &str {
        if self.pointer { "*semver.Version" } else { "semver.Version" }
    }

    fn member(&self, name: &[u8]) -> Option<Member> {
        find(name).map(Member::Method)
    }

    fn text(&self) -> Option<Str> {
        Some(Str::from(self.version.to_string()))
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("original", Value::str(self.version.original.as_str()))]
    }

    fn json(&self) -> ObjectJson {
        ObjectJson::Text(Str::from(self.version.to_string()))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
