//! The life of a pod: start, probe, restart with back-off, stop. One thread decides.

use super::{
    backoff::Backoff,
    container::Container,
    log::Log,
    probe::{self, Role, Verdict},
    publish::Published,
    spec::{PodFile, Probe, Restart},
    state::{LastExit, Phase, State},
};
use bowline_host::{clock, clock::Stopwatch, task};
use bowline_sandbox::{Exit, network::Namespace};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    time::Duration,
};

/// What the deciding thread is told.
#[derive(Debug)]
pub enum Order {
    /// The container of a run ended.
    Exited {
        /// Which run.
        run: u64,
        /// How.
        exit: Exit,
    },
    /// A probe changed its mind.
    Probed {
        /// Of which run.
        run: u64,
        /// Which probe.
        role: Role,
        /// What it says now.
        verdict: Verdict,
    },
    /// The pod is to end.
    Stop {
        /// SIGTERM to SIGKILL; `None`: the pod's own grace.
        grace_seconds: Option<u64>,
    },
}

/// Everything that the deciding thread holds.
pub struct Supervisor {
    pub pod: PodFile,
    pub folder: PathBuf,
    pub namespace: Arc<Namespace>,
    pub published: Arc<Published>,
    pub log: Arc<Log>,
    pub sender: Sender<Order>,
    pub orders: Receiver<Order>,
}

/// How a run ended.
enum Ended {
    /// The container ended, or could not be started.
    Exited(Exit),
    NotStarted,
    /// The pod was told to end, and the container is gone.
    Stopped,
}

/// The probes of one run; dropping them ends their threads.
struct Running {
    container: Container,
    run: u64,
    probes: Vec<Sender<()>>,
    /// Set when the shim ends the container: until when it may take, and why.
    ending: Option<Ending>,
    since: Stopwatch,
}

struct Ending {
    since: Stopwatch,
    grace: Duration,
    killed: bool,
    why: String,
    stop: bool,
}

impl Supervisor {
    /// Runs the pod until it is told to end.
    pub fn run(self) {
        let mut backoff = Backoff::default();
        let mut run = 1;
        loop {
            let since = Stopwatch::start();
            let ended = self.one_run(run);
            let again = match (&ended, self.pod.restart) {
                (Ended::Stopped, _) => return,
                (Ended::NotStarted, _) | (Ended::Exited(_), Restart::Always) => true,
                (Ended::Exited(exit), Restart::OnFailure) => !exit.is_success(),
                (Ended::Exited(_), Restart::Never) => false,
            };
            if !again {
                self.published.change(|state| state.phase = Phase::Ended);
                self.wait_for_stop(None);
                return;
            }
            let wait = backoff.after(since.elapsed());
            if let Ended::Exited(_) = ended {
                let seconds = wait.as_secs();
                self.published.change(|state| {
                    state.phase = Phase::Waiting {
                        reason: "CrashLoopBackOff".to_owned(),
                        message: format!("back-off {seconds} s restarting failed container"),
                    };
                });
            }
            if self.wait_for_stop(Some(wait)) {
                return;
            }
            run += 1;
            self.published.change(|state| state.restart_count += 1);
        }
    }

