//! What can be wrong with an expression, before and while it runs.

use crate::codes;
use crate::tree::Workflow;
use bowline_diag::{Diagnose, Diagnostic};
use bowline_yaml::Span;
use std::fmt;

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ParseError {
    /// Why.
    pub reason: ParseReason,
    /// The character where it is seen, from 1; 0 when it is the whole.
    pub position: usize,
}

/// The reason of a [`ParseError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseReason {
    /// These characters are no token.
    NoToken(String),
    /// This token cannot stand here.
    UnexpectedSymbol(String),
    /// The expression ends after this token.
    UnexpectedEnd(String),
    /// There is nothing in it.
    Empty,
    /// No function has this name, or none here.
    UnknownFunction(String),
    /// No context has this name, or none here.
    UnknownContext(String),
    /// A call with too few arguments.
    TooFewArguments(String),
    /// A call with too many arguments.
    TooManyArguments(String),
    /// `case` with an even number of arguments.
    EvenArguments(String),
    /// More than the allowed depth.
    TooDeep,
    /// More than the allowed length.
    TooLong,
}

impl fmt::Display for ParseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoToken(text) => write!(f, "`{text}` is not part of the expression language"),
            Self::UnexpectedSymbol(text) => write!(f, "`{text}` cannot stand here"),
            Self::UnexpectedEnd(text) => write!(f, "the expression ends too early, after `{text}`"),
            Self::Empty => write!(f, "the expression is empty"),
            Self::UnknownFunction(name) => write!(f, "there is no function `{name}` here"),
            Self::UnknownContext(name) => write!(f, "there is no context `{name}` here"),
            Self::TooFewArguments(name) => write!(f, "`{name}` has too few arguments"),
            Self::TooManyArguments(name) => write!(f, "`{name}` has too many arguments"),
            Self::EvenArguments(name) => {
                write!(f, "`{name}` needs an odd number of arguments: the last is the default")
            }
            Self::TooDeep => {
                write!(f, "the expression is nested more than {} deep", crate::limits::DEPTH_MAX)
            }
            Self::TooLong => {
                let max = crate::limits::EXPRESSION_CHARACTERS_MAX;
                write!(f, "the expression has more than {max} characters")
            }
        }
    }
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct EvaluationError {
    /// Why.
    pub reason: EvaluationReason,
    /// Where the expression stands in the workflow file.
    pub span: Option<Span>,
}

/// The reason of an [`EvaluationError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvaluationReason {
    /// A predicate of `case` is no boolean.
    CasePredicate,
    /// The values grew beyond the limit.
    Memory,
    /// The text of `format` has a brace that is not closed or not doubled.
    InvalidFormat(String),
    /// The text of `format` names an argument that was not given.
    FormatArguments(String),
    /// `fromJSON` got no JSON.
    Json(String),
    /// What the world answered (`hashFiles`), or a rule of the key.
    Other(String),
}

impl fmt::Display for EvaluationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CasePredicate => write!(f, "a predicate of `case` is not a boolean"),
            Self::Memory => {
                let max = crate::limits::EVALUATION_BYTES_MAX;
                write!(f, "the values of the expression need more than {max} bytes")
            }
            Self::InvalidFormat(text) => {
                write!(f, "`format` cannot read its text `{text}`: a brace is not paired")
            }
            Self::FormatArguments(text) => {
                write!(f, "`format` has fewer arguments than its text `{text}` names")
            }
            Self::Json(problem) => write!(f, "`fromJSON` got no valid JSON: {problem}"),
            Self::Other(message) => write!(f, "{message}"),
        }
    }
}

impl EvaluationError {
    /// Another error, at a place.
    #[must_use]
    pub fn at(message: impl Into<String>, span: Span) -> Self {
        Self { reason: EvaluationReason::Other(message.into()), span: Some(span) }
    }

    /// Another error whose place is not known yet.
    #[must_use]
    pub fn other(message: impl Into<String>) -> Self {
        EvaluationReason::Other(message.into()).into()
    }

    /// As a person sees it, at its place in the workflow's file.
    #[must_use]
    pub fn diagnostic(&self, workflow: &Workflow) -> Diagnostic {
        let found = Diagnostic::error(codes::EVALUATION, self.to_string());
        match self.span {
            Some(span) => found
                .at(&workflow.file, span.line.max(1), span.column.max(1), span.length, "")
                .source(&workflow.file, workflow.text.as_str()),
            None => found,
        }
    }

    /// The same, at `span` unless it has a place already.
    #[must_use]
    pub fn or_at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }
}

impl From<EvaluationReason> for EvaluationError {
    fn from(reason: EvaluationReason) -> Self {
        Self { reason, span: None }
    }
}

/// Without a file's name. Prefer [`EvaluationError::diagnostic`].
impl Diagnose for EvaluationError {
    fn diagnose(&self) -> Vec<Diagnostic> {
        let found = Diagnostic::error(codes::EVALUATION, self.to_string());
        let place = self.span.map(|span| format!("line {}, column {}", span.line, span.column));
        vec![place.into_iter().fold(found, Diagnostic::note)]
    }
}
