//! Host programs that Bowline itself uses (`git`, `go env`): no sandbox, but a chosen folder, a
//! clean environment, a time limit, an output limit, and the end of the whole process group.
//!
//! It blocks. One thread moves all three streams, so there is nothing to leak.
#![expect(clippy::disallowed_methods, reason = "this crate is the one that starts programs")]

use crate::{Error, Exit};
use bowline_host::clock;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

/// One run of a host program.
#[derive(Clone, Debug)]
pub struct Tool {
    /// A path, or a name that is looked for in the `PATH` of `environment`.
    pub program: PathBuf,
    /// Without the program's own name.
    pub arguments: Vec<String>,
    /// Where it starts.
    pub directory: PathBuf,
    /// The whole environment: nothing is inherited.
    pub environment: Vec<(String, String)>,
    /// Its standard input.
    pub input: Vec<u8>,
    /// After this it is killed with everything in its process group.
    pub timeout: Duration,
    /// More than this on standard output and error together ends it.
    pub output_bytes_max: usize,
}

/// What a host program left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
}

/// Runs it to its end. An exit code other than 0 is not an error here.
///
/// # Errors
/// [`Error::Program`], [`Error::Directory`], [`Error::Timeout`], [`Error::OutputTooLarge`].
pub fn run(tool: &Tool) -> Result<Output, Error> {
    let mut child = spawn(tool)?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let result = exchange(tool, &mut child);
    if let Some(group) = group {
        // What it left running in its group ends with it; nothing is left when this fails.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let status = child.wait().map_err(|e| Error::system("wait for a tool", e))?;
    let (stdout, stderr) = result?;
    Ok(Output { exit: exit_of(status), stdout, stderr })
}

/// How a child of the standard library ended.
pub(crate) fn exit_of(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Signal(0),
    }
}

fn name(tool: &Tool) -> String {
    tool.program.display().to_string()
}

fn spawn(tool: &Tool) -> Result<Child, Error> {
    if !tool.directory.is_dir() {
        let source = std::io::ErrorKind::NotFound.into();
        return Err(Error::Directory { directory: tool.directory.clone(), source });
    }
    Command::new(&tool.program)
        .args(&tool.arguments)
        .current_dir(&tool.directory)
        .env_clear()
        .envs(tool.environment.iter().map(|(key, value)| (key, value)))
        .stdin(if tool.input.is_empty() { Stdio::null() } else { Stdio::piped() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|source| {
            Error::spawning(source, "start a tool", |source| Error::Program {
                program: name(tool),
                source,
            })
        })
}

/// The three streams of a tool while it runs.
struct Streams<'a> {
    tool: &'a Tool,
    input: Option<ChildStdin>,
    written: usize,
    /// Standard output and standard error.
    outputs: [Option<OwnedFd>; 2],
    texts: [Vec<u8>; 2],
}

/// Until it has ended and its output is read, or a limit is met.
fn exchange(tool: &Tool, child: &mut Child) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let failed = |errno: Errno| Error::system("watch a tool", errno);
    let outputs = [child.stdout.take().map(OwnedFd::from), child.stderr.take().map(OwnedFd::from)];
    let input = child.stdin.take();
    for stream in outputs.iter().flatten() {
        unblock(stream).map_err(failed)?;
    }
    if let Some(stream) = &input {
        unblock(stream).map_err(failed)?;
    }
    let process = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(Error::Ended)?;
    let ended = pidfd_open(process, PidfdFlags::empty()).map_err(failed)?;
    let mut streams = Streams { tool, input, written: 0, outputs, texts: [Vec::new(), Vec::new()] };
    let deadline = clock::monotonic().saturating_add(tool.timeout);
    loop {
        let left = deadline.saturating_sub(clock::monotonic());
        if left.is_zero() {
            return Err(Error::Timeout { program: name(tool), limit: tool.timeout });
        }
        let over = streams.turn(&ended, left).map_err(failed)?;
        // A daemon may hold the pipes open: what is in them now is all that counts.
        if over {
            streams.collect()?;
            let [stdout, stderr] = streams.texts;
            return Ok((stdout, stderr));
        }
        streams.collect()?;
    }
}

