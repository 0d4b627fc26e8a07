//! Verbs and flags. Long names are full words.

use crate::progress::Progress;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Carries a commit to production in minutes and takes it back in seconds.
#[derive(Debug, Parser)]
#[command(name = "bowline", version, max_term_width = 100, infer_long_args = false)]
#[command(after_help = "Exit codes: 0 ok · 1 your code failed · 2 usage or configuration · \
    3 blocked by policy · 4 rolled back · 5 waiting for approval · 70 our bug · 130 interrupted")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
    /// Flags that every verb has.
    #[command(flatten)]
    pub common: Common,
}

/// Flags that every verb has.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// The answer's form on stdout.
    #[arg(short = 'o', long = "output", global = true, value_name = "FORM")]
    pub output: Option<OutputForm>,
    /// How to follow what happens, on stderr.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub progress: Progress,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub color: Color,
    /// The repository; the current folder when absent.
    #[arg(short = 'C', long, global = true, value_name = "FOLDER")]
    pub directory: Option<PathBuf>,
    /// More detail: every step's output, and the rule that decided.
    #[arg(long, global = true)]
    pub verbose: bool,
}

/// `-o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputForm {
    /// One JSON object, or `{items, next}` for a list.
    Json,
    /// Names alone.
    Name,
}

/// `--color`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show the whole path on this machine, offline: good, better, bad and crashing releases.
    Demo(DemoArguments),
    /// Recognise what the repository has and write `bowline.yaml`.
    Init,
    /// Validate the workflows, the Dockerfile, the manifests and `bowline.yaml`.
    Check,
    /// Run a workflow on this machine.
    Run(RunArguments),
    /// Render a chart as `helm template` does, or a kustomization as `kubectl kustomize`.
    Render(RenderArguments),
    /// Carry a commit to an environment; take it back when it is bad.
    Release(ReleaseArguments),
    /// Look at a running rollout, or steer it.
    #[command(subcommand)]
    Rollout(RolloutVerb),
    /// Send an environment's traffic back to the version before, and quarantine what it leaves.
    Rollback(RollbackArguments),
    /// Explain how a release ended, with the values that decided.
    Why {
        /// A version (`v0.0.1-build.3`); the newest release when absent.
        release: Option<String>,
    },
    /// From a commit, version, digest or URL to the other three.
    Trace {
        /// A commit, a version, a digest, or the URL of the running service.
        query: String,
    },
    /// List releases, environments or pods.
    Ls {
        /// What to list.
        #[arg(value_enum, default_value_t)]
        what: ListOf,
    },
    /// Show the log of a job of a release, or of the running pods.
    Logs(LogsArguments),
    /// Say what this machine permits and what is missing.
    Doctor {
        /// Exit 2 when anything is missing, lower rungs included.
        #[arg(long)]
        strict: bool,
    },
    /// Explain an error code.
    Explain {
        /// For example `BOW0107`; all codes when absent.
        code: Option<String>,
    },
    /// Take away what no longer runs, cannot be gone back to and proves nothing.
    Prune {
        /// Only tell what would go, with its size and the reason.
        #[arg(long)]
        dry_run: bool,
    },
    /// Start what the environments of this repository run, for example after a reboot.
    Up,
    /// Stop the edge and every pod. State and history stay.
    Down,
}

/// `bowline demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Requests a second that the demo sends.
    #[arg(long, default_value_t = 50)]
    pub rps: u32,
    /// Leave the service running at the end.
    #[arg(long)]
    pub keep: bool,
    /// Where the example repository is written; inside the state folder when absent.
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
}

/// `bowline run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// The event's name.
    #[arg(default_value = "push")]
    pub event: String,
    /// Only this job and what it needs.
    #[arg(short, long)]
    pub job: Option<String>,
    /// Only this workflow file; all of `.github/workflows` when absent.
    #[arg(short = 'W', long = "workflows", value_name = "FILE")]
    pub workflow: Option<PathBuf>,
    /// A secret, `NAME=VALUE`, or `NAME` from the environment; masked in all output.
    #[arg(short, long = "secret", value_name = "NAME[=VALUE]")]
    pub secrets: Vec<String>,
}

