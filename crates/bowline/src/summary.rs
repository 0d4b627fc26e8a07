//! The block at the end: the verdict word first, then what to type next.

use crate::progress::line;
use bowline_engine::lane::Ended;
use bowline_model::{Outcome, ReleaseSummary, StageResult};

/// At most this many lines.
const LINES_MAX: usize = 15;

/// A stage shorter than this is not worth a word, in seconds.
const STAGE_SECONDS_MIN: f64 = 0.05;

/// What the block says besides the summary.
#[derive(Debug, Default)]
pub struct Around {
    /// The version that users have now, when it is another one.
    pub now: Option<String>,
    /// The last lines of the failing step or of the application.
    pub last_log: Vec<String>,
    /// How the process ends.
    pub exit_code: u8,
}

/// The end block of one release.
pub fn of_release(ended: &Ended, around: &Around) -> String {
    let summary = &ended.summary;
    let version = summary.version.as_deref().unwrap_or("no version");
    let word = summary.outcome.word().to_uppercase();
    let took = line::seconds(summary.seconds);
    let now = around.now.as_ref().map_or_else(String::new, |now| format!(" -> {now}"));
    let code = match around.exit_code {
        0 => String::new(),
        code => format!("   exit {code}"),
    };
    let head = format!("{word} {version}{now}   {took}{code}");
    let mut lines = vec![format!("  cause   {}", line::inert(&cause(&ended.cause, version)))];
    let mut tail = vec![format!("  stages  {}", stages(&summary.stages))];
    tail.extend(users(summary).map(|text| format!("  users   {text}")));
    tail.extend(back(summary).map(|text| format!("  back    {text}")));
    tail.push(format!("  next    {}", next(summary.outcome, version)));
    let room = LINES_MAX - 1 - lines.len() - tail.len();
    lines.extend(folded(&around.last_log, room));
    std::iter::once(head).chain(lines).chain(tail).collect::<Vec<_>>().join("\n")
}

/// The release is named in the line above, so not again at the cause's start.
pub fn cause(cause: &str, version: &str) -> String {
    cause.strip_prefix(&format!("`{version}` ")).unwrap_or(cause).to_owned()
}

/// The stages that took time.
pub fn stages(stages: &[StageResult]) -> String {
    let worth = |stage: &&StageResult| stage.seconds >= STAGE_SECONDS_MIN;
    let one = |stage: &StageResult| format!("{} {}", stage.stage, line::seconds(stage.seconds));
    stages.iter().filter(worth).map(one).collect::<Vec<_>>().join(" · ")
}

/// What users saw, where there were any.
pub fn users(summary: &ReleaseSummary) -> Option<String> {
    let (requests, failed) = (summary.requests, summary.failed_requests);
    (requests > 0).then(|| format!("{requests} requests, {failed} failed"))
}

/// How fast a bad version was found and left.
pub fn back(summary: &ReleaseSummary) -> Option<String> {
    if summary.outcome != Outcome::RolledBack {
        return None;
    }
    let (decision, switch) = (summary.decision_ms?, summary.switch_ms?);
    let decision = line::seconds(decision as f64 / 1000.0);
    Some(format!("decided {decision} after its first request, switched in {switch} ms"))
}

/// Log lines with equal ones folded and counted, the newest kept, in at most `room` lines.
///
/// Lines that differ only in digits (times, addresses, numbers) count as equal; the newest of
/// them is shown.
pub fn folded(lines: &[String], room: usize) -> Vec<String> {
    let shape = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
    };
    let mut groups: Vec<(String, &String, usize)> = Vec::new();
    for text in lines.iter().filter(|text| !text.trim().is_empty()) {
        let shape = shape(text);
        match groups.iter_mut().find(|(other, _, _)| *other == shape) {
            Some((_, newest, count)) => (*newest, *count) = (text, *count + 1),
            None => groups.push((shape, text, 1)),
        }
    }
    let total: usize = groups.iter().map(|(_, _, count)| count).sum();
    groups.drain(..groups.len().saturating_sub(room));
    let one = |(index, (_, text, count)): (usize, &(String, &String, usize))| {
        let word = if index == 0 { "log" } else { "" };
        let text = line::inert(text.trim());
        match count {
            1 => format!("  {word:<7} {text}"),
            _ => format!("  {word:<7} {text} ({count} of {total} last log lines)"),
        }
    };
    groups.iter().enumerate().map(one).collect()
}

/// Every end names the next command.
fn next(outcome: Outcome, version: &str) -> String {
    match outcome {
        Outcome::Promoted => format!("bowline trace {version}      bowline ls environments"),
        Outcome::RolledBack => format!("bowline why {version}      bowline rollout retry"),
        Outcome::Blocked => format!("bowline why {version}"),
        Outcome::Failed => format!("bowline why {version}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{cause, folded};

    fn lines(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn equal_lines_are_folded_and_counted() {
        let log = lines(&["12:00:01 no tax rates", "listening", "12:00:02 no tax rates", ""]);
        let expected = lines(&[
            "  log     12:00:02 no tax rates (2 of 3 last log lines)",
            "          listening",
        ]);
        assert_eq!(folded(&log, 9), expected);
    }

    #[test]
    fn the_newest_lines_are_kept() {
        assert_eq!(folded(&lines(&["a", "b", "c"]), 2), lines(&["  log     b", "          c"]));
        assert!(folded(&[], 5).is_empty());
    }

    #[test]
    fn the_release_is_named_once() {
        assert_eq!(cause("`v1` crashed 2 times", "v1"), "crashed 2 times");
        assert_eq!(cause("too slow", "v1"), "too slow");
    }
}
