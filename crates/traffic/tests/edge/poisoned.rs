//! Row 34: an edge that answers what cannot be true, or no answer. The client reports an error,
//! which the judge takes as "not seen": no proof, no rise of a weight.

use bowline_host::clock;
use bowline_traffic::{Client, Counters, Error};
use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixListener,
    path::Path,
    thread,
};

/// Counts of one version, with the seconds given.
fn body(now: u64, from: u64, seconds: &str) -> String {
    let version = format!(r#"{{"hash":"h","first_request_at_ms":null,"seconds":[{seconds}]}}"#);
    let totals = r#"{"requests":0,"failed":0}"#;
    let route = format!(r#"{{"route":"r","totals":{totals},"versions":[{version}]}}"#);
    format!(r#"{{"now":{now},"now_ms":0,"started_ms":0,"from":{from},"routes":[{route}]}}"#)
}

fn row(second: &str, requests: &str, bad: &str) -> String {
    let latency = serde_json::to_string(&bowline_traffic::Histogram::default()).expect("JSON");
    format!(
        r#"{{"second":{second},"requests":{requests},"open":0,"failed":{bad},"bad":{bad},"resets":0,
        "timeouts":0,"unavailable":0,"left":0,"latency":{latency}}}"#
    )
}

/// What the client makes of an edge that answers with these bytes.
async fn asked(socket: &Path, from: u64, answer: Vec<u8>) -> Result<Counters, Error> {
    let _ = std::fs::remove_file(socket);
    let listener = UnixListener::bind(socket).expect("a socket");
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(&answer);
    });
    let counters = Client::new(socket).counters(from).await;
    server.join().expect("an edge");
    counters
}

fn http(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

#[tokio::test]
async fn row_34_counts_that_cannot_be_true_are_no_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("edge.sock");
    let now = clock::monotonic().as_secs();
    let (from, last) = (now.saturating_sub(10), (now - 1).to_string());
    let before = (now - 2).to_string();
    let good = format!("{},{}", row(&before, "10", "1"), row(&last, "10", "10"));
    let read = asked(&socket, from, http(&body(now, from, &good))).await.expect("counts");
    assert_eq!(read.routes[0].versions[0].seconds.len(), 2);
    asked(&socket, from, http(&body(now, from, ""))).await.expect("no traffic is no lie");

    let one = |second: &str, requests: &str, bad: &str| {
        http(&body(now, from, &row(second, requests, bad)))
    };
    let two = |first: &str, then: &str| {
        let rows = format!("{},{}", row(first, "1", "0"), row(then, "1", "0"));
        http(&body(now, from, &rows))
    };
    let cut = http(&body(now, from, &good));
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("not a number", one(&last, "NaN", "0")),
        ("negative", one(&last, "-1", "0")),
        ("a fraction", one(&last, "1.5", "0")),
        ("too large for a number", one(&last, "99999999999999999999999", "0")),
        ("so large that sums overflow", one(&last, "18446744073709551615", "0")),
        ("more failures than requests", one(&last, "1", "2")),
        ("a second before the ones asked for", one(&(from - 1).to_string(), "1", "0")),
        ("a second to come", one(&(now + 100).to_string(), "1", "0")),
        ("the same second twice", two(&last, &last)),
        ("seconds that go back", two(&last, &before)),
        ("stale", http(&body(now - 5, from, &good))),
        ("of a clock that is ahead", http(&body(now + 100, from, &good))),
        ("from another second", http(&body(now, from - 1, &good))),
        ("null", http("null")),
        ("an empty object", http("{}")),
        ("garbage", b"\x00\xff\x00garbage".to_vec()),
        ("cut off", cut[..cut.len() / 2].to_vec()),
        ("nothing", Vec::new()),
        ("an error without words", b"HTTP/1.1 500 no\r\ncontent-length: 0\r\n\r\n".to_vec()),
    ];
    for (what, answer) in cases {
        let counters = asked(&socket, from, answer).await;
        let known = matches!(counters, Err(Error::Answer { .. } | Error::Unreachable { .. }));
        assert!(known, "{what}: {counters:?}");
    }
}
