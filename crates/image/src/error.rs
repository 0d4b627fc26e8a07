//! What can go wrong in a build.

use crate::codes;
use bowline_diag::{Diagnose, Diagnostic, exit};
use bowline_sandbox::{Exit, disk::Excess};

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The Dockerfile or what it names is wrong or not supported: at least one, with places.
    #[error("the Dockerfile cannot be built: {}", .0.first().map_or("", |d| d.message.as_str()))]
    Refused(Vec<Diagnostic>),
    /// A RUN step failed.
    #[error("{}", .0.message())]
    Run(Box<RunFailure>),
    /// It was cancelled.
    #[error("the build was cancelled")]
    Cancelled,
    /// The content of a file could not be written.
    #[error("could not write `{path}`: {source}")]
    Write {
        /// In the stage.
        path: String,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The image's documents or layers.
    #[error(transparent)]
    Oci(#[from] bowline_oci::Error),
    /// A file.
    #[error(transparent)]
    Files(#[from] bowline_host::files::Error),
    /// The sandbox.
    #[error(transparent)]
    Sandbox(#[from] bowline_sandbox::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] bowline_store::Error),
}

/// How a RUN step failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFailure {
    /// The Dockerfile's name.
    pub file: String,
    /// The Dockerfile's text.
    pub source: String,
    /// The line of the instruction.
    pub line: usize,
    /// The column of the instruction.
    pub column: usize,
    /// The instruction in one line.
    pub text: String,
    /// How it ended; `None` when it was ended: it ran longer than an hour, or `excess` says.
    pub exit: Option<Exit>,
    /// The bound of the disk for which it was ended.
    pub excess: Option<Excess>,
    /// The last lines that it printed.
    pub last_lines: Vec<String>,
}

impl RunFailure {
    fn message(&self) -> String {
        match (self.exit, self.excess) {
            (_, Some(excess)) => format!("a RUN step was ended: {excess}"),
            (Some(exit), None) => format!("a RUN step ended with {exit}, so there is no image"),
            (None, None) => "a RUN step ran longer than an hour and was ended".to_owned(),
        }
    }
}

impl Diagnose for Error {
    fn diagnose(&self) -> Vec<Diagnostic> {
        match self {
            Self::Refused(diagnostics) => diagnostics.clone(),
            Self::Run(failure) => {
                let mut diagnostic = Diagnostic::error(codes::RUN.id, failure.message())
                    .at(&*failure.file, failure.line, failure.column, 3, "this step")
                    .source(&*failure.file, &*failure.source);
                for line in &failure.last_lines {
                    diagnostic = diagnostic.note(format!("| {line}"));
                }
                vec![diagnostic]
            }
            Self::Cancelled => vec![Diagnostic::error(codes::CANCELLED.id, self.to_string())],
            Self::Write { .. } => vec![Diagnostic::error(codes::MACHINE.id, self.to_string())],
            Self::Oci(error) => error.diagnose(),
            Self::Files(error) => error.diagnose(),
            Self::Sandbox(error) => error.diagnose(),
            Self::Store(error) => error.diagnose(),
        }
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Run(_) => exit::YOUR_CODE,
            Self::Cancelled => exit::INTERRUPTED,
            Self::Sandbox(error) => error.exit_code(),
            Self::Store(error) => error.exit_code(),
            Self::Oci(error) => error.exit_code(),
            Self::Files(error) => error.exit_code(),
            Self::Refused(_) | Self::Write { .. } => exit::USAGE,
        }
    }
}
