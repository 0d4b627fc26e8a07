//! `trace` over a small history: two commits with one digest, a rollback, a foreign image.

use bowline_model::{BuildRecord, DeploymentRecord, Digest, Event, NewEvent, Timestamp};
use bowline_record::{Answer, Error, Index, Matched, built_event, deployed_event};
use std::collections::BTreeMap;

const COMMIT_A: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334";
const COMMIT_B: &str = "a1b2c3d9e5f60718293a4b5c6d7e8f9001122334";
const COMMIT_C: &str = "0c1d2e3f4a5b60718293a4b5c6d7e8f900112233";

fn digest(first: u8) -> Digest {
    Digest::from_sha256([first; 32])
}

fn build(version: &str, commit: &str, digest: Digest) -> NewEvent {
    built_event(&BuildRecord {
        artifact: "shop".into(),
        version: version.into(),
        git_sha: commit.into(),
        built_by: "bowline/0.1.0 run 7".into(),
        git_tree: "f".repeat(40),
        built_at: Timestamp(0),
        digest,
        lock_digests: BTreeMap::new(),
        toolchain: BTreeMap::new(),
        base_digests: BTreeMap::new(),
        seconds: BTreeMap::new(),
    })
}

fn deployment(version: &str, digest: Digest, address: &str) -> NewEvent {
    deployed_event(&DeploymentRecord {
        environment: "prod".into(),
        version: version.into(),
        digest,
        address: address.into(),
        at: Timestamp(0),
    })
}

fn history() -> Vec<Event> {
    let events = [
        build("v1.0.1-build.1", COMMIT_A, digest(1)),
        deployment("v1.0.1-build.1", digest(1), "http://127.0.0.1:8080"),
        // A commit that changes documentation only has the same image.
        build("v1.0.1-build.2", COMMIT_B, digest(1)),
        NewEvent::new("rollout.started", "shop", serde_json::json!({"x": 1})),
        build("v1.0.1-build.3", COMMIT_C, digest(3)),
        deployment("v1.0.1-build.3", digest(3), "http://127.0.0.1:8080"),
        // Rolled back.
        deployment("v1.0.1-build.2", digest(1), "http://127.0.0.1:8080"),
        deployment("foreign", digest(9), "127.0.0.1:9090"),
    ];
    let number = |(n, new): (usize, NewEvent)| Event {
        n: n as u64 + 1,
        at: Timestamp(0),
        kind: new.kind,
        key: new.key,
        body: new.body,
    };
    events.into_iter().enumerate().map(number).collect()
}

fn trace(query: &str) -> Result<Answer, Error> {
    Index::fold(&history()).expect("a history that reads").trace(query)
}

fn versions(answer: &Answer) -> Vec<&str> {
    answer.builds.iter().map(|build| build.version.as_str()).collect()
}

#[test]
fn every_query_leads_to_commit_digest_and_place() {
    let check = |query: &str, matched: Matched, expected: &[&str], serving: usize| {
        let answer = trace(query).unwrap_or_else(|error| panic!("{query}: {error}"));
        assert_eq!((answer.matched, answer.serving.len()), (matched, serving), "{query}");
        assert_eq!(versions(&answer), expected, "{query}");
    };
    check("a1b2c3d4", Matched::Commit, &["v1.0.1-build.1"], 1);
    check(COMMIT_B, Matched::Commit, &["v1.0.1-build.2"], 1);
    check("0c1d2e3", Matched::Commit, &["v1.0.1-build.3"], 0);
    check("v1.0.1-build.3", Matched::Version, &["v1.0.1-build.3"], 0);
    check("1.0.1-build.2", Matched::Version, &["v1.0.1-build.2"], 1);
    let both = ["v1.0.1-build.2", "v1.0.1-build.1"];
    check(digest(1).as_str(), Matched::Digest, &both, 1);
    check("shop@sha256:01010101", Matched::Digest, &both, 1);
    check("01010101", Matched::Digest, &both, 1);
    check("http://localhost:8080/cart", Matched::Address, &both, 1);
    check(":9090", Matched::Address, &[], 1);
    let nine = digest(9);
    check(nine.as_str(), Matched::Digest, &[], 1);
}

#[test]
fn deployments_are_listed_newest_first_and_the_last_one_serves() {
    let answer = trace(":8080").expect("an address that serves");
    let places: Vec<&str> = answer.deployments.iter().map(|d| d.version.as_str()).collect();
    assert_eq!(places, ["v1.0.1-build.2", "v1.0.1-build.1"]);
    assert_eq!(answer.serving[0].version, "v1.0.1-build.2");
    let index = Index::fold(&history()).expect("a history that reads");
    assert_eq!(index.serving().len(), 2);
}

#[test]
fn an_ambiguous_query_lists_its_candidates() {
    match trace("a1b2c3d") {
        Err(Error::Ambiguous { candidates, .. }) => {
            let queries: Vec<&str> = candidates.iter().map(|c| c.query.as_str()).collect();
            assert_eq!(queries, [COMMIT_A, COMMIT_B]);
            assert_eq!(candidates[1].about, "v1.0.1-build.2");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unknown_query_says_what_was_tried() {
    let tried = |query: &str| match trace(query) {
        Err(Error::Unknown { tried, nearest, .. }) => (tried, nearest),
        other => panic!("{query}: {other:?}"),
    };
    let (words, _) = tried("deadbee");
    assert_eq!(words, ["commit `deadbee`", "digest `sha256:deadbee`"]);
    assert_eq!(tried("prd").1.as_deref(), Some("prod"));
    assert_eq!(tried("v1.0.1-build.9").0, ["version `v1.0.1-build.9`"]);
    // Too short to be looked up as a commit.
    assert_eq!(tried("a1b2c3").0, ["environment `a1b2c3`"]);
}

#[test]
fn limits_and_broken_events_are_errors() {
    assert!(matches!(trace(" "), Err(Error::QueryLength { .. })));
    assert!(trace(&"x".repeat(512)).is_err_and(|error| matches!(error, Error::Unknown { .. })));
    assert!(matches!(trace(&"x".repeat(513)), Err(Error::QueryLength { bytes: 513 })));
    let broken = Event {
        n: 4,
        at: Timestamp(0),
        kind: "record.built".into(),
        key: "v1".into(),
        body: serde_json::json!({"version": "v1"}),
    };
    assert!(matches!(Index::fold([&broken]), Err(Error::Event { n: 4, .. })));
}

#[test]
fn folding_the_same_events_again_gives_the_same_answers() {
    let mut index = Index::default();
    for event in history() {
        index.apply(&event).expect("an event that reads");
    }
    let again = Index::fold(&history()).expect("a history that reads");
    for query in [COMMIT_A, COMMIT_C, ":8080", "prod"] {
        assert_eq!(index.trace(query), again.trace(query), "{query}");
    }
}
