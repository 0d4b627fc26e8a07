//! The measured part of `cargo xtask bench crash`, which calls it: the whole matrix and the
//! kills with the `bowline` that is named, as JSON in the file that is named.
//!
//! It is a program of its own so that `xtask` stays small enough to be built before every check.
#![forbid(unsafe_code)]
#![expect(clippy::print_stderr, reason = "a tool: it says what is wrong with its arguments")]

use bowline_host::clock::Stopwatch;
use bowline_host::files;
use bowline_testkit::crash::{
    Killed, Scenario, Taken, Verdict, kill_conductor, kill_edge, kill_shim, run,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Points that are run at once.
const WORKERS: usize = 4;
/// Users who ask while something is killed.
const USERS: usize = 50;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [program, file, points, kills] = arguments.as_slice() else {
        eprintln!("usage: crash-bench BOWLINE FILE POINTS KILLS");
        return ExitCode::FAILURE;
    };
    let (Ok(points), Ok(kills)) = (points.parse(), kills.parse()) else {
        eprintln!("POINTS and KILLS are numbers");
        return ExitCode::FAILURE;
    };
    let program = PathBuf::from(program);
    let measured = json!({
        "matrix": matrix(&program, points),
        "edge": killed(kills, || kill_edge(&program, USERS)),
        "shim": killed(kills, || kill_shim(&program, USERS)),
        "conductor": killed(kills, || kill_conductor(&program, USERS)),
    });
    match files::write_atomic(file, measured.to_string().as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// At most so many points of each scenario.
fn matrix(program: &Path, points: usize) -> Value {
    let clock = Stopwatch::start();
    let taken = Scenario::ALL.map(|scenario| Taken { scenario, points });
    let (counts, passed) = run(program, &taken, WORKERS);
    let row = |passed: &bowline_testkit::crash::Passed| {
        let (verdict, why) = match &passed.verdict {
            Verdict::Equal => ("equal", ""),
            Verdict::Explained(why) => ("explained", &**why),
            Verdict::Failed(why) => ("failed", &**why),
        };
        json!({
            "scenario": passed.scenario.title(),
            "kind": passed.point.kind,
            "side": passed.point.side,
            "point": passed.point.to_string(),
            "verdict": verdict,
            "why": why,
            "tries": passed.tries,
            "seconds": passed.seconds,
        })
    };
    let counts = counts.iter().map(|(scenario, count)| (scenario.title().to_owned(), *count));
    json!({
        "seconds": clock.seconds(),
        "workers": WORKERS,
        "points": counts.collect::<std::collections::BTreeMap<_, _>>(),
        "passed": passed.iter().map(row).collect::<Vec<_>>(),
    })
}

fn killed(times: usize, once: impl Fn() -> Killed) -> Vec<Value> {
    let one = |killed: Killed| {
        json!({
            "users": killed.users,
            "answered": killed.answered,
            "in_flight": killed.in_flight.len(),
            "stale": killed.stale.len(),
            "later": killed.later.len(),
            "ready_ms": killed.ready_ms,
        })
    };
    (0..times).map(|_| one(once())).collect()
}
