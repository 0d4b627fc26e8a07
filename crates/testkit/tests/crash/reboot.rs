//! Reboots and clocks: what ran serves again, and no decision hangs on another boot's times.
//!
//! A test cannot reboot. It leaves what a reboot leaves: no process, no sockets, state files
//! that name processes of another boot whose numbers belong to somebody else by now. The boot's
//! id and start times are only ever read from those files, so there is nothing to inject.

use bowline_host::clock::Stopwatch;
use bowline_host::files;
use bowline_sandbox::Signal;
use bowline_testkit::crash::House;
use bowline_testkit::until;
use serde_json::json;
use std::time::Duration;

/// A fact may take this long.
const FACT_MAX: Duration = Duration::from_secs(60);
/// A boot that is over.
const OTHER_BOOT: &str = "00000000-1111-4222-8333-444444444444";

/// Ends every process at once and leaves the state folder as after a power cut and a boot.
fn reboot(house: &House) {
    until("the end of all processes", FACT_MAX, || {
        let left = house.world.processes();
        left.iter().for_each(bowline_testkit::Leftover::kill);
        left.is_empty().then_some(())
    });
    let runtime = house.world.root().join("r");
    files::remove_tree(&runtime).expect("sockets go with a boot");
    files::create_private_dir(&runtime).expect("the system makes it anew");
    let state = house.world.state();
    // Their numbers belong to a living process now: this very one.
    let stale = json!({"pid": std::process::id(), "start_time": 1, "boot_id": OTHER_BOOT});
    let mut holders = vec![state.join("edge/shim.json")];
    let pods = files::list(state.join("pods")).expect("pods");
    holders.extend(pods.iter().map(|pod| state.join("pods").join(&pod.name).join("shim.json")));
    for holder in holders {
        files::write(&holder, stale.to_string().as_bytes()).expect("written");
    }
    for entry in files::walk(state.join("store/trees"), 100_000).expect("trees") {
        if entry.relative.ends_with(".boot") {
            let mark = state.join("store/trees").join(&entry.relative);
            files::write(mark, OTHER_BOOT.as_bytes()).expect("written");
        }
    }
}

#[test]
fn up_after_a_reboot_restores_what_ran() {
    let mut house = crate::house(2, 1);
    house.commit_good();
    house.run(&["release"]).expect_exit(0);
    let name = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    reboot(&house);
    let watch = Stopwatch::start();
    let up = house.run(&["up"]).expect_exit(0);
    println!("up after a reboot: {:.2} s", watch.seconds());
    assert!(up.stdout.contains("prod/shop"), "{up}");
    house.expect_settled(&name, 2);
    let next = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    house.expect_settled(&next, 2);
}

#[test]
fn a_canary_under_way_at_a_reboot_gets_no_traffic_until_its_release_is_resumed() {
    let mut house = crate::house(1, 4);
    let stable = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    let canary = house.commit_good();
    let mut release = house.world.start(house.repository.folder(), &["release"]);
    release.wait_for_talk("50 %");
    release.signal(Signal::KILL);
    release.wait();
    reboot(&house);
    house.run(&["up"]).expect_exit(0);
    let answers: Vec<String> = (0..20).map(|_| house.answer()).collect();
    assert!(answers.iter().all(|answer| *answer == stable), "{answers:?}");
    house.run(&["release"]).expect_exit(0);
    house.expect_settled(&canary, 1);
}

#[test]
fn times_of_a_boot_that_was_up_for_longer_delay_nothing_in_the_next() {
    let mut house = crate::house(1, 2);
    // A machine that has been up for a year: its times lie in this boot's future.
    let year = "unshare --time --fork --boottime 31536000 --monotonic 31536000";
    let probe = house.world.shell(house.repository.folder(), &format!("{year} true"));
    if probe.code != 0 {
        return bowline_testkit::skip("a longer boot", "this user may not make a time namespace");
    }
    let release = |house: &House, code: i32| {
        let line = format!("{year} bowline release");
        house.world.shell(house.repository.folder(), &line).expect_exit(code)
    };
    let stable = house.commit_good();
    release(&house, 0);
    let canary = house.commit_good();
    house.world.set("BOWLINE_CRASH", "rollout.step_completed");
    release(&house, 134);
    house.world.unset("BOWLINE_CRASH");
    let (shifted, promoted) =
        (house.newest("rollout.weight_shifted"), house.newest("rollout.promoted"));
    assert_eq!(shifted.body["weight"], 50, "it died in its canary: {shifted:?}");
    assert!(shifted.n > promoted.n);
    reboot(&house);
    let watch = Stopwatch::start();
    house.run(&["up"]).expect_exit(0);
    assert_eq!(house.answer(), stable);
    house.run(&["release"]).expect_exit(0);
    assert!(watch.elapsed() < FACT_MAX, "it waited for a time of another boot");
    house.expect_settled(&canary, 1);
}

#[test]
fn a_wall_clock_that_jumps_moves_no_decision() {
    let mut house = crate::house(1, 3);
    // Readiness that must last is a matter of time too.
    let deadline = "progressDeadlineSeconds: 60";
    let lasting = format!("{deadline}\n  minReadySeconds: 1");
    house.repository.edit("deploy/rollout.yaml", deadline, &lasting);
    house.commit_good();
    house.run(&["release"]).expect_exit(0);
    // Hours forward and back, also between the processes of one rollout: labels only.
    for (before, after) in [("36000000", "-36000000"), ("-90000000", "0")] {
        let canary = house.commit_good();
        house.world.set("BOWLINE_CLOCK_JUMP", before);
        let mut release = house.world.start(house.repository.folder(), &["release"]);
        release.wait_for_talk("50 %");
        release.signal(Signal::KILL);
        release.wait();
        house.world.set("BOWLINE_CLOCK_JUMP", after);
        let watch = Stopwatch::start();
        house.run(&["release"]).expect_exit(0);
        // The pause is neither over at once nor does it last for hours.
        assert!(watch.elapsed() >= Duration::from_secs(3), "the pause was skipped");
        house.expect_settled(&canary, 1);
    }
    house.world.unset("BOWLINE_CLOCK_JUMP");
    let events = house.journal().events(1, 10_000).expect("read");
    assert!(events.windows(2).any(|pair| pair[1].at < pair[0].at), "the labels did jump");
    assert!(events.windows(2).all(|pair| pair[1].n == pair[0].n + 1), "the order did not");
}
