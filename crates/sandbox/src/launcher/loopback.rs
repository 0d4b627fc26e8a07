//! The loopback interface of a new network namespace is down; one netlink message raises it.

use super::Outcome;
use crate::wire::{Failure, Step};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with,
};

/// Number 0 among the protocols of netlink.
const NETLINK_ROUTE: Option<rustix::net::Protocol> = None;

/// `RTM_NEWLINK`, `NLM_F_REQUEST | NLM_F_ACK`, interface 1 (always `lo`), `IFF_UP`
/// (rtnetlink(7)). All of these exist since Linux 2.2.
fn raise_message() -> [u8; 32] {
    let mut message = [0_u8; 32];
    message[0..4].copy_from_slice(&32_u32.to_ne_bytes());
    message[4..6].copy_from_slice(&16_u16.to_ne_bytes());
    message[6..8].copy_from_slice(&5_u16.to_ne_bytes());
    message[8..12].copy_from_slice(&1_u32.to_ne_bytes());
    message[20..24].copy_from_slice(&1_i32.to_ne_bytes());
    message[24..28].copy_from_slice(&1_u32.to_ne_bytes());
    message[28..32].copy_from_slice(&1_u32.to_ne_bytes());
    message
}

/// In the network namespace of this process.
pub(super) fn raise() -> Outcome<()> {
    let failed = |errno| Failure::new(Step::Loopback, "lo", errno);
    let socket =
        socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, NETLINK_ROUTE)
            .map_err(failed)?;
    send(&socket, &raise_message(), SendFlags::empty()).map_err(failed)?;
    let mut answer = [0_u8; 256];
    let (_, length) = recv(&socket, &mut answer, RecvFlags::empty()).map_err(failed)?;
    // A header of 16 bytes, then the error number, negative; 0 is success.
    match answer.get(16..20).filter(|_| length >= 20) {
        Some([a, b, c, d]) => match i32::from_ne_bytes([*a, *b, *c, *d]) {
            0 => Ok(()),
            error => Err(failed(Errno::from_raw_os_error(-error))),
        },
        _ => Err(failed(Errno::PROTO)),
    }
}
