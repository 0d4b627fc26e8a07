//! What can go wrong with the local cluster itself (not with a request to its API).

use bowline_diag::{Diagnose, Diagnostic};
use rusqlite::ErrorCode;
use std::path::PathBuf;

/// An error of the local cluster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database of API objects cannot be read or written.
    #[error("the cluster database cannot be used: {0}")]
    Database(#[from] rusqlite::Error),
    /// Another version of Bowline wrote the database.
    #[error("the cluster database has layout {found}, this version reads {known}")]
    SchemaNumber {
        /// The number found.
        found: i64,
        /// The number that this version reads.
        known: i64,
    },
    /// A row of the database is not what this crate wrote.
    #[error("the cluster database holds an unreadable entry: {0}")]
    Corrupt(String),
    /// A file or folder.
    #[error(transparent)]
    Files(#[from] bowline_host::files::Error),
    /// The sandbox or a process.
    #[error(transparent)]
    Sandbox(#[from] bowline_sandbox::Error),
    /// A request to the in-process API.
    #[error("the local cluster refused a request: {0}")]
    Api(String),
    /// The edge did not take the route table, as one of several requests learnt.
    #[error("the edge did not take the route table: {0}")]
    Edge(String),
    /// The edge refused, or does not answer.
    #[error(transparent)]
    Traffic(#[from] bowline_traffic::Error),
    /// Folders of this user.
    #[error(transparent)]
    Directories(#[from] bowline_host::directories::Error),
    /// The store of images.
    #[error(transparent)]
    Store(#[from] bowline_store::Error),
    /// The cluster was stopped while something waited for it.
    #[error("the local cluster was stopped")]
    Stopped,
    /// Weights that make no sense.
    #[error("weights of service `{service}` make no sense: canary {weight} of 100")]
    Weights {
        /// The service.
        service: String,
        /// The canary's weight.
        weight: u32,
    },
    /// A newer conductor has set weights already.
    #[error("weights of generation {given} come after {known} were set")]
    StaleGeneration {
        /// The generation given.
        given: String,
        /// The newest one known.
        known: String,
    },
    /// A newer conductor runs this cluster; this one must stop.
    #[error("epoch {mine} is over: a conductor with epoch {newest} runs this cluster")]
    Fenced {
        /// The epoch of this process.
        mine: u64,
        /// The newest one.
        newest: u64,
    },
    /// There is no such pod, or its folder is gone.
    #[error("pod `{0}` does not exist on this machine")]
    NoSuchPod(String),
    /// A process did not come up or did not end in time.
    #[error("{what} did not {verb} within {seconds} s")]
    TooSlow {
        /// The process.
        what: String,
        /// `start` or `end`.
        verb: &'static str,
        /// The limit.
        seconds: u64,
    },
    /// Another process holds this cluster.
    #[error("another bowline process runs this cluster (`{path}` is locked by {holder})")]
    Held {
        /// The lock file.
        path: PathBuf,
        /// The process id in it.
        holder: String,
    },
}

impl Error {
    /// The database is there and is not what was written.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Corrupt(_) => true,
            Self::Database(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            ),
            _ => false,
        }
    }
}

impl From<kube::Error> for Error {
    fn from(error: kube::Error) -> Self {
        Self::Api(error.to_string())
    }
}

impl Diagnose for Error {
    fn diagnose(&self) -> Vec<Diagnostic> {
        let (code, help) = match self {
            Self::Database(_) | Self::Corrupt(_) => (
                "BOW0901",
                Some(
                    "move `cluster.db` aside, then release the commit that runs (docs/recovery.md)",
                ),
            ),
            Self::SchemaNumber { .. } => ("BOW0902", Some("use the version that wrote it")),
            Self::Files(error) => return error.diagnose(),
            Self::Sandbox(error) => return error.diagnose(),
            Self::Traffic(error) => return error.diagnose(),
            Self::Directories(error) => return error.diagnose(),
            Self::Store(error) => return error.diagnose(),
            Self::Api(_) => ("BOW0903", None),
            Self::Edge(_) => ("BOW0904", Some("look into `edge/edge.log` of the state folder")),
            Self::StaleGeneration { .. } => ("BOW0905", None),
            Self::Fenced { .. } => {
                ("BOW0905", Some("let the newer process go on, or end it and try again"))
            }
            Self::Weights { .. } => ("BOW0906", None),
            Self::NoSuchPod(_) => ("BOW0907", Some("`bowline ls` lists what runs")),
            Self::TooSlow { .. } => ("BOW0908", Some("run `bowline doctor`")),
            Self::Held { .. } => ("BOW0909", Some("wait for it, or stop it")),
            Self::Stopped => ("BOW0910", None),
        };
        let diagnostic = Diagnostic::error(code, self.to_string());
        vec![match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }]
    }
}
