//! `bowline check`: every file that a release reads, offline.

use crate::world;
use bowline_testkit::bow_snapshot;

#[test]
fn a_repository_in_order_lists_its_files() {
    let world = world();
    let repository = world.repository();
    bow_snapshot!(world, "check-in-order", world.bowline(repository.folder(), &["check"]));
    let json = world.bowline(repository.folder(), &["check", "-o", "json"]).expect_exit(0);
    assert_eq!(json.json(), serde_json::json!([]));
    world.expect_no_process();
}

#[test]
fn another_folder_can_be_named() {
    let world = world();
    let repository = world.repository();
    let folder = repository.folder().display().to_string();
    world.bowline(world.root(), &["-C", &folder, "check"]).expect_exit(0);
    let nowhere = world.bowline(world.root(), &["check", "-C", "nowhere"]);
    bow_snapshot!(world, "check-nowhere", nowhere);
}

#[test]
fn mistakes_of_every_file_are_told_at_once() {
    let world = world();
    let repository = world.repository();
    repository.edit("bowline.yaml", "gates:", "gate:");
    repository.edit(".github/workflows/ci.yml", "branches:", "branhces:");
    repository.edit("deploy/rollout.yaml", "setWeight: 10", "setWieght: 10");
    repository.edit("Dockerfile", "EXPOSE 8080", "EXPOES 8080");
    let checked = world.bowline(repository.folder(), &["check"]).expect_exit(2);
    bow_snapshot!(world, "check-mistakes", checked);
    let json = world.bowline(repository.folder(), &["check", "-o", "json"]).expect_exit(2);
    let mistakes: serde_json::Value = serde_json::from_str(&json.stderr).expect("JSON on stderr");
    let mistakes = mistakes.as_array().expect("an array");
    assert_eq!(mistakes.len(), 4, "{json}");
    for mistake in mistakes {
        let label = &mistake["labels"][0];
        assert!(label["line"].as_u64() > Some(0) && label["column"].as_u64() > Some(0), "{json}");
    }
}

#[test]
fn a_folder_without_anything_is_in_order() {
    let world = world();
    let repository = world.empty_repository("empty");
    bow_snapshot!(world, "check-empty", world.bowline(repository.folder(), &["check"]));
}
