//! One request's way: choose a version, send it, send it again where that is safe, answer.
//!
//! A request is sent again only when no byte of an answer came back, and when it is
//! idempotent or nothing of it was sent, and when its body is still there as a whole:
//! - on a fresh connection to the same instance, when an idle connection had died (no event:
//!   servers may close idle connections);
//! - on another instance of the same version, when the instance refused or broke (an event:
//!   across versions it would hide the fault from whoever judges);
//! - on the stable version, when its own has no other instance (still the first one's event).

use crate::{
    answer_body::{AnswerBody, Passage},
    edge::Edge,
    forward::{self, Refused},
    instance::{Flight, Instance},
    ledger::{Booking, End, milliseconds},
    limits::ATTEMPTS_MAX,
    request_body::{RequestBody, Source},
    snapshot::{LiveRoute, LiveVersion, Pick},
    tunnel,
    upstream::{ConnectError, Connection},
};
use bowline_host::clock;
use http::{HeaderValue, Method, Request, Response, StatusCode, header, request};
use hyper::{body::Incoming, upgrade::OnUpgrade};
use std::{net::SocketAddr, pin::pin, sync::Arc};

/// A user's request on its way.
struct Passing {
    edge: Arc<Edge>,
    parts: request::Parts,
    source: Option<Arc<Source>>,
    /// The user's side of a WebSocket.
    upgrade: Option<OnUpgrade>,
    route: Arc<LiveRoute>,
    listen: SocketAddr,
    /// The version that serves it now, by hash; after a move to stable, stable.
    hash: String,
    booking: Booking,
    tried: Vec<Arc<Instance>>,
}

/// Why an attempt gave no answer.
enum Failure {
    /// No connection; nothing was sent.
    Connect(ConnectError),
    /// The connection ended first.
    Ended { stale: bool, repeatable: bool },
    /// No answer in time.
    Timeout,
    /// The user sends nothing more of the body.
    ClientStalled,
    /// The user broke the body off.
    ClientBroke,
}

/// What comes of a failure.
enum Next {
    Again { fresh: bool },
    Answer(Box<Response<AnswerBody>>, End),
}

/// Answers one request. It never fails: what goes wrong becomes a status.
pub(crate) async fn answer(
    edge: Arc<Edge>,
    request: Request<Incoming>,
    peer: SocketAddr,
    listen: SocketAddr,
) -> Response<AnswerBody> {
    let (mut parts, incoming) = request.into_parts();
    if let Err(refused) = forward::check(&parts) {
        return refuse(refused);
    }
    let snapshot = edge.snapshot();
    let Some(route) = snapshot.route(&listen) else {
        return made(StatusCode::SERVICE_UNAVAILABLE, "no route listens here any more");
    };
    let now = clock::monotonic();
    let Some(chosen) = route.choose(milliseconds(now), edge.last_word_ms()) else {
        route.book.turned_away();
        return made(StatusCode::SERVICE_UNAVAILABLE, "the route has no version");
    };
    let version = match route.stable() {
        Some(stable) if chosen.hash != stable.hash && !chosen.has_any() => {
            chosen.series.unavailable(now);
            stable
        }
        _ => chosen,
    };
    let websocket = forward::wants_websocket(&parts);
    let upgrade = websocket.then(|| parts.extensions.remove::<OnUpgrade>()).flatten();
    forward::request(&mut parts, peer, listen, websocket);
    let passing = Passing {
        source: Source::new(incoming, edge.limits.retry_body_bytes_max),
        parts,
        upgrade,
        hash: version.hash.clone(),
        booking: version.series.book(now),
        route: Arc::clone(route),
        edge,
        listen,
        tried: Vec::new(),
    };
    passing.pass().await
}

