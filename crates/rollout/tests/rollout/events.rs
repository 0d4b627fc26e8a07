//! Events and effects survive the journal, and what is foreign is told from what is unreadable.

use crate::driver::{World, pause, plan, start, weight};
use bowline_model::Timestamp;
use bowline_rollout::machine::{Action, Effect, Event, EventError};
use serde_json::json;
use std::collections::BTreeSet;

fn world() -> World {
    let steps = plan(&[weight(10), pause(60), weight(50), pause(60)]);
    let mut world = World::with_stable(&steps);
    world.failing.insert("b".to_owned(), 30);
    world.ask(start("b", &steps));
    world.run(50);
    world.ask(Action::Pause);
    world.ask(Action::Resume);
    world.ask(Action::Promote { full: false });
    world.run(3);
    world.ask(Action::Abort);
    world.ask(Action::Retry { overriding: true });
    world.run(3);
    world.ask(Action::Promote { full: true });
    world.run(5);
    world
}

#[test]
fn what_was_written_reads_back_as_the_same() {
    let world = world();
    let kinds: BTreeSet<&str> = world.journal.iter().map(Event::kind).collect();
    assert!(kinds.len() >= 14, "the scenario tells of many kinds: {kinds:?}");
    for (n, event) in world.journal.iter().enumerate() {
        let new = event.to_new_event("prod/app");
        assert!(new.kind.starts_with("rollout.") && Event::KINDS.contains(&new.kind.as_str()));
        let text = serde_json::to_string(&new.body).expect("a body");
        let stored = bowline_model::Event {
            n: n as u64 + 1,
            at: Timestamp(0),
            kind: new.kind,
            key: new.key,
            body: serde_json::from_str(&text).expect("a body"),
        };
        assert_eq!(Event::from_event(&stored), Ok(Some(event.clone())));
    }
    let mut keys = BTreeSet::new();
    for effect in &world.effects {
        let stored = effect.to_effect("prod/app");
        assert!(keys.insert(stored.key.clone()), "{} is unique", stored.key);
        assert_eq!(Effect::from_effect(&stored), Ok(Some(effect.clone())));
    }
}

#[test]
fn foreign_entries_are_none_and_unknown_ones_are_errors() {
    assert_eq!(Event::read("gate.decided", &json!({})), Ok(None));
    let unknown = Event::read("rollout.exploded", &json!({}));
    assert_eq!(unknown, Err(EventError::UnknownKind("rollout.exploded".to_owned())));
    assert!(matches!(
        Event::read("rollout.weight_shifted", &json!({"weight": "ten"})),
        Err(EventError::Body { .. })
    ));
    let foreign = bowline_model::Effect::new("image.push", "k", json!({}));
    assert_eq!(Effect::from_effect(&foreign), Ok(None));
    let odd = bowline_model::Effect::new("rollout.odd", "k", json!({}));
    assert!(Effect::from_effect(&odd).is_err());
}
