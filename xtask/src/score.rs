//! Conformance as numbers: `cargo xtask score [NAME] [-o json]`.
//!
//! Yardstick tests print lines `<name> <passed>/<total>` or `<name> skipped: <reason>`; this
//! runs them and gathers the lines. The tests themselves assert a floor.

use serde_json::json;
use std::path::Path;

/// Package and test binary of every yardstick.
const YARDSTICKS: &[(&str, &str)] = &[
    ("bowline-workflow", "yardsticks"),
    ("bowline-image", "yardsticks"),
    ("bowline-rollout", "yardsticks"),
    ("bowline-manifest", "yardsticks"),
    ("bowline-runner", "probes"),
    ("bowline-manifest", "manifest"),
];

/// One line of the table.
struct Score {
    name: String,
    passed: u64,
    total: u64,
    skipped: bool,
}

/// Prints the table; an error when a yardstick is below its floor.
pub fn run(root: &Path, arguments: &[&str]) -> Result<(), String> {
    let (wanted, as_json) = read(arguments)?;
    let mut scores = Vec::new();
    let mut failed = Vec::new();
    for (package, test) in YARDSTICKS {
        let output = crate::cargo()
            .args(["test", "--locked", "-p", package, "--test", test, "--", "--nocapture"])
            .current_dir(root)
            .output()
            .map_err(|error| format!("cargo does not start: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        scores.extend(text.lines().filter_map(line));
        scores.extend(probes(&text));
        if !output.status.success() {
            failed.push(format!("cargo test -p {package} --test {test}"));
        }
    }
    scores.retain(|score| wanted.as_ref().is_none_or(|wanted| *wanted == score.name));
    if as_json {
        let rows: Vec<_> = scores
            .iter()
            .map(|s| {
                json!({
                    "name": s.name,
                    "passed": s.passed,
                    "total": s.total,
                    "skipped": s.skipped,
                })
            })
            .collect();
        println!("{}", json!(rows));
    } else {
        for score in &scores {
            let skipped = if score.skipped { " skipped: no yardsticks" } else { "" };
            println!("{} {}/{}{skipped}", score.name, score.passed, score.total);
        }
    }
    match (failed.is_empty(), scores.is_empty()) {
        (true, false) => Ok(()),
        (true, true) => Err("no yardstick has that name".into()),
        (false, _) => Err(format!("below the floor: {}", failed.join(", "))),
    }
}

fn read(arguments: &[&str]) -> Result<(Option<String>, bool), String> {
    match arguments {
        [] => Ok((None, false)),
        ["-o", "json"] => Ok((None, true)),
        [name] => Ok((Some((*name).to_owned()), false)),
        [name, "-o", "json"] => Ok((Some((*name).to_owned()), true)),
        _ => Err("usage: cargo xtask score [NAME] [-o json]".into()),
    }
}

/// Lines `probe <name>: passed` or `probe <name>: failed: …`, as one score.
fn probes(text: &str) -> Option<Score> {
    let named = text.lines().filter_map(|line| line.trim().strip_prefix("probe "));
    let ends: Vec<&str> = named.filter_map(|rest| Some(rest.split_once(": ")?.1)).collect();
    let passed = ends.iter().filter(|end| **end == "passed").count() as u64;
    let total = ends.len() as u64;
    (total > 0).then(|| Score { name: "probes".into(), passed, total, skipped: false })
}

/// `name 12/13`, or `name skipped: …`.
fn line(text: &str) -> Option<Score> {
    let (name, rest) = text.trim().split_once(' ')?;
    let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !is_name || name == "test" {
        return None;
    }
    if rest.starts_with("skipped:") {
        return Some(Score { name: name.to_owned(), passed: 0, total: 0, skipped: true });
    }
    let (passed, total) = rest.split_once('/')?;
    let total = total.split_whitespace().next()?;
    Some(Score {
        name: name.to_owned(),
        passed: passed.parse().ok()?,
        total: total.parse().ok()?,
        skipped: false,
    })
}

#[cfg(test)]
mod tests {
    use super::{line, probes};

    #[test]
    fn probes_are_counted_as_one_score() {
        let text = "probe a: passed\nprobe b: failed: it hangs\nrunning 1 test\n";
        assert_eq!(probes(text).map(|s| (s.passed, s.total)), Some((1, 2)));
        assert!(probes("nothing").is_none());
    }

    #[test]
    fn only_lines_of_scores_are_read() {
        assert_eq!(line("expressions 1020/1020").map(|s| s.passed), Some(1020));
        assert!(line("probes skipped: no yardsticks").is_some_and(|s| s.skipped));
        assert!(line("test result: ok. 3 passed").is_none());
        assert!(line("running 3 tests").is_none());
    }
}
