//! `bowline why` and the verbs that steer, before anything was released.

use crate::world;
use bowline_testkit::bow_snapshot;

#[test]
fn before_the_first_release_every_verb_names_the_one_to_type() {
    let world = world();
    for (arguments, name) in [
        (&["why"][..], "why-empty"),
        (&["why", "v9.9.9-build.9"], "why-unknown"),
        (&["rollout", "get"], "rollout-empty"),
        (&["rollout", "abort"], "rollout-abort-empty"),
        (&["rollback"], "rollback-empty"),
        (&["rollback", "prod"], "rollback-named-empty"),
        (&["up"], "up-empty"),
    ] {
        bow_snapshot!(world, name, world.bowline(world.root(), arguments));
    }
    bow_snapshot!(world, "down-empty", world.bowline(world.root(), &["down"]));
    world.expect_no_process();
}
