//! A workflow of many jobs: matrix, outputs, artifacts, caches, concurrency, permissions.

use crate::site::{DOCKERFILE, SERVER, Site, rollout};
use bowline_testkit::until;
use std::time::Duration;

const WORKFLOW: &str = r#"name: CI

on:
  push:
    branches: [main]
    paths-ignore: ["docs/**", "*.md"]
  pull_request:
  workflow_dispatch:

permissions:
  contents: read

concurrency:
  group: ${{ github.workflow }}-${{ github.ref }}
  cancel-in-progress: true

defaults:
  run:
    shell: bash

env:
  CGO_ENABLED: "0"

jobs:
  plan:
    name: Plan
    runs-on: ubuntu-latest
    outputs:
      packages: ${{ steps.list.outputs.packages }}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-go@v5
        with:
          go-version-file: go.mod
      - id: list
        run: echo "packages=$(go list ./... | tr '\n' ' ')" >> "$GITHUB_OUTPUT"

  test:
    name: Test on ${{ matrix.os }} with Go ${{ matrix.go }}
    needs: plan
    runs-on: ${{ matrix.os }}
    strategy:
      fail-fast: false
      matrix:
        os: [ubuntu-latest, ubuntu-22.04, windows-latest]
        go: ["1.22", stable]
        exclude:
          - os: windows-latest
          - os: ubuntu-22.04
            go: stable
        include:
          - os: ubuntu-latest
            go: stable
            cover: true
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - uses: actions/setup-go@v5
        with:
          go-version: ${{ matrix.go }}
          cache-dependency-path: go.mod
      - uses: actions/cache@v4
        with:
          path: ~/.cache/lint
          key: lint-${{ runner.os }}-${{ hashFiles('go.mod', '**/*.go') }}
          restore-keys: lint-${{ runner.os }}-
      - name: Test
        run: |
          mkdir -p ~/.cache/lint && date > ~/.cache/lint/stamp
          go test -coverprofile=cover.out ${{ needs.plan.outputs.packages }}
      - uses: actions/upload-artifact@v4
        if: matrix.cover
        with:
          name: cover
          path: cover.out
          retention-days: 5

  report:
    needs: [plan, test]
    if: ${{ !cancelled() && needs.test.result == 'success' }}
    runs-on: ubuntu-latest
    concurrency: report
    steps:
      - name: the workspace is empty before a checkout
        run: test -z "$(ls -A)"
      - uses: actions/download-artifact@v4
        with:
          name: cover
      - run: |
          head -1 cover.out | grep '^mode:'
          echo "Coverage" >> "$GITHUB_STEP_SUMMARY"
"#;

const TEST: &str = "package main

import \"testing\"

func TestGreeting(t *testing.T) {
	if greeting(\"\") != version || greeting(\"hi\") != \"hi \"+version {
		t.Fatal(\"unexpected\")
	}
}
";

fn site(workflow: &str) -> Site {
    let site = Site::with(
        &[
            ("go.mod", "module example.org/site\n\ngo 1.22\n"),
            ("main.go", SERVER),
            ("main_test.go", TEST),
            ("Dockerfile", DOCKERFILE),
            (".github/workflows/ci.yml", workflow),
            ("deploy/site.yaml", &rollout("site", "", "steps: []")),
        ],
        "reports: { coverage: cover.out }\ngates: [\"coverage >= 10\"]\n",
    );
    site.repository.commit("a matrix");
    site
}

#[test]
fn a_matrix_with_outputs_artifacts_and_concurrency_is_released() {
    let site = site(WORKFLOW);
    let released = site.release().expect_exit(0);
    for job in ["Plan", "Test on ubuntu-latest with Go 1.22", "report"] {
        assert!(released.stderr.contains(job), "{released}");
    }
    assert!(released.stderr.contains("5 jobs"), "plan, three legs, report: {released}");
    assert_eq!(site.answer(), "one");
    // A commit that changes documentation only is a push that the workflow ignores, so nothing
    // left the report that the gate asks for.
    site.repository.write("docs/a page.md", "words\n");
    site.repository.commit("words");
    let ignored = site.release().expect_exit(3);
    assert!(ignored.stderr.contains("skipped .github/workflows/ci.yml: "), "{ignored}");
    assert!(
        ignored.stderr.contains("help: release a commit that the workflow runs for"),
        "{ignored}"
    );
}

#[test]
fn what_nobody_carries_out_is_told_at_its_place_before_anything_runs() {
    let lint = "      - uses: golangci/golangci-lint-action@v6\n        with:\n          \
                version: v1.59\n";
    let text = WORKFLOW.replace(
        "      - uses: actions/download-artifact@v4\n",
        &format!("{lint}      - uses: actions/download-artifact@v4\n"),
    );
    let site =
        site(&text.replace("          - os: windows-latest\n", "          - os: macos-13\n"));
    let refused = site.release().expect_exit(2);
    let line = text.lines().position(|line| line.contains("golangci")).expect("a line") + 1;
    assert!(refused.stderr.contains("golangci/golangci-lint-action"), "{refused}");
    assert!(refused.stderr.contains(&format!("ci.yml:{line}:")), "{refused}");
    assert!(site.list("releases").is_empty(), "it has no number yet");

    // Labels that the matrix gives are known when it is expanded.
    site.repository.write(
        ".github/workflows/ci.yml",
        &text
            .replace(lint, "")
            .replace("          - os: windows-latest\n", "          - os: macos-13\n"),
    );
    site.repository.commit("windows");
    let refused = site.release();
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("no runner has the label `windows-latest`"), "{refused}");
}

/// Two commands of one group: the second waits until the first has ended.
#[test]
fn two_runs_of_a_group_never_overlap() {
    let site = site(
        "on: push\nconcurrency:\n  group: deploy-${{ github.ref_name }}\n  \
         cancel-in-progress: true\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps:\n      \
         - uses: actions/checkout@v4\n      - run: echo begun; sleep 2; echo done\n",
    );
    let folder = site.repository.folder();
    let mut first = site.world.start(folder, &["run"]);
    first.wait_for_talk("begun");
    let mut second = site.world.start(folder, &["run"]);
    second.wait_for_talk("waits for the group `deploy-main`");
    let pid = first.pid();
    assert!(second.talk().contains(&format!("process {pid}")), "{}", second.talk());
    assert!(!second.talk().contains("begun"), "{}", second.talk());
    first.wait().expect_exit(0);
    second.wait().expect_exit(0);

    // Who is cancelled while it waits runs nothing.
    let mut first = site.world.start(folder, &["run"]);
    first.wait_for_talk("begun");
    let mut second = site.world.start(folder, &["run"]);
    second.wait_for_talk("waits for the group");
    second.signal(bowline_sandbox::Signal::INTERRUPT);
    let second = second.wait().expect_exit(130);
    assert!(!second.stderr.contains("begun"), "{second}");
    first.wait().expect_exit(0);
    until("no process", Duration::from_secs(10), || {
        site.world.processes().is_empty().then_some(())
    });

    let own = site.repository.read(".github/workflows/ci.yml");
    let own = own.replace("    runs-on", "    concurrency: deploy-main\n    runs-on");
    site.repository.write(".github/workflows/ci.yml", &own);
    let refused = site.run(&["run"]).expect_exit(1);
    assert!(refused.stderr.contains("it would wait for ever"), "{refused}");
    let empty = own.replace("deploy-${{ github.ref_name }}", "${{ github.head_ref }}");
    site.repository.write(".github/workflows/ci.yml", &empty);
    let refused = site.run(&["run"]).expect_exit(2);
    assert!(refused.stderr.contains("group has no name"), "{refused}");
}
