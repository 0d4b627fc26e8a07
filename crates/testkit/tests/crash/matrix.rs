//! The crash matrix: abort at a point, type the same command again, compare the end.

use crate::house::House;

/// The points of `0..count` that are taken: all, or a spread of `sample`.
fn points(count: u64, sample: u64) -> Vec<u64> {
    if std::env::var_os("BOWLINE_CRASH_ALL").is_some() || sample >= count {
        return (0..count).collect();
    }
    (0..sample).map(|index| (2 * index + 1) * count / (2 * sample)).collect()
}

/// Says how many points were passed well. A run may have a point more or less than the one that
/// was counted, because events that fall into one moment share a transaction.
fn told(what: &str, taken: usize, reached: usize) {
    println!("crash matrix of {what}: {reached} of {taken} points");
    assert!(taken - reached <= taken.div_ceil(10), "{reached} of {taken} points were reached");
}

/// Whether the newest release has ended already: then the same command is a new release.
fn has_ended(house: &House) -> bool {
    let release = house.newest("engine.release_started").key;
    house.events("engine.release_finished").iter().any(|event| event.key == release)
}

/// How often a rollout of the newest release was started.
fn starts(house: &House) -> usize {
    let release = house.newest("engine.release_started").body["version"].clone();
    let starts = house.events("rollout.started").into_iter();
    starts.filter(|event| event.body["version"]["release"] == release).count()
}

#[test]
fn a_good_release_is_promoted_wherever_its_process_dies() {
    let mut house = House::new(1, 1);
    house.commit_good();
    house.run(&["release"]).expect_exit(0);
    house.commit_good();
    let count = house.count(&["release"], 0);
    let taken = points(count, 7);
    let mut reached = 0;
    for point in &taken {
        let name = house.commit_good();
        let place = house.crash(&["release"], *point);
        let again = place.is_some() && has_started(&house, &name) && has_ended(&house);
        let outcome = house.run(&["release"]);
        assert_eq!(outcome.code, 0, "{place:?}\n{outcome}");
        println!("{}", place.as_deref().unwrap_or("not reached"));
        house.expect_settled(&name, 1);
        if place.is_some() && !again {
            assert_eq!(starts(&house), 1, "{place:?}: one release, one rollout");
            let (built, deployed) = (house.newest("image.built"), house.newest("record.deployed"));
            assert_eq!(built.body["digest"], deployed.body["digest"], "{place:?}");
        }
        reached += usize::from(place.is_some());
    }
    told("a good release", taken.len(), reached);
}

/// Whether a release of the commit with that subject was begun.
fn has_started(house: &House, subject: &str) -> bool {
    let started = house.events("engine.release_started").pop();
    started.is_some_and(|event| event.body["subject"] == subject)
}

#[test]
fn a_bad_release_is_taken_back_wherever_its_process_dies() {
    let mut house = House::new(1, 1);
    let good = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    house.commit_bad();
    let count = house.count(&["release"], 4);
    let taken = points(count, 4);
    let mut reached = 0;
    for point in &taken {
        house.commit_bad();
        let place = house.crash(&["release"], *point);
        let again = has_ended(&house) && place.is_some() && is_bad_of_head(&house);
        let outcome = house.run(&["release"]);
        // After its end the same command is a new release, which its quarantine blocks.
        let expected = if again || place.is_none() { 3 } else { 4 };
        assert_eq!(outcome.code, expected, "{place:?}\n{outcome}");
        println!("{}", place.as_deref().unwrap_or("not reached"));
        house.expect_settled(&good, 1);
        let digest = house.newest("image.built").body["digest"].clone();
        let quarantined = house.newest("rollout.digest_quarantined").body["digest"].clone();
        assert_eq!(digest, quarantined, "{place:?}");
        reached += usize::from(place.is_some());
    }
    told("a bad release", taken.len(), reached);
}

fn is_bad_of_head(house: &House) -> bool {
    let head = house.repository.git(&["rev-parse", "HEAD"]);
    house.newest("engine.release_started").body["commit"] == head.trim()
}

#[test]
fn a_first_release_is_promoted_wherever_its_process_dies() {
    let mut house = House::new(1, 1);
    house.commit_good();
    let count = house.count(&["release"], 0);
    drop(house);
    let taken = points(count, 2);
    let mut reached = 0;
    for point in &taken {
        let mut house = House::new(1, 1);
        let name = house.commit_good();
        let place = house.crash(&["release"], *point);
        let outcome = house.run(&["release"]);
        assert_eq!(outcome.code, 0, "{place:?}\n{outcome}");
        println!("{}", place.as_deref().unwrap_or("not reached"));
        house.expect_settled(&name, 1);
        reached += usize::from(place.is_some());
    }
    told("a first release", taken.len(), reached);
}

#[test]
fn a_rollback_arrives_wherever_its_process_dies() {
    let mut house = House::new(1, 1);
    let mut before = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    house.commit_good();
    house.run(&["release"]).expect_exit(0);
    let count = house.count(&["rollback", "--reason", "test"], 0);
    house.expect_settled(&before, 1);
    let taken = points(count, 3);
    let mut reached = 0;
    for point in &taken {
        let left = house.commit_good();
        house.run(&["release"]).expect_exit(0);
        let place = house.crash(&["rollback", "--reason", "test"], *point);
        let ended = house.events("engine.rollback_finished").len();
        let begun = house.events("engine.rollback_started").len();
        if place.is_none() || ended == begun && house.answer() != left {
            // It had ended; the same command would be another rollback.
            house.expect_settled(&before, 1);
        } else {
            let outcome = house.run(&["rollback", "--reason", "test"]);
            assert_eq!(outcome.code, 0, "{place:?}\n{outcome}");
            house.expect_settled(&before, 1);
        }
        println!("{}", place.as_deref().unwrap_or("not reached"));
        let quarantined = house.newest("rollout.digest_quarantined").body["digest"].clone();
        let built = house.newest("image.built").body["digest"].clone();
        assert_eq!(quarantined, built, "{place:?}: what was left must not come again");
        reached += usize::from(place.is_some());
        // The next round goes back to a version of its own.
        before = house.commit_good();
        house.run(&["release"]).expect_exit(0);
    }
    told("a rollback", taken.len(), reached);
}
