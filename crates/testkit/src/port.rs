//! Free TCP ports below the kernel's range for outgoing connections, so that nothing takes one
//! between the choice and its use.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// The first port that is tried, and how many there are.
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// An address on the loopback that nobody listens on, another one at each call.
///
/// # Panics
/// When every port is taken.
#[must_use]
pub fn free_port() -> SocketAddr {
    // Test binaries that run side by side begin at different places.
    let offset = std::process::id().wrapping_mul(61);
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let number = FIRST + offset.wrapping_add(step) % COUNT;
        let number = u16::try_from(number).expect("below 32,000");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, number));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("no port of {COUNT} is free");
}
