//! A `golang` stage on disk: the folders that lie below its RUN steps.
//!
//! The root is an overlay: a skeleton of folders and links at the bottom, what earlier stages
//! wrote, and on top what this stage writes. The host's `/usr` (and `/bin`, `/lib` … where
//! they are folders of their own) lies in it under an overlay of its own, so that a step may
//! write to `/usr/local/bin` without touching the host.

use crate::{
    BuildRequest, Error,
    copy::Write,
    limits::FILES_MAX,
    plan::{BUILD_CACHE, GO_ROOT, MODULE_CACHE, Run, SCRIPT},
    tree::{Kind, Node, Tree},
};
use bowline_host::files::{self, Root};
use bowline_oci::layer::Content;
use bowline_sandbox::{Limits, Mount, Network, Spec};
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

/// Folders of the host that hold programs.
const PROGRAMS: [&str; 7] = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/// Folders of `/usr` that a step may write to. They lie on top of the host's: in a user
/// namespace the host's own belong to nobody, and not even root inside may write there.
const WRITABLE: [&str; 8] =
    ["bin", "lib", "local/bin", "local/lib", "local/sbin", "local/share", "sbin", "share"];

/// Folders that are there from the start, with their permissions.
const FOLDERS: &[(&str, u32)] = &[
    ("dev", 0o755),
    ("etc", 0o755),
    ("go/bin", 0o1777),
    ("go/pkg/mod", 0o755),
    ("go/src", 0o1777),
    ("home", 0o755),
    ("opt/bowline/go", 0o755),
    ("proc", 0o555),
    ("root/.cache/go-build", 0o755),
    ("run/bowline", 0o755),
    ("sys", 0o555),
    ("tmp", 0o1777),
    ("var/tmp", 0o1777),
];

/// Configuration of the host that programs need, read-only. Never anything that only root may
/// read.
const CONFIGURATION: &[&str] = &[
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/nsswitch.conf",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust/extracted",
    "/etc/protocols",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
];

/// Files that the sandbox itself shows: only their places are made.
const SHOWN: [&str; 3] = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];

const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n";
const GROUP: &str = "root:x:0:\nnogroup:x:65534:\n";

/// Where the CA certificates of a system lie, by the habits of distributions.
const CERTIFICATES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// One overlay: `/` or a folder of programs.
#[derive(Clone, Debug)]
struct Area {
    /// Relative to the root; empty for the root itself.
    path: String,
    /// What lies below everything: the skeleton, or the host's folder.
    base: PathBuf,
    /// What earlier stages wrote, the topmost first.
    below: Vec<PathBuf>,
    upper: PathBuf,
    work: PathBuf,
}

/// The stage.
#[derive(Clone, Debug)]
pub(crate) struct GoStage {
    areas: Vec<Area>,
    skeleton: PathBuf,
    /// Owners that COPY gave; nothing on disk is owned by anybody else than this user.
    owners: BTreeMap<String, (u32, u32)>,
}

impl GoStage {
    /// A new stage in `folder`, on top of `parent`.
    pub(crate) fn new(folder: &Path, parent: Option<&Self>) -> Result<Self, Error> {
        let skeleton = match parent {
            Some(parent) => parent.skeleton.clone(),
            None => skeleton(&folder.join("skeleton"))?,
        };
        let mut areas = Vec::new();
        let programs = PROGRAMS.iter().filter(|name| is_folder(&Path::new("/").join(name)));
        for path in [""].iter().chain(programs) {
            let name = if path.is_empty() { "root" } else { *path };
            let area = Area {
                path: (*path).to_owned(),
                base: if path.is_empty() { skeleton.clone() } else { Path::new("/").join(path) },
                below: parent.map(|parent| parent.below(path)).unwrap_or_default(),
                upper: folder.join(format!("{name}.upper")),
                work: folder.join(format!("{name}.work")),
            };
            files::create_dirs(&area.upper)?;
            files::create_dirs(&area.work)?;
            if *path == "usr" {
                WRITABLE.iter().try_for_each(|name| files::create_dirs(area.upper.join(name)))?;
            }
            areas.push(area);
        }
        let owners = parent.map(|parent| parent.owners.clone()).unwrap_or_default();
        Ok(Self { areas, skeleton, owners })
    }

    /// The folders that take what the stage writes.
    pub(crate) fn written(&self) -> Vec<PathBuf> {
        self.areas.iter().map(|area| area.upper.clone()).collect()
    }

    fn below(&self, path: &str) -> Vec<PathBuf> {
        let area = self.areas.iter().find(|area| area.path == path);
        let area = area.map(|area| [area.upper.clone()].into_iter().chain(area.below.clone()));
        area.into_iter().flatten().collect()
    }

