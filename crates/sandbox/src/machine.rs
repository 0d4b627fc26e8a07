//! What this machine's settings forbid, and the remedy of each: kernel settings, the file system
//! of a folder, limits of this process.
//!
//! Absent on purpose: trying it out, which is `ladder`'s.
#![expect(clippy::disallowed_methods, reason = "reads settings in `/proc`")]

use crate::limits::{OPEN_FILES_MIN, USER_PROCESSES_MIN};
use rustix::fs::{StatVfsMountFlags, statfs, statvfs};
use rustix::process::{Resource, getrlimit};
use rustix::thread::{CapabilitySet, capabilities};
use std::path::Path;

/// A fact that stands in the way, and what changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// Such as "`user.max_user_namespaces` is 0".
    pub fact: String,
    /// One action.
    pub remedy: String,
}

impl Obstacle {
    fn new(fact: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { fact: fact.into(), remedy: remedy.into() }
    }
}

/// A kernel setting, the value that forbids, and its remedy.
struct Setting {
    name: &'static str,
    forbids: &'static str,
    remedy: &'static str,
}

const fn limit(name: &'static str, remedy: &'static str) -> Setting {
    Setting { name, forbids: "0", remedy }
}

/// In the order in which the kernel asks.
const SETTINGS: &[Setting] = &[
    limit("kernel.unprivileged_userns_clone", "`sudo sysctl kernel.unprivileged_userns_clone=1`"),
    limit("user.max_user_namespaces", "`sudo sysctl user.max_user_namespaces=15000`"),
    limit("user.max_mnt_namespaces", "`sudo sysctl user.max_mnt_namespaces=15000`"),
    limit("user.max_pid_namespaces", "`sudo sysctl user.max_pid_namespaces=15000`"),
    limit("user.max_net_namespaces", "`sudo sysctl user.max_net_namespaces=15000`"),
    limit("user.max_ipc_namespaces", "`sudo sysctl user.max_ipc_namespaces=15000`"),
    limit("user.max_uts_namespaces", "`sudo sysctl user.max_uts_namespaces=15000`"),
    Setting {
        name: "kernel.apparmor_restrict_unprivileged_userns",
        forbids: "1",
        remedy: "`sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or an AppArmor \
                 profile with `userns,` for `bowline`",
    },
];

/// Magic numbers of file systems (`linux/magic.h`) that bear no upper layer of an overlay.
const BEAR_NO_OVERLAY: &[(u64, &str)] = &[
    (0x6969, "nfs"),
    (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb2"),
    (0x0102_1997, "9p"),
    (0x6573_5546, "fuse"),
    (0x794c_7630, "overlay"),
    (0x4d44, "vfat"),
    (0x2011_bab0, "exfat"),
    (0x7366_746e, "ntfs3"),
    (0x00c3_6400, "ceph"),
];

/// Whether this process may make namespaces without a user namespace around them. A container's
/// root often may not.
#[must_use]
pub fn is_privileged() -> bool {
    capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_ADMIN))
}

/// What forbids namespaces here; `None` when no setting that is known does.
#[must_use]
pub fn namespaces() -> Option<Obstacle> {
    if is_privileged() {
        return None;
    }
    namespaces_by(&|path| std::fs::read_to_string(path).ok())
}

fn namespaces_by(read: &dyn Fn(&str) -> Option<String>) -> Option<Obstacle> {
    let forbids = |setting: &&Setting| {
        let path = format!("/proc/sys/{}", setting.name.replace('.', "/"));
        read(&path).is_some_and(|text| text.trim() == setting.forbids)
    };
    if let Some(setting) = SETTINGS.iter().find(forbids) {
        let fact = format!("`{}` is {}", setting.name, setting.forbids);
        return Some(Obstacle::new(fact, setting.remedy));
    }
    let status = read("/proc/self/status").unwrap_or_default();
    let filtered = status.lines().any(|line| line.split_whitespace().eq(["Seccomp:", "2"]));
    filtered.then(|| {
        Obstacle::new(
            "a seccomp filter is on, as container engines set it",
            "start that container with `--security-opt seccomp=unconfined`",
        )
    })
}

