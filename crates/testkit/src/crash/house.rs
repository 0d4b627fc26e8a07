//! A repository that is released in a moment, and what is true of the machine afterwards.

use super::point::Point;
use crate::{Leftover, Outcome, Repository, World, until};
use bowline_host::files;
use bowline_host::local::{self, Address};
use bowline_journal::{Durability, Journal};
use bowline_model::Event;
use bowline_sandbox::Exit;
use bowline_sandbox::tool::{self, Tool};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

/// How long a fact of a finished release may take to show: a pod that was left ends on its own.
const SETTLED_MAX: Duration = Duration::from_secs(30);
/// Events that are read at once.
const EVENTS_MAX: usize = 10_000;
/// The exit code of a process that called `abort`, as a shell says it.
const ABORTED: i32 = 128 + 6;
/// One answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Serves the text of `/behaviour`, which says too when it is to end at once.
const SERVER: &str = r#"package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	content, err := os.ReadFile("/behaviour")
	if err != nil || strings.HasPrefix(string(content), "exit") {
		log.Fatalf("told to end: %q %v", content, err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, string(content))
	})
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	server := &http.Server{Addr: ":8080"}
	go func() { <-stop.Done(); server.Shutdown(context.Background()) }()
	log.Print(server.ListenAndServe())
}
"#;

const FILES: &[(&str, &str)] = &[
    (
        ".github/workflows/ci.yml",
        "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: \"true\"\n",
    ),
    (
        "Dockerfile",
        "FROM scratch\nCOPY server behaviour /\nEXPOSE 8080\nENTRYPOINT [\"/server\"]\n",
    ),
    (
        "deploy/service.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: { name: shop }\nspec:\n  selector: { app: shop }\n\
         \x20 ports: [{ port: 80, targetPort: 8080 }]\n",
    ),
];

/// A user with a repository that is released in a moment.
#[derive(Debug)]
pub struct House {
    /// The user.
    pub world: World,
    /// The repository.
    pub repository: Repository,
    commits: u32,
}

impl House {
    /// A service of `replicas` pods whose canary gets half of the traffic for `pause` seconds.
    ///
    /// # Panics
    /// When there is no Go, or the folders cannot be made.
    #[must_use]
    pub fn new(program: &Path, replicas: u32, pause: u32) -> Self {
        Self::on(World::new(program), replicas, pause)
    }

    /// As [`House::new`], in a world that is there.
    ///
    /// # Panics
    /// As [`House::new`].
    #[must_use]
    pub fn on(world: World, replicas: u32, pause: u32) -> Self {
        let repository = world.empty_repository("shop");
        for (path, text) in FILES {
            repository.write(path, text);
        }
        let listen = repository.address();
        repository.write(
            "bowline.yaml",
            &format!(
                "app: shop\nworkflows: [.github/workflows/ci.yml]\ndockerfile: Dockerfile\n\
                 deploy: {{ path: deploy }}\nenvironments: {{ prod: {{ listen: \"{listen}\" }} }}\n"
            ),
        );
        repository.write("deploy/rollout.yaml", &rollout(replicas, pause));
        let server = repository.folder().join("server");
        files::write(&server, built_server(&world)).expect("the server can be written");
        files::set_mode(&server, 0o755).expect("the server can be made executable");
        Self { world, repository, commits: 0 }
    }

    /// Commits a version that answers with its own name, which is returned.
    pub fn commit_good(&mut self) -> String {
        self.commits += 1;
        let name = format!("version {}", self.commits);
        self.repository.write("behaviour", &name);
        self.repository.commit(&name);
        name
    }

    /// Commits a version that ends at its start.
    pub fn commit_bad(&mut self) -> String {
        self.commits += 1;
        let name = format!("exit {}", self.commits);
        self.repository.write("behaviour", &name);
        self.repository.commit(&name);
        name
    }

