//! GitHub's expression language: lexer, parser, values, evaluation.
//!
//! Functions that need the world (`hashFiles`) or the state of a run (`success()` …) are asked
//! of the [`Scope`], so that this stays pure.

mod ast;
mod compare;
mod error;
mod eval;
mod function;
mod lex;
mod number;
mod parse;
mod scope;
mod value;

pub use ast::{Ast, Comparison, Kind};
pub use error::{EvaluationError, EvaluationReason, ParseError, ParseReason};
pub use eval::evaluate;
pub(crate) use function::names as function_names;
pub use parse::{Allowed, parse};
pub use scope::{Context, Scope, StatusFunction};
pub use value::{Object, Value};

use bowline_yaml::Span;

/// Loose equality, as `==` has it.
#[must_use]
pub fn is_equal(left: &Value, right: &Value) -> bool {
    compare::equal(left, right)
}

/// An expression with its text and its place in the file.
#[derive(Clone, Debug)]
pub struct Expression {
    /// The text between `${{` and `}}`, or the whole of an `if:`.
    pub source: String,
    /// The parsed text, with the implicit `success()` of an `if:`.
    pub ast: Ast,
    /// Where the text begins in the workflow file.
    pub span: Span,
}

impl Expression {
    /// Evaluates it.
    ///
    /// # Errors
    /// What a function or a limit refuses, at this expression's place.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, EvaluationError> {
        evaluate(&self.ast, scope).map_err(|error| error.or_at(self.span))
    }
}
