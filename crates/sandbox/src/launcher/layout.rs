//! The order in which a root is built: clone what comes from the host, make the root, enter it,
//! attach everything.

use super::mount::{Layers, Tree, make_read_only, overlay, table, tmpfs};
use super::root::{self, HostTools};
use super::{Outcome, device, namespace};
use crate::spec::{Mount, Network, Root, Spec};
use crate::wire::{Failure, Step};
use rustix::fs::{Mode, OFlags, mkdirat, open, openat};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags, UnmountFlags,
    fsconfig_create, fsmount, fsopen, mount_change, move_mount, unmount,
};
use rustix::process::{fchdir, pivot_root};
use rustix::thread::UnshareFlags;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where files of [`Mount::File`] lie until they are shown; then it is gone.
const FILES: &str = "/dev/.bowline";

/// What will be mounted, with nothing of the host left to look up.
enum Ready<'a> {
    Tree { tree: Tree, target: &'a Path, read_only: bool },
    Tmpfs { target: &'a Path, bytes_max: u64 },
    File { target: &'a Path, content: &'a [u8], mode: u32 },
}

/// In process 1: gives it the root that `spec` describes.
pub(super) fn build(spec: &Spec) -> Outcome<()> {
    let confined = namespace::in_user_namespace();
    namespace::leave(UnshareFlags::NEWNS)?;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .map_err(|errno| Failure::new(Step::Root, "/", errno))?;
    rustix::process::umask(Mode::from_raw_mode(0o022));

    let table = table()?;
    let staging = staging()?;
    let devices = device::prepare()?;
    let names = Names::prepare(spec, &table)?;
    let ready = prepare(spec, &staging, &table, confined)?;
    let tools = match &spec.root {
        Root::HostTools => Some(HostTools::prepare(&table)?),
        Root::Layers { .. } => None,
    };
    match &spec.root {
        Root::HostTools => tmpfs(&staging, 0o755, spec.limits.scratch_bytes_max)?,
        Root::Layers { lower, upper, work } => {
            overlay(&staging, &Layers { lower, upper, work }, confined)?;
        }
    }
    enter(&staging)?;

    let owner = root::owner(spec, confined);
    device::attach(&devices)?;
    if let Some(tools) = &tools {
        tools.attach(owner)?;
        if !confined {
            root::hide_secrets(Path::new("/etc"))?;
        }
    }
    fs::create_dir(FILES).map_err(|e| Failure::io(Step::Device, FILES, &e))?;
    names.attach()?;
    let owner_of_targets = owner.filter(|_| tools.is_some());
    for (index, one) in ready.iter().enumerate() {
        attach(one, index, owner, owner_of_targets)?;
    }
    fs::remove_dir(FILES).map_err(|e| Failure::io(Step::Device, FILES, &e))?;
    rustix::system::sethostname(spec.hostname.as_bytes())
        .map_err(|errno| Failure::new(Step::Hostname, &spec.hostname, errno))
}

/// Any folder that is there: it is only covered until the new root is entered.
fn staging() -> Outcome<PathBuf> {
    let candidates = ["/tmp", "/mnt", "/run", "/var/tmp"].map(PathBuf::from);
    let found = candidates.into_iter().find(|folder| folder.is_dir());
    found.ok_or_else(|| Failure::new(Step::Root, "/tmp", Errno::NOENT))
}

fn prepare<'a>(
    spec: &'a Spec,
    staging: &Path,
    table: &[PathBuf],
    confined: bool,
) -> Outcome<Vec<Ready<'a>>> {
    let one = |mount: &'a Mount| {
        Ok(match mount {
            Mount::Bind { source, target, read_only } => {
                let tree = Tree::of_host(source, table)?;
                Ready::Tree { tree, target, read_only: *read_only }
            }
            Mount::Overlay { lower, upper, work, target } => {
                let layers = Layers { lower, upper, work };
                let tree = Tree::of_overlay(staging, &layers, confined)?;
                Ready::Tree { tree, target, read_only: false }
            }
            Mount::Tmpfs { target, bytes_max } => Ready::Tmpfs { target, bytes_max: *bytes_max },
            Mount::File { target, content, mode } => Ready::File { target, content, mode: *mode },
        })
    };
    spec.mounts.iter().map(one).collect()
}

