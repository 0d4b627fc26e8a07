//! Runs as a state machine, driven by a table of how jobs end.

use bowline_workflow::machine::Reason;
use bowline_workflow::{Conclusion, Contexts, Decision, Run, read};
use std::collections::{BTreeMap, VecDeque};

fn run_of(jobs: &str) -> Run {
    let text = format!("on: push\njobs:\n{jobs}");
    let workflow = read("ci.yml", &text).unwrap_or_else(|errors| panic!("{jobs}: {errors:?}"));
    Run::new(&workflow, Contexts::default())
}

/// Runs everything, one instance at a time in the order of starting; `ends` says how instances
/// end (success otherwise). Returns the order of starts and the results.
fn simulate(run: &mut Run, ends: &[(&str, Conclusion)], free: usize) -> Vec<String> {
    let mut log = Vec::new();
    let mut running: VecDeque<String> = VecDeque::new();
    let mut decisions = run.decide(free);
    for _ in 0..1000 {
        for decision in decisions.drain(..) {
            match decision {
                Decision::Start(instance) => {
                    log.push(format!("+{}", instance.key));
                    running.push_back(instance.key);
                }
                Decision::Cancel { key } => log.push(format!("!{key}")),
                Decision::Dropped { key } => log.push(format!("~{key}")),
                Decision::Ended { job, conclusion, .. } => {
                    log.push(format!("{job}={}", conclusion.word()));
                }
            }
        }
        let Some(key) = running.pop_front() else { break };
        let how = ends.iter().find(|(name, _)| *name == key).map(|(_, how)| *how);
        let stopped = log.contains(&format!("!{key}"));
        let how = how.unwrap_or(if stopped { Conclusion::Cancelled } else { Conclusion::Success });
        decisions = run.finished(&key, how, &BTreeMap::new());
        decisions.extend(run.decide(free.saturating_sub(running.len())));
    }
    assert!(run.is_finished(), "the run came to a stop: {log:?}");
    log
}

fn check(jobs: &str, ends: &[(&str, Conclusion)], expected: &str, conclusion: Conclusion) {
    let mut run = run_of(jobs);
    let log = simulate(&mut run, ends, 8);
    assert_eq!(log.join(" "), expected, "{jobs}");
    assert_eq!(run.conclusion(), Some(conclusion), "{jobs}");
}

use Conclusion::{Cancelled, Failure, Skipped, Success};

#[test]
fn a_job_starts_when_its_own_needs_end() {
    let jobs = "  a: { runs-on: linux }\n  b: { runs-on: linux }\n  \
        c: { runs-on: linux, needs: a }\n";
    let mut run = run_of(jobs);
    let started = |decisions: Vec<Decision>| -> Vec<String> {
        let starts = decisions.into_iter().filter_map(|decision| match decision {
            Decision::Start(instance) => Some(instance.key),
            _ => None,
        });
        starts.collect()
    };
    assert_eq!(started(run.decide(8)), ["a", "b"]);
    run.finished("a", Success, &BTreeMap::new());
    assert_eq!(started(run.decide(7)), ["c"], "b still runs");
}

