//! A disk that is full: no append, no decision; what serves goes on, and with room the same
//! command ends the release.

use bowline_host::files;
use bowline_testkit::crash::{House, spread};
use bowline_testkit::{Running, World, until};
use std::time::Duration;

/// The state folder's disk.
const DISK_BYTES: u64 = 256 << 20;

/// A house on a small disk with a released version; `None`, and said so, where no disk can be
/// mounted.
fn small_house() -> Option<House> {
    let house = House::on(World::on_small_disk(&bowline_testkit::program(), DISK_BYTES)?, 1, 2);
    Some(house)
}

#[test]
fn a_disk_that_fills_in_mid_release_ends_it_with_the_cause_and_it_resumes() {
    let Some(mut house) = small_house() else {
        return bowline_testkit::skip("full disk", "this user may not mount a tmpfs");
    };
    let stable = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    house.commit_good();
    let points = house.list(&["release"], 0);
    let mut unlike = Vec::new();
    let mut met = 0;
    for point in spread(&points, POINTS) {
        let name = house.commit_good();
        // The process stops itself at the point, the disk is filled to the last byte, and it
        // goes on: from there on every write finds no room.
        house.world.set("BOWLINE_CRASH", &format!("stop:{point}"));
        let release = house.world.start(house.repository.folder(), &["release"]);
        house.world.unset("BOWLINE_CRASH");
        if !has_stopped(&release) {
            release.wait().expect_exit(0);
            continue;
        }
        met += 1;
        house.world.leave_room(0);
        let serving = house.answer();
        release.signal(bowline_sandbox::Signal::CONTINUE);
        let outcome = release.wait();
        let named = ["no room left", "disk is full"];
        let told = named.iter().any(|words| outcome.stderr.contains(words));
        if outcome.code != 2 || !told {
            unlike.push(format!("point {point}:\n{outcome}"));
        }
        assert!([&*serving, &*name].contains(&&*house.answer()), "users are answered");
        house.world.leave_room(DISK_BYTES / 2);
        house.journal().verify().expect("nothing is half-written");
        house.run(&["release"]).expect_exit(0);
        house.expect_settled(&name, 1);
    }
    assert!(met + 2 >= POINTS, "{met} of {POINTS} points were reached");
    assert!(unlike.is_empty(), "{}", unlike.join("\n"));
    assert_ne!(house.answer(), stable);
}

/// Waits until the process has stopped itself; whether it did, or came to its end instead.
fn has_stopped(release: &Running) -> bool {
    let stat = format!("/proc/{}/stat", release.pid());
    until("the point or the end", Duration::from_secs(120), || {
        let text = files::read(&stat, 4096).ok()?;
        let text = String::from_utf8_lossy(&text).into_owned();
        match text.rsplit_once(") ")?.1.chars().next()? {
            'T' => Some(true),
            'Z' | 'X' => Some(false),
            _ => None,
        }
    })
}

/// How many points of a release are tried.
const POINTS: usize = 6;
