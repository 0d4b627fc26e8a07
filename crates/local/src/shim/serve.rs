//! The shim's Unix socket: sockets for the edge, states for the runtime, the order to stop.
//!
//! Lines from the client; several may follow one another on a connection.
//! `sockets <n>`: one byte (`0` ok, `1` not running now, `2` gone) with n descriptors of
//! unconnected TCP sockets made inside the pod. `state`: one JSON line. `watch`: a JSON line
//! now and at each change, an empty line in between as a sign of life. `stop <seconds>`: ends
//! the pod with this grace; answered by `ok`.

use super::{
    publish::Published,
    state::{Phase, State},
    supervise::Order,
};
use crate::limits::{SHIM_CONNECTIONS_MAX, SHIM_SOCKETS_MAX};
use bowline_host::task;
use bowline_sandbox::{descriptors, network::Namespace};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::{
        fd::AsFd as _,
        unix::net::{UnixListener, UnixStream},
    },
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::Sender,
    },
    time::Duration,
};

/// How often a watcher gets a sign of life.
const LIFE_SIGN: Duration = Duration::from_secs(5);
/// The longest line that a client sends, in bytes.
const LINE_BYTES_MAX: u64 = 256;

/// What connections need.
pub struct Served {
    /// Makes sockets.
    pub namespace: Arc<Namespace>,
    /// The states.
    pub published: Arc<Published>,
    /// To the supervisor.
    pub orders: Sender<Order>,
}

/// Serves `listener` on threads until the process ends.
pub fn start(listener: UnixListener, served: Served) {
    let served = Arc::new(served);
    task::thread("socket", move || {
        let open = Arc::new(AtomicUsize::new(0));
        for stream in listener.incoming() {
            let Ok(stream) = stream else { continue };
            if open.fetch_add(1, Ordering::Relaxed) >= SHIM_CONNECTIONS_MAX {
                open.fetch_sub(1, Ordering::Relaxed);
                continue;
            }
            let (served, open) = (served.clone(), open.clone());
            task::thread("client", move || {
                // A client that goes away ends its own connection, nothing else.
                let _ = serve(&served, stream);
                open.fetch_sub(1, Ordering::Relaxed);
            });
        }
    });
}

fn serve(served: &Served, stream: UnixStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    loop {
        let mut line = String::new();
        if (&mut lines).take(LINE_BYTES_MAX).read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split_ascii_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("sockets"), Some(count), None) => sockets(served, &stream, count)?,
            (Some("state"), None, None) => write_state(&mut stream, &served.published.current())?,
            (Some("watch"), None, None) => return watch(served, stream),
            (Some("stop"), Some(seconds), None) => {
                let Ok(seconds) = seconds.parse() else {
                    return stream.write_all(b"error: no number of seconds\n");
                };
                let _ = served.orders.send(Order::Stop { grace_seconds: Some(seconds) });
                stream.write_all(b"ok\n")?;
            }
            _ => return stream.write_all(b"error: unknown request\n"),
        }
    }
}

fn sockets(served: &Served, stream: &UnixStream, count: &str) -> std::io::Result<()> {
    let wrong = |message: String| std::io::Error::other(message);
    let count: usize = count.parse().map_err(|_| wrong(format!("`{count}` is no number")))?;
    if !(1..=SHIM_SOCKETS_MAX).contains(&count) {
        return Err(wrong("1 to 64 sockets at once".to_owned()));
    }
    let status: &[u8] = match served.published.current().phase {
        Phase::Running => b"0",
        Phase::Waiting { .. } => b"1",
        Phase::Ended | Phase::Stopping => b"2",
    };
    let made = if status == b"0" { served.namespace.sockets(count) } else { Ok(Vec::new()) };
    match made {
        Ok(made) => {
            let borrowed: Vec<_> = made.iter().map(|socket| socket.as_fd()).collect();
            descriptors::send(stream, status, &borrowed).map_err(|e| wrong(e.to_string()))
        }
        Err(_) => descriptors::send(stream, b"2", &[]).map_err(|e| wrong(e.to_string())),
    }
}

fn write_state(stream: &mut UnixStream, state: &State) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(state).map_err(std::io::Error::other)?;
    line.push(b'\n');
    stream.write_all(&line)
}

fn watch(served: &Served, mut stream: UnixStream) -> std::io::Result<()> {
    let mut seen = 0;
    loop {
        match served.published.wait(seen, LIFE_SIGN) {
            Some(state) => {
                write_state(&mut stream, &state)?;
                seen = state.change;
            }
            None => stream.write_all(b"\n")?,
        }
    }
}
