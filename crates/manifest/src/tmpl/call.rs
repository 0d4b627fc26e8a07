//! The table of functions, and what a function gets when it is called.
//!
//! A function is a row: its name, the static types that it takes, the type that it gives and
//! its body. The engine checks and converts arguments by the row exactly as Go does by
//! reflection, so a body only sees what its Go twin would see; the messages about wrong
//! arguments are the engine's.
//!
//! ```
//! use bowline_manifest::tmpl::{Call, CallError, Function, Type, Value};
//! fn upper(_: &mut Call<'_>, args: &[Value]) -> Result<Value, CallError> {
//!     let Value::Str(text) = &args[0] else { return Err(CallError::new("not a string")) };
//!     Ok(Value::str(text.to_ascii_uppercase()))
//! }
//! const UPPER: Function = Function::new("upper", &[Type::Str], Type::Str, upper);
//! assert_eq!(UPPER.name, "upper");
//! ```

use super::error::Error;
use super::exec::{self, Render};
use super::output::{ChainId, Site};
use super::set::Set;
use super::types::Type;
use super::value::{Object, Str, Value};
use std::any::Any;
use std::rc::Rc;

/// A function's body. It gets as many arguments as the row allows, each of the row's type:
/// nil for a map or slice parameter comes as [`Value::Nil`].
pub type Body = fn(&mut Call<'_>, &[Value]) -> Result<Value, CallError>;

/// One function that templates may call.
pub struct Function {
    /// Its name in templates.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What it gives: [`Type::Any`] where Go's function returns `interface {}`.
    pub gives: Type,
    /// What it does.
    pub body: Body,
}

/// The parameters of a function or method.
#[derive(Clone, Copy)]
pub struct Takes {
    /// The parameters that must be there.
    pub fixed: &'static [Type],
    /// The type of any number of arguments after them.
    pub rest: Option<Type>,
}

impl Function {
    /// A function with a fixed number of parameters.
    pub const fn new(name: &'static str, fixed: &'static [Type], gives: Type, body: Body) -> Self {
        Self { name, takes: Takes { fixed, rest: None }, gives, body }
    }

    /// A function that takes any number of arguments of a type after the fixed ones.
    pub const fn variadic(
        name: &'static str,
        fixed: &'static [Type],
        rest: Type,
        gives: Type,
        body: Body,
    ) -> Self {
        Self { name, takes: Takes { fixed, rest: Some(rest) }, gives, body }
    }
}

/// Where a set of templates finds its functions. What it does not know is looked for among the
/// built-in ones of Go.
pub trait Functions: Send + Sync {
    /// The row of a name.
    fn find(&self, name: &[u8]) -> Option<&'static Function>;
}

/// No functions but the built-in ones.
pub struct BuiltinsOnly;

impl Functions for BuiltinsOnly {
    fn find(&self, _name: &[u8]) -> Option<&'static Function> {
        None
    }
}

/// Tables of rows, found by hash; the last table wins.
pub struct FunctionTable {
    rows: std::collections::HashMap<&'static [u8], &'static Function>,
}

impl FunctionTable {
    /// Joins tables.
    pub fn new(tables: &[&'static [Function]]) -> Self {
        let rows = tables.iter().flat_map(|table| table.iter());
        Self { rows: rows.map(|row| (row.name.as_bytes(), row)).collect() }
    }
}

impl Functions for FunctionTable {
    fn find(&self, name: &[u8]) -> Option<&'static Function> {
        self.rows.get(name).copied()
    }
}

/// A field or a method of a host object.
pub enum Member {
    /// A field with its static type ([`Type::Any`] where the struct says `interface {}`).
    Field(Value, Type),
    /// A method; the engine checks the arguments and then asks [`Method::body`].
    Method(&'static Method),
}

/// One method of a host object.
pub struct Method {
    /// What it takes besides its receiver.
    pub takes: Takes,
    /// What it gives.
    pub gives: Type,
    /// What it does.
    pub body: MethodBody,
}

/// A method's body: like [`Body`], with its receiver.
pub type MethodBody = fn(&Rc<dyn Object>, &mut Call<'_>, &[Value]) -> Result<Value, CallError>;

/// Why a function failed.
#[derive(Debug)]
pub struct CallError {
    /// What Go's error says.
    pub message: String,
    /// The template error behind it, for functions that carry out templates.
    pub cause: Option<Error>,
}

impl CallError {
    /// An error with a text.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), cause: None }
    }
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        Self { message: error.to_string(), cause: Some(error) }
    }
}

/// The state of whoever renders, which functions reach by [`Call::host`].
pub trait Host: Any {
    /// The state of the function library beneath it, which [`Call::library`] gives.
    fn library(&mut self) -> Option<&mut dyn Any> {
        None
    }
}

impl Host for () {}

/// What a function may ask while it runs.
pub struct Call<'a> {
    pub(super) render: &'a mut Render,
    pub(super) set: &'a Set,
    pub(super) site: Site,
    pub(super) chain: ChainId,
}

impl Call<'_> {
    /// The host's own state, as given to [`Render::new`].
    pub fn host<T: Any>(&mut self) -> Option<&mut T> {
        let host: &mut dyn Any = self.render.host.as_mut();
        host.downcast_mut()
    }

    /// The state of the function library, which the host's own state holds.
    pub fn library<T: Any>(&mut self) -> Option<&mut T> {
        self.render.host.library()?.downcast_mut()
    }

    /// The name of the template file that calls.
    pub fn file_name(&self) -> Str {
        self.render.file_name(self.site.file)
    }

    /// The place in the template that calls.
    pub fn site(&self) -> Site {
        self.site
    }

    /// The templates that are visible here: those of the set that is being carried out.
    pub fn set(&self) -> &Set {
        self.set
    }

    /// Carries out a named template of the visible set and gives its output (`include`).
    pub fn render(&mut self, name: &[u8], dot: Value) -> Result<Str, Error> {
        exec::nested(self.render, self.set, name, dot, self.site, self.chain)
    }

    /// Carries out a named template of another set, a child of the visible one (`tpl`).
    pub fn render_in(&mut self, set: &Set, name: &[u8], dot: Value) -> Result<Str, Error> {
        exec::nested(self.render, set, name, dot, self.site, self.chain)
    }
}
