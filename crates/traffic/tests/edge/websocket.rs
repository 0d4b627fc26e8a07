//! A WebSocket is carried, counts as a request of its instance, and is cut when draining ends.

use crate::{
    backend::Backend,
    setting::{Setting, until},
};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test]
async fn a_websocket_is_carried_both_ways_and_cut_at_the_drain_limit() {
    let (old, new) = (Backend::start("old").await, Backend::start("new").await);
    let edge = Setting::with(|o| o.limits.drain_max = Duration::from_millis(300)).await;
    edge.put(1, &[("old", 100, vec![("o1", old.address)])]).await;
    let mut stream = TcpStream::connect(edge.listen).await.expect("a connection");
    let head =
        b"GET /websocket HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    stream.write_all(head).await.expect("it reads");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.expect("a head"));
    }
    let answer = String::from_utf8_lossy(&answer).to_lowercase();
    assert!(answer.starts_with("http/1.1 101 "), "{answer}");
    assert!(answer.contains("upgrade: websocket\r\n"), "{answer}");
    let mut echo = [0; 5];
    for _round in 0..3 {
        stream.write_all(b"hello").await.expect("it carries");
        stream.read_exact(&mut echo).await.expect("it carries back");
        assert_eq!(&echo, b"hello");
    }
    edge.put(2, &[("new", 100, vec![("n1", new.address)])]).await;
    assert_eq!(edge.client.in_flight("o1").await.expect("an answer").in_flight, 1);
    stream.write_all(b"still").await.expect("it carries");
    stream.read_exact(&mut echo).await.expect("it carries back");
    let mut rest = Vec::new();
    let _reset = stream.read_to_end(&mut rest).await;
    until("it is drained", || async {
        edge.client.in_flight("o1").await.expect("an answer").in_flight == 0
    })
    .await;
    let counts = edge.counts("old").await;
    assert_eq!((counts.requests, counts.failed, counts.open), (1, 0, 0));
}
