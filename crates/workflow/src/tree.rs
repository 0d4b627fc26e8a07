//! The typed tree of a workflow: every key that GitHub documents, each with its place.
//!
//! What a key means is said where it is carried out; here only its shape.

use crate::expr::Expression;
use crate::template::{Template, TemplateMap, TemplateTree};
use bowline_yaml::Span;

/// A value with its place in the workflow file.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// `value` at `span`.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// A workflow file.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// The path as the user knows it.
    pub file: String,
    /// The whole text of the file, for diagnostics.
    pub text: String,
    /// `name:`.
    pub name: Option<Spanned<String>>,
    /// `run-name:`.
    pub run_name: Option<Template>,
    /// `on:`.
    pub on: Triggers,
    /// `env:`.
    pub env: TemplateMap,
    /// `defaults:`.
    pub defaults: Defaults,
    /// `permissions:`.
    pub permissions: Option<Permissions>,
    /// `concurrency:`.
    pub concurrency: Option<Concurrency>,
    /// `jobs:`, in the order of the file.
    pub jobs: Vec<Job>,
}

impl Workflow {
    /// The job with this id, compared without case as GitHub does.
    #[must_use]
    pub fn job(&self, id: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id.value.eq_ignore_ascii_case(id))
    }

    /// What the workflow is called: `name:`, else its file.
    #[must_use]
    pub fn title(&self) -> &str {
        self.name.as_ref().map_or(&self.file, |name| &name.value)
    }
}

/// A job.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its id and where it stands.
    pub id: Spanned<String>,
    /// `name:`.
    pub name: Option<Template>,
    /// `needs:`, each at its own place; every one exists and there is no cycle.
    pub needs: Vec<Spanned<String>>,
    /// `if:`, with the implicit `success()`.
    pub condition: Condition,
    /// `runs-on:`; `None` only for a job with `uses:`.
    pub runs_on: Option<RunsOn>,
    /// `env:`.
    pub env: TemplateMap,
    /// `defaults:`.
    pub defaults: Defaults,
    /// `outputs:`.
    pub outputs: TemplateMap,
    /// `strategy:`.
    pub strategy: Option<Strategy>,
    /// `steps:`.
    pub steps: Vec<Step>,
    /// `timeout-minutes:`; GitHub's default is 360.
    pub timeout_minutes: Option<Template>,
    /// `cancel-timeout-minutes:`; GitHub's default is 5.
    pub cancel_timeout_minutes: Option<Template>,
    /// `continue-on-error:`.
    pub continue_on_error: Option<Template>,
    /// `permissions:`.
    pub permissions: Option<Permissions>,
    /// `concurrency:`.
    pub concurrency: Option<Concurrency>,
    /// `environment:`.
    pub environment: Option<Spanned<TemplateTree>>,
    /// `container:`.
    pub container: Option<Spanned<TemplateTree>>,
    /// `services:`.
    pub services: Option<Spanned<TemplateTree>>,
    /// `snapshot:`.
    pub snapshot: Option<Spanned<TemplateTree>>,
    /// `uses:` of a reusable workflow, with `with:` and `secrets:`.
    pub uses: Option<ReusableCall>,
}

/// A job that calls another workflow.
#[derive(Clone, Debug)]
pub struct ReusableCall {
    /// `owner/repo/.github/workflows/x.yml@ref` or `./.github/workflows/x.yml`.
    pub workflow: Spanned<String>,
    /// `with:`.
    pub with: TemplateMap,
    /// `secrets:` as a map.
    pub secrets: TemplateMap,
    /// `secrets: inherit`.
    pub secrets_inherit: bool,
}

/// `runs-on:`.
#[derive(Clone, Debug)]
pub struct RunsOn {
    /// Where it stands.
    pub span: Span,
    /// The labels; one template may yield a list.
    pub labels: Vec<Template>,
    /// `group:`.
    pub group: Option<Template>,
}

/// `strategy:`.
#[derive(Clone, Debug)]
pub struct Strategy {
    /// Where it stands.
    pub span: Span,
    /// `matrix:`: a mapping, or one expression that yields it.
    pub matrix: Option<TemplateTree>,
    /// `fail-fast:`; true when absent.
    pub fail_fast: Option<Template>,
    /// `max-parallel:`; no limit when absent.
    pub max_parallel: Option<Template>,
    /// The whole of it as one expression, instead of the keys above.
    pub whole: Option<Template>,
}

/// `defaults:`.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// `defaults.run.shell`.
    pub shell: Option<Template>,
    /// `defaults.run.working-directory`.
    pub working_directory: Option<Template>,
}

/// `if:`.
#[derive(Clone, Debug)]
pub struct Condition {
    /// Where it stands; `None` when the key is absent.
    pub span: Option<Span>,
    /// The expression with the implicit `success()`: always complete, ready to evaluate.
    pub expression: Expression,
}

