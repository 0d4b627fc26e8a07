//! A run as a pure state machine: which job may start, which is skipped, what the run becomes.
//!
//! A job starts when its own needs have ended, not when a level of the graph has. There is no
//! clock and no process here: the caller starts what [`Run::decide`] says and reports back
//! with [`Run::finished`].

mod condition;

use crate::expr::{EvaluationError, Object, Value};
use crate::plan::{self, JobInstance};
use crate::tree::Workflow;
use condition::JobScope;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How a job, a step or a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// It did what it should.
    Success,
    /// It failed.
    Failure,
    /// It was stopped.
    Cancelled,
    /// It was not to run.
    Skipped,
}

impl Conclusion {
    /// As `needs.x.result` has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
        }
    }
}

/// The contexts that hold for the whole run.
#[derive(Clone, Debug, Default)]
pub struct Contexts {
    /// `github`.
    pub github: Value,
    /// `inputs`.
    pub inputs: Value,
    /// `vars`.
    pub vars: Value,
}

/// What is to be done or known next.
#[derive(Clone, Debug)]
pub enum Decision {
    /// Start this instance; it counts as running from now on.
    Start(Box<JobInstance>),
    /// Stop this running instance, then report it as finished.
    Cancel {
        /// The instance's key.
        key: String,
    },
    /// An instance that never started has ended: cancelled by a sibling or with the run.
    Dropped {
        /// The instance's key.
        key: String,
    },
    /// A job has ended.
    Ended {
        /// The job's id.
        job: String,
        /// How.
        conclusion: Conclusion,
        /// Why, for a job that was skipped or could not begin.
        reason: Option<Reason>,
    },
}

/// Why a job did not run.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// Its `if` (or the implicit `success()`) was false.
    Condition {
        /// The whole condition.
        source: String,
        /// The needs that did not succeed, with their results.
        needs: Vec<(String, &'static str)>,
    },
    /// Its `if`, matrix or name has no value.
    Evaluation(EvaluationError),
}

/// One line for a person.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Condition { source, needs } => {
                write!(f, "`{source}` is false")?;
                for (index, (job, result)) in needs.iter().enumerate() {
                    let link = if index == 0 { ": " } else { ", " };
                    write!(f, "{link}`{job}` is {result}")?;
                }
                Ok(())
            }
            Self::Evaluation(error) => write!(f, "{error}"),
        }
    }
}

#[derive(Clone, Debug)]
enum Stage {
    Waiting,
    Running(Vec<Slot>),
    Ended(Conclusion),
}

#[derive(Clone, Debug)]
struct Slot {
    instance: JobInstance,
    state: SlotState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SlotState {
    Queued,
    Started,
    /// It runs and was asked to stop.
    Stopping,
    Ended(Conclusion),
}

impl SlotState {
    fn runs(self) -> bool {
        matches!(self, Self::Started | Self::Stopping)
    }
}

#[derive(Clone, Debug)]
struct JobState {
    id: String,
    needs: Vec<usize>,
    ancestors: Vec<usize>,
    stage: Stage,
    outputs: Object,
    /// The longest way to the end of the graph, in the caller's seconds or in jobs.
    remaining: f64,
}

/// A run in progress.
#[derive(Clone, Debug)]
pub struct Run {
    workflow: Workflow,
    contexts: Contexts,
    jobs: Vec<JobState>,
    cancelled: bool,
    warnings: Vec<String>,
}

impl Run {
    /// A run in which nothing has started.
    #[must_use]
    pub fn new(workflow: &Workflow, contexts: Contexts) -> Self {
        let position =
            |id: &str| workflow.jobs.iter().position(|job| job.id.value.eq_ignore_ascii_case(id));
        let mut jobs: Vec<JobState> = workflow
            .jobs
            .iter()
            .map(|job| JobState {
                id: job.id.value.clone(),
                needs: job.needs.iter().filter_map(|need| position(&need.value)).collect(),
                ancestors: Vec::new(),
                stage: Stage::Waiting,
                outputs: Object::default(),
                remaining: 0.0,
            })
            .collect();
        for job in 0..jobs.len() {
            jobs[job].ancestors = ancestors(&jobs, job);
        }
        let mut run = Self {
            workflow: workflow.clone(),
            contexts,
            jobs,
            cancelled: false,
            warnings: Vec::new(),
        };
        run.expect_seconds(&BTreeMap::new());
        run
    }

