//! Backends: HTTP servers on loopback that answer with their own name and misbehave on demand.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::{
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
    task::JoinSet,
};

/// A server that answers every request with its name.
pub struct Backend {
    pub address: SocketAddr,
    pub state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
pub struct State {
    name: String,
    /// Requests so far.
    pub requests: AtomicUsize,
    /// Connections so far.
    pub connections: AtomicUsize,
    /// Requests to `/slow` that arrived.
    pub slow: AtomicUsize,
    /// A permit lets one request to `/slow` go on.
    pub gate: Option<Semaphore>,
}

type Body = BoxBody<Bytes, Infallible>;

impl Backend {
    pub async fn start(name: &str) -> Self {
        Self::start_at(name, "127.0.0.1:0".parse().expect("an address")).await
    }

    pub async fn start_at(name: &str, address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("a loopback address");
        let address = listener.local_addr().expect("an address");
        let gate = Some(Semaphore::new(0));
        let state = Arc::new(State { name: name.to_owned(), gate, ..State::default() });
        let task = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self { address, state, task }
    }

    pub fn requests(&self) -> usize {
        self.state.requests.load(SeqCst)
    }

    pub fn slow(&self) -> usize {
        self.state.slow.load(SeqCst)
    }

    /// Lets `count` requests to `/slow` go on.
    pub fn open_gate(&self, count: usize) {
        self.state.gate.as_ref().expect("a gate").add_permits(count);
    }

    /// As a killed process: the listener and all connections are gone.
    pub async fn kill(self) -> SocketAddr {
        self.task.abort();
        let _aborted = self.task.await;
        self.address
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        state.connections.fetch_add(1, SeqCst);
        let state = Arc::clone(&state);
        connections.spawn(async move {
            let service = service_fn(move |request| respond(Arc::clone(&state), request));
            let stream = TokioIo::new(stream);
            let connection = http1::Builder::new().serve_connection(stream, service);
            let _ended = connection.with_upgrades().await;
        });
    }
}

fn full(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).boxed()
}

async fn respond(
    state: Arc<State>,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    state.requests.fetch_add(1, SeqCst);
    let path = request.uri().path().to_owned();
    let response = match path.as_str() {
        "/slow" => {
            state.slow.fetch_add(1, SeqCst);
            let permit = state.gate.as_ref().expect("a gate").acquire().await;
            permit.expect("the gate is never closed").forget();
            Response::new(full(state.name.clone()))
        }
        "/echo" => {
            let body = request.into_body().collect().await.expect("a body").to_bytes();
            Response::new(full(body))
        }
        "/headers" => {
            let lines = request.headers().iter().map(|(name, value)| {
                format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()))
            });
            Response::new(full(lines.collect::<String>()))
        }
        "/websocket" => {
            tokio::spawn(async move {
                let upgraded = hyper::upgrade::on(&mut request).await.expect("an upgrade");
                let (mut read, mut write) = tokio::io::split(TokioIo::new(upgraded));
                let _ended = tokio::io::copy(&mut read, &mut write).await;
            });
            let switching = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
            let switching = switching.header("connection", "upgrade");
            switching.header("upgrade", "websocket").body(full("")).expect("a response")
        }
        "/stream" => {
            // The first piece at once, the second behind the gate.
            let (sender, receiver) = mpsc::channel(1);
            tokio::spawn(async move {
                let _ = sender.send(Bytes::from("first ")).await;
                state.slow.fetch_add(1, SeqCst);
                let permit = state.gate.as_ref().expect("a gate").acquire().await;
                permit.expect("the gate is never closed").forget();
                let _ = sender.send(Bytes::from("second")).await;
            });
            Response::new(BoxBody::new(Pieces(receiver)))
        }
        path => {
            let status = path.strip_prefix("/status/").and_then(|code| code.parse().ok());
            let mut response = Response::new(full(state.name.clone()));
            *response.status_mut() = status.unwrap_or(StatusCode::OK);
            response
        }
    };
    Ok(response)
}

struct Pieces(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}

/// What a raw backend does with a connection, request by request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Answer 200 and keep the connection.
    Answer,
    /// Close without a byte of an answer.
    Close,
    /// Half a head, then close.
    Half,
    /// A head that promises 10 bytes, 4 of them, then close.
    Truncate,
    /// Never answer.
    Hang,
}

/// A server that reads whole requests (head and `Content-Length`) and acts by script: the
/// first list for the first connection, and so on; the last list repeats.
pub async fn raw(script: Vec<Vec<Act>>) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback address");
    let address = listener.local_addr().expect("an address");
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    tokio::spawn(async move {
        let mut connection = 0;
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let acts = script[connection.min(script.len() - 1)].clone();
            connection += 1;
            tokio::spawn(perform(stream, acts, Arc::clone(&counted)));
        }
    });
    (address, requests)
}

async fn perform(mut stream: TcpStream, acts: Vec<Act>, requests: Arc<AtomicUsize>) {
    for act in acts {
        if !read_request(&mut stream).await {
            return;
        }
        requests.fetch_add(1, SeqCst);
        let bytes: &[u8] = match act {
            Act::Answer => b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nraw",
            Act::Close => b"",
            Act::Half => b"HTTP/1.1 200 OK\r\ncontent-",
            Act::Truncate => b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
            Act::Hang => std::future::pending().await,
        };
        stream.write_all(bytes).await.expect("the edge reads");
    }
}

async fn read_request(stream: &mut TcpStream) -> bool {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        if let Some(end) = text.find("\r\n\r\n") {
            let length = text.split("content-length: ").nth(1);
            let length = length.and_then(|rest| rest.split("\r\n").next()?.parse().ok());
            if bytes.len() >= end + 4 + length.unwrap_or(0_usize) {
                return true;
            }
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return false,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}
