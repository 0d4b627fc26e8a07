//! Processes of the host by their number: whether one is still the same, signals, waiting.
//!
//! A number alone says little, because numbers are used again: keep it with its start time and
//! the machine's boot id.
#![expect(clippy::disallowed_methods, reason = "reads `/proc`")]

use crate::running::readable;
use crate::{Error, Signal};
use rustix::process::{Pid, PidfdFlags, kill_process, pidfd_open};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

/// When the process started, in clock ticks since boot; `None` when there is no such process.
#[must_use]
pub fn start_time(process: u32) -> Option<u64> {
    stat(process).map(|(_, start)| start)
}

/// Whether this very process lives: not another one with its number, not one that has ended and
/// was not waited for.
#[must_use]
pub fn is_alive(process: u32, start_time: u64) -> bool {
    stat(process).is_some_and(|(state, start)| start == start_time && !matches!(state, 'Z' | 'X'))
}

/// State and start time from `/proc/<process>/stat`. The name in it may contain anything, so
/// fields count from the last `)`.
fn stat(process: u32) -> Option<(char, u64)> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    parse_stat(&text)
}

fn parse_stat(text: &str) -> Option<(char, u64)> {
    let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

/// Names this boot of the machine: after another one no process of before lives.
///
/// # Errors
/// `/proc` is not there.
pub fn boot_id() -> Result<String, Error> {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|text| text.trim().to_owned())
        .map_err(|e| Error::system("read the machine's boot id", e))
}

/// How many processes the `/proc` of this process shows: those of its pid namespace. 0 where it
/// cannot be read.
pub(crate) fn count_in(process: u32) -> u64 {
    let folder = std::fs::read_dir(format!("/proc/{process}/root/proc"));
    let entries = folder.into_iter().flatten().flatten();
    let is_number = |name: &std::ffi::OsStr| name.as_encoded_bytes().iter().all(u8::is_ascii_digit);
    entries.filter(|entry| is_number(&entry.file_name())).count() as u64
}

/// Sends a signal to one process. One that has ended is no error.
///
/// # Errors
/// Not permitted; no such signal.
pub fn kill(process: u32, signal: Signal) -> Result<(), Error> {
    let reason = "there is no such signal";
    let value = || signal.0.to_string();
    let Some(number) = rustix::process::Signal::from_named_raw(signal.0) else {
        return Err(Error::Value { what: "signal", value: value(), reason });
    };
    let Some(process) = pid(process) else { return Ok(()) };
    match kill_process(process, number) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(errno) => Err(Error::system("send a signal to a process", errno)),
    }
}

/// Waits until this very process has ended; false when the time is over.
///
/// # Errors
/// What the system says.
pub fn wait_gone(process: u32, start_time: u64, timeout: Duration) -> Result<bool, Error> {
    // The descriptor first, the look at the start time after it: then both mean the same.
    let watched = open(process);
    if !is_alive(process, start_time) {
        return Ok(true);
    }
    match watched {
        Some(watched) => readable(&watched, Some(timeout)),
        None => Ok(!is_alive(process, start_time)),
    }
}

fn pid(process: u32) -> Option<Pid> {
    i32::try_from(process).ok().and_then(Pid::from_raw)
}

/// A descriptor of a process: it never means another one.
pub(crate) fn open(process: u32) -> Option<OwnedFd> {
    pidfd_open(pid(process)?, PidfdFlags::empty()).ok()
}

/// The process's number as this process sees it; 0 when it does not.
pub(crate) fn id_of(pidfd: &OwnedFd) -> u32 {
    let path = format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd());
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pid:"));
    line.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{boot_id, is_alive, parse_stat, start_time, wait_gone};
    use std::time::Duration;

    #[test]
    fn this_process_lives_and_another_start_time_is_another_process() {
        let me = std::process::id();
        let start = start_time(me).unwrap();
        assert!(is_alive(me, start) && !is_alive(me, start + 1));
        assert!(wait_gone(me, start + 1, Duration::from_secs(5)).unwrap());
        assert!(!wait_gone(me, start, Duration::ZERO).unwrap());
        assert_eq!(boot_id().unwrap().len(), 36);
    }

    #[test]
    fn a_name_with_brackets_and_blanks_does_not_shift_the_fields() {
        let text = "7 (a) Z (b) R 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";
        assert_eq!(parse_stat(text), Some(('R', 4711)));
        assert_eq!(parse_stat("7 (a"), None);
    }
}
