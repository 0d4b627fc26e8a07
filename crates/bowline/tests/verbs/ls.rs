//! `bowline ls`, before anything was released. Full lists: `release.rs`.

use crate::world;
use bowline_testkit::bow_snapshot;

#[test]
fn empty_lists_say_what_makes_the_first_entry() {
    let world = world();
    for (what, name) in [
        ("releases", "ls-releases-empty"),
        ("environments", "ls-environments-empty"),
        ("pods", "ls-pods-empty"),
    ] {
        bow_snapshot!(world, name, world.bowline(world.root(), &["ls", what]));
        let json = world.bowline(world.root(), &["ls", what, "-o", "json"]).expect_exit(0);
        assert_eq!(json.json(), serde_json::json!({"items": [], "next": null}), "{what}");
        let names = world.bowline(world.root(), &["ls", what, "-o", "name"]).expect_exit(0);
        assert_eq!(names.stdout.trim(), "", "{what}");
    }
    world.expect_no_process();
}

#[test]
fn an_unknown_list_names_the_near_one() {
    let world = world();
    bow_snapshot!(world, "ls-unknown", world.bowline(world.root(), &["ls", "pod"]));
}

#[test]
fn logs_of_nothing_say_where_logs_come_from() {
    let world = world();
    bow_snapshot!(world, "logs-empty", world.bowline(world.root(), &["logs"]));
    bow_snapshot!(world, "logs-unknown", world.bowline(world.root(), &["logs", "test"]));
}
