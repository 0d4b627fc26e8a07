//! Addresses and their origins.

use super::{Error, shown};
use crate::limits::URL_BYTES_MAX;
use ::http::{Uri, uri::Scheme};

/// Scheme, host and port: what a credential is bound to (RFC 6454).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Whether it is `https`.
    pub secure: bool,
    /// In lower case; an IPv6 address without brackets.
    pub host: String,
    /// 80 or 443 unless the address says otherwise.
    pub port: u16,
}

impl Origin {
    /// The origin of an address.
    ///
    /// # Errors
    /// [`Error::Url`].
    pub fn of(url: &str) -> Result<Self, Error> {
        parse(url).map(|(_, origin)| origin)
    }

    /// `host:port`, with brackets around an IPv6 address.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Reads an absolute `http` or `https` address without credentials.
pub(crate) fn parse(url: &str) -> Result<(Uri, Origin), Error> {
    let wrong = |reason| Error::Url { url: shown(url), reason };
    if url.len() > URL_BYTES_MAX {
        return Err(wrong("it is longer than 8192 bytes"));
    }
    let bare = url.split('#').next().unwrap_or(url);
    let uri: Uri = bare.parse().map_err(|_| wrong("it is not a legal address"))?;
    let secure = match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTPS => true,
        Some(scheme) if *scheme == Scheme::HTTP => false,
        Some(_) | None => return Err(wrong("it must begin with http:// or https://")),
    };
    let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
    if authority.as_str().contains('@') {
        return Err(wrong("it holds credentials; they belong into the configuration"));
    }
    let host = authority.host().trim_matches(['[', ']']).to_ascii_lowercase();
    if host.is_empty() {
        return Err(wrong("it names no host"));
    }
    let behind_host = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
    let port = match behind_host.strip_prefix(':') {
        Some(port) => port.parse().map_err(|_| wrong("its port is no number up to 65535"))?,
        None => {
            if secure {
                443
            } else {
                80
            }
        }
    };
    Ok((uri, Origin { secure, host, port }))
}

/// Where a redirect leads: `location` as seen from `from` (RFC 3986, section 5.2).
pub(crate) fn join(from: &Uri, location: &str) -> String {
    let location = location.trim();
    let scheme = from.scheme_str().unwrap_or("https");
    let authority = from.authority().map_or("", |authority| authority.as_str());
    let begins_with_scheme =
        location.split(['/', '?', '#']).next().is_some_and(|first| first.contains(':'));
    if begins_with_scheme {
        return location.to_owned();
    }
    if location.starts_with("//") {
        return format!("{scheme}:{location}");
    }
    if location.starts_with('/') {
        return format!("{scheme}://{authority}{location}");
    }
    let path = from.path();
    if location.starts_with('?') {
        return format!("{scheme}://{authority}{path}{location}");
    }
    let folder = path.rfind('/').map_or("/", |at| &path[..=at]);
    format!("{scheme}://{authority}{folder}{location}")
}

#[cfg(test)]
mod tests {
    use super::{Origin, join, parse};

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let origin = |url: &str| Origin::of(url).unwrap();
        assert_eq!(origin("https://Example.com/x"), origin("https://example.com:443?y#z"));
        assert_ne!(origin("https://example.com"), origin("http://example.com"));
        assert_ne!(origin("http://example.com:81"), origin("http://example.com"));
        assert_eq!(origin("http://[::1]:80/").authority(), "[::1]:80");
    }

    #[test]
    fn addresses_that_are_not_asked_say_why() {
        for (url, reason) in [
            ("ftp://h/", "must begin with"),
            ("/path", "must begin with"),
            ("http://user:pw@h/", "holds credentials"),
            ("http://h:/", "port"),
            ("http://h:99999/", "port"),
            ("http://h /", "not a legal address"),
            ("file:///etc/passwd", "not a legal"),
        ] {
            let message = parse(url).unwrap_err().to_string();
            assert!(message.contains(reason), "{url}: {message}");
            assert!(!message.contains("pw"), "{message}");
        }
    }

    #[test]
    fn a_redirect_is_resolved_against_where_it_came_from() {
        let from = "http://h:81/a/b?c".parse().unwrap();
        for (location, expected) in [
            ("https://other/x", "https://other/x"),
            ("//other/x", "http://other/x"),
            ("/x", "http://h:81/x"),
            ("x", "http://h:81/a/x"),
            ("?x", "http://h:81/a/b?x"),
            ("gopher:evil", "gopher:evil"),
        ] {
            assert_eq!(join(&from, location), expected);
        }
    }
}
