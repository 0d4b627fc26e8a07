//! The text of a line, the same on a terminal and in a log.

use bowline_engine::notice::Notice;
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

/// Stage, word and text of a notice that is worth a line of its own; `None` for the rest.
pub fn parts(notice: &Notice) -> Option<(String, String, String)> {
    let parts = match notice {
        Notice::ReleaseStarted { version, commit, subject, environment, resumed } => {
            let word = if *resumed { "resumed" } else { "started" };
            ("release", word, format!("{version} {commit} to {environment}: {subject}"))
        }
        Notice::StageFinished { stage, verdict: given, seconds: took, cached, text } => {
            let word = if *cached { "cached" } else { verdict(*given).1 };
            (stage.as_str(), word, format!("{text} ({})", seconds(*took)))
        }
        Notice::Happened { stage, word, text } => (stage.as_str(), word.as_str(), text.clone()),
        Notice::ReleaseFinished { version, outcome, cause, seconds: took } => {
            let text = format!("{version} {cause} ({})", seconds(*took));
            ("release", outcome.word(), text)
        }
        Notice::Output { origin, line, .. } => ("", "|", format!("{origin}: {line}")),
        Notice::StageStarted { .. } | Notice::StageWorking { .. } | Notice::Rollout(_) => {
            return None;
        }
    };
    Some((parts.0.to_owned(), parts.1.to_owned(), parts.2.trim_start().to_owned()))
}

/// A line without control characters: what a program prints must not move the cursor.
pub fn inert(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}
