//! Proxies, as the environment of most companies has them. The values come in as
//! configuration; this module reads no environment variable.

use super::{Error, Origin, shown};
use std::net::IpAddr;

/// What `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say; empty texts count as unset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxy {
    /// For `https` addresses: `http://proxy:3128`, or with `user:password@`.
    pub https: Option<String>,
    /// For `http` addresses.
    pub http: Option<String>,
    /// Names that are asked directly, separated by commas: `example.com` and `.example.com`
    /// with all names below, `10.0.0.0/8`, `host:port`, `*`.
    pub no_proxy: Option<String>,
}

/// A proxy that was read.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Via {
    pub origin: Origin,
    /// The value of `proxy-authorization`.
    pub authorization: Option<String>,
}

impl Proxy {
    /// The proxy through which `origin` is asked.
    pub(crate) fn via(&self, origin: &Origin) -> Result<Option<Via>, Error> {
        let chosen = if origin.secure { &self.https } else { &self.http };
        let Some(text) = chosen.as_deref().map(str::trim).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        if self.no_proxy.as_deref().is_some_and(|list| is_direct(list, origin)) {
            return Ok(None);
        }
        read(text).map(Some)
    }

    /// Reads both proxies, so that a mistake is found before the first request.
    pub(crate) fn check(&self) -> Result<(), Error> {
        for text in [&self.https, &self.http].into_iter().flatten() {
            if !text.trim().is_empty() {
                read(text.trim())?;
            }
        }
        Ok(())
    }
}

fn read(text: &str) -> Result<Via, Error> {
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let wrong = |reason: String| Error::Proxy { proxy: shown(&with_scheme), reason };
    let Some((scheme, rest)) = with_scheme.split_once("://") else {
        return Err(wrong("it has no scheme".to_owned()));
    };
    let host_end = rest.find('/').unwrap_or(rest.len());
    let (credentials, host) = match rest[..host_end].rsplit_once('@') {
        Some((credentials, host)) => (Some(credentials), host),
        None => (None, &rest[..host_end]),
    };
    if scheme != "http" {
        return Err(wrong(format!("`{scheme}` proxies are not supported, `http` ones are")));
    }
    let origin = Origin::of(&format!("http://{host}/")).map_err(|error| match error {
        Error::Url { reason, .. } => wrong(reason.to_owned()),
        other => other,
    })?;
    let authorization = credentials.map(|text| format!("Basic {}", base64(&percent_decoded(text))));
    Ok(Via { origin, authorization })
}

fn is_direct(list: &str, origin: &Origin) -> bool {
    list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        if entry == "*" {
            return true;
        }
        let ip: Option<IpAddr> = origin.host.parse().ok();
        if let (Some(ip), Some((network, bits))) = (ip, entry.split_once('/')) {
            return in_network(ip, network, bits);
        }
        let bare = entry.trim_matches(['[', ']']);
        if let (Some(ip), Ok(listed)) = (ip, bare.parse::<IpAddr>()) {
            return ip == listed;
        }
        let (name, port) = match entry.rsplit_once(':').map(|(n, p)| (n, p.parse::<u16>())) {
            Some((name, Ok(port))) => (name, Some(port)),
            Some((_, Err(_))) | None => (entry, None),
        };
        let name = name.trim_start_matches('*').trim_start_matches('.').to_ascii_lowercase();
        let below = origin.host.strip_suffix(&name).is_some_and(|rest| rest.ends_with('.'));
        (origin.host == name || below) && port.is_none_or(|port| port == origin.port)
    })
}

fn in_network(ip: IpAddr, network: &str, bits: &str) -> bool {
    let (Ok(network), Ok(bits)) = (network.parse::<IpAddr>(), bits.parse::<u32>()) else {
        return false;
    };
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) if bits <= 32 => {
            let differ = u32::from(ip) ^ u32::from(network);
            differ.checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(ip), IpAddr::V6(network)) if bits <= 128 => {
            let differ = u128::from(ip) ^ u128::from(network);
            differ.checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let (mut decoded, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 3).and_then(|digits| str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[at], byte) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 3;
            }
            (byte, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            if digit > chunk.len() {
                text.push('=');
            } else {
                text.push(char::from(DIGITS[(group >> (18 - 6 * digit)) as usize & 63]));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Origin, Proxy, base64, is_direct};

    #[test]
    fn base64_is_the_published_one() {
        for (text, expected) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v")] {
            assert_eq!(base64(text.as_bytes()), expected);
        }
        assert_eq!(base64(b"foobar"), "Zm9vYmFy");
    }

    #[test]
    fn no_proxy_lists_names_networks_and_ports() {
        let cases = [
            ("example.com", "https://example.com", true),
            ("example.com", "https://a.example.com", true),
            (".example.com", "https://a.example.com", true),
            ("*.example.com", "https://a.example.com", true),
            ("example.com", "https://badexample.com", false),
            ("example.com:444", "https://example.com", false),
            ("10.0.0.0/8, x", "https://10.1.2.3", true),
            ("10.0.0.0/8", "https://11.1.2.3", false),
            ("0.0.0.0/0", "https://11.1.2.3", true),
            ("::1", "http://[::1]:8080", true),
            ("*", "https://anything", true),
            ("", "https://anything", false),
        ];
        for (list, url, direct) in cases {
            assert_eq!(is_direct(list, &Origin::of(url).unwrap()), direct, "{list} {url}");
        }
    }

    #[test]
    fn a_proxy_is_chosen_by_scheme_and_its_credentials_are_encoded() {
        let proxy = Proxy {
            https: Some("http://us%65r:p%40ss@proxy:3128/".to_owned()),
            http: Some(String::new()),
            no_proxy: None,
        };
        let via = proxy.via(&Origin::of("https://h").unwrap()).unwrap().unwrap();
        assert_eq!(via.origin.authority(), "proxy:3128");
        assert_eq!(via.authorization.unwrap(), format!("Basic {}", base64(b"user:p@ss")));
        assert!(proxy.via(&Origin::of("http://h").unwrap()).unwrap().is_none());
        let socks = Proxy { https: Some("socks5://u:secret@h".to_owned()), ..Proxy::default() };
        let message = socks.check().unwrap_err().to_string();
        assert!(message.contains("not supported") && !message.contains("secret"), "{message}");
    }
}