/// A step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where it begins.
    pub span: Span,
    /// `id:` as written.
    pub id: Option<Spanned<String>>,
    /// `name:`.
    pub name: Option<Template>,
    /// `if:`, with the implicit `success()`.
    pub condition: Condition,
    /// `env:`.
    pub env: TemplateMap,
    /// `continue-on-error:`.
    pub continue_on_error: Option<Template>,
    /// `timeout-minutes:`.
    pub timeout_minutes: Option<Template>,
    /// What it does.
    pub kind: StepKind,
    /// `background: true` at this place.
    pub background: Option<Span>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// `run:`.
    Run(RunStep),
    /// `uses:`.
    Uses(UsesStep),
    /// `wait:`, `wait-all:`, `cancel:`, `parallel:` of background steps; not carried out.
    Background(Spanned<String>),
}

/// A step with `run:`.
#[derive(Clone, Debug)]
pub struct RunStep {
    /// The script.
    pub script: Template,
    /// `shell:`.
    pub shell: Option<Template>,
    /// `working-directory:`.
    pub working_directory: Option<Template>,
}

/// A step with `uses:`.
#[derive(Clone, Debug)]
pub struct UsesStep {
    /// The whole text: `actions/checkout@v4`, `./path`, `docker://image`.
    pub action: Spanned<String>,
    /// The same, taken apart.
    pub reference: ActionReference,
    /// `with:`.
    pub with: TemplateMap,
}

/// What `uses:` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionReference {
    /// `owner/repo[/path]@ref`.
    Repository {
        /// `actions/checkout`.
        repository: String,
        /// The folder inside the repository; empty for its root.
        path: String,
        /// Branch, tag or commit.
        reference: String,
    },
    /// `./path` in the workspace.
    Local(String),
    /// `$/path` in the repository of the workflow file.
    SameRepository(String),
    /// `docker://image`.
    Docker(String),
}

/// `permissions:`.
#[derive(Clone, Debug)]
pub struct Permissions {
    /// Where it stands.
    pub span: Span,
    /// `read-all`, `write-all`, or a map whose unnamed scopes are `none`.
    pub grant: Grant,
}

/// What `permissions:` grants.
#[derive(Clone, Debug, PartialEq)]
pub enum Grant {
    /// `read-all`.
    ReadAll,
    /// `write-all`.
    WriteAll,
    /// Scope and level (`read`, `write`, `none`), each at its place.
    Map(Vec<(Spanned<String>, Spanned<String>)>),
}

/// `concurrency:`.
#[derive(Clone, Debug)]
pub struct Concurrency {
    /// Where it stands.
    pub span: Span,
    /// The group.
    pub group: Template,
    /// `cancel-in-progress:`.
    pub cancel_in_progress: Option<Template>,
    /// `queue:`: `single` or `max`.
    pub queue: Option<Template>,
}

/// `on:`.
#[derive(Clone, Debug, Default)]
pub struct Triggers {
    /// Where it stands.
    pub span: Span,
    /// One entry an event, in the order of the file.
    pub events: Vec<Trigger>,
}

impl Triggers {
    /// The entry of an event.
    #[must_use]
    pub fn event(&self, name: &str) -> Option<&Trigger> {
        self.events.iter().find(|trigger| trigger.name.value == name)
    }
}

/// One event of `on:`.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// `push`, `pull_request` ….
    pub name: Spanned<String>,
    /// `branches:`.
    pub branches: Option<Patterns>,
    /// `branches-ignore:`.
    pub branches_ignore: Option<Patterns>,
    /// `tags:`.
    pub tags: Option<Patterns>,
    /// `tags-ignore:`.
    pub tags_ignore: Option<Patterns>,
    /// `paths:`.
    pub paths: Option<Patterns>,
    /// `paths-ignore:`.
    pub paths_ignore: Option<Patterns>,
    /// `types:`.
    pub types: Option<Patterns>,
    /// `workflows:` of `workflow_run`, `names:` of `image_version`.
    pub names: Option<Patterns>,
    /// `versions:` of `image_version`.
    pub versions: Option<Patterns>,
    /// `inputs:` of `workflow_dispatch` and `workflow_call`.
    pub inputs: Vec<Input>,
    /// `secrets:` of `workflow_call`: name and whether it is required.
    pub secrets: Vec<(Spanned<String>, bool)>,
    /// `outputs:` of `workflow_call`: name and value.
    pub outputs: Vec<(Spanned<String>, Template)>,
    /// `cron:` lines of `schedule`, with their time zones.
    pub schedules: Vec<ScheduleEntry>,
}

/// One entry of `schedule:`.
#[derive(Clone, Debug)]
pub struct ScheduleEntry {
    /// Five fields.
    pub cron: Spanned<String>,
    /// `timezone:`; UTC when absent.
    pub timezone: Option<Spanned<String>>,
}

/// A list of patterns; their order decides.
#[derive(Clone, Debug)]
pub struct Patterns {
    /// Where the list stands.
    pub span: Span,
    /// The patterns, each at its place.
    pub items: Vec<Spanned<String>>,
}

/// An input of `workflow_dispatch` or `workflow_call`.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name.
    pub name: Spanned<String>,
    /// Its type.
    pub kind: InputKind,
    /// Whether it must be given.
    pub required: bool,
    /// Its default.
    pub default: Option<Template>,
    /// `options:` of a choice.
    pub options: Vec<Spanned<String>>,
}

/// The type of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// `string`, the default of `workflow_dispatch`.
    String,
    /// `boolean`.
    Boolean,
    /// `number`.
    Number,
    /// `choice`.
    Choice,
    /// `environment`.
    Environment,
}
