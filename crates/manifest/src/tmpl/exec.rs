//! Carries out templates. Control flow runs on frames of its own, so that nesting and
//! `template` calls cost no machine stack; only functions that carry out templates themselves
//! (`include`) recurse, on a stack that grows.
//!
//! ```text
//!            ┌────────────── next node ──────────────┐
//!            ▼                                       │
//!   frames: List ─ text, action ─► output            │
//!            │ if, with  ─► Scope + List ────────────┤
//!            │ range     ─► Range, a List each turn ─┤
//!            │ template  ─► Return + List ───────────┘
//! ```

use super::ast::{Branch, Kind, NodeId, Parsed, Span};
use super::call::Host;
use super::error::{Error, ErrorKind, Place};
use super::output::{ChainId, FileId, Output, Site, SourceMap};
use super::set::{Set, Template};
use super::truth::truth;
use super::value::{List, Shape, Str, Value};
use super::{fmt, quote};
use crate::limits::{CALL_DEPTH_MAX, EXEC_STEPS_MAX, OUTPUT_BYTES_MAX, TEMPLATE_DEPTH_MAX};
use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

/// What all executions of one render share: the host's state, the source map, the budget.
pub struct Render {
    pub(super) host: Box<dyn Host>,
    map: SourceMap,
    steps: u64,
    written: u64,
    depth: usize,
    budget: Budget,
}

/// How much one render may do.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Actions, commands and turns of loops.
    pub steps: u64,
    /// Bytes that its templates write, those that functions take up counted too.
    pub output_bytes: u64,
    /// How deep functions carry out templates that call such functions.
    pub call_depth: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps: EXEC_STEPS_MAX, output_bytes: OUTPUT_BYTES_MAX, call_depth: CALL_DEPTH_MAX }
    }
}

impl Render {
    /// A render with the host's own state, which functions reach by [`super::Call::host`].
    pub fn new(host: Box<dyn Host>) -> Self {
        let budget = Budget::default();
        Self { host, map: SourceMap::default(), steps: 0, written: 0, depth: 0, budget }
    }

    /// The same with another budget.
    pub fn with_budget(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// The tables behind the segments of every output of this render.
    pub fn source_map(&self) -> &SourceMap {
        &self.map
    }

    pub(super) fn file_name(&self, file: FileId) -> Str {
        let known = self.map.files.get(file.0 as usize);
        known.map_or_else(|| Str::from(""), |parsed| parsed.name.clone())
    }

    /// The host's state again.
    pub fn into_host(self) -> Box<dyn Any> {
        self.host
    }

    /// Carries out a named template of a set.
    pub fn execute(&mut self, set: &Set, name: &[u8], dot: Value) -> Result<Output, Error> {
        let template = find(set, name)?;
        Exec::run(self, set, template, name, dot, ChainId(0))
    }
}

fn find<'s>(set: &'s Set, name: &[u8]) -> Result<&'s Template, Error> {
    set.find(name).ok_or_else(|| {
        let mut message = b"template: no template ".to_vec();
        quote::quote(&mut message, name, false);
        message.extend_from_slice(b" associated with template ");
        quote::quote(&mut message, &set.name, false);
        Error::plain(String::from_utf8_lossy(&message).into_owned())
    })
}

/// Carries out a template for a function, in an output of its own.
pub(super) fn nested(
    render: &mut Render,
    set: &Set,
    name: &[u8],
    dot: Value,
    site: Site,
    chain: ChainId,
) -> Result<Str, Error> {
    let template = find(set, name)?;
    let most = render.budget.call_depth;
    if render.depth >= most {
        let reason = format!("functions carry out templates deeper than {most} levels");
        return Err(Error::limit(reason.clone(), reason));
    }
    let chain = render.map.link(chain, site, &Str::from(name));
    render.depth += 1;
    let output = super::deep(|| Exec::run(render, set, template, name, dot, chain));
    render.depth -= 1;
    Ok(Str::from(output?.bytes))
}

pub(super) type Exe<T> = Result<T, Error>;

