//! What a run needs to know.

use crate::cancel::CancelToken;
use crate::job_limits::JobLimits;
use crate::layout::Caches;
use bowline_host::http::Client;
use bowline_model::Revision;
use bowline_sandbox::{Launcher, Network, toolchain::GoToolchain};
use bowline_workflow::Workflow;
use bowline_workflow::event::Event;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One run of a workflow.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// What to run. It was checked: everything in it can be carried out.
    pub workflow: Workflow,
    /// What happened.
    pub event: Event,
    /// The commit.
    pub revision: Revision,
    /// `owner/name`, the value of `github.repository`.
    pub repository: String,
    /// The branch that counts as the main one, without `refs/heads/`; caches of it are read
    /// by all others.
    pub default_branch: Option<String>,
    /// The read-only checkout.
    pub tree: PathBuf,
    /// The `.git` folder of the checkout.
    pub git_dir: PathBuf,
    /// The whole history, for the jobs that ask for it ([`crate::wants_history`]).
    pub history: Option<History>,
    /// The folder of this run; jobs, logs and artifacts lie below.
    pub run_folder: PathBuf,
    /// How boxes are started.
    pub launcher: Launcher,
    /// Secrets by name. One that the workflow reads and that is not here is an error.
    pub secrets: BTreeMap<String, String>,
    /// The `vars` context.
    pub vars: BTreeMap<String, String>,
    /// The `inputs` context, JSON objects' values.
    pub inputs: serde_json::Map<String, serde_json::Value>,
    /// Only this job (its id) and what it needs, when given.
    pub only_job: Option<String>,
    /// Unique for ever: `github.run_id`.
    pub run_id: u64,
    /// From 1 for each workflow: `github.run_number`.
    pub run_number: u64,
    /// From 1: `github.run_attempt`.
    pub attempt: u64,
    /// Caches that outlive the run; the folders are made when they are missing.
    pub caches: Caches,
    /// The tool cache, `RUNNER_TOOL_CACHE` inside.
    pub tools: PathBuf,
    /// The Go toolchain to mount, when there is one.
    pub go: Option<GoToolchain>,
    /// Folders that may hold a `node` program: the caller's `PATH`.
    pub node_search: Vec<PathBuf>,
    /// The npm registry that toolchains of Node come from; `None` = the one that this machine's
    /// npm is set to, asked only when a toolchain is needed.
    pub npm_registry: Option<String>,
    /// Fetches toolchains; its proxy and policy are the caller's choice.
    pub http: Client,
    /// Proxy and registry settings that steps shall see (`HTTPS_PROXY`, `npm_config_registry`,
    /// `PIP_INDEX_URL` …). Nothing else of the caller's environment reaches a step.
    pub network_environment: Vec<(String, String)>,
    /// How many jobs run at once; at least 1.
    pub parallel_max: usize,
    /// Which network the jobs see.
    pub network: Network,
    /// What each job may take of the machine.
    pub limits: JobLimits,
    /// Cancels the run.
    pub cancel: CancelToken,
}

/// A `.git` folder with the whole history of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The `.git` folder.
    pub git_dir: PathBuf,
    /// The objects that it borrows: mounted read-only at [`crate::layout::GIT_OBJECTS`].
    pub objects: PathBuf,
}

impl RunRequest {
    /// The repository's name without its owner.
    #[must_use]
    pub fn repository_name(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or(&self.repository)
    }
}
