//! The control socket: what is taken, what is refused and how.

use crate::{
    backend::Backend,
    client::get,
    setting::{Setting, table},
};
use bowline_traffic::Error;
use std::os::unix::fs::PermissionsExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

#[tokio::test]
async fn an_older_table_is_refused_and_both_generations_named() {
    let (old, new) = (Backend::start("old").await, Backend::start("new").await);
    let edge = Setting::new().await;
    edge.put(5, &[("new", 100, vec![("n1", new.address)])]).await;
    let versions = [("old", 100, vec![("o1", old.address)])];
    let mut older = table(4, edge.listen, &versions);
    let mut other_epoch = table(99, edge.listen, &versions);
    other_epoch.generation.epoch = 0;
    let same_number = table(5, edge.listen, &versions);
    for refused in [&older, &other_epoch, &same_number] {
        let error = edge.client.put_table(refused).await.expect_err("it is refused");
        assert!(error.is_older_generation(), "{error}");
        let both = format!("table {} is refused: the edge has table 1.5", refused.generation);
        assert_eq!(error.to_string(), both);
    }
    assert_eq!(get(edge.listen, "/").await.1, "new");
    older.generation.epoch = 2;
    older.generation.counter = 0;
    edge.client.put_table(&older).await.expect("a newer epoch wins");
    assert_eq!(get(edge.listen, "/").await.1, "old");
}

#[tokio::test]
async fn a_taken_port_is_named_with_its_owner_and_changes_nothing() {
    let old = Backend::start("old").await;
    let edge = Setting::new().await;
    edge.put(1, &[("old", 100, vec![("o1", old.address)])]).await;
    let taken = crate::setting::address();
    let _thief = Backend::start_at("thief", taken).await;
    let free = crate::setting::address();
    let mut table = table(2, free, &[("old", 100, vec![("o1", old.address)])]);
    let mut second = table.routes[0].clone();
    (second.name, second.listen) = ("other".to_owned(), taken);
    second.versions[0].instances[0].id = "o2".to_owned();
    table.routes.push(second);
    let error = edge.client.put_table(&table).await.expect_err("it is refused");
    assert_eq!(error.code(), "BOW0803");
    let text = error.to_string();
    assert!(text.starts_with(&format!("port 18080 on {} is taken by ", taken.ip())), "{text}");
    assert!(text.contains(&format!("(process {})", std::process::id())), "{text}");
    assert_eq!(get(edge.listen, "/").await.1, "old");
    let current = edge.client.table().await.expect("a table").table.expect("a table");
    assert_eq!(current.generation.counter, 1);
    table.routes.pop();
    edge.client.put_table(&table).await.expect("the free one was let go of");
}

#[tokio::test]
async fn a_table_that_makes_no_sense_names_the_place() {
    let edge = Setting::new().await;
    let address = edge.listen;
    let weights = table(1, address, &[("old", 60, vec![]), ("new", 30, vec![])]);
    let twice = table(1, address, &[("old", 50, vec![]), ("old", 50, vec![])]);
    let ids = table(1, address, &[("old", 100, vec![("a", address), ("a", address)])]);
    let mut stable = table(1, address, &[("old", 100, vec![])]);
    stable.routes[0].stable = "other".to_owned();
    let mut listen = table(1, address, &[("old", 100, vec![])]);
    listen.routes[0].listen.set_port(0);
    for (table, place) in [
        (weights, "/routes/0/versions: the weights add up to 90, not to 100"),
        (twice, "/routes/0/versions/1/hash: version `old` stands there twice"),
        (ids, "/routes/0/versions/0/instances/1/id: instance `a` stands there twice"),
        (stable, "/routes/0/stable: `other` is none of the route's versions"),
        (listen, "/routes/0/listen: port 0 is not an address users can know"),
    ] {
        let error = edge.client.put_table(&table).await.expect_err("it is refused");
        assert!(error.to_string().ends_with(place), "{error}");
        assert_eq!(error.code(), "BOW0801");
    }
    assert_eq!(edge.client.healthy().await.expect("health").generation, None);
}

async fn ask(edge: &Setting, request: &str) -> (u16, String) {
    let mut stream = UnixStream::connect(edge.client.socket()).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned();
    (status, body)
}

#[tokio::test]
async fn what_is_not_known_is_refused_with_a_sentence() {
    let edge = Setting::with(|options| options.limits.control_body_bytes_max = 200).await;
    let body = |method: &str, path: &str, body: &str| {
        let length = body.len();
        format!(
            "{method} {path} HTTP/1.1\r\nhost: edge\r\nconnection: close\r\n\
             content-length: {length}\r\n\r\n{body}"
        )
    };
    let unknown = r#"{"generation":{"epoch":1,"counter":1},"routes":[],"fuse":1}"#;
    for (request, status, says) in [
        (body("GET", "/nothing", ""), 404, "the edge has no `/nothing`"),
        (body("DELETE", "/table", ""), 405, "`/table` does not take DELETE"),
        (body("GET", "/counters", ""), 400, "`from=<second>` is missing"),
        (body("GET", "/counters?from=x", ""), 400, "`from=x` is no second"),
        (body("GET", "/counters?from=1&to=2", ""), 400, "the parameter `to` is not known"),
        (body("GET", "/counters?from=1&from=2", ""), 400, "stands there twice"),
        (body("GET", "/healthz?a", ""), 400, "the parameter `a` is not known"),
        (body("PUT", "/table", unknown), 400, "unknown field `fuse`"),
        (body("PUT", "/table", &" ".repeat(201)), 413, "more than 200 bytes"),
    ] {
        let (got, text) = ask(&edge, &request).await;
        assert_eq!(got, status, "{request}: {text}");
        assert!(text.contains(says), "{request}: {text}");
    }
}

#[tokio::test]
async fn only_the_owner_can_open_the_control_socket_and_only_one_edge_has_it() {
    let edge = Setting::new().await;
    let metadata = std::fs::metadata(edge.client.socket()).expect("the socket");
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    let second = bowline_traffic::start(crate::setting::options(&edge.folder)).await;
    let error = second.expect_err("one is enough");
    assert!(matches!(&error, Error::Control { .. }), "{error}");
}

#[tokio::test]
async fn an_edge_that_is_not_there_is_unreachable() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let client = bowline_traffic::Client::new(&folder.path().join("edge.sock"));
    let error = client.alive().await.expect_err("nobody is there");
    assert!(error.is_unreachable() && error.code() == "BOW0805", "{error}");
}
