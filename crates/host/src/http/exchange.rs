//! Requests and their answers, redirects included.

use super::{
    Error, Origin, Policy, Proxy, Resolver,
    connect::Connector,
    origin::{join, parse},
    shown,
};
use crate::{
    files::AtomicFile,
    limits::{EXCHANGE_MS_MAX, GET_BODY_BYTES_MAX, HEAD_MS_MAX, REDIRECTS_MAX},
    response::{BodyError, Response, headers_of, read_body},
    task,
};
use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{body::Incoming, client::conn::http1};
use std::{io::Write as _, path::Path, sync::Arc, time::Duration};

/// The outbound client. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    connector: Arc<Connector>,
    credentials: Vec<(Origin, HeaderValue)>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("policy", &self.connector.policy).finish_non_exhaustive()
    }
}

/// An answer whose body was not read yet, with the task that drives its connection.
struct Answer {
    url: String,
    head: ::http::response::Parts,
    body: Incoming,
    _driver: task::Task<()>,
}

impl Client {
    /// A client under `policy`, through `proxy` where that says so.
    ///
    /// # Errors
    /// [`Error::Proxy`] when a proxy's address cannot be used.
    pub fn new(policy: Policy, proxy: Proxy) -> Result<Self, Error> {
        proxy.check()?;
        let connector = Arc::new(Connector::new(policy, proxy));
        Ok(Self { connector, credentials: Vec::new() })
    }

    /// Puts another resolver in.
    #[must_use]
    pub fn with_resolver(self, resolver: Arc<dyn Resolver>) -> Self {
        self.rebuilt(|connector| connector.resolver = resolver)
    }

    /// Trusts further root certificates (PEM): those of a company's own services.
    ///
    /// # Errors
    /// [`Error::Tls`] when there is none in `pem`.
    pub fn with_root_certificates(self, pem: &[u8]) -> Result<Self, Error> {
        use rustls::pki_types::{CertificateDer, pem::PemObject as _};
        let failed = |reason: String| Error::Tls { host: "any host".to_owned(), reason };
        let roots: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let roots = roots.map_err(|error| failed(error.to_string()))?;
        if roots.is_empty() {
            return Err(failed("the file holds no certificate".to_owned()));
        }
        Ok(self.rebuilt(|connector| connector.extra_roots.extend(roots)))
    }

    /// Sends `authorization` as the header of that name to the origin of `url`, and to no
    /// other: not to where that origin redirects, not to another port.
    ///
    /// # Errors
    /// [`Error::Url`], [`Error::Header`].
    pub fn with_credential(mut self, url: &str, authorization: &str) -> Result<Self, Error> {
        let mut value = HeaderValue::from_str(authorization)
            .map_err(|_| Error::Header("authorization".to_owned()))?;
        value.set_sensitive(true);
        self.credentials.push((Origin::of(url)?, value));
        Ok(self)
    }

    fn rebuilt(self, change: impl FnOnce(&mut Connector)) -> Self {
        let old = &self.connector;
        let mut connector = Connector::new(old.policy.clone(), old.proxy.clone());
        connector.resolver = Arc::clone(&old.resolver);
        connector.extra_roots.clone_from(&old.extra_roots);
        change(&mut connector);
        Self { connector: Arc::new(connector), credentials: self.credentials }
    }

