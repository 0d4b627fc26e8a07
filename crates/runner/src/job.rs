//! One job: its box is made, its steps run in order, its outputs are gathered, its box closed.
//!
//! Absent on purpose: whether the job may start (`run`, by the machine of `workflow`).

use crate::artifact::Artifacts;
use crate::builtin::{Post, cache};
use crate::cache_store::{CacheStore, Scope as CacheScope};
use crate::cancel::CancelToken;
use crate::codes;
use crate::console::{Console, Events};
use crate::context::{Facts, Status, StepRecord, StepScope, environment, texts};
use crate::event::RunEvent;
use crate::github::{self, JobNames};
use crate::group::Group;
use crate::history::{job_checks_out, job_wants_history};
use crate::job_box::{Bounds, Ended, JobBox};
use crate::layout::{self, BoxPlan, JobFolders, Sources};
use crate::limits::{JOB_TIMEOUT_MINUTES_DEFAULT, VERSION_FILE_BYTES_MAX};
use crate::log::JobLog;
use crate::problem::Problem;
use crate::report::{Conclusion, JobReport, StepReport};
use crate::request::RunRequest;
use crate::variables::{self, Variables};
use bowline_host::clock::{self, Stopwatch};
use bowline_host::crash;
use bowline_host::files::{self, Root};
use bowline_model::Trust;
use bowline_sandbox::disk;
use bowline_sandbox::mask::{Masker, Secret};
use bowline_sandbox::{Exit, Program};
use bowline_workflow::expr::Value;
use bowline_workflow::plan::JobInstance;
use bowline_workflow::{Job, RUNNER_LABEL, Template, support};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

/// What all jobs of a run share.
pub struct Shared {
    /// What was asked for.
    pub request: RunRequest,
    /// Who listens.
    pub events: Events,
    /// What jobs hand to each other.
    pub artifacts: Artifacts,
    /// What runs hand to later runs.
    pub caches: CacheStore,
    /// The runtime for what is asynchronous in a job.
    pub runtime: tokio::runtime::Handle,
    /// Whether there is a `bash` for steps.
    pub has_bash: bool,
    /// Whether every checkout has one commit only.
    pub shallow: bool,
}

/// One job to run.
pub struct Assignment {
    /// Its combination.
    pub instance: JobInstance,
    /// The `needs` context.
    pub needs: Value,
    /// Cancels this job.
    pub cancel: CancelToken,
    /// The `concurrency` group that the whole run is in.
    pub of_run: Option<Group>,
}

/// A job while it runs.
pub struct JobRun<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) job: &'a Job,
    pub(crate) instance: &'a JobInstance,
    pub(crate) facts: Facts,
    pub(crate) commands: Root,
    pub(crate) folders: JobFolders,
    pub(crate) job_box: JobBox,
    pub(crate) console: Console,
    pub(crate) workspace: String,
    /// `env` of workflow and job.
    pub(crate) job_env: Variables,
    /// What steps wrote to `GITHUB_ENV`.
    pub(crate) added_env: Variables,
    /// What the runner sets itself.
    pub(crate) own_env: Variables,
    /// What steps wrote to `GITHUB_PATH`.
    pub(crate) in_front: Vec<String>,
    pub(crate) records: Vec<StepRecord>,
    pub(crate) status: Status,
    pub(crate) cancel: CancelToken,
    /// When the job has run too long.
    pub(crate) deadline: Duration,
    /// Whether it has.
    pub(crate) timed_out: bool,
    /// How long steps may go on after the job was cancelled.
    pub(crate) cancel_grace: Duration,
    /// When that ends.
    pub(crate) cancelled_until: Option<Duration>,
    pub(crate) posts: Vec<(String, Post)>,
    pub(crate) steps: Vec<StepReport>,
}