/// A value, and whether its static type is `interface {}`: only messages can tell.
#[derive(Clone)]
pub(super) struct Held {
    pub value: Value,
    pub any: bool,
}

impl Held {
    pub fn concrete(value: Value) -> Self {
        Self { value, any: false }
    }

    pub fn nothing() -> Self {
        Self::concrete(Value::NoValue)
    }
}

pub(super) struct Variable {
    pub name: Str,
    pub held: Held,
}

/// The template that is being carried out, and what it may not see of its caller.
pub(super) struct Activation<'a> {
    pub parsed: &'a Arc<Parsed>,
    pub name: Str,
    pub file: FileId,
    pub chain: ChainId,
    /// Where its variables begin.
    pub base: usize,
    pub node: NodeId,
}

enum Frame<'a> {
    List { kids: Span, next: u32, dot: Held },
    Scope { mark: usize },
    Range(Box<Range>),
    Return(Box<Activation<'a>>),
}

struct Range {
    list: NodeId,
    dot: Items,
    /// Variables of the loop, by how many and whether they are assigned.
    names: Vec<Str>,
    assign: bool,
    outer: usize,
    mark: usize,
}

enum Items {
    Int { next: u64, end: u64, like: Value },
    List { list: Rc<List>, next: usize },
    Bytes { bytes: Str, next: usize },
    Map { entries: std::vec::IntoIter<(Str, Value)>, any: bool },
}

pub(super) struct Exec<'a> {
    pub render: &'a mut Render,
    pub set: &'a Set,
    pub now: Activation<'a>,
    pub variables: Vec<Variable>,
    frames: Vec<Frame<'a>>,
    out: Output,
    templates: usize,
}

impl<'a> Exec<'a> {
    fn run(
        render: &'a mut Render,
        set: &'a Set,
        template: &'a Template,
        name: &[u8],
        dot: Value,
        chain: ChainId,
    ) -> Exe<Output> {
        let file = render.map.file(&template.parsed);
        let now = Activation {
            parsed: &template.parsed,
            name: Str::from(name),
            file,
            chain,
            base: 0,
            node: template.root,
        };
        let dot = Held::concrete(if dot.is_nothing() { Value::NoValue } else { dot });
        let mut exec = Exec {
            render,
            set,
            now,
            variables: vec![Variable { name: Str::from("$"), held: dot.clone() }],
            frames: Vec::new(),
            out: Output::default(),
            templates: 0,
        };
        exec.enter(template.root, dot);
        exec.work()?;
        Ok(exec.out)
    }

    fn work(&mut self) -> Exe<()> {
        while let Some(frame) = self.frames.last_mut() {
            match frame {
                Frame::List { kids, next, dot } if *next < kids.len => {
                    let kid = self.now.parsed.children[(kids.start + *next) as usize];
                    *next += 1;
                    let node = self.now.parsed.node(kid);
                    if let Kind::Text = node.kind {
                        self.text(kid)?;
                    } else {
                        let dot = dot.clone();
                        self.step(kid, dot)?;
                    }
                }
                Frame::List { .. } => {
                    self.frames.pop();
                }
                Frame::Scope { mark } => {
                    self.variables.truncate(*mark);
                    self.frames.pop();
                }
                Frame::Range(_) => self.turn()?,
                Frame::Return(_) => {
                    if let Some(Frame::Return(caller)) = self.frames.pop() {
                        self.variables.truncate(self.now.base);
                        self.now = *caller;
                        self.templates -= 1;
                    }
                }
            }
        }
        Ok(())
    }

    fn enter(&mut self, list: NodeId, dot: Held) {
        if let Kind::List(kids) = self.now.parsed.node(list).kind {
            self.frames.push(Frame::List { kids, next: 0, dot });
        }
    }

    pub fn site(&self, node: NodeId) -> Site {
        let node = self.now.parsed.node(node);
        Site { file: self.now.file, from: node.from, to: node.to }
    }

