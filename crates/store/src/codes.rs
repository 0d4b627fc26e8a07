//! The error codes of this crate and what people see for each error.

use crate::Error;
use bowline_diag::{Code, Diagnose, Diagnostic, exit};

/// The table that `bowline explain` reads.
pub const CODES: &[Code] = &[
    Code {
        id: "BOW1401",
        title: "a blob is not in the store",
        text: "Something asked for content that this machine does not have (any more). Building \
               the release again brings it back: the same commit gives the same digest.",
    },
    Code {
        id: "BOW1402",
        title: "a blob is damaged",
        text: "The content of a stored file is not what its digest says: a failing disk, or \
               somebody changed it. It was moved to `store/corrupt` and is never used. Run the \
               same command again to build or fetch it anew, and check the disk.",
    },
    Code {
        id: "BOW1403",
        title: "a blob is larger than the limit",
        text: "Every read and write in the store has a limit, so that a broken or hostile image \
               cannot fill memory or disk. The limits stand in `crates/store/src/limits.rs` and \
               `crates/oci/src/limits.rs`.",
    },
    Code {
        id: "BOW1404",
        title: "a tree has an impossible key",
        text: "The key of an unpacked tree becomes a folder name, so it may hold letters, \
               digits, `.`, `_` and `-` only. This is a fault of Bowline.",
    },
];

impl Diagnose for Error {
    fn diagnose(&self) -> Vec<Diagnostic> {
        let (code, help) = match self {
            Self::Files(error) => return error.diagnose(),
            Self::Missing(_) => ("BOW1401", "run the release again to build it anew"),
            Self::Damaged { .. } => {
                ("BOW1402", "run the same command again to make it anew, and check the disk")
            }
            Self::TooLarge { .. } => ("BOW1403", "make the image smaller"),
            Self::Key(_) => return vec![Diagnostic::error("BOW1404", self.to_string())],
        };
        vec![Diagnostic::error(code, self.to_string()).help(help)]
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Key(_) => exit::BUG,
            Self::Files(_) | Self::Missing(_) | Self::Damaged { .. } | Self::TooLarge { .. } => {
                exit::USAGE
            }
        }
    }
}
