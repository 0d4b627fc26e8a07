//! What changes in the head of a message on its way through the edge.
//!
//! Sources: RFC 9110 section 7.6 (intermediaries), RFC 9112 sections 3.2, 6.1 and 6.3 (request
//! target, framing), RFC 6455 (WebSocket).

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header, request, response,
};
use std::net::{IpAddr, SocketAddr};

/// Fields that speak of one connection only.
const HOP_BY_HOP: [HeaderName; 6] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TE,
];
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Why a request is answered by the edge itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) reason: &'static str,
}

const fn bad(reason: &'static str) -> Refused {
    Refused { status: StatusCode::BAD_REQUEST, reason }
}

/// Whether the request can be passed on without two readers seeing two different requests.
pub(crate) fn check(parts: &request::Parts) -> Result<(), Refused> {
    if parts.method == Method::CONNECT {
        let reason = "the edge is no forward proxy: CONNECT is not served";
        return Err(Refused { status: StatusCode::METHOD_NOT_ALLOWED, reason });
    }
    let headers = &parts.headers;
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next(), parts.version) {
        (Some(_), Some(_), _) => return Err(bad("more than one Host field")),
        (None, _, Version::HTTP_11) => return Err(bad("no Host field")),
        _ => {}
    }
    if headers.contains_key(header::TRANSFER_ENCODING) {
        if headers.contains_key(header::CONTENT_LENGTH) {
            return Err(bad("both Transfer-Encoding and Content-Length"));
        }
        if parts.version != Version::HTTP_11 {
            return Err(bad("Transfer-Encoding in a request older than HTTP/1.1"));
        }
    }
    Ok(())
}

/// Whether the request asks for a WebSocket. Other upgrades (`h2c`) are not passed on: the
/// server then answers as if nothing had been asked, which RFC 9110 allows.
pub(crate) fn wants_websocket(parts: &request::Parts) -> bool {
    let upgrade = parts.headers.get(header::UPGRADE);
    parts.method == Method::GET
        && upgrade.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
        && connection_names(&parts.headers).any(|name| name.eq_ignore_ascii_case("upgrade"))
}

/// Makes the head of a user's request that of the edge's own.
pub(crate) fn request(
    parts: &mut request::Parts,
    peer: SocketAddr,
    listen: SocketAddr,
    websocket: bool,
) {
    strip(&mut parts.headers);
    // The edge's own server side answers `Expect: 100-continue`.
    parts.headers.remove(header::EXPECT);
    if websocket {
        upgrade(&mut parts.headers, HeaderValue::from_static("websocket"));
    }
    origin_form(parts);
    if !parts.headers.contains_key(header::HOST)
        && let Ok(host) = HeaderValue::from_str(&listen.to_string())
    {
        parts.headers.insert(header::HOST, host);
    }
    forwarded(&mut parts.headers, peer.ip());
    parts.version = Version::HTTP_11;
    // The user's connection lives in there (its upgrade), and must not travel on.
    parts.extensions = http::Extensions::new();
}

/// Makes the head of an instance's answer that of the edge's own.
pub(crate) fn response(parts: &mut response::Parts) {
    let upgraded = (parts.status == StatusCode::SWITCHING_PROTOCOLS)
        .then(|| parts.headers.get(header::UPGRADE).cloned())
        .flatten();
    strip(&mut parts.headers);
    if let Some(protocol) = upgraded {
        upgrade(&mut parts.headers, protocol);
    }
    parts.version = Version::HTTP_11;
    parts.extensions = http::Extensions::new();
}

fn upgrade(headers: &mut HeaderMap, protocol: HeaderValue) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, protocol);
}

fn connection_names(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header::CONNECTION).iter();
    values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).map(str::trim)
}

/// Takes out what speaks of one connection only, and what `Connection` names.
fn strip(headers: &mut HeaderMap) {
    let plain = |name: &str| {
        name.is_empty()
            || name.eq_ignore_ascii_case("close")
            || name.eq_ignore_ascii_case("keep-alive")
    };
    let named: Vec<HeaderName> = connection_names(headers)
        .filter(|name| !plain(name))
        .filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok())
        // Naming these would let a client take the frame off its own message.
        .filter(|name| *name != header::HOST && *name != header::CONTENT_LENGTH)
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

/// `GET http://shop/path` becomes `GET /path` with `Host: shop` (RFC 9112, 3.2.2).
fn origin_form(parts: &mut request::Parts) {
    let Some(authority) = parts.uri.authority() else { return };
    let host = authority.as_str().rsplit('@').next().unwrap_or_default();
    if let Ok(host) = HeaderValue::from_str(host) {
        parts.headers.insert(header::HOST, host);
    }
    let path = parts.uri.path_and_query().cloned();
    parts.uri = path.map_or_else(|| Uri::from_static("/"), Uri::from);
}

