//! The control socket: HTTP/1.1 and JSON on a Unix socket that only its owner can open.
//!
//! What is not known (a path, a query, a field, a method) is refused with a sentence.

use crate::{
    Error, answer::Refusal, codes, edge::Edge, limits::SOCKET_PATH_BYTES_MAX, log, table::Table,
};
use bowline_host::{files, task};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use std::{convert::Infallible, io, path::Path, sync::Arc, time::Duration};
use tokio::net::{UnixListener, UnixStream};

/// Pause after a failed accept, so that it does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
/// Readable and writable by the owner.
const MODE: u32 = 0o600;

/// Opens the control socket, unless an edge answers on it already.
pub(crate) async fn bind(socket: &Path) -> Result<UnixListener, Error> {
    let failed = |reason: String| Error::Control { socket: socket.to_owned(), reason };
    let length = socket.as_os_str().len();
    if length > SOCKET_PATH_BYTES_MAX {
        return Err(failed(format!("its path has {length} bytes > {SOCKET_PATH_BYTES_MAX}")));
    }
    if UnixStream::connect(socket).await.is_ok() {
        return Err(failed("another edge answers on it".to_owned()));
    }
    match files::remove_file(socket) {
        Ok(()) => {}
        Err(error) if error.is_not_found() => {}
        Err(error) => return Err(failed(error.to_string())),
    }
    let listener = UnixListener::bind(socket).map_err(|error| failed(error.to_string()))?;
    files::set_mode(socket, MODE).map_err(|error| failed(error.to_string()))?;
    Ok(listener)
}

/// Answers control requests for ever.
pub(crate) async fn serve(edge: Arc<Edge>, listener: UnixListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _peer)) => {
                drop(task::spawn("control-connection", connection(Arc::clone(&edge), stream)));
            }
            Err(error) => {
                log::line("edge", &format!("a control connection was not accepted: {error}"));
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(edge: Arc<Edge>, stream: UnixStream) {
    let service = service_fn(move |request| {
        let edge = Arc::clone(&edge);
        async move { Ok::<_, Infallible>(respond(&edge, request).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new());
    // A control client that went away has nobody to be told.
    let _ended = builder.serve_connection(TokioIo::new(stream), service).await;
}

/// What an endpoint says: a body, or a status and a refusal.
type Said = Result<Response<Full<Bytes>>, (StatusCode, Refusal)>;

async fn respond(edge: &Arc<Edge>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let said = route(edge, request).await;
    said.unwrap_or_else(|(status, refusal)| json(status, &refusal))
}

async fn route(edge: &Arc<Edge>, request: Request<Incoming>) -> Said {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let query = uri.query();
    match (uri.path(), &method) {
        ("/table", &Method::PUT) => {
            parameters(query, &[])?;
            let table = read_table(edge, request).await?;
            let edge = Arc::clone(edge);
            // In a task of its own: a client that hangs up must not stop a table half-way.
            let put = task::spawn("put-table", async move { edge.put(table).await });
            let put =
                put.await.map_err(|error| refuse(StatusCode::INTERNAL_SERVER_ERROR, error))?;
            Ok(json(StatusCode::OK, &put.map_err(refusal)?))
        }
        ("/table", &Method::GET) => {
            parameters(query, &[])?;
            Ok(json(StatusCode::OK, &edge.table_state().await))
        }
        ("/alive", &Method::POST) => {
            parameters(query, &[])?;
            edge.word();
            Ok(json(StatusCode::OK, &edge.health()))
        }
        ("/healthz", &Method::GET) => {
            parameters(query, &[])?;
            Ok(json(StatusCode::OK, &edge.health()))
        }
        ("/counters", &Method::GET) => {
            let [from] = parameters(query, &["from"])?[..] else {
                return Err(bad("`from=<second>` is missing".to_owned()));
            };
            let from = from.parse().map_err(|_| bad(format!("`from={from}` is no second")))?;
            let now = bowline_host::clock::monotonic();
            Ok(json(StatusCode::OK, &edge.ledger.counters(from, now)))
        }
        ("/inflight", &Method::GET) => {
            let [instance] = parameters(query, &["instance"])?[..] else {
                return Err(bad("`instance=<id>` is missing".to_owned()));
            };
            Ok(json(StatusCode::OK, &edge.in_flight(&percent_decode(instance)?)))
        }
        ("/table" | "/alive" | "/healthz" | "/counters" | "/inflight", method) => {
            let text = format!("`{}` does not take {method}", uri.path());
            Err(refuse(StatusCode::METHOD_NOT_ALLOWED, text))
        }
        (path, _) => Err(refuse(StatusCode::NOT_FOUND, format!("the edge has no `{path}`"))),
    }
}

async fn read_table(
    edge: &Edge,
    request: Request<Incoming>,
) -> Result<Table, (StatusCode, Refusal)> {
    let limit = edge.limits.control_body_bytes_max;
    let body = Limited::new(request.into_body(), limit).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            let text = format!("the table has more than {limit} bytes");
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, text);
        }
        bad(format!("the table did not arrive: {error}"))
    })?;
    serde_json::from_slice(&body.to_bytes()).map_err(|error| bad(format!("the table: {error}")))
}

/// The values of `known` parameters in their order, or nothing; any other one is refused.
fn parameters<'a>(
    query: Option<&'a str>,
    known: &[&str],
) -> Result<Vec<&'a str>, (StatusCode, Refusal)> {
    let mut values = vec![None; known.len()];
    for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let place = known.iter().position(|known| *known == name);
        let place = place.ok_or_else(|| bad(format!("the parameter `{name}` is not known")))?;
        if values[place].replace(value).is_some() {
            return Err(bad(format!("the parameter `{name}` stands there twice")));
        }
    }
    Ok(values.into_iter().flatten().collect())
}

fn percent_decode(text: &str) -> Result<String, (StatusCode, Refusal)> {
    let wrong = || bad(format!("`{text}` is not percent-encoded UTF-8"));
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16));
            let (high, low) = digit().zip(digit()).ok_or_else(wrong)?;
            bytes.push(u8::try_from(high * 16 + low).map_err(|_| wrong())?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

fn refusal(error: Error) -> (StatusCode, Refusal) {
    let status = match &error {
        Error::Table(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::OlderGeneration { .. }
        | Error::PortTaken { .. }
        | Error::PortKept { .. }
        | Error::Listen { .. } => StatusCode::CONFLICT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let (offered, current) = match &error {
        Error::OlderGeneration { offered, current } => (Some(*offered), Some(*current)),
        _ => (None, None),
    };
    let (code, message) = (error.code().to_owned(), error.to_string());
    (status, Refusal { code, message, offered, current })
}

fn bad(text: String) -> (StatusCode, Refusal) {
    refuse(StatusCode::BAD_REQUEST, text)
}

fn refuse(status: StatusCode, text: impl ToString) -> (StatusCode, Refusal) {
    let code = codes::REQUEST_REFUSED.to_owned();
    (status, Refusal { code, message: text.to_string(), offered: None, current: None })
}

fn json(status: StatusCode, body: &impl Serialize) -> Response<Full<Bytes>> {
    let bytes = serde_json::to_vec(body).map_err(io::Error::other);
    let (status, bytes) = match bytes {
        Ok(bytes) => (status, bytes),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string().into_bytes()),
    };
    let mut response = Response::new(Full::new(Bytes::from(bytes)));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
