//! The box of a job while it lives: programs run in it one after another, what they leave
//! behind goes on until the box closes.
//!
//! Source for the ladder of signals: GitHub's documentation, "Workflow cancellation reference".
//! Absent on purpose: what a program's output means (`console`).

use crate::cancel::CancelToken;
use crate::codes;
use crate::console::Console;
use crate::job_limits::{JobLimits, PROCESSES_VARIABLE, variable_of};
use crate::limits::{
    DISK_LOOK_MS, INTERRUPT_GRACE_MS_MAX, OUTPUT_CHUNK_BYTES_MAX, OUTPUT_CHUNKS_MAX,
    OUTPUT_DRAIN_MS_MAX, PROCESS_STATUS_BYTES_MAX, PROCESSES_LOOK_MS, TERMINATE_GRACE_MS_MAX,
};
use crate::problem::Problem;
use bowline_host::files::{self, Root};
use bowline_host::{clock, task};
use bowline_sandbox::disk::{self, Excess};
use bowline_sandbox::limits::PROCESSES_MIN;
use bowline_sandbox::{Error, Exit, Launcher, Output, Process, Program, Sandbox, Signal, Spec};
use std::io::{PipeReader, Read as _};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// How a program in the box ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself.
    Exit(Exit),
    /// It went over its time and was ended.
    TimedOut,
    /// It was cancelled and ended.
    Cancelled,
    /// It took more than it may, and everything in the box was ended.
    Limit(Limit),
}

/// A limit that was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Of the disk.
    Disk(Excess),
    /// Of processes; this many are allowed.
    Processes(u64),
}

impl Limit {
    /// For people: the limit, its value, and where it is changed.
    #[must_use]
    pub fn problem(self) -> Problem {
        let (message, variable) = match self {
            Self::Disk(excess) => (format!("the job was ended: {excess}"), variable_of(excess)),
            Self::Processes(most) => (
                format!("the job was ended: it has nearly {most} processes, the most it may have"),
                PROCESSES_VARIABLE,
            ),
        };
        let help = format!("set `{variable}` if the job needs more");
        Problem::new(codes::LIMIT, message).help(help)
    }
}

/// What the threads of a program say.
enum Message {
    Chunk { step: usize, bytes: Vec<u8> },
    OutputEnded { program: u64 },
    Exited { program: u64, result: Result<Exit, Error> },
    Cancelled { program: u64 },
}

/// Until when a program may run, and who may cancel it.
pub struct Bounds<'a> {
    /// On the clock of [`clock::monotonic`].
    pub deadline: Option<Duration>,
    /// The switch that cancels the job.
    pub cancel: &'a CancelToken,
    /// Whether the step goes on although the job was cancelled: its `if` evaluated again.
    pub goes_on: &'a dyn Fn() -> bool,
}

/// What is looked at while programs run.
struct Looks {
    disk: disk::Watch,
    disk_due: Duration,
    processes_max: u64,
    processes_due: Duration,
}

/// The box of a job.
pub struct JobBox {
    looks: Looks,
    sandbox: Sandbox,
    sender: SyncSender<Message>,
    receiver: Receiver<Message>,
    programs: u64,
    /// Dropping a process would end what it left running; that ends with the box.
    kept: Vec<Arc<Process>>,
}

impl JobBox {
    /// Opens the box.
    ///
    /// # Errors
    /// What the machine does not permit.
    pub fn open(
        launcher: &Launcher,
        specification: &Spec,
        disk: disk::Watch,
        limits: &JobLimits,
    ) -> Result<Self, Error> {
        let sandbox = Sandbox::open(launcher, specification)?;
        let (sender, receiver) = sync_channel(OUTPUT_CHUNKS_MAX);
        let now = clock::monotonic();
        let processes_max = limits.processes_max;
        let looks = Looks { disk, disk_due: now, processes_max, processes_due: now };
        Ok(Self { looks, sandbox, sender, receiver, programs: 0, kept: Vec::new() })
    }

    /// The file system as programs in the box see it.
    ///
    /// # Errors
    /// The box has ended.
    pub fn root(&self) -> Result<Root, bowline_host::files::Error> {
        Root::open(format!("/proc/{}/root", self.sandbox.id()))
    }