    /// The sandbox in which `run` is carried out.
    pub(crate) fn spec(&self, request: &BuildRequest, run: &Run) -> Spec {
        let mut root = bowline_sandbox::Root::HostTools;
        let mut mounts = Vec::new();
        for area in &self.areas {
            let lower: Vec<PathBuf> = area.below.iter().chain([&area.base]).cloned().collect();
            let (upper, work) = (area.upper.clone(), area.work.clone());
            if area.path.is_empty() {
                root = bowline_sandbox::Root::Layers { lower, upper, work };
            } else {
                let target = Path::new("/").join(&area.path);
                mounts.push(Mount::Overlay { lower, upper, work, target });
            }
        }
        let bind = |source: &Path, target: &str, read_only| Mount::Bind {
            source: source.to_owned(),
            target: target.into(),
            read_only,
        };
        if let Some(go) = &request.go {
            mounts.extend(go.mounts(Path::new(GO_ROOT)));
        }
        mounts.push(bind(&request.caches.go_build, BUILD_CACHE, false));
        mounts.push(bind(&request.caches.go_mod, MODULE_CACHE, false));
        let there = CONFIGURATION.iter().filter(|path| files::metadata_followed(path).is_ok());
        mounts.extend(there.map(|path| bind(Path::new(path), path, true)));
        if let Some(script) = &run.script {
            let content = script.clone().into_bytes();
            mounts.push(Mount::File { target: SCRIPT.into(), content, mode: 0o755 });
        }
        let network = if run.offline { Network::Private } else { Network::Host };
        // `/tmp` of a build lies in memory and takes what a linker needs.
        let limits = Limits { scratch_bytes_max: None, ..Limits::usual() };
        Spec { hostname: "build".into(), mounts, network, limits, ..Spec::new(root) }
    }

    /// All files that the stage and its parents wrote. Files of the host are not in it.
    pub(crate) fn tree(&self) -> Result<Tree, Error> {
        let mut tree = Tree::default();
        for area in &self.areas {
            // Of the host's folders only the name is known.
            let base = if area.path.is_empty() { Some(&area.base) } else { None };
            if base.is_none() {
                tree.insert(area.path.clone(), Node::dir(0o755, (0, 0)));
            }
            for folder in base.into_iter().chain(area.below.iter().rev()).chain([&area.upper]) {
                self.read(&mut tree, area, folder)?;
            }
        }
        Ok(tree)
    }

    fn read(&self, tree: &mut Tree, area: &Area, folder: &Path) -> Result<(), Error> {
        let own = files::metadata(folder)?;
        for entry in files::walk(folder, FILES_MAX)? {
            let path = match area.path.as_str() {
                "" => entry.relative.clone(),
                area => format!("{area}/{}", entry.relative),
            };
            let source = folder.join(&entry.relative);
            let kind = match entry.kind {
                files::Kind::Dir => Kind::Dir,
                files::Kind::File if is_place(folder, &area.base, &path) => continue,
                files::Kind::File => Kind::File(Content::File(source)),
                files::Kind::Symlink => {
                    Kind::Symlink(files::read_link(&source)?.to_string_lossy().into_owned())
                }
                // A whiteout of the overlay, or a socket or pipe, which no image holds.
                files::Kind::Other => {
                    tree.remove(&path);
                    continue;
                }
            };
            if kind != Kind::Dir {
                tree.remove(&path);
            }
            let mapped = |id: u32, own: u32| if id == own { 0 } else { id };
            let (uid, gid) = (entry.metadata.uid, entry.metadata.gid);
            let owner = (mapped(uid, own.uid), mapped(gid, own.gid));
            let owner = self.owners.get(&path).copied().unwrap_or(owner);
            tree.insert(path, Node { kind, mode: entry.mode, owner });
        }
        Ok(())
    }

    /// Lays what a COPY or WORKDIR writes on top. Paths are real ones of [`GoStage::tree`].
    pub(crate) fn write(&mut self, writes: &[Write]) -> Result<(), Error> {
        for (path, node) in writes {
            let (area, relative) = self.area(path);
            let root = Root::open(&area.upper)?;
            if let Some((folder, _)) = relative.rsplit_once('/') {
                root.create_dirs(folder)?;
            }
            match &node.kind {
                Kind::Dir => {
                    root.create_dirs(&relative)?;
                    root.set_mode(&relative, node.mode)?;
                }
                Kind::Symlink(target) => {
                    root.remove(&relative)?;
                    root.symlink(target, &relative)?;
                }
                Kind::File(content) => {
                    root.remove(&relative)?;
                    write_file(&root, &relative, content)?;
                    root.set_mode(&relative, node.mode)?;
                }
            }
            if node.owner == (0, 0) {
                self.owners.remove(path);
            } else {
                self.owners.insert(path.clone(), node.owner);
            }
        }
        Ok(())
    }

    /// The overlay that `path` lies in, and the path inside it.
    fn area(&self, path: &str) -> (&Area, String) {
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        let found = self.areas.iter().find(|area| area.path == first && !rest.is_empty());
        match found {
            Some(area) => (area, rest.to_owned()),
            // The first one is the root.
            None => (&self.areas[0], path.to_owned()),
        }
    }
}

