//! Long use: releases in a row with rollbacks and bad ones between them; what grows, and how
//! fast.

use super::example::Example;
use super::{machine, quantile};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// How many releases at each end are compared.
const ENDS: usize = 20;

/// Every so many releases one is bad.
const BAD_EVERY: usize = 10;

/// After every so many releases a rollback follows.
const BACK_EVERY: usize = 7;

/// A workflow of a moment: the reports were written before.
const WORKFLOW: &str = "name: ci\non: { push: { branches: [main] } }\njobs:\n  test:\n    \
    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      \
    - run: |\n          \
    cp reports/cover.txt coverage.out\n          cp reports/test.txt test.json\n";

const COVERAGE: &str = "mode: set\nexample.com/checkout/price.go:9.55,12.2 9 1\n\
    example.com/checkout/main.go:16.13,21.2 1 0\n";

const TESTS: &str = "{\"Action\":\"pass\",\"Package\":\"example.com/checkout\",\
    \"Test\":\"TestOne\"}\n\
    {\"Action\":\"pass\",\"Package\":\"example.com/checkout\",\"Elapsed\":0.1}\n";

/// What one good release took and left.
struct Sample {
    seconds: f64,
    ls: f64,
    why: f64,
    trace: f64,
    back: Option<f64>,
    left: Left,
}

/// What is there between two releases.
#[derive(Clone, Copy, Default)]
struct Left {
    processes: usize,
    descriptors: usize,
    resident_kilobytes: u64,
    namespaces: usize,
    mounts: usize,
    sockets: usize,
    store_bytes: u64,
    logs_bytes: u64,
    journal_bytes: u64,
    cluster_bytes: u64,
}

/// Runs everything and writes `bench/results/long.md`.
pub fn run(root: &Path, releases: usize) -> Result<(), String> {
    super::main_job::build(root)?;
    let example = Example::new(root, &root.join("bench/work/long"), None)?;
    let good = prepare(&example)?;
    let mut samples = Vec::new();
    for number in 1..=releases {
        if let Some(sample) = one(&example, &good, number)? {
            samples.push(sample);
        }
        if number % ENDS == 0 {
            println!("{number} of {releases} releases");
        }
    }
    example.bowline(&["down"])?;
    let report = report(releases, &samples);
    let path = root.join("bench/results/long.md");
    std::fs::write(&path, &report).map_err(|e| format!("{}: {e}", path.display()))?;
    println!("{report}");
    Ok(())
}

/// The example with a quick workflow and one step; its `price.go`.
fn prepare(example: &Example) -> Result<String, String> {
    let write = |name: &str, text: &str| {
        let path = example.folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(&example.folder))
            .and_then(|()| std::fs::write(&path, text))
            .map_err(|error| format!("{name}: {error}"))
    };
    write(".github/workflows/ci.yml", WORKFLOW)?;
    write("reports/cover.txt", COVERAGE)?;
    write("reports/test.txt", TESTS)?;
    let read = |name: &str| {
        std::fs::read_to_string(example.folder.join(name)).map_err(|e| format!("{name}: {e}"))
    };
    let rollout = read("deploy/rollout.yaml")?;
    let steps = rollout.find("      steps:").ok_or("the example has steps")?;
    write(
        "deploy/rollout.yaml",
        &format!("{}      steps:\n        - setWeight: 50\n", &rollout[..steps]),
    )?;
    example.commit("a quick workflow")?;
    read("price.go")
}

/// One release; `None` for a bad one.
fn one(example: &Example, good: &str, number: usize) -> Result<Option<Sample>, String> {
    let bad = number % BAD_EVERY == BAD_EVERY - 1;
    let price = format!("const centsPerItem = {}", 1250 + number);
    let mut text = good.replace("const centsPerItem = 1250", &price);
    if bad {
        text.push_str("\nfunc init() { panic(\"bad\") }\n");
    }
    std::fs::write(example.folder.join("price.go"), text).map_err(|e| e.to_string())?;
    example.commit(&format!("change {number}"))?;
    let timed = |arguments: &[&str]| -> Result<(i32, f64), String> {
        let clock = Instant::now();
        let (code, _) = example.bowline(arguments)?;
        Ok((code, clock.elapsed().as_secs_f64()))
    };
    let (code, seconds) = timed(&["release", "--progress", "none"])?;
    let expected = if bad { 4 } else { 0 };
    if code != expected {
        return Err(format!("release {number} ended with exit code {code}, not {expected}"));
    }
    if bad {
        return Ok(None);
    }
    let url = format!("http://{}", example.address);
    let (ls, why) = (timed(&["ls"])?.1, timed(&["why"])?.1);
    let trace = timed(&["trace", &url])?.1;
    let goes_back = number.is_multiple_of(BACK_EVERY);
    let back = if goes_back { Some(timed(&["rollback"])?.1) } else { None };
    Ok(Some(Sample { seconds, ls, why, trace, back, left: left(&example.state) }))
}

