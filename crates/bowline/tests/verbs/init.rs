//! `bowline init`: writes one file and touches nothing else.

use crate::world;
use bowline_testkit::bow_snapshot;

#[test]
fn the_example_is_recognised_and_the_file_that_is_written_is_in_order() {
    let world = world();
    let repository = world.repository();
    repository.remove("bowline.yaml");
    repository.commit("without bowline.yaml");
    let first = world.bowline(repository.folder(), &["init"]);
    bow_snapshot!(world, "init-example", first);
    let written = repository.read("bowline.yaml");
    assert!(written.lines().count() <= 10, "at most ten lines:\n{written}");
    assert_eq!(repository.git(&["status", "--porcelain"]).trim(), "?? bowline.yaml");

    let second = world.bowline(repository.folder(), &["init"]);
    bow_snapshot!(world, "init-again", second);
    assert_eq!(repository.read("bowline.yaml"), written);
    world.bowline(repository.folder(), &["check"]).expect_exit(0);
}

#[test]
fn a_repository_without_anything_to_release_is_told_what_is_missing() {
    let world = world();
    let repository = world.empty_repository("notes");
    repository.write("README.md", "notes\n");
    repository.commit("notes");
    bow_snapshot!(world, "init-nothing", world.bowline(repository.folder(), &["init"]));
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
}
