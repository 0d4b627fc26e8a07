//! The journal: order, chain, fence, outbox, limits, crash points.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests may stop at once")]

use bowline_diag::Diagnose as _;
use bowline_host::task;
use bowline_journal::{Durability, Error, Journal, When, limits};
use bowline_model::{Effect, NewEvent};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

fn journal() -> (tempfile::TempDir, Journal) {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&path(&folder));
    (folder, journal)
}

fn path(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("state/journal.db")
}

fn open(path: &Path) -> Journal {
    Journal::open(path, Durability::Full).unwrap()
}

fn shifted(key: &str, weight: i64) -> NewEvent {
    NewEvent::new("rollout.weight_shifted", key, json!({ "weight": weight }))
}

fn set_weight(key: &str, weight: i64) -> Effect {
    Effect::new("rollout.set_weight", key, json!({ "weight": weight }))
}

/// Changes the database behind the journal's back.
fn tamper(path: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch("DROP TRIGGER IF EXISTS event_never_changes").unwrap();
    connection.execute_batch("DROP TRIGGER IF EXISTS event_never_goes").unwrap();
    connection.execute_batch(sql).unwrap();
}

#[test]
fn events_are_numbered_without_gaps_and_come_back_as_they_were() {
    let (folder, journal) = journal();
    let epoch = journal.acquire("test").unwrap();
    let odd =
        json!({"float": 0.1, "big": u64::MAX, "neg": -1e-7, "text": "ä\u{0}\"", "z": 1, "a": null});
    let first = journal
        .append(&epoch, &[NewEvent::new("workflow.started", "run-1", odd), shifted("a", 10)], &[])
        .unwrap();
    let second = journal.append(&epoch, &[shifted("a", 20), shifted("b", 5)], &[]).unwrap();
    drop(journal);
    let journal = open(&path(&folder));
    let all: Vec<_> = first.iter().chain(&second).cloned().collect();
    assert_eq!(all.iter().map(|event| event.n).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(journal.events(1, 100).unwrap(), all, "what was returned is what is read");
    assert_eq!(journal.events(2, 2).unwrap(), all[1..3]);
    assert_eq!(journal.events_of("rollout.", "a").unwrap(), [all[1].clone(), all[2].clone()]);
    assert_eq!(journal.events_of("rollout.weight_shifted", "b").unwrap(), all[3..]);
    assert_eq!(journal.events_of("work", "a").unwrap(), []);
    assert_eq!(journal.events_by_kind("rollout.").unwrap(), all[1..]);
    assert_eq!(journal.last("rollout.weight_shifted", "a").unwrap(), Some(all[2].clone()));
    assert_eq!(journal.last("rollout.weight_shifted", "c").unwrap(), None);
    assert_eq!(journal.head().unwrap(), 4);
    assert_eq!(journal.verify().unwrap().events, 4);
}

#[test]
fn an_empty_journal_is_sound() {
    let (_folder, journal) = journal();
    assert_eq!((journal.head().unwrap(), journal.events(0, 10).unwrap()), (0, vec![]));
    let report = journal.verify().unwrap();
    assert_eq!((report.events, report.head), (0, "0".repeat(64)));
    assert_eq!(journal.current_epoch().unwrap(), None);
}

#[test]
fn a_newer_epoch_fences_the_older_holder_out() {
    let (folder, journal) = journal();
    let old = journal.acquire("the old one").unwrap();
    journal.append(&old, &[shifted("a", 10)], &[set_weight("k", 10)]).unwrap();
    let other = open(&path(&folder));
    let new = other.acquire("the new one").unwrap();
    assert_eq!((old.number(), new.number()), (1, 2));
    let results = [
        journal.append(&old, &[shifted("a", 20)], &[]).unwrap_err(),
        journal.append(&old, &[], &[]).unwrap_err(),
        journal.effect_done(&old, "k", &[]).unwrap_err(),
    ];
    for error in results {
        assert!(error.is_fenced(), "{error}");
        let sentence = "epoch 1 is over: `the new one` took over with epoch 2";
        assert_eq!(error.to_string(), sentence);
    }
    assert_eq!(journal.head().unwrap(), 1, "nothing was written");
    assert_eq!(journal.pending().unwrap().len(), 1);
    other.append(&new, &[shifted("a", 20)], &[]).unwrap();
    other.effect_done(&new, "k", &[]).unwrap();
}

#[test]
fn the_outbox_keeps_effects_until_their_result_is_there() {
    let (folder, journal) = journal();
    let epoch = journal.acquire("test").unwrap();
    let (first, second) = (set_weight("z", 10), set_weight("a", 20));
    journal.append(&epoch, &[shifted("a", 10)], &[first.clone(), second.clone()]).unwrap();
    assert_eq!(journal.pending().unwrap(), [first.clone(), second.clone()], "in their order");
    let done = journal.effect_done(&epoch, "z", &[shifted("done", 10)]).unwrap();
    assert_eq!(done[0].n, 2);
    drop(journal);
    let journal = open(&path(&folder));
    let epoch = journal.acquire("again").unwrap();
    assert_eq!(journal.pending().unwrap(), [second]);
    let error = journal.effect_done(&epoch, "z", &[shifted("done", 10)]).unwrap_err();
    assert!(matches!(error, Error::EffectDone { done_at: 2, .. }), "{error}");
    let error = journal.effect_done(&epoch, "unknown", &[]).unwrap_err();
    assert!(matches!(error, Error::NoSuchEffect(_)), "{error}");
    assert_eq!(journal.head().unwrap(), 2, "no result twice");
}

#[test]
fn the_same_effect_again_is_ignored_and_a_different_one_is_refused_whole() {
    let (_folder, journal) = journal();
    let epoch = journal.acquire("test").unwrap();
    let effect = Effect::new("rollout.set_weight", "k", json!({"a": 1, "b": 2}));
    let reordered = Effect::new("rollout.set_weight", "k", json!({"b": 2, "a": 1}));
    journal.append(&epoch, &[], std::slice::from_ref(&effect)).unwrap();
    journal.append(&epoch, &[shifted("a", 1)], &[reordered]).unwrap();
    let others = [
        Effect::new("rollout.set_weight", "k", json!({"a": 1})),
        Effect::new("rollout.other", "k", json!({"a": 1, "b": 2})),
    ];
    for other in others {
        let error = journal.append(&epoch, &[shifted("a", 2)], &[other]).unwrap_err();
        assert!(matches!(error, Error::EffectConflict(ref key) if key == "k"), "{error}");
    }
    assert_eq!(journal.head().unwrap(), 1, "the event of a refused append is not there");
    assert_eq!(journal.pending().unwrap(), [effect]);
}

#[test]
fn a_request_needs_no_epoch_and_may_be_nothing_else() {
    let (folder, journal) = journal();
    let epoch = journal.acquire("conductor").unwrap();
    let second_terminal = open(&path(&folder));
    let abort = NewEvent::new("request.abort", "shop", json!({"reason": "looks bad"}));
    let event = second_terminal.request(abort).unwrap();
    assert_eq!((event.n, event.kind.as_str()), (1, "request.abort"));
    for kind in ["rollout.aborted", "requests.abort", "request"] {
        let error = second_terminal.request(NewEvent::new(kind, "shop", Value::Null));
        assert!(matches!(error, Err(Error::Refused { .. })), "{kind}");
    }
    journal.append(&epoch, &[shifted("shop", 0)], &[]).unwrap();
    assert_eq!(journal.verify().unwrap().events, 2, "one chain");
}

#[test]
fn verify_names_the_first_broken_entry() {
    let cases = [
        ("UPDATE event SET body = '{\"weight\":99}' WHERE n = 3", 3, "not what was written"),
        ("UPDATE event SET at = at + 1 WHERE n = 2", 2, "not what was written"),
        ("UPDATE event SET kind = 'rollout.promoted' WHERE n >= 4", 4, "not what was written"),
        ("UPDATE event SET key = 'other' WHERE n = 1", 1, "not what was written"),
        ("DELETE FROM event WHERE n = 3", 3, "is missing"),
        ("DELETE FROM event WHERE n = 1", 1, "is missing"),
        ("DELETE FROM event WHERE n = 5", 5, "an effect names it"),
        ("UPDATE event SET hash = x'00' WHERE n = 2", 2, "not what was written"),
        ("UPDATE event SET n = -n WHERE n = 2", 1, "is missing"),
    ];
    for (sql, n, reason) in cases {
        let (folder, journal) = journal();
        let epoch = journal.acquire("test").unwrap();
        for weight in 1..=5 {
            let effect = set_weight(&format!("e{weight}"), weight);
            journal.append(&epoch, &[shifted("a", weight)], &[effect]).unwrap();
        }
        journal.verify().unwrap();
        tamper(&path(&folder), sql);
        let error = journal.verify().unwrap_err();
        let sentence = error.to_string();
        assert!(matches!(error, Error::Broken { n: found, .. } if found == n), "{sql}: {sentence}");
        assert!(sentence.contains(reason), "{sql}: {sentence}");
    }
}

#[test]
fn events_cannot_be_changed_or_removed_by_a_slip() {
    let (folder, journal) = journal();
    let epoch = journal.acquire("test").unwrap();
    journal.append(&epoch, &[shifted("a", 1)], &[set_weight("k", 1)]).unwrap();
    let connection = rusqlite::Connection::open(path(&folder)).unwrap();
    for sql in ["UPDATE event SET key = 'x'", "DELETE FROM event", "DELETE FROM effect"] {
        assert!(connection.execute_batch(sql).is_err(), "{sql}");
    }
}

#[test]
fn a_newer_or_foreign_database_is_refused_with_a_sentence() {
    let (folder, journal) = journal();
    drop(journal);
    tamper(&path(&folder), "PRAGMA user_version = 7; UPDATE writer SET version = '9.1.0'");
    let error = Journal::open(path(&folder), Durability::Full).unwrap_err();
    let sentence = "the journal has schema 7; this version of bowline knows up to 2";
    assert_eq!(error.to_string(), sentence);
    let told = &error.diagnose()[0];
    assert_eq!(told.code, "BOW1302");
    let help = told.help.clone().unwrap_or_default();
    assert!(help.contains("use bowline 9.1.0 or newer"), "{help}");
    let error = Journal::open_to_read(path(&folder)).unwrap_err();
    assert!(matches!(error, Error::NewerSchema { found: 7, .. }), "reading: {error}");
    let foreign = folder.path().join("foreign.db");
    tamper(&foreign, "CREATE TABLE mine(x)");
    let noise = folder.path().join("noise.db");
    std::fs::write(&noise, [b'x'; 5000]).unwrap();
    for path in [foreign, noise] {
        let error = Journal::open(&path, Durability::Full).unwrap_err();
        assert!(matches!(error, Error::NotAJournal(_)), "{error}");
    }
}

#[test]
fn limits_refuse_before_anything_is_written() {
    let (_folder, journal) = journal();
    let epoch = journal.acquire("test").unwrap();
    let text = |bytes: usize| Value::String("x".repeat(bytes - 2));
    let event = |kind: &str, key: &str, body: Value| NewEvent::new(kind, key, body);
    let refused = [
        event("rollout.x", "k", text(limits::BODY_BYTES_MAX + 1)),
        event("rollout.x", "", Value::Null),
        event("rollout.x", &"k".repeat(limits::KEY_BYTES_MAX + 1), Value::Null),
        event(&format!("r.{}", "x".repeat(limits::KIND_BYTES_MAX)), "k", Value::Null),
        event("Rollout.X", "k", Value::Null),
        event("rollout", "k", Value::Null),
        event("rollout.", "k", Value::Null),
        event("rollout.x y", "k", Value::Null),
    ];
    for event in refused {
        let result = journal.append(&epoch, &[shifted("a", 1), event.clone()], &[]);
        assert!(matches!(result, Err(Error::Refused { .. })), "{}", event.kind);
    }
    let many = vec![shifted("a", 1); limits::BATCH_ENTRIES_MAX + 1];
    assert!(matches!(journal.append(&epoch, &many, &[]), Err(Error::Refused { .. })));
    assert_eq!(journal.head().unwrap(), 0);
    let largest =
        event("rollout.x", &"k".repeat(limits::KEY_BYTES_MAX), text(limits::BODY_BYTES_MAX));
    journal.append(&epoch, &[largest], &[]).unwrap();
}

#[test]
fn a_full_disk_is_a_typed_error_and_harmless() {
    let (folder, journal) = journal();
    let epoch = journal.acquire("test").unwrap();
    journal.append(&epoch, &[shifted("a", 1)], &[]).unwrap();
    journal.limit_pages_for_tests();
    let big = NewEvent::new("rollout.x", "k", Value::String("x".repeat(900_000)));
    let error = journal.append(&epoch, std::slice::from_ref(&big), &[]).unwrap_err();
    assert!(error.is_disk_full(), "{error}");
    assert_eq!(error.diagnose()[0].code, "BOW1304");
    drop(journal);
    let journal = open(&path(&folder));
    assert_eq!(journal.verify().unwrap().events, 1);
    journal.append(&epoch, &[big], &[]).unwrap();
}

#[test]
fn the_crash_hook_stands_on_both_sides_of_every_write() {
    let (_folder, journal) = journal();
    let epoch = journal.acquire("test").unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let journal = Arc::new(journal);
    let (log, inner) = (Arc::clone(&seen), Arc::downgrade(&journal));
    journal.set_crash_hook(Some(Box::new(move |kind, key, when| {
        // The hook may read the journal: what is after a write is durable.
        let head = inner.upgrade().unwrap().head().unwrap();
        log.lock().unwrap().push((kind.to_owned(), key.to_owned(), when, head));
    })));
    journal.append(&epoch, &[shifted("a", 1)], &[set_weight("k", 1)]).unwrap();
    journal.effect_done(&epoch, "k", &[shifted("b", 1)]).unwrap();
    journal.request(NewEvent::new("request.abort", "r", Value::Null)).unwrap();
    journal.set_crash_hook(None);
    journal.append(&epoch, &[shifted("c", 1)], &[]).unwrap();
    let point = |kind: &str, key: &str, when, head| (kind.to_owned(), key.to_owned(), when, head);
    let expected = [
        point("rollout.weight_shifted", "a", When::Before, 0),
        point("rollout.weight_shifted", "a", When::After, 1),
        point("rollout.set_weight.done", "k", When::Before, 1),
        point("rollout.set_weight.done", "k", When::After, 2),
        point("request.abort", "r", When::Before, 2),
        point("request.abort", "r", When::After, 3),
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[test]
fn a_follower_gets_every_event_of_every_writer_in_order() {
    let (folder, journal) = journal();
    let epoch = journal.acquire("test").unwrap();
    assert_eq!(journal.wait_for(0, Duration::from_millis(1)).unwrap(), [], "none came");
    let journal = Arc::new(journal);
    let writers: Vec<_> = (0..3)
        .map(|writer| {
            let path = path(&folder);
            let (journal, epoch) = (Arc::clone(&journal), epoch.clone());
            task::thread(&format!("writer-{writer}"), move || {
                // Two in the follower's process, one through a connection of its own.
                let own = if writer == 2 { Arc::new(open(&path)) } else { journal };
                for n in 0..20 {
                    own.append(&epoch, &[shifted(&format!("w{writer}"), n)], &[]).unwrap();
                }
            })
        })
        .collect();
    let mut seen = Vec::new();
    while seen.len() < 60 {
        let after = seen.last().map_or(0, |event: &bowline_model::Event| event.n);
        let new = journal.wait_for(after, Duration::from_secs(30)).unwrap();
        assert!(!new.is_empty(), "{} events came", seen.len());
        seen.extend(new);
    }
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    assert_eq!(seen, journal.events(1, 100).unwrap());
    assert_eq!(journal.verify().unwrap().events, 60);
}

#[test]
fn many_processes_may_open_a_new_journal_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let openers: Vec<_> = (0..8)
        .map(|n| {
            let path = path(&folder);
            task::thread(&format!("opener-{n}"), move || {
                let journal = open(&path);
                journal.request(NewEvent::new("request.x", "k", Value::Null)).unwrap().n
            })
        })
        .collect();
    let mut numbers: Vec<_> = openers.into_iter().map(|opener| opener.join().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8]);
}
