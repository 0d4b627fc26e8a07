//! How a program ended, and the signals that may be sent to it.

use serde::{Deserialize, Serialize};

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// It returned this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

impl Exit {
    /// Code 0.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }

    /// The number a shell would show: the code, or 128 and the signal.
    #[must_use]
    pub fn shell_code(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => 128 + signal,
        }
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(number) => match Signal(*number).name() {
                Some(name) => write!(f, "signal {name}"),
                None => write!(f, "signal {number}"),
            },
        }
    }
}

/// A signal, by its number on Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal(pub i32);

impl Signal {
    /// `SIGHUP`.
    pub const HANGUP: Self = Self(1);
    /// `SIGINT`.
    pub const INTERRUPT: Self = Self(2);
    /// `SIGQUIT`.
    pub const QUIT: Self = Self(3);
    /// `SIGKILL`.
    pub const KILL: Self = Self(9);
    /// `SIGUSR1`.
    pub const USER1: Self = Self(10);
    /// `SIGUSR2`.
    pub const USER2: Self = Self(12);
    /// `SIGTERM`.
    pub const TERMINATE: Self = Self(15);
    /// `SIGCONT`.
    pub const CONTINUE: Self = Self(18);
    /// `SIGSTOP`.
    pub const STOP: Self = Self(19);

    const NAMES: &'static [(i32, &'static str)] = &[
        (1, "SIGHUP"),
        (2, "SIGINT"),
        (3, "SIGQUIT"),
        (4, "SIGILL"),
        (5, "SIGTRAP"),
        (6, "SIGABRT"),
        (7, "SIGBUS"),
        (8, "SIGFPE"),
        (9, "SIGKILL"),
        (10, "SIGUSR1"),
        (11, "SIGSEGV"),
        (12, "SIGUSR2"),
        (13, "SIGPIPE"),
        (14, "SIGALRM"),
        (15, "SIGTERM"),
        (18, "SIGCONT"),
        (19, "SIGSTOP"),
        (24, "SIGXCPU"),
        (25, "SIGXFSZ"),
        (31, "SIGSYS"),
    ];

    /// `SIGTERM` for 15; `None` for a number without a name here.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Self::NAMES.iter().find(|(number, _)| *number == self.0).map(|(_, name)| *name)
    }

    /// By name, with or without `SIG`, such as a Dockerfile's `STOPSIGNAL`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let short = name.strip_prefix("SIG").unwrap_or(name);
        Self::NAMES.iter().find(|(_, known)| known[3..] == *short).map(|(number, _)| Self(*number))
    }
}

#[cfg(test)]
mod tests {
    use super::{Exit, Signal};

    #[test]
    fn signals_have_names_and_shell_codes() {
        assert_eq!(Signal::named("TERM"), Some(Signal::TERMINATE));
        assert_eq!(Signal::named("SIGQUIT"), Some(Signal::QUIT));
        assert_eq!(Signal::named("SIGNONSENSE"), None);
        assert_eq!(Exit::Signal(9).to_string(), "signal SIGKILL");
        assert_eq!(Exit::Signal(9).shell_code(), 137);
        assert!(!Exit::Signal(0).is_success() && Exit::Code(0).is_success());
    }
}
