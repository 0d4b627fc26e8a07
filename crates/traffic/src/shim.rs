//! The edge's shim: a small process that outlives the edge.
//!
//! It holds the control socket's listener and every listening socket of the edge, so that
//! nobody is refused while no edge runs: who connects waits in the kernel's backlog. It starts
//! the edge, and starts it again when it dies.
//!
//! Absent on purpose: HTTP, tables, counts. It does nothing that could make it die itself.

use crate::{
    Error, ShimOptions, control,
    held::{DONE, QUESTION_BYTES_MAX, REFUSED},
    ledger::milliseconds,
    limits::{CONTROL_MS_MAX, RESTART_MS_MAX, RESTART_MS_MIN, STOP_GRACE_MS_MAX},
    listen, log,
    options::LOG_FILE,
};
use bowline_host::{clock, files, task};
use bowline_sandbox::{Signal, descriptors, detached, process};
use rustix::{
    io::Errno,
    process::{Pid, WaitOptions, waitpid},
};
use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Read},
    net::{SocketAddr, TcpListener},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::{UnixListener, UnixStream},
    },
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// An edge that lived at least so long did not die of its start.
const LIVED: Duration = Duration::from_secs(1);
/// How long one wait for the edge's end lasts, so that the waiting thread can end, too.
const WAIT: Duration = Duration::from_millis(500);
/// Pause after a failed accept, so that it does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
/// The machine's number for an error that has none.
const EIO: i32 = 5;

/// The sockets that outlive the edge.
#[derive(Debug)]
struct Held {
    control: UnixListener,
    listeners: Mutex<BTreeMap<SocketAddr, TcpListener>>,
}

/// The edge's process.
#[derive(Clone, Copy, Debug)]
struct Child {
    id: u32,
    start_time: u64,
    started: Duration,
}

/// Holds the sockets and keeps an edge running until `stop` resolves; then the edge may finish
/// its requests.
pub(crate) async fn run(options: ShimOptions, stop: impl Future<Output = ()>) -> Result<(), Error> {
    files::create_private_dir(&options.state_dir).map_err(|error| Error::State {
        path: options.state_dir.clone(),
        reason: error.to_string(),
    })?;
    let asked = control::bind(&options.shim_socket).await?;
    let control = control::bind(&options.control_socket).await?;
    let control = control.into_std().map_err(|error| Error::Control {
        socket: options.control_socket.clone(),
        reason: error.to_string(),
    })?;
    let held = Arc::new(Held { control, listeners: Mutex::default() });
    let _answering = task::spawn("hold", held.answer(asked)).abort_on_drop();
    let child = Arc::new(Mutex::new(None));
    tokio::select! {
        failed = keep_running(&options, &child) => failed?,
        () = stop => {}
    }
    let last = *child.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(last) = last {
        end(last, &options).await?;
    }
    // The paths go with the shim: nothing answers there any more.
    for socket in [&options.control_socket, &options.shim_socket] {
        if let Err(error) = files::remove_file(socket) {
            log::line("edge-shim", &error.to_string());
        }
    }
    Ok(())
}

/// Starts the edge again and again. Returns only when it cannot be started the first time.
async fn keep_running(options: &ShimOptions, current: &Mutex<Option<Child>>) -> Result<(), Error> {
    let mut pause = Duration::ZERO;
    let mut ever = false;
    loop {
        let started = start(options);
        match started {
            Ok(child) => {
                ever = true;
                *current.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
                wait(child).await?;
                let lived = clock::monotonic().saturating_sub(child.started);
                let text = format!("edge {} ended after {} ms", child.id, milliseconds(lived));
                log::line("edge-shim", &text);
                if lived >= LIVED {
                    pause = Duration::ZERO;
                }
            }
            Err(error) if !ever => return Err(error),
            Err(error) => log::line("edge-shim", &error.to_string()),
        }
        tokio::time::sleep(pause).await;
        let shortest = Duration::from_millis(RESTART_MS_MIN);
        pause = (pause * 2).clamp(shortest, Duration::from_millis(RESTART_MS_MAX));
    }
}

fn start(options: &ShimOptions) -> Result<Child, Error> {
    let id = detached::spawn(detached::Detached {
        program: options.program.clone(),
        arguments: options.edge_arguments(),
        environment: Vec::new(),
        directory: options.state_dir.clone(),
        log_file: Some(options.state_dir.join(LOG_FILE)),
        inherited: Vec::new(),
    })
    .map_err(|error| Error::Start(error.to_string()))?;
    // No start time: it has ended already, and the wait for it returns at once.
    let start_time = process::start_time(id).unwrap_or(0);
    Ok(Child { id, start_time, started: clock::monotonic() })
}

