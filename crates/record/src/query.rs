//! What a person may hand to `trace`, brought into forms that the index knows.

use crate::limits::PREFIX_DIGITS_MIN;
use bowline_model::Version;

/// One reading of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// A version in its canonical form.
    Version(String),
    /// The first hexadecimal digits of an image digest.
    DigestPrefix(String),
    /// The first hexadecimal digits of a commit id.
    CommitPrefix(String),
    /// `host:port`, without a scheme and a path.
    Address(String),
    /// An environment's name.
    Environment(String),
}

impl Reading {
    /// In words, for the list of what was tried.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Version(version) => format!("version `{version}`"),
            Self::DigestPrefix(hex) => format!("digest `sha256:{hex}`"),
            Self::CommitPrefix(hex) => format!("commit `{hex}`"),
            Self::Address(address) => format!("address `{address}`"),
            Self::Environment(name) => format!("environment `{name}`"),
        }
    }
}

/// All readings of `query`, in the order in which they are tried.
pub(crate) fn readings(query: &str) -> Vec<Reading> {
    let query = query.trim();
    if let Some(address) = address_of_url(query) {
        return vec![Reading::Address(address)];
    }
    // An image reference: the digest decides where there is one, otherwise the tag.
    if let Some((_, digest)) = query.rsplit_once('@') {
        return digest_prefix(digest).into_iter().collect();
    }
    if query.starts_with("sha256:") {
        return digest_prefix(query).into_iter().collect();
    }
    let mut readings = Vec::new();
    let tag = query.rsplit_once(':').map_or(query, |(_, tag)| tag);
    if let Ok(version) = tag.parse::<Version>() {
        readings.push(Reading::Version(version.to_string()));
    }
    if is_hex(query) && query.len() >= PREFIX_DIGITS_MIN {
        readings.push(Reading::CommitPrefix(query.to_ascii_lowercase()));
        readings.push(Reading::DigestPrefix(query.to_ascii_lowercase()));
    }
    if let Some(address) = address(query) {
        readings.push(Reading::Address(address));
    }
    if readings.is_empty() && !query.is_empty() {
        readings.push(Reading::Environment(query.to_owned()));
    }
    readings
}

fn digest_prefix(text: &str) -> Option<Reading> {
    let hex = text.strip_prefix("sha256:")?.trim_end_matches('…');
    let valid = is_hex(hex) && hex.len() >= PREFIX_DIGITS_MIN;
    valid.then(|| Reading::DigestPrefix(hex.to_ascii_lowercase()))
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn address_of_url(query: &str) -> Option<String> {
    let (scheme, rest) = query.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let port = if scheme.eq_ignore_ascii_case("https") { "443" } else { "80" };
    Some(address(host).unwrap_or_else(|| format!("{}:{port}", normal_host(host))))
}

/// The normal form of an address as a record has it: a URL, `host:port`, or any other text.
pub(crate) fn recorded_address(text: &str) -> String {
    address_of_url(text).or_else(|| address(text)).unwrap_or_else(|| text.to_owned())
}

/// `host:port` in its normal form: every name of this machine's loopback reads as one.
fn address(text: &str) -> Option<String> {
    let authority = text.split(['/', '?', '#']).next().unwrap_or(text);
    let (host, port) = authority.rsplit_once(':')?;
    let digits = !port.is_empty() && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| format!("{}:{port}", normal_host(host)))
}

fn normal_host(host: &str) -> String {
    match host.to_ascii_lowercase().as_str() {
        "" | "localhost" | "127.0.0.1" | "0.0.0.0" | "[::1]" | "[::]" | "*" => "127.0.0.1".into(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Reading, readings};

    #[test]
    fn every_form_of_a_query_is_read() {
        let hex = "0123456789abcdef".repeat(4);
        let check = |query: &str, expected: Vec<Reading>| assert_eq!(readings(query), expected);
        let address = |text: &str| vec![Reading::Address(text.to_owned())];
        check("v1.4.3-build.89", vec![Reading::Version("v1.4.3-build.89".into())]);
        check("shop:v1.4.3-build.9", vec![Reading::Version("v1.4.3-build.9".into())]);
        check(&format!("shop@sha256:{hex}"), vec![Reading::DigestPrefix(hex.clone())]);
        check("sha256:01234567…", vec![Reading::DigestPrefix("01234567".into())]);
        let both = ["a1b2c3d"; 2].map(str::to_owned);
        let [commit, digest] = both;
        check("A1B2C3D", vec![Reading::CommitPrefix(commit), Reading::DigestPrefix(digest)]);
        check("http://localhost:8080/cart?x=1", address("127.0.0.1:8080"));
        check("http://u:p@shop.test/", address("shop.test:80"));
        check("https://shop.test", address("shop.test:443"));
        check(":8080", address("127.0.0.1:8080"));
        check("prod", vec![Reading::Environment("prod".into())]);
        check("a1b2", vec![Reading::Environment("a1b2".into())]);
        check("", vec![]);
        check("sha256:12", vec![]);
    }
}