impl Passing {
    async fn pass(mut self) -> Response<AnswerBody> {
        let mut fresh = false;
        // The instance whose idle connection had died, to be tried again at once.
        let mut same: Option<Arc<Instance>> = None;
        for _attempt in 0..ATTEMPTS_MAX {
            let again = same.take().and_then(|instance| instance.begin());
            let Some(flight) = again.or_else(|| self.pick()) else {
                return self.nothing_left();
            };
            let instance = Arc::clone(flight.instance());
            match self.attempt(&flight, fresh).await {
                Ok((connection, response)) => return self.respond(flight, connection, response),
                Err(failure) => match self.after(failure, &instance) {
                    Next::Again { fresh: true } => {
                        fresh = true;
                        same = Some(instance);
                    }
                    Next::Again { fresh: false } => self.tried.push(instance),
                    Next::Answer(response, end) => {
                        self.booking.end(end, clock::monotonic());
                        return *response;
                    }
                },
            }
        }
        self.nothing_left()
    }

    /// An instance for the next attempt: of the version, else of the stable one.
    fn pick(&mut self) -> Option<Flight> {
        loop {
            let stable = self.route.stable()?;
            let is_stable = self.hash == stable.hash;
            let version: &LiveVersion = self.route.version(&self.hash).unwrap_or(stable);
            match version.pick(&self.tried, is_stable) {
                Pick::Instance(flight) => return Some(flight),
                Pick::Left => {
                    // A newer table has just come into force; no instance had the request yet.
                    let route = self.edge.snapshot().route(&self.listen).cloned()?;
                    if Arc::ptr_eq(&route, &self.route) {
                        return None;
                    }
                    self.route = route;
                }
                Pick::Nothing if is_stable => return None,
                Pick::Nothing => {
                    self.booking.moved();
                    self.hash.clone_from(&stable.hash);
                }
            }
        }
    }

    /// Sends the request once.
    async fn attempt(
        &self,
        flight: &Flight,
        fresh: bool,
    ) -> Result<(Connection, Response<Incoming>), Failure> {
        let instance = flight.instance();
        let idle = if fresh || self.upgrade.is_some() {
            None
        } else {
            instance.idle_connection(is_idempotent(&self.parts.method)).await
        };
        let mut connection = match idle {
            Some(connection) => connection,
            None => instance.connect().await.map_err(Failure::Connect)?,
        };
        let before = connection.metered();
        let body = RequestBody::of(self.source.as_ref());
        let request = Request::from_parts(self.parts.clone(), body);
        match self.head_in_time(connection.send(request)).await? {
            Ok(response) => Ok((connection, response)),
            Err(error) => {
                let after = connection.metered();
                if self.source.as_ref().is_some_and(|source| source.is_broken()) {
                    return Err(Failure::ClientBroke);
                }
                let nothing_sent = after.written == before.written;
                let no_answer = after.read == before.read && !error.is_parse();
                let whole = self.source.as_ref().is_none_or(|source| source.can_repeat());
                let safe = nothing_sent || is_idempotent(&self.parts.method);
                Err(Failure::Ended {
                    stale: connection.reused && no_answer,
                    repeatable: no_answer && safe && whole && self.upgrade.is_none(),
                })
            }
        }
    }

    /// Waits for the head of the answer. The time counts from the last piece of the body.
    async fn head_in_time(
        &self,
        head: impl Future<Output = hyper::Result<Response<Incoming>>>,
    ) -> Result<hyper::Result<Response<Incoming>>, Failure> {
        let mut head = pin!(head);
        let limits = &self.edge.limits;
        let Some(source) = &self.source else {
            let head = tokio::time::timeout(limits.response_max, head);
            return head.await.map_err(|_elapsed| Failure::Timeout);
        };
        // Who is waited for may change during a pause, so no pause is longer than the shorter
        // limit.
        let shorter = limits.response_max.min(limits.body_stall_max);
        let mut frames = 0;
        let mut quiet_from = clock::monotonic();
        loop {
            let (progress, now) = (source.progress(), clock::monotonic());
            if progress.frames > frames {
                (frames, quiet_from) = (progress.frames, now);
            }
            let limit = if progress.waiting { limits.body_stall_max } else { limits.response_max };
            let left = limit.saturating_sub(now.saturating_sub(quiet_from));
            if left.is_zero() && progress.waiting {
                return Err(Failure::ClientStalled);
            }
            if left.is_zero() {
                return Err(Failure::Timeout);
            }
            if let Ok(result) = tokio::time::timeout(left.min(shorter), head.as_mut()).await {
                return Ok(result);
            }
        }
    }

