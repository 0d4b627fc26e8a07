//! Everything that can go wrong outside of a user's request.

use crate::{Generation, TableError, codes, port_owner};
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
    /// The port is kept for root.
    #[error("port {} is kept for root: `{}` is {first}", address.port(), port_owner::SETTING)]
    PortKept {
        /// The address.
        address: SocketAddr,
        /// The first port that everybody may use.
        first: u16,
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
            Self::PortKept { .. } => codes::PORT_KEPT,
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
            return Self::PortTaken { address, holder: port_owner::of(address) };
        }
        if error.kind() == io::ErrorKind::PermissionDenied {
            return Self::PortKept { address, first: port_owner::first_port_of_everybody() };
        }
        Self::Listen { address, reason: error.to_string() }
    }

    /// By the code, because an edge's refusal crosses the socket with its code and sentence.
    fn help(&self) -> Option<&'static str> {
        match self.code() {
            codes::PORT_TAKEN => {
                Some("stop that process, or set another `listen` in `bowline.yaml`")
            }
            codes::PORT_KEPT => {
                Some("set a higher `listen` in `bowline.yaml`, or lower that setting by `sysctl`")
            }
            codes::LISTEN_FAILED => Some("set another `listen` in `bowline.yaml`"),
            codes::UNREACHABLE => Some("start it by `bowline up`"),
            codes::OLDER_GENERATION => {
                Some("see what is under way by `bowline rollout get`, then try again")
            }
            codes::ANSWER_UNREADABLE => Some("run `bowline down`, then `bowline up`"),
            _ => None,
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
