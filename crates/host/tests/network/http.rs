//! The outbound client: policy, credentials, redirects, limits, proxies, TLS.

use crate::server::{Server, answer, redirect, serve};
use bowline_host::{
    http::{Client, Error, Policy, Proxy, Refusal, Resolver},
    task,
};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Names of the tests. `rebind.test` is public the first time and loopback afterwards.
#[derive(Default)]
struct Names {
    asked: AtomicUsize,
}

impl Resolver for Names {
    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let ip = |text: &str| text.parse().unwrap();
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        match host {
            "metadata.test" => Ok(vec![ip("169.254.169.254")]),
            "private.test" => Ok(vec![ip("10.0.0.1")]),
            "mixed.test" => Ok(vec![ip("169.254.169.254"), ip("127.0.0.1")]),
            "rebind.test" if asked > 0 => Ok(vec![ip("127.0.0.99")]),
            "none.test" => Ok(vec![]),
            _ if host.ends_with(".test") => Ok(vec![ip("127.0.0.1")]),
            _ => Err(io::Error::new(io::ErrorKind::NotFound, "unknown in this test")),
        }
    }
}

fn client(allowed: &[SocketAddr]) -> Client {
    let policy = allowed.iter().fold(Policy::untrusted(), |policy, to| policy.allow(*to));
    Client::new(policy, Proxy::default()).unwrap().with_resolver(Arc::new(Names::default()))
}

fn refusal(error: Error) -> Refusal {
    match error {
        Error::Refused { refusal, .. } => refusal,
        other => panic!("not refused: {other}"),
    }
}

#[tokio::test]
async fn names_and_addresses_that_lead_inwards_are_refused_at_connect_time() {
    let server = Server::start(|_, _| answer("200 OK", "", b"secret")).await;
    let port = server.address.port();
    let client = client(&[]);
    for (host, expected) in [
        ("127.0.0.1", Refusal::Loopback),
        ("[::ffff:127.0.0.1]", Refusal::Loopback),
        ("localhost.test", Refusal::Loopback),
        ("metadata.test", Refusal::LinkLocal),
        ("private.test", Refusal::Private),
        ("169.254.169.254", Refusal::LinkLocal),
    ] {
        let result = client.get(&format!("http://{host}:{port}/"), &[]).await;
        assert_eq!(refusal(result.unwrap_err()), expected, "{host}");
    }
    assert_eq!(server.heads().len(), 0, "no packet was sent");
    // Notations that some programs read as 127.0.0.1 are names here, and unknown ones.
    for host in ["2130706433", "0x7f000001", "127.1"] {
        let error = client.get(&format!("http://{host}:{port}/"), &[]).await.unwrap_err();
        assert!(matches!(error, Error::Resolve { .. }), "{host}: {error}");
    }
}

#[tokio::test]
async fn of_several_addresses_only_the_allowed_ones_are_asked() {
    let server = Server::start(|_, _| answer("200 OK", "", b"fine")).await;
    let url = format!("http://mixed.test:{}/", server.address.port());
    let found = client(&[server.address]).get(&url, &[]).await.unwrap();
    assert_eq!(found.body, b"fine");
    let error = client(&[server.address]).get("http://none.test/", &[]).await.unwrap_err();
    assert!(matches!(error, Error::Resolve { .. }), "{error}");
}

#[tokio::test]
async fn a_redirect_is_judged_anew_and_so_is_a_name_that_changed() {
    let inner = Server::start(|_, _| answer("200 OK", "", b"secret")).await;
    let port = inner.address.port();
    for target in [format!("http://127.0.0.1:{port}/"), "http://metadata.test/latest".to_owned()] {
        let outer = Server::start(move |_, _| redirect(&target)).await;
        let url = format!("http://public.test:{}/", outer.address.port());
        let error = client(&[outer.address]).get(&url, &[]).await.unwrap_err();
        assert!(matches!(refusal(error), Refusal::Loopback | Refusal::LinkLocal));
    }
    let outer = Server::start(|_, _| redirect("/again")).await;
    let url = format!("http://rebind.test:{}/", outer.address.port());
    let error = client(&[outer.address]).get(&url, &[]).await.unwrap_err();
    assert_eq!(refusal(error), Refusal::Loopback, "the second look-up led elsewhere");
    assert_eq!((outer.heads().len(), inner.heads().len()), (1, 0));
}

#[tokio::test]
async fn redirects_are_followed_within_limits_and_never_to_other_schemes() {
    let server = Server::start(|head, _| {
        let path = head.split(' ').nth(1).unwrap_or_default();
        match path {
            "/start" => redirect("next?x=1"),
            "/next?x=1" => answer("200 OK", "", b"arrived"),
            "/file" => redirect("file:///etc/passwd"),
            _ => redirect("/loop"),
        }
    })
    .await;
    let client = client(&[server.address]);
    let base = format!("http://a.test:{}", server.address.port());
    assert_eq!(client.get(&format!("{base}/start"), &[]).await.unwrap().body, b"arrived");
    let error = client.get(&format!("{base}/loop"), &[]).await.unwrap_err();
    assert!(matches!(error, Error::Redirects { redirects_max: 5, .. }), "{error}");
    let error = client.get(&format!("{base}/file"), &[]).await.unwrap_err();
    assert!(matches!(error, Error::Url { .. }), "{error}");
    let sent = client.send("POST", &format!("{base}/loop"), &[], b"once").await.unwrap();
    assert_eq!(sent.status, 302, "what is not idempotent is not sent again");
}

