//! `kill -9` of everything that may die while users ask.

use crate::{house, program};
use bowline_sandbox::{Signal, process};
use bowline_testkit::crash::{Failed, KeepAlive, kill_conductor, kill_edge, kill_shim};
use bowline_testkit::until;
use std::time::Duration;

/// How many users ask at once while something is killed.
const USERS: usize = 50;
/// How many keep asking where only the end counts.
const FEW: usize = 4;
/// A fact may take this long.
const FACT_MAX: Duration = Duration::from_secs(60);

fn nothing(failed: &[Failed]) {
    assert!(failed.is_empty(), "{} failed: {:?}", failed.len(), failed.first());
}

#[test]
fn only_what_the_edge_had_in_flight_fails_when_it_is_killed() {
    let killed = kill_edge(&program(), USERS);
    nothing(&killed.later);
    // One for each connection that it had, at most.
    let lost = killed.in_flight.len() + killed.stale.len();
    assert!(lost <= USERS, "{lost} were lost: {:?}", killed.in_flight);
}

#[test]
fn no_user_notices_that_the_conductor_is_killed_and_resumed() {
    let killed = kill_conductor(&program(), USERS);
    nothing(&killed.in_flight);
    nothing(&killed.stale);
    nothing(&killed.later);
}

#[test]
fn no_user_notices_that_the_shim_of_the_other_version_is_killed() {
    let killed = kill_shim(&program(), USERS);
    nothing(&killed.in_flight);
    nothing(&killed.stale);
    nothing(&killed.later);
}

#[test]
fn a_pod_whose_shim_was_killed_while_nobody_conducts_is_missed_by_nobody_and_comes_back() {
    let mut house = house(2, 1);
    let name = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    let users = KeepAlive::arrive(house.repository.address(), FEW);
    users.wait_for_answers(100);
    let shims = house.shims();
    assert_eq!(shims.len(), 2, "{shims:?}");
    process::kill(shims[0].0, Signal::KILL).expect("the test's own process can be killed");
    users.wait_for_answers(200);
    assert!(users.failed().len() <= FEW, "only what was in flight: {:?}", users.failed());

    // Who conducts next brings the pod back.
    house.run(&["up"]).expect_exit(0);
    until("two pods again", FACT_MAX, || (house.shims().len() == 2).then_some(()));
    let before = users.failed().len();
    users.wait_for_answers(100);
    nothing(&users.failed()[before..]);
    users.leave();
    house.expect_settled(&name, 2);
}

#[test]
fn a_canary_without_its_conductor_goes_back_to_stable_and_is_resumed() {
    let mut house = house(1, 4);
    let stable = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    let users = KeepAlive::arrive(house.repository.address(), FEW);
    let canary = house.commit_good();
    let mut release = house.world.start(house.repository.folder(), &["release"]);
    release.wait_for_talk("50 %");
    until("an answer of the canary", FACT_MAX, || users.take_answers().remove(&canary));
    assert_eq!(release.kill().code, 137);
    // Who asks is told that nobody looks after it, with both ways on.
    let told = house.run(&["rollout", "get"]).expect_exit(0);
    told.clone().expect_data("nobody conducts").expect_data("bowline release");

    until("the dead man's switch", FACT_MAX, || {
        house.table()["fell_back"].as_bool().filter(|fell_back| *fell_back)
    });
    // What was in flight at that moment may still come from the canary.
    users.wait_for_answers(20);
    drop(users.take_answers());
    users.wait_for_answers(100);
    let answers = users.take_answers();
    assert_eq!(answers.keys().collect::<Vec<_>>(), [&stable], "{answers:?}");
    let told = house.run(&["rollout", "get"]).expect_exit(0);
    let lines = "nobody conducts; the edge serves stable\nhelp     `bowline release` resumes, \
                 `bowline rollout abort` ends it";
    told.clone().expect_data(lines);
    assert!(!told.stdout.contains("50 %"), "the weight of before serves nobody: {told}");
    let json = house.run(&["rollout", "get", "-o", "json"]).expect_exit(0).json();
    assert_eq!((&json["conducted"], &json["edge"]), (&false.into(), &"stable".into()), "{json}");

    house.run(&["release"]).expect_exit(0);
    users.wait_for_answers(20);
    nothing(&users.failed());
    users.leave();
    house.expect_settled(&canary, 1);
}

#[test]
fn an_edge_whose_start_was_not_noted_is_ended_with_the_rest() {
    let mut house = house(1, 1);
    let name = house.commit_good();
    let point = "before 1 file.write edge/shim.json".parse().expect("a point");
    let (_, reached) = house.crash(&["release"], &point);
    assert!(reached);
    house.run(&["release"]).expect_exit(0);
    house.expect_settled(&name, 1);
    house.run(&["down"]).expect_exit(0);
    house.world.expect_no_process();
}

#[test]
fn a_rollout_that_nobody_conducts_is_ended_from_the_command_line() {
    let mut house = house(1, 4);
    let stable = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    house.commit_good();
    let mut release = house.world.start(house.repository.folder(), &["release"]);
    release.wait_for_talk("50 %");
    release.kill();
    house.run(&["rollout", "abort", "--reason", "nobody is there"]).expect_exit(0);
    house.expect_settled(&stable, 1);
    let told = house.run(&["rollout", "get"]).expect_exit(0);
    assert!(!told.stdout.contains("nobody conducts"), "{told}");
}

#[test]
fn another_commit_settles_a_release_whose_conductor_died_in_its_canary() {
    let mut house = house(1, 4);
    house.commit_good();
    house.run(&["release"]).expect_exit(0);
    let users = KeepAlive::arrive(house.repository.address(), FEW);
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
    let mut house = house(1, 4);
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
    let mut house = house(1, 1);
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
    let mut house = house(1, 1);
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
