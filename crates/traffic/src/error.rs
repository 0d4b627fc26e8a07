//! Everything that can go wrong outside of a user's request.

use crate::{Generation, TableError, codes};
use bowline_diag::{Diagnose, Diagnostic};
use std::{io, net::SocketAddr, path::PathBuf};

/// An error of the edge, its shim or its client.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table makes no sense by itself.
    #[error("the route table is refused: {0}")]
    Table(#[from] TableError),
    /// A newer table is in force, or another one with the same generation.
    #[error("table {offered} is refused: the edge has table {current}")]
    OlderGeneration {
        /// The one that was sent.
        offered: Generation,
        /// The one in force.
        current: Generation,
    },
    /// Something else listens on the address.
    #[error("port {} on {} is taken by {holder}", address.port(), address.ip())]
    PortTaken {
        /// The address.
        address: SocketAddr,
        /// Who has it, as far as the machine tells: `nginx (process 12)` or `another process`.
        holder: String,
    },
    /// The address cannot be listened on for another reason.
    #[error("`{address}` cannot be listened on: {reason}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The machine's words.
        reason: String,
    },
    /// The edge does not answer.
    #[error("the edge does not answer on `{}`: {reason}", socket.display())]
    Unreachable {
        /// The control socket.
        socket: PathBuf,
        /// What happened.
        reason: String,
    },
    /// The edge refused for a reason without a type of its own.
    #[error("{message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The edge's code.
        code: String,
        /// The edge's sentence.
        message: String,
    },
    /// The edge's answer is not understood.
    #[error("the edge's answer to `{request}` is not understood: {reason}")]
    Answer {
        /// Method and path.
        request: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The edge's state cannot be kept or read.
    #[error("the edge's state in `{}` cannot be used: {reason}", path.display())]
    State {
        /// The file or folder.
        path: PathBuf,
        /// What happened.
        reason: String,
    },
    /// The control socket cannot be opened.
    #[error("the control socket `{}` cannot be opened: {reason}", socket.display())]
    Control {
        /// The socket.
        socket: PathBuf,
        /// What happened.
        reason: String,
    },
    /// The edge or its shim cannot be started.
    #[error("the edge cannot be started: {0}")]
    Start(String),
    /// A hidden verb was called wrongly.
    #[error("wrong arguments: {0}")]
    Arguments(String),
}

impl Error {
    /// The code of this error.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Table(_) => codes::TABLE_REFUSED,
            Self::OlderGeneration { .. } => codes::OLDER_GENERATION,
            Self::PortTaken { .. } => codes::PORT_TAKEN,
            Self::Listen { .. } => codes::LISTEN_FAILED,
            Self::Unreachable { .. } => codes::UNREACHABLE,
            Self::Refused { code, .. } => code,
            Self::Answer { .. } => codes::ANSWER_UNREADABLE,
            Self::State { .. } => codes::STATE_FAILED,
            Self::Control { .. } => codes::CONTROL_FAILED,
            Self::Start(_) => codes::START_FAILED,
            Self::Arguments(_) => codes::ARGUMENTS,
        }
    }

    /// Whether the edge has a newer table than the one that was sent.
    #[must_use]
    pub fn is_older_generation(&self) -> bool {
        matches!(self, Self::OlderGeneration { .. })
    }

    /// Whether nothing answers on the control socket.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// What went wrong while `address` was bound.
    pub(crate) fn bind(address: SocketAddr, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::AddrInUse {
            return Self::PortTaken { address, holder: crate::port_owner::of(address) };
        }
        Self::Listen { address, reason: error.to_string() }
    }

    fn help(&self) -> Option<&'static str> {
        match self {
            Self::PortTaken { .. } => {
                Some("stop that process, or set another `listen` in `bowline.yaml`")
            }
            Self::Listen { .. } => Some("set another `listen` in `bowline.yaml`"),
            Self::Unreachable { .. } => Some("start it by `bowline up`"),
            Self::OlderGeneration { .. } => {
                Some("see what is under way by `bowline rollout get`, then try again")
            }
            Self::Answer { .. } => Some("run `bowline down`, then `bowline up`"),
            Self::Table(_)
            | Self::Refused { .. }
            | Self::State { .. }
            | Self::Control { .. }
            | Self::Start(_)
            | Self::Arguments(_) => None,
        }
    }
}

impl Diagnose for Error {
    fn diagnose(&self) -> Vec<Diagnostic> {
        let mut diagnostic = Diagnostic::error(self.code(), self.to_string());
        if let Some(help) = self.help() {
            diagnostic = diagnostic.help(help);
        }
        vec![diagnostic]
    }
}