    /// Runs a verb to its end.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.world.bowline(self.repository.folder(), arguments)
    }

    /// Runs a verb that aborts at `point`; its end, and whether it got so far.
    ///
    /// # Panics
    /// When it aborts elsewhere.
    #[track_caller]
    pub fn crash(&mut self, arguments: &[&str], point: &Point) -> (Outcome, bool) {
        self.world.set("BOWLINE_CRASH", &point.to_string());
        let outcome = self.run(arguments);
        self.world.unset("BOWLINE_CRASH");
        let told = format!("crash at: {point}");
        let reached = outcome.stderr.lines().any(|line| line == told);
        assert_eq!(reached, outcome.code == ABORTED, "{outcome}");
        (outcome, reached)
    }

    /// Runs a verb that aborts after the first effect or event of that kind; whether it got so far.
    #[track_caller]
    pub fn crash_after(&mut self, arguments: &[&str], kind: &str) -> bool {
        self.world.set("BOWLINE_CRASH", kind);
        let outcome = self.run(arguments);
        self.world.unset("BOWLINE_CRASH");
        outcome.code == ABORTED
    }

    /// Runs a verb to its end; its points in the order in which they are passed.
    ///
    /// # Panics
    /// When it ends otherwise than with `code`.
    #[track_caller]
    pub fn list(&mut self, arguments: &[&str], code: i32) -> Vec<Point> {
        self.world.set("BOWLINE_CRASH", "list");
        let outcome = self.run(arguments).expect_exit(code);
        self.world.unset("BOWLINE_CRASH");
        let lines = outcome.stderr.lines();
        let points = lines.filter_map(|line| line.strip_prefix("crash point: "));
        points.map(|text| text.parse().unwrap_or_else(|error| panic!("{error}"))).collect()
    }

    /// The journal, opened beside whoever conducts.
    pub fn journal(&self) -> Journal {
        Journal::open(self.world.state().join("journal.db"), Durability::Normal)
            .expect("the journal can be opened")
    }

    /// The events after the event number `head`.
    ///
    /// # Panics
    /// When the journal cannot be read.
    #[must_use]
    #[track_caller]
    pub fn events_after(&self, head: u64) -> Vec<Event> {
        self.journal().events(head + 1, EVENTS_MAX).expect("the journal can be read")
    }

    /// The events of a kind, of every key.
    pub fn events(&self, kind: &str) -> Vec<Event> {
        let mut events = self.journal().events_by_kind(kind).expect("the journal can be read");
        events.retain(|event| event.kind == kind);
        events
    }

    /// The newest event of a kind.
    #[track_caller]
    pub fn newest(&self, kind: &str) -> Event {
        self.events(kind).pop().unwrap_or_else(|| panic!("there is no `{kind}`"))
    }

    /// What one request is answered.
    #[track_caller]
    pub fn answer(&self) -> String {
        self.ask(&Address::Tcp(self.repository.address()), "/")
    }

    /// The edge's table and what is said about it.
    #[track_caller]
    pub fn table(&self) -> Value {
        let socket = find(&self.world.root().join("r"), "edge.sock");
        let text = self.ask(&Address::Unix(socket), "/table");
        serde_json::from_str(&text).expect("the edge answers in JSON")
    }

    fn ask(&self, address: &Address, path: &str) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let request = local::request(address, "GET", path, None, ANSWER_MAX);
        let answer = runtime.expect("a runtime").block_on(request);
        let answer = answer.unwrap_or_else(|error| panic!("{path}: {error}"));
        String::from_utf8_lossy(&answer.body).into_owned()
    }

    /// Living processes whose command line contains `word`.
    pub fn processes(&self, word: &str) -> Vec<u32> {
        let all = self.world.processes().into_iter();
        all.filter(|process| process.command.contains(word)).map(|process| process.pid).collect()
    }

    /// The shims of pods: process id and pod folder.
    pub fn shims(&self) -> Vec<(u32, String)> {
        let shim = |process: Leftover| {
            let (_, folder) = process.command.split_once(" shim ")?;
            Some((process.pid, folder.to_owned()))
        };
        self.world.processes().into_iter().filter_map(shim).collect()
    }

    /// What the servers that run would answer, sorted: each is asked for its own file, so that a
    /// process without traffic is seen too.
    ///
    /// # Panics
    /// When the root of a living process cannot be read.
    #[must_use]
    pub fn running(&self) -> Vec<String> {
        let read = |pid| files::read_text(format!("/proc/{pid}/root/behaviour"), 1024).ok();
        let mut all: Vec<String> = self.processes("/server").into_iter().filter_map(read).collect();
        all.sort();
        all
    }

    /// What must be true whenever a command has ended: one version has all traffic, it is the
    /// one that answers `name`, and nothing is there twice or left behind.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn expect_settled(&self, name: &str, replicas: usize) {
        let journal = self.journal();
        journal.verify().expect("the chain is whole");
        let pending = journal.pending().expect("the outbox can be read");
        assert!(pending.is_empty(), "effects without an end: {pending:?}");

        let promoted = self.newest("rollout.promoted").body["hash"].clone();
        let route = self.table()["table"]["routes"][0].clone();
        assert_eq!(route["stable"], promoted, "{route}");
        assert_eq!(route["rollout"], Value::Null, "no canary is left: {route}");
        let weights = route["versions"].as_array().expect("versions").iter();
        let weights: Vec<(&Value, u64)> = weights
            .map(|version| (&version["hash"], version["weight"].as_u64().expect("a weight")))
            .filter(|(_, weight)| *weight > 0)
            .collect();
        assert_eq!(weights, [(&promoted, 100)], "all traffic goes to the promoted version");
        assert_eq!(self.answer(), name);

        until("only the pods of one version", SETTLED_MAX, || {
            let shims = self.shims();
            let folders: BTreeSet<&String> = shims.iter().map(|(_, folder)| folder).collect();
            assert_eq!(folders.len(), shims.len(), "two shims for one pod: {shims:?}");
            let running = self.running();
            let right = running.iter().all(|text| text == name);
            (right && shims.len() == replicas && running.len() == replicas).then_some(())
        });
        assert_eq!(self.processes(" edge-shim ").len(), 1, "one edge");
        assert_eq!(self.processes("bowline edge ").len(), 1, "one edge");
        let releases = self.events("engine.release_started").len();
        let ended: BTreeSet<String> =
            self.events("engine.release_finished").into_iter().map(|event| event.key).collect();
        assert_eq!(ended.len(), releases, "every release has an end");
    }
}

