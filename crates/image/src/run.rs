//! RUN: one command in a sandbox, its output line by line, its end whatever happens.

use crate::{
    BuildEvent, BuildRequest, Error, RunFailure,
    go_stage::GoStage,
    limits::{
        DISK_FREE_BYTES_MIN, DISK_HARMLESS_BYTES_MAX, LAST_LINES_MAX, LINE_BYTES_MAX,
        RUN_SECONDS_MAX, STAGE_DISK_BYTES_MAX,
    },
    plan::{Run, StepPlan},
};
use bowline_host::{clock::Stopwatch, task};
use bowline_oci::image::CREATED_SECONDS;
use bowline_sandbox::disk::{self, Bounds, Excess};
use bowline_sandbox::{Error as Refused, Exit, Output, Process, Program, Sandbox};
use std::{
    collections::VecDeque,
    io::{self, BufRead as _, BufReader, Read},
    sync::{
        atomic::Ordering,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    time::Duration,
};

/// How often a cancellation is looked for while nothing is printed.
const LOOK: Duration = Duration::from_millis(50);
/// How long output is waited for after the program has ended.
const AFTER: Duration = Duration::from_secs(2);

/// Carries out `run` in `stage`.
pub(crate) fn run(
    request: &BuildRequest,
    stage: &GoStage,
    step: &StepPlan,
    run: &Run,
    observe: &mut dyn FnMut(BuildEvent),
) -> Result<(), Error> {
    let program = Program {
        arguments: run.arguments.clone(),
        environment: variables(request, run),
        directory: run.directory.clone().into(),
    };
    let sandbox = Sandbox::open(&request.launcher, &stage.spec(request, run))?;
    let (output, reader) = Output::one_pipe()?;
    let process = match sandbox.exec(&program, output) {
        Ok(process) => process,
        Err(error @ (Refused::Program { .. } | Refused::Directory { .. })) => {
            // As a shell says it: the command was not found.
            let last_lines = vec![error.to_string()];
            sandbox.close()?;
            return Err(failure(request, step, Some(Exit::Code(127)), None, last_lines));
        }
        Err(error) => return Err(error.into()),
    };
    let (sender, lines) = mpsc::sync_channel(1024);
    let thread = task::thread("run-output", move || read_lines(reader, &sender));
    let bounds = Bounds {
        bytes_max: STAGE_DISK_BYTES_MAX,
        free_bytes_min: DISK_FREE_BYTES_MIN,
        harmless_bytes_max: DISK_HARMLESS_BYTES_MAX,
    };
    let disk = disk::Watch::new(stage.written(), bounds);
    let result = follow(request, step, &process, &lines, disk, observe);
    drop((process, lines));
    // Everything that the step left running ends here, and with it the pipe.
    sandbox.close()?;
    thread.join().map_err(|_| Error::Cancelled)?;
    result
}

/// Later ones win: the machine's, those of the reproducible build, the stage's own.
fn variables(request: &BuildRequest, run: &Run) -> Vec<(String, String)> {
    let fixed = [
        ("HOME".to_owned(), "/root".to_owned()),
        ("SOURCE_DATE_EPOCH".to_owned(), CREATED_SECONDS.to_string()),
    ];
    let all = request.environment.iter().chain(&fixed).chain(&run.environment);
    let mut variables: Vec<(String, String)> = Vec::new();
    for (name, value) in all {
        variables.retain(|(known, _)| known != name);
        variables.push((name.clone(), value.clone()));
    }
    variables
}

fn follow(
    request: &BuildRequest,
    step: &StepPlan,
    process: &Process,
    lines: &Receiver<String>,
    mut disk: disk::Watch,
    observe: &mut dyn FnMut(BuildEvent),
) -> Result<(), Error> {
    let watch = Stopwatch::start();
    let mut last: VecDeque<String> = VecDeque::new();
    let mut exit: Option<Option<Exit>> = None;
    let mut ended = Stopwatch::start();
    let mut looked = Stopwatch::start();
    loop {
        match lines.recv_timeout(LOOK) {
            Ok(text) => {
                if last.len() == LAST_LINES_MAX {
                    last.pop_front();
                }
                last.push_back(text.clone());
                observe(BuildEvent::Output { line: step.place.line, text });
                // A step that prints without end is looked at, too.
                if exit.is_none() && looked.elapsed() < LOOK {
                    continue;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                // The program closed its output; it may run on for a while.
                if exit.is_none() && process.wait_timeout(LOOK)?.is_some() {
                    exit = Some(Some(process.wait()?));
                }
                if exit.is_some() {
                    break;
                }
            }
        }
        looked = Stopwatch::start();
        if request.cancel.load(Ordering::SeqCst) {
            return Err(Error::Cancelled);
        }
        let excess = if exit.is_none() { disk.look()? } else { None };
        if excess.is_some() {
            return Err(failure(request, step, None, excess, last.into()));
        }
        if watch.elapsed() > Duration::from_secs(RUN_SECONDS_MAX) {
            exit = Some(None);
            break;
        }
        if exit.is_none() {
            if let Some(code) = process.wait_timeout(Duration::ZERO)? {
                exit = Some(Some(code));
                ended = Stopwatch::start();
            }
        } else if ended.elapsed() > AFTER {
            // Something in the background still holds the output.
            break;
        }
    }
    match exit.flatten() {
        Some(exit) if exit.is_success() => Ok(()),
        exit => Err(failure(request, step, exit, None, last.into())),
    }
}

fn failure(
    request: &BuildRequest,
    step: &StepPlan,
    exit: Option<Exit>,
    excess: Option<Excess>,
    last_lines: Vec<String>,
) -> Error {
    Error::Run(Box::new(RunFailure {
        file: request.dockerfile.clone(),
        source: request.text.clone(),
        line: step.place.line,
        column: step.place.column,
        text: step.text.clone(),
        exit,
        excess,
        last_lines,
    }))
}

fn read_lines(reader: impl Read, sender: &mpsc::SyncSender<String>) {
    let mut reader = BufReader::new(reader);
    loop {
        match line(&mut reader) {
            Ok(Some(line)) => {
                // Nobody listens any more: read on, so that the program does not block.
                let _ = sender.send(line);
            }
            Ok(None) | Err(_) => return,
        }
    }
}

/// One line without its end; what is beyond [`LINE_BYTES_MAX`] is a line of its own.
fn line(reader: &mut impl io::BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let limit = LINE_BYTES_MAX as u64;
    if reader.by_ref().take(limit).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    while matches!(bytes.last(), Some(b'\n' | b'\r')) {
        bytes.pop();
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::{LINE_BYTES_MAX, line};

    #[test]
    fn lines_are_cut_at_their_limit() {
        let mut text = "a\r\n\nb".as_bytes();
        let mut next = || line(&mut text).expect("memory");
        assert_eq!(next().as_deref(), Some("a"));
        assert_eq!(next().as_deref(), Some(""));
        assert_eq!(next().as_deref(), Some("b"));
        assert_eq!(next(), None);
        let long = "x".repeat(LINE_BYTES_MAX + 1);
        let mut text = long.as_bytes();
        assert_eq!(line(&mut text).expect("memory").map(|l| l.len()), Some(LINE_BYTES_MAX));
        assert_eq!(line(&mut text).expect("memory").as_deref(), Some("x"));
    }
}
