//! A whole run: the machine of `workflow` decides, jobs run side by side, their ends go back.
//!
//! Absent on purpose: any rule about which job may start.

use crate::artifact::Artifacts;
use crate::cache_store::CacheStore;
use crate::cancel::CancelToken;
use crate::codes;
use crate::console::Events;
use crate::context::texts;
use crate::error::Error;
use crate::event::RunEvent;
use crate::github;
use crate::group::Group;
use crate::job::{self, Assignment, Shared};
use crate::preflight;
use crate::problem::Problem;
use crate::report::{Conclusion, JobReport, RunReport};
use crate::request::RunRequest;
use bowline_host::clock::Stopwatch;
use bowline_host::{files, task};
use bowline_workflow::expr::Value;
use bowline_workflow::machine::Reason;
use bowline_workflow::{Concurrency, Contexts, Decision, JobInstance, Run};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What the conductor of a run hears.
enum Message {
    Ended { key: String, result: Result<Box<JobReport>, task::Error> },
    Cancelled,
}

/// Runs a workflow and says how it went. A failed job is no error: it is in the report.
///
/// # Errors
/// What cannot be honoured, each at its place, before anything runs; a folder of the run that
/// cannot be made.
pub async fn run_workflow(
    request: RunRequest,
    events: impl Fn(RunEvent) + Send + Sync + 'static,
) -> Result<RunReport, Error> {
    let refused = preflight::check(&request);
    if !refused.is_empty() {
        return Err(Error::Refused(refused));
    }
    let shared = Arc::new(share(request, Arc::new(events))?);
    let conductor = Conductor::new(Arc::clone(&shared));
    let group = match &shared.request.workflow.concurrency {
        Some(concurrency) => Some(conductor.group(concurrency)?),
        None => None,
    };
    let _alone = match &group {
        Some(group) => enter(&shared, group).await?,
        None => None,
    };
    conductor.conduct(group).await
}

/// Waits for the run's own turn. A run that is cancelled while it waits goes on to its end, and
/// no job of it starts.
async fn enter(shared: &Arc<Shared>, group: &Group) -> Result<Option<files::Lock>, Error> {
    let (shared, group) = (Arc::clone(shared), group.clone());
    let work = task::blocking("concurrency", move || {
        group.enter(&shared.request.cancel, |text| (shared.events)(RunEvent::Waiting { text }))
    });
    let entered = work.await.map_err(|error| Error::Internal(error.to_string()))?;
    Ok(entered?)
}

fn share(request: RunRequest, events: Events) -> Result<Shared, Error> {
    files::create_private_dir(&request.run_folder)?;
    let caches = &request.caches;
    let folders = [&caches.go_build, &caches.go_mod, &caches.npm, &caches.actions, &caches.groups];
    for folder in folders.into_iter().chain([&request.tools]) {
        files::create_dirs(folder)?;
    }
    Ok(Shared {
        artifacts: Artifacts::new(request.run_folder.join("artifacts")),
        caches: CacheStore::new(&request.caches.actions),
        runtime: tokio::runtime::Handle::current(),
        has_bash: files::exists("/bin/bash"),
        shallow: request.history.is_none() && files::exists(request.git_dir.join("shallow")),
        events,
        request,
    })
}

struct Conductor {
    shared: Arc<Shared>,
    machine: Run,
    running: BTreeMap<String, CancelToken>,
    reports: Vec<JobReport>,
    /// The run's own group.
    group: Option<Group>,
    sender: UnboundedSender<Message>,
    receiver: UnboundedReceiver<Message>,
}

impl Conductor {
    fn new(shared: Arc<Shared>) -> Self {
        let request = &shared.request;
        let inputs = serde_json::Value::Object(request.inputs.clone());
        let contexts = Contexts {
            github: Value::from(github::context(request, None)),
            inputs: Value::from_json(&inputs),
            vars: texts(&request.vars),
        };
        let mut machine = Run::new(&request.workflow, contexts);
        if let Some(job) = &request.only_job {
            // The job exists: it was looked for before.
            let _exists = machine.only(job);
        }
        let (sender, receiver) = unbounded_channel();
        let (running, reports) = (BTreeMap::new(), Vec::new());
        Self { shared, machine, running, reports, group: None, sender, receiver }
    }

    /// The group of the whole run.
    fn group(&self, concurrency: &Concurrency) -> Result<Group, Error> {
        let request = &self.shared.request;
        let facts = job::run_facts(request);
        let group = Group::of(concurrency, request, &facts.scope());
        group.map_err(|problem| Error::Refused(vec![problem.diagnostic(&request.workflow)]))
    }