/// `bowline render`.
#[derive(Debug, Args)]
pub struct RenderArguments {
    /// The release's name, when there are two arguments, and the chart (a folder or a `.tgz`) or
    /// the folder of a kustomization.
    #[arg(required = true, num_args = 1..=2, value_names = ["NAME", "PATH"])]
    pub name_and_path: Vec<String>,
    /// The namespace of the release.
    #[arg(short, long, default_value = "default")]
    pub namespace: String,
    /// A values file; later ones win.
    #[arg(short = 'f', long = "values", value_name = "FILE")]
    pub values: Vec<String>,
    /// Values, `a.b=c,d[0]=1`.
    #[arg(long, value_name = "VALUES")]
    pub set: Vec<String>,
    /// Values that are text whatever they look like.
    #[arg(long, value_name = "VALUES")]
    pub set_string: Vec<String>,
    /// Values that are JSON.
    #[arg(long, value_name = "VALUES")]
    pub set_json: Vec<String>,
    /// Values that stand in files, `key=path`.
    #[arg(long, value_name = "VALUES")]
    pub set_file: Vec<String>,
    /// One value that is text to the end of the argument.
    #[arg(long, value_name = "VALUE")]
    pub set_literal: Vec<String>,
    /// The version of Kubernetes that the chart sees.
    #[arg(long, value_name = "VERSION")]
    pub kube_version: Option<String>,
    /// More API versions that the chart sees; commas between them.
    #[arg(short, long, value_delimiter = ',', value_name = "VERSIONS")]
    pub api_versions: Vec<String>,
    /// Print the files of `crds/` too.
    #[arg(long)]
    pub include_crds: bool,
    /// Leave out tests.
    #[arg(long)]
    pub skip_tests: bool,
    /// Leave out hooks.
    #[arg(long)]
    pub no_hooks: bool,
    /// Only what comes from these templates.
    #[arg(short, long, value_name = "TEMPLATE")]
    pub show_only: Vec<String>,
    /// Set `.Release.IsUpgrade` instead of `.Release.IsInstall`.
    #[arg(long)]
    pub is_upgrade: bool,
    /// The version of Helm that is followed.
    #[arg(long, value_name = "PROFILE", default_value = "helm-4.1")]
    pub helm_profile: String,
    /// Values need not fit `values.schema.json`.
    #[arg(long)]
    pub skip_schema_validation: bool,
}

impl RenderArguments {
    /// The first flag given that means something to a chart only.
    pub fn of_charts(&self) -> Option<&'static str> {
        let given = [
            (!self.values.is_empty(), "--values"),
            (!self.set.is_empty(), "--set"),
            (!self.set_string.is_empty(), "--set-string"),
            (!self.set_json.is_empty(), "--set-json"),
            (!self.set_file.is_empty(), "--set-file"),
            (!self.set_literal.is_empty(), "--set-literal"),
            (self.namespace != "default", "--namespace"),
            (self.kube_version.is_some(), "--kube-version"),
            (!self.api_versions.is_empty(), "--api-versions"),
            (self.include_crds, "--include-crds"),
            (self.skip_tests, "--skip-tests"),
            (self.no_hooks, "--no-hooks"),
            (!self.show_only.is_empty(), "--show-only"),
            (self.is_upgrade, "--is-upgrade"),
        ];
        given.into_iter().find(|(given, _)| *given).map(|(_, flag)| flag)
    }
}

/// `bowline release`.
#[derive(Debug, Args)]
pub struct ReleaseArguments {
    /// The commit, branch or tag; `HEAD` of a clean work tree when absent.
    pub revision: Option<String>,
    /// The environment; may be left out when there is only one.
    #[arg(long = "env", value_name = "NAME")]
    pub environment: Option<String>,
    /// A secret, `NAME=VALUE`, or `NAME` from the environment; masked in all output.
    #[arg(short, long = "secret", value_name = "NAME[=VALUE]")]
    pub secrets: Vec<String>,
    /// Release a digest that is quarantined in this environment. It is recorded.
    #[arg(long = "override", value_name = "REASON")]
    pub override_reason: Option<String>,
}

/// `bowline rollback`.
#[derive(Debug, Args)]
pub struct RollbackArguments {
    /// The environment; may be left out when there is only one.
    pub environment: Option<String>,
    /// The application; the one of this folder when there are several.
    #[arg(long, value_name = "NAME")]
    pub app: Option<String>,
    /// The version to go back to; the one before when absent.
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,
    /// Why; it is recorded.
    #[arg(long, default_value = "asked for by hand")]
    pub reason: String,
}

/// `bowline rollout …`.
#[derive(Debug, Subcommand)]
pub enum RolloutVerb {
    /// The state of the rollout, once.
    Get(RolloutArguments),
    /// The state of the rollout, until it ends.
    Watch(RolloutArguments),
    /// End the pause now; `--full` skips all further steps.
    Promote {
        /// Skip all further steps.
        #[arg(long)]
        full: bool,
        /// Which rollout.
        #[command(flatten)]
        rollout: RolloutArguments,
    },
    /// Take the new version back.
    Abort(RolloutArguments),
    /// Hold at the current step.
    Pause(RolloutArguments),
    /// Begin again with the version that was taken back.
    Retry(RolloutArguments),
}

/// Which rollout.
#[derive(Debug, Args)]
pub struct RolloutArguments {
    /// The environment; may be left out when there is only one.
    #[arg(long = "env", value_name = "NAME")]
    pub environment: Option<String>,
    /// The application; the one of this folder when there are several.
    #[arg(long, value_name = "NAME")]
    pub app: Option<String>,
    /// Why; it is recorded.
    #[arg(long, default_value = "asked for by hand")]
    pub reason: String,
}

/// `bowline ls`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ListOf {
    /// Releases, newest first.
    #[default]
    Releases,
    /// What runs in which environment.
    Environments,
    /// Pods.
    Pods,
}

/// `bowline logs`.
#[derive(Debug, Args)]
pub struct LogsArguments {
    /// A job of the newest run, or a pod; all pods of the environment when absent.
    pub name: Option<String>,
    /// Go on until Ctrl-C.
    #[arg(short, long)]
    pub follow: bool,
    /// The last lines to show.
    #[arg(long, default_value_t = 100)]
    pub tail: usize,
}
