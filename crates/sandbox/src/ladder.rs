//! What this machine permits: each thing a sandbox needs is tried, not guessed. Feeds `doctor`.
//!
//! A lower rung is never taken by itself: what is missing is an error with its remedy.

use crate::limits::READY_MS_MAX;
use crate::machine::{self, Obstacle};
use crate::running::{abandon, readable, reap};
use crate::spec::{Launcher, Network, Program, Root, Spec};
use crate::start::launch;
use crate::wire::{self, Report, Request, Step, Trial};
use crate::{Error, Exit, Output, Sandbox};
use bowline_diag::Diagnose;
use serde::Serialize;
use std::path::Path;
use std::time::Duration;

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Such as `overlay`.
    pub name: String,
    /// Whether it works.
    pub ok: bool,
    /// What was found.
    pub detail: String,
    /// What would make it work.
    pub remedy: Option<String>,
}

/// How programs are kept apart here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// As root, with namespaces made directly.
    Root,
    /// As an ordinary user, through a user namespace.
    UserNamespace,
    /// Not at all; the rows say what is missing.
    None,
}

/// Everything that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ladder {
    /// What a sandbox would stand on.
    pub rung: Rung,
    /// In the order of trying.
    pub rows: Vec<Row>,
}

impl Ladder {
    /// Whether sandboxes work.
    #[must_use]
    pub fn is_isolated(&self) -> bool {
        self.rung != Rung::None
    }
}

/// Tries everything; takes about 50 ms. `scratch` is an empty folder in the state folder: its
/// file system must bear overlays.
#[must_use]
pub fn probe(launcher: &Launcher, scratch: &Path) -> Ladder {
    // A root that may make no namespaces, such as a container's, is an ordinary user here.
    let root = machine::is_privileged();
    let who = match (root, rustix::process::geteuid().is_root()) {
        (true, _) => "root",
        (false, true) => "root without the right to make namespaces",
        (false, false) => "an ordinary user",
    };
    let row = |name: &str, tried| row(name, scratch, tried);
    let mut rows = vec![kernel(), row("user", Ok(who.to_owned()))];
    let user = attempt(launcher, Trial::User);
    rows.push(row("user namespace", user.map(|()| "can be made".to_owned())));
    let namespaces = attempt(launcher, Trial::Namespaces);
    rows.push(row("pid, mount, ipc, uts, net", namespaces.map(|()| "can be made".to_owned())));
    let overlay = attempt(launcher, Trial::Overlay(scratch.to_owned()));
    rows.push(row("overlay", overlay.map(|()| "works where the state lies".to_owned())));
    let whole = whole(launcher);
    let rung = match (&whole, root) {
        (Err(_), _) => Rung::None,
        (Ok(_), true) => Rung::Root,
        (Ok(_), false) => Rung::UserNamespace,
    };
    rows.push(row("sandbox", whole));
    rows.push(programs(scratch));
    rows.push(system_calls());
    rows.push(process_limit());
    rows.push(of_limits("open files", machine::open_files()));
    rows.push(of_limits("processes", machine::processes()));
    rows.push(cgroup());
    Ladder { rung, rows }
}

fn row(name: &str, scratch: &Path, tried: Result<String, Error>) -> Row {
    let name = name.to_owned();
    match tried.map_err(|error| explained(error, scratch)) {
        Ok(detail) => Row { name, ok: true, detail, remedy: None },
        Err(error) => {
            let remedy = error.diagnose().into_iter().find_map(|diagnostic| diagnostic.help);
            Row { name, ok: false, detail: error.to_string(), remedy }
        }
    }
}

/// Whether a sandbox can be made, before anything is begun that needs one: namespaces, and an
/// overlay in the empty folder `scratch`. Takes about 10 ms.
///
/// # Errors
/// What forbids it, with its remedy.
pub fn ensure(launcher: &Launcher, scratch: &Path) -> Result<(), Error> {
    if let Some(obstacle) = machine::folder(state_of(scratch)) {
        return Err(Error::Forbidden { obstacle, source: None });
    }
    let tried = attempt(launcher, Trial::Namespaces)
        .and_then(|()| attempt(launcher, Trial::Overlay(scratch.to_owned())));
    tried.map_err(|error| explained(error, scratch))
}

/// The folder that people know.
fn state_of(scratch: &Path) -> &Path {
    scratch.parent().unwrap_or(scratch)
}

