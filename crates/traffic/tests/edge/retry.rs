//! What is sent again, what is not, and what the book says about it.

use crate::{
    backend::{self, Act, Backend},
    client::{KeepAlive, get},
    setting::{Setting, until},
};
use http::{Method, StatusCode};
use std::{net::SocketAddr, sync::atomic::Ordering::SeqCst, time::Duration};

/// A listening address on which nobody answers.
async fn nobody() -> SocketAddr {
    Backend::start("gone").await.kill().await
}

#[tokio::test]
async fn a_stale_idle_connection_is_replaced_without_anybody_noticing() {
    // Every connection serves one request and is closed when the next one arrives.
    let (address, requests) = backend::raw(vec![vec![Act::Answer, Act::Close]]).await;
    let edge = Setting::new().await;
    edge.put(1, &[("old", 100, vec![("o1", address)])]).await;
    let mut client = KeepAlive::open(edge.listen).await;
    for _request in 0..10 {
        assert_eq!(client.get("/").await, (StatusCode::OK, "raw".to_owned()));
    }
    assert_eq!(requests.load(SeqCst), 19, "nine requests were sent twice");
    let counts = edge.counts("old").await;
    assert_eq!((counts.requests, counts.failed, counts.bad, counts.resets), (10, 0, 0, 0));
}

#[tokio::test]
async fn a_post_whose_bytes_were_sent_is_not_sent_again() {
    let (address, requests) = backend::raw(vec![vec![Act::Answer, Act::Close]]).await;
    let edge = Setting::new().await;
    edge.put(1, &[("old", 100, vec![("o1", address)])]).await;
    let mut client = KeepAlive::open(edge.listen).await;
    assert_eq!(client.get("/").await.0, StatusCode::OK);
    let (status, _) = client.send(Method::POST, "/", "order").await.expect("an answer");
    assert_eq!((status, requests.load(SeqCst)), (StatusCode::BAD_GATEWAY, 2));
    let counts = edge.counts("old").await;
    assert_eq!((counts.requests, counts.failed, counts.resets), (2, 1, 1));
}

#[tokio::test]
async fn a_put_with_a_short_body_is_sent_again_and_one_with_a_long_body_is_not() {
    for (bytes, status, sent) in [(1_000, StatusCode::OK, 3), (100_000, StatusCode::BAD_GATEWAY, 2)]
    {
        let (address, requests) = backend::raw(vec![vec![Act::Answer, Act::Close]]).await;
        let edge = Setting::new().await;
        edge.put(1, &[("old", 100, vec![("o1", address)])]).await;
        let mut client = KeepAlive::open(edge.listen).await;
        client.get("/").await;
        let body = "x".repeat(bytes);
        let answer = client.send(Method::PUT, "/", &body).await.expect("an answer");
        assert_eq!((answer.0, requests.load(SeqCst)), (status, sent), "{bytes} bytes");
    }
}

#[tokio::test]
async fn a_crash_is_hidden_by_another_instance_of_the_same_version_and_counted() {
    let (stable, well) = (Backend::start("stable").await, Backend::start("well").await);
    let edge = Setting::new().await;
    let versions = [
        ("old", 0, vec![("o1", stable.address)]),
        ("new", 100, vec![("n1", nobody().await), ("n2", well.address)]),
    ];
    edge.put(1, &versions).await;
    let mut client = KeepAlive::open(edge.listen).await;
    for request in 0..50 {
        let method = if request % 2 == 0 { Method::POST } else { Method::GET };
        let answer = client.send(method, "/echo", "same").await.expect("an answer");
        assert_eq!(answer, (StatusCode::OK, "same".to_owned()));
    }
    assert_eq!(stable.requests(), 0, "across versions it would hide the fault");
    let counts = edge.counts("new").await;
    assert_eq!((counts.requests, counts.failed), (50, 0));
    assert!(counts.bad >= 1 && counts.bad == counts.resets, "{counts:?}");
}

#[tokio::test]
async fn an_instance_that_dies_at_a_request_is_an_event_and_the_request_moves_on() {
    let (dying, _) = backend::raw(vec![vec![Act::Close]]).await;
    let stable = Backend::start("stable").await;
    let edge = Setting::new().await;
    let versions = [("old", 0, vec![("o1", stable.address)]), ("new", 100, vec![("n1", dying)])];
    edge.put(1, &versions).await;
    assert_eq!(get(edge.listen, "/").await, (StatusCode::OK, "stable".to_owned()));
    let counts = edge.counts("new").await;
    assert_eq!((counts.requests, counts.failed, counts.bad), (1, 0, 1));
    assert_eq!((counts.resets, counts.unavailable), (1, 1));
    assert_eq!(edge.counts("old").await.requests, 0, "a request is booked once");
}

#[tokio::test]
async fn half_an_answer_is_never_sent_again() {
    for (act, status) in [(Act::Half, Some(StatusCode::BAD_GATEWAY)), (Act::Truncate, None)] {
        let (address, requests) = backend::raw(vec![vec![act]]).await;
        let well = Backend::start("well").await;
        let edge = Setting::new().await;
        let both = vec![("o1", address), ("o2", well.address)];
        edge.put(1, &[("old", 100, both)]).await;
        let mut answers = Vec::new();
        for _request in 0..2 {
            let mut client = KeepAlive::open(edge.listen).await;
            answers.push(client.send(Method::GET, "/", "").await.ok().map(|answer| answer.0));
        }
        answers.retain(|answer| *answer != Some(StatusCode::OK));
        assert_eq!((answers, requests.load(SeqCst)), (vec![status], 1), "{act:?}");
        let counts = edge.counts("old").await;
        assert_eq!((counts.failed, counts.resets), (1, 1), "{act:?}");
    }
}

#[tokio::test]
async fn no_answer_in_time_is_a_504_at_the_version_and_is_not_sent_again() {
    let (address, requests) = backend::raw(vec![vec![Act::Hang]]).await;
    let edge = Setting::with(|o| o.limits.response_max = Duration::from_millis(50)).await;
    edge.put(1, &[("old", 100, vec![("o1", address)])]).await;
    assert_eq!(get(edge.listen, "/").await.0, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(requests.load(SeqCst), 1);
    let counts = edge.counts("old").await;
    assert_eq!((counts.failed, counts.bad, counts.timeouts, counts.resets), (1, 1, 1, 0));
}

#[tokio::test]
async fn an_instance_that_is_down_is_left_alone_and_found_again() {
    let (stable, address) = (Backend::start("stable").await, nobody().await);
    let edge = Setting::new().await;
    let versions = [("old", 0, vec![("o1", stable.address)]), ("new", 100, vec![("n1", address)])];
    edge.put(1, &versions).await;
    let mut client = KeepAlive::open(edge.listen).await;
    assert_eq!(client.get("/").await.1, "stable");
    let back = Backend::start_at("back", address).await;
    until("the edge finds it", || async { back.state.connections.load(SeqCst) > 0 }).await;
    until("it gets requests", || async { get(edge.listen, "/").await.1 == "back" }).await;
}
