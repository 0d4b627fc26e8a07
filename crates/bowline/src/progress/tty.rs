//! The live region: at most eight lines under the scrollback, never the alternate screen.
//!
//! Finished lines scroll up and stay. The region is drawn again only when something changed,
//! at most ten times a second.

use super::{line, ticker};
use crate::printer;
use bowline_engine::notice::{Notice, RolloutView, Watcher};
use bowline_host::clock::Stopwatch;
use bowline_model::Outcome;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The region's height.
const LINES_MAX: usize = 8;

/// At most ten drawings a second.
const REDRAW_EVERY: Duration = Duration::from_millis(100);

/// Each sign of the sparkline stands for one of these.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);

/// A shorter time is not worth showing, in seconds.
const SHOWN_SECONDS_MIN: f64 = 0.05;

/// How many weights the sparkline remembers.
const HISTORY_MAX: usize = 24;

/// `--progress tty`.
pub struct Tty {
    color: bool,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    stage: Option<Stage>,
    rollout: Option<RolloutView>,
    /// Weights of the canary, one a second.
    history: Vec<u32>,
    since_sample: Option<Stopwatch>,
    /// Whether a release was shown already.
    began: bool,
}

struct Stage {
    word: String,
    since: Stopwatch,
    doing: String,
}

impl Tty {
    /// A region that is empty at first.
    pub fn new(color: bool) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        ticker::start(&state, REDRAW_EVERY, draw);
        Self { color, state }
    }

    /// A line that stays.
    fn settle(&self, text: &str, word: &str) {
        let text = line::inert(text);
        let color = match word {
            "blocked" | "rolled back" | "failed" | "aborted" | "incomplete" => "31",
            "warned" | "waiting" | "inconclusive" => "33",
            _ => return printer::talk(&text),
        };
        if self.color {
            printer::talk(&format!("\u{1b}[{color}m{text}\u{1b}[0m"));
        } else {
            printer::talk(&text);
        }
    }
}

impl Drop for Tty {
    /// Nothing of the region stays behind.
    fn drop(&mut self) {
        *lock(&self.state) = State::default();
        printer::region(&[]);
    }
}

/// A panic elsewhere must not cost the last lines.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn draw(state: &Mutex<State>) {
    let mut state = lock(state);
    state.sample();
    printer::region(&state.lines());
}

impl State {
    /// Nothing is under way any more.
    fn rest(&mut self) {
        *self = Self { began: self.began, ..Self::default() };
    }

    fn sample(&mut self) {
        let Some(view) = &self.rollout else { return };
        if self.since_sample.as_ref().is_some_and(|since| since.elapsed() < SAMPLE_EVERY) {
            return;
        }
        self.history.push(view.weight);
        let surplus = self.history.len().saturating_sub(HISTORY_MAX);
        self.history.drain(..surplus);
        self.since_sample = Some(Stopwatch::start());
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(stage) = &self.stage {
            let doing = match &self.rollout {
                Some(view) => line::rollout(view).0,
                None => stage.doing.clone(),
            };
            let doing = line::working(stage.since.elapsed().as_secs(), &doing);
            lines.push(line::inert(&format!(" ▸ {:<9} {doing}", stage.word)));
        }
        if let Some(view) = &self.rollout {
            lines.push(format!("   {}", line::rollout(view).1));
            let spark: String = self.history.iter().map(|weight| bar(*weight)).collect();
            lines.push(format!("   {spark}"));
            if !view.waiting_for.is_empty() {
                lines.push(line::inert(&format!("   {}", view.waiting_for)));
            }
        }
        lines.truncate(LINES_MAX);
        lines
    }
}

impl Watcher for Tty {
    fn notice(&self, notice: &Notice) {
        match notice {
            Notice::StageStarted { stage } => {
                let (word, since) = (stage.clone(), Stopwatch::start());
                lock(&self.state).stage = Some(Stage { word, since, doing: String::new() });
            }
            Notice::StageWorking { text, .. } => {
                if let Some(stage) = &mut lock(&self.state).stage {
                    stage.doing.clone_from(text);
                }
            }
            Notice::Rollout(view) => lock(&self.state).rollout = Some(view.clone()),
            Notice::StageFinished { stage, verdict, seconds, cached, text } => {
                lock(&self.state).rest();
                let (sign, word) = line::end(stage, *verdict, text);
                let text = if text.is_empty() { word } else { text };
                let took = match (*seconds >= SHOWN_SECONDS_MIN, *cached) {
                    (true, true) => format!(" ({}, cached)", line::seconds(*seconds)),
                    (true, false) => format!(" ({})", line::seconds(*seconds)),
                    (false, true) => " (cached)".to_owned(),
                    (false, false) => String::new(),
                };
                self.settle(&format!(" {sign} {stage:<9} {text}{took}"), word);
            }
            Notice::ReleaseFinished { outcome, .. } => {
                lock(&self.state).rest();
                let Some((_, word, text)) = line::parts(notice) else { return };
                let sign = if *outcome == Outcome::Promoted { "✓" } else { "×" };
                self.settle(&format!(" {sign} {word} {text}"), &word);
            }
            Notice::ReleaseStarted { version, commit, subject, environment, resumed } => {
                let resumed = if *resumed { " (resumed)" } else { "" };
                if std::mem::replace(&mut lock(&self.state).began, true) {
                    // Room between one release and the next.
                    printer::talk("");
                }
                let text = format!(" {version}  {commit}  {subject}  -> {environment}{resumed}");
                self.settle(&text, "started");
            }
            Notice::Happened { .. } | Notice::Output { .. } => {
                let Some((stage, word, text)) = line::parts(notice) else { return };
                self.settle(&format!("   {stage:<9} {word} {text}"), &word);
            }
        }
    }
}

fn bar(weight: u32) -> char {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    BARS[(weight.min(100) as usize * 7).div_ceil(100)]
}
