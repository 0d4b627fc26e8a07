//! A failure on its way to a diagnostic.

use crate::codes;
use bowline_diag::Diagnostic;

pub(crate) type Outcome<T> = Result<T, Box<Fail>>;

/// What failed, where, and what to do.
#[derive(Debug)]
pub(crate) struct Fail {
    pub(crate) message: String,
    file: Option<String>,
    at: (u32, u32),
    help: Option<String>,
    notes: Vec<String>,
    refused: bool,
    code: Option<&'static str>,
}

impl Fail {
    pub(crate) fn new(message: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            message: message.into(),
            file: None,
            at: (0, 0),
            help: None,
            notes: Vec::new(),
            refused: false,
            code: None,
        })
    }

    pub(crate) fn refused(message: impl Into<String>) -> Box<Self> {
        let mut fail = Self::new(message);
        fail.refused = true;
        fail
    }

    /// The first place wins: it is the innermost.
    pub(crate) fn at(mut self: Box<Self>, file: &str, at: (u32, u32)) -> Box<Self> {
        if self.file.is_none() {
            self.file = Some(file.to_owned());
            self.at = at;
        }
        self
    }

    pub(crate) fn help(mut self: Box<Self>, help: impl Into<String>) -> Box<Self> {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn note(mut self: Box<Self>, note: impl Into<String>) -> Box<Self> {
        self.notes.push(note.into());
        self
    }

    pub(crate) fn yaml(error: &bowline_yaml::Error, file: &str) -> Box<Self> {
        let small = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        let mut fail =
            Self::new(error.message.clone()).at(file, (small(error.line), small(error.column)));
        fail.code = Some(error.code());
        fail
    }

    pub(crate) fn diagnostic(self, text_of: impl Fn(&str) -> Option<String>) -> Diagnostic {
        let code = if self.refused { codes::REFUSED } else { codes::OVERLAY };
        let mut diagnostic = Diagnostic::error(self.code.unwrap_or(code.id), self.message);
        if let Some(file) = self.file {
            let (line, column) = (self.at.0.max(1), self.at.1.max(1));
            diagnostic = diagnostic.at(file.clone(), line as usize, column as usize, 1, "");
            if let Some(text) = text_of(&file) {
                diagnostic = diagnostic.source(file, text);
            }
        }
        if let Some(help) = self.help {
            diagnostic = diagnostic.help(help);
        }
        for note in self.notes {
            diagnostic = diagnostic.note(note);
        }
        diagnostic
    }
}
