//! The edge as a process under its shim: killed, stopped, started twice.

use crate::{
    backend::Backend,
    client::{KeepAlive, get},
    setting::{address, table, until},
};
use bowline_sandbox::{Signal, process};
use bowline_traffic::{Client, Limits, ShimOptions, start_detached};
use http::{Method, StatusCode};
use std::{path::PathBuf, time::Duration};
use tempfile::TempDir;

const SIGTERM: Signal = Signal(15);
const SIGKILL: Signal = Signal(9);

fn shim_options(folder: &TempDir) -> ShimOptions {
    ShimOptions {
        program: PathBuf::from(env!("CARGO_BIN_EXE_edge-test")),
        arguments: vec!["edge".to_owned()],
        state_dir: folder.path().join("state"),
        control_socket: folder.path().join("edge.sock"),
        shim_socket: folder.path().join("edge-shim.sock"),
        limits: Limits::default(),
    }
}

/// Whose command line names this folder: the shim and the edge.
fn processes(folder: &TempDir) -> Vec<(u32, bool)> {
    let needle = folder.path().to_string_lossy().into_owned();
    let numbers = std::fs::read_dir("/proc")
        .expect("/proc")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok()?.parse::<u32>().ok());
    let found = numbers.filter_map(|number| {
        let bytes = std::fs::read(format!("/proc/{number}/cmdline")).ok()?;
        let line = String::from_utf8_lossy(&bytes).replace('\0', " ");
        let alive = process::is_alive(number, process::start_time(number)?);
        (alive && line.contains(&needle)).then(|| (number, line.contains(" edge-shim ")))
    });
    found.collect()
}

/// Ends what a test started, also when it panics.
struct Ending<'a>(&'a TempDir);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        for shim_first in [true, false] {
            for (number, is_shim) in processes(self.0) {
                if is_shim == shim_first {
                    let _gone = process::kill(number, SIGKILL);
                }
            }
        }
    }
}

async fn started(folder: &TempDir) -> Client {
    let options = shim_options(folder);
    start_detached(&options, &["edge-shim"]).await.expect("the edge starts")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_edge_loses_no_new_connection_and_serves_its_table_again() {
    let folder = TempDir::new().expect("a folder");
    let _ending = Ending(&folder);
    let old = Backend::start("old").await;
    let client = started(&folder).await;
    let listen = address();
    let versions = [("old", 100, vec![("o1", old.address)])];
    client.put_table(&table(1, listen, &versions)).await.expect("the table is taken");
    let mut pid = client.healthy().await.expect("health").pid;
    for kill in 0..5 {
        assert_eq!(get(listen, "/").await, (StatusCode::OK, "old".to_owned()));
        process::kill(pid, SIGKILL).expect("a signal");
        // At once, while no edge runs: nobody is refused, the answer comes from the next one.
        let mut waiting = Vec::new();
        for _connection in 0..10 {
            waiting.push(KeepAlive::try_open(listen).await.expect("nobody is refused"));
        }
        let mut served = 0;
        for mut user in waiting {
            let answer = user.send(Method::GET, "/", "").await;
            // The dying edge may have accepted one itself.
            served += usize::from(answer == Ok((StatusCode::OK, "old".to_owned())));
        }
        assert!(served >= 9, "kill {kill}: {served} of 10 were served");
        until("another edge answers", || async {
            client.healthy().await.is_ok_and(|health| health.pid != pid)
        })
        .await;
        let health = client.healthy().await.expect("health");
        assert_eq!(health.generation.map(|generation| generation.counter), Some(1));
        pid = health.pid;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_start_finds_the_first_and_sigterm_ends_both_cleanly() {
    let folder = TempDir::new().expect("a folder");
    let _ending = Ending(&folder);
    let old = Backend::start("old").await;
    let client = started(&folder).await;
    let listen = address();
    let versions = [("old", 100, vec![("o1", old.address)])];
    client.put_table(&table(1, listen, &versions)).await.expect("the table is taken");
    let first = client.healthy().await.expect("health");
    assert_eq!(started(&folder).await.healthy().await.expect("health"), first);
    let slow = tokio::spawn(async move { get(listen, "/slow").await });
    until("a request is in flight", || async { old.slow() == 1 }).await;
    let all = processes(&folder);
    assert_eq!(all.len(), 2, "one shim, one edge: {all:?}");
    let shim = all.iter().find(|(_, is_shim)| *is_shim).expect("a shim").0;
    process::kill(shim, SIGTERM).expect("a signal");
    until("its request may finish", || async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        old.open_gate(1);
        true
    })
    .await;
    assert_eq!(slow.await.expect("a task"), (StatusCode::OK, "old".to_owned()));
    until("both are gone", || async { processes(&folder).is_empty() }).await;
    assert!(client.healthy().await.is_err());
    assert!(!folder.path().join("edge.sock").exists(), "the socket's file is gone, too");
    // And up again with the same table.
    let client = started(&folder).await;
    assert_eq!(get(listen, "/").await, (StatusCode::OK, "old".to_owned()));
    assert_ne!(client.healthy().await.expect("health").pid, first.pid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_the_shim_cannot_have_is_named_as_well() {
    let folder = TempDir::new().expect("a folder");
    let _ending = Ending(&folder);
    let client = started(&folder).await;
    let taken = address();
    let thief = Backend::start_at("thief", taken).await;
    let one = table(1, taken, &[("old", 100, vec![("o1", thief.address)])]);
    let error = client.put_table(&one).await.expect_err("it is taken");
    assert_eq!(error.code(), "BOW0803");
    assert!(error.to_string().starts_with(&format!("port 18080 on {}", taken.ip())), "{error}");
    // A route that goes frees its port in the shim as well.
    let free = address();
    let two = table(2, free, &[("old", 100, vec![("o1", thief.address)])]);
    client.put_table(&two).await.expect("it is free");
    let mut three = two.clone();
    three.generation.counter = 3;
    three.routes.clear();
    client.put_table(&three).await.expect("an empty table is a table");
    until("the port is free", || async { tokio::net::TcpListener::bind(free).await.is_ok() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edge_that_cannot_start_says_why() {
    let folder = TempDir::new().expect("a folder");
    let _ending = Ending(&folder);
    let mut options = shim_options(&folder);
    options.control_socket = folder.path().join("no such folder").join("edge.sock");
    let error = start_detached(&options, &["edge-shim"]).await.expect_err("it cannot");
    assert_eq!(error.code(), "BOW0809");
    assert!(error.to_string().contains("BOW0808"), "{error}");
}
