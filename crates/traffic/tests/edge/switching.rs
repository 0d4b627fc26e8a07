//! No request is lost while tables change under load.

use crate::{
    backend::Backend,
    client::{KeepAlive, get},
    setting::{Setting, until},
};
use http::{Method, StatusCode};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};

const SWITCHES: u64 = 100;
const CLIENTS: usize = 4;

/// Sends until told to stop. Every answer must be a 200 of a version.
async fn load(
    listen: std::net::SocketAddr,
    keep_alive: bool,
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicUsize>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut client = KeepAlive::open(listen).await;
    while !stop.load(SeqCst) {
        if !keep_alive {
            client = KeepAlive::open(listen).await;
        }
        sent.fetch_add(1, SeqCst);
        let method = if sent.load(SeqCst).is_multiple_of(3) { Method::POST } else { Method::GET };
        match client.send(method, "/", "body").await {
            Ok((StatusCode::OK, _)) => {}
            other => wrong.push(format!("{other:?}")),
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_switches_lose_no_request_of_kept_or_new_connections() {
    let edge = Setting::new().await;
    let mut current = Backend::start("v0").await;
    edge.put(1, &[("v0", 100, vec![("i0", current.address)])]).await;
    let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|n| tokio::spawn(load(edge.listen, n % 2 == 0, stop.clone(), sent.clone())))
        .collect();
    for switch in 1..=SWITCHES {
        let next = Backend::start(&format!("v{switch}")).await;
        let (old, new) = (format!("v{}", switch - 1), format!("v{switch}"));
        let (old_id, new_id) = (format!("i{}", switch - 1), format!("i{switch}"));
        let old_instance = vec![(old_id.as_str(), current.address)];
        let new_instance = vec![(new_id.as_str(), next.address)];
        let half = [(old.as_str(), 50, old_instance), (new.as_str(), 50, new_instance.clone())];
        edge.put(2 * switch, &half).await;
        edge.put(2 * switch + 1, &[(new.as_str(), 100, new_instance)]).await;
        // As the pod runtime does: out of the table, nothing in flight, then the process ends.
        until("the old instance is drained", || async {
            let state = edge.client.in_flight(&old_id).await.expect("an answer");
            !state.in_table && state.in_flight == 0
        })
        .await;
        let before = sent.load(SeqCst);
        until("the load goes on", || async { sent.load(SeqCst) > before }).await;
        current.kill().await;
        current = next;
    }
    stop.store(true, SeqCst);
    let mut wrong = Vec::new();
    for client in clients {
        wrong.extend(client.await.expect("a client"));
    }
    let sent = sent.load(SeqCst) as u64;
    assert!(wrong.is_empty(), "{} of {sent}: {:?}", wrong.len(), &wrong[..wrong.len().min(5)]);
    let totals = edge.client.counters(0).await.expect("counters").routes[0].totals;
    assert_eq!((totals.requests, totals.failed), (sent, 0));
}

#[tokio::test]
async fn a_request_in_flight_ends_on_the_old_version_while_new_ones_go_to_the_new() {
    let (old, new) = (Backend::start("old").await, Backend::start("new").await);
    let edge = Setting::new().await;
    edge.put(1, &[("old", 100, vec![("o1", old.address)])]).await;
    let listen = edge.listen;
    let slow = tokio::spawn(async move { get(listen, "/slow").await });
    until("it arrives", || async { old.slow() == 1 }).await;
    edge.put(2, &[("new", 100, vec![("n1", new.address)])]).await;
    assert_eq!(get(listen, "/").await.1, "new");
    let state = edge.client.in_flight("o1").await.expect("an answer");
    assert_eq!((state.in_table, state.in_flight), (false, 1));
    old.open_gate(1);
    assert_eq!(slow.await.expect("a task"), (StatusCode::OK, "old".to_owned()));
    until("it is drained", || async {
        edge.client.in_flight("o1").await.expect("an answer").in_flight == 0
    })
    .await;
}

#[tokio::test]
async fn an_edge_that_stops_lets_its_requests_finish() {
    let old = Backend::start("old").await;
    let mut edge = Setting::new().await;
    edge.put(1, &[("old", 100, vec![("o1", old.address)])]).await;
    let listen = edge.listen;
    let slow = tokio::spawn(async move { get(listen, "/slow").await });
    until("it arrives", || async { old.slow() == 1 }).await;
    let stopping = tokio::spawn(edge.running.take().expect("it runs").stop());
    until("nobody listens any more", || async { KeepAlive::try_open(listen).await.is_err() }).await;
    assert!(!stopping.is_finished());
    old.open_gate(1);
    assert_eq!(slow.await.expect("a task"), (StatusCode::OK, "old".to_owned()));
    stopping.await.expect("it stops");
}
