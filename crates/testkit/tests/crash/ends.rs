//! How releases end when people step in, and that the records agree with what runs.

use crate::house;
use bowline_testkit::crash::House;

/// Releases the committed version up to its canary and has a second terminal take it back.
fn abort_by_hand(house: &House) {
    let mut release = house.world.start(house.repository.folder(), &["release"]);
    release.wait_for_talk("50 %");
    house.run(&["rollout", "abort", "--reason", "not today"]).expect_exit(0);
    release.wait().expect_exit(4);
}

/// The version that the records say serves now.
fn deployed(house: &House) -> String {
    house.newest("record.deployed").body["version"].as_str().expect("a version").to_owned()
}

fn outcome(house: &House) -> String {
    let end = house.newest("engine.release_finished").body;
    end["outcome"].as_str().expect("an outcome").to_owned()
}

#[test]
fn who_aborted_by_hand_may_retry_and_the_records_follow() {
    let mut house = house(1, 4);
    let stable = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    let canary = house.commit_good();
    abort_by_hand(&house);
    house.expect_settled(&stable, 1);
    assert_eq!((&*deployed(&house), &*outcome(&house)), ("v0.0.1-build.1", "rolled_back"));

    // A release does not pass its quarantine by itself, however often it is typed.
    house.run(&["release"]).expect_exit(3).expect_talk("quarantined");
    house.run(&["release"]).expect_exit(3).expect_talk("quarantined");
    house.expect_settled(&stable, 1);

    house.run(&["rollout", "retry"]).expect_exit(0);
    house.expect_settled(&canary, 1);
    assert_eq!(deployed(&house), "v0.0.1-build.2");
    assert_eq!(house.newest("engine.release_finished").body["outcome"], "promoted");
    let lifted = house.events("rollout.quarantine_lifted");
    assert_eq!(lifted.len(), 1, "it proved good: {lifted:?}");
}

#[test]
fn a_person_overrides_a_quarantine_with_a_reason() {
    let mut house = house(1, 4);
    house.commit_good();
    house.run(&["release"]).expect_exit(0);
    let canary = house.commit_good();
    abort_by_hand(&house);
    house.run(&["release", "--override", "it was the database"]).expect_exit(0);
    house.expect_settled(&canary, 1);
    let reason = house.newest("engine.release_started").body["override_reason"].clone();
    assert_eq!(reason, "it was the database");
}

#[test]
fn what_the_judge_of_crashes_took_back_is_not_retried_without_an_override() {
    let mut house = house(1, 1);
    let stable = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    house.commit_bad();
    house.run(&["release"]).expect_exit(4);
    let retry = house.run(&["rollout", "retry"]);
    assert!(retry.stderr.contains("quarantined"), "{retry}");
    house.expect_settled(&stable, 1);
    assert_eq!(outcome(&house), "rolled_back");
}

#[test]
fn a_commit_that_changes_no_image_ends_promoted_with_a_record_of_its_own() {
    let mut house = house(1, 1);
    let name = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    house.repository.write("README.md", "words");
    house.repository.commit("docs only");
    house.run(&["release"]).expect_exit(0).expect_talk("running already");
    house.expect_settled(&name, 1);
    assert_eq!((&*deployed(&house), &*outcome(&house)), ("v0.0.1-build.2", "promoted"));

    // The same image with another number of pods is no rollout, but it is carried out.
    house.repository.edit("deploy/rollout.yaml", "replicas: 1", "replicas: 2");
    house.repository.commit("two pods");
    house.run(&["release"]).expect_exit(0);
    house.expect_settled(&name, 2);
}

#[test]
fn a_rollback_goes_back_once_and_never_to_what_was_taken_back() {
    let mut house = house(1, 1);
    let first = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    house.commit_good();
    house.run(&["release"]).expect_exit(0);
    house.run(&["rollback", "--reason", "slow"]).expect_exit(0);
    house.expect_settled(&first, 1);
    assert_eq!(deployed(&house), "v0.0.1-build.1");
    house.run(&["rollback", "--reason", "again"]).expect_exit(2).expect_talk("no version");
    house.expect_settled(&first, 1);
    house.run(&["release"]).expect_exit(3).expect_talk("quarantined");
    let fixed = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    house.expect_settled(&fixed, 1);
}
