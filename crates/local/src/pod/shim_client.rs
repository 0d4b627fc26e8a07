//! The runtime's side of a shim: start it, find it again, watch it, stop it.

use crate::{
    limits::{POD_FILE_BYTES_MAX, SHIM_START_MS_MAX},
    shim::{
        spec::{PodFile, SPEC_FILE},
        state::{HOLDER_FILE, Holder, STATE_FILE, State},
        write_holder,
    },
};
use bowline_host::{
    clock::Stopwatch,
    crash::{self, When},
    files, task,
};
use bowline_sandbox::{Launcher, Signal, detached, process};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// How often a starting shim's socket is tried.
const LOOK: Duration = Duration::from_millis(1);
/// The shim's own log in a pod's folder.
const SHIM_LOG_FILE: &str = "shim.log";

/// A pod's folder with the shim in it.
#[derive(Clone, Debug)]
pub struct Shim {
    folder: PathBuf,
    socket: PathBuf,
}

/// The states of a shim, as they come.
pub struct Watch {
    lines: Lines<BufReader<OwnedReadHalf>>,
    // Closing this half would tell the shim that nobody listens.
    _write: OwnedWriteHalf,
}

/// The living shim process of a pod's folder.
fn holder_of(folder: &Path) -> Option<Holder> {
    let text = files::read(folder.join(HOLDER_FILE), POD_FILE_BYTES_MAX).ok()?;
    let holder: Holder = serde_json::from_slice(&text).ok()?;
    let boot = process::boot_id().ok()?;
    let lives = holder.boot_id == boot && process::is_alive(holder.pid, holder.start_time);
    lives.then_some(holder)
}

/// What the living shim of a pod's folder wrote last; `None` without one.
pub fn state_of(folder: &Path) -> Option<State> {
    holder_of(folder)?;
    let text = files::read(folder.join(STATE_FILE), POD_FILE_BYTES_MAX).ok()?;
    serde_json::from_slice(&text).ok()
}

impl Shim {
    /// The shim of the pod folder `folder`, listening on `socket`.
    pub fn new(folder: PathBuf, socket: PathBuf) -> Self {
        Self { folder, socket }
    }

    /// The pod's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The living shim process of this folder, if there is one: checked by boot and start time,
    /// because its number may belong to somebody else by now.
    pub fn holder(&self) -> Option<Holder> {
        holder_of(&self.folder)
    }

    /// Writes `spec.json` and starts a shim process that outlives this one.
    ///
    /// # Errors
    /// A sentence: the folder cannot be written, or the program cannot be started.
    pub fn start(&self, pod: &PodFile, launcher: &Launcher) -> Result<(), String> {
        files::create_private_dir(&self.folder).map_err(|e| e.to_string())?;
        if let Some(parent) = self.socket.parent() {
            files::create_private_dir(parent).map_err(|e| e.to_string())?;
        }
        let text = serde_json::to_vec(pod).map_err(|e| e.to_string())?;
        files::write_atomic_mode(self.folder.join(SPEC_FILE), &text, 0o600)
            .map_err(|e| e.to_string())?;
        let mut arguments = launcher.arguments.clone();
        arguments.push(self.folder.to_string_lossy().into_owned());
        let pid = detached::spawn(detached::Detached {
            program: launcher.program.clone(),
            arguments,
            environment: Vec::new(),
            directory: self.folder.clone(),
            log_file: Some(self.folder.join(SHIM_LOG_FILE)),
            inherited: Vec::new(),
        })
        .map_err(|e| e.to_string())?;
        crash::point("pod.spawned", "holder", When::Before);
        write_holder(&self.folder, pid)
    }

    /// Connects and watches. A shim that starts just now is waited for.
    ///
    /// # Errors
    /// A sentence with the shim's own last words.
    pub async fn watch(&self) -> Result<Watch, String> {
        let stream = self.connect().await?;
        let (read, mut write) = stream.into_split();
        write.write_all(b"watch\n").await.map_err(|e| e.to_string())?;
        Ok(Watch { lines: BufReader::new(read).lines(), _write: write })
    }

    async fn connect(&self) -> Result<UnixStream, String> {
        let watch = Stopwatch::start();
        loop {
            match UnixStream::connect(&self.socket).await {
                Ok(stream) => return Ok(stream),
                Err(error) => {
                    let waited = watch.elapsed();
                    if self.holder().is_none() || waited > Duration::from_millis(SHIM_START_MS_MAX)
                    {
                        return Err(self.last_words(&error));
                    }
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn last_words(&self, error: &std::io::Error) -> String {
        let log = files::read(self.folder.join(SHIM_LOG_FILE), POD_FILE_BYTES_MAX);
        let log = String::from_utf8_lossy(&log.unwrap_or_default()).into_owned();
        match log.lines().last() {
            Some(line) => line.to_owned(),
            None => format!("the pod's shim does not answer: {error}"),
        }
    }

    /// Tells the shim to end its pod with this grace, or (again) with a shorter one.
    pub async fn stop(&self, grace_seconds: u64) -> bool {
        let told = async {
            let mut stream = UnixStream::connect(&self.socket).await?;
            stream.write_all(format!("stop {grace_seconds}\n").as_bytes()).await?;
            let mut answer = String::new();
            BufReader::new(stream).read_line(&mut answer).await?;
            Ok::<bool, std::io::Error>(answer == "ok\n")
        };
        matches!(tokio::time::timeout(Duration::from_secs(1), told).await, Ok(Ok(true)))
    }

    /// Waits until the shim process has ended, at most `limit`.
    pub async fn wait_gone(&self, limit: Duration) -> bool {
        let Some(holder) = self.holder() else { return true };
        let waited = task::blocking("wait for shim", move || {
            process::wait_gone(holder.pid, holder.start_time, limit)
        });
        matches!(waited.await, Ok(Ok(true)))
    }

    /// Ends the shim at once; its container ends with it.
    pub fn kill(&self) {
        if let Some(holder) = self.holder() {
            // It may have ended in this moment.
            let _ = process::kill(holder.pid, Signal::KILL);
        }
    }

    /// Removes what is left of an ended pod.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn remove(&self) -> Result<(), files::Error> {
        files::remove_file(&self.socket)?;
        files::remove_tree(&self.folder)
    }
}

impl Watch {
    /// The next state; `None`: the shim is gone.
    pub async fn next(&mut self) -> Option<State> {
        loop {
            let line = self.lines.next_line().await.ok()??;
            // An empty line is a sign of life; one that is unreadable is of another version.
            if let Ok(state) = serde_json::from_str(&line) {
                return Some(state);
            }
            if !line.is_empty() {
                return None;
            }
        }
    }
}
