//! The error codes of this crate and what people see for each error.

use crate::{directories, files, http, local, task};
use bowline_diag::{Code, Diagnose, Diagnostic, exit};

/// The table that `bowline explain` reads.
pub const CODES: &[Code] = &[
    Code {
        id: "BOW1601",
        title: "a file or folder could not be read or written",
        text: "The operating system refused an action on the path that is named. Check that it \
               exists, that this user may use it, and that the file system is mounted writable.",
    },
    Code {
        id: "BOW1602",
        title: "the disk is full",
        text: "There is no room left where Bowline wanted to write, or a quota is used up. \
               Nothing half-written is kept: files are written beside their place and renamed. \
               Free some room and run the same command again; it goes on where it stopped.",
    },
    Code {
        id: "BOW1603",
        title: "no usable state folder",
        text: "Bowline keeps its journal, store and caches in one private folder: \
               `$BOWLINE_STATE`, else `$XDG_STATE_HOME/bowline`, else `~/.local/state/bowline`. \
               The folder must be an absolute path, belong to this user and have mode 0700.",
    },
    Code {
        id: "BOW1604",
        title: "a task inside Bowline ended by a fault",
        text: "This is a fault of Bowline, not of your repository. The journal keeps all that \
               happened before, so running the same command again is safe.",
    },
    Code {
        id: "BOW1605",
        title: "a process of Bowline on this machine did not answer",
        text: "Bowline's own processes (the edge, a pod's supervisor) talk over loopback and \
               Unix sockets. The one that is named is not there, or did not answer in time. \
               `bowline up` starts what an environment needs.",
    },
    Code {
        id: "BOW1606",
        title: "a request to the network failed",
        text: "The address that is named did not answer, or not as it should. Behind a \
               company's proxy set `HTTPS_PROXY` and `NO_PROXY`; a company's own certificates \
               are read from the system's store and from `SSL_CERT_FILE`.",
    },
    Code {
        id: "BOW1607",
        title: "an address must not be asked",
        text: "Names and redirects can lead to this machine, to a private network or to a \
               cloud's metadata service. Bowline asks the policy about the address that a name \
               resolves to, when it connects, and sends nothing to a refused one.",
    },
];

impl Diagnose for files::Error {
    fn diagnose(&self) -> Vec<Diagnostic> {
        let diagnostic = if self.is_disk_full() {
            Diagnostic::error("BOW1602", format!("no room left to {}", self.what()))
                .help("free some room on this file system, then run the same command again")
        } else {
            Diagnostic::error("BOW1601", format!("could not {}", self.what()))
                .note(self.source.to_string())
        };
        vec![diagnostic]
    }
}

impl Diagnose for directories::Error {
    fn diagnose(&self) -> Vec<Diagnostic> {
        let help = match self {
            Self::Files(error) => return error.diagnose(),
            Self::NoHome => "set `BOWLINE_STATE` to an absolute path",
            Self::NotAbsolute { .. } => "give an absolute path",
            Self::NotPrivate { .. } => "remove the folder, or set `BOWLINE_STATE` to another one",
            Self::SocketPath { .. } => "set `XDG_RUNTIME_DIR` or `BOWLINE_STATE` to a shorter path",
        };
        vec![Diagnostic::error("BOW1603", self.to_string()).help(help)]
    }
}

impl Diagnose for http::Error {
    fn diagnose(&self) -> Vec<Diagnostic> {
        let diagnostic = match self {
            Self::Files(error) => return error.diagnose(),
            Self::Refused { .. } => Diagnostic::error("BOW1607", self.to_string())
                .help("use a public address, or have the operator allow this one"),
            Self::Proxy { .. } => Diagnostic::error("BOW1606", self.to_string())
                .help("check `HTTPS_PROXY` and `HTTP_PROXY`"),
            _ => Diagnostic::error("BOW1606", self.to_string()),
        };
        vec![diagnostic]
    }
}

impl Diagnose for local::Error {
    fn diagnose(&self) -> Vec<Diagnostic> {
        vec![Diagnostic::error("BOW1605", self.to_string())]
    }
}

impl Diagnose for task::Error {
    fn diagnose(&self) -> Vec<Diagnostic> {
        vec![Diagnostic::error("BOW1604", self.to_string())]
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Panicked { .. } => exit::BUG,
            Self::Cancelled { .. } => exit::INTERRUPTED,
        }
    }
}
