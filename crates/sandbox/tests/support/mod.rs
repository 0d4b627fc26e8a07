//! What the tests share: the launcher, a scratch folder, a shell, and the same tests again as
//! an ordinary user.

use bowline_sandbox::{Exit, Launcher, Output, Process, Program, Sandbox};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// This crate's own launcher.
pub fn launcher() -> Launcher {
    let built = PathBuf::from(env!("CARGO_BIN_EXE_sandbox-init"));
    let program = std::env::var_os("BOWLINE_TEST_LAUNCHER").map_or(built, PathBuf::from);
    Launcher { program, arguments: vec!["__init".into()] }
}

/// A folder of its own, gone at the end.
pub struct Scratch(tempfile::TempDir);

impl Scratch {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn root(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // An overlay leaves a folder without permissions in its work folder.
        let _ = Command::new("chmod").args(["-R", "u+rwx"]).arg(self.0.path()).status();
    }
}

pub fn program(words: &[&str]) -> Program {
    Program {
        arguments: words.iter().map(|word| (*word).into()).collect(),
        environment: vec![("PATH".into(), "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into())],
        directory: "/tmp".into(),
    }
}

pub fn shell(script: &str) -> Program {
    let mut program = program(&["/bin/sh", "-c", script]);
    program.arguments.push("sh".into());
    program
}

#[derive(Debug)]
pub struct Said {
    pub stdout: String,
    pub stderr: String,
    pub exit: Exit,
}

pub fn out(mut process: Process) -> Said {
    let (mut stdout, mut stderr) = (String::new(), String::new());
    let mut errors = process.take_stderr().unwrap();
    let reader = std::thread::spawn(move || {
        errors.read_to_string(&mut stderr).unwrap();
        stderr
    });
    process.take_stdout().unwrap().read_to_string(&mut stdout).unwrap();
    let exit = process.wait().unwrap();
    Said { stdout, stderr: reader.join().unwrap(), exit }
}

pub fn run(sandbox: &Sandbox, script: &str) -> Said {
    out(sandbox.exec(&shell(script), Output::pipes()).unwrap())
}

/// Numbers and start times of everything below a process.
pub fn descendants(root: u32) -> Vec<(u32, u64)> {
    let mut all = Vec::new();
    let mut open = vec![root];
    while let Some(number) = open.pop() {
        let path = format!("/proc/{number}/task/{number}/children");
        for child in std::fs::read_to_string(path).unwrap_or_default().split_whitespace() {
            let child: u32 = child.parse().unwrap();
            if let Some(start) = bowline_sandbox::process::start_time(child) {
                all.push((child, start));
                open.push(child);
            }
        }
    }
    all
}

pub fn parent(number: u32) -> u32 {
    let status = std::fs::read_to_string(format!("/proc/{number}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap();
    line.trim().parse().unwrap()
}

/// An image's root in `folder`: links into `/usr`, which the caller mounts.
pub fn image_root(folder: &Path) {
    for part in ["usr", "etc", "tmp"] {
        std::fs::create_dir_all(folder.join(part)).unwrap();
    }
    for part in ["bin", "lib", "lib64"] {
        if Path::new("/").join(part).exists() {
            std::os::unix::fs::symlink(format!("usr/{part}"), folder.join(part)).unwrap();
        }
    }
}

/// The tests of this file again as the user `nobody`; `None` where this is not root.
pub fn as_nobody(scratch: &Scratch) -> Option<std::process::Output> {
    use std::os::unix::fs::{PermissionsExt, chown};
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(scratch.root(), open.clone()).unwrap();
    for (source, name) in
        [(std::env::current_exe().unwrap(), "tests"), (launcher().program, "launcher")]
    {
        std::fs::copy(source, scratch.path(name)).unwrap();
        std::fs::set_permissions(scratch.path(name), open.clone()).unwrap();
    }
    std::fs::create_dir(scratch.path("tmp")).unwrap();
    chown(scratch.path("tmp"), Some(65_534), Some(65_534)).unwrap();
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"])
        .arg(scratch.path("tests"))
        .args(["--skip", "as_an_ordinary_user", "--test-threads=4"])
        .env("BOWLINE_TEST_LAUNCHER", scratch.path("launcher"))
        .env("TMPDIR", scratch.path("tmp"))
        .current_dir("/")
        .output();
    match output {
        Ok(output) => Some(output),
        Err(error) => {
            eprintln!("skipped: `setpriv` cannot be started: {error}");
            None
        }
    }
}

/// Another process that starts a pod and a box and then sleeps; the numbers of their programs.
pub fn owner_of_two() -> (Child, Vec<u32>) {
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "owner_for_another_test", "--nocapture"])
        .env("BOWLINE_TEST_LAUNCHER", launcher().program)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    let line = lines.find_map(|line| {
        line.unwrap().split_once("numbers:").map(|(_, numbers)| numbers.to_owned())
    });
    let numbers = line.unwrap().split_whitespace().map(|n| n.parse().unwrap()).collect();
    (owner, numbers)
}
