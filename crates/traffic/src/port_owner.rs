//! Who listens on an address, as far as the machine tells.
//!
//! Linux: `/proc/net/tcp` gives the socket's inode, the processes' `fd` folders whose it is.
//! Processes of other users cannot be looked into; then only the user's number is known.

use bowline_host::files;
use std::{
    net::{IpAddr, SocketAddr},
    path::Path,
};

/// The state `LISTEN` in `/proc/net/tcp`.
const LISTENING: &str = "0A";
/// A row has 150 bytes, and closed connections stay in the table for a minute.
const TABLE_BYTES_MAX: u64 = 64 * 1024 * 1024;
const NAME_BYTES_MAX: u64 = 256;
/// More processes than this are not looked through for one error message.
const PROCESSES_MAX: usize = 10_000;

/// The setting that says from which port on everybody may listen.
pub(crate) const SETTING: &str = "net.ipv4.ip_unprivileged_port_start";
/// The kernel's own value of it.
const FIRST_PORT_DEFAULT: u16 = 1024;

/// The first port that everybody may listen on.
pub(crate) fn first_port_of_everybody() -> u16 {
    let path = format!("/proc/sys/{}", SETTING.replace('.', "/"));
    let text = files::read_text(path, NAME_BYTES_MAX).unwrap_or_default();
    text.trim().parse().unwrap_or(FIRST_PORT_DEFAULT)
}

/// A few words for a message: `nginx (process 12)`, or `another process`.
pub(crate) fn of(address: SocketAddr) -> String {
    let Some((inode, user)) = listener(address) else { return "another process".to_owned() };
    process(&inode).unwrap_or_else(|| format!("a process of user {user}"))
}

/// Inode and user of the socket that listens on this address, or on all with this port.
fn listener(address: SocketAddr) -> Option<(String, String)> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().filter_map(|path| {
        let bytes = files::read(Path::new(path), TABLE_BYTES_MAX).ok()?;
        String::from_utf8(bytes).ok()
    });
    let rows: Vec<String> =
        tables.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    rows.iter().find_map(|row| {
        let fields: Vec<&str> = row.split_whitespace().collect();
        let (local, state) = (parse(fields.get(1)?)?, fields.get(3)?);
        let same = local.port() == address.port()
            && (local.ip() == address.ip()
                || local.ip().is_unspecified()
                || address.ip().is_unspecified());
        (same && *state == LISTENING)
            .then(|| Some(((*fields.get(9)?).to_owned(), (*fields.get(7)?).to_owned())))
            .flatten()
    })
}

/// `0100007F:1F90`: words of 32 bits in the machine's own order, then the port.
fn parse(local: &str) -> Option<SocketAddr> {
    let (address, port) = local.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::with_capacity(16);
    if !matches!(address.len(), 8 | 32) {
        return None;
    }
    for word in address.as_bytes().chunks(8) {
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        bytes.extend_from_slice(&word.to_ne_bytes());
    }
    let ip = match <[u8; 4]>::try_from(&bytes[..]) {
        Ok(bytes) => IpAddr::from(bytes),
        Err(_) => IpAddr::from(<[u8; 16]>::try_from(&bytes[..]).ok()?),
    };
    Some(SocketAddr::new(ip, port))
}

/// The process that has the socket open.
fn process(inode: &str) -> Option<String> {
    let wanted = format!("socket:[{inode}]");
    let entries = files::list(Path::new("/proc")).ok()?;
    let numbers = entries.into_iter().map(|entry| entry.name);
    let numbers = numbers.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    numbers.take(PROCESSES_MAX).find_map(|number| {
        let folder = Path::new("/proc").join(&number);
        let open = files::list(folder.join("fd")).ok()?;
        let has = open.iter().any(|entry| {
            let target = files::read_link(folder.join("fd").join(&entry.name));
            target.is_ok_and(|target| target.as_os_str() == wanted.as_str())
        });
        let name = files::read(folder.join("comm"), NAME_BYTES_MAX).ok().filter(|_| has)?;
        let name = String::from_utf8_lossy(&name).trim().to_owned();
        Some(format!("{name} (process {number})"))
    })
}

#[cfg(test)]
mod tests {
    use super::{of, parse};
    use std::net::TcpListener;

    #[test]
    fn the_kernels_notation_of_addresses_is_read() {
        let words = if cfg!(target_endian = "little") {
            ["0100007F:1F90", "00000000000000000000000001000000:0050"]
        } else {
            ["7F000001:1F90", "00000000000000000000000000000001:0050"]
        };
        assert_eq!(parse(words[0]), Some("127.0.0.1:8080".parse().expect("an address")));
        assert_eq!(parse(words[1]), Some("[::1]:80".parse().expect("an address")));
        for wrong in ["", "0100007F", "0100007F:", "01:1F90", "zz00007F:1F90"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_listener_of_this_process_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
        let holder = of(listener.local_addr().expect("an address"));
        assert!(holder.ends_with(&format!("(process {})", std::process::id())), "{holder}");
    }
}
