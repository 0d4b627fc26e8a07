//! A git repository with the example service: the same commits on every machine.

use crate::example::FILES;
use bowline_host::files;
use bowline_sandbox::Exit;
use bowline_sandbox::tool::{self, Tool};
use std::cell::Cell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The largest file that is edited, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The time of the first commit, in seconds since 1970; each further one is a minute later.
const FIRST_COMMIT: u64 = 1_750_000_000;

/// The example's address in its `bowline.yaml`.
const EXAMPLE_LISTEN: &str = "127.0.0.1:8080";

/// A workflow that leaves the example's reports in a moment: no Go, no test.
const QUICK_WORKFLOW: &str = "\
name: ci
on:
  push:
    branches: [main]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: reports that were made before
        run: |
          cp reports/cover.txt coverage.out
          cp reports/test.txt test.json
";

/// A cover profile of nine statements in ten.
const QUICK_COVERAGE: &str = "\
mode: set
example.com/checkout/price.go:9.55,12.2 9 1
example.com/checkout/main.go:16.13,21.2 1 0
";

/// One test that passed.
const QUICK_TESTS: &str = "\
{\"Action\":\"run\",\"Package\":\"example.com/checkout\",\"Test\":\"TestOne\"}
{\"Action\":\"pass\",\"Package\":\"example.com/checkout\",\"Test\":\"TestOne\",\"Elapsed\":0}
{\"Action\":\"pass\",\"Package\":\"example.com/checkout\",\"Elapsed\":0.1}
";

/// A work tree with its repository.
#[derive(Debug)]
pub struct Repository {
    folder: PathBuf,
    address: SocketAddr,
    search_path: String,
    home: PathBuf,
    commits: Cell<u64>,
}

impl Repository {
    /// An empty repository in `folder`, whose branch is `main`.
    ///
    /// # Panics
    /// When git does not work.
    #[must_use]
    pub fn empty(folder: PathBuf, address: SocketAddr, search_path: &str, home: &Path) -> Self {
        files::create_dirs(&folder).expect("the folder can be made");
        let (search_path, home) = (search_path.to_owned(), home.to_owned());
        let repository = Self { folder, address, search_path, home, commits: Cell::new(0) };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    /// The example in `folder`, committed: served at `address`, with pauses of two seconds at
    /// most, so that a healthy release takes seconds.
    #[must_use]
    pub fn example(folder: PathBuf, address: SocketAddr, search_path: &str, home: &Path) -> Self {
        let repository = Self::empty(folder, address, search_path, home);
        for (path, text) in FILES {
            repository.write(path, text);
        }
        repository.edit("bowline.yaml", EXAMPLE_LISTEN, &address.to_string());
        repository.edit("deploy/rollout.yaml", "duration: 15", "duration: 2");
        repository.edit("deploy/rollout.yaml", "duration: 10", "duration: 2");
        repository.commit("take orders");
        repository
    }

    /// Replaces the workflow by one that takes a moment: it leaves reports that were written
    /// before. For tests of what comes after the workflow.
    pub fn with_quick_workflow(self) -> Self {
        self.write(".github/workflows/ci.yml", QUICK_WORKFLOW);
        self.write("reports/cover.txt", QUICK_COVERAGE);
        self.write("reports/test.txt", QUICK_TESTS);
        self.commit("a quick workflow");
        self
    }

    /// The work tree.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where its users arrive.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A file's text.
    ///
    /// # Panics
    /// When it is not there.
    #[must_use]
    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        files::read_text(self.folder.join(path), FILE_BYTES_MAX).expect("the file is there")
    }

    /// Writes a file, with the folders above it.
    ///
    /// # Panics
    /// When it cannot be written.
    #[track_caller]
    pub fn write(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        if let Some(parent) = path.parent() {
            files::create_dirs(parent).expect("the folder can be made");
        }
        files::write(&path, text.as_bytes()).expect("the file can be written");
    }

    /// Replaces `from`, which must stand in the file exactly once, by `to`.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert_eq!(text.matches(from).count(), 1, "`{from}` in {path}:\n{text}");
        self.write(path, &text.replacen(from, to, 1));
    }

    /// Removes a file.
    ///
    /// # Panics
    /// When it cannot be removed.
    #[track_caller]
    pub fn remove(&self, path: &str) {
        files::remove_file(self.folder.join(path)).expect("the file can be removed");
    }

    /// Commits everything, even when nothing changed; the commit's full id.
    #[track_caller]
    pub fn commit(&self, subject: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", subject]);
        self.commits.set(self.commits.get() + 1);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Forgets the newest commit and every change of the work tree.
    #[track_caller]
    pub fn forget_commit(&self) {
        self.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
        self.git(&["clean", "--quiet", "-d", "--force"]);
    }

    /// Runs git with a chosen author and time, and nothing of this machine's configuration.
    ///
    /// # Panics
    /// When git fails.
    #[track_caller]
    pub fn git(&self, arguments: &[&str]) -> String {
        let date = format!("{} +0000", FIRST_COMMIT + 60 * self.commits.get());
        let variable = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let environment = [
            ("PATH", &*self.search_path),
            ("HOME", &self.home.to_string_lossy()),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "Test"),
            ("GIT_AUTHOR_EMAIL", "test@example.com"),
            ("GIT_AUTHOR_DATE", &date),
            ("GIT_COMMITTER_NAME", "Test"),
            ("GIT_COMMITTER_EMAIL", "test@example.com"),
            ("GIT_COMMITTER_DATE", &date),
        ];
        let output = tool::run(&Tool {
            program: "git".into(),
            arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
            directory: self.folder.clone(),
            environment: environment.map(variable).to_vec(),
            input: Vec::new(),
            timeout: Duration::from_secs(60),
            output_bytes_max: 1024 * 1024,
        });
        let output = output.unwrap_or_else(|error| panic!("git {arguments:?}: {error}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.exit, Exit::Code(0), "git {arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}
