//! A command that goes on while the test looks at it.

use crate::outcome::Outcome;
use crate::poll::until;
use bowline_host::task;
use bowline_sandbox::{Signal, process};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A command may take this long; a machine under load builds Go from nothing in two minutes.
const COMMAND_MAX: Duration = Duration::from_secs(300);

/// After the command has ended, its pipes must end too: a helper that outlives it must not
/// hold the terminal of whoever called.
const PIPE_MAX: Duration = Duration::from_secs(5);

/// One output of the command, as far as it was written.
#[derive(Debug, Default)]
struct Stream {
    text: Vec<u8>,
    over: bool,
}

/// A started command. Dropping it ends it.
#[derive(Debug)]
pub struct Running {
    command: String,
    child: Child,
    stdout: Arc<Mutex<Stream>>,
    stderr: Arc<Mutex<Stream>>,
}

impl Running {
    /// Starts `program` with nothing but `environment`, in a process group of its own.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(
        program: &Path,
        arguments: &[&str],
        folder: &Path,
        environment: &BTreeMap<String, String>,
    ) -> Self {
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        let command = [&[&*name], arguments].concat().join(" ");
        let mut child = std::os::unix::process::CommandExt::process_group(
            Command::new(program)
                .args(arguments)
                .current_dir(folder)
                .env_clear()
                .envs(environment)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped()),
            0,
        )
        .spawn()
        .unwrap_or_else(|error| panic!("`{command}` does not start: {error}"));
        let stdout = collect(child.stdout.take());
        let stderr = collect(child.stderr.take());
        Self { command, child, stdout, stderr }
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to stderr so far.
    #[must_use]
    pub fn talk(&self) -> String {
        text(&self.stderr)
    }

    /// Waits until stderr contains `wanted`.
    ///
    /// # Panics
    /// When it ends, or minutes pass, without.
    #[track_caller]
    pub fn wait_for_talk(&mut self, wanted: &str) {
        let stderr = Arc::clone(&self.stderr);
        let seen = until(&format!("`{wanted}` of `{}`", self.command), COMMAND_MAX, || {
            if text(&stderr).contains(wanted) {
                return Some(true);
            }
            lock(&stderr).over.then_some(false)
        });
        assert!(seen, "`{}` ended without `{wanted}`:\n{}", self.command, self.talk());
    }

    /// Sends a signal to the command alone.
    ///
    /// # Panics
    /// When that is not permitted.
    pub fn signal(&self, signal: Signal) {
        process::kill(self.pid(), signal).expect("the test's own child can be signalled");
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it takes minutes, or when a process that it left holds its pipes.
    #[track_caller]
    pub fn wait(mut self) -> Outcome {
        let what = format!("the end of `{}`", self.command);
        let ended = until(&what, COMMAND_MAX, || self.child.try_wait().ok().flatten());
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            let what = format!("the end of {name} of `{}`, held by what it left", self.command);
            until(&what, PIPE_MAX, || lock(stream).over.then_some(()));
        }
        Outcome {
            command: self.command.clone(),
            code: code(ended),
            stdout: text(&self.stdout),
            stderr: text(&self.stderr),
        }
    }

    /// Ends it with SIGKILL: what a power cut leaves.
    #[track_caller]
    pub fn kill(self) -> Outcome {
        self.signal(Signal::KILL);
        self.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already in every test that passes.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

fn lock(stream: &Mutex<Stream>) -> MutexGuard<'_, Stream> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

fn text(stream: &Mutex<Stream>) -> String {
    String::from_utf8_lossy(&lock(stream).text).into_owned()
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> Arc<Mutex<Stream>> {
    let stream = Arc::new(Mutex::new(Stream::default()));
    let shared = Arc::clone(&stream);
    drop(task::thread("output of a command", move || {
        let Some(pipe) = pipe else { return };
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        // A pipe that cannot be read any more is over, in whichever way.
        while reader.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            lock(&shared).text.append(&mut line);
        }
        lock(&shared).over = true;
    }));
    stream
}

#[cfg(test)]
mod tests {
    use super::Running;
    use bowline_sandbox::Signal;
    use std::collections::BTreeMap;
    use std::path::Path;

    fn shell(script: &str) -> Running {
        let environment = BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
        Running::start(Path::new("/bin/sh"), &["-c", script], Path::new("/"), &environment)
    }

    #[test]
    fn both_outputs_and_the_code_are_kept_apart() {
        let outcome = shell("echo data; echo talk >&2; exit 3").wait();
        assert_eq!((outcome.code, &*outcome.stdout, &*outcome.stderr), (3, "data\n", "talk\n"));
    }

    #[test]
    fn a_signal_is_a_code_above_128() {
        let mut running = shell("echo ready >&2; exec sleep 99");
        running.wait_for_talk("ready");
        running.signal(Signal::TERMINATE);
        assert_eq!(running.wait().code, 128 + 15);
    }

    #[test]
    #[should_panic(expected = "ended without `never`")]
    fn waiting_for_what_is_never_said_ends_with_the_command() {
        shell("echo no >&2").wait_for_talk("never");
    }
}
