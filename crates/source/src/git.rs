//! The `git` program, called so that nothing of a repository is ever run.

use crate::{
    Error, Repository,
    limits::{GIT_SECONDS_MAX, OUTPUT_BYTES_MAX},
};
use bowline_host::files;
use bowline_sandbox::tool::{self, Tool};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Where programs usually are.
pub(crate) const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Configuration of every call. It beats that of the repository.
const CONFIGURATION: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.quotePath=false",
    "core.autocrlf=false",
    "core.pager=cat",
    "credential.helper=",
    "diff.external=",
    "gc.auto=0",
    "gpg.program=false",
    "log.showSignature=false",
    "maintenance.auto=false",
    "pack.threads=1",
    "protocol.allow=never",
    "protocol.ext.allow=never",
    "safe.directory=*",
    "submodule.recurse=false",
];

/// A `git` program that was found.
#[derive(Clone, Debug)]
pub struct Git {
    program: PathBuf,
    path: String,
}

/// One call.
pub(crate) struct Call<'a> {
    pub(crate) arguments: Vec<String>,
    pub(crate) directory: &'a Path,
    pub(crate) input: Vec<u8>,
    pub(crate) environment: Vec<(String, String)>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(directory: &'a Path, arguments: &[&str]) -> Self {
        Self {
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            directory,
            input: Vec::new(),
            environment: Vec::new(),
        }
    }

    fn command(&self) -> String {
        let subcommand = self.arguments.iter().find(|argument| !argument.starts_with('-'));
        subcommand.cloned().unwrap_or_default()
    }
}

impl Git {
    /// The first `git` of the folders of `path`, which is written as the variable `PATH` is.
    ///
    /// # Errors
    /// [`Error::GitMissing`].
    pub fn find(path: &str) -> Result<Self, Error> {
        let folders = path.split(':').filter(|folder| folder.starts_with('/'));
        for folder in folders {
            let program = Path::new(folder).join("git");
            let found = files::metadata_followed(&program);
            if found.is_ok_and(|found| found.kind == files::Kind::File && found.mode & 0o111 != 0) {
                return Ok(Self { program, path: path.to_owned() });
            }
        }
        Err(Error::GitMissing { searched: path.to_owned() })
    }

    /// Opens the repository that `path` lies in.
    ///
    /// # Errors
    /// [`Error::PathMissing`], [`Error::NotARepository`], [`Error::Bare`].
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Repository, Error> {
        Repository::open(self.clone(), path.as_ref())
    }

    /// What the call printed, or what it said when it failed.
    pub(crate) fn attempt(&self, call: Call<'_>) -> Result<Result<Vec<u8>, String>, Error> {
        let mut arguments = vec!["--no-pager".to_owned(), "--literal-pathspecs".to_owned()];
        for setting in CONFIGURATION {
            arguments.extend(["-c".to_owned(), (*setting).to_owned()]);
        }
        arguments.extend(call.arguments.iter().cloned());
        let mut environment = self.environment();
        environment.extend(call.environment);
        let output = tool::run(&Tool {
            program: self.program.clone(),
            arguments,
            directory: call.directory.to_owned(),
            environment,
            input: call.input,
            timeout: Duration::from_secs(GIT_SECONDS_MAX),
            output_bytes_max: OUTPUT_BYTES_MAX,
        })?;
        if output.exit.is_success() {
            return Ok(Ok(output.stdout));
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok(Err(if said.trim().is_empty() { output.exit.to_string() } else { said }))
    }

    /// What the call printed.
    pub(crate) fn run(&self, call: Call<'_>) -> Result<Vec<u8>, Error> {
        let command = call.command();
        self.attempt(call)?.map_err(|said| {
            let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
            let message = last.trim_start_matches("fatal: ").to_owned();
            Error::Git { command, message }
        })
    }

    /// What the call printed, as text without its last line end.
    pub(crate) fn text(&self, call: Call<'_>) -> Result<String, Error> {
        let output = self.run(call)?;
        Ok(String::from_utf8_lossy(&output).trim_end_matches('\n').to_owned())
    }

    fn environment(&self) -> Vec<(String, String)> {
        [
            ("PATH", self.path.as_str()),
            ("HOME", "/nonexistent"),
            ("LC_ALL", "C"),
            ("TZ", "UTC"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_ATTR_NOSYSTEM", "1"),
            ("GIT_ALLOW_PROTOCOL", ""),
            ("GIT_NO_LAZY_FETCH", "1"),
            ("GIT_NO_REPLACE_OBJECTS", "1"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_ASKPASS", "/bin/false"),
            ("GIT_PAGER", "cat"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }
}
