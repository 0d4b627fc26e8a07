//! The same demo as an ordinary user and as root, alternately: time and outcomes.

use super::quantile;
use serde_json::Value;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown};
use std::path::{Path, PathBuf};
use std::process::Command;

/// An ordinary user without a name, a group or a subordinate id.
const ORDINARY: u32 = 54_321;

/// Demos of each user that count; one before them fills the caches.
const RUNS: usize = 3;

/// What one user's demos came to.
struct Seen {
    seconds: Vec<f64>,
    outcomes: Vec<String>,
}

/// The figure and its bar; a sentence where only one user can be taken.
pub fn compare(root: &Path) -> Result<String, String> {
    let me = std::fs::metadata("/proc/self").map_err(|e| e.to_string())?.uid();
    if me != 0 {
        return Ok("not measured: only root can also be an ordinary user".into());
    }
    // Under `/tmp`, which everybody may enter, whatever the folders above this one permit.
    let work = PathBuf::from(format!("/tmp/bowline-bench-{}", std::process::id()));
    let measured = measure(root, &work);
    std::fs::remove_dir_all(&work).ok();
    let [ours, theirs] = measured?;
    let median = |seen: &Seen| quantile::of(&seen.seconds, 0.5);
    let same = if ours.outcomes == theirs.outcomes { "same outcomes" } else { "OTHER OUTCOMES" };
    Ok(format!(
        "{:.2} × ({:.1} s against {:.1} s, median of {RUNS}); {same}: {}",
        median(&theirs) / median(&ours),
        median(&theirs),
        median(&ours),
        theirs.outcomes.join(", ")
    ))
}

fn measure(root: &Path, work: &Path) -> Result<[Seen; 2], String> {
    let text = |error: std::io::Error| error.to_string();
    std::fs::create_dir_all(work).map_err(text)?;
    open(work, 0o755)?;
    let program = work.join("bowline");
    std::fs::copy(root.join("target/release/bowline"), &program).map_err(text)?;
    open(&program, 0o755)?;
    for name in ["root", "ordinary"] {
        std::fs::create_dir_all(work.join(name)).map_err(text)?;
        open(&work.join(name), 0o700)?;
    }
    lchown(work.join("ordinary"), Some(ORDINARY), Some(ORDINARY)).map_err(text)?;
    let nobody = || Seen { seconds: Vec::new(), outcomes: Vec::new() };
    let mut seen = [nobody(), nobody()];
    for run in 0..=RUNS {
        for (name, seen) in ["root", "ordinary"].iter().zip(&mut seen) {
            let (seconds, outcomes) = demo(&program, &work.join(name), *name == "ordinary")?;
            if run > 0 {
                seen.seconds.push(seconds);
                seen.outcomes = outcomes;
            }
        }
    }
    Ok(seen)
}

fn open(path: &Path, mode: u32) -> Result<(), String> {
    let mode = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, mode).map_err(|e| format!("{}: {e}", path.display()))
}

fn demo(program: &Path, home: &Path, ordinary: bool) -> Result<(f64, Vec<String>), String> {
    let mut command = Command::new("setpriv");
    if ordinary {
        command.args([format!("--reuid={ORDINARY}"), format!("--regid={ORDINARY}")]);
        command.arg("--clear-groups");
    }
    let output = command
        .arg("--")
        .arg(program)
        .args(["demo", "-o", "json", "--progress", "none"])
        .env("HOME", home)
        .env("BOWLINE_STATE", home.join("state"))
        .env_remove("XDG_RUNTIME_DIR")
        .current_dir("/")
        .output()
        .map_err(|error| format!("setpriv: {error}"))?;
    let summary: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("demo: {error}: {}", String::from_utf8_lossy(&output.stderr)))?;
    let releases = summary["releases"].as_array().cloned().unwrap_or_default();
    let outcome = |release: &Value| release["outcome"].as_str().unwrap_or("–").to_owned();
    let seconds = summary["total_seconds"].as_f64().ok_or("the demo has no time")?;
    Ok((seconds, releases.iter().map(outcome).collect()))
}
