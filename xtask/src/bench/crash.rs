//! The crash matrix in full and the kills under load; writes `docs/crash-matrix.md`.
//!
//! The measuring is `crash-bench` of `testkit`; here its JSON becomes the page.

use super::{machine, quantile};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// What the page says before its tables.
const HEAD: &str = "\
# Crash matrix

Written by `cargo xtask bench crash`, not edited by hand.

A **point** lies before and after everything that outlives the conductor's process: an append to
the journal (`engine.`, `workflow.`, `gate.`, `image.`, `record.`, `manifest.`, `rollout.`), an
effect and its mark in the outbox (`rollout.set_weight`, `….done`), a table of the edge, an object
of the cluster, a pod's or the edge's process, a job, a tree or file that gets its name. Its name
is side, number, kind and key: `before 2 rollout.set_weight rollout/prod/shop/#`. Numbers and
hashes read as `#`, so that the point of one release is met again in the next; the number counts
points that read alike.

A scenario is run once to list its points. Then, for each point, the command runs in a state
folder with real pods and a real edge and calls `abort` there; the same command is typed again.
What is left must equal what the undisturbed command leaves: the outcome, weights that sum to 100,
the versions whose processes run, the deployed image, the quarantine, the kinds of evidence. No
two effects share a key, no process is left twice or without its pod, one command is one release.

`abort` and `kill -9` leave the page cache whole: they say nothing about power cuts.
";

/// Which build of `bowline` is measured.
#[derive(Clone, Copy, Debug)]
pub enum Profile {
    /// What is shipped.
    Release,
    /// What the tests use: it is there already.
    Debug,
}

/// Runs everything and writes the page; `points` of each scenario at most.
pub fn run(root: &Path, points: usize, kills: usize, profile: Profile) -> Result<(), String> {
    let build = ["build", "--locked", "--package", "bowline"];
    let folder = match profile {
        Profile::Release => "release",
        Profile::Debug => "debug",
    };
    match profile {
        Profile::Release => cargo(root, &[&build[..], &["--release"]].concat())?,
        Profile::Debug => cargo(root, &build)?,
    }
    let work = root.join("bench/work");
    std::fs::create_dir_all(&work).map_err(|e| format!("{}: {e}", work.display()))?;
    let file = work.join("crash.json");
    std::fs::remove_file(&file).ok();
    let program = root.join("target").join(folder).join("bowline").display().to_string();
    let (points, kills) = (points.to_string(), kills.to_string());
    let tool = ["run", "--quiet", "--locked", "--package", "bowline-testkit", "--bin"];
    let asked = ["crash-bench", "--", &program, &file.display().to_string(), &points, &kills];
    cargo(root, &[&tool[..], &asked[..]].concat())?;
    let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    let measured: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let page = page(&measured, folder);
    let path = root.join("docs/crash-matrix.md");
    std::fs::write(&path, &page).map_err(|e| format!("{}: {e}", path.display()))?;
    println!("{page}");
    Ok(())
}

