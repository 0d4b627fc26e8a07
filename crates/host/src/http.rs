//! Outbound HTTP, the one way in which Bowline asks the network for something.
//!
//! The [`Policy`] is asked when a connection is made, about the address that the name resolved
//! to, and again after each redirect; the address that was checked is the one connected to. A
//! credential goes to its own origin only. Bodies, times and redirects have limits.
//!
//! Absent on purpose: cookies, caches, pools, retries, HTTP/2, compression. `crate::local` is
//! the connector for Bowline's own addresses on this machine.

mod connect;
mod exchange;
mod origin;
mod policy;
mod proxy;

pub use crate::response::Response;
pub use connect::{Resolver, SystemResolver};
pub use exchange::Client;
pub use origin::Origin;
pub use policy::{Policy, Refusal};
pub use proxy::Proxy;

use std::{io, net::SocketAddr};

/// Why there was no answer. Addresses (URLs) are shown without their query, which may hold
/// secrets.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not an address that we ask.
    #[error("`{url}` cannot be asked: {reason}")]
    Url {
        /// The address.
        url: String,
        /// Why.
        reason: &'static str,
    },
    /// The policy refused the address that a name leads to. No packet was sent there.
    #[error("`{host}` leads to {address}, {refusal}; it was not asked")]
    Refused {
        /// The name.
        host: String,
        /// Where it leads.
        address: String,
        /// Why that is refused.
        refusal: Refusal,
    },
    /// The name is unknown.
    #[error("the name `{host}` could not be resolved: {source}")]
    Resolve {
        /// The name.
        host: String,
        /// What the system said.
        source: io::Error,
    },
    /// Nobody answers there.
    #[error("could not connect to `{host}` at {address}: {source}")]
    Connect {
        /// The name.
        host: String,
        /// The address that was tried last.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Certificates do not fit, or the other side speaks no TLS.
    #[error("no secure connection to `{host}`: {reason}")]
    Tls {
        /// The name.
        host: String,
        /// Why.
        reason: String,
    },
    /// The proxy is misconfigured or refused.
    #[error("the proxy `{proxy}` is of no use: {reason}")]
    Proxy {
        /// The proxy without its credentials.
        proxy: String,
        /// Why.
        reason: String,
    },
    /// It took too long.
    #[error("`{url}` took too long: more than {milliseconds} ms for {what}")]
    TimedOut {
        /// The address.
        url: String,
        /// What it waited for.
        what: &'static str,
        /// The limit.
        milliseconds: u64,
    },
    /// The connection broke, or what came was not HTTP.
    #[error("the exchange with `{url}` broke: {source}")]
    Broken {
        /// The address.
        url: String,
        /// What went wrong.
        source: hyper::Error,
    },
    /// The body is larger than the caller takes.
    #[error("the answer of `{url}` is larger than the limit of {bytes_max} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// The limit.
        bytes_max: u64,
    },
    /// Redirected too often.
    #[error("`{url}` redirects more than {redirects_max} times")]
    Redirects {
        /// The first address.
        url: String,
        /// The limit.
        redirects_max: usize,
    },
    /// A download answered with something else than 200.
    #[error("`{url}` answered with status {status}")]
    Status {
        /// The address.
        url: String,
        /// The status.
        status: u16,
    },
    /// A header's name or value is not legal.
    #[error("the header `{0}` is not legal")]
    Header(String),
    /// The downloaded file could not be written.
    #[error(transparent)]
    Files(#[from] crate::files::Error),
}

/// The address without query, fragment and credentials, cut to what fits a line.
pub(crate) fn shown(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let url: String = url[..end].chars().take(300).collect();
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let host_end = rest.find('/').unwrap_or(rest.len());
            let host = rest[..host_end].rsplit('@').next().unwrap_or("");
            format!("{scheme}://{host}{}", &rest[host_end..])
        }
        None => url,
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn errors_show_neither_query_nor_credentials() {
        assert_eq!(shown("https://user:pw@h:1/p?token=x#f"), "https://h:1/p");
        assert_eq!(shown("https://h"), "https://h");
        assert_eq!(shown("nonsense?secret"), "nonsense");
    }
}