#[tokio::test]
async fn a_credential_reaches_its_own_origin_only() {
    let other = Server::start(|_, _| answer("200 OK", "", b"")).await;
    let target = format!("http://other.test:{}/realm", other.address.port());
    let own = Server::start(move |_, _| redirect(&target)).await;
    let url = format!("http://own.test:{}/", own.address.port());
    let client = client(&[own.address, other.address]).with_credential(&url, "Bearer t0p").unwrap();
    let headers = [("x-token", "t0p"), ("cookie", "c=t0p"), ("accept", "text/json")];
    client.get(&url, &headers).await.unwrap();
    // The same host on another port is another origin.
    let moved = format!("http://own.test:{}/", other.address.port());
    client.get(&moved, &[]).await.unwrap();
    let own = own.heads();
    assert!(own[0].contains("authorization: bearer t0p") && own[0].contains("x-token: t0p"));
    for head in other.heads() {
        assert!(!head.contains("t0p"), "{head}");
    }
    assert!(other.heads()[0].contains("accept: text/json"));
    assert!(!format!("{client:?}").contains("t0p"));
}

#[tokio::test]
async fn a_body_stops_at_its_limit_and_leaves_no_file() {
    let endless = |head: &str, _: &[u8]| {
        if head.contains("/honest") {
            return answer("200 OK", "", &[b'x'; 2000]);
        }
        let mut bytes = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
        bytes.resize(bytes.len() + 2000, b'x');
        bytes
    };
    let server = Server::start(endless).await;
    let client = client(&[server.address]);
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("file");
    for path in ["honest", "silent"] {
        let url = format!("http://a.test:{}/{path}", server.address.port());
        let error = client.download(&url, &to, 1999).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { bytes_max: 1999, .. }), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(client.download(&url, &to, 2000).await.unwrap(), 2000);
        assert_eq!(std::fs::read(&to).unwrap(), [b'x'; 2000]);
        std::fs::remove_file(&to).unwrap();
    }
}

#[tokio::test]
async fn a_download_takes_a_whole_success_only() {
    let server = Server::start(|head, _| {
        if head.contains("/cut") {
            return b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nhalf"
                .to_vec();
        }
        answer("404 Not Found", "", b"page")
    })
    .await;
    let client = client(&[server.address]);
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("file");
    let base = format!("http://a.test:{}", server.address.port());
    let error = client.download(&format!("{base}/missing"), &to, 100).await.unwrap_err();
    assert!(matches!(error, Error::Status { status: 404, .. }), "{error}");
    let error = client.download(&format!("{base}/cut"), &to, 100).await.unwrap_err();
    assert!(matches!(error, Error::Broken { .. }), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_proxy_is_asked_with_the_whole_address_and_its_own_credentials() {
    let proxy = Server::start(|head, _| {
        if head.starts_with("CONNECT") {
            return answer("403 Forbidden", "connection: close\r\n", b"");
        }
        answer("200 OK", "", b"from the proxy")
    })
    .await;
    let address = Some(format!("http://me:pw@{}", proxy.address));
    let config = Proxy { https: address.clone(), http: address, no_proxy: None };
    let client = Client::new(Policy::untrusted(), config).unwrap();
    let found = client.get("http://example.com/x?y", &[]).await.unwrap();
    assert_eq!(found.body, b"from the proxy");
    let error = client.get("https://example.com/", &[]).await.unwrap_err();
    let message = error.to_string();
    assert!(message.contains("403") && !message.contains("pw"), "{message}");
    let error = client.get("http://169.254.169.254/", &[]).await.unwrap_err();
    assert_eq!(refusal(error), Refusal::LinkLocal, "also through a proxy");
    let heads = proxy.heads();
    assert!(heads[0].starts_with("get http://example.com/x?y http/1.1\r\n"), "{}", heads[0]);
    assert!(heads[0].contains("proxy-authorization: basic bwu6chc="), "{}", heads[0]);
    assert!(heads[1].starts_with("connect example.com:443 http/1.1\r\n"), "{}", heads[1]);
}

#[tokio::test]
async fn tls_needs_a_certificate_that_fits_and_a_redirect_never_leaves_it() {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
    let fixture = |name: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tls/");
        std::fs::read(format!("{folder}{name}")).unwrap()
    };
    let chain = CertificateDer::pem_slice_iter(&fixture("cert.pem")).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(&fixture("key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    task::spawn("test.tls", async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let script = Arc::new(|head: &str, _: &[u8]| {
                if head.contains("/down") {
                    return redirect("http://public.test/");
                }
                answer("200 OK", "", b"safe")
            });
            task::spawn("test.connection", serve(stream, script, Arc::default()));
        }
    });
    let trusting = client(&[address]).with_root_certificates(&fixture("ca.pem")).unwrap();
    let url = format!("https://secure.test:{}/", address.port());
    assert_eq!(trusting.get(&url, &[]).await.unwrap().body, b"safe");
    let error = trusting.get(&format!("{url}down"), &[]).await.unwrap_err();
    assert!(error.to_string().contains("insecure"), "{error}");
    let wrong_name = format!("https://other.test:{}/", address.port());
    let error = trusting.get(&wrong_name, &[]).await.unwrap_err();
    assert!(matches!(error, Error::Tls { .. }), "{error}");
    let error = client(&[address]).get(&url, &[]).await.unwrap_err();
    assert!(matches!(error, Error::Tls { .. }), "{error}");
}