#[test]
fn failure_skips_what_needs_it_unless_a_status_function_says_otherwise() {
    let jobs = "  a: { runs-on: linux }
  b: { runs-on: linux, needs: a }
  c: { runs-on: linux, needs: b }
  d: { runs-on: linux, needs: [a, b], if: \"failure() && needs.b.result == 'skipped'\" }
  e: { runs-on: linux, needs: c, if: always() }
  f: { runs-on: linux, needs: e }
";
    let expected = "+a a=failure b=skipped c=skipped +e +d e=success f=skipped d=success";
    let mut run = run_of(jobs);
    let log = simulate(&mut run, &[("a", Failure)], 8);
    assert_eq!(log.join(" "), expected);
    assert_eq!(run.conclusion(), Some(Failure));
}

#[test]
fn fail_fast_stops_running_and_queued_siblings() {
    let matrix = |more: &str| {
        format!("  a: {{ runs-on: linux, strategy: {{ matrix: {{ v: [1, 2, 3] }}{more} }} }}\n")
    };
    check(
        &matrix(", max-parallel: 2"),
        &[("a/1", Failure)],
        "+a/1 +a/2 !a/2 ~a/3 a=failure",
        Failure,
    );
    check(&matrix(", fail-fast: false"), &[("a/1", Failure)], "+a/1 +a/2 +a/3 a=failure", Failure);
    check(&matrix(", max-parallel: 1"), &[], "+a/1 +a/2 +a/3 a=success", Success);
}

#[test]
fn continue_on_error_keeps_the_run_green_and_lets_dependants_run() {
    let jobs = "  a: { runs-on: linux, continue-on-error: true }\n  \
        b: { runs-on: linux, needs: a, if: needs.a.result == 'success' }\n";
    check(jobs, &[("a", Failure)], "+a a=success +b b=success", Success);
    let experimental = "  a:
    runs-on: linux
    continue-on-error: ${{ matrix.v == 1 }}
    strategy: { matrix: { v: [1, 2] } }
";
    check(experimental, &[("a/1", Failure)], "+a/1 +a/2 a=success", Success);
}

#[test]
fn a_cancelled_run_ends_what_runs_and_starts_only_what_asks_for_it() {
    let mut run = run_of(
        "  a: { runs-on: linux }
  b: { runs-on: linux, if: always() }
  c: { runs-on: linux, needs: a }
  d: { runs-on: linux, needs: a, if: cancelled() }
",
    );
    assert_eq!(run.decide(8).len(), 2);
    run.cancel();
    let cancelled: Vec<String> = run
        .decide(8)
        .into_iter()
        .filter_map(|decision| match decision {
            Decision::Cancel { key } => Some(key),
            _ => None,
        })
        .collect();
    assert_eq!(cancelled, ["a"], "b goes on");
    assert!(run.decide(8).is_empty(), "a stop is asked for once");
    run.finished("a", Cancelled, &BTreeMap::new());
    let log: Vec<String> = run
        .decide(8)
        .into_iter()
        .map(|decision| match decision {
            Decision::Start(instance) => format!("+{}", instance.key),
            Decision::Ended { job, conclusion, .. } => format!("{job}={}", conclusion.word()),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(log, ["a=cancelled", "c=skipped", "+d"]);
    run.finished("b", Success, &BTreeMap::new());
    run.finished("d", Success, &BTreeMap::new());
    run.decide(8);
    assert_eq!(run.conclusion(), Some(Cancelled));
}

#[test]
fn a_condition_or_matrix_without_a_value_fails_the_job() {
    let mut run = run_of(
        "  a: { runs-on: linux, if: \"fromJSON('')\" }\n  \
        b: { runs-on: linux, strategy: { matrix: \"${{ fromJSON('{}') }}\" } }\n",
    );
    let reasons: Vec<(String, Conclusion, bool)> = run
        .decide(8)
        .into_iter()
        .filter_map(|decision| match decision {
            Decision::Ended { job, conclusion, reason } => {
                Some((job, conclusion, matches!(reason, Some(Reason::Evaluation(_)))))
            }
            _ => None,
        })
        .collect();
    let failed = |job: &str| (job.to_owned(), Failure, true);
    assert_eq!(reasons, [failed("a"), failed("b")]);
}

#[test]
fn outputs_of_instances_share_one_map_and_the_last_text_wins() {
    let mut run = run_of(
        "  a: { runs-on: linux, strategy: { matrix: { v: [1, 2, 3] } } }
  b: { runs-on: linux, needs: a, if: needs.a.outputs.k == 'two' && needs.a.result == 'success' }
",
    );
    run.decide(8);
    let output = |value: &str| BTreeMap::from([("k".to_owned(), value.to_owned())]);
    run.finished("a/1", Success, &output("one"));
    run.finished("a/2", Success, &output("two"));
    run.finished("a/3", Success, &output(""));
    let decisions = run.decide(8);
    assert!(decisions.iter().any(|d| matches!(d, Decision::Start(i) if i.key == "b")));
    assert_eq!(run.outputs("a"), [("k".to_owned(), "two".to_owned())]);
    assert_eq!(run.warnings().len(), 1);
}

#[test]
fn the_longest_way_starts_first_when_places_are_few() {
    let mut run = run_of(
        "  short: { runs-on: linux }
  long: { runs-on: linux }
  after: { runs-on: linux, needs: long }
",
    );
    let log = simulate(&mut run, &[], 1);
    assert_eq!(log.join(" "), "+long long=success +short short=success +after after=success");
}

#[test]
fn one_job_runs_with_what_it_needs_and_nothing_else() {
    let mut run = run_of(
        "  a: { runs-on: linux }\n  b: { runs-on: linux, needs: a }\n  c: { runs-on: linux }\n",
    );
    assert!(!run.only("nobody"));
    assert!(run.only("b"));
    let log = simulate(&mut run, &[], 8);
    assert_eq!(log.join(" "), "+a a=success +b b=success");
    assert_eq!((run.conclusion(), run.job_result("c")), (Some(Success), Some(Skipped)));
}
