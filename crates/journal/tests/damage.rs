//! Journals of earlier versions, and journals that something happened to.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests may stop at once")]

use bowline_diag::Diagnose as _;
use bowline_host::files;
use bowline_journal::{Durability, Error, Journal};
use bowline_model::{Effect, NewEvent};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A journal that version 0.1.0 wrote, as SQL text.
const SCHEMA_1: &str = include_str!("../fixtures/journals/schema-1.sql");

fn write(journal: &Journal, count: i64) {
    let epoch = journal.acquire("test").unwrap();
    for n in 1..=count {
        let body = json!({ "weight": n, "text": "x".repeat(300) });
        let effect = Effect::new("rollout.set_weight", format!("e{n}"), json!(n));
        journal
            .append(&epoch, &[NewEvent::new("rollout.weight_shifted", "shop", body)], &[effect])
            .unwrap();
    }
}

/// A closed journal of `count` events, all of it in the one file.
fn closed(count: i64) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/journal.db");
    write(&Journal::open(&path, Durability::Full).unwrap(), count);
    assert!(!files::exists(path.with_extension("db-wal")), "nothing is left in a log");
    (folder, path)
}

fn sql(path: &Path, text: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(text).unwrap();
}

fn open(path: &Path) -> Result<Journal, Error> {
    Journal::open(path, Durability::Full)
}

#[test]
fn a_journal_of_schema_1_is_migrated_once_and_its_chain_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    sql(&path, SCHEMA_1);
    let before = Journal::open_to_read(&path).unwrap().unwrap();
    let (report, events) = (before.check().unwrap(), before.events(1, 1000).unwrap());
    assert_eq!(report.events, events.len() as u64);
    assert!(report.events > 80, "a whole demonstration");
    drop(before);
    let count = "SELECT count(*) FROM sqlite_schema WHERE name = 'writer'";
    let tables = |path: &Path| -> i64 {
        let connection = rusqlite::Connection::open(path).unwrap();
        connection.query_row(count, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(tables(&path), 0, "reading changes nothing");
    for _ in 0..2 {
        let journal = open(&path).unwrap();
        assert_eq!(journal.check().unwrap(), report);
        assert_eq!(journal.events(1, 1000).unwrap(), events);
    }
    assert_eq!(tables(&path), 1);
    let journal = open(&path).unwrap();
    let held = journal.current_epoch().unwrap().unwrap().0;
    assert_eq!(journal.acquire("new").unwrap().number(), held + 1, "epochs go on");
    write(&journal, 1);
    assert_eq!(journal.verify().unwrap().events, report.events + 1);
}

#[test]
fn an_old_journal_that_is_damaged_is_not_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    sql(&path, SCHEMA_1);
    sql(&path, "DROP TRIGGER event_never_changes; UPDATE event SET body = '{}' WHERE n = 7");
    assert!(matches!(open(&path), Err(Error::Broken { n: 7, .. })));
    let connection = rusqlite::Connection::open(&path).unwrap();
    let schema: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(schema, 1);
}

#[test]
fn a_damaged_page_names_the_first_entry_that_cannot_be_read() {
    let (_folder, path) = closed(200);
    let whole = std::fs::read(&path).unwrap();
    let mut named = 0;
    // Every page but the first, one after another: nothing is ever read as whole.
    for page in 1..whole.len() / 4096 {
        let mut bytes = whole.clone();
        bytes[page * 4096..(page + 1) * 4096].fill(0xa5);
        std::fs::write(&path, &bytes).unwrap();
        let checked = open(&path).and_then(|journal| journal.check());
        let error = checked.expect_err("a damaged page is noticed");
        assert_eq!(error.diagnose()[0].code, "BOW1303", "page {page}: {error}");
        if let Error::Broken { n, .. } = error {
            named += 1;
            // What is before it can be read all the same.
            let reader = Journal::open_to_read(&path).unwrap().unwrap();
            let sound = reader.events(1, usize::try_from(n - 1).unwrap()).unwrap();
            assert_eq!(sound.len() as u64, n - 1, "page {page}");
        }
    }
    assert!(named > 5, "pages of entries: {named}");
}

