//! All points of all scenarios, several at once, each worker in houses of its own.

use super::scenario::Stage;
use super::{Point, Projection, Scenario, spread};
use bowline_host::clock::Stopwatch;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// A point that a run did not reach is tried again in so many releases.
const TRIES_MAX: u32 = 4;

/// Kinds whose number in one release depends on what falls into one moment, and why.
const DEPENDS: &[(&str, &str)] = &[
    ("edge.table", "tables that are wanted in one moment are put as one"),
    ("rollout.replicas_available", "pods that get ready in one moment are one observation"),
    ("rollout.pod_crashed", "crashes in one moment are one observation"),
    ("pod.remove", "a pod's last change may reach its keeper after its end: removed once more"),
    ("cluster.object", "a pod that crashes is looked at as often as it is found"),
];

/// How much of a scenario is run.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// Which.
    pub scenario: Scenario,
    /// How many of its points; all when it has fewer.
    pub points: usize,
}

/// What came of a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// What was left is what an undisturbed command leaves.
    Equal,
    /// It was not reached, for this reason.
    Explained(String),
    /// It left something else, or was not reached without a reason.
    Failed(String),
}

/// A point with what came of it.
#[derive(Clone, Debug)]
pub struct Passed {
    /// The command.
    pub scenario: Scenario,
    /// Where it ended.
    pub point: Point,
    /// What came of it.
    pub verdict: Verdict,
    /// How many releases it took to reach it.
    pub tries: u32,
    /// How long that took, in seconds.
    pub seconds: f64,
}

struct Work {
    scenario: Scenario,
    point: Point,
    expected: Projection,
}

/// Lists the points of each scenario and runs them, `workers` at a time. Also how many points
/// each scenario has.
///
/// # Panics
/// When an undisturbed command does not end as it should.
pub fn run(
    program: &Path,
    taken: &[Taken],
    workers: usize,
) -> (Vec<(Scenario, usize)>, Vec<Passed>) {
    let counts = Mutex::new(Vec::new());
    let queue: Mutex<VecDeque<Work>> = Mutex::default();
    let wanted: Mutex<Vec<Taken>> = Mutex::new(taken.to_vec());
    in_parallel(workers, || {
        while let Some(taken) = lock(&wanted).pop() {
            let (points, expected) = Stage::new(program, taken.scenario).list();
            lock(&counts).push((taken.scenario, points.len()));
            let work = |point| Work { scenario: taken.scenario, point, expected: expected.clone() };
            lock(&queue).extend(spread(&points, taken.points).into_iter().map(work));
        }
    });
    let passed = Mutex::new(Vec::new());
    in_parallel(workers, || {
        let mut stage: Option<(Scenario, Stage)> = None;
        loop {
            let work = lock(&queue).pop_front();
            let over = |(kept, _): &mut (Scenario, Stage)| {
                work.as_ref().is_none_or(|work| work.scenario != *kept)
            };
            if let Some((scenario, stage)) = stage.take_if(over) {
                lock(&passed).extend(leave(scenario, stage));
            }
            let Some(work) = work else { break };
            let (one, kept) = pass(program, &work, stage.take().map(|(_, stage)| stage));
            lock(&passed).push(one);
            stage = kept.map(|stage| (work.scenario, stage));
        }
    });
    (into(counts), into(passed))
}

/// Ends a house: with it every process must go. What does not is a failure like any other.
fn leave(scenario: Scenario, stage: Stage) -> Option<Passed> {
    let panic = catch_unwind(AssertUnwindSafe(|| drop(stage))).err()?;
    let point =
        Point { side: "after".into(), nth: 1, kind: "house.end".into(), key: "down".into() };
    let verdict = Verdict::Failed(sentence(&*panic));
    Some(Passed { scenario, point, verdict, tries: 1, seconds: 0.0 })
}

/// One point, in the house that is there or in a new one; and the house, if it is still good.
fn pass(program: &Path, work: &Work, kept: Option<Stage>) -> (Passed, Option<Stage>) {
    let clock = Stopwatch::start();
    let (mut stage, mut tries, mut verdict) = (kept, 0, None);
    while verdict.is_none() && tries < TRIES_MAX {
        tries += 1;
        let held = stage.take();
        // A failed assertion ends this round and its house, not the matrix.
        let round = catch_unwind(AssertUnwindSafe(|| {
            let mut stage = held.unwrap_or_else(|| Stage::new(program, work.scenario));
            let (reached, left) = stage.crash(&work.point);
            // A house that ends here must leave no process: that is part of the round.
            (reached, left, stage.lasts().then_some(stage))
        }));
        match round {
            Err(panic) => verdict = Some(Verdict::Failed(sentence(&*panic))),
            Ok((reached, left, after)) => {
                stage = after;
                if left != work.expected {
                    let expected = &work.expected;
                    let told = format!("left {left:#?}\nexpected {expected:#?}");
                    verdict = Some(Verdict::Failed(told));
                } else if reached {
                    verdict = Some(Verdict::Equal);
                }
            }
        }
    }
    let verdict = verdict.unwrap_or_else(|| unreached(&work.point));
    let (scenario, point) = (work.scenario, work.point.clone());
    println!("{}: {point}: {}", scenario.title(), word(&verdict));
    (Passed { scenario, point, verdict, tries, seconds: clock.seconds() }, stage)
}

fn unreached(point: &Point) -> Verdict {
    match DEPENDS.iter().find(|(kind, _)| *kind == point.kind) {
        Some((_, reason)) => Verdict::Explained((*reason).to_owned()),
        None => Verdict::Failed(format!("not reached in {TRIES_MAX} releases")),
    }
}

fn word(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Equal => "equal",
        Verdict::Explained(_) => "not reached, explained",
        Verdict::Failed(_) => "FAILED",
    }
}

fn sentence(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}

fn in_parallel(workers: usize, work: impl Fn() + Sync) {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(&work)).collect();
        for thread in threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn into<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}
