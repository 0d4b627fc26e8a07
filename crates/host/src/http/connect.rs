//! Connections: name to address, policy, TCP, proxy, TLS.
#![expect(clippy::disallowed_methods, reason = "outbound connections, behind the policy")]

use super::{Error, Origin, Policy, Proxy, proxy::Via, shown};
use crate::{limits::CONNECT_MS_MAX, task};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
};

/// The longest head of a proxy's answer to CONNECT.
const TUNNEL_HEAD_BYTES_MAX: usize = 16 << 10;

/// Turns a name into addresses. Tests put their own in.
pub trait Resolver: Send + Sync {
    /// The addresses of `host`; may block.
    ///
    /// # Errors
    /// What the system says when the name is unknown.
    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver.
#[derive(Clone, Copy, Debug)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok((host, 0).to_socket_addrs()?.map(|address| address.ip()).collect())
    }
}

/// Anything that carries bytes both ways.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

pub(crate) type Connected = TokioIo<Box<dyn Stream>>;

/// How connections are made.
pub(crate) struct Connector {
    pub policy: Policy,
    pub proxy: Proxy,
    pub resolver: Arc<dyn Resolver>,
    pub extra_roots: Vec<rustls::pki_types::CertificateDer<'static>>,
    tls: OnceLock<Arc<ClientConfig>>,
}

impl Connector {
    pub(crate) fn new(policy: Policy, proxy: Proxy) -> Self {
        let resolver = Arc::new(SystemResolver);
        Self { policy, proxy, resolver, extra_roots: Vec::new(), tls: OnceLock::new() }
    }

    /// A connection on which `origin` can be asked, and the proxy for a request that must name
    /// its whole address.
    pub(crate) async fn connect(&self, origin: &Origin) -> Result<(Connected, Option<Via>), Error> {
        let limit = Duration::from_millis(CONNECT_MS_MAX);
        tokio::time::timeout(limit, self.connect_unlimited(origin)).await.unwrap_or_else(|_| {
            let url = origin.authority();
            Err(Error::TimedOut { url, what: "a connection", milliseconds: CONNECT_MS_MAX })
        })
    }

    async fn connect_unlimited(&self, origin: &Origin) -> Result<(Connected, Option<Via>), Error> {
        let Some(via) = self.proxy.via(origin)? else {
            let stream = self.tcp(origin, Some(&self.policy)).await?;
            return Ok((self.secured(origin, stream).await?, None));
        };
        // The proxy finds the address itself; what the name says can be judged here.
        self.policy.check_name(&origin.host, origin.port).map_err(|refusal| Error::Refused {
            host: origin.host.clone(),
            address: origin.host.clone(),
            refusal,
        })?;
        // The operator configured the proxy, so its own address is not asked about.
        let stream = self.tcp(&via.origin, None).await?;
        if !origin.secure {
            return Ok((TokioIo::new(Box::new(stream)), Some(via)));
        }
        let stream = tunnel(stream, origin, &via).await?;
        Ok((self.secured(origin, stream).await?, None))
    }

    async fn tcp(&self, origin: &Origin, policy: Option<&Policy>) -> Result<TcpStream, Error> {
        let mut failure = None;
        for address in self.addresses(origin).await? {
            if let Some(Err(refusal)) = policy.map(|policy| policy.check(address)) {
                let (host, address) = (origin.host.clone(), address.ip().to_string());
                failure.get_or_insert(Error::Refused { host, address, refusal });
                continue;
            }
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    // A small request should not wait for more; without it it is only slower.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(source) => {
                    let host = origin.host.clone();
                    failure = Some(Error::Connect { host, address, source });
                }
            }
        }
        Err(failure.unwrap_or_else(|| Error::Resolve {
            host: origin.host.clone(),
            source: io::Error::new(io::ErrorKind::NotFound, "the name has no address"),
        }))
    }

    async fn addresses(&self, origin: &Origin) -> Result<Vec<SocketAddr>, Error> {
        let with_port = |ip: IpAddr| SocketAddr::new(ip, origin.port);
        if let Ok(ip) = origin.host.parse::<IpAddr>() {
            return Ok(vec![with_port(ip)]);
        }
        let (resolver, host) = (Arc::clone(&self.resolver), origin.host.clone());
        let found = task::blocking("host.resolve", move || resolver.resolve(&host)).await;
        let failed = |source| Error::Resolve { host: origin.host.clone(), source };
        let found = found.map_err(|error| failed(io::Error::other(error)))?.map_err(failed)?;
        Ok(found.into_iter().map(with_port).collect())
    }

    async fn secured(&self, origin: &Origin, stream: TcpStream) -> Result<Connected, Error> {
        if !origin.secure {
            return Ok(TokioIo::new(Box::new(stream)));
        }
        let failed = |reason: String| Error::Tls { host: origin.host.clone(), reason };
        let name = ServerName::try_from(origin.host.clone())
            .map_err(|_| failed("the name is not a legal one".to_owned()))?;
        let connector = tokio_rustls::TlsConnector::from(self.tls(origin)?);
        let stream = connector.connect(name, stream).await;
        let stream = stream.map_err(|error| failed(error.to_string()))?;
        Ok(TokioIo::new(Box::new(stream)))
    }

    /// Reading the machine's certificates takes milliseconds: done at the first use.
    fn tls(&self, origin: &Origin) -> Result<Arc<ClientConfig>, Error> {
        if let Some(config) = self.tls.get() {
            return Ok(Arc::clone(config));
        }
        let failed = |reason: String| Error::Tls { host: origin.host.clone(), reason };
        let mut roots = RootCertStore::empty();
        let native = rustls_native_certs::load_native_certs();
        let (added, _unreadable) = roots.add_parsable_certificates(native.certs);
        for certificate in &self.extra_roots {
            roots.add(certificate.clone()).map_err(|error| failed(error.to_string()))?;
        }
        if added == 0 && self.extra_roots.is_empty() {
            let reason = "this machine has no root certificates; install `ca-certificates`";
            return Err(failed(reason.to_owned()));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::clone(self.tls.get_or_init(|| Arc::new(config))))
    }
}

/// Asks a proxy for a tunnel (RFC 9110, section 9.3.6).
async fn tunnel(mut stream: TcpStream, origin: &Origin, via: &Via) -> Result<TcpStream, Error> {
    let proxy = shown(&format!("http://{}", via.origin.authority()));
    let failed = |reason: String| Error::Proxy { proxy: proxy.clone(), reason };
    let authority = origin.authority();
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nhost: {authority}\r\n");
    if let Some(authorization) = &via.authorization {
        request.push_str(&format!("proxy-authorization: {authorization}\r\n"));
    }
    request.push_str("\r\n");
    let broken = |error: io::Error| failed(error.to_string());
    stream.write_all(request.as_bytes()).await.map_err(broken)?;
    // Byte by byte: what follows the head belongs to the tunnel.
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= TUNNEL_HEAD_BYTES_MAX {
            return Err(failed("its answer does not end".to_owned()));
        }
        head.push(stream.read_u8().await.map_err(broken)?);
    }
    let line = String::from_utf8_lossy(&head);
    let line = line.lines().next().unwrap_or_default();
    let status = line.split(' ').nth(1).unwrap_or_default();
    let answers = line.starts_with("HTTP/1.") && status.len() == 3;
    if answers && status.starts_with('2') {
        return Ok(stream);
    }
    let line: String = line.chars().take(100).flat_map(char::escape_debug).collect();
    Err(failed(format!("it answered `{line}` for {authority}")))
}
