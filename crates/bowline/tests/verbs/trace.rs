//! `bowline trace`, before anything was released. Both ways: `release.rs`.

use crate::world;
use bowline_testkit::bow_snapshot;

#[test]
fn an_unknown_query_says_as_what_it_was_tried() {
    let world = world();
    let digest = format!("sha256:{}", "0".repeat(64));
    for (query, name) in [
        ("v1.2.3-build.4", "trace-version"),
        ("0123456789", "trace-commit"),
        (&*digest, "trace-digest"),
        ("http://127.0.0.1:9", "trace-url"),
        ("sandwich", "trace-word"),
    ] {
        bow_snapshot!(world, name, world.bowline(world.root(), &["trace", query]));
    }
}