fn rollout(replicas: u32, pause: u32) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {{ name: shop }}
spec:
  replicas: {replicas}
  progressDeadlineSeconds: 60
  selector: {{ matchLabels: {{ app: shop }} }}
  template:
    metadata: {{ labels: {{ app: shop }} }}
    spec:
      containers:
        - name: shop
          image: shop
          ports: [{{ containerPort: 8080 }}]
          readinessProbe: {{ httpGet: {{ path: /, port: 8080 }} }}
  strategy:
    canary:
      steps: [{{ setWeight: 50 }}, {{ pause: {{ duration: {pause} }} }}]
"
    )
}

/// The server's bytes, built once a test run.
fn built_server(world: &World) -> &'static [u8] {
    static SERVER_BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    SERVER_BYTES.get_or_init(|| {
        let folder = world.root().join("server");
        files::create_dirs(&folder).expect("a folder can be made");
        files::write(folder.join("main.go"), SERVER.as_bytes()).expect("a file can be written");
        let cache = world.state().join("cache/go-build").display().to_string();
        let home = world.root().join("h").display().to_string();
        let path = std::env::var("PATH").expect("there is a PATH");
        let variables =
            [("PATH", path), ("HOME", home), ("GOCACHE", cache), ("CGO_ENABLED", "0".into())];
        let output = tool::run(&Tool {
            program: "go".into(),
            arguments: ["build", "-ldflags=-s -w", "-o", "server", "main.go"]
                .map(str::to_owned)
                .to_vec(),
            directory: folder.clone(),
            environment: variables.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            input: Vec::new(),
            timeout: Duration::from_secs(300),
            output_bytes_max: 1024 * 1024,
        });
        let output = output.expect("go runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.exit, Exit::Code(0), "{said}");
        files::read(folder.join("server"), 64 * 1024 * 1024).expect("the server was built")
    })
}

/// The only file of that name below `folder`.
fn find(folder: &Path, name: &str) -> PathBuf {
    let entries = files::walk(folder, 1000).expect("the runtime folder can be read");
    let entry = entries.iter().find(|entry| entry.relative.ends_with(name));
    folder.join(&entry.unwrap_or_else(|| panic!("no `{name}`")).relative)
}
