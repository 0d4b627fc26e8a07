//! Damage, upgrades and new beginnings: the commands of `docs/recovery.md`, typed as the page
//! says after what the page is for has happened.

use bowline_host::files;
use bowline_testkit::crash::House;
use bowline_testkit::{Outcome, console_lines};
use std::path::{Path, PathBuf};

/// The largest page, in bytes.
const PAGE_BYTES_MAX: u64 = 1 << 20;

/// The commands under a heading of the page; every one is typed, whatever program it calls.
fn follow(house: &House, heading: &str) -> Vec<Outcome> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/recovery.md");
    let text = files::read_text(page, PAGE_BYTES_MAX).expect("the page can be read");
    let (_, section) = text.split_once(&format!("## {heading}\n")).expect("the page has it");
    let section = section.split("\n## ").next().unwrap_or_default();
    let lines = console_lines(section);
    assert!(!lines.is_empty(), "no command under `{heading}`");
    let typed = lines.iter().map(|line| {
        let outcome = house.world.shell(house.repository.folder(), &line.command);
        assert_eq!(outcome.code, line.code, "{}: {outcome}", line.command);
        outcome
    });
    typed.collect()
}

fn state(house: &House, name: &str) -> PathBuf {
    house.world.state().join(name)
}

/// Overwrites a page of the newest entries with noise, behind everybody's back.
fn damage(path: &Path) {
    let connection = rusqlite::Connection::open(path).expect("it opens");
    connection
        .execute_batch(
            "DROP TRIGGER event_never_changes;
             UPDATE event SET body = '{}' WHERE kind = 'gate.decided' AND n =
                (SELECT max(n) FROM event WHERE kind = 'gate.decided');",
        )
        .expect("it is edited");
}

fn released(count: u32) -> (House, String) {
    let mut house = crate::house(1, 1);
    let mut name = String::new();
    for _ in 0..count {
        name = house.commit_good();
        house.run(&["release"]).expect_exit(0);
    }
    (house, name)
}

#[test]
fn a_damaged_journal_is_only_read_and_what_runs_is_adopted_after_it_was_set_aside() {
    let (mut house, name) = released(2);
    let before = house.shims();
    damage(&state(&house, "journal.db"));
    let bytes = files::read(state(&house, "journal.db"), 1 << 30).expect("it is there");
    for verb in [&["release"][..], &["up"], &["down"], &["rollback", "--reason", "x"]] {
        let outcome = house.run(verb).expect_exit(2);
        assert!(outcome.stderr.contains("broken at entry"), "{outcome}");
        assert!(outcome.stderr.contains("docs/recovery.md"), "{outcome}");
    }
    for verb in [&["ls"][..], &["why"], &["ls", "environments"]] {
        let outcome = house.run(verb).expect_exit(0);
        assert!(outcome.stderr.contains("broken at entry"), "{outcome}");
    }
    assert_eq!(files::read(state(&house, "journal.db"), 1 << 30).expect("there"), bytes);
    assert_eq!((house.answer(), house.shims()), (name.clone(), before.clone()), "it goes on");

    let told = follow(&house, "The journal is damaged");
    assert!(told.iter().any(|outcome| outcome.stderr.contains("adopted prod/shop")), "{told:?}");
    assert_eq!((house.answer(), house.shims()), (name.clone(), before), "no pod was touched");
    house.run(&["release"]).expect_exit(0);
    house.expect_settled(&name, 1);
    let next = house.commit_good();
    let outcome = house.run(&["release"]).expect_exit(0);
    assert!(outcome.stderr.contains("50 %"), "there is a version to go back to: {outcome}");
    house.expect_settled(&next, 1);
    house.run(&["rollback", "--reason", "it can"]).expect_exit(0);
    house.expect_settled(&name, 1);
}

#[test]
fn a_damaged_or_lost_cluster_database_is_made_anew_and_no_pod_is_touched() {
    let (mut house, name) = released(1);
    let before = house.shims();
    let database = state(&house, "cluster.db");
    // What is in the log alone survives damage of the file.
    rusqlite::Connection::open(&database)
        .and_then(|db| db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())))
        .expect("all of it is in the file");
    for damage in ["noise", "empty", "gone"] {
        match damage {
            "noise" => files::write(&database, &[0xa5; 40_000]).expect("written"),
            "empty" => files::write(&database, b"").expect("written"),
            _ => files::remove_file(&database).expect("removed"),
        }
        let told = follow(&house, "The cluster's database is damaged or gone");
        assert!(told[0].stderr.contains("made anew"), "{damage}: {}", told[0]);
        assert_eq!((house.answer(), house.shims()), (name.clone(), before.clone()), "{damage}");
    }
    house.expect_settled(&name, 1);
    let next = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    house.expect_settled(&next, 1);
}

#[test]
fn a_journal_of_another_version_is_migrated_or_refused_with_the_version_that_is_needed() {
    let (mut house, name) = released(1);
    let journal = state(&house, "journal.db");
    let sql = |text: &str| {
        rusqlite::Connection::open(&journal).expect("opens").execute_batch(text).expect("runs");
    };
    sql("DROP TABLE writer; PRAGMA user_version = 1");
    house.run(&["ls"]).expect_exit(0).expect_data("promoted");
    let next = house.commit_good();
    house.run(&["release"]).expect_exit(0);
    house.expect_settled(&next, 1);

    sql("UPDATE writer SET version = '7.0.0'; PRAGMA user_version = 99");
    for verb in [&["release"][..], &["up"], &["ls"], &["why"]] {
        let outcome = house.run(verb).expect_exit(2);
        assert!(outcome.stderr.contains("use bowline 7.0.0 or newer"), "{outcome}");
    }
    assert_eq!(house.answer(), next, "what runs goes on");
    sql("PRAGMA user_version = 2");

    house
        .journal()
        .request(bowline_model::NewEvent::new("request.teleport", "prod/shop", 1.into()))
        .expect("appended");
    house.run(&["release"]).expect_exit(2).expect_talk("request.teleport");
    house.run(&["ls"]).expect_exit(0).expect_talk("request.teleport").expect_data("promoted");
    assert_ne!(name, next);
    // The test's own last look wants a journal that can be read.
    sql("DROP TRIGGER event_never_goes; DELETE FROM event WHERE kind = 'request.teleport'");
}
