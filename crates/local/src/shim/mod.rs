//! `bowline shim <pod folder>`: the process that keeps one pod alive.
//!
//! It owns the pod's network namespace and its container, probes it, restarts it, keeps its
//! log and its last exit, and serves a Unix socket. It outlives whoever started it, and is
//! found again by its state files. Plain threads; one of them decides.
//!
//! A lock in the pod's folder makes sure that there are never two shims for one uid.

mod backoff;
mod container;
mod log;
mod probe;
mod publish;
mod serve;
pub(crate) mod spec;
pub(crate) mod state;
mod supervise;

use crate::limits::POD_FILE_BYTES_MAX;
use bowline_host::{
    files::{self, TryLock},
    task,
};
use bowline_sandbox::{network::Namespace, process};
use spec::{PodFile, SPEC_FILE};
use state::{HOLDER_FILE, Holder, LOCK_FILE, STATE_FILE, State};
use std::{
    io::Write as _,
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Sender, channel},
    },
};
use supervise::{Order, Supervisor};

/// Writes a line to the shim's own log (its standard error).
fn complain(message: &str) {
    // Where even that fails there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{message}");
}

/// The hidden verb `shim`: runs the pod of `folder` until SIGTERM or the order to stop.
#[expect(
    clippy::disallowed_methods,
    reason = "the verb of a process of its own; nothing is left to unwind"
)]
pub fn main(folder: PathBuf) -> ! {
    match run(&folder) {
        Ok(()) => std::process::exit(0),
        Err(message) => {
            complain(&message);
            std::process::exit(bowline_diag::exit::USAGE.into())
        }
    }
}

fn run(folder: &Path) -> Result<(), String> {
    let lock = files::try_lock(folder.join(LOCK_FILE)).map_err(|e| e.to_string())?;
    let _lock = match lock {
        TryLock::Acquired(lock) => lock,
        TryLock::HeldBy(holder) => return Err(format!("process {holder} runs this pod already")),
    };
    let text =
        files::read(folder.join(SPEC_FILE), POD_FILE_BYTES_MAX).map_err(|e| e.to_string())?;
    let pod: PodFile =
        serde_json::from_slice(&text).map_err(|e| format!("{SPEC_FILE} is unreadable: {e}"))?;
    write_holder(folder, std::process::id())?;
    let namespace = Namespace::create(&pod.launcher()).map_err(|e| e.to_string())?;
    let (namespace, log) = (Arc::new(namespace), Arc::new(log::Log::open(folder.to_owned())));
    let published = Arc::new(publish::Published::new(first_state(folder), folder.to_owned()));
    let (sender, orders) = channel();
    stop_on_signal(&sender);
    files::remove_file(&pod.socket).map_err(|e| e.to_string())?;
    let listener = UnixListener::bind(&pod.socket)
        .map_err(|e| format!("cannot listen on `{}`: {e}", pod.socket.display()))?;
    let served = serve::Served {
        namespace: namespace.clone(),
        published: published.clone(),
        orders: sender.clone(),
    };
    serve::start(listener, served);
    let socket = pod.socket.clone();
    let folder = folder.to_owned();
    Supervisor { pod, folder, namespace, published, log, sender, orders }.run();
    files::remove_file(&socket).map_err(|e| e.to_string())
}

/// A pod whose shim died before counts on: its restarts are not forgotten.
fn first_state(folder: &Path) -> State {
    let before = files::read(folder.join(STATE_FILE), POD_FILE_BYTES_MAX).ok();
    let before = before.and_then(|text| serde_json::from_slice::<State>(&text).ok());
    match before {
        None => State::new(),
        Some(before) => State {
            change: before.change + 1,
            restart_count: before.restart_count + 1,
            last_exit: before.last_exit,
            ..State::new()
        },
    }
}

/// Says in the folder which process is its shim. Who starts a shim writes it as well, so that
/// it is known from the first moment.
pub(crate) fn write_holder(folder: &Path, pid: u32) -> Result<(), String> {
    let start_time = process::start_time(pid).ok_or("the pod's shim ended at once")?;
    let boot_id = process::boot_id().map_err(|e| e.to_string())?;
    let text = serde_json::to_vec(&Holder { pid, start_time, boot_id })
        .expect("plain fields are written as JSON");
    let aside = folder.join(format!("{HOLDER_FILE}.{}", std::process::id()));
    files::write(&aside, &text)
        .and_then(|()| files::rename(&aside, folder.join(HOLDER_FILE)))
        .map_err(|e| e.to_string())
}

/// SIGTERM and SIGINT become the order to stop.
///
/// Without `unsafe` only tokio can wait for a signal; its runtime lives in this one thread.
fn stop_on_signal(orders: &Sender<Order>) {
    let orders = orders.clone();
    task::thread("signals", move || {
        use tokio::signal::unix::{SignalKind, signal};
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => return complain(&format!("signals are not heard: {error}")),
        };
        runtime.block_on(async {
            let both = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
            let (Ok(mut terminate), Ok(mut interrupt)) = both else {
                return complain("signals are not heard");
            };
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                if orders.send(Order::Stop { grace_seconds: None }).is_err() {
                    return;
                }
            }
        });
    });
}