/// GitHub's default of `cancel-timeout-minutes`.
const CANCEL_TIMEOUT_MINUTES_DEFAULT: f64 = 5.0;
/// The longest a job may be given: a year.
const MINUTES_MAX: f64 = 525_600.0;
/// The event's payload among the files of the commands.
const EVENT_FILE: &str = "event.json";

/// Runs a job from its box to its report.
#[must_use]
pub fn execute(shared: &Shared, job: &Job, assignment: &Assignment) -> JobReport {
    let clock = Stopwatch::start();
    let instance = &assignment.instance;
    let started = RunEvent::JobStarted { job: instance.key.clone(), name: instance.name.clone() };
    (shared.events)(started);
    let folder = shared.request.run_folder.join("jobs").join(instance.key.replace('/', "-"));
    let mut report = JobReport {
        id: instance.job.clone(),
        key: instance.key.clone(),
        name: instance.name.clone(),
        conclusion: Conclusion::Failure,
        continue_on_error: instance.continue_on_error,
        seconds: 0.0,
        steps: Vec::new(),
        outputs: Vec::new(),
        diagnostics: Vec::new(),
        workspace_upper: Some(folder.join("workspace")),
        log: Some(folder.join("log")),
    };
    let entered = runner_of(shared, job, assignment);
    let entered = entered.and_then(|()| enter_group(shared, job, assignment));
    let outcome = entered.and_then(|entered| {
        let Entered::Alone(_lock) = entered else {
            report.conclusion = Conclusion::Cancelled;
            return Ok(());
        };
        crash::around("job.run", &instance.key, || {
            let mut run = JobRun::open(shared, job, assignment, &folder)?;
            run.all_steps();
            run.finish(&mut report)
        })
    });
    if let Err(problem) = outcome {
        report.conclusion = Conclusion::Failure;
        let line = format!("error: {}", problem.line(&shared.request.workflow));
        (shared.events)(RunEvent::Log { job: instance.key.clone(), step: 0, line });
        report.diagnostics.push(problem.diagnostic(&shared.request.workflow));
    }
    report.seconds = clock.seconds();
    (shared.events)(RunEvent::JobFinished {
        job: instance.key.clone(),
        name: instance.name.clone(),
        conclusion: report.conclusion,
        seconds: report.seconds,
    });
    report
}

/// Refuses a job whose labels no runner has. Those that stand in the file were seen before;
/// a matrix gives its own.
fn runner_of(shared: &Shared, job: &Job, assignment: &Assignment) -> Result<(), Problem> {
    let Some(runs_on) = &job.runs_on else { return Ok(()) };
    let facts = early_facts(&shared.request, assignment);
    for template in &runs_on.labels {
        let value = template.evaluate(&facts.scope());
        let value = value.map_err(|error| Problem::from(error).or_at(template.span))?;
        let labels = match &value {
            Value::Array(items) => items.iter().map(Value::to_text).collect(),
            one => vec![one.to_text()],
        };
        if let Some(message) = labels.iter().find_map(|label| support::label_problem(label)) {
            let problem = Problem::new(RUNNER_LABEL, message).or_at(template.span);
            return Err(problem.help(support::LABEL_HELP));
        }
    }
    Ok(())
}

/// What is known of a job before it has its box.
fn early_facts(request: &RunRequest, assignment: &Assignment) -> Facts {
    Facts {
        needs: assignment.needs.clone(),
        strategy: assignment.instance.strategy.clone(),
        matrix: assignment.instance.matrix.clone(),
        ..run_facts(request)
    }
}

/// Whether a job's turn has come.
enum Entered {
    /// Nobody else of its group works while this lives.
    Alone(Option<files::Lock>),
    /// It was cancelled while it waited.
    Cancelled,
}

