//! The demo ends as scripted, leaves nothing behind, and can be typed again.

use crate::world;

#[test]
fn the_demo_promotes_two_versions_and_takes_two_back() {
    let world = world();
    let ended = world.bowline(world.root(), &["demo", "-o", "json"]).expect_exit(0);
    let releases = ended.json()["releases"].clone();
    let outcome = |index: usize| releases[index]["outcome"].as_str().map(str::to_owned);
    let outcomes: Vec<String> = (0..4).filter_map(outcome).collect();
    assert_eq!(outcomes, ["promoted", "promoted", "rolled_back", "rolled_back"], "{ended}");
    for good in [1, 3] {
        assert_eq!(releases[good]["failed_requests"], 0, "{ended}");
        assert!(releases[good]["requests"].as_u64() > Some(0), "{ended}");
    }
    assert!(releases[2]["decision_ms"].as_u64() > Some(0), "{ended}");
    assert!(releases[2]["failed_requests"].as_u64() >= Some(3), "{ended}");
    world.expect_no_process();
}
