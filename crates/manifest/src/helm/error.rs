//! What goes wrong between a chart and its resources.

use super::read_yaml::YamlError;
use crate::codes;
use crate::tmpl;
use bowline_diag::{Code, Diagnose, Diagnostic};

/// A chart cannot be read, or its render fails as Helm's fails.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub struct Error(Box<Diagnostic>);

impl Error {
    /// An error with a code and Helm's or our sentence.
    pub(crate) fn new(code: &Code, message: impl Into<String>) -> Self {
        Self(Box::new(Diagnostic::error(code.id, message)))
    }

    /// The chart itself is not as it must be.
    pub(crate) fn chart(message: impl Into<String>) -> Self {
        Self::new(&codes::CHART, message)
    }

    /// The values are not as they must be.
    pub(crate) fn values(message: impl Into<String>) -> Self {
        Self::new(&codes::VALUES, message)
    }

    /// A limit was reached.
    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self::new(&codes::CHART_LIMIT, message)
    }

    /// A YAML file that could not be read, with its place.
    pub(crate) fn yaml(code: &Code, file: &str, text: &[u8], error: &YamlError) -> Self {
        let diagnostic =
            Diagnostic::error(code.id, format!("cannot read `{file}`: {}", error.message));
        if error.line == 0 {
            return Self(Box::new(diagnostic));
        }
        let text = String::from_utf8_lossy(text).into_owned();
        let diagnostic = diagnostic.at(file, error.line, error.column, 1, "").source(file, text);
        Self(Box::new(diagnostic))
    }

    /// An archive that cannot be unpacked.
    pub fn archive(why: impl Into<String>) -> Self {
        Self::chart(why)
    }

    /// Adds what to do.
    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self(Box::new(self.0.help(help)))
    }

    /// Adds what else there is to know.
    pub(crate) fn note(self, note: impl Into<String>) -> Self {
        Self(Box::new(self.0.note(note)))
    }

    /// Adds a place with the text around it.
    pub(crate) fn place(self, file: &str, line: usize, column: usize, label: &str) -> Self {
        Self(Box::new(self.0.at(file, line, column, 1, label)))
    }

    /// Adds a file's text.
    pub(crate) fn source(self, file: &str, text: &[u8]) -> Self {
        Self(Box::new(self.0.source(file, String::from_utf8_lossy(text).into_owned())))
    }

    /// A template that does not parse or does not run, at the place where it began.
    pub(crate) fn template(error: &tmpl::Error) -> Self {
        let origin = error.origin();
        let code = if error.is_limit() { &codes::CHART_LIMIT } else { &codes::TEMPLATE };
        let reason = origin.reason.split("HELM_ERR_START").last().unwrap_or_default();
        let reason = reason.split("HELM_ERR_END").next().unwrap_or_default();
        let mut made = Self::new(code, reason.trim_end());
        if let Some(place) = &origin.place {
            let (line, column) = (place.line as usize, place.column as usize);
            made = made.place(&place.file.text(), line, column, "");
        }
        for call in chain(error) {
            made = made.note(call);
        }
        made
    }

    /// The diagnostic.
    pub fn diagnostic(&self) -> &Diagnostic {
        &self.0
    }
}

/// The calls that led to the origin, innermost first.
fn chain(error: &tmpl::Error) -> Vec<String> {
    let mut calls = Vec::new();
    let mut current = Some(error);
    while let Some(error) = current {
        let deeper = error.cause.is_some();
        let own = error.place.iter().filter(|_| deeper);
        for place in error.calls.iter().chain(own) {
            calls.push(format!("called at {}:{}:{}", place.file.text(), place.line, place.column));
        }
        current = error.cause.as_ref();
    }
    calls.reverse();
    calls.dedup();
    calls.truncate(CALLS_SHOWN_MAX);
    calls
}

/// Calls that a message lists.
const CALLS_SHOWN_MAX: usize = 20;

impl Diagnose for Error {
    fn diagnose(&self) -> Vec<Diagnostic> {
        vec![(*self.0).clone()]
    }
}