    /// Runs a program; its output, both streams in the order written, goes to the console as
    /// output of `step`.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn run(
        &mut self,
        program: &Program,
        step: usize,
        console: &mut Console,
        bounds: &Bounds<'_>,
    ) -> Result<Ended, Error> {
        self.programs += 1;
        let number = self.programs;
        let process = self.start(program, step, number)?;
        self.kept.push(Arc::clone(&process));
        let sender = self.sender.clone();
        // A full queue is being emptied by `follow`, so this waits at most for a moment.
        let _watch = bounds.cancel.watch(move || {
            // An error means that nobody listens any more.
            let _ = sender.send(Message::Cancelled { program: number });
        });
        self.follow(&process, number, console, bounds)
    }

    /// Closes the box: everything that still runs in it ends. Its last output is shown.
    ///
    /// # Errors
    /// A process that cannot be ended.
    pub fn close(self, console: &mut Console) -> Result<(), Error> {
        let Self { sandbox, sender, receiver, kept, .. } = self;
        drop(sender);
        let closed = sandbox.close();
        drop(kept);
        let patience = Duration::from_millis(OUTPUT_DRAIN_MS_MAX);
        // The readers end with the pipes; a queue that stays silent has a reader that hangs.
        while let Ok(message) = receiver.recv_timeout(patience) {
            if let Message::Chunk { step, bytes } = message {
                console.chunk(step, &bytes);
            }
        }
        closed
    }

    fn start(&self, program: &Program, step: usize, number: u64) -> Result<Arc<Process>, Error> {
        let (output, reader) = Output::one_pipe()?;
        let process = Arc::new(self.sandbox.exec(program, output)?);
        let sender = self.sender.clone();
        drop(task::thread("step output", move || read(reader, step, number, &sender)));
        let (sender, waited) = (self.sender.clone(), Arc::clone(&process));
        drop(task::thread("step exit", move || {
            let result = waited.wait();
            // An error means that nobody listens any more.
            let _ = sender.send(Message::Exited { program: number, result });
        }));
        Ok(process)
    }

    fn follow(
        &mut self,
        process: &Process,
        number: u64,
        console: &mut Console,
        bounds: &Bounds<'_>,
    ) -> Result<Ended, Error> {
        let mut ladder = Ladder { rung: Rung::Running(bounds.deadline), reason: None, group: None };
        let (mut exit, mut ended) = (None, false);
        let mut drain_until = None;
        while exit.is_none() || !ended {
            if exit.is_none()
                && ladder.reason.is_none()
                && let Some(limit) = self.look()
            {
                ladder.reason = Some(Ended::Limit(limit));
                ladder.rung = Rung::Killed;
                self.sandbox.kill_all()?;
            }
            let until = drain_until.or(ladder.deadline());
            let due = until.map_or(self.looks.disk_due, |until| until.min(self.looks.disk_due));
            match self.next(Some(due).filter(|_| exit.is_none()).or(until)) {
                Some(Message::Chunk { step, bytes }) => console.chunk(step, &bytes),
                Some(Message::OutputEnded { program }) => ended |= program == number,
                Some(Message::Exited { program, result }) if program == number => {
                    exit = Some(result?);
                    let grace = Duration::from_millis(OUTPUT_DRAIN_MS_MAX);
                    drain_until = Some(clock::monotonic() + grace);
                }
                Some(Message::Exited { .. }) => {}
                Some(Message::Cancelled { program }) if program == number => {
                    if exit.is_none() && !(bounds.goes_on)() {
                        ladder.start(process, Ended::Cancelled)?;
                    }
                }
                Some(Message::Cancelled { .. }) => {}
                None if exit.is_some() => break,
                None if until.is_some_and(|until| clock::monotonic() >= until) => {
                    ladder.climb(process)?;
                }
                // It is time for a look.
                None => {}
            }
            if drain_until.is_some_and(|until| clock::monotonic() >= until) {
                break;
            }
        }
        match (ladder.reason, exit) {
            (Some(reason), _) => {
                self.end_group(ladder.group)?;
                Ok(reason)
            }
            (None, Some(exit)) => Ok(Ended::Exit(exit)),
            // The loop ends only when there is an exit.
            (None, None) => Err(Error::Ended),
        }
    }

    /// Kills what is left of a program's process group: background jobs of a shell ignore
    /// SIGINT and outlive it. `group` is its number inside.
    fn end_group(&self, group: Option<u32>) -> Result<(), Error> {
        let Some(group) = group else { return Ok(()) };
        let script = format!("kill -9 -{group}");
        let program = Program {
            arguments: ["/bin/sh", "-c", &script].map(str::to_owned).to_vec(),
            environment: Vec::new(),
            directory: "/".into(),
        };
        // It fails when nothing is left, which is what is wanted.
        match self.sandbox.exec(&program, Output::null()) {
            Ok(killer) => killer.wait().map(|_exit| ()),
            // A step that took all processes leaves none for the killer.
            Err(Error::Exhausted { .. }) => self.sandbox.kill_all(),
            Err(error) => Err(error),
        }
    }

    /// Whether a limit is passed, when it is time to look.
    fn look(&mut self) -> Option<Limit> {
        let now = clock::monotonic();
        let looks = &mut self.looks;
        if now >= looks.disk_due {
            // A disk that cannot be asked will be told by the first write to it.
            let excess = looks.disk.look().ok().flatten();
            // A long walk is paid back by a long pause.
            let took = clock::monotonic().saturating_sub(now);
            looks.disk_due = now + took * 20 + Duration::from_millis(DISK_LOOK_MS);
            if let Some(excess) = excess {
                return Some(Limit::Disk(excess));
            }
        }
        if now >= looks.processes_due {
            looks.processes_due = now + Duration::from_millis(PROCESSES_LOOK_MS);
            let most = looks.processes_max.max(PROCESSES_MIN);
            // The kernel refuses the last ones anyway; nobody comes so near by chance.
            if self.sandbox.processes() >= most - most / 8 {
                return Some(Limit::Processes(most));
            }
        }
        None
    }

    /// The next message, or `None` when `until` has passed.
    fn next(&self, until: Option<Duration>) -> Option<Message> {
        let Some(until) = until else { return self.receiver.recv().ok() };
        let left = until.saturating_sub(clock::monotonic());
        // We hold a sender, so that an error is always the time.
        self.receiver.recv_timeout(left).ok()
    }
}

