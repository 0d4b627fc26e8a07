//! What can go wrong: a query that leads nowhere or to several places, an unreadable event.

use crate::codes;
use bowline_diag::{Diagnose, Diagnostic};

/// One of several things that a query may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What can be asked for instead: a full commit id, digest, version.
    pub query: String,
    /// What tells it from the others, for example the version that was built from it.
    pub about: String,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nothing that was recorded matches.
    #[error("nothing recorded matches `{query}`: its origin is unknown")]
    Unknown {
        /// As it was asked.
        query: String,
        /// In which ways it was read, in words.
        tried: Vec<String>,
        /// A recorded name that is near to it.
        nearest: Option<String>,
    },
    /// Several things match.
    #[error("`{query}` matches {} recorded things, so there is no single answer", candidates.len())]
    Ambiguous {
        /// As it was asked.
        query: String,
        /// What it may mean.
        candidates: Vec<Candidate>,
    },
    /// The query is empty or longer than [`crate::limits::QUERY_BYTES_MAX`].
    #[error("the query has {bytes} bytes, but 1 to 512 can be looked up")]
    QueryLength {
        /// How long it is.
        bytes: usize,
    },
    /// An event of this stage does not read as its record.
    #[error("event {n} (`{kind}`) does not read as a record, so `trace` cannot answer")]
    Event {
        /// The event's number.
        n: u64,
        /// Its kind.
        kind: String,
        /// What the reader says.
        message: String,
    },
}

impl Diagnose for Error {
    fn diagnose(&self) -> Vec<Diagnostic> {
        let message = self.to_string();
        vec![match self {
            Self::Unknown { tried, nearest, .. } => {
                let mut diagnostic = Diagnostic::error(codes::UNKNOWN.id, message);
                for tried in tried {
                    diagnostic = diagnostic.note(format!("tried as {tried}"));
                }
                diagnostic.help(match nearest {
                    Some(nearest) => format!("did you mean `{nearest}`?"),
                    None => "give a commit (7 digits or more), a version, a digest or an address"
                        .to_owned(),
                })
            }
            Self::Ambiguous { candidates, .. } => {
                let mut diagnostic = Diagnostic::error(codes::AMBIGUOUS.id, message);
                for candidate in candidates.iter().take(crate::limits::CANDIDATES_MAX) {
                    let line = format!("{}  {}", candidate.query, candidate.about);
                    diagnostic = diagnostic.note(line.trim_end());
                }
                diagnostic.help("ask for one of them by more digits")
            }
            Self::QueryLength { .. } => Diagnostic::error(codes::QUERY.id, message)
                .help("give a commit (7 digits or more), a version, a digest or an address"),
            Self::Event { message: said, .. } => {
                Diagnostic::error(codes::EVENT.id, message).note(said.clone())
            }
        }]
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Event { .. } => bowline_diag::exit::BUG,
            Self::Unknown { .. } | Self::Ambiguous { .. } | Self::QueryLength { .. } => {
                bowline_diag::exit::USAGE
            }
        }
    }
}