    /// Whether the order to stop came within `limit` (`None`: it is waited for).
    fn wait_for_stop(&self, limit: Option<Duration>) -> bool {
        let watch = Stopwatch::start();
        loop {
            let left = limit.map(|limit| limit.saturating_sub(watch.elapsed()));
            let order = match left {
                Some(left) => self.orders.recv_timeout(left),
                None => self.orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match order {
                Ok(Order::Stop { .. }) | Err(RecvTimeoutError::Disconnected) => {
                    self.published.change(|state| state.phase = Phase::Stopping);
                    return true;
                }
                Err(RecvTimeoutError::Timeout) => return false,
                // Late words of the run before.
                Ok(Order::Exited { .. } | Order::Probed { .. }) => {}
            }
        }
    }

    fn one_run(&self, run: u64) -> Ended {
        let started = Container::start(
            &self.pod,
            &self.folder,
            run,
            &self.namespace,
            &self.log,
            &self.sender,
        );
        let container = match started {
            Ok(container) => container,
            Err(not) => {
                self.published.change(|state| {
                    let (reason, message) = (not.reason.to_owned(), not.message);
                    state.phase = Phase::Waiting { reason, message };
                });
                return Ended::NotStarted;
            }
        };
        let mut running =
            Running { container, run, probes: Vec::new(), ending: None, since: Stopwatch::start() };
        let gated = self.pod.probes.startup.is_some();
        self.published.change(|state| {
            state.phase = Phase::Running;
            state.started_at = Some(clock::now());
            state.started = !gated;
            state.ready = !gated && self.pod.probes.readiness.is_none();
            state.limits_unset = running.container.limits_unset();
        });
        match &self.pod.probes.startup {
            Some(startup) => self.probe(&mut running, Role::Startup, startup),
            None => self.probe_the_started(&mut running),
        }
        self.follow(&mut running)
    }

    fn probe(&self, running: &mut Running, role: Role, probe: &Probe) {
        let (keep, stop) = channel();
        running.probes.push(keep);
        let (probe, run, namespace, sender) =
            (probe.clone(), running.run, self.namespace.clone(), self.sender.clone());
        task::thread(role.word(), move || {
            let socket = || namespace.socket().map_err(|error| error.to_string());
            probe::run(role, &probe, socket, &stop, |verdict| {
                let _ = sender.send(Order::Probed { run, role, verdict });
            });
        });
    }

    fn probe_the_started(&self, running: &mut Running) {
        if let Some(readiness) = &self.pod.probes.readiness {
            self.probe(running, Role::Readiness, readiness);
        }
        if let Some(liveness) = &self.pod.probes.liveness {
            self.probe(running, Role::Liveness, liveness);
        }
    }

    /// Takes orders until the container has ended.
    fn follow(&self, running: &mut Running) -> Ended {
        loop {
            let order = match running.ending.as_ref().filter(|ending| !ending.killed) {
                None => self.orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(ending) => {
                    let left = ending.grace.saturating_sub(ending.since.elapsed());
                    self.orders.recv_timeout(left)
                }
            };
            match order {
                Ok(Order::Exited { run, exit }) if run == running.run => {
                    return self.exited(running, exit);
                }
                Ok(Order::Probed { run, role, verdict }) if run == running.run => {
                    self.probed(running, role, verdict);
                }
                // Late words of the run before.
                Ok(Order::Exited { .. } | Order::Probed { .. }) => {}
                Ok(Order::Stop { grace_seconds }) => {
                    let seconds = grace_seconds.unwrap_or(self.pod.grace_seconds);
                    self.published.change(|state| state.phase = Phase::Stopping);
                    self.end(running, "the pod was stopped".to_owned(), seconds, true);
                }
                Err(RecvTimeoutError::Timeout) => {
                    running.container.kill();
                    if let Some(ending) = &mut running.ending {
                        ending.killed = true;
                    }
                }
                // The sender is ours, so this does not happen; without it nothing is decided.
                Err(RecvTimeoutError::Disconnected) => return Ended::Stopped,
            }
        }
    }

    /// Begins to end the container; a later order can only shorten the grace.
    fn end(&self, running: &mut Running, why: String, seconds: u64, stop: bool) {
        let grace = Duration::from_secs(seconds);
        running.probes.clear();
        self.published.change(|state| state.ready = false);
        match &mut running.ending {
            Some(ending) => {
                ending.stop |= stop;
                ending.grace = ending.grace.min(ending.since.elapsed() + grace);
            }
            None => {
                running.container.terminate();
                let since = Stopwatch::start();
                running.ending = Some(Ending { since, grace, killed: false, why, stop });
            }
        }
    }

    fn probed(&self, running: &mut Running, role: Role, verdict: Verdict) {
        if running.ending.is_some() {
            return;
        }
        match (role, verdict) {
            (Role::Startup, Verdict::Passes) => {
                running.probes.clear();
                let ready = self.pod.probes.readiness.is_none();
                self.published.change(|state| {
                    state.started = true;
                    state.ready = ready;
                    state.probe_message.clear();
                });
                self.probe_the_started(running);
            }
            (Role::Readiness, Verdict::Passes) => self.published.change(|state| {
                state.ready = true;
                state.probe_message.clear();
            }),
            (Role::Readiness, Verdict::Fails(message)) => self.published.change(|state| {
                state.ready = false;
                state.probe_message = format!("readiness probe failed: {message}");
            }),
            (Role::Liveness, Verdict::Passes) => {}
            (Role::Startup | Role::Liveness, Verdict::Fails(message)) => {
                let message = format!("{} probe failed: {message}", role.word());
                self.published.change(|state| state.probe_message.clone_from(&message));
                self.end(running, message, self.pod.grace_seconds, false);
            }
        }
    }

    fn exited(&self, running: &mut Running, exit: Exit) -> Ended {
        let (stop, why) = match running.ending.take() {
            Some(ending) => (ending.stop, ending.why),
            None => (false, String::new()),
        };
        running.probes.clear();
        let finished_at = clock::now();
        let ran = i64::try_from(running.since.elapsed().as_millis()).unwrap_or(i64::MAX);
        let last_log = self.log.last_lines();
        let reason = if exit.is_success() { "Completed" } else { "Error" };
        let signal = match exit {
            Exit::Signal(signal) => signal,
            Exit::Code(_) => 0,
        };
        self.published.change(|state: &mut State| {
            state.ready = false;
            state.started = false;
            let begun = bowline_model::Timestamp(finished_at.0.saturating_sub(ran));
            let started_at = state.started_at.take().unwrap_or(begun);
            state.last_exit = Some(LastExit {
                code: exit.shell_code(),
                signal,
                reason: reason.to_owned(),
                message: why,
                started_at,
                finished_at,
                last_log,
            });
        });
        if stop { Ended::Stopped } else { Ended::Exited(exit) }
    }
}
