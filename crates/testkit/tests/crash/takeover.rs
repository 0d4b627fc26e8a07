//! Two conductors. The lock keeps them apart, until somebody removes its file; then the newer
//! one conducts, and the older one changes nothing and stops.

use bowline_host::files;
use bowline_sandbox::Signal;
use bowline_testkit::crash::House;
use bowline_testkit::{Running, until};
use rusqlite::Connection;
use std::time::Duration;

/// Lets a second conductor begin while the first one is stopped.
fn remove_locks(house: &House) {
    for name in ["conductor.lock", "cluster.lock"] {
        files::remove_file(house.world.state().join(name)).expect("removed");
    }
}

/// Stops the process where it holds no database: asleep within a transaction it would keep
/// everybody out, and nothing could be taken over.
fn stop_between_writes(house: &House, older: &Running) {
    until("a moment between two writes", FACT_MAX, || {
        older.signal(Signal::STOP);
        let is_free = ["journal.db", "cluster.db"].iter().all(|name| {
            let database = Connection::open(house.world.state().join(name)).expect("opened");
            database.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_ok()
        });
        if is_free {
            return Some(());
        }
        older.signal(Signal::CONTINUE);
        None
    });
}

/// A fact may take this long.
const FACT_MAX: Duration = Duration::from_secs(60);

#[test]
fn a_conductor_that_slept_through_its_successor_stops_and_changes_nothing() {
    // In its pause, and in its workflow: once nothing is appended for long, once no rollout runs.
    for (script, word) in [("true", "50 %"), ("sleep 4", "started")] {
        let mut house = crate::house(1, 2);
        house.commit_good();
        house.run(&["release"]).expect_exit(0);
        house.repository.edit(".github/workflows/ci.yml", "\"true\"", &format!("\"{script}\""));
        house.commit_good();
        let mut older = house.world.start(house.repository.folder(), &["release"]);
        older.wait_for_talk(word);
        stop_between_writes(&house, &older);

        remove_locks(&house);
        house.repository.edit(".github/workflows/ci.yml", &format!("\"{script}\""), "\"true\"");
        let name = house.commit_good();
        house.run(&["release"]).expect_exit(0);
        house.expect_settled(&name, 1);
        let (table, shims) = (house.table()["table"].clone(), house.shims());
        let head = house.journal().head().expect("read");

        older.signal(Signal::CONTINUE);
        let outcome = older.wait().expect_exit(2);
        assert!(outcome.stderr.contains("took over with epoch"), "{outcome}");
        assert_eq!(house.journal().head().expect("read"), head, "{word}: nothing was appended");
        assert_eq!(house.table()["table"], table, "{word}: the edge obeys the newer one");
        assert_eq!(house.shims(), shims, "{word}: no pod was touched");
        house.expect_settled(&name, 1);
        // Nor did it spoil the cluster's objects: the next conductor finds its own.
        house.run(&["up"]).expect_exit(0);
        assert_eq!(house.shims(), shims, "{word}");
        house.expect_settled(&name, 1);
    }
}