#[test]
fn a_file_that_was_cut_is_noticed_at_every_length() {
    let (_folder, path) = closed(60);
    let whole = std::fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(2048) {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = open(&path).and_then(|journal| journal.check()).expect_err("it was cut");
        let code = error.diagnose()[0].code.clone();
        assert!(["BOW1303", "BOW1305"].contains(&&*code), "{length} bytes: {error}");
        assert_eq!(std::fs::read(&path).unwrap().len(), length, "it is left as it is");
    }
    std::fs::write(&path, b"").unwrap();
    assert!(matches!(open(&path), Err(Error::Empty(_))), "empty is not new");
    assert!(matches!(Journal::open_to_read(&path), Err(Error::Empty(_))));
}

#[test]
fn a_torn_log_loses_only_what_was_not_whole_and_the_chain_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let journal = open(&path).unwrap();
    write(&journal, 20);
    // As a power cut leaves it: the log is there, nobody has closed the database.
    let (base, log) = (path.clone(), path.with_extension("db-wal"));
    let (base, log) = (std::fs::read(base).unwrap(), std::fs::read(log).unwrap());
    let (mut fewest, mut most) = (u64::MAX, 0);
    for length in [0, log.len() / 3, log.len() / 2, log.len() - 2000, log.len()] {
        let copy = folder.path().join(format!("copy-{length}/journal.db"));
        files::create_dirs(copy.parent().unwrap()).unwrap();
        std::fs::write(&copy, &base).unwrap();
        std::fs::write(copy.with_extension("db-wal"), &log[..length]).unwrap();
        let events = open(&copy).unwrap().check().unwrap().events;
        (fewest, most) = (fewest.min(events), most.max(events));
    }
    assert_eq!(most, 20);
    assert!(fewest < 20, "a torn log holds less");
}

#[test]
fn an_index_that_lacks_a_row_is_damage_though_every_entry_is_sound() {
    let (_folder, path) = closed(20);
    sql(
        &path,
        "PRAGMA writable_schema = 1;
         UPDATE sqlite_schema SET sql = 'CREATE INDEX event_by_key ON event(n, key)'
         WHERE name = 'event_by_key';",
    );
    let journal = open(&path).unwrap();
    assert_eq!(journal.verify().unwrap().events, 20);
    assert!(matches!(journal.check(), Err(Error::Damaged { .. })));
}

#[test]
fn an_unknown_kind_is_named_with_its_entry() {
    let (_folder, path) = closed(3);
    let journal = open(&path).unwrap();
    journal.request(NewEvent::new("request.teleport", "shop", Value::Null)).unwrap();
    assert_eq!(
        journal.kinds().unwrap(),
        [("request.teleport".to_owned(), 4), ("rollout.weight_shifted".to_owned(), 1)]
    );
    let error = journal.refuse_unknown_kinds(&["rollout.weight_shifted"]).unwrap_err();
    assert!(matches!(error, Error::UnknownKind { n: 4, .. }), "{error}");
    assert_eq!(error.diagnose()[0].code, "BOW1307");
    journal.refuse_unknown_kinds(&["rollout.weight_shifted", "request.teleport"]).unwrap();
}

#[test]
fn a_new_journal_beside_one_that_was_moved_away_goes_on_with_the_epochs() {
    let (folder, path) = closed(3);
    let first = open(&path).unwrap().acquire("before").unwrap().number();
    std::fs::rename(&path, folder.path().join("aside.db")).unwrap();
    let journal = open(&path).unwrap();
    assert_eq!(journal.head().unwrap(), 0);
    let epoch = journal.acquire("after").unwrap();
    assert_eq!(epoch.number(), first + 1, "what runs knows the earlier number");
    journal.check_epoch(&epoch).unwrap();
    journal.acquire("later").unwrap();
    assert!(journal.check_epoch(&epoch).unwrap_err().is_fenced());
}

#[test]
fn a_journal_that_is_only_read_is_neither_made_nor_written() {
    let (_folder, path) = closed(3);
    assert!(Journal::open_to_read(path.with_extension("other")).unwrap().is_none());
    let journal = Journal::open_to_read(&path).unwrap().unwrap();
    assert!(journal.acquire("me").is_err());
    assert!(journal.request(NewEvent::new("request.x", "k", Value::Null)).is_err());
    // It follows what others write meanwhile.
    let writer = open(&path).unwrap();
    writer.request(NewEvent::new("request.x", "k", Value::Null)).unwrap();
    assert_eq!(journal.head().unwrap(), 4);
}
