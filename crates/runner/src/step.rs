//! One step: its `if`, its environment, its program or action, and what it hands on.
//!
//! Source: GitHub's documentation, "Workflow syntax" and "Workflow commands".

use crate::builtin::{self, Call, Outcome};
use crate::codes;
use crate::console::Requests;
use crate::context::{Status, StepRecord};
use crate::envfile::{self, FileKind, Pair, Refusal};
use crate::event::RunEvent;
use crate::hashfiles;
use crate::job::{JobRun, boxed};
use crate::job_box::{Bounds, Ended, Limit};
use crate::layout;
use crate::limits::{ENVIRONMENT_FILE_BYTES_MAX, SUMMARY_BYTES_MAX};
use crate::problem::Problem;
use crate::report::{Conclusion, StepReport};
use crate::shell;
use crate::taint::{self, TaintError};
use crate::variables::{self, Variables};
use bowline_host::{clock, clock::Stopwatch, random};
use bowline_model::Trust;
use bowline_sandbox::disk::Excess;
use bowline_sandbox::{Error, Exit, Program};
use bowline_workflow::expr::{EvaluationError, Value};
use bowline_workflow::{RunStep, Step, StepKind, Template, UsesStep};
use bowline_yaml::Span;
use std::io::Read as _;
use std::time::Duration;

/// SIGXFSZ: a file would grow over the limit of the disk.
const FILE_TOO_LARGE: i32 = 25;

/// How a step's own work ended, before `continue-on-error`.
#[derive(Default)]
struct Work {
    outputs: Vec<(String, String)>,
    exit_code: Option<i32>,
    cancelled: bool,
    problem: Option<Problem>,
}

/// What a step starts with.
struct Prepared {
    number: usize,
    variables: Variables,
    name: String,
    deadline: Option<Duration>,
    goes_on: bool,
}