/// Waits until nobody else of the job's `concurrency` group is at work.
fn enter_group(shared: &Shared, job: &Job, assignment: &Assignment) -> Result<Entered, Problem> {
    let Some(concurrency) = &job.concurrency else { return Ok(Entered::Alone(None)) };
    let request = &shared.request;
    let facts = early_facts(request, assignment);
    let group = Group::of(concurrency, request, &facts.scope())?;
    if assignment.of_run.as_ref() == Some(&group) {
        let message = "the job's `concurrency` group is its own run's, so it would wait for ever";
        let help = "give the job another group, or none";
        return Err(Problem::new(codes::BAD_VALUE, message).or_at(concurrency.span).help(help));
    }
    let name = &assignment.instance.name;
    let told = |text| (shared.events)(RunEvent::Waiting { text: format!("{name} {text}") });
    let lock = group.enter(&assignment.cancel, told)?;
    Ok(lock.map_or(Entered::Cancelled, |lock| Entered::Alone(Some(lock))))
}

impl<'a> JobRun<'a> {
    fn open(
        shared: &'a Shared,
        job: &'a Job,
        assignment: &'a Assignment,
        folder: &std::path::Path,
    ) -> Result<Self, Problem> {
        let request = &shared.request;
        let instance = &assignment.instance;
        let workspace = layout::workspace(request.repository_name());
        let event_path = format!("{}/{EVENT_FILE}", layout::COMMANDS);
        let names = JobNames { id: &instance.job, workspace: &workspace, event_path: &event_path };
        let facts = facts(request, &names, assignment);
        let checks_out = job_checks_out(job);
        let folders = JobFolders::create(folder, checks_out)?;
        let commands = Root::open(&folders.commands)?;
        let history = request.history.as_ref().filter(|_| job_wants_history(job));
        let sources = Sources {
            tree: &request.tree,
            git_dir: history.map_or(&request.git_dir, |history| &history.git_dir),
            git_objects: history.map(|history| history.objects.as_path()),
        };
        let plan = BoxPlan {
            checkout: checks_out.then_some(sources),
            repository: request.repository_name(),
            go: request.go.as_ref(),
            tools: &request.tools,
            caches: &request.caches,
            network: request.network,
            limits: request.limits,
        };
        let specification = layout::specification(&folders, &plan);
        let console = console(shared, instance, JobLog::open(&folders.log, &request.limits)?);
        let disk = disk::Watch::new(vec![folders.root.clone()], request.limits.disk());
        let job_box = JobBox::open(&request.launcher, &specification, disk, &request.limits)
            .map_err(boxed)?;
        let own_env = github::variables(request, &names);
        let mut run = Self {
            shared,
            job,
            instance,
            facts,
            commands,
            folders,
            job_box,
            console,
            workspace,
            job_env: Variables::default(),
            added_env: Variables::default(),
            own_env,
            in_front: Vec::new(),
            records: Vec::new(),
            status: Status::Success,
            cancel: assignment.cancel.clone(),
            deadline: clock::monotonic(),
            timed_out: false,
            cancel_grace: Duration::ZERO,
            cancelled_until: None,
            posts: Vec::new(),
            steps: Vec::new(),
        };
        let payload = request.event.payload.to_string();
        run.write_command_file(EVENT_FILE, payload.as_bytes())?;
        run.prepare()?;
        Ok(run)
    }

    /// `env`, and the job's limits in time.
    fn prepare(&mut self) -> Result<(), Problem> {
        let workflow = &self.shared.request.workflow;
        let of_workflow = workflow.env.render(&self.scope(Value::Null, "", None))?;
        self.job_env.extend(of_workflow);
        let environment = environment(self.job_env.pairs());
        let of_job = self.job.env.render(&self.scope(environment, "", None))?;
        self.job_env.extend(of_job);
        let limit = self.minutes(self.job.timeout_minutes.as_ref(), "timeout-minutes")?;
        let limit = limit.unwrap_or(minutes(JOB_TIMEOUT_MINUTES_DEFAULT));
        self.deadline = clock::monotonic() + limit;
        let grace =
            self.minutes(self.job.cancel_timeout_minutes.as_ref(), "cancel-timeout-minutes")?;
        self.cancel_grace = grace.unwrap_or(minutes(CANCEL_TIMEOUT_MINUTES_DEFAULT));
        Ok(())
    }

