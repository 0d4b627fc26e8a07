//! The tests of a binary once more, as an ordinary user with the built programs: what works as
//! root alone is found by root's own `make test`.

use crate::{shared_cache, skip};
use bowline_host::files;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// An ordinary user without a name, a group or a subordinate id.
pub const ORDINARY: u32 = 54_321;

/// Names the program under test to tests that do not lie beside it.
const PROGRAM: &str = "BOWLINE_TEST_PROGRAM";

/// The `bowline` that was built beside the running test (`target/<profile>/bowline`).
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn program() -> PathBuf {
    if let Some(program) = overridden() {
        return program;
    }
    let test = std::env::current_exe().expect("a test knows its own path");
    let program = test.ancestors().nth(2).expect("target/<profile>").join("bowline");
    assert!(files::exists(&program), "build it first: cargo build -p bowline");
    program
}

/// The program that a repetition by [`again`] is given.
pub(crate) fn overridden() -> Option<PathBuf> {
    std::env::var_os(PROGRAM).map(PathBuf::from)
}

/// Whether the running test is such a repetition: its snapshots were compared by the first run.
#[must_use]
pub fn is_again() -> bool {
    overridden().is_some()
}

/// The user that this test runs as.
pub(crate) fn user() -> u32 {
    // What the link leads to is the process's; the link itself is root's.
    fs::metadata("/proc/self").map_or(0, |metadata| metadata.uid())
}

/// Whether this test runs as root.
#[must_use]
pub fn is_root() -> bool {
    user() == 0
}

/// A command that is carried out as [`ORDINARY`]; `None`, and loudly so, where that user cannot
/// be taken.
#[must_use]
pub fn command(test: &str, program: &Path) -> Option<Command> {
    if !is_root() {
        skip(test, "only root can also be an ordinary user; this one was that already");
        return None;
    }
    let taken = |program: &Path| {
        let mut command = Command::new("setpriv");
        let user = [format!("--reuid={ORDINARY}"), format!("--regid={ORDINARY}")];
        command.args(user).args(["--clear-groups", "--no-new-privs", "--"]).arg(program);
        command
    };
    match taken(Path::new("true")).output() {
        Ok(output) if output.status.success() => Some(taken(program)),
        Ok(output) => {
            skip(test, &format!("no other user can be taken: {}", said(&output.stderr)));
            None
        }
        Err(error) => {
            skip(test, &format!("`setpriv` (of util-linux) cannot be started: {error}"));
            None
        }
    }
}

/// Gives the ordinary user a folder with all that is in it.
///
/// # Panics
/// When that is not permitted.
pub fn give(path: &Path) {
    lchown(path, Some(ORDINARY), Some(ORDINARY)).expect("root may give");
    if path.is_dir() && !path.is_symlink() {
        let entries = fs::read_dir(path).expect("root may read");
        entries.for_each(|entry| give(&entry.expect("root may read").path()));
    }
}

/// Runs those tests of the running binary whose names contain one of `filters`, as the ordinary
/// user, with a copy of `program`.
///
/// # Panics
/// When one of them fails, or a filter names none.
pub fn again(test: &str, program: &Path, filters: &[&str]) {
    let folder = tempfile::Builder::new().prefix("bo").tempdir_in("/tmp").expect("a folder");
    let place = |name: &str| folder.path().join(name);
    let own = std::env::current_exe().expect("a test knows its own path");
    let tests = place(&own.file_name().expect("a file").to_string_lossy());
    let Some(mut command) = command(test, &tests) else { return };
    for (from, to) in [(own.as_path(), &tests), (program, &place("bowline"))] {
        fs::copy(from, to).expect("a program can be copied");
        fs::set_permissions(to, fs::Permissions::from_mode(0o755)).expect("it is ours");
    }
    fs::create_dir(place("home")).expect("a folder can be made");
    give(&place("home"));
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
    shared_cache::seed(ORDINARY);
    let output = command
        .args(filters)
        .args(["--skip", "as_an_ordinary_user", "--test-threads", "2"])
        .env(PROGRAM, place("bowline"))
        .env("HOME", place("home"))
        .env("TMPDIR", place("home"))
        .env_remove("XDG_RUNTIME_DIR")
        .current_dir("/")
        .output()
        .expect("`setpriv` was started before");
    expect_passed(&output, filters);
}

fn expect_passed(output: &Output, filters: &[&str]) {
    let (stdout, stderr) = (said(&output.stdout), said(&output.stderr));
    for skipped in stderr.lines().filter_map(|line| line.strip_prefix("SKIPPED ")) {
        skip("as an ordinary user", skipped);
    }
    assert!(output.status.success(), "as an ordinary user:\n{stdout}\n{stderr}");
    for filter in filters {
        let passed = |line: &str| line.contains(filter) && line.ends_with("... ok");
        assert!(stdout.lines().any(passed), "no test `{filter}` passed:\n{stdout}");
    }
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}