impl JobRun<'_> {
    /// Runs one step and takes note of its end.
    pub(crate) fn step(&mut self, number: usize, step: &Step) {
        self.notice_cancel();
        let clock = Stopwatch::start();
        let prepared = self.prepare_step(number, step);
        let (name, work) = match prepared {
            Ok(None) => return self.skip(number, step),
            Ok(Some(prepared)) => {
                self.announce(number, &prepared.name);
                (prepared.name.clone(), self.work(step, &prepared))
            }
            Err(problem) => {
                let name = fallback_name(step);
                self.announce(number, &name);
                (name, Work { problem: Some(problem), ..Work::default() })
            }
        };
        self.conclude(number, step, name, work, clock.seconds());
    }

    fn announce(&mut self, number: usize, name: &str) {
        let name = self.console.masker().mask(name);
        let job = self.instance.key.clone();
        self.console.tell(RunEvent::StepStarted { job, step: number, name });
    }

    /// Environment, `if`, name and limits; `None` when the step is skipped.
    fn prepare_step(&mut self, number: usize, step: &Step) -> Result<Option<Prepared>, Problem> {
        let outer = self.environment_context(&Variables::default());
        let rendered = self.evaluate_map(step, outer)?;
        let mut variables = Variables::default();
        variables.extend(rendered);
        let runs = self.condition(step, &variables, self.status)?;
        if !runs {
            return Ok(None);
        }
        let goes_on = self.condition(step, &variables, Status::Cancelled)?;
        let name = match &step.name {
            Some(name) => self.render(step, &variables, name)?,
            None => fallback_name(step),
        };
        let limit = self.minutes(step.timeout_minutes.as_ref(), "timeout-minutes")?;
        let own = limit.map(|limit| clock::monotonic() + limit);
        let deadline = match (self.cancelled_until, goes_on) {
            (Some(until), _) => own.map_or(until, |own| own.min(until)),
            (None, true) => {
                let last = self.deadline + self.cancel_grace;
                own.map_or(last, |own| own.min(last))
            }
            (None, false) => own.map_or(self.deadline, |own| own.min(self.deadline)),
        };
        let deadline = Some(deadline);
        Ok(Some(Prepared { number, variables, name, deadline, goes_on }))
    }

    fn evaluate_map(&self, step: &Step, env: Value) -> Result<Vec<(String, String)>, Problem> {
        let hash = |patterns: &[String]| self.hash(patterns);
        Ok(step.env.render(&self.scope(env, action_of(step), Some(&hash)))?)
    }

    fn condition(
        &self,
        step: &Step,
        variables: &Variables,
        status: Status,
    ) -> Result<bool, Problem> {
        let hash = |patterns: &[String]| self.hash(patterns);
        let env = self.environment_context(variables);
        let mut scope = self.scope(env, action_of(step), Some(&hash));
        scope.status = status;
        Ok(step.condition.expression.evaluate(&scope)?.is_truthy())
    }

    fn value(
        &self,
        step: &Step,
        variables: &Variables,
        template: &Template,
    ) -> Result<Value, Problem> {
        let hash = |patterns: &[String]| self.hash(patterns);
        let env = self.environment_context(variables);
        let scope = self.scope(env, action_of(step), Some(&hash));
        template
            .evaluate(&scope)
            .map_err(|error: EvaluationError| Problem::from(error).or_at(template.span))
    }

    fn render(
        &self,
        step: &Step,
        variables: &Variables,
        template: &Template,
    ) -> Result<String, Problem> {
        Ok(self.value(step, variables, template)?.to_text())
    }

    fn hash(&self, patterns: &[String]) -> Result<String, String> {
        let root = self.job_box.root().map_err(|error| error.what())?;
        hashfiles::hash_files(&root, &self.workspace, layout::HOME, patterns)
            .map_err(|error| error.to_string())
    }

    fn skip(&mut self, number: usize, step: &Step) {
        let conclusion = Conclusion::Skipped;
        self.record(step, Vec::new(), conclusion, conclusion);
        self.step_ended(StepReport {
            number,
            id: step.id.as_ref().map(|id| id.value.clone()),
            name: fallback_name(step),
            outcome: conclusion,
            conclusion,
            seconds: 0.0,
            exit_code: None,
            diagnostics: Vec::new(),
        });
    }

    fn record(
        &mut self,
        step: &Step,
        outputs: Vec<(String, String)>,
        outcome: Conclusion,
        conclusion: Conclusion,
    ) {
        if let Some(id) = &step.id {
            let id = id.value.clone();
            self.records.push(StepRecord { id, outputs, outcome, conclusion });
        }
    }

    /// Runs the program or the action with fresh environment files, and applies them.
    fn work(&mut self, step: &Step, prepared: &Prepared) -> Work {
        let number = prepared.number;
        let files = match self.fresh_files(number) {
            Ok(files) => files,
            Err(problem) => return Work { problem: Some(problem), ..Work::default() },
        };
        let unsecure = self.environment(&prepared.variables);
        let unsecure = unsecure.get("ACTIONS_ALLOW_UNSECURE_COMMANDS") == Some("true");
        self.console.open(number, unsecure);
        let mut work = match &step.kind {
            StepKind::Run(run) => self.run_script(step, run, prepared, &files),
            StepKind::Uses(uses) => self.run_action(step, uses, prepared),
            StepKind::Background(word) => {
                let message = format!("`{}` is not carried out yet", word.value);
                Work {
                    problem: Some(Problem::new(codes::BAD_VALUE, message).or_at(word.span)),
                    ..Work::default()
                }
            }
        };
        let requests = self.console.close(number);
        if let Some(refused) = &requests.refused {
            let problem = Problem::new(codes::BAD_VALUE, refused.clone()).or_at(step.span);
            work.problem.get_or_insert(problem);
        }
        if let Err(problem) = self.apply(number, &files, requests, &mut work.outputs) {
            work.problem.get_or_insert(problem.or_at(step.span));
        }
        if let Err(error) = self.console.flush() {
            work.problem.get_or_insert(Problem::from(error));
        }
        work
    }

    /// `continue-on-error`, the job's status, the report.
    fn conclude(&mut self, number: usize, step: &Step, name: String, work: Work, seconds: f64) {
        let late = clock::monotonic() >= self.deadline;
        let mut problem = work.problem;
        if work.cancelled || (late && problem.is_some()) {
            self.notice_cancel();
        }
        let outcome = match (&problem, work.cancelled && self.status == Status::Cancelled) {
            (_, true) => Conclusion::Cancelled,
            (Some(_), false) => Conclusion::Failure,
            (None, false) => Conclusion::Success,
        };
        let tolerated = match (&step.continue_on_error, outcome) {
            (Some(template), Conclusion::Failure) => {
                match self.value(step, &Variables::default(), template) {
                    Ok(value) => value.is_truthy() && value.as_str() != Some("false"),
                    Err(other) => {
                        problem = Some(other);
                        false
                    }
                }
            }
            _ => false,
        };
        let conclusion = if tolerated { Conclusion::Success } else { outcome };
        if conclusion == Conclusion::Failure && self.status == Status::Success {
            self.status = Status::Failure;
        }
        let mut diagnostics = Vec::new();
        if let Some(problem) = &problem {
            let workflow = &self.shared.request.workflow;
            let line = problem.line(workflow);
            self.console.fail(number, &line);
            diagnostics.push(masked(self, problem).diagnostic(workflow));
        }
        self.record(step, work.outputs, outcome, conclusion);
        self.step_ended(StepReport {
            number,
            id: step.id.as_ref().map(|id| id.value.clone()),
            name: self.console.masker().mask(&name),
            outcome,
            conclusion,
            seconds,
            exit_code: work.exit_code,
            diagnostics,
        });
    }

    fn run_script(
        &mut self,
        step: &Step,
        run: &RunStep,
        prepared: &Prepared,
        files: &[(FileKind, String)],
    ) -> Work {
        let program = match self.program(step, run, prepared, files) {
            Ok(program) => program,
            Err(problem) => return Work { problem: Some(problem), ..Work::default() },
        };
        let span = run.script.span;
        let (cancel, goes_on) = (self.cancel.clone(), prepared.goes_on);
        let bounds = Bounds { deadline: prepared.deadline, cancel: &cancel, goes_on: &|| goes_on };
        let mut ended = self.job_box.run(&program, prepared.number, &mut self.console, &bounds);
        if let (Err(Error::Program { .. }), Some(other)) = (&ended, shell::stand_in(&program)) {
            ended = self.job_box.run(&other, prepared.number, &mut self.console, &bounds);
        }
        self.work_of(step, span, ended)
    }

    /// What the end of a step's program means.
    fn work_of(&self, step: &Step, span: Span, ended: Result<Ended, Error>) -> Work {
        let failed = |message: String| Some(Problem::new(codes::BAD_VALUE, message).or_at(span));
        match ended {
            Ok(Ended::Exit(exit @ Exit::Code(code))) => Work {
                exit_code: Some(code),
                problem: if code == 0 {
                    None
                } else {
                    failed(format!("the step ended with {exit}"))
                },
                ..Work::default()
            },
            Ok(Ended::Exit(exit @ Exit::Signal(FILE_TOO_LARGE))) => {
                let bytes_max = self.shared.request.limits.disk_bytes_max;
                let limit = Limit::Disk(Excess::Written { bytes: bytes_max, bytes_max });
                let exit_code = Some(exit.shell_code());
                Work { exit_code, problem: Some(limit.problem().or_at(span)), ..Work::default() }
            }
            Ok(Ended::Exit(exit @ Exit::Signal(_))) => Work {
                exit_code: Some(exit.shell_code()),
                problem: failed(format!("the step was ended by {exit}")),
                ..Work::default()
            },
            Ok(Ended::Limit(limit)) => {
                Work { problem: Some(limit.problem().or_at(span)), ..Work::default() }
            }
            Ok(Ended::TimedOut) => self.timed_out_work(step),
            Ok(Ended::Cancelled) => Work { cancelled: true, ..Work::default() },
            Err(Error::Exhausted { resource: "processes", .. }) => {
                let limit = Limit::Processes(self.shared.request.limits.processes_max);
                Work { problem: Some(limit.problem().or_at(span)), ..Work::default() }
            }
            Err(error @ Error::Program { .. }) => {
                let help = "install the program on this machine, or choose another `shell`";
                let problem = Problem::new(codes::SHELL, error.to_string()).or_at(span).help(help);
                Work { problem: Some(problem), ..Work::default() }
            }
            Err(error) => Work { problem: Some(boxed(error).or_at(span)), ..Work::default() },
        }
    }

    /// The step's own limit or the job's.
    fn timed_out_work(&self, step: &Step) -> Work {
        let of_job = clock::monotonic() >= self.deadline || self.cancelled_until.is_some();
        let (what, span) = if of_job {
            let span = self.job.timeout_minutes.as_ref().map(|template| template.span);
            ("job", span.unwrap_or(self.job.id.span))
        } else {
            let span = step.timeout_minutes.as_ref().map(|template| template.span);
            ("step", span.unwrap_or(step.span))
        };
        let message = format!("the {what} ran longer than its `timeout-minutes` and was ended");
        let problem = Some(Problem::new(codes::BAD_VALUE, message).or_at(span));
        Work { problem, cancelled: of_job, ..Work::default() }
    }

    /// The program of a `run:` step, its script written.
    fn program(
        &mut self,
        step: &Step,
        run: &RunStep,
        prepared: &Prepared,
        files: &[(FileKind, String)],
    ) -> Result<Program, Problem> {
        let job = self.job;
        let request = &self.shared.request;
        let defaults = [&job.defaults, &request.workflow.defaults];
        let shell_of = |template: &Template| self.render(step, &prepared.variables, template);
        let shell_template = run
            .shell
            .as_ref()
            .or_else(|| defaults.iter().find_map(|defaults| defaults.shell.as_ref()));
        let shell = shell_template.map(shell_of).transpose()?;
        let folder_template = run
            .working_directory
            .as_ref()
            .or_else(|| defaults.iter().find_map(|defaults| defaults.working_directory.as_ref()));
        let folder = folder_template.map(shell_of).transpose()?.unwrap_or_default();
        let (text, stranger) = self.script(step, run, prepared, shell.as_deref())?;
        let extension = shell::extension(shell.as_deref());
        let file = format!("{}-{}{extension}", prepared.number, random::hex(8));
        let path = format!("{}/{file}", layout::COMMANDS);
        let place = shell_template.map_or(step.span, |template| template.span);
        let invocation = shell::invocation(shell.as_deref(), &text, &path, self.shared.has_bash)
            .map_err(|error| Problem::new(codes::SHELL, error.to_string()).or_at(place))?;
        self.write_command_file(&file, invocation.script.as_bytes())?;
        self.name_overridden(prepared);
        let mut environment = self.environment(&prepared.variables);
        environment.set("GITHUB_ACTION", action_of(step));
        environment.extend(stranger);
        for (kind, name) in files {
            environment.set(kind.variable(), format!("{}/{name}", layout::COMMANDS));
        }
        let directory = match folder.as_str() {
            "" => self.workspace.clone(),
            absolute if absolute.starts_with('/') => absolute.to_owned(),
            relative => format!("{}/{relative}", self.workspace),
        };
        Ok(Program {
            arguments: invocation.arguments,
            environment: environment.into_pairs(),
            directory: directory.into(),
        })
    }

    /// The step's text; what strangers wrote travels beside it.
    fn script(
        &self,
        step: &Step,
        run: &RunStep,
        prepared: &Prepared,
        shell: Option<&str>,
    ) -> Result<(String, Vec<(String, String)>), Problem> {
        if self.shared.request.revision.trust != Trust::ForkPullRequest {
            return Ok((self.render(step, &prepared.variables, &run.script)?, Vec::new()));
        }
        let hash = |patterns: &[String]| self.hash(patterns);
        let env = self.environment_context(&prepared.variables);
        let scope = self.scope(env, action_of(step), Some(&hash));
        let is_shell = matches!(shell, None | Some("bash" | "sh"));
        match taint::render(&run.script, &scope, is_shell) {
            Ok(safe) => Ok((safe.text, safe.variables)),
            Err(TaintError::Evaluation(error)) => Err(error.into()),
            Err(TaintError::Unsafe(span, reason)) => {
                let message = format!("a stranger's value cannot be made safe here: {reason}");
                let help = "give it to the step through `env:` and use the variable";
                Err(Problem::new(codes::EXPRESSION, message).or_at(span).help(help))
            }
        }
    }

    /// Names of the runner in `env:` have no effect; that is said.
    fn name_overridden(&mut self, prepared: &Prepared) {
        let owned = variables::owned_by_runner(&self.own_env);
        let layers = [&self.job_env, &prepared.variables];
        let names: Vec<String> = layers
            .iter()
            .flat_map(|layer| layer.pairs())
            .filter(|(name, _)| owned(name))
            .map(|(name, _)| name.to_owned())
            .collect();
        for name in names {
            let message = format!("`{name}` in `env` has no effect, the runner sets it itself");
            self.console.warn(prepared.number, &message);
        }
    }

    fn run_action(&mut self, step: &Step, uses: &UsesStep, prepared: &Prepared) -> Work {
        match self.action_outcome(step, uses, prepared) {
            Ok(outcome) => Work { outputs: outcome.outputs, ..Work::default() },
            Err(problem) => {
                let problem = Some(problem.or_at(uses.action.span));
                Work { problem, ..Work::default() }
            }
        }
    }

    fn action_outcome(
        &mut self,
        step: &Step,
        uses: &UsesStep,
        prepared: &Prepared,
    ) -> Result<Outcome, Problem> {
        let action = builtin::find(uses)?;
        let hash = |patterns: &[String]| self.hash(patterns);
        let env = self.environment_context(&prepared.variables);
        let scope = self.scope(env, action_of(step), Some(&hash));
        let values = uses.with.render(&scope)?;
        let mut inputs = Vec::new();
        for (name, value) in values {
            let place = uses.with.named().find(|(key, _)| key.value == name);
            let (name_span, span) =
                place.map_or((uses.with.span, uses.with.span), |(key, it)| (key.span, it.span));
            let wrong = builtin::check_input(action, &name, name_span, Some(&value), span);
            if let Some(problem) = wrong {
                return Err(problem);
            }
            inputs.push((name, value, span));
        }
        let call = Call { step: prepared.number, span: uses.action.span, inputs };
        let mut outcome = (action.run)(self, &call)?;
        if let Some(post) = outcome.post.take() {
            self.posts.push((prepared.name.clone(), post));
        }
        Ok(outcome)
    }

    /// Fresh, randomly named, empty environment files.
    fn fresh_files(&self, number: usize) -> Result<Vec<(FileKind, String)>, Problem> {
        let mut files = Vec::new();
        for kind in FileKind::ALL {
            let name = format!("{number}-{}", random::hex(8));
            self.write_command_file(&name, b"")?;
            files.push((kind, name));
        }
        Ok(files)
    }

    /// Reads the environment files and takes over what they and the commands say.
    fn apply(
        &mut self,
        number: usize,
        files: &[(FileKind, String)],
        requests: Requests,
        outputs: &mut Vec<(String, String)>,
    ) -> Result<(), Problem> {
        self.apply_commands(number, requests, outputs);
        let mut read = Vec::new();
        for (kind, name) in files {
            if *kind != FileKind::Summary {
                read.push((*kind, self.environment_file(*kind, name)?));
            }
        }
        // Read all before applying any: nothing is half applied.
        let mut parsed = Vec::new();
        for (kind, bytes) in &read {
            let wrong = |error: envfile::EnvironmentFileError| {
                Problem::new(codes::BAD_VALUE, format!("`{kind}` is malformed in {error}"))
            };
            match kind {
                FileKind::Path => {
                    let folders = envfile::folders(bytes).map_err(wrong)?;
                    parsed.push((*kind, Vec::new(), folders));
                }
                _ => parsed.push((*kind, envfile::pairs(bytes).map_err(wrong)?, Vec::new())),
            }
        }
        for (kind, pairs, folders) in parsed {
            match kind {
                FileKind::Environment => self.add_variables(number, pairs),
                FileKind::Output => set_outputs(outputs, pairs),
                FileKind::Path => {
                    let in_front = std::mem::take(&mut self.in_front);
                    self.in_front = envfile::prepend(in_front, &folders);
                }
                // State is for post steps of actions that run in `node`; `run:` has none.
                FileKind::State | FileKind::Summary => {}
            }
        }
        match files.iter().find(|(kind, _)| *kind == FileKind::Summary) {
            Some((_, name)) => self.summary(number, name),
            None => Ok(()),
        }
    }

    fn apply_commands(
        &mut self,
        number: usize,
        requests: Requests,
        outputs: &mut Vec<(String, String)>,
    ) {
        let pair = |(name, value): (String, String)| Pair { name, value, line: 0 };
        self.add_variables(number, requests.variables.into_iter().map(pair).collect());
        set_outputs(outputs, requests.outputs.into_iter().map(pair).collect());
        let in_front = std::mem::take(&mut self.in_front);
        self.in_front = envfile::prepend(in_front, &requests.folders);
    }

    fn add_variables(&mut self, number: usize, pairs: Vec<Pair>) {
        let owned = variables::owned_by_runner(&self.own_env);
        let (mut taken, mut refused) = (Vec::new(), Vec::new());
        for pair in pairs {
            match envfile::refusal(&pair.name, &owned) {
                None => taken.push((pair.name, pair.value)),
                Some(Refusal::LoadsCode) => refused.push(format!(
                    "`{}` cannot be set through `GITHUB_ENV`: it decides which code is loaded",
                    pair.name
                )),
                Some(Refusal::OwnedByRunner) => refused.push(format!(
                    "`{}` cannot be set through `GITHUB_ENV`: the runner sets it itself",
                    pair.name
                )),
            }
        }
        drop(owned);
        self.added_env.extend(taken);
        for message in refused {
            self.console.fail(number, &message);
        }
    }

    fn environment_file(&self, kind: FileKind, name: &str) -> Result<Vec<u8>, Problem> {
        let limit = match kind {
            FileKind::Summary => SUMMARY_BYTES_MAX,
            _ => ENVIRONMENT_FILE_BYTES_MAX,
        };
        let mut bytes = Vec::new();
        let file = self.open_command_file(name)?;
        let read = file.take(limit as u64 + 1).read_to_end(&mut bytes);
        read.map_err(|error| {
            Problem::new(codes::FILES, format!("`{kind}` cannot be read: {error}"))
        })?;
        if bytes.len() > limit {
            let message = format!("`{kind}` has more than {limit} bytes and is not taken over");
            return Err(Problem::new(codes::BAD_VALUE, message));
        }
        Ok(bytes)
    }

    fn summary(&mut self, number: usize, name: &str) -> Result<(), Problem> {
        let bytes = self.environment_file(FileKind::Summary, name)?;
        let text = String::from_utf8_lossy(&bytes);
        if !text.trim().is_empty() {
            let text = self.console.masker().mask(&text);
            let file = self.folders.root.join(format!("summary-{number}.md"));
            bowline_host::files::write(file, text.as_bytes())?;
            let job = self.instance.key.clone();
            self.console.tell(RunEvent::Summary { job, step: number, text });
        }
        Ok(())
    }
}

