//! What can be wrong with YAML before anybody asks what it means.

use crate::codes;
use bowline_diag::{Diagnose, Diagnostic};

/// The kind of a problem; decides the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Not YAML.
    Syntax,
    /// Larger or deeper than [`crate::Limits`] allow.
    Limit,
    /// A key stands twice in one mapping.
    DuplicateKey,
    /// An alias without its anchor, or inside it.
    Alias,
}

/// The first problem of a text, with its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at line {line}, column {column}")]
pub struct Error {
    /// What kind of problem it is.
    pub problem: Problem,
    /// One sentence, lower case, no full stop.
    pub message: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl Error {
    pub(crate) fn new(problem: Problem, message: impl Into<String>, at: (usize, usize)) -> Self {
        Self { problem, message: message.into(), line: at.0, column: at.1 }
    }

    /// The code of this problem.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.problem {
            Problem::Syntax => codes::SYNTAX,
            Problem::Limit => codes::LIMIT,
            Problem::DuplicateKey => codes::DUPLICATE_KEY,
            Problem::Alias => codes::ALIAS,
        }
    }

    /// As a person sees it, in the file `file` that holds `text`.
    #[must_use]
    pub fn diagnostic(&self, file: &str, text: &str) -> Diagnostic {
        Diagnostic::error(self.code(), self.message.clone())
            .at(file, self.line, self.column, 1, "")
            .source(file, text)
    }
}

/// Without a file's name. Prefer [`Error::diagnostic`].
impl Diagnose for Error {
    fn diagnose(&self) -> Vec<Diagnostic> {
        let place = format!("line {}, column {}", self.line, self.column);
        vec![Diagnostic::error(self.code(), self.message.clone()).note(place)]
    }
}
