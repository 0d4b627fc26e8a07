//! Where things are: a job's folders on the host, and the fixed paths inside its box.
//!
//! The paths inside never change from run to run: Go's test cache keys on them.
//! Absent on purpose: opening the box.

use crate::job_limits::JobLimits;
use bowline_host::files::{self, Error};
use bowline_sandbox::toolchain::GoToolchain;
use bowline_sandbox::{Limits, Mode, Mount, Network, Root, Spec};
use std::path::{Path, PathBuf};

/// `HOME` inside.
pub const HOME: &str = "/home/runner";
/// The folder of all workspaces inside.
pub const WORK: &str = "/home/runner/work";
/// `RUNNER_TEMP` inside.
pub const TEMP: &str = "/home/runner/work/_temp";
/// Scripts, environment files and the event inside; a mount of its own, so that no step can
/// put another folder in its place.
pub const COMMANDS: &str = "/home/runner/work/_temp/_bowline";
/// `RUNNER_TOOL_CACHE` inside.
pub const TOOL_CACHE: &str = "/opt/hostedtoolcache";
/// `GOROOT` inside.
pub const GO_ROOT: &str = "/opt/bowline/go";
/// `GOCACHE` inside.
pub const GO_BUILD_CACHE: &str = "/opt/bowline/cache/go-build";
/// `GOMODCACHE` inside.
pub const GO_MODULE_CACHE: &str = "/opt/bowline/cache/go-mod";
/// npm's cache inside.
pub const NPM_CACHE: &str = "/opt/bowline/cache/npm";

/// The repository's own objects inside, for jobs that ask for the whole history.
pub const GIT_OBJECTS: &str = "/opt/bowline/git-objects";

/// `GITHUB_WORKSPACE` inside, for a repository's short name.
#[must_use]
pub fn workspace(repository: &str) -> String {
    format!("{WORK}/{repository}/{repository}")
}

/// Caches that outlive a run.
#[derive(Clone, Debug)]
pub struct Caches {
    /// The lock files of `concurrency` groups.
    pub groups: PathBuf,
    /// Go's build cache.
    pub go_build: PathBuf,
    /// Go's module cache.
    pub go_mod: PathBuf,
    /// npm's cache.
    pub npm: PathBuf,
    /// Entries of the `cache` action.
    pub actions: PathBuf,
}

/// The folders of one job on the host.
#[derive(Clone, Debug)]
pub struct JobFolders {
    /// All of them lie in here.
    pub root: PathBuf,
    /// What the job changes in its workspace.
    pub workspace_upper: PathBuf,
    workspace_work: PathBuf,
    git_upper: PathBuf,
    git_work: PathBuf,
    home: PathBuf,
    tmp: PathBuf,
    /// Scripts, environment files and the event.
    pub commands: PathBuf,
    /// The stored log.
    pub log: PathBuf,
}

impl JobFolders {
    /// Makes the folders of a job anew; `checks_out` says whether its workspace holds a commit.
    ///
    /// # Errors
    /// The disk.
    pub fn create(root: &Path, checks_out: bool) -> Result<Self, Error> {
        files::remove_tree(root)?;
        files::create_private_dir(root)?;
        let folders = Self {
            root: root.to_owned(),
            workspace_upper: root.join("workspace"),
            workspace_work: root.join("overlay"),
            git_upper: root.join("git"),
            git_work: root.join("git-overlay"),
            home: root.join("home"),
            tmp: root.join("tmp"),
            commands: root.join("commands"),
            log: root.join("log"),
        };
        let workspace = &folders.workspace_upper;
        // The mount point of `.git` has to be there before the overlay is read-only below.
        let workspace = if checks_out { workspace.join(".git") } else { workspace.clone() };
        for folder in [
            &workspace,
            &folders.workspace_work,
            &folders.git_upper,
            &folders.git_work,
            &folders.home.join("work/_temp/_bowline"),
            &folders.tmp,
            &folders.commands,
        ] {
            files::create_dirs(folder)?;
        }
        files::set_mode(&folders.tmp, 0o1777)?;
        let git = "[safe]\n\tdirectory = *\n[advice]\n\tdetachedHead = false\n";
        files::write(folders.home.join(".gitconfig"), git.as_bytes())?;
        Ok(folders)
    }

    /// Takes away what only the living box needed. The workspace's changes and the log stay.
    ///
    /// # Errors
    /// The disk.
    pub fn forget_scratch(&self) -> Result<(), Error> {
        for folder in [
            &self.workspace_work,
            &self.git_upper,
            &self.git_work,
            &self.home,
            &self.tmp,
            &self.commands,
        ] {
            files::remove_tree(folder)?;
        }
        Ok(())
    }
}

/// What a checkout brings into the workspace.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// The commit's files.
    pub tree: &'a Path,
    /// Their `.git`.
    pub git_dir: &'a Path,
    /// The repository's objects, when `git_dir` borrows them.
    pub git_objects: Option<&'a Path>,
}

/// What a job's box is made of besides its own folders.
#[derive(Clone, Debug)]
pub struct BoxPlan<'a> {
    /// The checkout; `None` leaves the workspace empty.
    pub checkout: Option<Sources<'a>>,
    /// The repository's short name.
    pub repository: &'a str,
    /// The Go toolchain of the host, when there is one.
    pub go: Option<&'a GoToolchain>,
    /// The tool cache on the host.
    pub tools: &'a Path,
    /// Caches that outlive the run.
    pub caches: &'a Caches,
    /// Which network the job sees.
    pub network: Network,
    /// What the job may take of the machine.
    pub limits: JobLimits,
}

/// The box of a job.
#[must_use]
pub fn specification(folders: &JobFolders, plan: &BoxPlan<'_>) -> Spec {
    let bind = |source: &Path, target: &str, read_only| Mount::Bind {
        source: source.to_owned(),
        target: target.into(),
        read_only,
    };
    let overlay = |lower: &Path, upper: &Path, work: &Path, target: String| Mount::Overlay {
        lower: vec![lower.to_owned()],
        upper: upper.to_owned(),
        work: work.to_owned(),
        target: target.into(),
    };
    let workspace = workspace(plan.repository);
    let git = format!("{workspace}/.git");
    let (upper, work) = (&folders.workspace_upper, &folders.workspace_work);
    let mut mounts = vec![
        bind(&folders.tmp, "/tmp", false),
        bind(&folders.home, HOME, false),
        bind(&folders.commands, COMMANDS, false),
        bind(plan.tools, TOOL_CACHE, true),
        bind(&plan.caches.go_build, GO_BUILD_CACHE, false),
        bind(&plan.caches.go_mod, GO_MODULE_CACHE, false),
        bind(&plan.caches.npm, NPM_CACHE, false),
    ];
    match &plan.checkout {
        Some(sources) => {
            mounts.push(overlay(sources.tree, upper, work, workspace));
            mounts.push(overlay(sources.git_dir, &folders.git_upper, &folders.git_work, git));
            let objects = sources.git_objects.map(|objects| bind(objects, GIT_OBJECTS, true));
            mounts.extend(objects);
        }
        None => mounts.push(bind(upper, &workspace, false)),
    }
    if let Some(go) = plan.go {
        mounts.extend(go.mounts(Path::new(GO_ROOT)));
    }
    Spec {
        hostname: "runner".to_owned(),
        mounts,
        network: plan.network,
        limits: Limits {
            processes_max: Some(plan.limits.processes_max),
            file_bytes_max: Some(plan.limits.disk_bytes_max),
            ..Limits::usual()
        },
        mode: Mode::Usual,
        ..Spec::new(Root::HostTools)
    }
}
