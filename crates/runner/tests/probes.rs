//! The behaviour probes: tiny workflows under `tests/probes/`, each with what must come of it.
//!
//! A probe is a workflow file; comments at its head say what happens and what is expected, one
//! a line, `# key: value` (the keys stand in `probe.rs`). Each probe runs in real boxes. The
//! test prints one line a probe, `probe <name>: passed` or `failed: <why>`, for the score.

#[path = "support/bench.rs"]
mod bench;
#[path = "support/probe.rs"]
mod probe;

use probe::Probe;
use std::path::PathBuf;

#[tokio::test(flavor = "multi_thread")]
async fn every_probe_behaves_as_on_github() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/probes");
    let wanted = std::env::var("BOWLINE_PROBE").ok();
    let mut failed = Vec::new();
    let mut count = 0;
    for probe in Probe::all(&folder) {
        if wanted.as_ref().is_some_and(|wanted| *wanted != probe.name) {
            continue;
        }
        count += 1;
        match probe.run().await {
            Ok(()) => println!("probe {}: passed", probe.name),
            Err(reason) => {
                println!("probe {}: failed: {reason}", probe.name);
                failed.push(probe.name);
            }
        }
    }
    assert!(count > 0, "there are no probes in {}", folder.display());
    assert!(failed.is_empty(), "{} of {count} probes failed: {}", failed.len(), failed.join(", "));
}
