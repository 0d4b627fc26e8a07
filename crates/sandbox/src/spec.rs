//! What a sandbox is to look like: data only, sent to the launcher as JSON.

use crate::limits::{PROCESSES_MAX, SCRATCH_BYTES_MAX};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// One sandbox: its root, what is mounted into it, its network, limits and identity.
///
/// ```
/// use bowline_sandbox::{Network, Root, Spec};
/// let spec = Spec { network: Network::Private, ..Spec::new(Root::HostTools) };
/// assert!(spec.mounts.is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// The name that `hostname` prints inside, at most 64 bytes.
    pub hostname: String,
    /// What `/` is.
    pub root: Root,
    /// What is mounted into the root, in this order. `/proc`, a minimal `/dev`, `/tmp` (for
    /// [`Root::HostTools`]) and the masks are always there.
    pub mounts: Vec<Mount>,
    /// Which network the programs see.
    pub network: Network,
    /// Upper bounds; they are only ever lowered.
    pub limits: Limits,
    /// Who the programs are.
    pub identity: Identity,
    /// Whether set-user-ID programs may raise privileges inside.
    pub mode: Mode,
}

impl Spec {
    /// A sandbox with this root, the host's network, no limits, root inside, no extra mount.
    #[must_use]
    pub fn new(root: Root) -> Self {
        Self {
            hostname: "bowline".into(),
            root,
            mounts: Vec::new(),
            network: Network::Host,
            limits: Limits::default(),
            identity: Identity::Root,
            mode: Mode::Usual,
        }
    }
}

/// What `/` is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Root {
    /// Read-only layers under a writable one: an image's root file system.
    Layers {
        /// The topmost first; at least one. Never changed.
        lower: Vec<PathBuf>,
        /// Takes everything that is written. Must exist, must not lie on an overlay.
        upper: PathBuf,
        /// Empty, on the same file system as `upper`. Must exist.
        work: PathBuf,
    },
    /// The host's programs, read-only (`/usr /bin /sbin /lib* /etc /opt /nix`), without the
    /// files of `/etc` that only root may read; `/home /run /tmp /var/tmp /root` are private,
    /// empty and gone with the sandbox.
    HostTools,
}

/// One mount. Targets are absolute paths inside; what is missing of the target is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mount {
    /// A folder or file of the host, with everything mounted beneath it.
    Bind {
        /// On the host; links are followed.
        source: PathBuf,
        /// Inside.
        target: PathBuf,
        /// Also for everything mounted beneath.
        read_only: bool,
    },
    /// Read-only folders under a writable one: a workspace over a checkout.
    Overlay {
        /// The topmost first; at least one.
        lower: Vec<PathBuf>,
        /// Takes everything that is written; must exist.
        upper: PathBuf,
        /// Empty, on the same file system as `upper`; must exist.
        work: PathBuf,
        /// Inside.
        target: PathBuf,
    },
    /// An empty folder in memory.
    Tmpfs {
        /// Inside.
        target: PathBuf,
        /// More than this is "no space left".
        bytes_max: u64,
    },
    /// A small read-only file with this content (configuration, a secret of a pod). It lies in
    /// memory, never on disk.
    File {
        /// Inside.
        target: PathBuf,
        /// Its whole content.
        content: Vec<u8>,
        /// Permission bits, such as `0o444`.
        mode: u32,
    },
}

/// Which network the programs see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// The host's.
    Host,
    /// Its own, with nothing but the loopback interface, which is up.
    Private,
    /// The one of whoever starts it: the pod's, when started by [`crate::network::Namespace`].
    Inherit,
}

/// Upper bounds. `None` leaves what the host gives; nothing is ever raised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Open descriptors of one process.
    pub open_files_max: Option<u64>,
    /// Processes and threads in the whole sandbox; smaller values count as 301, the least that
    /// the kernel takes. Needs Linux 6.14; before, it is reported as not set.
    pub processes_max: Option<u64>,
    /// Memory of the whole sandbox. Needs a cgroup; without, it is reported as not set.
    pub memory_bytes_max: Option<u64>,
    /// The largest file that may be written.
    pub file_bytes_max: Option<u64>,
    /// What fits into the private `/tmp`, `/home`, `/run` together; half the memory if `None`.
    pub scratch_bytes_max: Option<u64>,
}

impl Limits {
    /// What every sandbox for somebody's programs gets: a bound for processes and for what lies
    /// in memory as files, so that one of them cannot take the machine.
    #[must_use]
    pub fn usual() -> Self {
        Self {
            processes_max: Some(PROCESSES_MAX),
            scratch_bytes_max: Some(SCRATCH_BYTES_MAX),
            ..Self::default()
        }
    }
}

/// A limit that was asked for and that this machine cannot set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unset {
    /// The field of [`Limits`].
    pub limit: String,
    /// Why, and what would change it.
    pub reason: String,
}

/// Who the programs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// User and group 0, with few capabilities. For an ordinary user of the host this is that
    /// user seen as 0 through a user namespace.
    Root,
    /// These ids, without capabilities. For an ordinary user of the host this is that user,
    /// seen under these numbers.
    Ids {
        /// User.
        uid: u32,
        /// Group; there are no supplementary groups.
        gid: u32,
    },
}

/// Whether set-user-ID programs (`sudo`) may raise privileges inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Not when Bowline runs as root (`no_new_privs`), but inside a user namespace, where it
    /// gives nothing on the host and Dockerfiles with `sudo` need it.
    Usual,
    /// Never.
    Sealed,
}

/// One program to run inside.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// The program and its arguments. The first, when it has no `/`, is looked for in the
    /// `PATH` of `environment`, inside.
    pub arguments: Vec<String>,
    /// The whole environment: nothing is inherited.
    pub environment: Vec<(String, String)>,
    /// Where it starts, inside.
    pub directory: PathBuf,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.environment.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Program")
            .field("arguments", &self.arguments)
            .field("environment (values may be secret)", &names)
            .field("directory", &self.directory)
            .finish()
    }
}

/// How the launcher is started: this binary again, with its hidden verb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launcher {
    /// An absolute path.
    pub program: PathBuf,
    /// Such as `["__init"]`.
    pub arguments: Vec<String>,
}