    /// A number of minutes, fractions too; `None` when it is not given.
    pub(crate) fn minutes(
        &self,
        template: Option<&Template>,
        key: &str,
    ) -> Result<Option<Duration>, Problem> {
        let Some(template) = template else { return Ok(None) };
        let environment = environment(self.job_env.pairs());
        let value = template.evaluate(&self.scope(environment, "", None))?;
        let number = value.to_number();
        if number > 0.0 && number <= MINUTES_MAX {
            return Ok(Some(minutes(number)));
        }
        let message = format!("`{key}` is `{}`, which is no time in minutes", value.to_text());
        Err(Problem::new(codes::BAD_VALUE, message).or_at(template.span))
    }

    fn all_steps(&mut self) {
        let job = self.job;
        for (index, step) in job.steps.iter().enumerate() {
            self.step(index + 1, step);
        }
        let posts: Vec<_> = std::mem::take(&mut self.posts).into_iter().rev().collect();
        for (name, post) in posts {
            self.post(&name, &post);
        }
    }

    /// What an action left to be done at the end.
    fn post(&mut self, name: &str, post: &Post) {
        self.notice_cancel();
        if self.status != Status::Success {
            return;
        }
        let Post::SaveCache(save) = post;
        let number = self.steps.len() + 1;
        let clock = Stopwatch::start();
        self.console.open(number, false);
        let (job, name) = (self.instance.key.clone(), format!("Post {name}"));
        self.console.tell(RunEvent::StepStarted { job, step: number, name: name.clone() });
        // Like on GitHub a cache that cannot be saved is a warning: the job itself is done.
        if let Err(problem) = cache::save(self, save) {
            let line = problem.line(&self.shared.request.workflow);
            self.console.warn(number, &line);
        }
        let report = StepReport {
            number,
            id: None,
            name,
            outcome: Conclusion::Success,
            conclusion: Conclusion::Success,
            seconds: clock.seconds(),
            exit_code: None,
            diagnostics: Vec::new(),
        };
        self.step_ended(report);
    }

    pub(crate) fn step_ended(&mut self, report: StepReport) {
        self.console.tell(RunEvent::StepFinished {
            job: self.instance.key.clone(),
            step: report.number,
            name: report.name.clone(),
            conclusion: report.conclusion,
            seconds: report.seconds,
        });
        self.steps.push(report);
    }

    /// Outputs, the end of the box, and what is left.
    fn finish(mut self, report: &mut JobReport) -> Result<(), Problem> {
        self.notice_cancel();
        let outputs = self.outputs();
        report.steps = std::mem::take(&mut self.steps);
        report.conclusion =
            if self.timed_out { Conclusion::Failure } else { self.status.conclusion() };
        let Self { job_box, mut console, folders, .. } = self;
        let closed = job_box.close(&mut console);
        console.flush()?;
        closed.map_err(boxed)?;
        folders.forget_scratch()?;
        report.outputs = outputs?;
        Ok(())
    }

    /// The job's outputs; one that holds a secret is dropped with a warning.
    fn outputs(&mut self) -> Result<Vec<(String, String)>, Problem> {
        let environment = self.environment_context(&Variables::default());
        let rendered = self.job.outputs.render(&self.scope(environment, "", None))?;
        let mut outputs = Vec::new();
        for (name, value) in rendered {
            if self.console.masker().mask(&value) == value {
                outputs.push((name, value));
            } else {
                let number = self.steps.len();
                let message = format!("output `{name}` is dropped: it holds a secret");
                self.console.warn(number, &message);
            }
        }
        Ok(outputs)
    }

