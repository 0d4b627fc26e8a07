//! The error codes of this crate and what people see for each error.

use crate::Error;
use bowline_diag::{Code, Diagnose, Diagnostic, exit};

/// The table that `bowline explain` reads.
pub const CODES: &[Code] = &[
    Code {
        id: "BOW1301",
        title: "another conductor took over",
        text: "Only one process steers releases at a time. This one lost its place to a newer \
               one, which goes on from the journal; nothing that this one decided after that \
               was written.",
    },
    Code {
        id: "BOW1302",
        title: "the journal was written by a newer version",
        text: "An older version cannot read all that a newer one wrote, and guessing would be \
               worse than stopping. Nothing was changed. Use the version that is named, or \
               another state folder.",
    },
    Code {
        id: "BOW1303",
        title: "the journal is broken",
        text: "Each entry carries the hash of the one before. An entry does not fit, or a page \
               of the file cannot be read: somebody edited the database, or the disk damaged \
               it. The first bad entry is named; those before it are sound. `ls`, `why`, \
               `trace` and `logs` still show what can be read, nothing is written, and what \
               runs goes on. To go on, move the file aside and adopt what runs: \
               docs/recovery.md.",
    },
    Code {
        id: "BOW1304",
        title: "no room left for the journal",
        text: "Without its journal Bowline decides nothing, so it stops here. Traffic stays \
               where it is. Free some room and run the same command again.",
    },
    Code {
        id: "BOW1305",
        title: "the journal could not be used",
        text: "SQLite refused. The reason is in the message: permissions, a file system without \
               shared memory (some network mounts), or another program that holds the file.",
    },
    Code {
        id: "BOW1306",
        title: "an entry was refused",
        text: "A fault of Bowline: it tried to write an event or effect that breaks the \
               journal's rules (unique effect keys, named kinds, a limit for the body). \
               Nothing was written.",
    },
    Code {
        id: "BOW1307",
        title: "the journal holds an event of a kind that this version does not know",
        text: "A newer version wrote it. To skip it would be to decide on half of what \
               happened, so this version only reads: `ls`, `why`, `trace` and `logs` show what \
               they know. Use the newer version to go on.",
    },
];

impl Diagnose for Error {
    fn diagnose(&self) -> Vec<Diagnostic> {
        let code = match self {
            Self::Files(error) => return error.diagnose(),
            Self::Fenced { .. } => "BOW1301",
            Self::NewerSchema { .. } => "BOW1302",
            Self::Broken { .. } | Self::Damaged { .. } | Self::Empty(_) => "BOW1303",
            Self::UnknownKind { .. } => "BOW1307",
            Self::DiskFull(_) => "BOW1304",
            Self::NotAJournal(_) | Self::Busy(_) | Self::Database { .. } => "BOW1305",
            Self::EffectConflict(_)
            | Self::NoSuchEffect(_)
            | Self::EffectDone { .. }
            | Self::Refused { .. } => "BOW1306",
        };
        let help = match self {
            Self::Fenced { .. } => "let the newer process go on, or end it and try again",
            Self::NewerSchema { writer: Some(version), .. } => {
                let help = format!("use bowline {version} or newer, or set `BOWLINE_STATE`");
                return vec![Diagnostic::error(code, self.to_string()).help(help)];
            }
            Self::NewerSchema { .. } => "use the newer bowline, or set `BOWLINE_STATE`",
            Self::UnknownKind { .. } => "use the version of bowline that wrote this journal",
            Self::Broken { .. } | Self::Damaged { .. } | Self::Empty(_) => {
                "move `journal.db` aside, then `bowline up` adopts what runs (docs/recovery.md)"
            }
            Self::Database { .. } => "make the file and its folder writable for this user",
            Self::DiskFull(_) => "free some room, then run the same command again",
            Self::NotAJournal(_) => "set `BOWLINE_STATE` to a folder of bowline's own",
            Self::Busy(_) => "end the program that holds the file, then try again",
            _ => return vec![Diagnostic::error(code, self.to_string())],
        };
        vec![Diagnostic::error(code, self.to_string()).help(help)]
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::EffectConflict(_)
            | Self::NoSuchEffect(_)
            | Self::EffectDone { .. }
            | Self::Refused { .. } => exit::BUG,
            _ => exit::USAGE,
        }
    }
}
