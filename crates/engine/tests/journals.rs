//! Journals of earlier versions fold to what they always folded to.
#![expect(clippy::unwrap_used, reason = "tests may stop at once")]

use bowline_engine::conductor::releases;
use bowline_journal::{Durability, Journal};
use bowline_model::Outcome;
use bowline_record::Index;
use bowline_rollout::machine::{Event, State};

/// A whole demonstration: good, bad, good again, bad.
const SCHEMA_1: &str = include_str!("../../journal/fixtures/journals/schema-1.sql");

#[test]
fn the_journal_of_schema_1_folds_as_ever() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch(SCHEMA_1).unwrap();
    let journal = Journal::open(&path, Durability::Full).unwrap();
    let releases = releases(&journal).unwrap();
    let outcomes: Vec<Outcome> =
        releases.iter().map(|release| release.finished.as_ref().unwrap().outcome).collect();
    let (promoted, back) = (Outcome::Promoted, Outcome::RolledBack);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == promoted).count(), 2);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == back).count(), 2);
    assert!(releases.iter().all(|release| release.digest.is_some() && release.gate.is_some()));
    let index = Index::fold(&journal.events_by_kind("record.").unwrap()).unwrap();
    assert_eq!(index.deployments().len(), 2);
    let entries = journal.events_by_kind("rollout.").unwrap();
    let mut state = State::new(&entries[0].key);
    for entry in &entries {
        state.apply(&Event::from_event(entry).unwrap().unwrap());
    }
    assert_eq!(state.quarantined.len(), 2);
    let newest = releases.iter().rfind(|release| {
        release.finished.as_ref().is_some_and(|finished| finished.outcome == promoted)
    });
    assert_eq!(state.stable.unwrap().release, newest.unwrap().started.version);
}