fn left(state: &Path) -> Left {
    let mut left = Left {
        mounts: std::fs::read_to_string("/proc/self/mounts").map_or(0, |text| text.lines().count()),
        store_bytes: bytes(&state.join("store")),
        logs_bytes: bytes(&state.join("runs")),
        journal_bytes: bytes(&state.join("journal.db")) + bytes(&state.join("journal.db-wal")),
        cluster_bytes: bytes(&state.join("cluster.db")) + bytes(&state.join("cluster.db-wal")),
        ..Left::default()
    };
    let mut namespaces = BTreeSet::new();
    for process in processes(state) {
        left.processes += 1;
        left.descriptors += std::fs::read_dir(process.join("fd")).map_or(0, Iterator::count);
        let pages = std::fs::read_to_string(process.join("statm")).unwrap_or_default();
        let pages = pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
        left.resident_kilobytes += pages.unwrap_or(0) * 4;
        for kind in ["mnt", "net", "pid", "ipc", "uts"] {
            namespaces.extend(std::fs::read_link(process.join("ns").join(kind)));
        }
    }
    left.namespaces = namespaces.len();
    let sockets = std::fs::read_to_string("/proc/net/unix").unwrap_or_default();
    left.sockets = sockets.lines().filter(|line| line.contains("/bowline")).count();
    left
}

/// The processes of a state folder: it stands in their command line or in their environment.
fn processes(state: &Path) -> Vec<PathBuf> {
    let wanted = state.to_string_lossy().into_owned();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let folders = entries.map(|entry| entry.path());
    let own = |folder: &PathBuf| {
        ["cmdline", "environ"].iter().any(|file| {
            let text = std::fs::read(folder.join(file)).unwrap_or_default();
            String::from_utf8_lossy(&text).contains(&wanted)
        })
    };
    folders.filter(own).collect()
}

/// The bytes of a file, or of all files below a folder.
fn bytes(path: &Path) -> u64 {
    let Ok(facts) = std::fs::symlink_metadata(path) else { return 0 };
    if !facts.is_dir() {
        return facts.len();
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| bytes(&entry.path())).sum()
}

fn report(releases: usize, samples: &[Sample]) -> String {
    let mut report = format!("# long\n\nRepeat it: `cargo xtask bench long {releases}`.\n\n");
    for fact in machine::facts() {
        let _ = writeln!(report, "- {fact}");
    }
    let (bad, back) = (BAD_EVERY, BACK_EVERY);
    let _ = writeln!(
        report,
        "- {releases} releases in a row, every {bad}th bad, a rollback after every {back}th; of \
         the good ones the first {ENDS} and the last {ENDS} are compared\n"
    );
    let _ = writeln!(report, "| what | bar | first | last | last ÷ first |\n|---|---|---|---|---|");
    let ends = ENDS.min(samples.len() / 2).max(1);
    let (first, last) = (&samples[..ends], &samples[samples.len() - ends..]);
    let mut row = |what: &str, bar: &str, digits: usize, of: &dyn Fn(&Sample) -> Option<f64>| {
        let middle = |samples: &[Sample]| {
            quantile::of(&samples.iter().filter_map(of).collect::<Vec<_>>(), 0.5)
        };
        let (first, last) = (middle(first), middle(last));
        let _ = writeln!(
            report,
            "| {what} | {bar} | {first:.digits$} | {last:.digits$} | {:.2} |",
            last / first
        );
    };
    let megabytes = |bytes: u64| Some(bytes as f64 / 1e6);
    row("release, p50, s", "≤ 1.10", 2, &|s| Some(s.seconds));
    row("`rollback`, p50, s", "≤ 1.10", 2, &|s| s.back);
    row("`ls`, p50, ms", "flat", 1, &|s| Some(s.ls * 1000.0));
    row("`why`, p50, ms", "flat", 1, &|s| Some(s.why * 1000.0));
    row("`trace URL`, p50, ms", "flat", 1, &|s| Some(s.trace * 1000.0));
    row("resident memory of edge and shims, MB", "flat", 1, &|s| {
        Some(s.left.resident_kilobytes as f64 / 1000.0)
    });
    row("open files", "flat", 0, &|s| Some(s.left.descriptors as f64));
    row("processes", "flat", 0, &|s| Some(s.left.processes as f64));
    row("mounts", "flat", 0, &|s| Some(s.left.mounts as f64));
    row("namespaces", "flat", 0, &|s| Some(s.left.namespaces as f64));
    row("Unix sockets", "flat", 0, &|s| Some(s.left.sockets as f64));
    row("store, MB", "bounded", 1, &|s| megabytes(s.left.store_bytes));
    row("logs, MB", "bounded", 2, &|s| megabytes(s.left.logs_bytes));
    row("cluster database, MB", "bounded", 2, &|s| megabytes(s.left.cluster_bytes));
    row("journal, MB", "never cut", 2, &|s| megabytes(s.left.journal_bytes));
    report
}
