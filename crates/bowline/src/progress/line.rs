//! The text of a line, the same on a terminal and in a log.

pub use bowline_diag::inert;
use bowline_engine::notice::{Notice, RolloutView};
use bowline_model::Verdict;

/// Seconds for people: `0.4 s`, `41 s`, `2:10`.
pub fn seconds(value: f64) -> String {
    if value < 10.0 {
        format!("{value:.1} s")
    } else if value < 60.0 {
        format!("{value:.0} s")
    } else {
        let whole = value.round() as u64;
        format!("{}:{:02}", whole / 60, whole % 60)
    }
}

/// The sign and the word of a verdict. The sign repeats the word, it never stands for it.
pub fn verdict(verdict: Option<Verdict>) -> (&'static str, &'static str) {
    match verdict {
        Some(Verdict::Pass) => ("✓", "passed"),
        Some(Verdict::Warn) => ("!", "warned"),
        Some(Verdict::Block) => ("×", "blocked"),
        Some(Verdict::Info) => ("·", "noted"),
        None => ("×", "incomplete"),
    }
}

/// As [`verdict`]; a rollout whose cause was told by the abort before is no block of a policy.
pub fn end(stage: &str, given: Option<Verdict>, text: &str) -> (&'static str, &'static str) {
    match given {
        Some(Verdict::Block) if stage == "rollout" && text.is_empty() => ("×", "aborted"),
        other => verdict(other),
    }
}

/// Stage, word and text of a notice that is worth a line of its own; `None` for the rest.
pub fn parts(notice: &Notice) -> Option<(String, String, String)> {
    let parts = match notice {
        Notice::ReleaseStarted { version, commit, subject, environment, resumed } => {
            let word = if *resumed { "resumed" } else { "started" };
            ("release", word, format!("{version} {commit} to {environment}: {subject}"))
        }
        Notice::StageFinished { stage, verdict: given, seconds: took, cached, text } => {
            let word = if *cached { "cached" } else { end(stage, *given, text).1 };
            (stage.as_str(), word, format!("{text} ({})", seconds(*took)))
        }
        Notice::Happened { stage, word, text } => (stage.as_str(), word.as_str(), text.clone()),
        Notice::ReleaseFinished { version, outcome, cause, seconds: took } => {
            // The release is named once, even where the cause names it too.
            let cause = cause.strip_prefix(&format!("`{version}` ")).unwrap_or(cause);
            let cause = if cause.is_empty() { String::new() } else { format!(" {cause}") };
            ("release", outcome.word(), format!("{version}{cause} ({})", seconds(*took)))
        }
        Notice::Output { origin, line, .. } => ("", "|", format!("{origin}: {line}")),
        Notice::StageStarted { .. } | Notice::StageWorking { .. } | Notice::Rollout(_) => {
            return None;
        }
    };
    Some((parts.0.to_owned(), parts.1.to_owned(), parts.2.trim_start().to_owned()))
}

/// What a running stage is doing, with its time: `12 s  test: Run go test`.
pub fn working(seconds: u64, text: &str) -> String {
    let took = if seconds < 60 {
        format!("{seconds} s")
    } else {
        format!("{}:{:02}", seconds / 60, seconds % 60)
    };
    format!("{took:<6} {text}").trim_end().to_owned()
}

/// What a rollout is doing: where it stands, and how the new version does.
pub fn rollout(view: &RolloutView) -> (String, String) {
    let share = match view.requests {
        0 => "no requests yet".to_owned(),
        requests => {
            let percent = view.failed as f64 * 100.0 / requests as f64;
            format!("errors {percent:.1} % ({} of {requests})", view.failed)
        }
    };
    let step = match view.steps {
        0 => String::new(),
        steps => format!("  step {}/{steps}", view.step),
    };
    let left = match view.seconds_left {
        Some(left) => format!("  {left:.0} s left at most"),
        None => String::new(),
    };
    (format!("canary {} %{step}", view.weight), format!("{share}{left}"))
}
