//! What can go wrong when a program is started, and what helps.

use crate::machine::Obstacle;
use crate::wire::{Failure, Step};
use bowline_diag::{Diagnose, Diagnostic};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Every error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The launcher (this binary itself) cannot be started.
    #[error("cannot start the launcher `{}`: {source}", program.display())]
    Launcher {
        /// Its path.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The launcher ended before it had said what happened.
    #[error("the sandbox's launcher ended without a word while it had to {action}")]
    LauncherEnded {
        /// What it was asked to do.
        action: &'static str,
    },
    /// The launcher did not answer in time.
    #[error("the sandbox is not ready after {} s", limit.as_secs())]
    NotReady {
        /// How long it was waited for.
        limit: Duration,
    },
    /// A step of making the sandbox failed.
    #[error("the sandbox cannot {step} `{subject}`: {source}")]
    Setup {
        /// Which one.
        step: Step,
        /// The path or name it was about.
        subject: String,
        /// Why.
        source: io::Error,
    },
    /// A setting of this machine permits no sandbox.
    #[error("this machine permits no sandbox: {}", obstacle.fact)]
    Forbidden {
        /// The setting, and its remedy.
        obstacle: Obstacle,
        /// What the kernel said, where it was asked.
        #[source]
        source: Option<Box<Error>>,
    },
    /// A program cannot be started: it is not there, or not a program.
    #[error("cannot start `{program}`: {source}")]
    Program {
        /// The program as it was asked for.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The folder in which a program shall start is not there.
    #[error("cannot start in the folder `{}`: {source}", directory.display())]
    Directory {
        /// The folder.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The machine has no more of something.
    #[error("the machine has no {resource} left to {action}")]
    Exhausted {
        /// `descriptors`, `processes`, `memory` or `disk space`.
        resource: &'static str,
        /// What was being done.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A system call failed that should not.
    #[error("cannot {action}: {source}")]
    System {
        /// What was being done.
        action: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A tool took too long and was ended.
    #[error("`{program}` is not done after {} s and was ended", limit.as_secs_f64())]
    Timeout {
        /// The program.
        program: String,
        /// The limit.
        limit: Duration,
    },
    /// A tool printed more than it may, and was ended.
    #[error("`{program}` prints more than {bytes_max} bytes and was ended")]
    OutputTooLarge {
        /// The program.
        program: String,
        /// The limit.
        bytes_max: usize,
    },
    /// A program lives although everything was killed (it hangs in the kernel).
    #[error("process {process} does not end: it hangs in the kernel")]
    StillRunning {
        /// Its process id on the host; 0 when it is not known.
        process: u32,
    },
    /// The sandbox has ended, so nothing can be started in it.
    #[error("the sandbox has ended")]
    Ended,
    /// More descriptors than one message may carry, or none where some are needed.
    #[error("{count} descriptors cannot be passed at once")]
    DescriptorCount {
        /// How many.
        count: usize,
    },
    /// A value cannot be used as it is.
    #[error("{what} `{value}` cannot be used: {reason}")]
    Value {
        /// Such as `mount target`.
        what: &'static str,
        /// The value.
        value: String,
        /// Why not.
        reason: &'static str,
    },
}

impl Error {
    /// Sorts a system error: what is exhausted gets its own name.
    pub(crate) fn system(action: &'static str, source: impl Into<io::Error>) -> Self {
        let source = source.into();
        match exhausted(&source) {
            Some(resource) => Self::Exhausted { resource, action, source },
            None => Self::System { action, source },
        }
    }

    /// Starting a process failed: there, "try again" means that there are too many.
    pub(crate) fn spawning(
        source: io::Error,
        action: &'static str,
        other: impl FnOnce(io::Error) -> Self,
    ) -> Self {
        if source.kind() == io::ErrorKind::WouldBlock {
            return Self::Exhausted { resource: "processes", action, source };
        }
        match exhausted(&source) {
            Some(resource) => Self::Exhausted { resource, action, source },
            None => other(source),
        }
    }

    /// What the launcher reported.
    pub(crate) fn from_failure(failure: Failure) -> Self {
        let source = io::Error::from_raw_os_error(failure.errno);
        match failure.step {
            Step::Program => Self::spawning(source, "start a program", |source| Self::Program {
                program: failure.subject,
                source,
            }),
            Step::Directory => Self::Directory { directory: failure.subject.into(), source },
            step => Self::spawning(source, step.words(), |source| Self::Setup {
                step,
                subject: failure.subject,
                source,
            }),
        }
    }

    /// Whether the program (or its folder) is not there: a shell's 127.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Program { source, .. } | Self::Directory { source, .. }
            if source.kind() == io::ErrorKind::NotFound)
    }

    /// Whether a non-blocking socket has nothing to read or no room to write.
    #[must_use]
    pub fn is_would_block(&self) -> bool {
        matches!(self, Self::System { source, .. } if source.kind() == io::ErrorKind::WouldBlock)
    }

    /// Whether the kernel refuses this kind of sandbox here; `doctor` says more.
    #[must_use]
    pub fn is_isolation_refused(&self) -> bool {
        match self {
            Self::Forbidden { .. } => true,
            Self::Setup { step, source, .. } => {
                step.is_isolation() && matches!(source.raw_os_error(), Some(1 | 13 | 22 | 28))
            }
            _ => false,
        }
    }
}

fn exhausted(error: &io::Error) -> Option<&'static str> {
    use rustix::io::Errno;
    match Errno::from_io_error(error)? {
        Errno::MFILE | Errno::NFILE => Some("descriptors"),
        Errno::NOMEM => Some("memory"),
        Errno::DQUOT => Some("disk space"),
        _ => None,
    }
}

impl Diagnose for Error {
    fn diagnose(&self) -> Vec<Diagnostic> {
        let (code, help) = match self {
            Self::Forbidden { obstacle, source } => {
                let diagnostic = Diagnostic::error("BOW1214", self.to_string());
                let diagnostic = diagnostic.help(obstacle.remedy.clone());
                return vec![match source {
                    Some(error) => diagnostic.note(error.to_string()),
                    None => diagnostic,
                }];
            }
            Self::Launcher { .. } => {
                ("BOW1201", Some("install Bowline again; its own file is gone"))
            }
            Self::LauncherEnded { .. } | Self::NotReady { .. } => {
                ("BOW1202", Some("run `bowline doctor`; it tries each step of a sandbox"))
            }
            Self::Setup { step, source, .. } => ("BOW1203", step.remedy(source.raw_os_error())),
            Self::Program { source, .. } => ("BOW1204", program_help(source)),
            Self::Directory { .. } => ("BOW1205", Some("name a folder that is there")),
            Self::Exhausted { resource, .. } => ("BOW1206", exhausted_help(resource)),
            Self::System { .. } => ("BOW1207", None),
            Self::Timeout { .. } => ("BOW1208", None),
            Self::OutputTooLarge { .. } => ("BOW1209", None),
            Self::StillRunning { .. } => {
                ("BOW1210", Some("look at `/proc/<process>/stack`; often a network file system"))
            }
            Self::Ended => ("BOW1211", None),
            Self::DescriptorCount { .. } => ("BOW1212", None),
            Self::Value { .. } => ("BOW1213", None),
        };
        let diagnostic = Diagnostic::error(code, self.to_string());
        vec![match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }]
    }
}

fn program_help(source: &io::Error) -> Option<&'static str> {
    match source.kind() {
        io::ErrorKind::NotFound => {
            Some("install it, or give its path; a script's first line may name what is missing")
        }
        io::ErrorKind::PermissionDenied => Some("make it executable with `chmod +x`"),
        _ => None,
    }
}

fn exhausted_help(resource: &str) -> Option<&'static str> {
    match resource {
        "descriptors" => Some("raise the limit with `ulimit -n`, or run fewer jobs at once"),
        "processes" => Some("raise the limit with `ulimit -u`, or run fewer jobs at once"),
        "memory" => Some("run fewer jobs at once, or add swap space"),
        "disk space" => Some("free some space; `bowline doctor` shows what the caches hold"),
        _ => None,
    }
}
