//! One line an event, with the stage's number and the elapsed time; no cursor moves, no
//! carriage returns.
//!
//! After half a minute of silence one line says what is being done, so that a log that stands
//! still is not taken for a process that hangs.

use super::{line, ticker};
use crate::printer;
use bowline_engine::lane::STAGES;
use bowline_engine::notice::{Notice, Watcher};
use bowline_host::clock::Stopwatch;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Silence is broken after this long.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(30);

/// How often the silence is measured.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// `--progress plain`.
pub struct Plain {
    state: Arc<Mutex<State>>,
}

struct State {
    started: Stopwatch,
    since_line: Stopwatch,
    /// The stage under way, and what it is doing.
    stage: Option<(String, String)>,
    /// During a release: how many stages were begun.
    begun: Option<usize>,
}

impl Plain {
    /// Counts the elapsed time from now.
    pub fn new() -> Self {
        let (started, since_line) = (Stopwatch::start(), Stopwatch::start());
        let state = State { started, since_line, stage: None, begun: None };
        let state = Arc::new(Mutex::new(state));
        ticker::start(&state, LOOK_EVERY, heartbeat);
        Self { state }
    }
}

fn heartbeat(state: &Mutex<State>) {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    if state.since_line.elapsed() < HEARTBEAT_EVERY {
        return;
    }
    if let Some((stage, text)) = state.stage.clone() {
        say(&mut state, &stage, "working", &text);
    }
}

fn say(state: &mut State, stage: &str, word: &str, text: &str) {
    let elapsed = state.started.elapsed().as_secs_f64();
    let (minutes, seconds) = ((elapsed / 60.0).floor(), elapsed % 60.0);
    let text = line::inert(text);
    let stages = STAGES.len();
    let begun = state.begun.map_or_else(String::new, |begun| format!("[{begun}/{stages}] "));
    let text = format!("{begun}{minutes:02.0}:{seconds:04.1} {stage:<9} {word:<11} {text}");
    printer::talk(text.trim_end());
    state.since_line = Stopwatch::start();
}

impl Watcher for Plain {
    fn notice(&self, notice: &Notice) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match notice {
            Notice::StageStarted { stage } => {
                state.begun = STAGES.iter().position(|word| word == stage).map(|at| at + 1);
                state.stage = Some((stage.clone(), String::new()));
            }
            Notice::StageWorking { stage, text } => {
                state.stage = Some((stage.clone(), text.clone()));
            }
            Notice::Rollout(view) => {
                let (stands, does) = line::rollout(view);
                state.stage = Some(("rollout".into(), format!("{stands}  {does}")));
            }
            Notice::StageFinished { .. } | Notice::ReleaseFinished { .. } => state.stage = None,
            Notice::ReleaseStarted { .. } => state.begun = Some(0),
            Notice::Happened { .. } | Notice::Output { .. } => {}
        }
        if let Some((stage, word, text)) = line::parts(notice) {
            say(&mut state, &stage, &word, &text);
        }
        if matches!(notice, Notice::ReleaseFinished { .. }) {
            state.begun = None;
        }
    }
}