    /// One step of the budget.
    pub fn count(&mut self) -> Exe<()> {
        self.render.steps += 1;
        let most = self.render.budget.steps;
        if self.render.steps > most {
            return self.limit(format!("the templates take more than {most} steps"));
        }
        Ok(())
    }

    fn wrote(&mut self, from: usize) -> Exe<()> {
        self.render.written += (self.out.bytes.len() - from) as u64;
        let most = self.render.budget.output_bytes;
        if self.render.written > most {
            return self.limit(format!("the templates write more than {most} bytes"));
        }
        Ok(())
    }

    fn limit<T>(&self, reason: String) -> Exe<T> {
        match self.fail::<T>(reason) {
            Err(error) => Err(error.into_kind(ErrorKind::Limit)),
            done => done,
        }
    }

    fn text(&mut self, id: NodeId) -> Exe<()> {
        let site = self.site(id);
        let from = self.out.bytes.len();
        self.out.mark(site, self.now.chain);
        self.out.bytes.extend_from_slice(self.now.parsed.source(id));
        self.wrote(from)
    }

    fn step(&mut self, id: NodeId, dot: Held) -> Exe<()> {
        self.count()?;
        self.now.node = id;
        match self.now.parsed.node(id).kind {
            Kind::Action(pipe) => {
                let value = self.pipeline(&dot, pipe)?;
                let Kind::Pipe { declares, .. } = self.now.parsed.node(pipe).kind else {
                    return Ok(());
                };
                if declares.len == 0 { self.print(id, &value) } else { Ok(()) }
            }
            Kind::If(branch) => self.branch(branch, dot, false),
            Kind::With(branch) => self.branch(branch, dot, true),
            Kind::Range(branch) => self.range(id, branch, dot),
            Kind::Template(name, pipe) => self.template(name, pipe, dot),
            Kind::Break => {
                while let Some(frame) = self.frames.pop() {
                    if let Frame::Range(range) = frame {
                        self.variables.truncate(range.outer);
                        break;
                    }
                }
                Ok(())
            }
            Kind::Continue => {
                while !matches!(self.frames.last(), Some(Frame::Range(_)) | None) {
                    self.frames.pop();
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn print(&mut self, id: NodeId, value: &Value) -> Exe<()> {
        self.now.node = id;
        let from = self.out.bytes.len();
        let site = self.site(id);
        self.out.mark(site, self.now.chain);
        match value {
            Value::NoValue | Value::Nil => self.out.bytes.extend_from_slice(b"<no value>"),
            Value::Str(text) => self.out.bytes.extend_from_slice(text),
            other => fmt::verb_v(&mut self.out.bytes, other),
        }
        self.wrote(from)
    }

    fn branch(&mut self, branch: Branch, dot: Held, with: bool) -> Exe<()> {
        let mark = self.variables.len();
        let value = self.pipeline(&dot, branch.pipe)?;
        self.frames.push(Frame::Scope { mark });
        if truth(&value) {
            self.enter(branch.list, if with { Held::concrete(value) } else { dot });
        } else if let Some(otherwise) = branch.otherwise {
            self.enter(otherwise, dot);
        }
        Ok(())
    }

    fn range(&mut self, id: NodeId, branch: Branch, dot: Held) -> Exe<()> {
        self.now.node = id;
        let outer = self.variables.len();
        let value = self.pipeline(&dot, branch.pipe)?;
        let parsed = self.now.parsed;
        let Kind::Pipe { assign, declares, .. } = parsed.node(branch.pipe).kind else {
            return Ok(());
        };
        let names: Vec<Str> = parsed
            .kids(declares)
            .iter()
            .filter_map(|&kid| match parsed.node(kid).kind {
                Kind::Variable(name, _) => Some(parsed.ident(name).clone()),
                _ => None,
            })
            .collect();
        let items = self.items(&value, names.len())?;
        let mark = self.variables.len();
        if items.as_ref().is_none_or(Items::is_done) {
            self.frames.push(Frame::Scope { mark: outer });
            if let Some(otherwise) = branch.otherwise {
                self.enter(otherwise, dot);
            }
            return Ok(());
        }
        if let Some(dot) = items {
            let range = Range { list: branch.list, dot, names, assign, outer, mark };
            self.frames.push(Frame::Range(Box::new(range)));
        }
        Ok(())
    }

    /// What is ranged over; `None` for nothing.
    fn items(&self, value: &Value, names: usize) -> Exe<Option<Items>> {
        let map = |entries: Vec<(Str, Value)>, any| {
            Some(Items::Map { entries: entries.into_iter(), any })
        };
        let number = match (value.signed(), value.unsigned()) {
            (Some(number), _) => Some(u64::try_from(number).unwrap_or(0)),
            (_, number) => number,
        };
        if let Some(end) = number {
            if names > 1 {
                let shown = fmt::text(value);
                return self
                    .fail(format!("can't use {shown} to iterate over more than one variable"));
            }
            return Ok(Some(Items::Int { next: 0, end, like: value.clone() }));
        }
        Ok(match value {
            Value::NoValue | Value::Nil => None,
            Value::List(list) => Some(Items::List { list: list.clone(), next: 0 }),
            Value::Bytes(bytes) => Some(Items::Bytes { bytes: bytes.clone(), next: 0 }),
            Value::Map(entries) => map(entries.snapshot(), entries.element() == super::Type::Any),
            Value::Object(object) => match object.shape() {
                Shape::List(list) => Some(Items::List { list, next: 0 }),
                Shape::Map(entries) => {
                    map(entries.snapshot(), entries.element() == super::Type::Any)
                }
                Shape::NilPointer | Shape::Struct => return self.cannot_range(value),
            },
            _ => return self.cannot_range(value),
        })
    }

    fn cannot_range<T>(&self, value: &Value) -> Exe<T> {
        self.fail(format!("range can't iterate over {}", fmt::text_of_pointee(value)))
    }

    /// The next turn of the loop on top of the frames, or its end.
    fn turn(&mut self) -> Exe<()> {
        self.count()?;
        let Some(Frame::Range(range)) = self.frames.last_mut() else { return Ok(()) };
        self.variables.truncate(range.mark);
        let Some((index, item)) = range.dot.next() else {
            self.variables.truncate(range.outer);
            self.frames.pop();
            return Ok(());
        };
        let (list, assign) = (range.list, range.assign);
        match range.names.as_slice() {
            [] => {}
            [one] if assign => {
                let one = one.clone();
                self.set_variable(&one, item.clone())?;
            }
            [one, two] if assign => {
                let (one, two) = (one.clone(), two.clone());
                self.set_variable(&one, index)?;
                self.set_variable(&two, item.clone())?;
            }
            names => {
                let top = range.mark;
                let two = names.len() > 1;
                self.variables[top - 1].held = item.clone();
                if two {
                    self.variables[top - 2].held = index;
                }
            }
        }
        self.enter(list, item);
        Ok(())
    }

    pub fn set_variable(&mut self, name: &Str, held: Held) -> Exe<()> {
        let base = self.now.base;
        let found = self.variables[base..].iter_mut().rev().find(|known| known.name == *name);
        match found {
            Some(variable) => {
                variable.held = held;
                Ok(())
            }
            None => self.fail(format!("undefined variable: {}", name.text())),
        }
    }

    fn template(&mut self, name: u32, pipe: Option<NodeId>, dot: Held) -> Exe<()> {
        let name = self.now.parsed.ident(name).clone();
        let id = self.now.node;
        let Some(template) = self.set.find(&name) else {
            let mut message = b"template ".to_vec();
            quote::quote(&mut message, &name, false);
            message.extend_from_slice(b" not defined");
            return self.fail(String::from_utf8_lossy(&message).into_owned());
        };
        if self.templates >= TEMPLATE_DEPTH_MAX {
            return self.limit(format!("exceeded maximum template depth ({TEMPLATE_DEPTH_MAX})"));
        }
        let dot = match pipe {
            Some(pipe) => Held::concrete(self.pipeline(&dot, pipe)?),
            None => Held::nothing(),
        };
        let chain = self.render.map.link(self.now.chain, self.site(id), &name);
        let file = self.render.map.file(&template.parsed);
        let callee = Activation {
            parsed: &template.parsed,
            name,
            file,
            chain,
            base: self.variables.len(),
            node: template.root,
        };
        let caller = std::mem::replace(&mut self.now, callee);
        self.templates += 1;
        self.frames.push(Frame::Return(Box::new(caller)));
        self.variables.push(Variable { name: Str::from("$"), held: dot.clone() });
        self.enter(template.root, dot);
        Ok(())
    }

    /// Go's error at the node that was looked at last.
    pub fn fail<T>(&self, reason: impl Into<String>) -> Exe<T> {
        self.fail_with(reason.into(), None)
    }

    pub fn fail_with<T>(&self, reason: String, cause: Option<Error>) -> Exe<T> {
        let (parsed, node) = (self.now.parsed, self.now.parsed.node(self.now.node));
        let (line, column) = parsed.line_column(node.pos);
        let mut name = Vec::new();
        quote::quote(&mut name, &self.now.name, false);
        let message = format!(
            "template: {}:{line}:{column}: executing {} at <{}>: {reason}",
            parsed.name.text(),
            String::from_utf8_lossy(&name),
            String::from_utf8_lossy(&parsed.print(self.now.node)),
        );
        let place = self.place(self.site(self.now.node), self.now.name.clone());
        let mut calls = Vec::new();
        let mut links = self.render.map.calls(self.now.chain).peekable();
        while let Some(link) = links.next() {
            let file = self.render.map.file_name(link.site.file);
            let caller = links.peek().map(|below| below.name.clone()).or_else(|| file.cloned());
            calls.push(self.place(link.site, caller.unwrap_or_else(|| Str::from(""))));
        }
        Err(Error::execute(message, reason, place, calls, cause))
    }

    fn place(&self, site: Site, template: Str) -> Place {
        let file = self.render.map.file_name(site.file).cloned();
        let (line, column) = self.render.map.line_column(site).unwrap_or((0, 0));
        Place {
            file: file.unwrap_or_else(|| Str::from("")),
            template,
            line,
            column,
            bytes: (site.from, site.to),
        }
    }
}

impl Items {
    fn is_done(&self) -> bool {
        match self {
            Self::Int { next, end, .. } => next >= end,
            Self::List { list, next } => *next >= list.items().len(),
            Self::Bytes { bytes, next } => *next >= bytes.len(),
            Self::Map { entries, .. } => entries.len() == 0,
        }
    }

    fn next(&mut self) -> Option<(Held, Held)> {
        if self.is_done() {
            return None;
        }
        let int =
            |number: usize| Held::concrete(Value::Int(i64::try_from(number).unwrap_or(i64::MAX)));
        Some(match self {
            Self::Int { next, like, .. } => {
                let number = *next;
                *next += 1;
                (Held::nothing(), Held::concrete(integer_like(like, number)))
            }
            Self::List { list, next } => {
                let index = *next;
                *next += 1;
                let any = list.element() == super::Type::Any;
                (int(index), Held { value: list.items()[index].clone(), any })
            }
            Self::Bytes { bytes, next } => {
                let index = *next;
                *next += 1;
                (int(index), Held::concrete(Value::Uint8(bytes[index])))
            }
            Self::Map { entries, any } => {
                let (key, value) = entries.next()?;
                (Held::concrete(Value::Str(key)), Held { value, any: *any })
            }
        })
    }
}

/// A number of the same type; it is smaller than `like`, so it fits.
fn integer_like(like: &Value, number: u64) -> Value {
    match like {
        Value::Int64(_) => Value::Int64(number.cast_signed()),
        Value::Int32(_) => Value::Int32(i32::try_from(number).unwrap_or(i32::MAX)),
        Value::Uint8(_) => Value::Uint8(u8::try_from(number).unwrap_or(u8::MAX)),
        Value::Uint64(_) => Value::Uint64(number),
        _ => Value::Int(number.cast_signed()),
    }
}