    async fn conduct(mut self, group: Option<Group>) -> Result<RunReport, Error> {
        self.group = group;
        let clock = Stopwatch::start();
        let sender = self.sender.clone();
        let _watch = self.shared.request.cancel.watch(move || {
            // An error means that the run has ended.
            let _ = sender.send(Message::Cancelled);
        });
        loop {
            let most = self.shared.request.parallel_max.max(1);
            let decisions = self.machine.decide(most.saturating_sub(self.running.len()));
            for decision in decisions {
                self.carry_out(decision);
            }
            if self.machine.is_finished() {
                break;
            }
            if self.running.is_empty() {
                return Err(Error::Internal("no job runs and none can start".to_owned()));
            }
            self.hear().await;
        }
        Ok(RunReport {
            conclusion: self.machine.conclusion().unwrap_or(Conclusion::Failure),
            jobs: self.reports,
            seconds: clock.seconds(),
            artifacts: self.shared.artifacts.folder().to_owned(),
            warnings: self.machine.warnings().to_vec(),
        })
    }

    async fn hear(&mut self) {
        // We hold a sender, so that the channel is never closed.
        let Some(message) = self.receiver.recv().await else { return };
        match message {
            Message::Cancelled => self.machine.cancel(),
            Message::Ended { key, result } => {
                self.running.remove(&key);
                let report = match result {
                    Ok(report) => *report,
                    Err(error) => self.broken(&key, &error),
                };
                let outputs = report.outputs.iter().cloned().collect();
                let decisions = self.machine.finished(&key, report.conclusion, &outputs);
                self.reports.push(report);
                for decision in decisions {
                    self.carry_out(decision);
                }
            }
        }
    }

    fn carry_out(&mut self, decision: Decision) {
        match decision {
            Decision::Start(instance) => self.start(*instance),
            Decision::Cancel { key } => {
                if let Some(running) = self.running.get(&key) {
                    running.cancel();
                }
            }
            Decision::Dropped { key } => {
                let id = key.split('/').next().unwrap_or(&key).to_owned();
                self.never_ran(id, key, Conclusion::Cancelled, None);
            }
            Decision::Ended { job, conclusion, reason: Some(reason) } => {
                let problem = match reason {
                    Reason::Condition { .. } => None,
                    Reason::Evaluation(error) => Some(Problem::from(error)),
                };
                self.never_ran(job.clone(), job, conclusion, problem);
            }
            // Its instances have reported themselves.
            Decision::Ended { reason: None, .. } => {}
        }
    }

    fn start(&mut self, instance: JobInstance) {
        let (key, name) = (instance.key.clone(), instance.job.clone());
        let needs = self.machine.needs(&name);
        let cancel = CancelToken::new();
        let thrown = cancel.clone();
        // Ctrl-C goes through the machine, which leaves jobs alone whose `if` still holds.
        self.running.insert(key.clone(), cancel);
        let of_run = self.group.clone();
        let assignment = Assignment { instance, needs, cancel: thrown, of_run };
        let (shared, sender) = (Arc::clone(&self.shared), self.sender.clone());
        let work = task::blocking("job", move || {
            let job = shared.request.workflow.job(&name).cloned();
            job.map(|job| job::execute(&shared, &job, &assignment))
        });
        drop(task::spawn("job end", async move {
            let result = match work.await {
                Ok(Some(report)) => Ok(Box::new(report)),
                Ok(None) => Err(task::Error::Cancelled { name: key.clone() }),
                Err(error) => Err(error),
            };
            // An error means that the run has ended.
            let _ = sender.send(Message::Ended { key, result });
        }));
    }

    /// The report of a job that never started.
    fn never_ran(
        &mut self,
        id: String,
        key: String,
        conclusion: Conclusion,
        problem: Option<Problem>,
    ) {
        let workflow = &self.shared.request.workflow;
        let span = workflow.job(&id).map(|job| job.id.span);
        let problem = problem.map(|problem| match span {
            Some(span) => problem.or_at(span),
            None => problem,
        });
        (self.shared.events)(RunEvent::JobFinished {
            job: key.clone(),
            name: key.clone(),
            conclusion,
            seconds: 0.0,
        });
        let diagnostics = problem.iter().map(|problem| problem.diagnostic(workflow)).collect();
        self.reports.push(empty_report(id, key, conclusion, diagnostics));
    }

    /// The report of a job whose task broke: a fault of ours, never a success.
    fn broken(&self, key: &str, error: &task::Error) -> JobReport {
        let id = key.split('/').next().unwrap_or(key).to_owned();
        let problem = Problem::new(codes::INTERNAL, error.to_string());
        let diagnostics = vec![problem.diagnostic(&self.shared.request.workflow)];
        empty_report(id, key.to_owned(), Conclusion::Failure, diagnostics)
    }
}

fn empty_report(
    id: String,
    key: String,
    conclusion: Conclusion,
    diagnostics: Vec<bowline_diag::Diagnostic>,
) -> JobReport {
    JobReport {
        name: key.clone(),
        id,
        key,
        conclusion,
        continue_on_error: false,
        seconds: 0.0,
        steps: Vec::new(),
        outputs: Vec::new(),
        diagnostics,
        workspace_upper: None,
        log: None,
    }
}
