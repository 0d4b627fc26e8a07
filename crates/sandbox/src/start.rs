//! Starting the launcher, and through it one program as process 1.
#![expect(clippy::disallowed_methods, reason = "this crate is the one that starts programs")]

use crate::Error;
use crate::limits::HOSTNAME_BYTES_MAX;
use crate::running::{Opened, Output, Process};
use crate::spec::{Launcher, Mount, Program, Spec};
use crate::wire::{self, Request};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Component, Path};
use std::process::{Child, Command, Stdio};

/// Starts one program as process 1 of its own namespaces: a pod's. When the returned
/// [`Process`] is dropped, or this process dies in whatever way, the whole tree ends.
///
/// # Errors
/// What was refused and by which step; nothing is left behind.
pub fn start(
    launcher: &Launcher,
    spec: &Spec,
    program: &Program,
    output: Output,
) -> Result<Process, Error> {
    check(spec)?;
    check_program(program)?;
    let opened = Opened::new(output)?;
    let (control, child) = launch(launcher)?;
    request_start(control, Some(child), spec, program, opened)
}

/// The second half: the launcher waits at the other end of `control`.
pub(crate) fn request_start(
    control: UnixStream,
    child: Option<Child>,
    spec: &Spec,
    program: &Program,
    opened: Opened,
) -> Result<Process, Error> {
    let request = Request::Start { spec: spec.clone(), program: program.clone() };
    let sent = wire::send(&control, &request, &opened.borrowed());
    answered(sent, control, child, opened, "start a program")
}

/// As [`request_start`], for an init that takes orders on `orders`.
pub(crate) fn request_open(
    control: UnixStream,
    child: Option<Child>,
    spec: &Spec,
    orders: BorrowedFd<'_>,
) -> Result<Process, Error> {
    let sent = wire::send(&control, &Request::Open { spec: spec.clone() }, &[orders]);
    let opened = Opened::new(Output::null())?;
    answered(sent, control, child, opened, "open a sandbox")
}

fn answered(
    sent: Result<(), Error>,
    control: UnixStream,
    child: Option<Child>,
    opened: Opened,
    action: &'static str,
) -> Result<Process, Error> {
    if let Err(error) = sent {
        drop(control);
        crate::running::abandon(child);
        return Err(error);
    }
    Process::started(control, child, opened, action)
}

/// The launcher, waiting for its first message on standard input.
///
/// No `pre_exec`, no change of ids: so the standard library uses `posix_spawn`, which neither
/// copies this process's page tables nor runs code of ours in a half-copied process.
pub(crate) fn launch(launcher: &Launcher) -> Result<(UnixStream, Child), Error> {
    let (ours, theirs) =
        UnixStream::pair().map_err(|e| Error::system("make a pair of sockets", e))?;
    let child = spawn_launcher(&launcher.program, &launcher.arguments, theirs.into())?;
    Ok((ours, child))
}

/// Out of the terminal's foreground group, so that Ctrl-C reaches a step only when Bowline
/// passes it on.
pub(crate) fn spawn_launcher(
    program: &Path,
    arguments: &[String],
    control: OwnedFd,
) -> Result<Child, Error> {
    Command::new(program)
        .args(arguments)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(control))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|source| {
            Error::spawning(source, "start the launcher", |source| Error::Launcher {
                program: program.to_owned(),
                source,
            })
        })
}

/// What can be refused before anything is started.
pub(crate) fn check(spec: &Spec) -> Result<(), Error> {
    let bad =
        |what, value: &str, reason| Err(Error::Value { what, value: value.to_owned(), reason });
    let name = &spec.hostname;
    if name.is_empty() || name.len() > HOSTNAME_BYTES_MAX {
        return bad("host name", name, "it must have 1 to 64 bytes");
    }
    for mount in &spec.mounts {
        let (Mount::Bind { target, .. }
        | Mount::Overlay { target, .. }
        | Mount::Tmpfs { target, .. }
        | Mount::File { target, .. }) = mount;
        check_target(target)?;
    }
    Ok(())
}

fn check_target(target: &Path) -> Result<(), Error> {
    let plain = |part| matches!(part, Component::RootDir | Component::Normal(_));
    let reason = if !target.is_absolute() {
        "it must be an absolute path"
    } else if !target.components().all(plain) {
        "it must not contain `..`"
    } else if target.parent().is_none() {
        "the root has its own setting"
    } else {
        return Ok(());
    };
    Err(Error::Value { what: "mount target", value: target.display().to_string(), reason })
}

/// A program's words may not contain NUL, and there must be a program.
pub(crate) fn check_program(program: &Program) -> Result<(), Error> {
    let bad = |what, value: &str, reason| {
        Err(Error::Value { what, value: value.escape_debug().to_string(), reason })
    };
    match program.arguments.first() {
        None => return bad("program", "", "it is empty"),
        Some(first) if first.is_empty() => return bad("program", "", "it is empty"),
        Some(_) => {}
    }
    if let Some(word) = program.arguments.iter().find(|word| word.contains('\0')) {
        return bad("argument", word, "it contains a NUL byte");
    }
    for (name, value) in &program.environment {
        if name.is_empty() || name.contains(['=', '\0']) {
            return bad("variable name", name, "it is empty or contains `=` or a NUL byte");
        }
        if value.contains('\0') {
            return bad("value of the variable", name, "it contains a NUL byte");
        }
    }
    if !program.directory.is_absolute() {
        let directory = program.directory.display().to_string();
        return bad("working folder", &directory, "it must be an absolute path");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{check, check_program};
    use crate::{Mount, Program, Root, Spec};

    #[test]
    fn targets_that_could_leave_the_root_are_refused() {
        for (target, right) in
            [("/a/b", true), ("a", false), ("/a/../../etc", false), ("/", false), ("/a/./b", true)]
        {
            let mounts = vec![Mount::Tmpfs { target: target.into(), bytes_max: 1 }];
            let spec = Spec { mounts, ..Spec::new(Root::HostTools) };
            assert_eq!(check(&spec).is_ok(), right, "{target}");
        }
    }

    #[test]
    fn words_that_the_kernel_cannot_take_are_refused() {
        let program = |word: &str, name: &str, directory: &str| Program {
            arguments: vec![word.into()],
            environment: vec![(name.into(), "1".into())],
            directory: directory.into(),
        };
        assert!(check_program(&program("a", "B", "/")).is_ok());
        for wrong in [program("a\0", "B", "/"), program("", "B", "/"), program("a", "B=", "/")] {
            assert!(check_program(&wrong).is_err(), "{wrong:?}");
        }
        assert!(check_program(&program("a", "B", "work")).is_err());
    }
}