    fn after(&mut self, failure: Failure, instance: &Arc<Instance>) -> Next {
        let end = |status, reason, end| Next::Answer(Box::new(made(status, reason)), end);
        match failure {
            Failure::Connect(error) => {
                match error {
                    ConnectError::Timeout(_) => self.booking.timeout(),
                    ConnectError::Refused(_)
                    | ConnectError::Lease(_)
                    | ConnectError::Handshake(_) => self.booking.reset(),
                }
                instance.mark_down();
                Next::Again { fresh: false }
            }
            Failure::Ended { stale: true, repeatable: true } => Next::Again { fresh: true },
            Failure::Ended { repeatable: true, .. } => {
                self.booking.reset();
                Next::Again { fresh: false }
            }
            Failure::Ended { .. } if instance.is_cut() => {
                let reason = "the instance has left";
                end(StatusCode::SERVICE_UNAVAILABLE, reason, End::Left)
            }
            Failure::Ended { .. } => {
                self.booking.reset();
                let reason = "the instance closed the connection before its answer";
                end(StatusCode::BAD_GATEWAY, reason, End::Failed)
            }
            Failure::Timeout => {
                self.booking.timeout();
                let reason = "the instance did not answer in time";
                end(StatusCode::GATEWAY_TIMEOUT, reason, End::Failed)
            }
            Failure::ClientStalled => {
                let reason = "the request's body did not arrive in time";
                end(StatusCode::REQUEST_TIMEOUT, reason, End::Left)
            }
            Failure::ClientBroke => {
                end(StatusCode::BAD_REQUEST, "the request's body broke off", End::Left)
            }
        }
    }

    fn nothing_left(self) -> Response<AnswerBody> {
        self.booking.end(End::Failed, clock::monotonic());
        let (status, reason) = if self.tried.is_empty() {
            (StatusCode::SERVICE_UNAVAILABLE, "no instance is ready")
        } else {
            (StatusCode::BAD_GATEWAY, "no instance took the request")
        };
        made(status, reason)
    }

    fn respond(
        self,
        flight: Flight,
        connection: Connection,
        mut response: Response<Incoming>,
    ) -> Response<AnswerBody> {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let Some(user) = self.upgrade else {
                self.booking.end(End::Failed, clock::monotonic());
                let reason = "the instance changed the protocol without being asked";
                return made(StatusCode::BAD_GATEWAY, reason);
            };
            let instance = hyper::upgrade::on(&mut response);
            self.booking.end(End::Answered, clock::monotonic());
            tunnel::start(user, instance, flight, connection);
            let (mut parts, _no_body) = response.into_parts();
            forward::response(&mut parts);
            return Response::from_parts(parts, AnswerBody::empty());
        }
        let (mut parts, incoming) = response.into_parts();
        forward::response(&mut parts);
        let failed = parts.status.is_server_error();
        let Self { booking, source, .. } = self;
        let passage = Passage { booking, flight, connection, source, failed };
        Response::from_parts(parts, AnswerBody::passed(incoming, passage))
    }
}

/// RFC 9110, 9.2.2.
fn is_idempotent(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE, Method::PUT, Method::DELETE]
        .contains(method)
}

fn refuse(refused: Refused) -> Response<AnswerBody> {
    let mut response = made(refused.status, refused.reason);
    // What follows on this connection is not to be trusted.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// An answer of the edge itself; `Server` says who speaks.
fn made(status: StatusCode, reason: &str) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::made(format!("{status}: {reason}\n")));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::SERVER, HeaderValue::from_static("bowline-edge"));
    response
}
