//! A repository, a state folder and a request, made anew for each run of a test.

use bowline_host::http::{Client, Policy, Proxy};
use bowline_model::{Revision, Trust};
use bowline_runner::{Caches, CancelToken, Error, JobLimits, RunEvent, RunReport};
use bowline_runner::{RunRequest, run_workflow};
use bowline_sandbox::tool::{self, Tool};
use bowline_sandbox::{Launcher, Network, toolchain};
use bowline_workflow::Event;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The folders of a test, gone with it.
pub struct Bench {
    pub root: tempfile::TempDir,
    pub events: Arc<Mutex<Vec<RunEvent>>>,
}

impl Bench {
    pub fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        let bench = Self { root, events: Arc::default() };
        for folder in ["tree", "git", "state"] {
            std::fs::create_dir_all(bench.path(folder)).expect("a folder");
        }
        bench
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.path().join(relative)
    }

    pub fn file(&self, relative: &str, text: &str) {
        let path = self.path("tree").join(relative);
        std::fs::create_dir_all(path.parent().expect("it has a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    /// Makes the tree a commit with a tag and gives its id.
    pub fn commit(&self) -> String {
        let tree = self.path("tree");
        let git = |arguments: &[&str]| {
            let mut all =
                vec!["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"];
            all.extend(arguments);
            run_tool("git", &all, &tree)
        };
        git(&["init", "-q"]);
        git(&["add", "-A"]);
        git(&["commit", "-q", "--allow-empty", "-m", "first"]);
        git(&["tag", "-a", "v1.2.3", "-m", "one"]);
        let commit = git(&["rev-parse", "HEAD"]).trim().to_owned();
        std::fs::remove_dir(self.path("git")).expect("it is empty");
        std::fs::rename(tree.join(".git"), self.path("git")).expect("it moves");
        commit
    }

    pub fn request(&self, file: &str, workflow: &str) -> RunRequest {
        let workflow = bowline_workflow::read(file, workflow)
            .unwrap_or_else(|errors| panic!("{}", bowline_diag::plain(&errors)));
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let state = self.path("state");
        RunRequest {
            workflow,
            event: Event::push("refs/heads/main", commit, Vec::new()),
            revision: revision(commit),
            repository: "acme/checkout".to_owned(),
            default_branch: Some("main".to_owned()),
            tree: self.path("tree"),
            git_dir: self.path("git"),
            history: None,
            run_folder: state.join("runs/1"),
            launcher: launcher(),
            secrets: BTreeMap::new(),
            vars: BTreeMap::new(),
            inputs: serde_json::Map::new(),
            only_job: None,
            run_id: 41,
            run_number: 7,
            attempt: 1,
            caches: Caches {
                // Shared by all tests: a cold build of Go's library takes half a minute.
                go_build: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("go-build"),
                go_mod: state.join("cache/go-mod"),
                npm: state.join("cache/npm"),
                groups: state.join("cache/groups"),
                actions: state.join("cache/actions"),
            },
            tools: state.join("tools"),
            go: toolchain::find_go(&[PathBuf::from("/usr/local/go")]).expect("it can be asked"),
            node_search: vec![PathBuf::from("/usr/bin")],
            npm_registry: None,
            http: Client::new(Policy::trusted(), Proxy::default()).expect("a client"),
            network_environment: Vec::new(),
            parallel_max: 8,
            network: Network::Host,
            limits: JobLimits::default(),
            cancel: CancelToken::new(),
        }
    }

    /// Runs and keeps the events; `listen` hears each of them first.
    pub async fn run(
        &self,
        request: RunRequest,
        listen: impl Fn(&RunEvent) + Send + Sync + 'static,
    ) -> Result<RunReport, Error> {
        let kept = Arc::clone(&self.events);
        run_workflow(request, move |event| {
            listen(&event);
            kept.lock().expect("no panic").push(event);
        })
        .await
    }

    /// All lines that were shown, in order.
    pub fn lines(&self) -> Vec<String> {
        let events = self.events.lock().expect("no panic");
        let line = |event: &RunEvent| match event {
            RunEvent::Log { line, .. } => Some(line.clone()),
            RunEvent::Summary { text, .. } => Some(text.clone()),
            _ => None,
        };
        events.iter().filter_map(line).collect()
    }
}

pub fn launcher() -> Launcher {
    Launcher { program: env!("CARGO_BIN_EXE_runner-init").into(), arguments: Vec::new() }
}

pub fn revision(commit: &str) -> Revision {
    Revision {
        repository: "/nowhere/checkout".to_owned(),
        commit: commit.to_owned(),
        tree: "t".repeat(40),
        parent: None,
        author: "Ada".to_owned(),
        author_email: "ada@example.com".to_owned(),
        committed_at: 1_700_000_000,
        subject: "first".to_owned(),
        reference: "refs/heads/main".to_owned(),
        changed_files: Vec::new(),
        nearest_tag: None,
        trust: Trust::Local,
        dirty: false,
    }
}

pub fn run_tool(program: &str, arguments: &[&str], directory: &Path) -> String {
    let output = tool::run(&Tool {
        program: program.into(),
        arguments: arguments.iter().map(|it| (*it).to_owned()).collect(),
        directory: directory.to_owned(),
        environment: vec![
            ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
            ("HOME".to_owned(), "/nonexistent".to_owned()),
        ],
        input: Vec::new(),
        timeout: Duration::from_secs(60),
        output_bytes_max: 1 << 20,
    })
    .expect("it starts");
    assert!(output.exit.is_success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
