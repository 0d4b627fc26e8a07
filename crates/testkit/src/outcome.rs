//! What a command came to: its exit code and what it wrote.

use std::fmt;

/// A command that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The command as a person would type it.
    pub command: String,
    /// The exit code; 128 + signal when a signal ended it, as a shell says it.
    pub code: i32,
    /// Data.
    pub stdout: String,
    /// Talk.
    pub stderr: String,
}

impl Outcome {
    /// This outcome, if it ended with `code`.
    ///
    /// # Panics
    /// With all that was written, when it ended otherwise.
    #[track_caller]
    pub fn expect_exit(self, code: i32) -> Self {
        assert!(self.code == code, "exit code {code} was expected\n{self}");
        self
    }

    /// This outcome, if its talk contains `text`.
    ///
    /// # Panics
    /// With all that was written, when it does not.
    #[track_caller]
    pub fn expect_talk(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "`{text}` was expected on stderr\n{self}");
        self
    }

    /// This outcome, if its data contains `text`.
    ///
    /// # Panics
    /// With all that was written, when it does not.
    #[track_caller]
    pub fn expect_data(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "`{text}` was expected on stdout\n{self}");
        self
    }

    /// The data as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "$ {}\nexit {}\n", self.command, self.code)?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                write!(f, "--- {name}\n{}\n", text.trim_end_matches('\n'))?;
            }
        }
        Ok(())
    }
}
