//! The crash matrix: abort at a point, type the same command again, compare the end.

use crate::program;
use bowline_testkit::crash::{Scenario, Taken, Verdict, run};

/// Points of each scenario that are taken here; `cargo xtask bench crash` takes all of them.
const TAKEN: &[Taken] = &[
    Taken { scenario: Scenario::Good, points: 24 },
    Taken { scenario: Scenario::Bad, points: 14 },
    Taken { scenario: Scenario::First, points: 8 },
    Taken { scenario: Scenario::Rollback, points: 16 },
];

/// Points that are run at once.
const WORKERS: usize = 4;

#[test]
fn a_command_ends_alike_wherever_its_process_dies() {
    let (counts, passed) = run(&program(), TAKEN, WORKERS);
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    assert!(all >= 150, "the matrix has points for everything that outlives a process: {counts:?}");
    assert!(passed.len() >= 60, "{} points", passed.len());
    let wrong: Vec<String> = passed
        .iter()
        .filter_map(|passed| match &passed.verdict {
            Verdict::Failed(why) => Some(format!("{:?} {}: {why}", passed.scenario, passed.point)),
            Verdict::Equal | Verdict::Explained(_) => None,
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} points:\n{}", wrong.len(), passed.len(), wrong.join("\n"));
    // A reason excuses a race, not a matrix that is passed by.
    let equal = passed.iter().filter(|passed| passed.verdict == Verdict::Equal).count();
    assert!(equal * 20 >= passed.len() * 19, "{equal} of {} points were reached", passed.len());
}
