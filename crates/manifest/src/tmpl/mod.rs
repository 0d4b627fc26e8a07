//! Go's `text/template`, to the byte: lexer, parser, executor, values, `fmt`, messages.
//!
//! A text is parsed once into an immutable arena ([`Set::parse`]), added to a [`Set`] of named
//! templates and carried out many times by a [`Render`]. Functions are rows of a table
//! ([`Function`]); host objects have fields and methods ([`Object`]). Every byte of the output
//! knows the text or action that wrote it ([`Output::segments`]), every error says Go's sentence
//! and has its place and the calls that led there as data ([`Error`]).
//!
//! Absent on purpose: Helm, sprig, YAML; files, clock, chance; complex numbers, channels,
//! functions as values, `html/template`.
//!
//! ```
//! use bowline_manifest::tmpl::{BuiltinsOnly, MissingKey, Render, Set, Str, Value};
//! let mut set = Set::new("page", std::sync::Arc::new(BuiltinsOnly), MissingKey::Zero);
//! set.define(&Str::from("page"), &Str::from("{{ range . }}{{ printf \"%05.1f;\" . }}{{ end }}"))?;
//! let numbers = Value::list(vec![Value::Float(2.5), Value::Float(10.0)]);
//! let output = Render::new(Box::new(())).execute(&set, b"page", numbers)?;
//! assert_eq!(output.bytes, b"002.5;010.0;");
//! # Ok::<(), bowline_manifest::tmpl::Error>(())
//! ```

mod ast;
mod builtin;
mod call;
mod error;
mod escape;
mod eval;
mod exec;
mod fmt;
mod fmt_verbs;
mod lex;
mod number;
mod output;
mod parse;
mod parse_pipe;
mod quote;
mod set;
mod truth;
mod types;
mod unicode;
mod value;

pub use ast::Parsed;
pub use call::{
    Body, BuiltinsOnly, Call, CallError, Function, FunctionTable, Functions, Host, Member, Method,
    MethodBody, Takes,
};
pub use error::{Error, ErrorKind, Failure, Place};
pub use exec::{Budget, Render};
pub use output::{ChainId, FileId, Link, Output, Segment, Site, SourceMap};
pub use set::{MissingKey, Set};
pub use types::Type;
pub use value::{List, Map, Object, ObjectJson, Shape, Str, Value};

/// The texts of Go's standard library that functions outside need to the byte.
pub mod text {
    pub use super::escape::{html, js, url_query};
    pub use super::fmt::{print, printf, println, verb_v};
    pub use super::number::format_float;
    pub use super::quote::{chars, count, is_digit, is_letter, is_print, quote, unquote};
    pub use super::truth::truth;
}

/// Runs on a stack that grows: how deep a template nests is bounded by named limits, not by
/// the machine's stack.
fn deep<T>(work: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(128 * 1024, 1024 * 1024, work)
}
