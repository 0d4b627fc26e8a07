//! The shape of an error: code, sentence, the user's own lines, help.

use serde::Serialize;
use std::sync::Arc;

/// How bad it is. What cannot be honoured is an error, never a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing was done, or it was stopped.
    Error,
    /// It goes on; somebody should look.
    Warning,
    /// A fact.
    Note,
}

/// A place in the user's own file. Line and column count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Label {
    /// The path as the user knows it, relative to where they stand where that is possible.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// In characters; 0 reads as 1.
    pub length: usize,
    /// What is said about this place; may be empty.
    pub text: String,
}

/// The text of a file that labels point into, so that the line can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The same path as in the labels.
    pub file: String,
    /// The whole content, shared by all mistakes of the file.
    pub text: Arc<str>,
}

/// One thing to tell a person: what is wrong, where, and what to do.
///
/// ```
/// use bowline_diag::Diagnostic;
/// let d = Diagnostic::error("BOW0107", "job `deploy` needs `biuld`, which does not exist")
///     .at(".github/workflows/ci.yml", 10, 13, 5, "no job has this id")
///     .help("did you mean `build`?");
/// assert_eq!(d.labels[0].line, 10);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// `BOW0107`.
    pub code: String,
    /// Error, warning or note.
    pub severity: Severity,
    /// One sentence in the present tense, lower case, no full stop, at most 100 characters.
    pub message: String,
    /// Places in the user's files, the guilty one first.
    pub labels: Vec<Label>,
    /// One action: an edit, or a command that can be pasted.
    pub help: Option<String>,
    /// Further facts, a line each: the chain of origins, values, last log lines.
    pub notes: Vec<String>,
    /// The texts of the labelled files.
    #[serde(skip)]
    pub sources: Vec<Source>,
}

impl Diagnostic {
    /// An error with `code` and `message`.
    pub fn error(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            help: None,
            notes: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// A warning with `code` and `message`.
    pub fn warning(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Adds a place; the first one added is the guilty one.
    #[must_use]
    pub fn at(
        mut self,
        file: impl Into<String>,
        line: usize,
        column: usize,
        length: usize,
        text: impl Into<String>,
    ) -> Self {
        let (file, text) = (file.into(), text.into());
        self.labels.push(Label { file, line, column, length, text });
        self
    }

    /// Sets the one action that helps.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Gives the text of a labelled file.
    #[must_use]
    pub fn source(mut self, file: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        self.sources.push(Source { file: file.into(), text: text.into() });
        self
    }
}

/// Typed errors say here what they look like to a person.
pub trait Diagnose {
    /// At least one diagnostic; one cause, one diagnostic.
    fn diagnose(&self) -> Vec<Diagnostic>;

    /// The exit code that fits. Most errors are the user's input or the machine.
    fn exit_code(&self) -> u8 {
        crate::exit::USAGE
    }
}
