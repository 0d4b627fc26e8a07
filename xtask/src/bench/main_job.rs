//! The main job in figures: the demo, the warm change, the decision, the way back.

use super::example::{Example, command};
use super::load::Load;
use super::{machine, ordinary, quantile};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Requests a second of the bench's users.
const PER_SECOND: u32 = 50;

/// Runs everything and writes `bench/results/main-job.md`.
pub fn run(root: &Path, bad_runs: usize, warm_runs: usize, with_build: bool) -> Result<(), String> {
    let mut report = String::from("# main-job\n\nRepeat it: `cargo xtask bench main-job`.\n\n");
    for fact in machine::facts() {
        let _ = writeln!(report, "- {fact}");
    }
    let _ = writeln!(report, "\n| what | bar | measured |\n|---|---|---|");
    let work = root.join("bench/work");
    if with_build {
        build_from_nothing(root, &work, &mut report)?;
    }
    build(root)?;
    demo(root, &work, &mut report)?;
    warm(root, &work, warm_runs, &mut report)?;
    bad(root, &work, bad_runs, &mut report)?;
    let what = "demo as an ordinary user against root";
    row(&mut report, what, "≤ 1.2 ×, same outcomes", &ordinary::compare(root)?);
    let results = root.join("bench/results");
    std::fs::create_dir_all(&results).map_err(|e| format!("{}: {e}", results.display()))?;
    let path = results.join("main-job.md");
    std::fs::write(&path, &report).map_err(|e| format!("{}: {e}", path.display()))?;
    println!("{report}");
    Ok(())
}

fn row(report: &mut String, what: &str, bar: &str, measured: &str) {
    println!("{what}: {measured} (bar {bar})");
    let _ = writeln!(report, "| {what} | {bar} | {measured} |");
}

/// Empty target folder, filled registry cache.
fn build_from_nothing(root: &Path, work: &Path, report: &mut String) -> Result<(), String> {
    let target = work.join("target");
    std::fs::remove_dir_all(&target).ok();
    let clock = Instant::now();
    let status = crate::cargo()
        .args(["build", "--release", "--locked", "--offline", "--package", "bowline"])
        .env("CARGO_TARGET_DIR", &target)
        .current_dir(root)
        .status()
        .map_err(|error| format!("cargo: {error}"))?;
    if !status.success() {
        return Err("the build failed; fill the registry cache with `cargo fetch`".into());
    }
    let seconds = clock.elapsed().as_secs_f64();
    row(report, "build, empty target folder", "≤ 480 s", &format!("{seconds:.0} s"));
    std::fs::remove_dir_all(&target).ok();
    Ok(())
}

