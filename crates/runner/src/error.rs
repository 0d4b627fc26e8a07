//! What can stop a run before or while it goes on.

use crate::codes;
use bowline_diag::{Diagnose, Diagnostic, exit};

/// Why a run could not be carried out. A failed step is no error: it is in the report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The workflow asks for what cannot be honoured, each at its place.
    #[error("{}", first_message(.0))]
    Refused(Vec<Diagnostic>),
    /// A file of the run.
    #[error("a file of the run cannot be used")]
    Files(#[from] bowline_host::files::Error),
    /// The box of a job.
    #[error("the box of job `{job}` cannot be made")]
    Sandbox {
        /// The job.
        job: String,
        /// Why.
        source: bowline_sandbox::Error,
    },
    /// A fault of the runner itself.
    #[error("{0}")]
    Internal(String),
}

fn first_message(diagnostics: &[Diagnostic]) -> &str {
    diagnostics.first().map_or("the workflow cannot be carried out", |first| &first.message)
}

impl Diagnose for Error {
    fn diagnose(&self) -> Vec<Diagnostic> {
        match self {
            Self::Refused(diagnostics) => diagnostics.clone(),
            Self::Files(error) => {
                let (what, why) = (error.what(), &error.source);
                let message = format!("a file of the run cannot be used: {what}: {why}");
                let help = "check that the state folder can be written and its disk is not full";
                vec![Diagnostic::error(codes::FILES, message).help(help)]
            }
            Self::Sandbox { job, source } => {
                let message = format!("the box of job `{job}` cannot be made");
                let help = "run `bowline doctor` to see what this machine permits";
                vec![Diagnostic::error(codes::SANDBOX, message).note(source.to_string()).help(help)]
            }
            Self::Internal(message) => {
                vec![Diagnostic::error(codes::INTERNAL, message.clone())]
            }
        }
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Internal(_) => exit::BUG,
            Self::Refused(_) | Self::Files(_) | Self::Sandbox { .. } => exit::USAGE,
        }
    }
}
