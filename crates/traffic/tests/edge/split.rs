//! Weights and counters.

use crate::{
    backend::Backend,
    client::{KeepAlive, get},
    setting::Setting,
};
use http::StatusCode;

#[tokio::test]
async fn weights_are_exact_in_every_hundred_requests_and_booked_by_version() {
    let (old, new) = (Backend::start("old").await, Backend::start("new").await);
    let edge = Setting::new().await;
    let mut client = None;
    for (counter, weight) in [(1, 10), (2, 0), (3, 1), (4, 100)] {
        let versions = [
            ("old", 100 - weight, vec![("o1", old.address)]),
            ("new", weight, vec![("n1", new.address)]),
        ];
        edge.put(counter, &versions).await;
        if client.is_none() {
            client = Some(KeepAlive::open(edge.listen).await);
        }
        let client = client.as_mut().expect("a client");
        for block in 0..3 {
            let before = new.requests();
            for _request in 0..100 {
                assert_eq!(client.get("/").await.0, StatusCode::OK);
            }
            let got = new.requests() - before;
            assert_eq!(got, weight as usize, "weight {weight}, block {block}");
        }
    }
    let (old_counts, new_counts) = (edge.counts("old").await, edge.counts("new").await);
    assert_eq!((old_counts.requests, new_counts.requests), (867, 333));
    assert_eq!((old.requests(), new.requests()), (867, 333));
    assert_eq!((new_counts.failed, new_counts.bad, new_counts.open), (0, 0, 0));
    assert_eq!(new_counts.latency.count(), 333);
    let counters = edge.client.counters(0).await.expect("counters");
    let route = &counters.routes[0];
    assert_eq!((route.totals.requests, route.totals.failed), (1_200, 0));
    let first = |hash: &str| {
        let version = route.versions.iter().find(|version| version.hash == hash);
        version.and_then(|version| version.first_request_at_ms).expect("it had a request")
    };
    assert!(first("old") <= first("new") && first("new") <= counters.now_ms);
    assert!(counters.started_ms <= first("old"));
}

#[tokio::test]
async fn failures_are_counted_at_the_version_that_made_them() {
    let (old, new) = (Backend::start("old").await, Backend::start("new").await);
    let edge = Setting::new().await;
    let versions = [("old", 50, vec![("o1", old.address)]), ("new", 50, vec![("n1", new.address)])];
    edge.put(1, &versions).await;
    let mut client = KeepAlive::open(edge.listen).await;
    for _request in 0..100 {
        assert_eq!(client.get("/status/503").await.0, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(client.get("/status/404").await.0, StatusCode::NOT_FOUND);
    }
    for hash in ["old", "new"] {
        let counts = edge.counts(hash).await;
        assert_eq!((counts.requests, counts.bad), (100, counts.failed));
        assert_eq!((counts.resets, counts.timeouts), (0, 0), "a 5xx is no reset");
    }
    let failed = edge.counts("old").await.failed + edge.counts("new").await.failed;
    assert_eq!(failed, 100, "404 is no failure");
    let totals = edge.client.counters(0).await.expect("counters").routes[0].totals;
    assert_eq!((totals.requests, totals.failed), (200, 100));
}

#[tokio::test]
async fn a_version_without_an_instance_gives_its_share_to_stable() {
    let old = Backend::start("old").await;
    let edge = Setting::new().await;
    edge.put(1, &[("old", 80, vec![("o1", old.address)]), ("new", 20, vec![])]).await;
    let mut client = KeepAlive::open(edge.listen).await;
    for _request in 0..100 {
        assert_eq!(client.get("/").await, (StatusCode::OK, "old".to_owned()));
    }
    let (old, new) = (edge.counts("old").await, edge.counts("new").await);
    assert_eq!((old.requests, new.requests, new.unavailable, new.bad), (100, 0, 20, 0));
}

#[tokio::test]
async fn nothing_ready_at_all_is_a_503_with_the_reason() {
    let edge = Setting::new().await;
    edge.put(1, &[("old", 100, vec![])]).await;
    let (status, text) = get(edge.listen, "/").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(text.contains("no instance is ready"), "{text}");
    let counts = edge.counts("old").await;
    assert_eq!((counts.requests, counts.failed), (1, 1));
    edge.put(2, &[]).await;
    assert_eq!(get(edge.listen, "/").await.0, StatusCode::SERVICE_UNAVAILABLE);
    let totals = edge.client.counters(0).await.expect("counters").routes[0].totals;
    assert_eq!((totals.requests, totals.failed), (2, 2));
}

#[tokio::test]
async fn the_instance_with_the_fewest_requests_gets_the_next_one() {
    let (one, two) = (Backend::start("one").await, Backend::start("two").await);
    let edge = Setting::new().await;
    edge.put(1, &[("old", 100, vec![("a", one.address), ("b", two.address)])]).await;
    let listen = edge.listen;
    let slow = tokio::spawn(async move { get(listen, "/slow").await });
    crate::setting::until("a slow request arrives", || async { one.slow() + two.slow() == 1 })
        .await;
    let (busy, free) = if one.slow() == 1 { (&one, &two) } else { (&two, &one) };
    let before = free.requests();
    let mut client = KeepAlive::open(listen).await;
    for _request in 0..20 {
        client.get("/").await;
    }
    assert_eq!(free.requests() - before, 20);
    busy.open_gate(1);
    assert_eq!(slow.await.expect("a task").0, StatusCode::OK);
}
