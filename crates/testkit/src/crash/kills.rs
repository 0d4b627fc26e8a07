//! `kill -9` of everything that may die while users ask, with what they saw of it.

use super::{Failed, House, KeepAlive};
use crate::until;
use bowline_host::clock::{self, Stopwatch};
use bowline_host::local::{self, Address};
use bowline_sandbox::{Signal, process};
use std::path::Path;
use std::time::Duration;

/// A fact may take this long.
const FACT_MAX: Duration = Duration::from_secs(60);
/// One answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// The answers that are waited for after a kill.
const ANSWERS: u64 = 2000;

/// What users saw of a kill.
#[derive(Clone, Debug)]
pub struct Killed {
    /// How many users there were, each with a connection that is kept.
    pub users: usize,
    /// Their requests with an answer.
    pub answered: u64,
    /// Requests that failed and were sent before the process was gone.
    pub in_flight: Vec<Failed>,
    /// Requests that failed and were sent a moment later, on a connection that the process had
    /// held: its end was on the way, and the user did not know yet.
    pub stale: Vec<Failed>,
    /// Requests that failed and were sent later, on a connection of their own.
    pub later: Vec<Failed>,
    /// From the kill (edge) or the start of who resumes (conductor) until it works again, in
    /// milliseconds.
    pub ready_ms: f64,
}

impl Killed {
    fn of(users: KeepAlive, count: usize, gone: Duration, ready_ms: f64) -> Self {
        users.wait_for_answers(ANSWERS);
        let (in_flight, after): (_, Vec<Failed>) =
            users.failed().into_iter().partition(|one| one.sent <= gone);
        let (stale, later) = after.into_iter().partition(|one| one.opened <= gone);
        let answered = users.answered();
        users.leave();
        Self { users: count, answered, in_flight, stale, later, ready_ms }
    }
}

/// Kills the edge while nobody conducts; it works again when a new user is answered.
///
/// # Panics
/// When it does not come back.
#[must_use]
pub fn kill_edge(program: &Path, users: usize) -> Killed {
    let mut house = House::new(program, 1, 1);
    let name = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    let asking = KeepAlive::arrive(house.repository.address(), users);
    asking.wait_for_answers(ANSWERS / 4);
    let edge = house.processes("bowline edge ");
    assert_eq!(edge.len(), 1, "{edge:?}");
    let clock = Stopwatch::start();
    let gone = kill(edge[0]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let address = Address::Tcp(house.repository.address());
    until("an answer of the next edge", FACT_MAX, || {
        let answer = runtime.block_on(local::request(&address, "GET", "/", None, ANSWER_MAX));
        answer.is_ok_and(|answer| answer.status == 200).then_some(())
    });
    let killed = Killed::of(asking, users, gone, clock.elapsed().as_secs_f64() * 1000.0);
    house.expect_settled(&name, 1);
    killed
}

/// Kills the shim of a canary's only pod; the users are served by the other version.
///
/// # Panics
/// When the release does not come to an end.
#[must_use]
pub fn kill_shim(program: &Path, users: usize) -> Killed {
    let mut house = House::new(program, 1, 4);
    let stable = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    let before = house.shims();
    let asking = KeepAlive::arrive(house.repository.address(), users);
    let canary = house.commit_good();
    let mut release = house.world.start(house.repository.folder(), &["release"]);
    release.wait_for_talk("50 %");
    until("an answer of the canary", FACT_MAX, || asking.take_answers().remove(&canary));
    let shim = house.shims().into_iter().find(|shim| !before.contains(shim));
    let (pid, _) = shim.expect("the canary's shim");
    let gone = kill(pid);
    let killed = Killed::of(asking, users, gone, 0.0);
    // Whether one crash is forgiven is the judge's to say; nobody may be left in between.
    let outcome = release.wait();
    let name = if outcome.code == 0 { &canary } else { &stable };
    assert!([0, 4].contains(&outcome.code), "{outcome}");
    house.expect_settled(name, 1);
    killed
}

/// Kills the conductor in its canary and types the same command again; it works again with its
/// first decision.
///
/// # Panics
/// When the release does not come to an end.
#[must_use]
pub fn kill_conductor(program: &Path, users: usize) -> Killed {
    let mut house = House::new(program, 1, 3);
    house.commit_good();
    house.run(&["release"]).expect_exit(0);
    let asking = KeepAlive::arrive(house.repository.address(), users);
    let canary = house.commit_good();
    let mut release = house.world.start(house.repository.folder(), &["release"]);
    release.wait_for_talk("50 %");
    until("an answer of the canary", FACT_MAX, || asking.take_answers().remove(&canary));
    assert_eq!(release.kill().code, 137);
    let gone = clock::monotonic();
    asking.wait_for_answers(ANSWERS / 4);

    let head = house.journal().head().expect("the journal can be read");
    let started = clock::now();
    let resumed = house.world.start(house.repository.folder(), &["release"]);
    let decided = until("the next decision", FACT_MAX, || {
        house.events_after(head).into_iter().find(|event| event.kind.starts_with("rollout."))
    });
    let took = decided.at.0 - started.0;
    resumed.wait().expect_exit(0);
    let killed = Killed::of(asking, users, gone, took as f64);
    house.expect_settled(&canary, 1);
    killed
}

/// Kills a process and returns when it is gone, with the time of that.
fn kill(pid: u32) -> Duration {
    let start_time = process::start_time(pid).expect("it lives");
    process::kill(pid, Signal::KILL).expect("the test's own process can be killed");
    let gone = process::wait_gone(pid, start_time, FACT_MAX).expect("it can be waited for");
    assert!(gone, "process {pid} does not end");
    clock::monotonic()
}