impl Streams<'_> {
    /// Waits for something to happen and writes input; whether the tool has ended.
    fn turn(&mut self, ended: &OwnedFd, left: Duration) -> Result<bool, Errno> {
        let mut watched = vec![PollFd::new(ended, PollFlags::IN)];
        for stream in self.outputs.iter().flatten() {
            watched.push(PollFd::new(stream, PollFlags::IN));
        }
        if let Some(input) = &self.input {
            watched.push(PollFd::new(input, PollFlags::OUT));
        }
        match poll(&mut watched, left.try_into().ok().as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
        let over = !watched[0].revents().is_empty();
        drop(watched);
        self.feed();
        Ok(over)
    }

    /// Writes as much input as the pipe takes. A tool may close its input early.
    fn feed(&mut self) {
        let Some(input) = &mut self.input else { return };
        let done = match input.write(&self.tool.input[self.written..]) {
            Ok(count) => {
                self.written += count;
                self.written == self.tool.input.len()
            }
            Err(error) => !matches!(
                error.kind(),
                std::io::ErrorKind::WouldBlock | std::io::ErrorKind::Interrupted
            ),
        };
        if done {
            self.input = None;
        }
    }

    /// Reads what is there.
    fn collect(&mut self) -> Result<(), Error> {
        let mut chunk = [0_u8; 16 * 1024];
        for index in 0..2 {
            while let Some(stream) = &self.outputs[index] {
                match rustix::io::read(stream, &mut chunk) {
                    Ok(0) => self.outputs[index] = None,
                    Ok(count) => self.texts[index].extend_from_slice(&chunk[..count]),
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => break,
                    Err(errno) => return Err(Error::system("read a tool's output", errno)),
                }
                let bytes_max = self.tool.output_bytes_max;
                if self.texts[0].len() + self.texts[1].len() > bytes_max {
                    return Err(Error::OutputTooLarge { program: name(self.tool), bytes_max });
                }
            }
        }
        Ok(())
    }
}

fn unblock(stream: impl AsFd) -> Result<(), Errno> {
    let flags = fcntl_getfl(&stream)?;
    fcntl_setfl(&stream, flags | OFlags::NONBLOCK)
}

#[cfg(test)]
mod tests {
    use super::{Output, Tool, run};
    use crate::{Error, Exit};
    use std::time::Duration;

    fn shell(script: &str) -> Tool {
        Tool {
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            directory: "/".into(),
            environment: vec![("PATH".into(), "/usr/bin:/bin".into())],
            input: Vec::new(),
            timeout: Duration::from_secs(60),
            output_bytes_max: 1_000_000,
        }
    }

    #[test]
    fn exit_code_and_both_outputs_are_captured() {
        let expected =
            Output { exit: Exit::Code(3), stdout: b"out\n".into(), stderr: b"err\n".into() };
        assert_eq!(run(&shell("echo out; echo err >&2; exit 3")).unwrap(), expected);
        assert_eq!(run(&shell("kill -9 $$")).unwrap().exit, Exit::Signal(9));
    }

    #[test]
    fn nothing_is_inherited_and_input_arrives_whole() {
        let printed = run(&Tool { arguments: vec![], program: "/usr/bin/env".into(), ..shell("") });
        assert_eq!(printed.unwrap().stdout, b"PATH=/usr/bin:/bin\n");
        let input = vec![b'x'; 300_000];
        let echoed = run(&Tool { input: input.clone(), ..shell("cat") }).unwrap();
        assert!(echoed.stdout == input);
        let ignored = run(&Tool { input, ..shell("exit 0") }).unwrap();
        assert_eq!(ignored.exit, Exit::Code(0));
    }

    #[test]
    fn a_tool_that_hangs_is_ended_with_its_children() {
        let hanging = Tool { timeout: Duration::from_millis(200), ..shell("sleep 999 & wait") };
        assert!(matches!(run(&hanging), Err(Error::Timeout { .. })));
    }

    #[test]
    fn a_daemon_that_holds_the_pipe_does_not_hold_the_caller() {
        let output = run(&shell("sleep 999 & echo done")).unwrap();
        assert_eq!(output.stdout, b"done\n");
    }

    #[test]
    fn too_much_output_is_an_error() {
        let limited = Tool { output_bytes_max: 1_000, ..shell("yes") };
        assert!(matches!(run(&limited), Err(Error::OutputTooLarge { bytes_max: 1_000, .. })));
    }

    #[test]
    fn what_is_missing_is_named() {
        let missing = Tool { program: "/no/such/program".into(), ..shell("") };
        let error = run(&missing).unwrap_err();
        assert!(error.is_not_found() && error.to_string().contains("/no/such/program"), "{error}");
        let nowhere = Tool { directory: "/no/such/folder".into(), ..shell("") };
        assert!(matches!(run(&nowhere), Err(Error::Directory { .. })));
    }
}
