//! Helm's functions that need the state of a render: `include`, `tpl`, `required`, `fail`,
//! `lookup`.
//!
//! Absent on purpose: charts and values; the state is given as [`HelmHost`] to the render.

use crate::limits::INCLUDE_DEPTH_MAX;
use crate::sprig::SprigHost;
use crate::tmpl::text::quote;
use crate::tmpl::{Call, CallError, Function, Host, MissingKey, Str, Type, Value};
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What functions may know of the cluster: answers of `lookup`, recorded elsewhere.
#[derive(Clone, Debug, Default)]
pub struct LookupSnapshot {
    /// By API version, kind, namespace and name; an empty name is the list of a namespace, an
    /// empty namespace that of all.
    pub answers: BTreeMap<LookupKey, serde_json::Value>,
}

/// What one `lookup` asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LookupKey {
    /// `v1`, `apps/v1`.
    pub api_version: String,
    /// `Secret`.
    pub kind: String,
    /// Empty for objects without one, or for all namespaces.
    pub namespace: String,
    /// Empty for a list.
    pub name: String,
}

/// The state that Helm's functions share during one render; give it to
/// [`crate::tmpl::Render::new`].
pub struct HelmHost {
    /// What sprig's functions need: chance, clock, compiled regular expressions.
    pub sprig: SprigHost,
    /// Helm's `--lint`: `required` and `fail` say nothing.
    pub lint: bool,
    /// What the cluster answers.
    pub lookup: LookupSnapshot,
    /// What `lookup` asked for, for the key of the render.
    pub lookups: BTreeSet<LookupKey>,
    /// How often each name is being included at this moment.
    included: HashMap<Str, u32>,
}

impl HelmHost {
    /// For one render.
    pub fn new(sprig: SprigHost) -> Self {
        Self {
            sprig,
            lint: false,
            lookup: LookupSnapshot::default(),
            lookups: BTreeSet::new(),
            included: HashMap::new(),
        }
    }
}

impl Host for HelmHost {
    fn library(&mut self) -> Option<&mut dyn Any> {
        Some(&mut self.sprig)
    }
}

type Result = std::result::Result<Value, CallError>;

/// The rows that need a [`HelmHost`].
pub static FUNCTIONS: &[Function] = &[
    Function::new("include", &[Type::Str, Type::Any], Type::Str, include),
    Function::new("tpl", &[Type::Str, Type::Any], Type::Str, tpl),
    Function::new("required", &[Type::Str, Type::Any], Type::Any, required),
    Function::new("fail", &[Type::Str], Type::Str, fail),
    Function::new("lookup", &[Type::Str, Type::Str, Type::Str, Type::Str], Type::MAP_ANY, lookup),
];

fn text(value: &Value) -> &[u8] {
    match value {
        Value::Str(text) => text.bytes(),
        _ => b"",
    }
}

fn shown(value: &Value) -> String {
    String::from_utf8_lossy(text(value)).into_owned()
}

fn quoted(value: &Value) -> String {
    let mut out = Vec::new();
    quote(&mut out, text(value), false);
    String::from_utf8_lossy(&out).into_owned()
}

fn include(call: &mut Call<'_>, args: &[Value]) -> Result {
    let name = Str::from(text(&args[0]));
    if let Some(host) = call.host::<HelmHost>() {
        let depth = host.included.entry(name.clone()).or_insert(0);
        if *depth > INCLUDE_DEPTH_MAX {
            return Err(CallError::new(format!(
                "rendering template has a nested reference name: {}: unable to execute template",
                name.text()
            )));
        }
        *depth += 1;
    }
    let output = call.render(&name, args[1].clone());
    if let Some(depth) = call.host::<HelmHost>().and_then(|host| host.included.get_mut(&name)) {
        *depth -= 1;
    }
    Ok(Value::Str(output?))
}

fn tpl(call: &mut Call<'_>, args: &[Value]) -> Result {
    let source = Str::from(text(&args[0]));
    // A text without actions is its own output, and most texts are such.
    if memchr::memmem::find(&source, b"{{").is_none() {
        return Ok(Value::Str(without_no_value(source)));
    }
    let mut set = call.set().clone();
    if set.missing_key != MissingKey::Error {
        set.missing_key = MissingKey::Zero;
    }
    let name = set.name().clone();
    let failed = |what: &str, error: crate::tmpl::Error| CallError {
        message: format!("{what} {}: {error}", quoted(&args[0])),
        cause: Some(error),
    };
    let parsed =
        set.parse(&name, &source).map_err(|error| failed("cannot parse template", error))?;
    set.add_own(&parsed);
    let output = call
        .render_in(&set, &name, args[1].clone())
        .map_err(|error| failed("error during tpl function execution for", error))?;
    Ok(Value::Str(without_no_value(output)))
}

/// Helm removes Go's mark of a missing value from the output.
fn without_no_value(text: Str) -> Str {
    const MARK: &[u8] = b"<no value>";
    let Some(first) = memchr::memmem::find(&text, MARK) else { return text };
    let mut out = text[..first].to_vec();
    let mut rest = &text[first + MARK.len()..];
    while let Some(at) = memchr::memmem::find(rest, MARK) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + MARK.len()..];
    }
    out.extend_from_slice(rest);
    Str::from(out)
}

/// The marks by which Helm finds its own messages inside Go's again.
fn wrapped(message: &str) -> CallError {
    CallError::new(format!("HELM_ERR_START{message}HELM_ERR_END"))
}

fn is_lint(call: &mut Call<'_>) -> bool {
    call.host::<HelmHost>().is_some_and(|host| host.lint)
}

fn required(call: &mut Call<'_>, args: &[Value]) -> Result {
    let missing = match &args[1] {
        value if value.is_nothing() => true,
        Value::Str(text) => text.is_empty(),
        _ => false,
    };
    match missing {
        true if is_lint(call) => Ok(Value::str("")),
        true => Err(wrapped(&shown(&args[0]))),
        false => Ok(args[1].clone()),
    }
}

fn fail(call: &mut Call<'_>, args: &[Value]) -> Result {
    if is_lint(call) {
        return Ok(Value::str(""));
    }
    Err(wrapped(&shown(&args[0])))
}

fn lookup(call: &mut Call<'_>, args: &[Value]) -> Result {
    let [api_version, kind, namespace, name] = [0, 1, 2, 3].map(|at| shown(&args[at]));
    let key = LookupKey { api_version, kind, namespace, name };
    let Some(host) = call.host::<HelmHost>() else { return Ok(Value::map([])) };
    let answer = host.lookup.answers.get(&key).map(Value::from);
    host.lookups.insert(key);
    Ok(answer.unwrap_or_else(|| Value::map([])))
}
