//! What Bowline leaves on a machine: after `down`, and after its conductor was killed. Every
//! case runs as the user of the test, and as an ordinary user when that is root.
//!
//! The program is found beside the test's own (`target/<profile>/bowline`): this crate knows
//! the shell only as a program. `cargo test --workspace` builds it.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests look at the machine by themselves"
)]

use bowline_sandbox::Signal;
use bowline_testkit::ordinary::{ORDINARY, give, is_root};
use bowline_testkit::{Repository, World, get, program, skip, until};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Killed processes, and those that init adopts, may take this long to be gone.
const SOON: Duration = Duration::from_secs(20);

/// A stage whose build does not end by itself, and a job that leaves processes behind it.
const SLOW_RUN: &str = "RUN sleep 4713 & exec sleep 4711\nRUN CGO_ENABLED=0";
const SLOW_STEP: &str = "      - name: slow
        run: |
          setsid sleep 4712 > /dev/null 2>&1 &
          (sleep 4713; true) &
          sleep 4711
";

/// A world whose program has a path of its own, so that every process of it can be told.
struct Scene {
    world: World,
    programs: TempDir,
    ordinary: bool,
}

impl Scene {
    fn new(ordinary: bool) -> Self {
        let programs = tempfile::Builder::new().prefix("bp").tempdir_in("/tmp").unwrap();
        let own = programs.path().join("bowline");
        fs::copy(program(), &own).unwrap();
        let start = programs.path().join("start");
        let typed = if ordinary { &start } else { &own };
        if ordinary {
            let ids = format!("--reuid {ORDINARY} --regid {ORDINARY} --clear-groups");
            let text = format!("#!/bin/sh\nexec setpriv {ids} -- {} \"$@\"\n", own.display());
            fs::write(&start, text).unwrap();
            fs::set_permissions(&start, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::set_permissions(programs.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Self { world: World::new(typed), programs, ordinary }
    }

    /// The example, with a workflow that takes a moment.
    fn repository(&self) -> Repository {
        self.world.repository().with_quick_workflow()
    }

    /// Gives an ordinary user what was laid down so far, with a build cache of its own.
    fn hand_over(&self) {
        if !self.ordinary {
            return;
        }
        let cache = self.world.state().join("cache/go-build");
        if let Ok(shared) = fs::read_link(&cache) {
            fs::remove_file(&cache).unwrap();
            bowline_host::files::copy_tree(&shared, &cache).unwrap();
        }
        give(self.world.root());
    }

    /// Every living process of this world: of its program, and what is mounted out of its state.
    fn processes(&self) -> BTreeSet<u32> {
        let known = self.world.processes().into_iter().map(|process| process.pid);
        let own = pids().filter(|pid| {
            fs::read_link(format!("/proc/{pid}/exe"))
                .is_ok_and(|program| program.starts_with(self.programs.path()))
        });
        known.chain(own).filter(|pid| lives(*pid)).collect()
    }

    /// Those that carry out work and must not outlive their conductor.
    fn workers(&self) -> BTreeSet<u32> {
        let serves = |pid: &u32| {
            let chain = std::iter::successors(Some(*pid), |pid| parent(*pid));
            chain.take(8).any(|pid| {
                let command = fs::read_to_string(format!("/proc/{pid}/cmdline"));
                let verb = command.unwrap_or_default();
                let verb = verb.split('\0').nth(1).unwrap_or_default().to_owned();
                ["shim", "edge", "edge-shim"].contains(&verb.as_str())
            })
        };
        self.processes().into_iter().filter(|pid| !serves(pid)).collect()
    }

    /// Fails when something is left outside the state folder.
    fn expect_nothing(&self, namespaces: &BTreeSet<String>) {
        until("the end of every process", SOON, || self.processes().is_empty().then_some(()));
        until("the end of every namespace", SOON, || {
            let left: BTreeSet<String> = pids().filter(|p| lives(*p)).flat_map(of).collect();
            left.is_disjoint(namespaces).then_some(())
        });
        let root = self.world.root().display().to_string();
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let ours = |line: &&str| line.contains(&root) || line.contains(" nsfs ");
        assert_eq!(mounts.lines().filter(ours).collect::<Vec<_>>(), [""; 0]);
        assert_eq!(named("/sys/fs/cgroup", "bowline"), [""; 0], "control groups");
        assert_eq!(named("/dev/shm", "bowline"), [""; 0], "shared memory");
        assert_eq!(names(&self.world.root().join("h")), [""; 0], "in the home folder");
        let state = self.world.state().display().to_string();
        let sockets = bowline_host::directories::resolve(&|name| match name {
            "BOWLINE_STATE" => Some(state.clone()),
            _ => None,
        });
        let sockets = sockets.unwrap().runtime.display().to_string();
        let digits = sockets.rsplit('-').next().unwrap();
        let left = names(Path::new("/tmp")).into_iter().filter(|name| name.ends_with(digits));
        assert_eq!(left.collect::<Vec<_>>(), [""; 0], "sockets");
    }
}

fn each_user(test: &str, check: impl Fn(Scene)) {
    check(Scene::new(false));
    if is_root() {
        check(Scene::new(true));
    } else {
        skip(test, "only root can also be an ordinary user");
    }
}

#[test]
fn after_down_nothing_is_left_outside_the_state_folder() {
    each_user("after_down", |mut scene| {
        // Then sockets lie in `/tmp`, the folder that everybody has.
        scene.world.unset("XDG_RUNTIME_DIR");
        let repository = scene.repository();
        scene.hand_over();
        scene.world.bowline(repository.folder(), &["release"]).expect_exit(0);
        assert_eq!(get(repository.address(), "/healthz").0, 200);
        let namespaces = namespaces(&scene.processes());
        assert!(namespaces.len() > 5, "the pods have namespaces: {namespaces:?}");
        scene.world.bowline(repository.folder(), &["down"]).expect_exit(0);
        scene.expect_nothing(&namespaces);
    });
}

#[test]
fn a_look_at_the_state_makes_no_folder_elsewhere() {
    each_user("a_look", |mut scene| {
        scene.world.unset("XDG_RUNTIME_DIR");
        scene.hand_over();
        for verb in [&["ls"][..], &["ls", "pods"], &["doctor"], &["check"], &["why"]] {
            scene.world.bowline(scene.world.root(), verb);
        }
        scene.expect_nothing(&BTreeSet::new());
    });
}

#[test]
fn a_conductor_killed_in_a_job_leaves_no_process_and_the_next_one_works() {
    each_user("killed_in_a_job", |scene| {
        let repository = scene.repository();
        let quick = repository.read(".github/workflows/ci.yml");
        repository.write(".github/workflows/ci.yml", &format!("{quick}{SLOW_STEP}"));
        repository.commit("a slow step");
        killed(&scene, &repository, "sleep 4712", |repository| {
            repository.write(".github/workflows/ci.yml", &quick);
        });
    });
}

#[test]
fn a_conductor_killed_in_a_build_leaves_no_process_and_the_next_one_works() {
    each_user("killed_in_a_build", |scene| {
        let repository = scene.repository();
        let quick = repository.read("Dockerfile");
        repository.edit("Dockerfile", "RUN CGO_ENABLED=0", SLOW_RUN);
        repository.commit("a slow build");
        killed(&scene, &repository, "sleep 4713", |repository| {
            repository.write("Dockerfile", &quick);
        });
    });
}

/// Kills the conductor while `program` runs in its sandbox; what serves users stays, the rest
/// goes; then the mended commit is released.
fn killed(scene: &Scene, repository: &Repository, program: &str, mend: impl Fn(&Repository)) {
    mend_later(scene, repository, &mend);
    let release = scene.world.start(repository.folder(), &["release", "HEAD~1"]);
    until(&format!("`{program}`"), Duration::from_secs(300), || {
        assert!(lives(release.pid()), "it has ended:\n{}", release.talk());
        let workers = scene.workers();
        let commands = workers.iter().map(|pid| fs::read(format!("/proc/{pid}/cmdline")));
        let mut commands = commands.map(|text| text.unwrap_or_default());
        let wanted = program.replace(' ', "\0").into_bytes();
        commands.any(|text| text.starts_with(&wanted)).then_some(())
    });
    let namespaces = namespaces(&scene.workers());
    release.signal(Signal::KILL);
    until("the end of the workers", SOON, || scene.workers().is_empty().then_some(()));
    drop(release);
    scene.world.bowline(repository.folder(), &["release"]).expect_exit(0);
    assert_eq!(get(repository.address(), "/healthz").0, 200);
    scene.world.bowline(repository.folder(), &["down"]).expect_exit(0);
    scene.expect_nothing(&namespaces);
}

/// The mended commit stands on top before the world is handed over: git trusts one owner.
fn mend_later(scene: &Scene, repository: &Repository, mend: &impl Fn(&Repository)) {
    mend(repository);
    repository.commit("mended");
    scene.hand_over();
}

fn pids() -> impl Iterator<Item = u32> {
    names(Path::new("/proc")).into_iter().filter_map(|name| name.parse().ok())
}

/// A field of `/proc/<pid>/stat`, counted from the state, which is 0.
fn stat(pid: u32, field: usize) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    fields.split(' ').nth(field).map(str::to_owned)
}

/// One that has ended and was not waited for is the business of its parent.
fn lives(pid: u32) -> bool {
    stat(pid, 0).is_some_and(|state| state != "Z" && state != "X")
}

fn parent(pid: u32) -> Option<u32> {
    stat(pid, 1)?.parse().ok().filter(|parent| *parent > 1)
}

fn of(pid: u32) -> Vec<String> {
    let kinds = ["mnt", "net", "pid", "ipc", "uts", "user"];
    let links = kinds.map(|kind| fs::read_link(format!("/proc/{pid}/ns/{kind}")).ok());
    links.into_iter().flatten().map(|link| link.display().to_string()).collect()
}

/// The namespaces of these processes that are not the test's own.
fn namespaces(pids: &BTreeSet<u32>) -> BTreeSet<String> {
    let own: BTreeSet<String> = of(std::process::id()).into_iter().collect();
    pids.iter().flat_map(|pid| of(*pid)).filter(|name| !own.contains(name)).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Folders and files below `folder` whose name holds `word`.
fn named(folder: &str, word: &str) -> Vec<String> {
    let entries = bowline_host::files::walk(folder, 1_000_000).unwrap_or_default().into_iter();
    entries.map(|entry| entry.relative).filter(|path| path.contains(word)).collect()
}
