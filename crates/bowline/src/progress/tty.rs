//! The live region: at most eight lines under the scrollback, never the alternate screen.
//!
//! Finished lines scroll up and stay. The region is drawn again only when something changed,
//! at most ten times a second.

use super::line;
use crate::printer;
use bowline_engine::notice::{Notice, RolloutView, Watcher};
use bowline_host::clock::Stopwatch;
use bowline_model::Outcome;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The region's height.
const LINES_MAX: usize = 8;

/// At most ten drawings a second.
const REDRAW_EVERY: Duration = Duration::from_millis(100);

/// How many weights the sparkline remembers.
const HISTORY_MAX: usize = 24;

/// `--progress tty`.
pub struct Tty {
    color: bool,
    state: Mutex<State>,
}

struct State {
    drawn: usize,
    since_draw: Stopwatch,
    stage: Option<(String, Stopwatch, String)>,
    rollout: Option<RolloutView>,
    history: Vec<u32>,
}

impl Tty {
    /// A region that is empty at first.
    pub fn new(color: bool) -> Self {
        let state = State {
            drawn: 0,
            since_draw: Stopwatch::start(),
            stage: None,
            rollout: None,
            history: Vec::new(),
        };
        Self { color, state: Mutex::new(state) }
    }

    /// A panic elsewhere must not cost the last lines.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn paint(&self, text: &str, word: &str) -> String {
        let color = match word {
            "blocked" | "rolled back" | "failed" | "aborted" | "incomplete" => "31",
            "warned" | "waiting" | "inconclusive" => "33",
            _ => return text.to_owned(),
        };
        if self.color { format!("\u{1b}[{color}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// A line that stays.
    fn settle(&self, state: &mut State, text: &str) {
        let mut out = erase(state);
        let _ = writeln!(out, "{text}");
        printer::live(&out);
        self.draw(state);
    }

    fn draw(&self, state: &mut State) {
        let width = width();
        let mut lines = Vec::new();
        if let Some((stage, since, text)) = &state.stage {
            let took = line::seconds(since.elapsed().as_secs_f64());
            lines.push(format!(" ▸ {stage}  {took}  {text}"));
        }
        if let Some(view) = &state.rollout {
            lines.extend(rollout_lines(view, &state.history));
        }
        lines.truncate(LINES_MAX);
        let mut out = erase(state);
        for text in &lines {
            let _ = writeln!(out, "{}", cut(&line::inert(text), width));
        }
        state.drawn = lines.len();
        state.since_draw = Stopwatch::start();
        printer::live(&out);
    }
}

impl Watcher for Tty {
    fn notice(&self, notice: &Notice) {
        let mut state = self.lock();
        match notice {
            Notice::StageStarted { stage } => {
                state.stage = Some((stage.clone(), Stopwatch::start(), String::new()));
                self.draw(&mut state);
            }
            Notice::StageWorking { text, .. } => {
                if let Some(current) = &mut state.stage {
                    current.2.clone_from(text);
                }
                if state.since_draw.elapsed() >= REDRAW_EVERY {
                    self.draw(&mut state);
                }
            }
            Notice::Rollout(view) => {
                if state.history.last() != Some(&view.weight) || state.history.len() < 4 {
                    state.history.push(view.weight);
                    let surplus = state.history.len().saturating_sub(HISTORY_MAX);
                    state.history.drain(..surplus);
                }
                state.rollout = Some(view.clone());
                if state.since_draw.elapsed() >= REDRAW_EVERY {
                    self.draw(&mut state);
                }
            }
            Notice::StageFinished { stage, verdict, seconds, cached, text } => {
                state.stage = None;
                let (sign, word) = line::verdict(*verdict);
                let cached = if *cached { ", cached" } else { "" };
                let took = line::seconds(*seconds);
                let text = format!(" {sign} {stage:<9} {text} ({took}{cached})");
                if stage == "rollout" {
                    state.rollout = None;
                    state.history.clear();
                }
                let text = self.paint(&line::inert(&text), word);
                self.settle(&mut state, &text);
            }
            Notice::ReleaseFinished { outcome, .. } => {
                state.stage = None;
                state.rollout = None;
                let Some((_, word, text)) = line::parts(notice) else { return };
                let sign = if *outcome == Outcome::Promoted { "✓" } else { "×" };
                let text = format!(" {sign} {word} {}", line::inert(&text));
                let text = self.paint(&text, &word);
                self.settle(&mut state, &text);
            }
            Notice::ReleaseStarted { version, commit, subject, environment, resumed } => {
                let resumed = if *resumed { " (resumed)" } else { "" };
                let text = format!(" {version}  {commit}  {subject}  → {environment}{resumed}");
                self.settle(&mut state, &line::inert(&text));
            }
            Notice::Happened { .. } | Notice::Output { .. } => {
                let Some((stage, word, text)) = line::parts(notice) else { return };
                let text = format!("   {stage:<9} {word} {text}");
                let text = self.paint(&line::inert(&text), &word);
                self.settle(&mut state, &text);
            }
        }
    }
}

/// Two lines: what it does, and how it looks.
fn rollout_lines(view: &RolloutView, history: &[u32]) -> Vec<String> {
    let share = match (view.failed, view.requests) {
        (_, 0) => "no requests yet".to_owned(),
        (failed, requests) => {
            let percent = failed as f64 * 100.0 / requests as f64;
            format!("errors {percent:.1} % ({failed} of {requests})")
        }
    };
    let left = match view.seconds_left {
        Some(left) => format!("  {} left at most", line::seconds(left)),
        None => String::new(),
    };
    let spark: String = history.iter().map(|weight| bar(*weight)).collect();
    vec![
        format!("   canary {} %  step {}/{}  {share}{left}", view.weight, view.step, view.steps),
        format!("   {spark}  {}", view.waiting_for),
    ]
}

fn bar(weight: u32) -> char {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    BARS[(weight.min(100) as usize * 7).div_ceil(100)]
}

/// Moves to the region's first line and clears from there on.
fn erase(state: &mut State) -> String {
    let drawn = std::mem::take(&mut state.drawn);
    if drawn == 0 { String::new() } else { format!("\u{1b}[{drawn}A\u{1b}[J") }
}

fn width() -> usize {
    crate::env_vars::get("COLUMNS").and_then(|text| text.parse().ok()).unwrap_or(80)
}

/// A line that wraps would break the region's height, so it is cut.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() < width {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(width.saturating_sub(2)).collect();
    kept.push('…');
    kept
}
