//! Errors of templates: Go's sentence to the byte, and beside it the place as data.

use super::ast::Parsed;
use super::value::Str;

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is no template.
    Parse,
    /// Carrying it out failed.
    Execute,
    /// A limit of Bowline was reached (Go has none there).
    Limit,
}

/// A place in a template file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name of the file.
    pub file: Str,
    /// The template within it that was being carried out.
    pub template: Str,
    /// From 1.
    pub line: u32,
    /// In bytes, from 1.
    pub column: u32,
    /// The first byte and the byte after the last.
    pub bytes: (u32, u32),
}

/// A template failed. Its parts are those of [`Failure`].
#[derive(Debug)]
pub struct Error(Box<Failure>);

/// Why and where a template failed.
#[derive(Debug)]
pub struct Failure {
    message: String,
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// What Go says after the place: the reason alone.
    pub reason: String,
    /// Where; `None` for a limit without a place.
    pub place: Option<Place>,
    /// The calls that led there (`include`, `template`), innermost first.
    pub calls: Vec<Place>,
    /// The error of the template that a function (`include`, `tpl`) carried out.
    pub cause: Option<Error>,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}

impl std::ops::Deref for Error {
    type Target = Failure;
    fn deref(&self) -> &Failure {
        &self.0
    }
}

impl Error {
    /// The error where it began: the last cause.
    pub fn origin(&self) -> &Error {
        let mut error = self;
        while let Some(cause) = &error.cause {
            error = cause;
        }
        error
    }

    /// Whether a limit was reached, here or in what a function carried out.
    pub fn is_limit(&self) -> bool {
        self.origin().kind == ErrorKind::Limit
    }

    pub(super) fn parse(
        parsed: &Parsed,
        line: u32,
        from: u32,
        to: u32,
        reason: impl std::fmt::Display,
    ) -> Self {
        let reason = reason.to_string();
        let (_, column) = parsed.line_column(from);
        let place = Place {
            file: parsed.name.clone(),
            template: parsed.name.clone(),
            line,
            column: column + 1,
            bytes: (from, to),
        };
        Self(Box::new(Failure {
            message: format!("template: {}:{line}: {reason}", parsed.name.text()),
            kind: ErrorKind::Parse,
            reason,
            place: Some(place),
            calls: Vec::new(),
            cause: None,
        }))
    }

    pub(super) fn limit(message: String, reason: String) -> Self {
        Self(Box::new(Failure {
            message,
            kind: ErrorKind::Limit,
            reason,
            place: None,
            calls: Vec::new(),
            cause: None,
        }))
    }

    pub(super) fn limit_at(parsed: &Parsed, line: u32, reason: String) -> Self {
        Self::parse(parsed, line, 0, 0, reason).into_kind(ErrorKind::Limit)
    }

    pub(super) fn execute(
        message: String,
        reason: String,
        place: Place,
        calls: Vec<Place>,
        cause: Option<Error>,
    ) -> Self {
        let (kind, place) = (ErrorKind::Execute, Some(place));
        Self(Box::new(Failure { message, kind, reason, place, calls, cause }))
    }

    /// Go's `template: no template "x" associated with template "y"`.
    pub(super) fn plain(message: String) -> Self {
        Self::limit(message.clone(), message).into_kind(ErrorKind::Execute)
    }

    pub(super) fn into_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }
}
