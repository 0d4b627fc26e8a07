//! How many requests a second the edge carries, against the same backend without it.
//!
//! ```text
//! cargo build --release -p bowline-traffic --example edge-load --bin edge-test
//! taskset -c 0 target/release/edge-test edge /tmp/edge /tmp/edge.sock &
//! taskset -c 1 target/release/examples/edge-load /tmp/edge.sock 10 32
//! ```
//! The arguments are the control socket, the seconds of a run and the number of clients. Each
//! client keeps one connection; backend and clients run on one thread.
#![forbid(unsafe_code)]
#![expect(
    clippy::disallowed_methods,
    reason = "the load is a plain client that knows nothing of Bowline"
)]

use bowline_host::clock::Stopwatch;
use bowline_traffic::{Address, Client, Generation, Histogram, Instance, Route, Table, Version};
use std::{
    io::{self, Write},
    net::SocketAddr,
    path::Path,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\nhello, world\n";
const REQUEST: &[u8] =
    b"GET /items HTTP/1.1\r\nhost: shop\r\nuser-agent: load\r\naccept: */*\r\n\r\n";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, socket, seconds, clients] = &arguments[..] else {
        return Err("expected <control socket> <seconds> <clients>".into());
    };
    let (seconds, clients) = (Duration::from_secs(seconds.parse()?), clients.parse()?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let backend = listener.local_addr()?;
    let accepting = tokio::spawn(accept(listener));
    let listen: SocketAddr = "127.99.99.99:18080".parse()?;
    let edge = Client::new(Path::new(socket));
    let counter = edge.healthy().await?.generation.map_or(1, |generation| generation.counter + 1);
    edge.put_table(&table(counter, listen, backend)).await?;
    for (name, address) in [("direct", backend), ("edge", listen)] {
        let (requests, took, latency) = run(address, seconds, clients).await?;
        let rate = requests as f64 / took.as_secs_f64();
        let micro = |quantile| latency.quantile_us(quantile).unwrap_or(0);
        let text =
            format!("{name:8}{rate:9.0} requests/s  p50 {} us  p99 {} us", micro(0.5), micro(0.99));
        writeln!(io::stdout(), "{text}")?;
    }
    accepting.abort();
    Ok(())
}

fn table(counter: u64, listen: SocketAddr, backend: SocketAddr) -> Table {
    let version = |hash: &str, weight| Version {
        hash: hash.to_owned(),
        weight,
        instances: vec![Instance { id: format!("{hash}-1"), address: Address::Tcp(backend) }],
    };
    let versions = vec![version("old", 90), version("new", 10)];
    let (name, stable) = ("load".to_owned(), "old".to_owned());
    let route = Route { name, listen, stable, versions, rollout: None };
    Table { generation: Generation { epoch: 1, counter }, routes: vec![route] }
}

async fn accept(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            // The clients send one short request at a time, so a read is a request.
            while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {
                if stream.write_all(ANSWER).await.is_err() {
                    return;
                }
            }
        });
    }
}

async fn run(
    address: SocketAddr,
    limit: Duration,
    clients: usize,
) -> io::Result<(u64, Duration, Histogram)> {
    let watch = Stopwatch::start();
    let mut running = JoinSet::new();
    for _client in 0..clients {
        running.spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let (mut requests, mut latency) = (0_u64, Histogram::default());
            let mut buffer = [0; 4096];
            while watch.elapsed() < limit {
                let one = Stopwatch::start();
                stream.write_all(REQUEST).await?;
                let mut read = 0;
                while !buffer[..read].ends_with(b"world\n") {
                    let count = stream.read(&mut buffer[read..]).await?;
                    if count == 0 || !buffer.starts_with(b"HTTP/1.1 200") {
                        return Err(io::Error::other("no answer"));
                    }
                    read += count;
                }
                requests += 1;
                latency.add(one.elapsed().as_micros() as u64);
            }
            Ok((requests, latency))
        });
    }
    let (mut requests, mut latency) = (0, Histogram::default());
    while let Some(result) = running.join_next().await {
        let (count, histogram) = result.map_err(io::Error::other)??;
        requests += count;
        latency.merge(&histogram);
    }
    Ok((requests, watch.elapsed(), latency))
}