/// Why a folder bears no overlay; asked after it was tried, because versions of the kernel differ.
#[must_use]
pub fn no_overlay(path: &Path) -> Option<Obstacle> {
    let kind = overlay_refusal(statfs(path).ok()?.f_type as u64)?;
    let fact = format!("`{}` lies on {kind}, which bears no overlay", path.display());
    Some(Obstacle::new(fact, "set `BOWLINE_STATE` to a folder on a local disk"))
}

/// What keeps files or programs from a folder.
#[must_use]
pub fn folder(path: &Path) -> Option<Obstacle> {
    let other = "set `BOWLINE_STATE` to a folder on a local disk";
    let shown = path.display();
    let flags = statvfs(path).ok()?.f_flag;
    if flags.contains(StatVfsMountFlags::RDONLY) {
        return Some(Obstacle::new(format!("`{shown}` lies on a read-only file system"), other));
    }
    if flags.contains(StatVfsMountFlags::NOEXEC) {
        let fact = format!("`{shown}` is mounted `noexec`: no program starts there");
        return Some(Obstacle::new(fact, "set `BOWLINE_STATE` to a folder without `noexec`"));
    }
    None
}

fn overlay_refusal(magic: u64) -> Option<&'static str> {
    // Some architectures sign-extend the number.
    let magic = magic & 0xffff_ffff;
    BEAR_NO_OVERLAY.iter().find(|(number, _)| *number == magic).map(|(_, name)| *name)
}

/// How many files this process may open, and whether that is too few.
#[must_use]
pub fn open_files() -> (String, Option<Obstacle>) {
    below(Resource::Nofile, OPEN_FILES_MIN, "open files", "-n")
}

/// How many processes this user may have, and whether that is too few.
#[must_use]
pub fn processes() -> (String, Option<Obstacle>) {
    below(Resource::Nproc, USER_PROCESSES_MIN, "processes", "-u")
}

fn below(resource: Resource, least: u64, what: &str, flag: &str) -> (String, Option<Obstacle>) {
    let limits = getrlimit(resource);
    let Some(now) = limits.current.filter(|now| *now < least) else {
        let shown = limits.current.map_or_else(|| "no limit".to_owned(), |now| now.to_string());
        return (shown, None);
    };
    let fact = format!("{now} {what} are allowed, {least} are needed");
    let remedy = match limits.maximum {
        Some(maximum) if maximum < least => {
            format!("raise the hard limit in `/etc/security/limits.conf`, then `ulimit {flag}`")
        }
        Some(_) | None => format!("`ulimit {flag} {least}`"),
    };
    (fact.clone(), Some(Obstacle::new(fact, remedy)))
}

#[cfg(test)]
mod tests {
    use super::{SETTINGS, namespaces_by, overlay_refusal};

    /// A machine that has these files and no others.
    fn machine(files: &[(&str, &str)]) -> Option<(String, String)> {
        let read = |path: &str| {
            let found = files.iter().find(|(name, _)| *name == path);
            found.map(|(_, text)| format!("{text}\n"))
        };
        namespaces_by(&read).map(|obstacle| (obstacle.fact, obstacle.remedy))
    }

    #[test]
    fn each_setting_that_forbids_is_named_with_its_opposite() {
        for setting in SETTINGS {
            let path = format!("/proc/sys/{}", setting.name.replace('.', "/"));
            let (fact, remedy) = machine(&[(&path, setting.forbids)]).expect("it forbids");
            assert_eq!(fact, format!("`{}` is {}", setting.name, setting.forbids));
            assert!(remedy.contains(&format!("sysctl {}=", setting.name)), "{remedy}");
            assert_eq!(machine(&[(&path, "2500")]), None, "{}", setting.name);
        }
    }

    #[test]
    fn a_filter_is_named_when_no_setting_forbids() {
        let status = |mode: &str| format!("Name:\tx\nSeccomp:\t{mode}\nSeccomp_filters:\t1");
        let (fact, _) = machine(&[("/proc/self/status", &status("2"))]).expect("it filters");
        assert!(fact.contains("seccomp"), "{fact}");
        assert_eq!(machine(&[("/proc/self/status", &status("0"))]), None);
        assert_eq!(machine(&[]), None);
    }

    #[test]
    fn file_systems_without_overlays_are_known_by_their_numbers() {
        for (magic, name) in
            [(0x6969, Some("nfs")), (0xffff_ffff_ff53_4d42, Some("cifs")), (0xef53, None)]
        {
            assert_eq!(overlay_refusal(magic), name, "{magic:#x}");
        }
    }
}
