//! The four ways in which a person or a machine follows a release.
//!
//! All hear the same notices of the engine and share the text of a line.

mod json;
pub mod line;
mod once;
mod plain;
mod ticker;
mod tty;

use crate::env_vars;
use crate::printer;
use bowline_engine::notice::{Nobody, Watcher};
use std::sync::Arc;

/// `--progress`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Progress {
    /// `tty` when stderr is a terminal, else `plain`.
    #[default]
    Auto,
    /// A live region of at most eight lines under the scrollback.
    Tty,
    /// One line an event.
    Plain,
    /// One JSON object an event.
    Json,
    /// Nothing.
    None,
}

impl Progress {
    /// The watcher for this choice. In doubt it is `plain`.
    pub fn watcher(self, color: bool, verbose: bool) -> Arc<dyn Watcher> {
        match self.settled() {
            Self::Tty => Arc::new(once::Once::new(tty::Tty::new(color), verbose)),
            Self::Json => Arc::new(json::Json),
            Self::None => Arc::new(Nobody),
            Self::Auto | Self::Plain => Arc::new(once::Once::new(plain::Plain::new(), verbose)),
        }
    }

    fn settled(self) -> Self {
        if self != Self::Auto {
            return self;
        }
        let dumb = env_vars::get("TERM").is_some_and(|term| term == "dumb");
        let ci = env_vars::get("CI").is_some();
        if printer::stderr_is_terminal() && !dumb && !ci { Self::Tty } else { Self::Plain }
    }
}
