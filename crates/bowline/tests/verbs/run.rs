//! `bowline run`: a workflow on this machine.

use crate::world;
use bowline_testkit::{Repository, World, bow_snapshot};

/// A workflow without Go, so that it takes a moment.
const WORKFLOW: &str = "\
name: quick
on: push
jobs:
  greet:
    runs-on: ubuntu-latest
    outputs:
      word: ${{ steps.say.outputs.word }}
    steps:
      - uses: actions/checkout@v4
      - id: say
        run: |
          echo \"word=hello\" >> \"$GITHUB_OUTPUT\"
          cat note.txt
  answer:
    needs: greet
    runs-on: ubuntu-latest
    steps:
      - run: echo \"it said ${{ needs.greet.outputs.word }}\"
";

fn quick(world: &World) -> Repository {
    let repository = world.empty_repository("quick");
    repository.write(".github/workflows/quick.yml", WORKFLOW);
    repository.write("note.txt", "committed\n");
    repository.commit("a quick workflow");
    repository
}

#[test]
fn a_workflow_runs_and_leaves_nothing_behind() {
    let world = world();
    let repository = quick(&world);
    bow_snapshot!(world, "run-quick", world.bowline(repository.folder(), &["run"]));
    world.expect_no_process();
    let log = world.bowline(repository.folder(), &["logs", "answer"]).expect_exit(0);
    assert!(log.stdout.contains("it said hello"), "{log}");
    let unknown = world.bowline(repository.folder(), &["logs", "anwser"]);
    bow_snapshot!(world, "logs-near", unknown);
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
}

#[test]
fn the_work_tree_is_run_as_it_is() {
    let world = world();
    let repository = quick(&world);
    repository.write("note.txt", "not committed\n");
    let ran = world.bowline(repository.folder(), &["run", "-j", "greet", "-o", "json"]);
    let ran = ran.expect_exit(0).expect_talk("not committed");
    let answer = ran.json();
    assert_eq!(answer["items"][0]["jobs"][0]["outputs"]["word"], "hello", "{answer}");
    assert_eq!(answer["items"][0]["jobs"].as_array().map(Vec::len), Some(1), "{answer}");
}

#[test]
fn a_failing_step_is_shown_with_its_last_lines() {
    let world = world();
    let repository = quick(&world);
    let failing = "cat note.txt\n          exit 7";
    repository.edit(".github/workflows/quick.yml", "cat note.txt", failing);
    bow_snapshot!(world, "run-failing", world.bowline(repository.folder(), &["run"]));
    world.expect_no_process();
}

/// A tolerated failure, a message of two lines, and a failure that the end tells.
const NOISY: &str = "\
on: push
jobs:
  noisy:
    runs-on: ubuntu-latest
    steps:
      - name: tolerated
        run: exit 5
        continue-on-error: true
      - run: echo '::warning file=a.go,line=3::first%0Asecond'
      - name: fatal
        run: exit 6
      - name: late
        if: always()
        run: exit 7
";

#[test]
fn every_error_and_warning_is_told_once_and_a_tolerated_one_too() {
    let world = world();
    let repository = quick(&world);
    repository.write(".github/workflows/quick.yml", NOISY);
    let ran = world.bowline(repository.folder(), &["run"]);
    bow_snapshot!(world, "run-noisy", ran);
    let ran = ran.expect_exit(1);
    for told in ["exit code 5", "exit code 6", "exit code 7", "first", "second"] {
        assert_eq!(ran.stderr.matches(told).count(), 1, "`{told}`\n{ran}");
    }
    assert!(!ran.stderr.contains('\u{fffd}'), "{ran}");
}

#[test]
fn each_workflow_that_fails_is_told() {
    let world = world();
    let repository = quick(&world);
    for (file, code) in [("one", 5), ("two", 6)] {
        let text = format!(
            "on: push\njobs:\n  {file}:\n    runs-on: ubuntu-latest\n    steps:\n      \
             - run: exit {code}\n"
        );
        repository.write(&format!(".github/workflows/{file}.yml"), &text);
    }
    let ran = world.bowline(repository.folder(), &["run"]).expect_exit(1);
    ran.expect_talk("job `one` failed").expect_talk("job `two` failed");
}

#[test]
fn a_file_that_is_not_yaml_is_named_with_line_and_column() {
    let world = world();
    let repository = quick(&world);
    repository.write(".github/workflows/quick.yml", "jobs: {\n\tthis is: [no YAML\n");
    repository.commit("no YAML");
    for arguments in [&["run"][..], &["run", "-W", "quick.yml"], &["check"]] {
        let ran = world.bowline(repository.folder(), arguments).expect_exit(2);
        ran.expect_talk("at .github/workflows/quick.yml:3:1");
    }
}

#[test]
fn a_secret_is_masked_everywhere() {
    let world = world();
    let repository = quick(&world);
    let showing = "echo \"${{ secrets.TOKEN }}\" | tee -a out; rev out";
    repository.edit(".github/workflows/quick.yml", "cat note.txt", showing);
    let given = ["run", "-s", "TOKEN=correct-horse-battery"];
    let ran = world.bowline(repository.folder(), &given).expect_exit(0).expect_talk("***");
    assert!(!ran.to_string().replace(&ran.command, "").contains("correct-horse"), "{ran}");
    let log = world.bowline(repository.folder(), &["logs", "greet"]).expect_exit(0);
    assert!(!log.stdout.contains("correct-horse") && log.stdout.contains("***"), "{log}");
}

#[test]
fn what_is_asked_for_and_not_there_is_named() {
    let world = world();
    let repository = quick(&world);
    for (arguments, name) in [
        (&["run", "-j", "gret"][..], "run-unknown-job"),
        (&["run", "-W", "nowhere.yml"], "run-unknown-file"),
        (&["run", "pull_request"], "run-other-event"),
        (&["run", "-s", "TOKEN"], "run-secret-form"),
    ] {
        bow_snapshot!(world, name, world.bowline(repository.folder(), arguments));
    }
    world.expect_no_process();
}

#[test]
fn an_interrupt_ends_the_jobs() {
    let world = world();
    let repository = quick(&world);
    let waiting = "echo waiting for ever; sleep 300";
    repository.edit(".github/workflows/quick.yml", "cat note.txt", waiting);
    let mut running = world.start(repository.folder(), &["run"]);
    running.wait_for_talk("waiting for ever");
    running.signal(bowline_sandbox::Signal::INTERRUPT);
    running.wait().expect_exit(130).expect_talk("interrupted");
    world.expect_no_process();
}
