//! The local connector.

use crate::server::{Server, answer, start_unix};
use bowline_host::local::{Address, Connection, Error, request};
use std::{sync::Arc, time::Duration};

const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_connection_is_kept_for_many_requests_over_tcp_and_unix_sockets() {
    let echo = |head: &str, body: &[u8]| {
        let line = head.lines().next().unwrap_or_default();
        answer("200 OK", "x-line: yes\r\n", format!("{line} {}", body.len()).as_bytes())
    };
    let server = Server::start(echo).await;
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    start_unix(&socket, Arc::new(echo));
    for address in [Address::Tcp(server.address), Address::Unix(socket)] {
        let mut connection = Connection::open(&address, LONG).await.unwrap();
        for n in 0..3 {
            let path = format!("/table?n={n}");
            let sent = connection.request("PUT", &path, &[], Some(b"{}"), LONG).await.unwrap();
            assert_eq!(sent.text(), format!("PUT {path} HTTP/1.1 2"));
            assert_eq!((sent.status, sent.header("X-Line")), (200, Some("yes")));
        }
        assert!(!connection.is_closed());
        let once = request(&address, "GET", "/", None, LONG).await.unwrap();
        assert_eq!(once.text(), "GET / HTTP/1.1 0");
    }
    let heads = server.heads();
    assert!(heads[0].contains("content-type: application/json"), "{}", heads[0]);
    assert!(heads[3].contains("connection: close"), "{}", heads[3]);
}

#[tokio::test]
async fn a_status_is_an_answer_and_silence_is_a_time_out() {
    let server = Server::start(|head, _| {
        if head.starts_with("GET /missing") {
            return answer("404 Not Found", "", b"no");
        }
        // Half an answer, and then nothing.
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_vec()
    })
    .await;
    let address = Address::Tcp(server.address);
    assert_eq!(request(&address, "GET", "/missing", None, LONG).await.unwrap().status, 404);
    let short = Duration::from_millis(50);
    let error = request(&address, "GET", "/slow", None, short).await.unwrap_err();
    assert!(error.is_timed_out(), "{error}");
}

#[tokio::test]
async fn addresses_elsewhere_are_refused_and_absent_ones_are_told_apart() {
    let elsewhere = Address::Tcp("192.0.2.1:80".parse().unwrap());
    let error = request(&elsewhere, "GET", "/", None, LONG).await.unwrap_err();
    assert!(matches!(error, Error::NotLocal(_)), "{error}");
    let nobody = Address::Unix("/nonexistent/socket".into());
    assert!(request(&nobody, "GET", "/", None, LONG).await.unwrap_err().is_refused());
    let server = Server::start(|_, _| answer("200 OK", "", b"")).await;
    let error = request(&Address::Tcp(server.address), "GET", "no-slash", None, LONG).await;
    assert!(matches!(error.unwrap_err(), Error::Request { .. }));
}

#[tokio::test]
async fn a_closed_connection_says_so() {
    let server = Server::start(|_, _| answer("200 OK", "connection: close\r\n", b"")).await;
    let address = Address::Tcp(server.address);
    let mut connection = Connection::open(&address, LONG).await.unwrap();
    connection.request("GET", "/", &[], None, LONG).await.unwrap();
    let error = connection.request("GET", "/", &[], None, LONG).await.unwrap_err();
    assert!(matches!(error, Error::Broken { .. }), "{error}");
}
