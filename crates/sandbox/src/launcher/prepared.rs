//! The last steps before the program: limits, identity, and the bond with the monitor.

use super::{Outcome, identity, namespace};
use crate::limits::PROCESSES_MIN;
use crate::spec::{Limits, Spec, Unset};
use crate::wire::{Failure, Step};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::set_parent_process_death_signal;
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use std::io::PipeWriter;

/// Asks the kernel to kill this process when the monitor dies, and makes sure that it has not
/// died before: then nobody reads the pipe any more.
pub(super) fn die_with_parent(say: &PipeWriter) -> Outcome<()> {
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|errno| Failure::new(Step::Fork, "parent's death signal", errno))?;
    let mut watched = [PollFd::new(say, PollFlags::empty())];
    let now = rustix::time::Timespec { tv_sec: 0, tv_nsec: 0 };
    match poll(&mut watched, Some(&now)) {
        Ok(_) if watched[0].revents().contains(PollFlags::ERR) => {
            Err(Failure::new(Step::Fork, "monitor", Errno::PIPE))
        }
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(Failure::new(Step::Fork, "poll", errno)),
    }
}

/// Limits first, since some need rights that the identity has not.
pub(super) fn finish(spec: &Spec) -> Outcome<Vec<Unset>> {
    let mut unset = Vec::new();
    resource(Resource::Nofile, "open_files_max", spec.limits.open_files_max)?;
    resource(Resource::Fsize, "file_bytes_max", spec.limits.file_bytes_max)?;
    resource(Resource::Core, "core file", Some(0))?;
    processes(&spec.limits, &mut unset)?;
    if spec.limits.memory_bytes_max.is_some() {
        unset.push(Unset {
            limit: "memory_bytes_max".into(),
            reason: "Bowline uses no cgroup yet, and nothing else bounds a whole tree".into(),
        });
    }
    super::mount::protect_proc(namespace::in_user_namespace(), spec)?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    identity::take(spec)?;
    Ok(unset)
}

/// Lowers both bounds of a resource; a bound that is lower already stays.
fn resource(resource: Resource, name: &str, wanted: Option<u64>) -> Outcome<()> {
    let Some(wanted) = wanted else { return Ok(()) };
    let now = getrlimit(resource);
    let least = |bound: Option<u64>| Some(bound.map_or(wanted, |bound| bound.min(wanted)));
    let next = Rlimit { current: least(now.current), maximum: least(now.maximum) };
    setrlimit(resource, next).map_err(|errno| Failure::new(Step::Limit, name, errno))
}

/// Since Linux 6.14 each pid namespace has a `pid_max` of its own. Before, writing it would
/// change the whole machine, so it is not even tried.
fn processes(limits: &Limits, unset: &mut Vec<Unset>) -> Outcome<()> {
    let Some(wanted) = limits.processes_max else { return Ok(()) };
    let limit = "processes_max".to_owned();
    if !kernel_is_at_least(6, 14) {
        let reason = "needs Linux 6.14 or a cgroup".to_owned();
        unset.push(Unset { limit, reason });
        return Ok(());
    }
    let path = "/proc/sys/kernel/pid_max";
    let now = std::fs::read_to_string(path).ok().and_then(|text| text.trim().parse::<u64>().ok());
    let next = wanted.max(PROCESSES_MIN);
    if now.is_some_and(|now| now <= next) {
        return Ok(());
    }
    if let Err(error) = std::fs::write(path, next.to_string()) {
        unset.push(Unset { limit, reason: format!("the kernel refuses: {error}") });
    }
    Ok(())
}

pub(crate) fn kernel_is_at_least(major: u32, minor: u32) -> bool {
    let uname = rustix::system::uname();
    version_of(&uname.release().to_string_lossy()).is_some_and(|now| now >= (major, minor))
}

fn version_of(release: &str) -> Option<(u32, u32)> {
    let mut parts = release.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::version_of;

    #[test]
    fn kernel_releases_compare_by_number() {
        assert_eq!(version_of("6.18.44-generic"), Some((6, 18)));
        assert_eq!(version_of("5.4.0"), Some((5, 4)));
        assert!(version_of("6.9-rc1") < version_of("6.14+"));
        assert_eq!(version_of("x"), None);
    }
}
