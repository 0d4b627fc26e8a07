//! How the engine fails: the diagnostics of whichever crate failed, and the exit code.

use bowline_diag::{Diagnose, Diagnostic, exit};

/// Why something ended without a result.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What a person is told; at least one.
    pub diagnostics: Vec<Diagnostic>,
    /// The process exit code.
    pub exit_code: u8,
}

impl Failure {
    /// A failure of usage, configuration or machine.
    #[must_use]
    pub fn usage(diagnostic: Diagnostic) -> Self {
        Self { diagnostics: vec![diagnostic], exit_code: exit::USAGE }
    }

    /// Several mistakes of the user's own files.
    #[must_use]
    pub fn mistakes(diagnostics: Vec<Diagnostic>) -> Self {
        Self { diagnostics, exit_code: exit::USAGE }
    }

    /// A fault of Bowline itself.
    #[must_use]
    pub fn bug(message: impl Into<String>) -> Self {
        let diagnostic = Diagnostic::error("BOW1099", message)
            .help("please report this with `bowline why` of the release");
        Self { diagnostics: vec![diagnostic], exit_code: exit::BUG }
    }

    /// The first sentence, for a journal entry.
    #[must_use]
    pub fn sentence(&self) -> String {
        self.diagnostics.first().map_or_else(String::new, |first| first.message.clone())
    }
}

/// Every crate's error knows how to tell itself; this type deliberately does not implement
/// [`Diagnose`], which keeps this conversion free of overlap.
impl<E: Diagnose> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { diagnostics: error.diagnose(), exit_code: error.exit_code() }
    }
}
