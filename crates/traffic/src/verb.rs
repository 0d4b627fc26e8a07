//! The hidden verbs `bowline edge` and `bowline edge-shim`, and how a conductor starts them.

use crate::{
    Client, Error, Options, ShimOptions, edge, limits::CONTROL_MS_MAX, log, options::LOG_FILE, shim,
};
use bowline_diag::{Diagnose, exit, plain};
use bowline_host::{clock, files};
use bowline_sandbox::{detached, process};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// How often a conductor looks whether a new edge answers.
const LOOK: Duration = Duration::from_millis(5);
const LOG_BYTES_MAX: u64 = 16 * 1024 * 1024;
const LOG_LINES_SHOWN: usize = 5;

/// `bowline edge`: runs an edge until SIGTERM or SIGINT, lets its requests finish, and returns
/// the process's exit code.
pub async fn edge_main(options: Options) -> u8 {
    raise_descriptor_limit();
    let ended = async {
        let stop = stop_signal()?;
        let running = edge::start(options).await?;
        stop.await;
        running.stop().await;
        Ok(())
    };
    code("edge", ended.await)
}

/// `bowline edge-shim`: runs an edge and holds its sockets until SIGTERM or SIGINT; returns
/// the process's exit code.
pub async fn edge_shim_main(options: ShimOptions) -> u8 {
    raise_descriptor_limit();
    let ended = async {
        let stop = stop_signal()?;
        shim::run(options, stop).await
    };
    code("edge-shim", ended.await)
}

/// Makes sure that an edge runs under a shim, both detached from this process, and returns
/// when it answers. `verb` stands between the program and the shim's arguments, for example
/// `["edge-shim"]`.
///
/// # Errors
/// [`Error::Start`] with the log's last lines when no edge answers in time.
pub async fn start_detached(options: &ShimOptions, verb: &[&str]) -> Result<Client, Error> {
    let client = Client::new(&options.control_socket);
    if client.healthy().await.is_ok() {
        return Ok(client);
    }
    files::create_private_dir(&options.state_dir).map_err(|error| Error::State {
        path: options.state_dir.clone(),
        reason: error.to_string(),
    })?;
    let paths = [&options.state_dir, &options.control_socket, &options.shim_socket];
    let words = verb.iter().map(|word| (*word).to_owned());
    let paths = paths.into_iter().map(|path| path.to_string_lossy().into_owned());
    let id = detached::spawn(detached::Detached {
        program: options.program.clone(),
        arguments: words.chain(paths).collect(),
        environment: Vec::new(),
        directory: options.state_dir.clone(),
        log_file: Some(options.state_dir.join(LOG_FILE)),
        inherited: Vec::new(),
    })
    .map_err(|error| Error::Start(error.to_string()))?;
    let start_time = process::start_time(id).unwrap_or(0);
    let watch = clock::Stopwatch::start();
    while watch.elapsed() < Duration::from_millis(CONTROL_MS_MAX) {
        if client.healthy().await.is_ok() {
            return Ok(client);
        }
        if !process::is_alive(id, start_time) {
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(Error::Start(last_lines(options)))
}

/// What the log says at its end.
fn last_lines(options: &ShimOptions) -> String {
    let path = options.state_dir.join(LOG_FILE);
    let Ok(bytes) = files::read(&path, LOG_BYTES_MAX) else {
        return format!("it does not answer, and `{}` cannot be read", path.display());
    };
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().rev().take(LOG_LINES_SHOWN).collect();
    if lines.is_empty() {
        return format!("it does not answer, and `{}` is empty", path.display());
    }
    lines.into_iter().rev().collect::<Vec<_>>().join("; ")
}

/// Resolves at SIGTERM or SIGINT.
fn stop_signal() -> Result<impl Future<Output = ()>, Error> {
    let failed = |error: std::io::Error| Error::Start(error.to_string());
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn code(who: &str, ended: Result<(), Error>) -> u8 {
    match ended {
        Ok(()) => exit::OK,
        Err(error) => {
            log::line(who, plain(&error.diagnose()).trim_end());
            error.exit_code()
        }
    }
}

/// Every connection is a descriptor: as many as the machine allows.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        log::line("edge", &format!("the limit of open files stays as it is: {error}"));
    }
}
