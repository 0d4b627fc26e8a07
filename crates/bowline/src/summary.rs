//! The block at the end: the verdict word first, then what to type next.

use crate::progress::line;
use bowline_engine::lane::Ended;
use bowline_model::Outcome;

/// At most this many lines.
const LINES_MAX: usize = 15;

/// The end block of one release.
pub fn of_release(ended: &Ended) -> String {
    let summary = &ended.summary;
    let version = summary.version.as_deref().unwrap_or("no version");
    let word = summary.outcome.word().to_uppercase();
    let took = line::seconds(summary.seconds);
    let mut lines = vec![format!("{word} {version}  {took}")];
    lines.push(format!("  cause   {}", line::inert(&ended.cause)));
    let stages: Vec<String> = summary
        .stages
        .iter()
        .map(|stage| format!("{} {}", stage.stage, line::seconds(stage.seconds)))
        .collect();
    lines.push(format!("  stages  {}", stages.join("  ")));
    if summary.requests > 0 {
        let (requests, failed) = (summary.requests, summary.failed_requests);
        lines.push(format!("  users   {requests} requests, {failed} failed"));
    }
    if let (Some(decision), Some(switch)) = (summary.decision_ms, summary.switch_ms) {
        let decision = line::seconds(decision as f64 / 1000.0);
        lines.push(format!("  back    decided after {decision}, switched in {switch} ms"));
    }
    lines.push(format!("  next    {}", next(summary.outcome, version)));
    lines.truncate(LINES_MAX);
    lines.join("\n")
}

/// Every end names the next command.
fn next(outcome: Outcome, version: &str) -> String {
    match outcome {
        Outcome::Promoted => format!("bowline trace {version}      bowline ls environments"),
        Outcome::RolledBack => format!("bowline why {version}      bowline logs"),
        Outcome::Blocked => format!("bowline why {version}"),
        Outcome::Failed => format!("bowline logs      bowline why {version}"),
    }
}
