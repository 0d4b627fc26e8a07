//! The edge's shim process: started once, found again, ended with the cluster.

use crate::{
    error::Error,
    limits::{DOWN_MS_MAX, POD_FILE_BYTES_MAX, SHIM_START_MS_MAX},
    shim::state::Holder,
};
use bowline_host::{clock::Stopwatch, crash, directories::Directories, files, task};
use bowline_sandbox::{Launcher, Signal, detached, process};
use bowline_traffic::{CONTROL_SOCKET, Client, LOG_FILE, SHIM_SOCKET};
use std::time::Duration;

/// The file that says which process is the edge's shim.
const HOLDER_FILE: &str = "shim.json";
/// How often a starting edge is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// The edge's control client.
///
/// # Errors
/// A socket path that is too long.
pub fn client(directories: &Directories) -> Result<Client, Error> {
    Ok(Client::new(&directories.socket(CONTROL_SOCKET)?))
}

/// Makes sure that an edge runs under its shim, and returns when it answers.
///
/// # Errors
/// It does not start; the message holds the last line of its log.
pub async fn ensure(directories: &Directories, shim: &Launcher) -> Result<(), Error> {
    let client = client(directories)?;
    if client.healthy().await.is_ok() {
        return Ok(());
    }
    if living(directories).await.is_none() {
        crash::around("edge.start", "edge", || start(directories, shim))?;
    }
    let watch = Stopwatch::start();
    loop {
        if client.healthy().await.is_ok() {
            return Ok(());
        }
        let waited = watch.elapsed();
        let limit = Duration::from_millis(SHIM_START_MS_MAX);
        if waited > limit || (holder(directories).is_none() && waited > LOOK) {
            return Err(Error::Traffic(bowline_traffic::Error::Start(last_line(directories))));
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn start(directories: &Directories, shim: &Launcher) -> Result<(), Error> {
    let state = directories.edge();
    files::create_private_dir(&state)?;
    let sockets = [directories.socket(CONTROL_SOCKET)?, directories.socket(SHIM_SOCKET)?];
    let mut arguments = shim.arguments.clone();
    arguments.push(state.to_string_lossy().into_owned());
    arguments.extend(sockets.iter().map(|socket| socket.to_string_lossy().into_owned()));
    let pid = detached::spawn(detached::Detached {
        program: shim.program.clone(),
        arguments,
        environment: Vec::new(),
        directory: state.clone(),
        log_file: Some(state.join(LOG_FILE)),
        inherited: Vec::new(),
    })?;
    // Without a start time it has ended already; the wait for it says why.
    let start_time = process::start_time(pid).unwrap_or(0);
    let holder = Holder { pid, start_time, boot_id: process::boot_id()? };
    let text = serde_json::to_vec(&holder).expect("plain fields are written as JSON");
    files::write_atomic(state.join(HOLDER_FILE), &text)?;
    Ok(())
}

/// The living shim of the edge: as the file says it, else who listens on its socket. Who started
/// it may have died before that was noted, and an edge that nobody knows could not be ended.
async fn living(directories: &Directories) -> Option<Holder> {
    if let Some(holder) = holder(directories) {
        return Some(holder);
    }
    let socket = directories.socket(SHIM_SOCKET).ok()?;
    let listens = tokio::net::UnixStream::connect(socket).await.ok()?.peer_cred().ok()?;
    let pid = u32::try_from(listens.pid()?).ok()?;
    let (start_time, boot_id) = (process::start_time(pid)?, process::boot_id().ok()?);
    Some(Holder { pid, start_time, boot_id })
}

/// The living shim of the edge, as far as it was noted.
fn holder(directories: &Directories) -> Option<Holder> {
    let text = files::read(directories.edge().join(HOLDER_FILE), POD_FILE_BYTES_MAX).ok()?;
    let holder: Holder = serde_json::from_slice(&text).ok()?;
    let boot = process::boot_id().ok()?;
    let lives = holder.boot_id == boot && process::is_alive(holder.pid, holder.start_time);
    lives.then_some(holder)
}

fn last_line(directories: &Directories) -> String {
    let path = directories.edge().join(LOG_FILE);
    let log = files::read(&path, POD_FILE_BYTES_MAX).unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    let last = log.lines().last().map(str::to_owned);
    last.unwrap_or_else(|| format!("it does not answer, and `{}` is empty", path.display()))
}

/// Ends the edge and its shim: requests in flight may end first.
///
/// # Errors
/// It does not end.
pub async fn end(directories: &Directories) -> Result<(), Error> {
    let Some(holder) = living(directories).await else { return Ok(()) };
    process::kill(holder.pid, Signal::TERMINATE)?;
    let limit = Duration::from_millis(
        bowline_traffic::limits::DRAIN_MS_MAX
            + bowline_traffic::limits::STOP_GRACE_MS_MAX
            + DOWN_MS_MAX,
    );
    let (pid, start_time) = (holder.pid, holder.start_time);
    let waited =
        task::blocking("wait for edge", move || process::wait_gone(pid, start_time, limit));
    if !matches!(waited.await, Ok(Ok(true))) {
        let (what, seconds) = ("the edge".to_owned(), limit.as_secs());
        return Err(Error::TooSlow { what, verb: "end", seconds });
    }
    files::remove_file(directories.edge().join(HOLDER_FILE))?;
    Ok(())
}
