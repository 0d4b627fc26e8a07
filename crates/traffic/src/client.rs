//! The control client: what the conductor says to the edge.

use crate::{
    Error, Generation, Table,
    answer::{Accepted, Counters, Health, InFlight, Refusal, TableState},
    codes,
    limits::{CONTROL_ANSWER_BYTES_MAX, CONTROL_MS_MAX},
    plausible,
};
use bowline_host::{clock, task};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::net::UnixStream;

/// Speaks to an edge over its control socket. Every call opens a connection of its own, so a
/// restarted edge needs nothing from its clients.
#[derive(Clone, Debug)]
pub struct Client {
    socket: PathBuf,
    timeout: Duration,
}

/// Status and body of an answer.
struct Answered {
    status: u16,
    body: Vec<u8>,
}

impl Client {
    /// A client of the edge whose control socket this is.
    #[must_use]
    pub fn new(control_socket: &Path) -> Self {
        let timeout = Duration::from_millis(CONTROL_MS_MAX);
        Self { socket: control_socket.to_owned(), timeout }
    }

    /// The control socket.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Puts a table into force. When this returns, the next request of any user follows it.
    ///
    /// # Errors
    /// [`Error::OlderGeneration`], [`Error::PortTaken`] and other refusals change nothing.
    pub async fn put_table(&self, table: &Table) -> Result<Accepted, Error> {
        let body = serde_json::to_vec(table).map_err(|error| self.unreadable("table", &error))?;
        self.call(Method::PUT, "/table", Some(body)).await
    }

    /// Word from the conductor: keeps the dead man's switch from falling.
    ///
    /// # Errors
    /// When the edge does not answer.
    pub async fn alive(&self) -> Result<Health, Error> {
        self.call(Method::POST, "/alive", None).await
    }

    /// The counts from the second `from` on (monotonic seconds since boot).
    ///
    /// # Errors
    /// When the edge does not answer, or its counts cannot be true.
    pub async fn counters(&self, from: u64) -> Result<Counters, Error> {
        let path = format!("/counters?from={from}");
        let asked = clock::monotonic().as_secs();
        let counters = self.call(Method::GET, &path, None).await?;
        let answered = clock::monotonic().as_secs();
        match plausible::fault(&counters, from, asked, answered) {
            None => Ok(counters),
            Some(reason) => Err(Error::Answer { request: format!("GET {path}"), reason }),
        }
    }

    /// The table in force, and whether the dead man's switch fell.
    ///
    /// # Errors
    /// When the edge does not answer.
    pub async fn table(&self) -> Result<TableState, Error> {
        self.call(Method::GET, "/table", None).await
    }

    /// Requests that an instance is serving. Stop an instance when it is not in the table and
    /// this is 0.
    ///
    /// # Errors
    /// When the edge does not answer.
    pub async fn in_flight(&self, instance: &str) -> Result<InFlight, Error> {
        let path = format!("/inflight?instance={}", percent_encode(instance));
        self.call(Method::GET, &path, None).await
    }

    /// Whether the edge lives, and which table it has.
    ///
    /// # Errors
    /// When the edge does not answer.
    pub async fn healthy(&self) -> Result<Health, Error> {
        self.call(Method::GET, "/healthz", None).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<T, Error> {
        let request = format!("{method} {path}");
        let answered = self.send(method, path, body).await?;
        if answered.status == 200 {
            return serde_json::from_slice(&answered.body)
                .map_err(|error| self.unreadable(&request, &error));
        }
        let refusal: Refusal = serde_json::from_slice(&answered.body)
            .map_err(|error| self.unreadable(&request, &error))?;
        Err(refused(answered.status, refusal))
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Answered, Error> {
        let exchange = exchange(&self.socket, method, path, body.unwrap_or_default());
        let answered = tokio::time::timeout(self.timeout, exchange).await;
        let reason = match answered {
            Ok(Ok(answered)) => return Ok(answered),
            Ok(Err(reason)) => reason,
            Err(_elapsed) => format!("no answer within {} ms", self.timeout.as_millis()),
        };
        Err(Error::Unreachable { socket: self.socket.clone(), reason })
    }

    fn unreadable(&self, request: &str, error: &serde_json::Error) -> Error {
        Error::Answer { request: request.to_owned(), reason: error.to_string() }
    }
}

/// One request on a connection of its own. The error is a sentence for a person.
async fn exchange(
    socket: &Path,
    method: Method,
    path: &str,
    body: Vec<u8>,
) -> Result<Answered, String> {
    let stream = UnixStream::connect(socket).await.map_err(|error| error.to_string())?;
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| error.to_string())?;
    // Its errors reach the request.
    let _driver = task::spawn("control-client", connection).abort_on_drop();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "edge")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), CONTROL_ANSWER_BYTES_MAX).collect().await;
    let body = body.map_err(|error| error.to_string())?.to_bytes().to_vec();
    Ok(Answered { status, body })
}

/// A refusal as a typed error.
fn refused(status: u16, refusal: Refusal) -> Error {
    let Refusal { code, message, offered, current } = refusal;
    let pair: Option<(Generation, Generation)> = offered.zip(current);
    match pair {
        Some((offered, current)) if code == codes::OLDER_GENERATION => {
            Error::OlderGeneration { offered, current }
        }
        _ => Error::Refused { status, code, message },
    }
}

/// A query value: everything but letters, digits and `-._~` as `%XX` (RFC 3986, 2.1).
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
