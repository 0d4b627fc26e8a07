//! One line an event, with the elapsed time; no cursor moves, no carriage returns.

use super::line;
use crate::printer;
use bowline_engine::notice::{Notice, Watcher};
use bowline_host::clock::Stopwatch;

/// `--progress plain`.
pub struct Plain {
    started: Stopwatch,
}

impl Plain {
    /// Counts the elapsed time from now.
    pub fn new() -> Self {
        Self { started: Stopwatch::start() }
    }
}

impl Watcher for Plain {
    fn notice(&self, notice: &Notice) {
        let Some((stage, word, text)) = line::parts(notice) else { return };
        let elapsed = self.started.elapsed().as_secs_f64();
        let (minutes, seconds) = ((elapsed / 60.0).floor(), elapsed % 60.0);
        let text = line::inert(&text);
        printer::talk(&format!("{minutes:02.0}:{seconds:04.1} {stage:<9} {word:<11} {text}"));
    }
}
