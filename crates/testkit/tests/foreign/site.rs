//! A user with somebody's repository.

use bowline_host::files;
use bowline_testkit::{Outcome, Repository, World, get};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A service that says what it is, answers its probes, and ends when it is told to.
pub const SERVER: &str = r#"package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

const version = "one"

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, greeting(os.Getenv("GREETING")))
	})
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	server := &http.Server{Addr: ":8080"}
	go func() { <-stop.Done(); server.Shutdown(context.Background()) }()
	fmt.Println(server.ListenAndServe())
}

func greeting(word string) string {
	if word == "" {
		return version
	}
	return word + " " + version
}
"#;

/// A usual image of a Go service.
pub const DOCKERFILE: &str = "\
FROM golang:1.22 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /out/app .

FROM scratch
COPY --from=build /out/app /app
EXPOSE 8080
ENTRYPOINT [\"/app\"]
";

/// A workflow of one step.
pub const WORKFLOW: &str = "\
on:
  push:
    branches: [main]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: test -f go.mod
";

/// A user with a repository in the folder `site`.
pub struct Site {
    pub world: World,
    pub repository: Repository,
}

impl Site {
    /// An empty repository.
    pub fn empty() -> Self {
        let world = World::new(program());
        let repository = world.empty_repository("site");
        Self { world, repository }
    }

    /// These files, and the `bowline.yaml` of a service called `site` with `more` at its end.
    pub fn with(files: &[(&str, &str)], more: &str) -> Self {
        let site = Self::empty();
        site.write(files);
        let listen = site.repository.address();
        let own = format!(
            "app: site\nworkflows: [.github/workflows/ci.yml]\ndeploy: {{ path: deploy }}\n\
             environments: {{ prod: {{ listen: \"{listen}\" }} }}\n{more}"
        );
        site.repository.write("bowline.yaml", &own);
        site
    }

    /// The plain service, committed.
    pub fn plain() -> Self {
        let deploy = rollout("site", "", "steps: [{ setWeight: 50 }, { pause: { duration: 1 } }]");
        let site = Self::with(
            &[
                ("go.mod", "module example.org/site\n\ngo 1.22\n"),
                ("main.go", SERVER),
                ("Dockerfile", DOCKERFILE),
                (".github/workflows/ci.yml", WORKFLOW),
                ("deploy/site.yaml", &deploy),
            ],
            "",
        );
        site.repository.commit("the plain service");
        site
    }

    pub fn write(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            self.repository.write(path, text);
        }
    }

    /// Commits a version that answers `name`.
    pub fn say(&self, from: &str, name: &str) -> String {
        let version = |word: &str| format!("version = \"{word}\"");
        self.repository.edit("main.go", &version(from), &version(name));
        self.repository.commit(&format!("say {name}"))
    }

    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.world.bowline(self.repository.folder(), arguments)
    }

    #[track_caller]
    pub fn release(&self) -> Outcome {
        self.run(&["release"])
    }

    /// What users are told.
    #[track_caller]
    pub fn answer(&self) -> String {
        let (status, body) = get(self.repository.address(), "/");
        assert_eq!(status, 200, "{body}");
        body
    }

    /// The items of a list.
    #[track_caller]
    pub fn list(&self, what: &str) -> Vec<Value> {
        let listed = self.world.bowline(self.world.root(), &["ls", what, "-o", "json"]);
        let items = listed.expect_exit(0).json()["items"].clone();
        items.as_array().expect("a list").clone()
    }

    /// Version and outcome of every release, newest first.
    #[track_caller]
    pub fn outcomes(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or("under way").to_owned();
        let row =
            |item: &Value| (text(&item["started"]["version"]), text(&item["finished"]["outcome"]));
        self.list("releases").iter().map(row).collect()
    }
}

/// A Service and a Rollout called `name`; `pod` stands in the container, `canary` in the strategy.
pub fn rollout(name: &str, pod: &str, canary: &str) -> String {
    format!(
        "apiVersion: v1
kind: Service
metadata:
  name: {name}
spec:
  selector:
    app: {name}
  ports:
    - port: 80
      targetPort: 8080
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: {name}
spec:
  replicas: 1
  progressDeadlineSeconds: 60
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
    spec:
      containers:
        - name: {name}
          image: {name}
          ports: [{{ containerPort: 8080 }}]
          readinessProbe:
            httpGet: {{ path: /, port: 8080 }}
{pod}
  strategy:
    canary:
      {canary}
"
    )
}

/// The `bowline` that was built beside this test.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let program = test.parent().and_then(Path::parent).expect("target/<profile>").join("bowline");
    assert!(files::exists(&program), "build it first: cargo build -p bowline");
    program
}