    /// What an expression of this job sees.
    pub(crate) fn scope<'s>(
        &'s self,
        env: Value,
        action: &'s str,
        hash_files: Option<crate::context::HashFiles<'s>>,
    ) -> StepScope<'s> {
        let (facts, steps, status) = (&self.facts, self.records.as_slice(), self.status);
        StepScope { facts, action, env, steps, status, hash_files }
    }

    /// `env` as a step with these variables of its own sees it.
    pub(crate) fn environment_context(&self, step: &Variables) -> Value {
        let mut all = self.job_env.clone();
        for (name, value) in self.added_env.pairs().chain(step.pairs()) {
            all.set(name, value);
        }
        environment(all.pairs())
    }

    /// The whole environment of a program of a step with these variables of its own.
    pub(crate) fn environment(&self, step: &Variables) -> Variables {
        let mut all = variables::base(self.shared.request.go.is_some());
        all.extend(self.shared.request.network_environment.iter().cloned());
        for layer in [&self.job_env, &self.added_env, step, &self.own_env] {
            for (name, value) in layer.pairs() {
                all.set(name, value);
            }
        }
        variables::prepend_path(&mut all, &self.in_front);
        all
    }

    /// Takes note when the job was cancelled or has run too long.
    pub(crate) fn notice_cancel(&mut self) {
        let now = clock::monotonic();
        let late = now >= self.deadline;
        if self.cancelled_until.is_none() && (late || self.cancel.is_cancelled()) {
            self.timed_out = late && !self.cancel.is_cancelled();
            self.status = Status::Cancelled;
            self.cancelled_until = Some(now + self.cancel_grace);
        }
    }

    /// A value of the `github` context as text.
    pub(crate) fn github(&self, name: &str) -> String {
        self.facts.github.get(name).map_or_else(String::new, Value::to_text)
    }

    pub(crate) fn workspace(&self) -> &str {
        &self.workspace
    }

    /// Whether the history that a job asks for is not there.
    pub(crate) fn is_shallow(&self) -> bool {
        self.shared.shallow
    }

    /// Whether the whole history of the repository is cut off, because it is a shallow clone.
    pub(crate) fn is_cut_off(&self) -> bool {
        let history = self.shared.request.history.as_ref();
        history.is_some_and(|history| files::exists(history.git_dir.join("shallow")))
    }

    /// `go1.26.8`, when there is a toolchain.
    pub(crate) fn go_version(&self) -> Option<&str> {
        self.shared.request.go.as_ref().map(|go| go.version.as_str())
    }

    pub(crate) fn artifacts(&self) -> &'a Artifacts {
        &self.shared.artifacts
    }

    pub(crate) fn caches(&self) -> &'a CacheStore {
        &self.shared.caches
    }

    /// Which cache entries this job reads and writes.
    pub(crate) fn cache_scope(&self) -> CacheScope {
        let request = &self.shared.request;
        let tier = match request.revision.trust {
            Trust::Local | Trust::ProtectedBranch => "trusted",
            Trust::TrustedPullRequest => "pull-request",
            Trust::ForkPullRequest => "fork",
        };
        let default = request.default_branch.as_ref().map(|name| format!("refs/heads/{name}"));
        let reference = &request.event.reference;
        CacheScope::new(&request.repository, tier, reference, default.as_deref())
    }

    pub(crate) fn say(&mut self, step: usize, text: &str) {
        self.console.say(step, text);
    }

    pub(crate) fn warn(&mut self, step: usize, message: &str) {
        self.console.warn(step, message);
    }

    /// Puts a folder in front of `PATH` for the later steps.
    pub(crate) fn add_path(&mut self, folder: &str) {
        let in_front = std::mem::take(&mut self.in_front);
        self.in_front = crate::envfile::prepend(in_front, &[folder.to_owned()]);
    }

    /// The file system as the job sees it.
    pub(crate) fn root(&self) -> Result<Root, Problem> {
        Ok(self.job_box.root()?)
    }

    /// A small text file of the workspace.
    pub(crate) fn workspace_text(&self, relative: &str) -> Result<String, Problem> {
        let root = self.root()?;
        let path = format!("{}/{relative}", self.workspace.trim_start_matches('/'));
        let bytes = files::read_beneath(root.path(), &path, VERSION_FILE_BYTES_MAX as u64)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Where a file among the commands lies on the host.
    pub(crate) fn commands_file(&self, name: &str) -> PathBuf {
        self.folders.commands.join(name)
    }

    /// Writes a new file among the commands.
    pub(crate) fn write_command_file(&self, name: &str, content: &[u8]) -> Result<(), Problem> {
        let mut file = self.commands.create_new(name, 0o666)?;
        let path = self.commands_file(name);
        let failed = |source| files::Error { path, action: "write", source };
        file.write_all(content).map_err(failed)?;
        Ok(())
    }

    /// Opens a file among the commands; a link is refused.
    pub(crate) fn open_command_file(&self, name: &str) -> Result<std::fs::File, Problem> {
        Ok(self.commands.open_read(name)?)
    }

    /// Runs a program of the system in the box for a built-in action.
    pub(crate) fn run_tool(&mut self, step: usize, arguments: &[String]) -> Result<(), Problem> {
        let program = Program {
            arguments: arguments.to_vec(),
            environment: variables::base(false).into_pairs(),
            directory: "/".into(),
        };
        let cancel = self.cancel.clone();
        let bounds = Bounds { deadline: Some(self.deadline), cancel: &cancel, goes_on: &|| false };
        let ended = self.job_box.run(&program, step, &mut self.console, &bounds);
        let name = arguments.first().map_or("", String::as_str);
        match ended.map_err(boxed)? {
            Ended::Exit(Exit::Code(0)) => Ok(()),
            Ended::Exit(exit) => {
                let message = format!("`{name}` failed with {exit}");
                Err(Problem::new(codes::SANDBOX, message))
            }
            Ended::Limit(limit) => Err(limit.problem()),
            Ended::TimedOut | Ended::Cancelled => {
                Err(Problem::new(codes::SANDBOX, format!("`{name}` was ended before its end")))
            }
        }
    }
}

