//! Instances behind a pod's shim: sockets made elsewhere, handed over a Unix socket.

use crate::{
    backend::Backend,
    client::{KeepAlive, get},
    setting::{Setting, table, until},
};
use bowline_sandbox::descriptors;
use bowline_traffic::{Address, Table};
use http::StatusCode;
use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixListener,
    },
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicUsize, Ordering::SeqCst},
    },
};

/// A shim that answers with `status`, and how often it was asked.
struct Shim {
    socket: PathBuf,
    status: Arc<AtomicU8>,
    asked: Arc<AtomicUsize>,
}

/// An unconnected TCP socket; here of this process's own network namespace.
fn tcp_socket() -> OwnedFd {
    use rustix::net::{AddressFamily, SocketType, socket};
    socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket")
}

fn shim(folder: &Path) -> Shim {
    let socket = folder.join("pod.sock");
    let listener = UnixListener::bind(&socket).expect("a socket");
    let (status, asked) = (Arc::new(AtomicU8::new(b'0')), Arc::new(AtomicUsize::new(0)));
    let (answer, count) = (Arc::clone(&status), Arc::clone(&asked));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("a connection");
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).expect("a question");
            let number = line.trim().strip_prefix("sockets ").expect("`sockets <n>`");
            let number: usize = number.parse().expect("a number");
            count.fetch_add(1, SeqCst);
            let status = answer.load(SeqCst);
            let number = if status == b'0' { number } else { 0 };
            let sockets: Vec<OwnedFd> = (0..number).map(|_| tcp_socket()).collect();
            let borrowed: Vec<_> = sockets.iter().map(AsFd::as_fd).collect();
            descriptors::send(&stream, &[status], &borrowed).expect("the edge reads");
        }
    });
    Shim { socket, status, asked }
}

/// The route's canary is the pod, with all weight; stable is a plain backend.
fn pod_table(counter: u64, listen: SocketAddr, stable: &Backend, shim: &Shim, port: u16) -> Table {
    let versions =
        [("old", 0, vec![("o1", stable.address)]), ("new", 100, vec![("pod", stable.address)])];
    let mut table = table(counter, listen, &versions);
    let socket = shim.socket.clone();
    table.routes[0].versions[1].instances[0].address = Address::Pod { socket, port };
    table
}

#[tokio::test]
async fn requests_reach_a_pod_through_sockets_that_its_shim_made() {
    let (stable, pod) = (Backend::start("stable").await, Backend::start("pod").await);
    let edge = Setting::new().await;
    let shim = shim(edge.folder.path());
    let table = pod_table(1, edge.listen, &stable, &shim, pod.address.port());
    edge.client.put_table(&table).await.expect("the table is taken");
    // Forty at once need forty sockets.
    let listen = edge.listen;
    let users: Vec<_> =
        (0..40).map(|_| tokio::spawn(async move { get(listen, "/slow").await })).collect();
    until("all are in flight", || async { pod.slow() == 40 }).await;
    assert_eq!(pod.state.connections.load(SeqCst), 40);
    assert!(shim.asked.load(SeqCst) >= 3, "a batch has 16");
    pod.open_gate(40);
    for user in users {
        assert_eq!(user.await.expect("a task"), (StatusCode::OK, "pod".to_owned()));
    }
    let asked = shim.asked.load(SeqCst);
    let mut client = KeepAlive::open(listen).await;
    for _request in 0..40 {
        assert_eq!(client.get("/").await, (StatusCode::OK, "pod".to_owned()));
    }
    assert_eq!(shim.asked.load(SeqCst), asked, "connections are used again");
    assert_eq!((edge.counts("new").await.bad, stable.requests()), (0, 0));
}

#[tokio::test]
async fn a_pod_that_is_not_ready_or_gone_sends_its_share_to_stable_until_it_is_back() {
    let (stable, pod) = (Backend::start("stable").await, Backend::start("pod").await);
    for status in [b'1', b'2'] {
        let edge = Setting::new().await;
        let shim = shim(edge.folder.path());
        shim.status.store(status, SeqCst);
        let table = pod_table(1, edge.listen, &stable, &shim, pod.address.port());
        edge.client.put_table(&table).await.expect("the table is taken");
        let mut client = KeepAlive::open(edge.listen).await;
        for _request in 0..20 {
            assert_eq!(client.get("/").await, (StatusCode::OK, "stable".to_owned()));
        }
        let counts = edge.counts("new").await;
        assert_eq!(counts.unavailable, 20, "{counts:?}");
        assert!((1..=2).contains(&counts.bad) && counts.failed == 0, "{counts:?}");
        shim.status.store(b'0', SeqCst);
        until("the pod is found again", || async { get(edge.listen, "/").await.1 == "pod" }).await;
    }
}

#[tokio::test]
async fn a_pod_without_a_shim_is_down_and_not_an_error_of_the_edge() {
    let stable = Backend::start("stable").await;
    let edge = Setting::new().await;
    let shim = Shim {
        socket: edge.folder.path().join("nobody.sock"),
        status: Arc::default(),
        asked: Arc::default(),
    };
    let table = pod_table(1, edge.listen, &stable, &shim, 8080);
    edge.client.put_table(&table).await.expect("the table is taken");
    assert_eq!(get(edge.listen, "/").await, (StatusCode::OK, "stable".to_owned()));
}