/// `X-Forwarded-For` gets the peer behind what is there. `X-Forwarded-Proto` is `http`, unless
/// a peer on this machine, such as a TLS terminator, has set it.
fn forwarded(headers: &mut HeaderMap, peer: IpAddr) {
    let mut values = headers.get_all(X_FORWARDED_FOR).iter();
    let earlier: Vec<&str> = values.by_ref().filter_map(|value| value.to_str().ok()).collect();
    let chain = if earlier.is_empty() {
        peer.to_string()
    } else {
        format!("{}, {peer}", earlier.join(", "))
    };
    if let Ok(chain) = HeaderValue::from_str(&chain) {
        headers.insert(X_FORWARDED_FOR, chain);
    }
    if !(peer.is_loopback() && headers.contains_key(X_FORWARDED_PROTO)) {
        headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static("http"));
    }
}

#[cfg(test)]
mod tests {
    use super::{check, request, response, wants_websocket};
    use http::{Request, Response, Version, request::Parts};

    fn parts(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut builder = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(()).expect("a request").into_parts().0
    }

    fn sent(mut parts: Parts, peer: &str) -> Parts {
        let websocket = wants_websocket(&parts);
        let peer = format!("{peer}:5000").parse().expect("an address");
        request(&mut parts, peer, "127.0.0.1:8080".parse().expect("an address"), websocket);
        parts
    }

    fn names(parts: &Parts) -> Vec<&str> {
        let mut names: Vec<&str> = parts.headers.keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn requests_that_two_readers_could_read_differently_are_refused() {
        for (method, headers, status) in [
            ("GET", &[("host", "a")][..], None),
            ("POST", &[("host", "a"), ("transfer-encoding", "chunked")], None),
            ("GET", &[], Some(400)),
            ("GET", &[("host", "a"), ("host", "b")], Some(400)),
            (
                "POST",
                &[("host", "a"), ("transfer-encoding", "chunked"), ("content-length", "3")],
                Some(400),
            ),
            ("CONNECT", &[("host", "a")], Some(405)),
        ] {
            let result = check(&parts(method, "/", headers)).err();
            assert_eq!(result.map(|refused| refused.status.as_u16()), status, "{headers:?}");
        }
        let mut old = parts("POST", "/", &[("transfer-encoding", "chunked")]);
        old.version = Version::HTTP_10;
        assert!(check(&old).is_err());
    }

    #[test]
    fn what_speaks_of_one_connection_is_taken_out_and_the_rest_kept() {
        let headers = [
            ("host", "shop.example"),
            ("connection", "close, x-secret, Content-Length, host"),
            ("x-secret", "1"),
            ("keep-alive", "5"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("proxy-connection", "close"),
            ("expect", "100-continue"),
            ("content-length", "3"),
            ("accept", "*/*"),
        ];
        let parts = sent(parts("POST", "/a?b=c", &headers), "10.0.0.7");
        let kept = ["accept", "content-length", "host", "x-forwarded-for", "x-forwarded-proto"];
        assert_eq!(names(&parts), kept);
        assert_eq!(parts.headers["host"], "shop.example");
        assert_eq!(parts.headers["x-forwarded-for"], "10.0.0.7");
        assert_eq!(parts.uri, "/a?b=c");
    }

    #[test]
    fn forwarded_fields_are_extended_and_the_protocol_believed_only_from_this_machine() {
        let headers =
            [("host", "a"), ("x-forwarded-for", "9.9.9.9"), ("x-forwarded-proto", "https")];
        let far = sent(parts("GET", "/", &headers), "10.0.0.7");
        assert_eq!(far.headers["x-forwarded-for"], "9.9.9.9, 10.0.0.7");
        assert_eq!(far.headers["x-forwarded-proto"], "http");
        let near = sent(parts("GET", "/", &headers), "127.0.0.1");
        assert_eq!(near.headers["x-forwarded-proto"], "https");
    }

    #[test]
    fn an_absolute_target_becomes_a_path_and_its_host() {
        let parts = sent(parts("GET", "http://u@shop:81/p?q", &[("host", "other")]), "10.0.0.7");
        assert_eq!(
            (parts.uri.to_string().as_str(), &parts.headers["host"]),
            ("/p?q", &"shop:81".parse().expect("a value"))
        );
    }

    #[test]
    fn a_websocket_keeps_its_upgrade_and_nothing_else_does() {
        let ask = [("host", "a"), ("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket")];
        let parts_sent = sent(parts("GET", "/", &ask), "10.0.0.7");
        assert_eq!(parts_sent.headers["upgrade"], "websocket");
        assert_eq!(parts_sent.headers["connection"], "upgrade");
        assert!(!wants_websocket(&parts("POST", "/", &ask)));
        let answer = |status: u16| {
            let builder = Response::builder().status(status).header("connection", "upgrade");
            let answer = builder.header("upgrade", "websocket").body(()).expect("an answer");
            let mut parts = answer.into_parts().0;
            response(&mut parts);
            parts.headers.contains_key("upgrade")
        };
        assert!(answer(101) && !answer(200));
    }
}
