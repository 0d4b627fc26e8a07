//! Which addresses may be asked.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

/// Addresses of clouds' metadata services outside the link-local range.
const METADATA: [IpAddr; 4] = [
    // Alibaba Cloud, Azure's wire server, Oracle Cloud, and AWS over IPv6.
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// Names that lead to this machine or to a metadata service. Asked where a proxy resolves the
/// name, so that its address is not known here.
const NAMES: [&str; 4] = ["localhost", "metadata.google.internal", "metadata", "instance-data"];

/// Why an address is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is this machine.
    Loopback,
    /// It is a link-local address; cloud metadata services have one.
    LinkLocal,
    /// It is a cloud's metadata service.
    Metadata,
    /// It is in a private network, and the address came from a user or a repository.
    Private,
    /// It is no address of one machine: multicast, broadcast, reserved.
    Reserved,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "which is this machine",
            Self::LinkLocal => "which is link-local",
            Self::Metadata => "which is a metadata service",
            Self::Private => "which is in a private network",
            Self::Reserved => "which is reserved",
        })
    }
}

/// What may be asked. Loopback, link-local and metadata addresses never, unless they stand on
/// the list of allowed ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    private: bool,
    allowed: Vec<SocketAddr>,
}

impl Policy {
    /// For addresses that came from a user or a repository: public ones only.
    #[must_use]
    pub fn untrusted() -> Self {
        Self { private: false, allowed: Vec::new() }
    }

    /// For addresses that the operator configured: private networks too, and those that are
    /// nobody's on the internet, because a gateway may serve a mirror from them.
    #[must_use]
    pub fn trusted() -> Self {
        Self { private: true, allowed: Vec::new() }
    }

    /// Allows one address and port, whatever it is.
    #[must_use]
    pub fn allow(mut self, address: SocketAddr) -> Self {
        self.allowed.push(canonical(address));
        self
    }

    /// Judges a resolved address.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn check(&self, address: SocketAddr) -> Result<(), Refusal> {
        let address = canonical(address);
        if self.allowed.contains(&address) {
            return Ok(());
        }
        match class(address.ip()) {
            None => Ok(()),
            Some(Refusal::Private) if self.private => Ok(()),
            Some(refusal) => Err(refusal),
        }
    }

    /// Judges a name whose address a proxy will find. Only what can be told from the name.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn check_name(&self, host: &str, port: u16) -> Result<(), Refusal> {
        if let Ok(ip) = host.trim_matches(['[', ']']).parse() {
            return self.check(SocketAddr::new(ip, port));
        }
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if host.ends_with(".localhost") || host == NAMES[0] {
            return Err(Refusal::Loopback);
        }
        if NAMES[1..].contains(&host.as_str()) {
            return Err(Refusal::Metadata);
        }
        Ok(())
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// What is special about an address; `None` for a public one.
fn class(ip: IpAddr) -> Option<Refusal> {
    if METADATA.contains(&ip) {
        return Some(Refusal::Metadata);
    }
    match ip {
        IpAddr::V4(ip) => class_v4(ip),
        IpAddr::V6(ip) => class_v6(ip),
    }
}

fn class_v4(ip: Ipv4Addr) -> Option<Refusal> {
    let [a, b, c, _] = ip.octets();
    match (a, b, c) {
        // On Linux 0.0.0.0 connects to this machine.
        (127 | 0, ..) => Some(Refusal::Loopback),
        (169, 254, _) => Some(Refusal::LinkLocal),
        (10, ..) | (192, 168, _) => Some(Refusal::Private),
        (172, 16..=31, _) => Some(Refusal::Private),
        // Carrier-grade NAT, used inside clouds; benchmarks.
        (100, 64..=127, _) | (198, 18 | 19, _) => Some(Refusal::Private),
        // Documentation: nobody's on the internet, so some gateways answer for mirrors there.
        (192, 0, 2) | (198, 51, 100) | (203, 0, 113) => Some(Refusal::Private),
        // Protocol assignments, multicast, reserved, broadcast.
        (192, 0, 0) | (224.., ..) => Some(Refusal::Reserved),
        _ => None,
    }
}