fn cargo(root: &Path, arguments: &[&str]) -> Result<(), String> {
    let status = crate::cargo().args(arguments).current_dir(root).status();
    let status = status.map_err(|error| format!("cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("failed: cargo {}", arguments.join(" "))) }
}

fn page(measured: &Value, build: &str) -> String {
    let mut page = format!("{HEAD}\n## Measured\n");
    for fact in machine::facts() {
        let _ = writeln!(page, "- {fact}");
    }
    let _ = writeln!(page, "- build of `bowline`: {build}");
    let _ = writeln!(page, "\n| what | bar | measured |\n|---|---|---|");
    for [what, bar, figure] in rows(measured) {
        let _ = writeln!(page, "| {what} | {bar} | {figure} |");
    }
    let matrix = &measured["matrix"];
    let passed = matrix["passed"].as_array().map_or(&[][..], Vec::as_slice);
    for (scenario, count) in matrix["points"].as_object().into_iter().flatten() {
        let of: Vec<&Value> = passed.iter().filter(|one| one["scenario"] == *scenario).collect();
        let _ = writeln!(page, "\n## {scenario}: {count} points, {} run\n", of.len());
        table(&mut page, &of);
    }
    exceptions(&mut page, passed);
    page
}

fn rows(measured: &Value) -> Vec<[String; 3]> {
    let matrix = &measured["matrix"];
    let passed = matrix["passed"].as_array().map_or(&[][..], Vec::as_slice);
    let equal = passed.iter().filter(|one| one["verdict"] == "equal").count();
    let seconds: Vec<f64> = passed.iter().filter_map(|one| one["seconds"].as_f64()).collect();
    let minutes = matrix["seconds"].as_f64().unwrap_or(f64::NAN) / 60.0;
    let (middle, most) = (quantile::of(&seconds, 0.5), quantile::of(&seconds, 1.0));
    let mut rows = vec![
        row("points that end alike", "N of N, N ≥ 150", format!("{equal} of {}", passed.len())),
        row(
            "time of the matrix, four at once",
            "≤ 10 min",
            format!("{minutes:.1} min; a point takes p50 / max {middle:.1} / {most:.1} s"),
        ),
    ];
    for (what, key) in [("conductor", "conductor"), ("shim of the other version", "shim")] {
        let failed = ["in_flight", "stale", "later"]
            .map(|word| sum(&measured[key], word))
            .iter()
            .sum::<u64>();
        let text = format!("{failed} of {}", sum(&measured[key], "answered") + failed);
        let what = format!("user requests failed, {what} killed, 50 clients with keep-alive");
        rows.push(row(&what, "0", text));
    }
    let [in_flight, stale, later] =
        ["in_flight", "stale", "later"].map(|word| sum(&measured["edge"], word));
    let kills = measured["edge"].as_array().map_or(0, Vec::len);
    rows.push(row(
        "… edge killed: in flight / sent on its connections before their end was seen / sent later",
        "any / – / 0",
        format!("{in_flight} / {stale} / {later} in {kills} kills"),
    ));
    rows.push(row("… edge ready again", "≤ 300 ms", times(&measured["edge"])));
    let what = "resume after `kill -9`: start of the process → next decision";
    rows.push(row(what, "≤ 1000 ms", times(&measured["conductor"])));
    rows
}

fn row(what: &str, bar: &str, figure: String) -> [String; 3] {
    [what.to_owned(), bar.to_owned(), figure]
}

fn sum(runs: &Value, field: &str) -> u64 {
    let runs = runs.as_array().map_or(&[][..], Vec::as_slice);
    runs.iter().filter_map(|run| run[field].as_u64()).sum()
}

fn times(runs: &Value) -> String {
    let runs = runs.as_array().map_or(&[][..], Vec::as_slice);
    let all: Vec<f64> = runs.iter().filter_map(|run| run["ready_ms"].as_f64()).collect();
    let (middle, most) = (quantile::of(&all, 0.5), quantile::of(&all, 1.0));
    format!("p50 / max {middle:.0} / {most:.0} ms, {} kills", all.len())
}

/// Kinds with their points before and after: how many of how many end alike.
fn table(page: &mut String, passed: &[&Value]) {
    let mut kinds: BTreeMap<&str, [[usize; 2]; 2]> = BTreeMap::new();
    for one in passed {
        let kind = kinds.entry(one["kind"].as_str().unwrap_or_default()).or_default();
        let side = &mut kind[usize::from(one["side"] == "after")];
        side[0] += usize::from(one["verdict"] == "equal");
        side[1] += 1;
    }
    let _ = writeln!(page, "| kind | before | after |\n|---|---|---|");
    for (kind, [before, after]) in kinds {
        let cell = |[equal, all]: [usize; 2]| match all {
            0 => "–".to_owned(),
            _ => format!("{equal} of {all}"),
        };
        let _ = writeln!(page, "| `{kind}` | {} | {} |", cell(before), cell(after));
    }
}

/// Every point that is not equal, with the reason.
fn exceptions(page: &mut String, passed: &[Value]) {
    let others: Vec<&Value> = passed.iter().filter(|one| one["verdict"] != "equal").collect();
    if others.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n## Points that were not reached, or not equal\n");
    for one in others {
        let text = |field: &str| one[field].as_str().unwrap_or_default();
        let why = text("why").lines().next().unwrap_or_default();
        let (scenario, point, verdict) = (text("scenario"), text("point"), text("verdict"));
        let _ = writeln!(page, "- {scenario}: `{point}`: {verdict}: {why}");
    }
}

#[cfg(test)]
mod tests {
    use super::page;
    use serde_json::json;

    #[test]
    fn the_page_counts_what_ends_alike_and_names_the_rest() {
        let point = |side: &str, verdict: &str| {
            json!({
                "scenario": "a rollback", "kind": "pod.start", "side": side, "verdict": verdict,
                "point": format!("{side} 1 pod.start prod"), "why": "left a pod", "seconds": 2.0,
            })
        };
        let passed = [point("before", "equal"), point("after", "failed")];
        let measured = json!({
            "matrix": {"seconds": 60.0, "points": {"a rollback": 2}, "passed": passed},
            "edge": [{"in_flight": 3, "stale": 1, "later": 0, "ready_ms": 12.0}],
        });
        let page = page(&measured, "release");
        for line in [
            "| points that end alike | N of N, N ≥ 150 | 1 of 2 |",
            "| `pod.start` | 1 of 1 | 0 of 1 |",
            "- a rollback: `after 1 pod.start prod`: failed: left a pod",
            "any / – / 0 | 3 / 1 / 0 in 1 kills |",
        ] {
            assert!(page.contains(line), "{line}\n{page}");
        }
    }
}
