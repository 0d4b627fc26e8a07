//! `kill -9` of everything that may die while users ask.

use crate::house::House;
use crate::user::KeepAlive;
use bowline_sandbox::{Signal, process};
use bowline_testkit::until;
use std::time::Duration;

/// How many users ask at once.
const USERS: usize = 4;
/// A fact may take this long.
const FACT_MAX: Duration = Duration::from_secs(60);

fn kill(pid: u32) {
    process::kill(pid, Signal::KILL).expect("the test's own process can be killed");
}

/// Waits for this many answers more.
fn wait_for_answers(users: &KeepAlive, more: u64) {
    let goal = users.answered() + more;
    until("answers", FACT_MAX, || (users.answered() >= goal).then_some(()));
}

#[test]
fn users_are_answered_while_edge_and_shim_are_killed() {
    let mut house = House::new(2, 1);
    let name = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    let users = KeepAlive::arrive(house.repository.address(), USERS);
    wait_for_answers(&users, 100);
    assert_eq!(users.failed(), Vec::<String>::new());

    let edge = house.processes("bowline edge ");
    assert_eq!(edge.len(), 1, "{edge:?}");
    kill(edge[0]);
    until("another edge", FACT_MAX, || {
        let now = house.processes("bowline edge ");
        (now.len() == 1 && now != edge).then_some(())
    });
    wait_for_answers(&users, 100);
    let of_edge = users.failed();
    assert!(of_edge.len() <= USERS, "only what was in flight may fail: {of_edge:?}");

    // Nobody conducts: the edge goes on with the pod that is left.
    let shims = house.shims();
    assert_eq!(shims.len(), 2, "{shims:?}");
    kill(shims[0].0);
    wait_for_answers(&users, 200);
    let of_shim = users.failed().len() - of_edge.len();
    assert!(of_shim <= USERS, "only what was in flight may fail: {:?}", users.failed());

    // Who conducts next brings the pod back.
    house.run(&["up"]).expect_exit(0);
    until("two pods again", FACT_MAX, || (house.shims().len() == 2).then_some(()));
    let before = users.failed().len();
    wait_for_answers(&users, 100);
    assert_eq!(users.failed().len(), before, "{:?}", users.failed());
    users.leave();
    house.expect_settled(&name, 2);
}

#[test]
fn a_canary_without_its_conductor_goes_back_to_stable_and_is_resumed() {
    let mut house = House::new(1, 4);
    let stable = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    let users = KeepAlive::arrive(house.repository.address(), USERS);
    let canary = house.commit_good();
    let mut release = house.world.start(house.repository.folder(), &["release"]);
    release.wait_for_talk("50 %");
    until("an answer of the canary", FACT_MAX, || users.take_answers().remove(&canary));
    assert_eq!(release.kill().code, 137);

    until("the dead man's switch", FACT_MAX, || {
        house.table()["fell_back"].as_bool().filter(|fell_back| *fell_back)
    });
    // What was in flight at that moment may still come from the canary.
    wait_for_answers(&users, 20);
    users.take_answers();
    wait_for_answers(&users, 100);
    let answers = users.take_answers();
    assert_eq!(answers.keys().collect::<Vec<_>>(), [&stable], "{answers:?}");

    house.run(&["release"]).expect_exit(0);
    wait_for_answers(&users, 20);
    assert_eq!(users.failed(), Vec::<String>::new(), "no user noticed");
    users.leave();
    house.expect_settled(&canary, 1);
}

#[test]
fn another_commit_settles_a_release_whose_conductor_died_in_its_canary() {
    let mut house = House::new(1, 4);
    house.commit_good();
    house.run(&["release"]).expect_exit(0);
    let users = KeepAlive::arrive(house.repository.address(), USERS);
    let left = house.commit_good();
    let mut release = house.world.start(house.repository.folder(), &["release"]);
    release.wait_for_talk("50 %");
    release.kill();
    let fixed = house.commit_good();
    let outcome = house.run(&["release"]).expect_exit(0);
    assert!(outcome.stderr.contains("settled"), "{outcome}");
    users.leave();
    house.expect_settled(&fixed, 1);
    let quarantined = house.events("rollout.digest_quarantined");
    assert!(quarantined.is_empty(), "nothing is known against `{left}`: {quarantined:?}");
    let ends = house.events("engine.release_finished");
    let ends: Vec<&str> = ends.iter().filter_map(|end| end.body["outcome"].as_str()).collect();
    assert_eq!(ends, ["promoted", "rolled_back", "promoted"]);
}

#[test]
fn control_c_in_a_canary_brings_the_traffic_back_and_the_same_command_begins_again() {
    let mut house = House::new(1, 4);
    let stable = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    let canary = house.commit_good();
    let mut release = house.world.start(house.repository.folder(), &["release"]);
    release.wait_for_talk("50 %");
    release.signal(Signal::INTERRUPT);
    release.wait().expect_exit(130);
    house.expect_settled(&stable, 1);
    assert_eq!(house.newest("engine.release_finished").body["outcome"], "rolled_back");

    house.run(&["release"]).expect_exit(0);
    house.expect_settled(&canary, 1);
}

#[test]
fn control_c_in_a_workflow_is_never_a_pass_and_nothing_reaches_users() {
    let mut house = House::new(1, 1);
    let stable = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    house.commit_good();
    house.repository.edit(".github/workflows/ci.yml", "\"true\"", "sleep 60");
    house.repository.commit("a slow workflow");
    let release = house.world.start(house.repository.folder(), &["release"]);
    until("the job's process", FACT_MAX, || {
        (!house.processes("sleep 60").is_empty()).then_some(())
    });
    release.signal(Signal::INTERRUPT);
    release.wait().expect_exit(130);
    house.expect_settled(&stable, 1);
    let end = house.newest("engine.release_finished").body;
    assert_eq!((&end["outcome"], &end["cause"]), (&"failed".into(), &"interrupted".into()));
    let stage = house.newest("engine.stage_finished").body;
    assert!(stage["result"]["verdict"].is_null(), "{stage}");
    assert!(house.processes("sleep 60").is_empty());
}

#[test]
fn a_workflow_whose_conductor_is_killed_leaves_no_process_and_runs_again() {
    let mut house = House::new(1, 1);
    let name = house.commit_good();
    // The second run must not find what the first one left in its workspace.
    let script = "test ! -e mark && touch mark && sleep 3";
    house.repository.edit(".github/workflows/ci.yml", "\"true\"", script);
    house.repository.commit(&name);
    let release = house.world.start(house.repository.folder(), &["release"]);
    until("the job's process", FACT_MAX, || (!house.processes("sleep 3").is_empty()).then_some(()));
    release.kill();
    until("its end", FACT_MAX, || house.processes("sleep 3").is_empty().then_some(()));
    house.run(&["release"]).expect_exit(0);
    house.expect_settled(&name, 1);
}
