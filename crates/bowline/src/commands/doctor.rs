//! `bowline doctor`: what this machine permits, and what is missing.

use crate::context::Context;
use crate::printer;
use bowline_diag::exit;
use bowline_engine::Failure;
use bowline_engine::doctor::{self, Finding};
use serde_json::json;

/// Prints one line a finding.
pub fn run(context: &Context, strict: bool) -> Result<u8, Failure> {
    let findings = doctor::examine(&context.house);
    if context.json() {
        let items: Vec<_> = findings.iter().map(as_json).collect();
        printer::data(&json!({"items": items, "next": null}).to_string());
    } else {
        let lines: Vec<String> = findings.iter().map(as_line).collect();
        printer::data(&lines.join("\n"));
    }
    let missing = findings.iter().any(|finding| !finding.ok && (finding.needed || strict));
    Ok(if missing { exit::USAGE } else { exit::OK })
}

fn as_json(finding: &Finding) -> serde_json::Value {
    json!({
        "name": finding.name,
        "ok": finding.ok,
        "needed": finding.needed,
        "detail": finding.detail,
        "remedy": finding.remedy,
    })
}

fn as_line(finding: &Finding) -> String {
    let (sign, word) = match (finding.ok, finding.needed) {
        (true, _) => ("✓", ""),
        (false, true) => ("×", "missing: "),
        (false, false) => ("!", "not there: "),
    };
    let remedy = match (&finding.remedy, finding.ok) {
        (Some(remedy), false) => format!("\n  help: {remedy}"),
        _ => String::new(),
    };
    format!("{sign} {:<22} {word}{}{remedy}", finding.name, finding.detail)
}
