//! Limits, and heads that are not passed on.

use crate::{
    backend::Backend,
    client::{self, KeepAlive},
    setting::Setting,
};
use http::{Method, StatusCode};
use std::time::Duration;

async fn edge(change: impl FnOnce(&mut bowline_traffic::Limits)) -> (Setting, Backend) {
    let old = Backend::start("old").await;
    let edge = Setting::with(|options| change(&mut options.limits)).await;
    edge.put(1, &[("old", 100, vec![("o1", old.address)])]).await;
    (edge, old)
}

#[tokio::test]
async fn too_long_and_too_many_headers_are_refused_before_any_instance_sees_them() {
    let (edge, old) = edge(|limits| limits.header_bytes_max = 2_000).await;
    let long = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "x".repeat(2_000));
    let many: String = (0..101).map(|n| format!("x{n}: 1\r\n")).collect();
    let many = format!("GET / HTTP/1.1\r\nhost: a\r\n{many}\r\n");
    for request in [long, many] {
        let answer = client::raw(edge.listen, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
    assert_eq!(old.requests(), 0);
    let fits: String = (0..99).map(|n| format!("x{n}: 1\r\n")).collect();
    let fits = format!("GET / HTTP/1.1\r\nhost: a\r\n{fits}connection: close\r\n\r\n");
    let answer = client::raw(edge.listen, fits.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "101 with host: {answer}");
}

#[tokio::test]
async fn a_client_that_never_ends_its_headers_is_cut_off() {
    let (edge, old) = edge(|limits| limits.header_read_max = Duration::from_millis(50)).await;
    let answer = client::raw(edge.listen, b"GET / HTTP/1.1\r\nhost: a\r\nx: ").await;
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(old.requests(), 0);
}

#[tokio::test]
async fn a_client_that_stops_in_its_body_gets_a_408_and_the_version_no_blame() {
    let (edge, _old) = edge(|limits| limits.body_stall_max = Duration::from_millis(50)).await;
    let head = b"POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
        content-length: 9\r\n\r\nhalf";
    let answer = client::raw(edge.listen, head).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    let counts = edge.counts("old").await;
    assert_eq!((counts.requests, counts.failed, counts.bad, counts.left), (1, 0, 0, 1));
}

#[tokio::test]
async fn a_slow_upload_is_no_slow_answer() {
    let (edge, _old) = edge(|limits| limits.response_max = Duration::from_millis(200)).await;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(edge.listen).await.expect("a connection");
    let head = b"POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 10\r\n\r\n";
    stream.write_all(head).await.expect("it reads");
    for _piece in 0..10 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        stream.write_all(b"x").await.expect("it reads");
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("xxxxxxxxxx"), "{answer}");
}

#[tokio::test]
async fn requests_that_could_be_smuggled_are_refused_and_the_connection_closed() {
    let (edge, old) = edge(|_| {}).await;
    for request in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nx: a\x00b\r\n\r\n",
        "GET  / HTTP/1.1\r\nhost: a\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let answer = client::raw(edge.listen, request.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{request:?}: {answer}");
        assert!(!answer.contains("HTTP/1.1 200"), "{request:?}: {answer}");
    }
    assert_eq!(old.requests(), 0);
    let connect = client::raw(edge.listen, b"CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n").await;
    assert!(connect.starts_with("HTTP/1.1 405 "), "{connect}");
}

#[tokio::test]
async fn heads_are_passed_on_without_what_belongs_to_one_connection() {
    let (edge, _old) = edge(|_| {}).await;
    let request = "GET /headers HTTP/1.1\r\nhost: shop.example\r\nconnection: close, x-secret\r\n\
                   x-secret: 1\r\nx-forwarded-for: 9.9.9.9\r\nupgrade: h2c\r\n\r\n";
    let answer = client::raw(edge.listen, request.as_bytes()).await;
    assert!(answer.contains("host: shop.example\n"), "{answer}");
    assert!(answer.contains("x-forwarded-for: 9.9.9.9, 127.0.0.1\n"), "{answer}");
    assert!(answer.contains("x-forwarded-proto: http\n"), "{answer}");
    assert!(!answer.contains("x-secret") && !answer.contains("h2c"), "{answer}");
}

#[tokio::test]
async fn bodies_pass_whole_both_ways_and_a_head_request_has_none() {
    let (edge, _old) = edge(|_| {}).await;
    let body = "0123456789".repeat(100_000);
    let (status, echo) = client::post(edge.listen, "/echo", &body).await;
    assert_eq!((status, echo == body), (StatusCode::OK, true));
    let mut user = KeepAlive::open(edge.listen).await;
    for method in [Method::HEAD, Method::GET, Method::OPTIONS] {
        let wanted = if method == Method::HEAD { "" } else { "old" };
        let answer = user.send(method, "/", "").await.expect("an answer");
        assert_eq!(answer, (StatusCode::OK, wanted.to_owned()));
    }
    let chunked = "POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
                   transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n";
    let answer = client::raw(edge.listen, chunked.as_bytes()).await;
    assert!(answer.ends_with("abcdefg"), "{answer}");
    let old_client = client::raw(edge.listen, b"GET /headers HTTP/1.0\r\n\r\n").await;
    assert!(old_client.contains(&format!("host: {}", edge.listen)), "{old_client}");
}

#[tokio::test]
async fn both_kinds_of_length_are_read_as_chunks_and_only_one_request_is_seen() {
    // RFC 9112, 6.1 and 6.3: chunks decide, the length is taken out, the connection ends.
    let (edge, old) = edge(|_| {}).await;
    let request = "POST /headers HTTP/1.1\r\nhost: a\r\ncontent-length: 60\r\n\
                   transfer-encoding: chunked\r\n\r\n0\r\n\r\n\
                   GET /evil HTTP/1.1\r\nhost: a\r\n\r\n";
    let answer = client::raw(edge.listen, request.as_bytes()).await;
    assert!(!answer.contains("content-length: 60"), "{answer}");
    assert_eq!((answer.matches("HTTP/1.1 200").count(), old.requests()), (1, 1), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn more_connections_than_the_limit_wait_and_are_served_later() {
    let (edge, _old) = edge(|limits| limits.connections_max = 2).await;
    let mut one = KeepAlive::open(edge.listen).await;
    let mut two = KeepAlive::open(edge.listen).await;
    assert_eq!((one.get("/").await.0, two.get("/").await.0), (StatusCode::OK, StatusCode::OK));
    let listen = edge.listen;
    let third = tokio::spawn(async move { client::get(listen, "/").await });
    for _request in 0..20 {
        one.get("/").await;
    }
    assert_eq!(edge.counts("old").await.requests, 22, "the third waits");
    assert!(!third.is_finished());
    drop(two);
    assert_eq!(third.await.expect("a task").0, StatusCode::OK);
}
