//! The behaviour probes: tiny workflows under `tests/probes/`, each with what must come of it.
//!
//! A probe is a workflow file; comments at its head say what happens and what is expected, one
//! a line, `# key: value` (the keys stand in `probe.rs`). Each probe runs in real boxes. The
//! test prints one line a probe, `probe <name>: passed` or `failed: <why>`, for the score.

#![expect(clippy::disallowed_methods, reason = "a test looks at files as a user does")]

#[path = "support/bench.rs"]
mod bench;
#[path = "support/probe.rs"]
mod probe;

use bench::{Bench, run_tool};
use bowline_runner::{Conclusion, RunRequest};
use probe::Probe;
use std::path::PathBuf;

#[tokio::test(flavor = "multi_thread")]
async fn every_probe_behaves_as_on_github() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/probes");
    let wanted = std::env::var("BOWLINE_PROBE").ok();
    let mut failed = Vec::new();
    let mut count = 0;
    for probe in Probe::all(&folder) {
        if wanted.as_ref().is_some_and(|wanted| *wanted != probe.name) {
            continue;
        }
        count += 1;
        match probe.run().await {
            Ok(()) => println!("probe {}: passed", probe.name),
            Err(reason) => {
                println!("probe {}: failed: {reason}", probe.name);
                failed.push(probe.name);
            }
        }
    }
    assert!(count > 0, "there are no probes in {}", folder.display());
    assert!(failed.is_empty(), "{} of {count} probes failed: {}", failed.len(), failed.join(", "));
}

