//! A small server that answers from a script and keeps what it was asked.

use bowline_host::task;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, UnixListener},
};

/// Given the head of a request and its body, gives the bytes of the answer.
pub type Script = Arc<dyn Fn(&str, &[u8]) -> Vec<u8> + Send + Sync>;

/// A running server; ends with the test's runtime.
pub struct Server {
    pub address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub async fn start(script: impl Fn(&str, &[u8]) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (script, seen) = (Arc::new(script) as Script, Arc::clone(&heads));
        task::spawn("test.server", async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, seen) = (Arc::clone(&script), Arc::clone(&seen));
                task::spawn("test.connection", serve(stream, script, seen));
            }
        });
        Self { address, heads }
    }

    /// The heads of all requests so far, in lower case.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

pub fn start_unix(path: &std::path::Path, script: Script) {
    let listener = UnixListener::bind(path).unwrap();
    task::spawn("test.server", async move {
        while let Ok((stream, _)) = listener.accept().await {
            task::spawn("test.connection", serve(stream, Arc::clone(&script), Arc::default()));
        }
    });
}

/// Answers requests on one connection until an answer says `connection: close`.
pub async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    script: Script,
    heads: Arc<Mutex<Vec<String>>>,
) {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let head = String::from_utf8(head).unwrap();
        let lower = head.to_lowercase();
        let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        heads.lock().unwrap().push(lower);
        let answer = script(&head, &body);
        // A client that has seen enough closes; that is not this server's fault.
        if stream.write_all(&answer).await.is_err() || answer.is_empty() {
            return;
        }
        if String::from_utf8_lossy(&answer).contains("connection: close") {
            return;
        }
    }
}

/// An answer with a body.
pub fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut bytes =
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

pub fn redirect(to: &str) -> Vec<u8> {
    answer("302 Found", &format!("location: {to}\r\n"), b"")
}