    /// Gives the expected seconds of jobs, by id, so that the longest way goes first; a job
    /// that is not named counts as one second.
    pub fn expect_seconds(&mut self, seconds: &BTreeMap<String, f64>) {
        let own: Vec<f64> =
            self.jobs.iter().map(|job| seconds.get(&job.id).copied().unwrap_or(1.0)).collect();
        let ways = longest_ways(&self.jobs, &own);
        for (job, remaining) in self.jobs.iter_mut().zip(ways) {
            job.remaining = remaining;
        }
    }

    /// Leaves only one job and what it needs, as `run -j job`. Whether the job exists.
    pub fn only(&mut self, job: &str) -> bool {
        let Some(wanted) = self.position(job) else { return false };
        let mut kept = self.jobs[wanted].ancestors.clone();
        kept.push(wanted);
        for (index, job) in self.jobs.iter_mut().enumerate() {
            if !kept.contains(&index) {
                job.stage = Stage::Ended(Conclusion::Skipped);
            }
        }
        true
    }

    /// Cancels the run: what is queued never starts, what runs is to be stopped, and jobs
    /// whose `if` holds nevertheless (`always()`, `cancelled()`) still run.
    pub fn cancel(&mut self) {
        self.cancelled = true;
    }

    /// Whether [`Run::cancel`] was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// What follows from the present state. At most `free` instances are started; call again
    /// after every [`Run::finished`] and [`Run::cancel`].
    pub fn decide(&mut self, free: usize) -> Vec<Decision> {
        let mut decisions = Vec::new();
        if self.cancelled {
            self.stop_what_runs(&mut decisions);
        }
        loop {
            let before = decisions.len();
            for job in 0..self.jobs.len() {
                self.advance(job, &mut decisions);
            }
            if decisions.len() == before {
                break;
            }
        }
        self.start(free, &mut decisions);
        decisions
    }

    /// Reports that an instance has ended, with the outputs that it evaluated. Nothing happens
    /// for a key that is not running.
    pub fn finished(
        &mut self,
        key: &str,
        conclusion: Conclusion,
        outputs: &BTreeMap<String, String>,
    ) -> Vec<Decision> {
        let mut decisions = Vec::new();
        for job in &mut self.jobs {
            let Stage::Running(slots) = &mut job.stage else { continue };
            let Some(slot) = slots.iter_mut().find(|slot| slot.instance.key == key) else {
                continue;
            };
            if !slot.state.runs() {
                continue;
            }
            slot.state = SlotState::Ended(conclusion);
            let failed = conclusion == Conclusion::Failure && !slot.instance.continue_on_error;
            let fail_fast = failed && slot.instance.fail_fast;
            merge_outputs(&mut job.outputs, &job.id, outputs, &mut self.warnings);
            if fail_fast {
                stop(slots, &mut decisions);
            }
        }
        decisions
    }

    /// Ends queued instances and asks to stop running ones, unless the job's `if` holds even
    /// in a cancelled run.
    fn stop_what_runs(&mut self, decisions: &mut Vec<Decision>) {
        for job in 0..self.jobs.len() {
            let goes_on = self.condition(job).unwrap_or(false);
            if let Stage::Running(slots) = &mut self.jobs[job].stage
                && !goes_on
            {
                stop(slots, decisions);
            }
        }
    }

    fn condition(&self, job: usize) -> Result<bool, EvaluationError> {
        let scope = JobScope { run: self, job };
        let value = self.workflow.jobs[job].condition.expression.evaluate(&scope)?;
        Ok(value.is_truthy())
    }

    /// Moves one job on as far as it goes without anything being started.
    fn advance(&mut self, job: usize, decisions: &mut Vec<Decision>) {
        match &self.jobs[job].stage {
            Stage::Ended(_) => {}
            Stage::Running(slots) => {
                if let Some(conclusion) = joint(slots) {
                    self.end(job, conclusion, None, decisions);
                }
            }
            Stage::Waiting => {
                let ended = |need: &usize| matches!(self.jobs[*need].stage, Stage::Ended(_));
                if self.jobs[job].needs.iter().all(ended) {
                    self.begin(job, decisions);
                }
            }
        }
    }