/// Runs one workflow on a bench and gives what was shown.
async fn shown(bench: &Bench, change: impl FnOnce(&mut RunRequest), steps: &str) -> Vec<String> {
    let text = format!(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n{}",
        steps.lines().map(|line| format!("      {line}\n")).collect::<String>()
    );
    let mut request = bench.request("ci.yml", &text);
    change(&mut request);
    bench.events.lock().expect("no panic").clear();
    let report = bench.run(request, |_| {}).await.expect("it runs");
    let lines = bench.lines();
    assert_eq!(report.conclusion, Conclusion::Success, "{lines:#?}");
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn git_in_the_workspace_knows_the_commit_and_its_tag() {
    let bench = Bench::new();
    bench.file("a.txt", "alpha");
    let commit = bench.commit();
    let steps = [
        "- uses: actions/checkout@v4",
        "- run: |",
        "    git rev-parse HEAD",
        "    git describe",
        "    git status --porcelain",
        "    echo b > b.txt",
        "    git add -A",
        "    git -c user.name=a -c user.email=a@b commit -qm two",
        "    git describe",
    ];
    let lines = shown(&bench, |_| {}, &steps.join("\n")).await;
    // The first line is the checkout's own.
    let lines = &lines[1..];
    assert_eq!(&lines[..2], [commit.as_str(), "v1.2.3"]);
    assert!(lines[2].starts_with("v1.2.3-1-g"), "the status is clean: {lines:?}");
    let head = std::fs::read_to_string(bench.path("git/HEAD")).expect("it is there");
    assert!(head.starts_with("ref: refs/heads/"), "the checkout's own `.git` stays as it is");
    let log = bench.path("git/logs/HEAD");
    assert_eq!(std::fs::read_to_string(log).expect("it is there").lines().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_tests_are_cached_in_the_next_run() {
    let bench = Bench::new();
    bench.file("go.mod", "module m\n\ngo 1.22\n");
    let unique = bowline_host::random::hex(8);
    let import = "package m\n\nimport \"testing\"\n\n";
    let test = format!("{import}func Test_{unique}(t *testing.T) {{}}\n");
    bench.file("m_test.go", &test);
    let steps = "- uses: actions/checkout@v4\n- run: go test ./...";
    let first = shown(&bench, |_| {}, steps).await;
    assert!(!first.iter().any(|line| line.contains("(cached)")), "{first:?}");
    let next = bench.path("state/runs/2");
    let second = shown(&bench, |request| request.run_folder = next, steps).await;
    assert!(second.iter().any(|line| line.contains("(cached)")), "{second:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_a_job_but_its_log_and_what_it_wrote() {
    let bench = Bench::new();
    bench.file("kept.txt", "old");
    let steps = "- uses: actions/checkout@v4\n- run: echo new > made.txt; rm kept.txt; \
                 echo $RANDOM > ~/x";
    shown(&bench, |_| {}, steps).await;
    let folder = bench.path("state/runs/1/jobs/a");
    let mut left: Vec<_> = std::fs::read_dir(&folder)
        .expect("it is there")
        .map(|entry| entry.expect("it can be read").file_name().into_string().expect("UTF-8"))
        .collect();
    left.sort();
    assert_eq!(left, ["log", "workspace"]);
    assert_eq!(std::fs::read_to_string(bench.path("tree/kept.txt")).expect("it stays"), "old");
    let mounts = std::fs::read_to_string("/proc/self/mounts").expect("it can be read");
    let root = bench.root.path().display().to_string();
    assert!(!mounts.contains(&root), "no mount is left on the host");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_job_asked_for_and_what_it_needs_run() {
    let bench = Bench::new();
    let job = |id: &str, rest: &str| {
        format!("  {id}:\n    runs-on: ubuntu-latest\n{rest}    steps: [{{run: echo ran {id}}}]\n")
    };
    let text =
        format!("on: push\njobs:\n{}{}{}", job("a", ""), job("b", "    needs: a\n"), job("c", ""));
    let mut request = bench.request("ci.yml", &text);
    request.only_job = Some("b".to_owned());
    let report = bench.run(request, |_| {}).await.expect("it runs");
    assert_eq!(report.conclusion, Conclusion::Success);
    assert_eq!(bench.lines(), ["ran a", "ran b"]);
    let mut request = bench.request("ci.yml", &text);
    request.only_job = Some("bb".to_owned());
    let error = bench.run(request, |_| {}).await.expect_err("there is no such job");
    let shown = bowline_diag::plain(&bowline_diag::Diagnose::diagnose(&error));
    assert!(shown.contains("job `bb` does not exist in `ci.yml`"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_checkout_that_asks_for_it_has_the_whole_history() {
    let bench = Bench::new();
    bench.file("a.txt", "alpha");
    bench.commit();
    // As `source` makes it: no objects of its own, those of the repository are borrowed.
    let (git, borrowed) = (bench.path("git"), bench.path("borrowed"));
    run_tool("cp", &["-a", "git", "borrowed"], bench.root.path());
    std::fs::remove_dir_all(borrowed.join("objects")).expect("it is there");
    std::fs::create_dir_all(borrowed.join("objects/info")).expect("a folder");
    let alternates = format!("{}\n", bowline_runner::layout::GIT_OBJECTS);
    std::fs::write(borrowed.join("objects/info/alternates"), alternates).expect("a file");
    let commit = run_tool("git", &["--git-dir", "git", "rev-parse", "HEAD"], bench.root.path());
    std::fs::write(git.join("shallow"), &commit).expect("a file");
    let job = |id: &str, with: &str| {
        format!(
            "  {id}:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n{with}      \
             - run: echo {id} $(git rev-parse --is-shallow-repository) $(git log --format=%s)\n"
        )
    };
    let text = format!(
        "on: push\njobs:\n{}{}",
        job("a", "        with: { fetch-depth: 0 }\n"),
        job("b", "")
    );
    let mut request = bench.request("ci.yml", &text);
    request.history =
        Some(bowline_runner::History { git_dir: borrowed, objects: git.join("objects") });
    let report = bench.run(request, |_| {}).await.expect("it runs");
    assert_eq!(report.conclusion, Conclusion::Success, "{:?}", bench.lines());
    let lines = bench.lines();
    for expected in ["a false first", "b true first"] {
        assert!(lines.iter().any(|line| line == expected), "{expected}: {lines:?}");
    }
}
