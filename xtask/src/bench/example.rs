//! The example as a repository of the bench's own, and the commands that release it.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A repository with the example, and a state folder of its own.
pub struct Example {
    /// The repository.
    pub folder: PathBuf,
    /// The state folder.
    pub state: PathBuf,
    /// Where users arrive.
    pub address: SocketAddr,
    program: PathBuf,
}

impl Example {
    /// Copies `examples/checkout` below `work` and commits it. `pauses` replaces the example's
    /// pauses, in seconds.
    pub fn new(root: &Path, work: &Path, pauses: Option<[u32; 2]>) -> Result<Self, String> {
        let folder = work.join("checkout");
        std::fs::remove_dir_all(work).ok();
        std::fs::create_dir_all(work).map_err(|e| format!("{}: {e}", work.display()))?;
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
        let address = listener.local_addr().map_err(|e| e.to_string())?;
        drop(listener);
        let example = Self {
            folder,
            state: work.join("state"),
            address,
            program: root.join("target/release/bowline"),
        };
        let from = root.join("examples/checkout");
        command("cp", &["-r", &from.to_string_lossy(), &example.folder.to_string_lossy()], work)?;
        example.edit("bowline.yaml", "127.0.0.1:8080", &address.to_string())?;
        if let Some([first, second]) = pauses {
            example.edit("deploy/rollout.yaml", "duration: 15", &format!("duration: {first}"))?;
            example.edit("deploy/rollout.yaml", "duration: 10", &format!("duration: {second}"))?;
        }
        example.git(&["init", "--quiet", "--initial-branch=main"])?;
        example.commit("the example")?;
        Ok(example)
    }

    /// Replaces `from`, which must stand exactly once in `file`.
    pub fn edit(&self, file: &str, from: &str, to: &str) -> Result<(), String> {
        let path = self.folder.join(file);
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{file}: {e}"))?;
        if text.matches(from).count() != 1 {
            return Err(format!("{file}: `{from}` does not stand there exactly once"));
        }
        std::fs::write(&path, text.replacen(from, to, 1)).map_err(|e| format!("{file}: {e}"))
    }

    /// Commits everything.
    pub fn commit(&self, message: &str) -> Result<(), String> {
        self.git(&["add", "--all"])?;
        let user = ["-c", "user.name=Bench", "-c", "user.email=bench@example.com"];
        let commit = ["commit", "--quiet", "--no-verify", "--message", message];
        self.git(&[&user[..], &commit[..]].concat())
    }

    /// `git` in the repository.
    pub fn git(&self, arguments: &[&str]) -> Result<(), String> {
        command("git", arguments, &self.folder).map(|_| ())
    }

    /// `bowline` in the repository: exit code and stdout.
    pub fn bowline(&self, arguments: &[&str]) -> Result<(i32, String), String> {
        let output = Command::new(&self.program)
            .args(arguments)
            .current_dir(&self.folder)
            .env("BOWLINE_STATE", &self.state)
            .output()
            .map_err(|error| format!("{}: {error}", self.program.display()))?;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let code = output.status.code().unwrap_or(-1);
        if code == 2 || code == 70 || code == -1 {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok((code, stdout))
    }
}

/// A command that must succeed; its stdout.
pub fn command(program: &str, arguments: &[&str], folder: &Path) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{program} {}: {said}", arguments.join(" ")));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
