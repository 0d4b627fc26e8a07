//! Instances that leave the table.

use crate::{
    backend::Backend,
    client::{KeepAlive, get},
    setting::{Setting, until},
};
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use std::time::Duration;

#[tokio::test]
async fn a_stream_goes_on_after_its_instance_left_and_is_cut_at_the_limit() {
    let (old, new) = (Backend::start("old").await, Backend::start("new").await);
    let edge = Setting::with(|o| o.limits.drain_max = Duration::from_millis(300)).await;
    edge.put(1, &[("old", 100, vec![("o1", old.address)])]).await;
    let mut client = KeepAlive::open(edge.listen).await;
    let answer = client.head(Method::GET, "/stream", "").await.expect("a head");
    let mut body = answer.into_body();
    let first = body.frame().await.expect("a frame").expect("a piece");
    assert_eq!(first.into_data().expect("data"), "first ");
    edge.put(2, &[("new", 100, vec![("n1", new.address)])]).await;
    assert_eq!(edge.client.in_flight("o1").await.expect("an answer").in_flight, 1);
    assert!(body.frame().await.expect("an end").is_err(), "the stream breaks off");
    until("it is drained", || async {
        edge.client.in_flight("o1").await.expect("an answer").in_flight == 0
    })
    .await;
    let counts = edge.counts("old").await;
    assert_eq!((counts.requests, counts.failed, counts.bad, counts.left), (1, 0, 0, 1));
}

#[tokio::test]
async fn a_stream_that_ends_in_time_is_whole() {
    let (old, new) = (Backend::start("old").await, Backend::start("new").await);
    let edge = Setting::new().await;
    edge.put(1, &[("old", 100, vec![("o1", old.address)])]).await;
    let listen = edge.listen;
    let stream = tokio::spawn(async move { get(listen, "/stream").await });
    until("the first piece is out", || async { old.slow() == 1 }).await;
    edge.put(2, &[("new", 100, vec![("n1", new.address)])]).await;
    old.open_gate(1);
    assert_eq!(stream.await.expect("a task"), (StatusCode::OK, "first second".to_owned()));
}

#[tokio::test]
async fn a_user_who_leaves_is_no_failure_of_the_version() {
    let old = Backend::start("old").await;
    let edge = Setting::new().await;
    edge.put(1, &[("old", 100, vec![("o1", old.address)])]).await;
    let listen = edge.listen;
    let slow = tokio::spawn(async move { get(listen, "/slow").await });
    until("it arrives", || async { old.slow() == 1 }).await;
    slow.abort();
    until("it is booked", || async { edge.counts("old").await.left == 1 }).await;
    let counts = edge.counts("old").await;
    assert_eq!((counts.failed, counts.bad, counts.open), (0, 0, 0));
    assert_eq!(edge.client.in_flight("o1").await.expect("an answer").in_flight, 0);
}

#[tokio::test]
async fn a_kept_connection_of_a_user_stays_open_across_switches() {
    let (old, new) = (Backend::start("old").await, Backend::start("new").await);
    let edge = Setting::new().await;
    let mut client = None;
    for counter in 1..=10 {
        let backend = if counter % 2 == 0 { &old } else { &new };
        let (id, hash) = (format!("i{counter}"), format!("v{counter}"));
        edge.put(counter, &[(&hash, 100, vec![(&id, backend.address)])]).await;
        if client.is_none() {
            client = Some(KeepAlive::open(edge.listen).await);
        }
        let answer = client.as_mut().expect("a client").get("/").await;
        assert_eq!(answer.1, if counter % 2 == 0 { "old" } else { "new" });
    }
}