fn class_v6(ip: Ipv6Addr) -> Option<Refusal> {
    let segments = ip.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        class(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
    };
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => Some(Refusal::Loopback),
        // IPv4-compatible, deprecated.
        [0, 0, 0, 0, 0, 0, ..] => Some(Refusal::Reserved),
        // NAT64 and 6to4 lead to the IPv4 address inside.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x64, 0xff9b, ..] => Some(Refusal::Private),
        [0x2002, high, low, ..] => embedded(high, low),
        // Teredo, ORCHID, documentation.
        [0x2001, 0, ..] | [0x2001, 0x10..=0x2f, ..] | [0x2001, 0xdb8, ..] => {
            Some(Refusal::Reserved)
        }
        [0xfe80..=0xfebf, ..] => Some(Refusal::LinkLocal),
        // Unique local, and the old site-local range.
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Some(Refusal::Private),
        [0xff00..=0xffff, ..] => Some(Refusal::Reserved),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Policy, Refusal};
    use std::net::SocketAddr;

    fn check(policy: &Policy, ip: &str) -> Result<(), Refusal> {
        policy.check(SocketAddr::new(ip.parse().unwrap(), 80))
    }

    #[test]
    fn every_way_to_write_a_local_address_is_refused_always() {
        use Refusal::{LinkLocal, Loopback, Metadata, Reserved};
        let cases = [
            ("127.0.0.1", Loopback),
            ("127.255.3.4", Loopback),
            ("0.0.0.0", Loopback),
            ("::1", Loopback),
            ("::", Loopback),
            ("::ffff:127.0.0.1", Loopback),
            ("64:ff9b::7f00:1", Loopback),
            ("2002:7f00:1::", Loopback),
            ("169.254.169.254", LinkLocal),
            ("::ffff:169.254.169.254", LinkLocal),
            ("64:ff9b::a9fe:a9fe", LinkLocal),
            ("fe80::1", LinkLocal),
            ("fd00:ec2::254", Metadata),
            ("100.100.100.200", Metadata),
            ("168.63.129.16", Metadata),
            ("::127.0.0.1", Reserved),
            ("224.0.0.1", Reserved),
            ("255.255.255.255", Reserved),
            ("ff02::1", Reserved),
            ("2001::1", Reserved),
        ];
        for (ip, refusal) in cases {
            assert_eq!(check(&Policy::trusted(), ip), Err(refusal), "{ip}");
            assert_eq!(check(&Policy::untrusted(), ip), Err(refusal), "{ip}");
        }
    }

    #[test]
    fn private_networks_are_for_the_operator_only() {
        let private = ["10.1.2.3", "172.16.0.1", "172.31.9.9", "192.168.1.1", "100.64.0.1"];
        for ip in private.iter().chain(&[
            "203.0.113.80",
            "fd12::1",
            "::ffff:10.0.0.1",
            "fec0::1",
            "2002:a00:1::",
        ]) {
            assert_eq!(check(&Policy::untrusted(), ip), Err(Refusal::Private), "{ip}");
            assert_eq!(check(&Policy::trusted(), ip), Ok(()), "{ip}");
        }
        for ip in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "11.0.0.1"] {
            assert_eq!(check(&Policy::untrusted(), ip), Ok(()), "{ip}");
        }
    }

    #[test]
    fn the_list_of_allowed_addresses_names_the_port_too() {
        let policy = Policy::untrusted().allow("127.0.0.1:81".parse().unwrap());
        assert_eq!(policy.check("127.0.0.1:81".parse().unwrap()), Ok(()));
        assert_eq!(policy.check("[::ffff:127.0.0.1]:81".parse().unwrap()), Ok(()));
        assert_eq!(policy.check("127.0.0.1:80".parse().unwrap()), Err(Refusal::Loopback));
    }

    #[test]
    fn names_that_a_proxy_would_resolve_are_judged_by_themselves() {
        let policy = Policy::untrusted();
        for (name, refusal) in [
            ("localhost", Refusal::Loopback),
            ("LOCALHOST.", Refusal::Loopback),
            ("a.localhost", Refusal::Loopback),
            ("metadata.google.internal", Refusal::Metadata),
            ("[::1]", Refusal::Loopback),
            ("10.0.0.1", Refusal::Private),
        ] {
            assert_eq!(policy.check_name(name, 80), Err(refusal), "{name}");
        }
        assert_eq!(policy.check_name("example.com", 80), Ok(()));
    }
}