fn write_file(root: &Root, path: &str, content: &Content) -> Result<(), Error> {
    let mut file = root.create_new(path, 0o600)?;
    let failed = |source| Error::Write { path: path.to_owned(), source };
    match content {
        Content::Bytes(bytes) => io::Write::write_all(&mut file, bytes).map_err(failed)?,
        Content::File(source) => {
            let modified = files::metadata_followed(source)?.modified;
            let mut from = files::open_read(source)?;
            io::copy(&mut from, &mut file).map_err(failed)?;
            // Tests that read files are cached by their times.
            root.set_modified(path, modified)?;
        }
    }
    Ok(())
}

/// Whether this is an empty file of the skeleton that only marks the place of a mount.
fn is_place(folder: &Path, skeleton: &Path, path: &str) -> bool {
    let whole = format!("/{path}");
    let places = CONFIGURATION.iter().chain(&SHOWN).chain([&SCRIPT]);
    folder == skeleton && places.into_iter().any(|place| *place == whole)
}

fn is_folder(path: &Path) -> bool {
    files::metadata(path).is_ok_and(|found| found.kind == files::Kind::Dir)
}

fn skeleton(folder: &Path) -> Result<PathBuf, Error> {
    for (path, mode) in FOLDERS {
        let path = folder.join(path);
        files::create_dirs(&path)?;
        files::set_mode(&path, *mode)?;
    }
    files::set_mode(folder.join("root"), 0o700)?;
    for name in PROGRAMS {
        let host = Path::new("/").join(name);
        match files::metadata(&host) {
            Ok(found) if found.kind == files::Kind::Symlink => {
                files::symlink(files::read_link(&host)?, folder.join(name))?;
            }
            Ok(_) => files::create_dirs(folder.join(name))?,
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
    }
    // Places for the mounts, so that they never appear in what the stage wrote.
    for path in CONFIGURATION {
        let place = folder.join(&path[1..]);
        match files::metadata_followed(path) {
            Ok(found) if found.kind == files::Kind::Dir => files::create_dirs(place)?,
            Ok(_) => {
                files::create_dirs(place.parent().unwrap_or(folder))?;
                files::write(place, b"")?;
            }
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
    }
    for path in SHOWN {
        files::write(folder.join(&path[1..]), b"")?;
    }
    files::write(folder.join("etc/passwd"), PASSWD.as_bytes())?;
    files::write(folder.join("etc/group"), GROUP.as_bytes())?;
    files::write(folder.join(&SCRIPT[1..]), b"")?;
    Ok(folder.to_owned())
}

/// Adds to `tree` what the image would have and this machine has: CA certificates, time zones,
/// the toolchain itself. Only what `source` names; returns whether something was added.
pub(crate) fn add_host_files(
    tree: &mut Tree,
    source: &str,
    go_root: Option<&Path>,
) -> Result<bool, Error> {
    let path = crate::tree::names(source).collect::<Vec<_>>().join("/");
    if tree.get(&path).is_some() {
        return Ok(false);
    }
    if CERTIFICATES.iter().any(|known| known[1..] == path) {
        let found = CERTIFICATES.iter().find(|path| files::metadata_followed(path).is_ok());
        let Some(found) = found else { return Ok(false) };
        let kind = Kind::File(Content::File(PathBuf::from(found)));
        tree.insert(path, Node { kind, mode: 0o644, owner: (0, 0) });
        return Ok(true);
    }
    for (prefix, folder) in [
        ("usr/share/zoneinfo", Some(Path::new("/usr/share/zoneinfo"))),
        ("usr/local/go", go_root),
        ("opt/bowline/go", go_root),
    ] {
        let within = path == prefix || path.starts_with(&format!("{prefix}/"));
        if let (true, Some(folder)) = (within && folder.is_some_and(is_folder), folder) {
            return add_folder(tree, &path, prefix, folder);
        }
    }
    Ok(false)
}

fn add_folder(tree: &mut Tree, path: &str, prefix: &str, folder: &Path) -> Result<bool, Error> {
    let mut added = false;
    for entry in files::walk(folder, FILES_MAX)? {
        let inside = format!("{prefix}/{}", entry.relative);
        let wanted = inside == path
            || inside.starts_with(&format!("{path}/"))
            || path.starts_with(&format!("{inside}/"));
        let source = folder.join(&entry.relative);
        let kind = match entry.kind {
            _ if !wanted => continue,
            files::Kind::Dir => Kind::Dir,
            files::Kind::File => Kind::File(Content::File(source)),
            files::Kind::Symlink => {
                Kind::Symlink(files::read_link(&source)?.to_string_lossy().into_owned())
            }
            files::Kind::Other => continue,
        };
        added = true;
        tree.insert(inside, Node { kind, mode: entry.mode, owner: (0, 0) });
    }
    if added && tree.get(prefix).is_none() {
        tree.insert(prefix, Node::dir(0o755, (0, 0)));
    }
    Ok(added)
}