/// A problem of the box as one of the job.
pub(crate) fn boxed(error: bowline_sandbox::Error) -> Problem {
    Problem::new(codes::SANDBOX, error.to_string())
        .help("run `bowline doctor` to see what this machine permits")
}

/// Minutes as a duration.
fn minutes(number: f64) -> Duration {
    Duration::from_secs_f64(number * 60.0)
}

/// What is known before any job.
pub(crate) fn run_facts(request: &RunRequest) -> Facts {
    let inputs = serde_json::Value::Object(request.inputs.clone());
    Facts {
        github: github::context(request, None),
        inputs: Value::from_json(&inputs),
        vars: texts(&request.vars),
        ..Facts::default()
    }
}

fn facts(request: &RunRequest, names: &JobNames<'_>, assignment: &Assignment) -> Facts {
    let inputs = serde_json::Value::Object(request.inputs.clone());
    Facts {
        github: github::context(request, Some(names)),
        inputs: Value::from_json(&inputs),
        vars: texts(&request.vars),
        secrets: texts(&request.secrets),
        needs: assignment.needs.clone(),
        strategy: assignment.instance.strategy.clone(),
        matrix: assignment.instance.matrix.clone(),
        runner: github::runner(names.workspace),
    }
}

fn console(shared: &Shared, instance: &JobInstance, log: JobLog) -> Console {
    let request = &shared.request;
    let secrets: Vec<Secret> = request.secrets.values().cloned().map(Secret).collect();
    let asked = |name: &str| {
        let given = request.secrets.get(name).or_else(|| request.vars.get(name));
        given.is_some_and(|value| value == "true")
    };
    let debug = asked("ACTIONS_STEP_DEBUG");
    Console::new(&instance.key, shared.events.clone(), Masker::new(&secrets), log, debug)
}