/// The binary that is measured.
pub fn build(root: &Path) -> Result<(), String> {
    let status = crate::cargo()
        .args(["build", "--release", "--locked", "--package", "bowline"])
        .current_dir(root)
        .status()
        .map_err(|error| format!("cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err("the build failed".into()) }
}

/// The demo as a newcomer runs it, with an empty state folder.
fn demo(root: &Path, work: &Path, report: &mut String) -> Result<(), String> {
    let state = work.join("demo-state");
    std::fs::remove_dir_all(&state).ok();
    std::fs::create_dir_all(work).map_err(|e| e.to_string())?;
    let output = Command::new(root.join("target/release/bowline"))
        .args(["demo", "-o", "json", "--progress", "none"])
        .env("BOWLINE_STATE", &state)
        .output()
        .map_err(|error| format!("demo: {error}"))?;
    let summary: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("demo: {error}: {}", String::from_utf8_lossy(&output.stderr)))?;
    let total = summary["total_seconds"].as_f64().unwrap_or(f64::NAN);
    row(report, "demo, cold Go cache", "≤ 120 s", &format!("{total:.0} s"));
    let names = ["(a) first", "(b) good", "(c) 20 % errors", "(d) crash at start"];
    for (index, name) in names.iter().enumerate() {
        let release = &summary["releases"][index];
        let outcome = release["outcome"].as_str().unwrap_or("–");
        let failed = release["failed_requests"].as_u64().unwrap_or(u64::MAX);
        let requests = release["requests"].as_u64().unwrap_or(0);
        let bar = if index == 2 { "rolled_back" } else { "0 failed" };
        let text = format!("{outcome}, {failed} of {requests} user requests failed");
        row(report, &format!("demo {name}"), bar, &text);
    }
    Ok(())
}

/// A one-line change: committed → first user request on the new version.
fn warm(root: &Path, work: &Path, runs: usize, report: &mut String) -> Result<(), String> {
    let example = Example::new(root, &work.join("warm"), Some([1, 1]))?;
    example.bowline(&["release", "--progress", "none"])?;
    let load = Load::start(example.address, PER_SECOND);
    let (mut whole, mut beyond, mut ready) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..runs {
        let before = 1250 + run;
        let after = before + 1;
        let set = |number: usize| format!("const centsPerItem = {number}");
        example.edit("price.go", &set(before), &set(after))?;
        // The test's expectation follows the price, so that both lines change together.
        let total = |cents: usize| format!("{}.{:02}", 2 * cents / 100, 2 * cents % 100);
        let old = std::fs::read_to_string(example.folder.join("shop_test.go"))
            .map_err(|e| e.to_string())?;
        std::fs::write(
            example.folder.join("shop_test.go"),
            old.replace(&total(before), &total(after)),
        )
        .map_err(|e| e.to_string())?;
        example.commit(&format!("price {after}"))?;
        load.await_text(&format!("€{}", total(after)));
        let clock = Instant::now();
        let (code, text) = example.bowline(&["release", "--progress", "none", "-o", "json"])?;
        let came = load.came().ok_or("no user met the new version")?;
        if code != 0 {
            return Err(format!("a good change ended with exit code {code}: {text}"));
        }
        let seconds = came.duration_since(clock).as_secs_f64();
        let alone = by_hand(&example.folder, &work.join("hand"))?;
        whole.push(seconds);
        beyond.push(seconds - alone);
        ready.extend(pods_ready_ms(&example)?);
    }
    let failed = load.counts().1;
    load.stop();
    example.bowline(&["down"])?;
    let text = format!("p50 / p95 / max {} s", quantile::summary(&whole));
    row(report, &format!("warm change → first user request, {runs} runs"), "≤ 15 s", &text);
    let text = format!("p50 / p95 / max {} s", quantile::summary(&beyond));
    row(report, "… beyond the same vet, test and build by hand", "p50 ≤ 2 s", &text);
    row(report, "… user requests failed meanwhile", "0", &failed.to_string());
    let text = format!("p50 / p95 / max {} ms", quantile::summary(&ready));
    row(report, "new ReplicaSet → all its pods ready", "≤ 50 ms + start", &text);
    Ok(())
}

/// The same tools with a cache of the same age, without Bowline.
fn by_hand(folder: &Path, cache: &Path) -> Result<f64, String> {
    let cache = cache.to_string_lossy().into_owned();
    let scripts = [
        "go vet ./... & go test -json -coverprofile=/dev/null ./... >/dev/null; wait",
        "CGO_ENABLED=0 go build -ldflags='-s -w' -o /dev/null .",
    ];
    let clock = Instant::now();
    for script in scripts {
        let whole = format!("export GOCACHE={cache} CGO_ENABLED=0 GOTOOLCHAIN=local; {script}");
        command("sh", &["-c", &whole], folder)?;
    }
    Ok(clock.elapsed().as_secs_f64())
}

/// From the journal: a ReplicaSet was scaled → all of its pods were available.
fn pods_ready_ms(example: &Example) -> Result<Vec<f64>, String> {
    let (_, text) = example.bowline(&["why", "-o", "json"])?;
    let why: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let events = why["rollout"].as_array().cloned().unwrap_or_default();
    let mut scaled: Option<(String, u64, u64)> = None;
    let mut milliseconds = Vec::new();
    for event in events {
        let body = &event["body"];
        let hash = body["hash"].as_str().unwrap_or_default().to_owned();
        let now = body["now_ms"].as_u64().unwrap_or(0);
        match event["kind"].as_str() {
            Some("rollout.replicas_scaled") if scaled.is_none() => {
                scaled = Some((hash, body["replicas"].as_u64().unwrap_or(0), now));
            }
            Some("rollout.replicas_available") => {
                if let Some((wanted, replicas, since)) = &scaled
                    && *wanted == hash
                    && body["available"].as_u64() == Some(*replicas)
                {
                    milliseconds.push(now.saturating_sub(*since) as f64);
                    break;
                }
            }
            _ => {}
        }
    }
    Ok(milliseconds)
}

/// A version that fails a fifth of its requests, again and again.
fn bad(root: &Path, work: &Path, runs: usize, report: &mut String) -> Result<(), String> {
    let example = Example::new(root, &work.join("bad"), None)?;
    example.bowline(&["release", "--progress", "none"])?;
    let good: PathBuf = example.folder.join("price.go");
    let original = std::fs::read_to_string(&good).map_err(|e| e.to_string())?;
    let load = Load::start(example.address, PER_SECOND);
    let (mut decision, mut switch, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..runs {
        let bug = format!(
            "\tif id%5 == 0 {{\n\t\treturn \"\", fmt.Errorf(\"coupons, run {run}: refused\")\n\t}}\n\
             \tcents := items * centsPerItem\n"
        );
        std::fs::write(&good, original.replace("\tcents := items * centsPerItem\n", &bug))
            .map_err(|e| e.to_string())?;
        example.commit(&format!("bad {run}"))?;
        let before = load.counts().1;
        let (code, text) = example.bowline(&["release", "--progress", "none", "-o", "json"])?;
        std::thread::sleep(Duration::from_millis(200));
        let summary: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        if code != 4 {
            return Err(format!("a bad version ended with exit code {code}: {text}"));
        }
        decision.push(summary["decision_ms"].as_f64().unwrap_or(f64::NAN) / 1000.0);
        switch.push(summary["switch_ms"].as_f64().unwrap_or(f64::NAN));
        failed.push((load.counts().1 - before) as f64);
    }
    load.stop();
    example.bowline(&["down"])?;
    let what = format!("(c) first canary request → decision, {runs} runs at 50 rps");
    let text = format!("p50 / p95 / max {} s", quantile::summary(&decision));
    row(report, &what, "p50 ≤ 8 s, p95 ≤ 15 s", &text);
    let text = format!("p50 / p95 / max {} ms", quantile::summary(&switch));
    row(report, "(c) decision → edge has switched", "≤ 100 ms", &text);
    let text =
        format!("p50 / p99 {:.0} / {:.0}", quantile::of(&failed, 0.5), quantile::of(&failed, 0.99));
    row(report, "(c) failed user requests", "p50 ≤ 10, p99 ≤ 20", &text);
    Ok(())
}