/// The same with its message masked, for what is told outside of the log.
fn masked(run: &JobRun<'_>, problem: &Problem) -> Problem {
    Problem { message: run.console.masker().mask(&problem.message), ..problem.clone() }
}

/// A later value of the same name wins.
fn set_outputs(outputs: &mut Vec<(String, String)>, pairs: Vec<Pair>) {
    for pair in pairs {
        outputs.retain(|(name, _)| *name != pair.name);
        outputs.push((pair.name, pair.value));
    }
}

/// `github.action`: the step's id, or a word for a step without.
fn action_of(step: &Step) -> &str {
    match (&step.id, &step.kind) {
        (Some(id), _) => &id.value,
        (None, StepKind::Run(_)) => "__run",
        (None, StepKind::Uses(uses)) => &uses.action.value,
        (None, StepKind::Background(word)) => &word.value,
    }
}

/// What a step without a name is called.
fn fallback_name(step: &Step) -> String {
    let literal = |template: &Template| template.as_literal().map(Value::to_text);
    if let Some(name) = step.name.as_ref().and_then(literal) {
        return name;
    }
    match &step.kind {
        StepKind::Run(run) => {
            let text = literal(&run.script).unwrap_or_else(|| "a script".to_owned());
            let line = text.lines().map(str::trim).find(|line| !line.is_empty());
            format!("Run {}", line.unwrap_or_default())
        }
        StepKind::Uses(uses) => format!("Run {}", uses.action.value),
        StepKind::Background(word) => word.value.clone(),
    }
}