/// The error with the setting that is behind it, where one is known.
fn explained(error: Error, scratch: &Path) -> Error {
    let Error::Setup { step, .. } = &error else { return error };
    let obstacle = match step {
        Step::Namespace | Step::IdMap => machine::namespaces(),
        Step::Overlay => machine::no_overlay(state_of(scratch)).or_else(machine::namespaces),
        // A security module lets the namespace be made and nothing be done in it.
        step if step.is_isolation() => machine::namespaces(),
        _ => None,
    };
    match obstacle {
        Some(obstacle) => Error::Forbidden { obstacle, source: Some(Box::new(error)) },
        None => error,
    }
}

fn attempt(launcher: &Launcher, trial: Trial) -> Result<(), Error> {
    let (control, child) = launch(launcher)?;
    let action = "try what this machine permits";
    let limit = Duration::from_millis(READY_MS_MAX);
    let answer = wire::send(&control, &Request::Probe(trial), &[])
        .and_then(|()| readable(&control, Some(limit)))
        .and_then(|ready| match ready {
            true => wire::receive::<Report>(&control),
            false => Err(Error::NotReady { limit }),
        });
    match answer {
        Ok(Some((Report::Done, _))) => {
            reap(Some(child));
            Ok(())
        }
        Ok(Some((Report::Failed(failure), _))) => {
            reap(Some(child));
            Err(Error::from_failure(failure))
        }
        Ok(_) => {
            abandon(Some(child));
            Err(Error::LauncherEnded { action })
        }
        Err(error) => {
            abandon(Some(child));
            Err(error)
        }
    }
}

/// A whole sandbox with a program in it.
fn whole(launcher: &Launcher) -> Result<String, Error> {
    let spec = Spec { network: Network::Private, ..Spec::new(Root::HostTools) };
    let sandbox = Sandbox::open(launcher, &spec)?;
    let program =
        Program { arguments: vec!["true".into()], environment: Vec::new(), directory: "/".into() };
    let exit = sandbox.exec(&program, Output::null())?.wait()?;
    sandbox.close()?;
    if exit == Exit::Code(0) {
        Ok("starts programs".to_owned())
    } else {
        Err(Error::LauncherEnded { action: "start `true` in a sandbox" })
    }
}

fn programs(scratch: &Path) -> Row {
    let found = machine::folder(state_of(scratch));
    of_limits("programs in the state", ("can be started".to_owned(), found))
}

fn of_limits(name: &str, (detail, obstacle): (String, Option<Obstacle>)) -> Row {
    let ok = obstacle.is_none();
    let (detail, remedy) = match obstacle {
        Some(obstacle) => (obstacle.fact, Some(obstacle.remedy)),
        None => (detail, None),
    };
    Row { name: name.to_owned(), ok, detail, remedy }
}

fn kernel() -> Row {
    let uname = rustix::system::uname();
    let release = uname.release().to_string_lossy().into_owned();
    let ok = crate::launcher::kernel_is_at_least(5, 11);
    let remedy = (!ok).then(|| "use Linux 5.11 or later".to_owned());
    Row { name: "kernel".into(), ok, detail: format!("Linux {release}"), remedy }
}

fn system_calls() -> Row {
    let ok = Path::new("/proc/sys/kernel/seccomp/actions_avail").exists();
    let detail = if ok { "can be filtered" } else { "cannot be filtered" };
    let remedy = (!ok).then(|| "use a kernel with `CONFIG_SECCOMP_FILTER`".to_owned());
    Row { name: "system calls".into(), ok, detail: detail.into(), remedy }
}

fn process_limit() -> Row {
    let ok = crate::launcher::kernel_is_at_least(6, 14);
    let detail = if ok { "by pid namespace" } else { "cannot be set" };
    let remedy = (!ok).then(|| "use Linux 6.14 or later".to_owned());
    Row { name: "limit of processes".into(), ok, detail: detail.into(), remedy }
}

fn cgroup() -> Row {
    let exists = |path: &str| Path::new(path).exists();
    let found = if exists("/sys/fs/cgroup/cgroup.controllers") {
        "version 2"
    } else if exists("/sys/fs/cgroup/memory") {
        "version 1"
    } else {
        "none"
    };
    Row {
        name: "limit of memory".into(),
        ok: false,
        detail: format!("cannot be set: Bowline uses no cgroup yet ({found} is here)"),
        remedy: Some("start Bowline itself in a unit or container with a memory limit".into()),
    }
}