/// Reads a program's output until nobody can write to it any more.
fn read(mut pipe: PipeReader, step: usize, program: u64, sender: &SyncSender<Message>) {
    let mut buffer = vec![0; OUTPUT_CHUNK_BYTES_MAX];
    loop {
        match pipe.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                let bytes = buffer[..count].to_vec();
                if sender.send(Message::Chunk { step, bytes }).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    // An error means that nobody listens any more.
    let _ = sender.send(Message::OutputEnded { program });
}

/// A process's number inside its namespace (`NSpid` of proc(5)); it leads its own group.
fn number_inside(process: u32) -> Option<u32> {
    let path = format!("/proc/{process}/status");
    let status = files::read_text(path, PROCESS_STATUS_BYTES_MAX).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    line.split_whitespace().next_back()?.parse().ok()
}

/// How far the ending of a program has come, and when the next rung is due.
enum Rung {
    Running(Option<Duration>),
    Interrupted(Duration),
    Terminated(Duration),
    Killed,
}

/// SIGINT, then SIGTERM, then the kill of the whole tree.
struct Ladder {
    rung: Rung,
    reason: Option<Ended>,
    /// The process group inside the box, read while the program still lives.
    group: Option<u32>,
}

impl Ladder {
    fn deadline(&self) -> Option<Duration> {
        match self.rung {
            Rung::Running(deadline) => deadline,
            Rung::Interrupted(due) | Rung::Terminated(due) => Some(due),
            Rung::Killed => None,
        }
    }

    fn start(&mut self, process: &Process, reason: Ended) -> Result<(), Error> {
        if self.reason.is_none() {
            self.reason = Some(reason);
            self.group = number_inside(process.id());
            process.signal(Signal::INTERRUPT)?;
            let grace = Duration::from_millis(INTERRUPT_GRACE_MS_MAX);
            self.rung = Rung::Interrupted(clock::monotonic() + grace);
        }
        Ok(())
    }

    fn climb(&mut self, process: &Process) -> Result<(), Error> {
        match self.rung {
            Rung::Running(_) => self.start(process, Ended::TimedOut),
            Rung::Interrupted(_) => {
                let grace = Duration::from_millis(TERMINATE_GRACE_MS_MAX);
                self.rung = Rung::Terminated(clock::monotonic() + grace);
                process.signal(Signal::TERMINATE)
            }
            Rung::Terminated(_) | Rung::Killed => {
                self.rung = Rung::Killed;
                process.kill_tree()
            }
        }
    }
}
