//! Evaluates pipelines, commands and operands.

use super::ast::{Builtin, Kind, NodeId, Span, literal_word};
use super::builtin::Wrapped;
use super::call::{Call, CallError, Member, Takes};
use super::exec::{Exe, Exec, Held, Variable};
use super::quote;
use super::set::MissingKey;
use super::truth::truth;
use super::types::Type;
use super::value::{Map, Object, Shape, Str, Value};
use std::rc::Rc;

/// What is called, with everything that differs between functions and methods.
struct Callee<'c> {
    name: &'c str,
    takes: Takes,
    gives: Type,
    special: Builtin,
}

impl Exec<'_> {
    /// A pipeline's value; the wrapper of an `interface {}` is gone, so a nil is no value.
    pub fn pipeline(&mut self, dot: &Held, id: NodeId) -> Exe<Value> {
        self.now.node = id;
        let parsed = self.now.parsed;
        let Kind::Pipe { assign, declares, commands } = parsed.node(id).kind else {
            return Ok(Value::NoValue);
        };
        let mut value = None;
        for &command in parsed.kids(commands) {
            self.count()?;
            let held = self.command(dot, command, value)?;
            value = Some(match held.value {
                Value::Nil => Value::NoValue,
                value => value,
            });
        }
        let value = value.unwrap_or(Value::NoValue);
        for &variable in parsed.kids(declares) {
            let Kind::Variable(name, _) = parsed.node(variable).kind else { continue };
            let (name, held) = (parsed.ident(name).clone(), Held::concrete(value.clone()));
            if assign {
                self.set_variable(&name, held)?;
            } else {
                self.variables.push(Variable { name, held });
            }
        }
        Ok(value)
    }

    fn nested_pipeline(&mut self, dot: &Held, id: NodeId) -> Exe<Held> {
        super::deep(|| self.pipeline(dot, id)).map(Held::concrete)
    }

    fn not_a_function(&self, args: &[NodeId], last: Option<&Value>) -> Exe<()> {
        if args.len() <= 1 && last.is_none() {
            return Ok(());
        }
        let shown = self.shown(args[0]);
        self.fail(format!("can't give argument to non-function {shown}"))
    }

    fn shown(&self, id: NodeId) -> String {
        String::from_utf8_lossy(&self.now.parsed.print(id)).into_owned()
    }

    fn command(&mut self, dot: &Held, id: NodeId, last: Option<Value>) -> Exe<Held> {
        let parsed = self.now.parsed;
        let Kind::Command(args) = parsed.node(id).kind else { return Ok(Held::nothing()) };
        let args = parsed.kids(args);
        let first = args[0];
        match parsed.node(first).kind {
            Kind::Field(names) => self.field_node(dot, first, names, args, last),
            Kind::Chain(..) => self.chain_node(dot, first, args, last),
            Kind::Variable(..) => self.variable_node(dot, first, args, last),
            Kind::Function(..) => self.function_node(dot, first, id, args, last),
            Kind::Pipe { .. } => {
                self.not_a_function(args, last.as_ref())?;
                self.nested_pipeline(dot, first)
            }
            kind => {
                self.now.node = first;
                self.not_a_function(args, last.as_ref())?;
                match kind {
                    Kind::Bool(truth) => Ok(Held::concrete(Value::Bool(truth))),
                    Kind::Dot => Ok(dot.clone()),
                    Kind::Nil => self.fail("nil is not a command"),
                    Kind::Number(_) => self.constant(first).map(Held::concrete),
                    Kind::String(text) => {
                        Ok(Held::concrete(Value::Str(parsed.ident(text).clone())))
                    }
                    _ => Ok(Held::nothing()),
                }
            }
        }
    }

    /// A number without a wanted type: its own syntax says which it is.
    fn constant(&mut self, id: NodeId) -> Exe<Value> {
        self.now.node = id;
        let parsed = self.now.parsed;
        let Kind::Number(index) = parsed.node(id).kind else { return Ok(Value::NoValue) };
        let (number, text) = (parsed.number(index), parsed.source(id));
        let has = |set: &[u8]| text.iter().any(|byte| set.contains(byte));
        let hexadecimal =
            text.len() > 2 && text[0] == b'0' && matches!(text[1], b'x' | b'X') && !has(b"pP");
        if let Some(float) = number.float
            && !hexadecimal
            && text[0] != b'\''
            && has(b".eEpP")
        {
            return Ok(Value::Float(float));
        }
        match number.int {
            Some(int) => Ok(Value::Int(int)),
            None => self.fail(format!("{} overflows int", String::from_utf8_lossy(text))),
        }
    }

    fn field_node(
        &mut self,
        dot: &Held,
        id: NodeId,
        names: Span,
        args: &[NodeId],
        last: Option<Value>,
    ) -> Exe<Held> {
        self.now.node = id;
        self.field_chain(dot, dot.clone(), id, names, args, last)
    }

    fn chain_node(
        &mut self,
        dot: &Held,
        id: NodeId,
        args: &[NodeId],
        last: Option<Value>,
    ) -> Exe<Held> {
        self.now.node = id;
        let parsed = self.now.parsed;
        let Kind::Chain(inner, names) = parsed.node(id).kind else { return Ok(Held::nothing()) };
        self.now.node = inner;
        let receiver = match parsed.node(inner).kind {
            Kind::Function(..) => self.function_node(dot, inner, inner, &[], None)?,
            _ => self.nested_pipeline(dot, inner)?,
        };
        self.field_chain(dot, receiver, id, names, args, last)
    }

    fn variable_node(
        &mut self,
        dot: &Held,
        id: NodeId,
        args: &[NodeId],
        last: Option<Value>,
    ) -> Exe<Held> {
        self.now.node = id;
        let parsed = self.now.parsed;
        let Kind::Variable(name, names) = parsed.node(id).kind else {
            return Ok(Held::nothing());
        };
        let name = parsed.ident(name);
        let visible = &self.variables[self.now.base..];
        let Some(found) = visible.iter().rev().find(|variable| variable.name == *name) else {
            return self.fail(format!("undefined variable: {}", name.text()));
        };
        let held = found.held.clone();
        if names.len == 0 {
            self.not_a_function(args, last.as_ref())?;
            return Ok(held);
        }
        self.field_chain(dot, held, id, names, args, last)
    }

    fn field_chain(
        &mut self,
        dot: &Held,
        mut receiver: Held,
        id: NodeId,
        names: Span,
        args: &[NodeId],
        last: Option<Value>,
    ) -> Exe<Held> {
        let parsed = self.now.parsed;
        let names = parsed.names(names);
        let Some((method, fields)) = names.split_last() else { return Ok(receiver) };
        for name in fields {
            receiver = self.field(dot, name, id, &[], None, receiver)?;
        }
        // Only the last one gets the arguments.
        self.field(dot, method, id, args, last, receiver)
    }

    fn field(
        &mut self,
        dot: &Held,
        name: &Str,
        id: NodeId,
        args: &[NodeId],
        last: Option<Value>,
        receiver: Held,
    ) -> Exe<Held> {
        let has_args = args.len() > 1 || last.is_some();
        match &receiver.value {
            Value::NoValue if self.set.missing_key == MissingKey::Error => {
                self.fail(format!("nil data; no entry for key {}", quoted(name)))
            }
            Value::NoValue => Ok(Held::nothing()),
            Value::Nil => {
                self.fail(format!("nil pointer evaluating interface {{}}.{}", name.text()))
            }
            Value::Map(map) => self.key(map, name, has_args),
            Value::Object(object) => match object.member(name) {
                Some(Member::Method(method)) => {
                    let text = name.text();
                    let callee = Callee {
                        name: &text,
                        takes: method.takes,
                        gives: method.gives,
                        special: Builtin::None,
                    };
                    let body =
                        |call: &mut Call<'_>, args: &[Value]| (method.body)(object, call, args);
                    self.call(dot, &callee, id, args.get(1..).unwrap_or_default(), last, body)
                }
                Some(Member::Field(..)) if matches!(object.shape(), Shape::NilPointer) => {
                    let typ = shown_type(&receiver);
                    self.fail(format!("nil pointer evaluating {typ}.{}", name.text()))
                }
                Some(Member::Field(..)) if has_args => self.fail(format!(
                    "{} has arguments but cannot be invoked as function",
                    name.text()
                )),
                Some(Member::Field(value, typ)) => Ok(Held { value, any: typ == Type::Any }),
                None => match object.shape() {
                    Shape::Map(map) => self.key(&map, name, has_args),
                    _ => self.cannot_evaluate(name, &receiver),
                },
            },
            _ => self.cannot_evaluate(name, &receiver),
        }
    }

    fn cannot_evaluate<T>(&self, name: &Str, receiver: &Held) -> Exe<T> {
        let typ = shown_type(receiver);
        self.fail(format!("can't evaluate field {} in type {typ}", name.text()))
    }

    fn key(&self, map: &Rc<Map>, name: &Str, has_args: bool) -> Exe<Held> {
        if has_args {
            return self.fail(format!("{} is not a method but has arguments", name.text()));
        }
        let any = map.element() == Type::Any;
        match (map.get(name), self.set.missing_key) {
            (Some(value), _) => Ok(Held { value, any }),
            (None, MissingKey::Invalid) => Ok(Held::nothing()),
            (None, MissingKey::Zero) => Ok(Held { value: Value::zero(map.element()), any }),
            (None, MissingKey::Error) => {
                self.fail(format!("map has no entry for key {}", quoted(name)))
            }
        }
    }

    fn function_node(
        &mut self,
        dot: &Held,
        id: NodeId,
        at: NodeId,
        args: &[NodeId],
        last: Option<Value>,
    ) -> Exe<Held> {
        self.now.node = id;
        let Kind::Function(function, special) = self.now.parsed.node(id).kind else {
            return Ok(Held::nothing());
        };
        let callee =
            Callee { name: function.name, takes: function.takes, gives: function.gives, special };
        self.call(dot, &callee, at, args.get(1..).unwrap_or_default(), last, function.body)
    }

    /// `args` are those after the name; `last` is what the pipeline brings.
    fn call(
        &mut self,
        dot: &Held,
        callee: &Callee<'_>,
        at: NodeId,
        args: &[NodeId],
        last: Option<Value>,
        body: impl FnOnce(&mut Call<'_>, &[Value]) -> Result<Value, CallError>,
    ) -> Exe<Held> {
        let Callee { name, takes, gives, special } = *callee;
        let given = args.len() + usize::from(last.is_some());
        let wanted = takes.fixed.len();
        if takes.rest.is_some() && given < wanted {
            let got = args.len();
            let message =
                format!("wrong number of args for {name}: want at least {wanted} got {got}");
            return self.fail(message);
        }
        if takes.rest.is_none() && given != wanted {
            return self
                .fail(format!("wrong number of args for {name}: want {wanted} got {given}"));
        }
        if matches!(special, Builtin::And | Builtin::Or) {
            return self.short_circuit(dot, special == Builtin::Or, args, last);
        }
        let typ = |index: usize| takes.fixed.get(index).copied().or(takes.rest);
        let mut values = Vec::with_capacity(given);
        for (index, &arg) in args.iter().enumerate() {
            let Some(typ) = typ(index) else { continue };
            let held = self.arg(dot, typ, arg)?;
            let wrapped = held.any && index > 0 && special == Builtin::Slice;
            values.push(if wrapped { Value::Object(Rc::new(Wrapped)) } else { held.value });
        }
        if let Some(last) = last
            && let Some(typ) = typ(given - 1)
        {
            values.push(self.validated(Held::concrete(last), typ)?);
        }
        let result = if special == Builtin::Call {
            self.call_value(args, &values)
        } else {
            let (site, chain) = (self.site(at), self.now.chain);
            let mut call = Call { render: &mut *self.render, set: self.set, site, chain };
            body(&mut call, &values)
        };
        match result {
            Ok(value) => Ok(Held { value, any: gives == Type::Any }),
            Err(error) => {
                self.now.node = at;
                let reason = format!("error calling {name}: {}", error.message);
                self.fail_with(reason, error.cause)
            }
        }
    }

    /// `call`: no value of ours is a function.
    fn call_value(&self, args: &[NodeId], values: &[Value]) -> Result<Value, CallError> {
        let Some(value) = values.first().filter(|value| !value.is_nothing()) else {
            return Err(CallError::new("call of nil"));
        };
        let typ = value.type_name();
        let name = match (args.first(), value) {
            (Some(&arg), _) => self.shown(arg),
            (None, Value::Str(text)) => text.text().into_owned(),
            (None, _) => format!("<{typ} Value>"),
        };
        Err(CallError::new(format!("non-function {name} of type {typ}")))
    }

    fn short_circuit(
        &mut self,
        dot: &Held,
        or: bool,
        args: &[NodeId],
        last: Option<Value>,
    ) -> Exe<Held> {
        let mut value = Value::NoValue;
        for &arg in args {
            value = self.arg(dot, Type::Reflect, arg)?.value;
            if truth(&value) == or {
                return Ok(Held { value, any: false });
            }
        }
        Ok(Held::concrete(last.unwrap_or(value)))
    }

    fn arg(&mut self, dot: &Held, typ: Type, id: NodeId) -> Exe<Held> {
        self.now.node = id;
        let parsed = self.now.parsed;
        let held = match parsed.node(id).kind {
            Kind::Dot => dot.clone(),
            Kind::Nil if typ == Type::Reflect => return Ok(Held::nothing()),
            Kind::Nil if typ.can_be_nil() => return Ok(Held::concrete(Value::Nil)),
            Kind::Nil => return self.fail(format!("cannot assign nil to {}", typ.name())),
            Kind::Field(names) => self.field_node(dot, id, names, &[id], None)?,
            Kind::Variable(..) => self.variable_node(dot, id, &[], None)?,
            Kind::Pipe { .. } => self.nested_pipeline(dot, id)?,
            Kind::Function(..) => self.function_node(dot, id, id, &[], None)?,
            Kind::Chain(..) => self.chain_node(dot, id, &[], None)?,
            _ => return self.literal(typ, id).map(Held::concrete),
        };
        let any = held.any;
        Ok(Held { value: self.validated(held, typ)?, any })
    }

    fn literal(&mut self, typ: Type, id: NodeId) -> Exe<Value> {
        let parsed = self.now.parsed;
        let kind = parsed.node(id).kind;
        let number = match kind {
            Kind::Number(index) => parsed.number(index),
            _ => super::ast::Number::default(),
        };
        let found = match (typ, kind) {
            (Type::Any | Type::Reflect | Type::Bool, Kind::Bool(truth)) => Some(Value::Bool(truth)),
            (Type::Any | Type::Reflect | Type::Str, Kind::String(text)) => {
                Some(Value::Str(parsed.ident(text).clone()))
            }
            (Type::Any | Type::Reflect, Kind::Number(_)) => return self.constant(id),
            (Type::Int, _) => number.int.map(Value::Int),
            (Type::Int64, _) => number.int.map(Value::Int64),
            (Type::Int32, _) => {
                number.int.and_then(|int| i32::try_from(int).ok()).map(Value::Int32)
            }
            (Type::Uint8, _) => {
                number.uint.and_then(|uint| u8::try_from(uint).ok()).map(Value::Uint8)
            }
            (Type::Uint64, _) => number.uint.map(Value::Uint64),
            (Type::Float, _) => number.float.map(Value::Float),
            _ => None,
        };
        if let Some(value) = found {
            return Ok(value);
        }
        let shown = self.shown(id);
        match literal_word(typ) {
            Some(word) => self.fail(format!("expected {word}; found {shown}")),
            None => self.fail(format!("can't handle {shown} for arg of type {}", typ.name())),
        }
    }

    /// The value as an argument of that type, by Go's rules of assignment.
    fn validated(&self, held: Held, typ: Type) -> Exe<Value> {
        let value = held.value;
        let fits = match &value {
            Value::NoValue if typ == Type::Reflect => return Ok(value),
            Value::NoValue if typ.can_be_nil() => return Ok(Value::Nil),
            Value::NoValue => {
                return self.fail(format!("invalid value; expected {}", typ.name()));
            }
            Value::Nil => matches!(typ, Type::Any | Type::Reflect),
            Value::Object(object) => object_fits(object, typ),
            other => other.type_of().is_some_and(|own| own.assignable(typ)),
        };
        if fits {
            return Ok(value);
        }
        let got = match &value {
            Value::Nil => Type::Any.name(),
            value => value.type_name(),
        };
        self.fail(format!("wrong type for value; expected {}; got {got}", typ.name()))
    }
}

fn object_fits(object: &Rc<dyn Object>, typ: Type) -> bool {
    match typ {
        Type::Any | Type::Reflect => true,
        Type::Object(name) => {
            let own = object.type_name();
            own == name || own.strip_prefix('*') == Some(name)
        }
        Type::Map(_) => matches!(object.shape(), Shape::Map(map) if map.typ == typ),
        Type::List(_) => matches!(object.shape(), Shape::List(list) if list.typ == typ),
        _ => false,
    }
}

fn shown_type(held: &Held) -> String {
    if held.any { Type::Any.name() } else { held.value.type_name() }
}

fn quoted(name: &Str) -> String {
    let mut out = Vec::new();
    quote::quote(&mut out, name, false);
    String::from_utf8_lossy(&out).into_owned()
}
