//! Row 33: a workflow that was cancelled, killed or timed out, and a report that is not a report,
//! are never a pass, at whatever moment it happens.

use crate::release::{release, released};
use crate::world;
use bowline_sandbox::Signal;
use bowline_testkit::{Repository, World};

const WORKFLOW: &str = ".github/workflows/ci.yml";

/// The line of the quick workflow that leaves the coverage report.
const LEAVES: &str = "cp reports/cover.txt coverage.out";

/// What stands in its place, and the exit code of the release: 3 = a gate blocks, 1 = the
/// workflow failed.
const CASES: [(&str, &str, i32); 13] = [
    ("nothing", "true", 3),
    ("an empty report", ": > coverage.out", 3),
    ("only its first line", "head -n 1 reports/cover.txt > coverage.out", 3),
    ("cut within a line", "head -c 50 reports/cover.txt > coverage.out", 3),
    ("not a report", "head -c 4096 /dev/urandom > coverage.out", 3),
    ("a folder", "mkdir coverage.out", 3),
    ("a link inside", "ln -s reports/cover.txt coverage.out", 3),
    ("a link out", "cp reports/cover.txt /tmp/c; ln -s /tmp/c coverage.out", 3),
    ("a pipe", "mkfifo coverage.out", 3),
    ("larger than the limit", "truncate -s 65M coverage.out", 3),
    ("killed after it was written", "cp reports/cover.txt coverage.out; kill -KILL $$", 1),
    ("ended by a signal", "cp reports/cover.txt coverage.out; kill -TERM $$", 1),
    ("failed after it was written", "cp reports/cover.txt coverage.out; exit 1", 1),
];

/// What serves did not change.
#[track_caller]
fn nothing_new(world: &World, what: &str) {
    let listed = world.bowline(world.root(), &["ls", "environments", "-o", "json"]).expect_exit(0);
    let answer = listed.json();
    assert_eq!(answer["items"][0]["version"], "v0.0.1-build.1", "{what}: {answer}");
}

/// Releases the repository with a change of its workflow.
#[track_caller]
fn ends_with(world: &World, repository: &Repository, what: &str, code: i32) {
    repository.commit(what);
    let outcome = release(world, repository);
    assert_eq!(outcome.code, code, "{what}: {outcome}");
    assert!(!outcome.stderr.contains("PROMOTED"), "{what}: {outcome}");
    nothing_new(world, what);
}

#[test]
fn row_33_what_is_no_report_blocks_and_what_was_killed_fails() {
    let (world, repository) = released();
    let good = repository.read(WORKFLOW);
    // A report of an older run in the work tree, ignored by git, is not this run's report.
    repository.write("coverage.out", &repository.read("reports/cover.txt"));
    for (what, line, code) in CASES {
        repository.write(WORKFLOW, &good.replace(LEAVES, line));
        ends_with(&world, &repository, what, code);
    }
    repository.write(WORKFLOW, &good);
    repository.commit("the report again");
    release(&world, &repository).expect_exit(0);
}

#[test]
fn row_33_a_tolerated_or_timed_out_step_is_no_pass_of_a_gate() {
    let (world, repository) = released();
    let good = repository.read(WORKFLOW);
    let step = "      - name: reports that were made before\n";
    let tolerated = format!("{step}        continue-on-error: true\n");
    let failing = format!("exit 1\n          {LEAVES}");
    let workflow = good.replace(step, &tolerated).replace(LEAVES, &failing);
    repository.write(WORKFLOW, &workflow);
    ends_with(&world, &repository, "a tolerated step that should have written it", 3);

    let slow = format!("{LEAVES}\n          sleep 300");
    let timed = format!("{step}        timeout-minutes: 0.01\n");
    repository.write(WORKFLOW, &good.replace(step, &timed).replace(LEAVES, &slow));
    ends_with(&world, &repository, "a step that timed out after it was written", 1);

    let job = "    runs-on: ubuntu-latest\n";
    let timed = format!("{job}    timeout-minutes: 0.01\n");
    repository.write(WORKFLOW, &good.replace(job, &timed).replace(LEAVES, &slow));
    ends_with(&world, &repository, "a job that timed out after it was written", 1);
}

#[test]
fn row_33_a_cancelled_workflow_is_no_pass_before_within_and_after_its_report() {
    let moments = [
        ("before", format!("echo here; sleep 300; {LEAVES}")),
        ("within", "echo 'mode: set' > coverage.out; echo here; sleep 300".to_owned()),
        ("after", format!("{LEAVES}; echo here; sleep 300")),
    ];
    let world = world();
    let repository = world.repository().with_quick_workflow();
    let good = repository.read(WORKFLOW);
    for (moment, line) in moments {
        repository.write(WORKFLOW, &good.replace(LEAVES, &line));
        repository.commit(moment);
        for verb in ["run", "release"] {
            let mut running = world.start(repository.folder(), &[verb, "--verbose"]);
            running.wait_for_talk("here");
            running.signal(Signal::INTERRUPT);
            let ended = running.wait();
            assert_eq!(ended.code, 130, "{verb} {moment}: {ended}");
            assert!(!ended.stderr.contains("PROMOTED"), "{verb} {moment}: {ended}");
        }
        let pods = world.bowline(world.root(), &["ls", "pods", "-o", "name"]).expect_exit(0);
        assert_eq!(pods.stdout.trim(), "", "{moment}: {pods}");
        world.expect_no_process();
    }
}