/// `/proc` before the change of root: in a user namespace the kernel wants to see the old one.
/// No link of the new root is followed. Then the old root is gone, and every later path stays
/// inside.
fn enter(staging: &Path) -> Outcome<()> {
    let failed = |errno| Failure::new(Step::Root, "/", errno);
    let no_proc = |errno| Failure::new(Step::Proc, "/proc", errno);
    let folder = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let new = open(staging, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .map_err(failed)?;
    match mkdirat(&new, "proc", Mode::from_raw_mode(0o555)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(errno) => return Err(no_proc(errno)),
    }
    let place = openat(&new, "proc", folder, Mode::empty()).map_err(no_proc)?;
    let proc = fsopen("proc", FsOpenFlags::FSOPEN_CLOEXEC).map_err(no_proc)?;
    fsconfig_create(&proc).map_err(no_proc)?;
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let proc = fsmount(&proc, FsMountFlags::FSMOUNT_CLOEXEC, attributes).map_err(no_proc)?;
    let both_empty =
        MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(&proc, "", &place, "", both_empty).map_err(no_proc)?;
    fchdir(&new).map_err(failed)?;
    pivot_root(".", ".").map_err(failed)?;
    unmount(".", UnmountFlags::DETACH).map_err(failed)?;
    rustix::process::chdir("/").map_err(failed)
}

fn attach(
    ready: &Ready<'_>,
    index: usize,
    owner: Option<(u32, u32)>,
    owner_of_targets: Option<(u32, u32)>,
) -> Outcome<()> {
    match ready {
        Ready::Tree { tree, target, read_only } => {
            root::target(target, tree.is_directory, owner_of_targets)?;
            tree.attach(target, *read_only)
        }
        Ready::Tmpfs { target, bytes_max } => {
            root::target(target, true, owner_of_targets)?;
            tmpfs(target, 0o1777, Some(*bytes_max))
        }
        Ready::File { target, content, mode } => {
            root::target(target, false, owner_of_targets)?;
            show_file(&format!("{index}"), target, content, *mode, owner)
        }
    }
}

/// Writes a file into memory, shows it at `target`, which exists, and takes its first name away.
fn show_file(
    name: &str,
    target: &Path,
    content: &[u8],
    mode: u32,
    owner: Option<(u32, u32)>,
) -> Outcome<()> {
    let path = Path::new(FILES).join(name);
    let failed = |e: std::io::Error| Failure::io(Step::Target, target.display(), &e);
    fs::write(&path, content).map_err(failed)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(mode & 0o7777)).map_err(failed)?;
    root::own(&path, owner)?;
    super::mount::bind(&path, target)?;
    make_read_only(target)?;
    fs::remove_file(&path).map_err(failed)
}

/// `/etc/hosts`, and for an image `/etc/hostname` and `/etc/resolv.conf`.
struct Names {
    hosts: String,
    /// For an image: the host's resolver where the network is the host's.
    image: Option<(String, Option<Tree>)>,
}

impl Names {
    fn prepare(spec: &Spec, table: &[PathBuf]) -> Outcome<Self> {
        let own = format!("127.0.0.1\t{}\n", spec.hostname);
        Ok(match spec.root {
            Root::HostTools => {
                let mut hosts = fs::read_to_string("/etc/hosts").unwrap_or_default();
                if !hosts.is_empty() && !hosts.ends_with('\n') {
                    hosts.push('\n');
                }
                Self { hosts: hosts + &own, image: None }
            }
            Root::Layers { .. } => {
                let hosts = format!("127.0.0.1\tlocalhost\n::1\tlocalhost\n{own}");
                let resolver = Path::new("/etc/resolv.conf");
                let shown = spec.network == Network::Host && resolver.exists();
                let tree = if shown { Some(Tree::of_host(resolver, table)?) } else { None };
                Self { hosts, image: Some((format!("{}\n", spec.hostname), tree)) }
            }
        })
    }

    fn attach(&self) -> Outcome<()> {
        let hosts = Path::new("/etc/hosts");
        let Some((hostname, resolver)) = &self.image else {
            if hosts.exists() {
                show_file("hosts", hosts, self.hosts.as_bytes(), 0o644, None)?;
            }
            return Ok(());
        };
        // An image without `/etc` has no C library that would look there.
        if !Path::new("/etc").is_dir() {
            return Ok(());
        }
        root::file(hosts)?;
        show_file("hosts", hosts, self.hosts.as_bytes(), 0o644, None)?;
        let name = Path::new("/etc/hostname");
        root::file(name)?;
        show_file("hostname", name, hostname.as_bytes(), 0o644, None)?;
        if let Some(tree) = resolver {
            let target = Path::new("/etc/resolv.conf");
            root::file(target)?;
            tree.attach(target, true)?;
        }
        Ok(())
    }
}

/// For the probe: an overlay in `scratch`, made and taken off.
pub(super) fn try_overlay(scratch: &Path, confined: bool) -> Outcome<()> {
    namespace::leave(UnshareFlags::NEWNS)?;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .map_err(|errno| Failure::new(Step::Root, "/", errno))?;
    let part = |name: &str| -> Outcome<PathBuf> {
        let path = scratch.join(name);
        root::directory(&path)?;
        Ok(path)
    };
    let (lower, upper, work) = (vec![part("lower")?], part("upper")?, part("work")?);
    let layers = Layers { lower: &lower, upper: &upper, work: &work };
    let target = part("merged")?;
    overlay(&target, &layers, confined)?;
    fs::write(target.join("probe"), b"x")
        .map_err(|e| Failure::io(Step::Overlay, target.display(), &e))?;
    unmount(&target, UnmountFlags::DETACH)
        .map_err(|errno| Failure::new(Step::Overlay, target.display(), errno))
}