/// Waits until the edge has ended, and takes its last entry from the table of processes.
async fn wait(child: Child) -> Result<(), Error> {
    while !gone(child, WAIT).await? {}
    let id = i32::try_from(child.id).ok().and_then(Pid::from_raw);
    match waitpid(id, WaitOptions::NOHANG) {
        // Not this process's child: somebody else takes it.
        Ok(_) | Err(Errno::CHILD) => Ok(()),
        Err(error) => Err(Error::Start(error.to_string())),
    }
}

async fn gone(child: Child, limit: Duration) -> Result<bool, Error> {
    let waiting =
        task::blocking("edge-end", move || process::wait_gone(child.id, child.start_time, limit));
    let gone = waiting.await.map_err(|error| Error::Start(error.to_string()))?;
    gone.map_err(|error| Error::Start(error.to_string()))
}

/// Lets the edge finish its requests, and ends it when that takes too long.
async fn end(child: Child, options: &ShimOptions) -> Result<(), Error> {
    let send = |signal| {
        if process::is_alive(child.id, child.start_time) {
            return process::kill(child.id, signal)
                .map_err(|error| Error::Start(error.to_string()));
        }
        Ok(())
    };
    send(Signal::TERMINATE)?;
    let grace = Duration::from_millis(STOP_GRACE_MS_MAX);
    if !gone(child, options.limits.drain_max + grace).await? {
        log::line("edge-shim", "the edge did not end in time and is killed");
        send(Signal::KILL)?;
        gone(child, grace).await?;
    }
    Ok(())
}

impl Held {
    /// Answers the edge's questions for ever.
    fn answer(
        self: &Arc<Self>,
        asked: tokio::net::UnixListener,
    ) -> impl Future<Output = ()> + use<> {
        let held = Arc::clone(self);
        async move {
            loop {
                match asked.accept().await.and_then(|(stream, _)| stream.into_std()) {
                    Ok(stream) => {
                        let held = Arc::clone(&held);
                        drop(task::blocking("answer-edge", move || held.reply(stream)));
                    }
                    Err(error) => {
                        log::line("edge-shim", &format!("no question was taken: {error}"));
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        }
    }

    fn reply(&self, stream: UnixStream) {
        if let Err(error) = self.try_reply(&stream) {
            log::line("edge-shim", &format!("a question was not answered: {error}"));
        }
    }

    fn try_reply(&self, stream: &UnixStream) -> io::Result<()> {
        stream.set_nonblocking(false)?;
        let limit = Some(Duration::from_millis(CONTROL_MS_MAX));
        stream.set_read_timeout(limit)?;
        stream.set_write_timeout(limit)?;
        let mut question = String::new();
        BufReader::new(stream.take(QUESTION_BYTES_MAX as u64)).read_line(&mut question)?;
        if question.is_empty() {
            // Somebody only looked whether a shim is there.
            return Ok(());
        }
        let send = |bytes: &[u8], descriptors: &[BorrowedFd<'_>]| {
            descriptors::send(stream, bytes, descriptors).map_err(io::Error::other)
        };
        let refuse = |error: &io::Error| {
            let number = error.raw_os_error().unwrap_or(EIO);
            send(format!("{}{number}", char::from(REFUSED)).as_bytes(), &[])
        };
        let words: Vec<&str> = question.split_whitespace().collect();
        match words[..] {
            ["control"] => send(&[DONE], &[self.control.as_fd()]),
            ["listen", address] => match parse(address).and_then(|address| self.listen(address)) {
                Ok(listener) => send(&[DONE], &[listener.as_fd()]),
                Err(error) => refuse(&error),
            },
            ["close", address] => match parse(address) {
                Ok(address) => {
                    self.listeners.lock().unwrap_or_else(PoisonError::into_inner).remove(&address);
                    send(&[DONE], &[])
                }
                Err(error) => refuse(&error),
            },
            _ => refuse(&io::Error::from(io::ErrorKind::InvalidInput)),
        }
    }

    /// A duplicate of the socket for the address, made when there is none.
    fn listen(&self, address: SocketAddr) -> io::Result<TcpListener> {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(listener) = listeners.get(&address) {
            return listener.try_clone();
        }
        let listener = listen::bind(address)?.into_std()?;
        let duplicate = listener.try_clone()?;
        listeners.insert(address, listener);
        Ok(duplicate)
    }
}

fn parse(address: &str) -> io::Result<SocketAddr> {
    address.parse().map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))
}