    /// Asks `url`; `headers` are sent to its own origin only (`accept` also to where it
    /// redirects). Every status but a redirect is an answer. The body may have
    /// [`GET_BODY_BYTES_MAX`] bytes.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get(&self, url: &str, headers: &[(&str, &str)]) -> Result<Response, Error> {
        self.within(url, async {
            let answer = self.follow(url, headers).await?;
            let mut body = Vec::new();
            let piece = |piece: &[u8]| body.extend_from_slice(piece);
            read(answer.body, GET_BODY_BYTES_MAX, &answer.url, piece).await?;
            let headers = headers_of(&answer.head.headers);
            Ok(Response { status: answer.head.status.as_u16(), headers, body })
        })
        .await
    }

    /// Sends `body` by `method` (POST, PUT, PATCH, DELETE, …). Redirects are answers here: what
    /// is not idempotent is never sent twice.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Response, Error> {
        let method =
            Method::from_bytes(method.as_bytes()).map_err(|_| Error::Header(method.to_owned()))?;
        self.within(url, async {
            let (uri, origin) = parse(url)?;
            let headers = self.headers(headers, &origin, true)?;
            let body = Bytes::copy_from_slice(body);
            let answer = self.ask(method, &uri, &origin, headers, body).await?;
            let mut body = Vec::new();
            let piece = |piece: &[u8]| body.extend_from_slice(piece);
            read(answer.body, GET_BODY_BYTES_MAX, &answer.url, piece).await?;
            let headers = headers_of(&answer.head.headers);
            Ok(Response { status: answer.head.status.as_u16(), headers, body })
        })
        .await
    }

    /// Downloads `url` into the file `to`, which appears whole and durable or not at all.
    /// Returns its size in bytes.
    ///
    /// # Errors
    /// [`Error::Status`] for everything but 200, [`Error::TooLarge`], and the others.
    pub async fn download(&self, url: &str, to: &Path, bytes_max: u64) -> Result<u64, Error> {
        self.within(url, async {
            let answer = self.follow(url, &[]).await?;
            if answer.head.status != StatusCode::OK {
                let status = answer.head.status.as_u16();
                return Err(Error::Status { url: shown(&answer.url), status });
            }
            let folder = to.parent().filter(|parent| !parent.as_os_str().is_empty());
            let mut file = AtomicFile::create(folder.unwrap_or(Path::new(".")), 0o644)?;
            let (mut bytes, mut written) = (0, Ok(()));
            let piece = |piece: &[u8]| {
                bytes += piece.len() as u64;
                if written.is_ok() {
                    written = file.write_all(piece);
                }
            };
            read(answer.body, bytes_max, &answer.url, piece).await?;
            written.map_err(|source| crate::files::Error {
                path: to.to_owned(),
                action: "write",
                source,
            })?;
            file.commit(to)?;
            Ok(bytes)
        })
        .await
    }

    async fn within<T>(
        &self,
        url: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let limit = Duration::from_millis(EXCHANGE_MS_MAX);
        tokio::time::timeout(limit, work).await.unwrap_or_else(|_elapsed| {
            let what = "the whole exchange";
            Err(Error::TimedOut { url: shown(url), what, milliseconds: EXCHANGE_MS_MAX })
        })
    }

    /// GET, following redirects. The policy is asked anew for each of them.
    async fn follow(&self, url: &str, headers: &[(&str, &str)]) -> Result<Answer, Error> {
        let first = Origin::of(url)?;
        let mut current = url.to_owned();
        for _ in 0..=REDIRECTS_MAX {
            let (uri, origin) = parse(&current)?;
            if first.secure && !origin.secure {
                let reason = "a secure address redirects to an insecure one";
                return Err(Error::Url { url: shown(&current), reason });
            }
            let headers = self.headers(headers, &origin, origin == first)?;
            let answer = self.ask(Method::GET, &uri, &origin, headers, Bytes::new()).await?;
            let location = match answer.head.status.as_u16() {
                301 | 302 | 303 | 307 | 308 => answer.head.headers.get(header::LOCATION),
                _ => None,
            };
            let Some(location) = location else { return Ok(answer) };
            let location = location.to_str().map_err(|_| Error::Url {
                url: shown(&current),
                reason: "it redirects to something that is no address",
            })?;
            current = join(&uri, location);
        }
        Err(Error::Redirects { url: shown(url), redirects_max: REDIRECTS_MAX })
    }

    /// The headers for one origin: the caller's where it is the one that the caller named,
    /// credentials where they belong to it.
    fn headers(
        &self,
        given: &[(&str, &str)],
        origin: &Origin,
        same_origin: bool,
    ) -> Result<HeaderMap, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_static("bowline"));
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        for (name, value) in given {
            let illegal = || Error::Header((*name).to_owned());
            let header_name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| illegal())?;
            if same_origin || header_name == header::ACCEPT {
                let value = HeaderValue::from_str(value).map_err(|_| illegal())?;
                headers.insert(header_name, value);
            }
        }
        for (bound_to, value) in &self.credentials {
            if bound_to == origin {
                headers.insert(header::AUTHORIZATION, value.clone());
            }
        }
        Ok(headers)
    }

    /// One request, one connection, one answer.
    async fn ask(
        &self,
        method: Method,
        uri: &Uri,
        origin: &Origin,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, Error> {
        let url = uri.to_string();
        let (stream, via) = self.connector.connect(origin).await?;
        let broken = |source| Error::Broken { url: shown(&url), source };
        let (mut sender, connection) = http1::handshake(stream).await.map_err(broken)?;
        let driver = task::spawn("host.http", async move {
            // The request in flight reports the same error to its caller.
            let _ = connection.await;
        })
        .abort_on_drop();
        // Through a proxy the whole address is named, else path and query.
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let target = if via.is_some() { url.as_str() } else { path };
        let mut request = ::http::Request::builder().method(method).uri(target);
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        request = request.header(header::HOST, authority);
        if let Some(authorization) = via.and_then(|via| via.authorization) {
            request = request.header(header::PROXY_AUTHORIZATION, authorization);
        }
        let mut request = request
            .body(Full::new(body))
            .map_err(|_| Error::Url { url: shown(&url), reason: "it is not a legal address" })?;
        request.headers_mut().extend(headers);
        let limit = Duration::from_millis(HEAD_MS_MAX);
        let answer = tokio::time::timeout(limit, sender.send_request(request)).await;
        let answer = answer.map_err(|_elapsed| {
            let what = "the head of an answer";
            Error::TimedOut { url: shown(&url), what, milliseconds: HEAD_MS_MAX }
        })?;
        let (head, body) = answer.map_err(broken)?.into_parts();
        Ok(Answer { url, head, body, _driver: driver })
    }
}

async fn read(
    body: Incoming,
    bytes_max: u64,
    url: &str,
    piece: impl FnMut(&[u8]),
) -> Result<(), Error> {
    read_body(body, bytes_max, piece).await.map_err(|error| match error {
        BodyError::TooLarge => Error::TooLarge { url: shown(url), bytes_max },
        BodyError::Broken(source) => Error::Broken { url: shown(url), source },
    })
}
