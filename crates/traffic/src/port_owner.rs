//! Who listens on an address, as far as the machine tells.
//!
//! Linux: `/proc/net/tcp` gives the socket's inode, the processes' `fd` folders whose it is.
//! Processes of other users cannot be looked into; then only the user's number is known.

use bowline_host::files;
use std::{net::SocketAddr, path::Path};

/// The state `LISTEN` in `/proc/net/tcp`.
const LISTENING: &str = "0A";
const TABLE_BYTES_MAX: u64 = 4 * 1024 * 1024;
const NAME_BYTES_MAX: u64 = 256;
/// More processes than this are not looked through for one error message.
const PROCESSES_MAX: usize = 10_000;

/// A few words for a message: `nginx (process 12)`, or `another process`.
pub(crate) fn of(address: SocketAddr) -> String {
    let Some((inode, user)) = listener(address) else { return "another process".to_owned() };
    process(&inode).unwrap_or_else(|| format!("a process of user {user}"))
}

/// Inode and user of the socket that listens on the port, on this address or on all.
fn listener(address: SocketAddr) -> Option<(String, String)> {
    let rows = ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().filter_map(|path| {
        let bytes = files::read(Path::new(path), TABLE_BYTES_MAX).ok()?;
        String::from_utf8(bytes).ok()
    });
    let port = format!("{:04X}", address.port());
    rows.into_iter().find_map(|text| {
        text.lines().find_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (local, state) = (fields.get(1)?, fields.get(3)?);
            let same = local.rsplit_once(':').is_some_and(|(_, p)| p == port);
            (same && *state == LISTENING)
                .then(|| Some(((*fields.get(9)?).to_owned(), (*fields.get(7)?).to_owned())))
                .flatten()
        })
    })
}

/// The process that has the socket open.
fn process(inode: &str) -> Option<String> {
    let wanted = format!("socket:[{inode}]");
    let entries = files::list(Path::new("/proc")).ok()?;
    let numbers = entries.into_iter().map(|entry| entry.name);
    let numbers = numbers.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    numbers.take(PROCESSES_MAX).find_map(|number| {
        let folder = Path::new("/proc").join(&number);
        let open = files::list(&folder.join("fd")).ok()?;
        let has = open.iter().any(|entry| {
            let target = files::read_link(&folder.join("fd").join(&entry.name));
            target.is_ok_and(|target| target.as_os_str() == wanted.as_str())
        });
        let name = files::read(&folder.join("comm"), NAME_BYTES_MAX).ok().filter(|_| has)?;
        let name = String::from_utf8_lossy(&name).trim().to_owned();
        Some(format!("{name} (process {number})"))
    })
}