    fn begin(&mut self, job: usize, decisions: &mut Vec<Decision>) {
        match self.condition(job) {
            Ok(true) => {}
            Ok(false) => {
                let cause = self.cancelled
                    && !self.jobs[job]
                        .needs
                        .iter()
                        .any(|need| self.result(*need) != Some(Conclusion::Success));
                let conclusion = if cause { Conclusion::Cancelled } else { Conclusion::Skipped };
                let reason = self.condition_reason(job);
                return self.end(job, conclusion, Some(reason), decisions);
            }
            Err(error) => {
                let reason = Some(Reason::Evaluation(error));
                return self.end(job, Conclusion::Failure, reason, decisions);
            }
        }
        let scope = JobScope { run: self, job };
        match plan::expand(&self.workflow.jobs[job], &scope) {
            Ok(instances) => {
                let queued = |instance| Slot { instance, state: SlotState::Queued };
                self.jobs[job].stage = Stage::Running(instances.into_iter().map(queued).collect());
            }
            Err(error) => {
                let reason = Some(Reason::Evaluation(error));
                self.end(job, Conclusion::Failure, reason, decisions);
            }
        }
    }

    fn condition_reason(&self, job: usize) -> Reason {
        let needs = self.jobs[job].needs.iter().filter_map(|need| {
            let result = self.result(*need)?;
            (result != Conclusion::Success).then(|| (self.jobs[*need].id.clone(), result.word()))
        });
        let source = self.workflow.jobs[job].condition.expression.source.clone();
        Reason::Condition { source, needs: needs.collect() }
    }

    fn end(
        &mut self,
        job: usize,
        conclusion: Conclusion,
        reason: Option<Reason>,
        decisions: &mut Vec<Decision>,
    ) {
        self.jobs[job].stage = Stage::Ended(conclusion);
        let job = self.jobs[job].id.clone();
        decisions.push(Decision::Ended { job, conclusion, reason });
    }

    /// Starts queued instances, the longest remaining way first.
    fn start(&mut self, free: usize, decisions: &mut Vec<Decision>) {
        let mut order: Vec<usize> = (0..self.jobs.len()).collect();
        order.sort_by(|a, b| self.jobs[*b].remaining.total_cmp(&self.jobs[*a].remaining));
        let mut free = free;
        for job in order {
            let Stage::Running(slots) = &mut self.jobs[job].stage else { continue };
            let running = slots.iter().filter(|slot| slot.state.runs()).count();
            let queued = slots.iter_mut().filter(|slot| slot.state == SlotState::Queued);
            for (running, slot) in (running..).zip(queued) {
                let most = slot.instance.max_parallel.unwrap_or(usize::MAX);
                if free == 0 || running >= most {
                    break;
                }
                slot.state = SlotState::Started;
                free -= 1;
                decisions.push(Decision::Start(Box::new(slot.instance.clone())));
            }
        }
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.jobs.iter().position(|job| job.id.eq_ignore_ascii_case(id))
    }

    fn result(&self, job: usize) -> Option<Conclusion> {
        match self.jobs[job].stage {
            Stage::Ended(conclusion) => Some(conclusion),
            Stage::Waiting | Stage::Running(_) => None,
        }
    }

    /// How a job ended, once it has.
    #[must_use]
    pub fn job_result(&self, id: &str) -> Option<Conclusion> {
        self.result(self.position(id)?)
    }

    /// The `needs` context of a job: result and outputs of each direct need.
    #[must_use]
    pub fn needs(&self, id: &str) -> Value {
        match self.position(id) {
            Some(job) => self.needs_of(job),
            None => Value::object::<String, Value>([]),
        }
    }

    fn needs_of(&self, job: usize) -> Value {
        Value::object(self.jobs[job].needs.iter().map(|need| {
            let result = self.result(*need).map_or("", Conclusion::word);
            let outputs = Value::from(self.jobs[*need].outputs.clone());
            let entry = Value::object([("result", Value::from(result)), ("outputs", outputs)]);
            (self.jobs[*need].id.clone(), entry)
        }))
    }

