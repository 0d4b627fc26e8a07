//! Cells of the published tables, with few runs; the whole tables are `rollout simulate`'s.

use bowline_rollout::judge::simulate::{Cell, Rule, Trouble, World, cell};

fn world(stable_rate: f64, canary_rate: f64, requests_per_second: f64) -> World {
    let (share, seconds, trouble) = (0.1, 1_800, Trouble::None);
    World { requests_per_second, share, stable_rate, canary_rate, seconds, trouble }
}

const ARGO_5_MIN: Rule = Rule::Argo { seconds: 300, failure_limit: 3 };
const ARGO_60_S: Rule = Rule::Argo { seconds: 60, failure_limit: 3 };
const ARGO_60_S_STRICT: Rule = Rule::Argo { seconds: 60, failure_limit: 0 };

/// Within ten per cent, or one second or request.
fn near(found: Option<u64>, expected: u64) -> bool {
    let slack = (expected / 10).max(1);
    found.is_some_and(|found| found.abs_diff(expected) <= slack)
}

#[test]
fn the_split_test_finds_bad_canaries_as_fast_as_published() {
    for (stable, canary, rps, delay, failed, late) in [
        (0.001, 0.5, 50.0, 2, 6, 4),
        (0.001, 0.1, 50.0, 11, 6, 22),
        (0.001, 0.1, 500.0, 2, 8, 3),
        (0.001, 0.02, 50.0, 74, 8, 139),
        (0.001, 0.02, 500.0, 7, 8, 16),
    ] {
        let found = cell(&world(stable, canary, rps), Rule::Split, 400, 1);
        let case = format!("{stable} -> {canary} at {rps}: {found:?}");
        assert!(near(found.delay_p50, delay) && near(found.failed_p50, failed), "{case}");
        let slack = (late / 4).max(1);
        assert!(found.delay_p95.is_some_and(|p95| p95.abs_diff(late) <= slack), "{case}");
    }
}

#[test]
fn the_peers_rules_need_minutes_as_published() {
    let ten_per_cent = world(0.001, 0.1, 50.0);
    for (rule, delay, failed) in [
        (ARGO_5_MIN, 1_200, 600),
        (ARGO_60_S, 240, 120),
        (ARGO_60_S_STRICT, 60, 30),
        (Rule::Flagger, 300, 150),
        (Rule::MannWhitney, 1_800, 900),
    ] {
        let found = cell(&ten_per_cent, rule, 40, 2);
        let matches = near(found.delay_p50, delay) && near(found.failed_p50, failed);
        assert!(matches, "{rule:?}: {found:?}");
    }
    let missed = cell(&world(0.001, 0.02, 50.0), ARGO_60_S, 40, 3);
    assert_eq!((missed.delay_p50, missed.failed_p50), (None, None));
}

#[test]
fn healthy_releases_are_left_alone_and_the_naive_test_is_not_to_be_trusted() {
    for (rate, rps) in [(0.001, 50.0), (0.01, 5.0), (0.01, 50.0), (0.05, 50.0)] {
        let found = cell(&world(rate, rate, rps), Rule::Split, 150, 4);
        assert!(found.found <= 0.007, "{rate} at {rps}: {found:?}");
    }
    let naive = cell(&world(0.01, 0.01, 50.0), Rule::PooledEachSecond, 150, 5);
    assert!((0.28..0.53).contains(&naive.found), "published 40.1 %: {naive:?}");
}

#[test]
fn a_shared_fault_is_no_reason_and_bursts_are_paid_for() {
    let mut shared = world(0.001, 0.001, 50.0);
    shared.trouble = Trouble::SharedFault { added_rate: 0.2, from: 600, seconds: 300 };
    assert_eq!(cell(&shared, Rule::Split, 100, 6).found, 0.0);
    assert!(cell(&shared, ARGO_60_S, 20, 6).found > 0.9, "the peers' rule falls for it");
    let mut bursts = world(0.01, 0.01, 500.0);
    bursts.trouble = Trouble::OwnBursts;
    let plain = cell(&bursts, Rule::Split, 80, 7).found;
    assert!((0.02..0.3).contains(&plain), "published 12.6 %: {plain}");
    assert_eq!(cell(&bursts, Rule::SplitWithDispersion, 60, 8).found, 0.0);
}

#[test]
fn a_seed_replays_and_no_runs_find_nothing() {
    let bad = world(0.001, 0.1, 50.0);
    assert_eq!(cell(&bad, Rule::Split, 20, 9), cell(&bad, Rule::Split, 20, 9));
    let nothing = Cell { found: 0.0, delay_p50: None, delay_p95: None, failed_p50: None };
    assert_eq!(cell(&bad, Rule::Split, 0, 9), nothing);
}
