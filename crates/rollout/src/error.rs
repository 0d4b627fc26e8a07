//! What can be wrong with a spec: always a field, a sentence and an action.

use crate::codes;
use bowline_diag::{Diagnose, Diagnostic};
use std::fmt;

/// One field of a manifest that cannot be honoured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The code of the error table, for example `BOW0701`.
    pub code: &'static str,
    /// RFC 6901 pointer from the document's root: `/spec/strategy/canary/steps/0/setWeight`.
    pub pointer: String,
    /// One sentence: what is wrong and the consequence.
    pub message: String,
    /// One action, with the near name where there is one; may be empty.
    pub help: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.message)
    }
}

impl FieldError {
    /// As a diagnostic without a place; the caller knows the file and adds the label.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        let diagnostic =
            Diagnostic::error(self.code, self.message.clone()).note(format!("at {}", self.pointer));
        if self.help.is_empty() { diagnostic } else { diagnostic.help(self.help.clone()) }
    }
}

/// All fields of one manifest that cannot be honoured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} of the manifest cannot be honoured", count(.0.len()))]
pub struct SpecError(pub Vec<FieldError>);

fn count(fields: usize) -> String {
    if fields == 1 { "1 field".to_owned() } else { format!("{fields} fields") }
}

impl Diagnose for SpecError {
    fn diagnose(&self) -> Vec<Diagnostic> {
        if self.0.is_empty() {
            return vec![Diagnostic::error(codes::INVALID_VALUE, "the manifest is refused")];
        }
        self.0.iter().map(FieldError::diagnostic).collect()
    }
}