    /// The merged outputs of a job.
    #[must_use]
    pub fn outputs(&self, id: &str) -> Vec<(String, String)> {
        let Some(job) = self.position(id) else { return Vec::new() };
        let entries = self.jobs[job].outputs.entries();
        entries.map(|(name, value)| (name.to_owned(), value.to_text())).collect()
    }

    /// What somebody should know: outputs that matrix instances overwrote.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Whether every job has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.jobs.iter().all(|job| matches!(job.stage, Stage::Ended(_)))
    }

    /// How the run ended: failed when a job failed, cancelled when one was, skipped when no
    /// job ran. `None` while a job has not ended.
    #[must_use]
    pub fn conclusion(&self) -> Option<Conclusion> {
        let results: Option<Vec<Conclusion>> =
            (0..self.jobs.len()).map(|job| self.result(job)).collect();
        let results = results?;
        let any = |wanted: Conclusion| results.contains(&wanted);
        Some(if any(Conclusion::Failure) {
            Conclusion::Failure
        } else if self.cancelled || any(Conclusion::Cancelled) {
            Conclusion::Cancelled
        } else if any(Conclusion::Success) {
            Conclusion::Success
        } else {
            Conclusion::Skipped
        })
    }
}

/// Every job that `job` needs, directly or through others.
fn ancestors(jobs: &[JobState], job: usize) -> Vec<usize> {
    let mut found = BTreeSet::new();
    let mut open = jobs[job].needs.clone();
    while let Some(next) = open.pop() {
        if found.insert(next) {
            open.extend(jobs[next].needs.iter().copied());
        }
    }
    found.into_iter().collect()
}

/// For every job the longest way from its beginning to the end of the graph.
fn longest_ways(jobs: &[JobState], own: &[f64]) -> Vec<f64> {
    // A job that needs another has strictly more ancestors, so this order needs no recursion.
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|job| std::cmp::Reverse(jobs[*job].ancestors.len()));
    let mut ways = own.to_vec();
    for job in order {
        for need in &jobs[job].needs {
            ways[*need] = ways[*need].max(own[*need] + ways[job]);
        }
    }
    ways
}

/// The conclusion of a job, once all its instances have ended.
fn joint(slots: &[Slot]) -> Option<Conclusion> {
    let mut joint = Conclusion::Success;
    for slot in slots {
        let SlotState::Ended(conclusion) = slot.state else { return None };
        match conclusion {
            Conclusion::Failure if slot.instance.continue_on_error => {}
            Conclusion::Failure => joint = Conclusion::Failure,
            Conclusion::Cancelled if joint == Conclusion::Success => {
                joint = Conclusion::Cancelled;
            }
            Conclusion::Cancelled | Conclusion::Success | Conclusion::Skipped => {}
        }
    }
    Some(joint)
}

/// Ends what is queued and asks to stop what runs.
fn stop(slots: &mut [Slot], decisions: &mut Vec<Decision>) {
    for slot in slots {
        let key = slot.instance.key.clone();
        match slot.state {
            SlotState::Queued => {
                slot.state = SlotState::Ended(Conclusion::Cancelled);
                decisions.push(Decision::Dropped { key });
            }
            SlotState::Started => {
                slot.state = SlotState::Stopping;
                decisions.push(Decision::Cancel { key });
            }
            SlotState::Stopping | SlotState::Ended(_) => {}
        }
    }
}

/// The last writer of a name that is not empty wins.
fn merge_outputs(
    into: &mut Object,
    job: &str,
    outputs: &BTreeMap<String, String>,
    warnings: &mut Vec<String>,
) {
    for (name, value) in outputs {
        let before = into.get(name).map(Value::to_text).unwrap_or_default();
        if value.is_empty() && !before.is_empty() {
            continue;
        }
        if !before.is_empty() && before != *value {
            let warning = format!("the output `{name}` of job `{job}` was set by two instances");
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
        into.insert(name, value.as_str());
    }
}
