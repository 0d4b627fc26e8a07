//! Scenarios: what happens to a release, told by the world around it.

use crate::driver::{Behaviour, World, pause, plan, start, version, wait, weight};
use bowline_model::Verdict;
use bowline_rollout::Plan;
use bowline_rollout::judge::Arm;
use bowline_rollout::machine::{
    AbortCause, Aborted, Action, Effect, Event, PauseEnd, Phase, Start, standing,
};
use bowline_rollout::status;
use serde_json::json;

fn last_abort(world: &World) -> &Aborted {
    let found = world.journal.iter().rev().find_map(|event| match event {
        Event::Aborted(aborted) => Some(aborted),
        _ => None,
    });
    found.expect("an abort")
}

fn article() -> Plan {
    plan(&[weight(10), pause(300), weight(50), pause(600)])
}

fn with_slo(mut plan: Plan) -> Plan {
    plan.max_error_rate_ppm = Some(10_000);
    plan
}

#[test]
fn a_first_version_skips_its_steps_but_not_its_health() {
    let mut world = World::new();
    world.behaviours.insert("a".to_owned(), Behaviour::ReadyAfter(5_000));
    world.ask(start("a", &article()));
    world.run(4);
    assert!(world.state.weight.is_none(), "no traffic before it is healthy");
    world.run_until(10, |world| world.phase() == Some(Phase::Promoted));
    assert_eq!(
        world.kinds(0),
        [
            "rollout.started",
            "rollout.replicas_scaled",
            "rollout.replicas_available",
            "rollout.weight_shifted",
            "rollout.promoted"
        ]
    );
    assert_eq!((world.stable(), world.replicas("a")), ("a", 4));
    assert_eq!(world.verdict(), Some(Verdict::Info));
}

#[test]
fn an_update_takes_its_steps_and_becomes_stable() {
    let mut world = World::with_stable(&article());
    let from = world.journal.len();
    world.ask(start("b", &article()));
    let seconds = world.run_until(1_000, |world| world.phase() == Some(Phase::Promoted));
    assert!((900..910).contains(&seconds), "the pauses run in full without an SLO: {seconds}");
    assert_eq!(
        world.kinds(from),
        [
            "rollout.started",
            "rollout.replicas_scaled",
            "rollout.replicas_available",
            "rollout.weight_shifted",
            "rollout.step_completed",
            "rollout.pause_started",
            "rollout.pause_ended",
            "rollout.step_completed",
            "rollout.replicas_scaled",
            "rollout.replicas_available",
            "rollout.weight_shifted",
            "rollout.step_completed",
            "rollout.pause_started",
            "rollout.pause_ended",
            "rollout.step_completed",
            "rollout.replicas_scaled",
            "rollout.replicas_available",
            "rollout.weight_shifted",
            "rollout.promoted",
            "rollout.weight_shifted",
        ]
    );
    assert_eq!(world.weights(), [0, 10, 50, 100, 0]);
    assert_eq!((world.stable(), world.replicas("a"), world.replicas("b")), ("b", 4, 4));
    assert_eq!(world.verdict(), Some(Verdict::Pass));
    world.run_until(40, |world| world.replicas("a") == 0);
    assert!(world.state.draining.is_empty());
}

#[test]
fn the_weight_waits_for_the_pods_and_the_pods_come_before_the_weight() {
    let mut world = World::with_stable(&article());
    world.behaviours.insert("b".to_owned(), Behaviour::ReadyAfter(20_000));
    world.ask(start("b", &article()));
    assert_eq!(world.replicas("b"), 1, "one pod of four at 10 %");
    world.run(19);
    assert_eq!(world.state.canary_weight(), 0);
    world.run(2);
    assert_eq!(world.state.canary_weight(), 10);
    world.run(300);
    assert_eq!((world.replicas("b"), world.state.canary_weight()), (2, 10));
    world.run(20);
    assert_eq!(world.state.canary_weight(), 50);
}

#[test]
fn a_pause_ends_early_when_the_slo_is_proven_and_each_pause_is_proven_anew() {
    let mut world = World::with_stable(&with_slo(article()));
    world.requests_per_second = 500;
    world.ask(start("b", &with_slo(article())));
    let seconds = world.run_until(100, |world| world.phase() == Some(Phase::Promoted));
    assert!(seconds < 30, "two proofs at 500 requests per second: {seconds} s");
    let ends: Vec<_> = world
        .journal
        .iter()
        .filter_map(|event| match event {
            Event::PauseEnded(end) => Some((end.index, end.cause, end.evidence.judgement.clone())),
            _ => None,
        })
        .collect();
    let proven = |index| (index, PauseEnd::Proven, "proven".to_owned());
    assert_eq!(ends, [proven(1), proven(3)]);
}

#[test]
fn the_floor_of_a_pause_holds_even_with_a_proof() {
    let mut slow = with_slo(article());
    slow.min_pause_ms = 60_000;
    let mut world = World::with_stable(&slow);
    world.requests_per_second = 2_000;
    world.ask(start("b", &slow));
    let seconds = world.run_until(200, |world| world.phase() == Some(Phase::Promoted));
    assert!((120..130).contains(&seconds), "{seconds}");
}

#[test]
fn a_bad_canary_is_taken_back_in_seconds_and_its_digest_is_quarantined() {
    let mut world = World::with_stable(&article());
    world.failing.insert("b".to_owned(), 500);
    let from = world.journal.len();
    world.ask(start("b", &article()));
    let seconds = world.run_until(60, |world| world.phase() == Some(Phase::Aborted));
    assert!(seconds <= 4, "half of five requests a second fail: {seconds} s");
    let kinds = world.kinds(from);
    let tail = ["rollout.aborted", "rollout.weight_shifted", "rollout.digest_quarantined"];
    assert_eq!(kinds[kinds.len() - 3..], tail, "the flip comes first");
    assert_eq!((world.state.canary_weight(), world.stable()), (0, "a"));
    let aborted = last_abort(&world);
    assert_eq!(aborted.cause, AbortCause::Judged);
    assert!(aborted.message.contains("requests)"), "{}", aborted.message);
    assert!(aborted.evidence.against_thousandths >= 6_907 && aborted.evidence.canary.failed >= 3);
    let decision_ms = aborted.evidence.decision_ms().expect("a first canary request");
    assert!((1..=4_000).contains(&decision_ms), "{decision_ms} ms");
    assert!(!aborted.evidence.seconds.is_empty(), "the integers stay with the verdict");
    assert_eq!(world.state.quarantined.keys().collect::<Vec<_>>(), ["sha256:image-b"]);
    assert_eq!(world.replicas("b"), 1, "the pods stay for the delay");
    let flips = world.weights().len();
    world.run_until(40, |world| world.replicas("b") == 0);
    world.run(100);
    assert_eq!(world.weights().len(), flips, "traffic does not flap afterwards");
}

#[test]
fn the_way_back_stays_open_while_a_pause_waits_for_a_person() {
    let waiting = plan(&[weight(20), wait()]);
    let mut world = World::with_stable(&waiting);
    world.ask(start("b", &waiting));
    world.run(30);
    assert!(world.state.is_waiting());
    world.failing.insert("b".to_owned(), 400);
    world.run_until(20, |world| world.phase() == Some(Phase::Aborted));
    assert_eq!(last_abort(&world).cause, AbortCause::Judged);
}

#[test]
fn at_full_weight_the_slo_still_takes_back_before_completion() {
    let mut watched = with_slo(plan(&[]));
    watched.watch_ms = 60_000;
    let mut world = World::with_stable(&watched);
    world.failing.insert("b".to_owned(), 100);
    world.ask(start("b", &watched));
    world.run_until(20, |world| world.phase() == Some(Phase::Aborted));
    assert_eq!((world.weights(), world.stable()), (vec![0, 100, 0], "a"));
    assert!(last_abort(&world).message.starts_with("error rate"));
}

#[test]
fn a_deployment_switches_when_healthy_watches_and_is_proven() {
    let mut watched = with_slo(plan(&[]));
    watched.watch_ms = 60_000;
    let mut world = World::with_stable(&watched);
    world.ask(start("b", &watched));
    let seconds = world.run_until(90, |world| world.phase() == Some(Phase::Promoted));
    assert!((10..20).contains(&seconds), "520 requests at 50 a second: {seconds} s");
    assert_eq!(world.replicas("b"), 4);
}

#[test]
fn a_version_that_crashes_at_start_gets_no_traffic_and_shows_its_last_lines() {
    for (name, mut world) in [("first", World::new()), ("update", World::with_stable(&article()))] {
        world.behaviours.insert("b".to_owned(), Behaviour::CrashEvery(2_000));
        world.ask(start("b", &article()));
        let seconds = world.run_until(60, |world| world.phase() == Some(Phase::Aborted));
        assert!(seconds <= 5, "{name}: at once after two crashes, not at the deadline");
        let aborted = last_abort(&world);
        assert_eq!(aborted.cause, AbortCause::CrashLoop, "{name}");
        assert_eq!(aborted.last_log, ["listening", "panic in b"], "{name}");
        assert!(!world.weights().iter().any(|weight| *weight > 0), "{name}: no traffic");
        assert!(world.state.quarantined.contains_key("sha256:image-b"), "{name}");
        world.run_until(40, |world| world.replicas("b") == 0);
    }
}

#[test]
fn a_version_that_is_never_ready_ends_at_the_deadline() {
    let mut short = article();
    short.progress_deadline_ms = 30_000;
    for mut world in [World::new(), World::with_stable(&short)] {
        world.behaviours.insert("b".to_owned(), Behaviour::NeverReady);
        world.ask(start("b", &short));
        let seconds = world.run_until(60, |world| world.phase() == Some(Phase::Aborted));
        assert_eq!(seconds, 30);
        let aborted = last_abort(&world);
        assert_eq!(aborted.cause, AbortCause::ProgressDeadline);
        assert!(aborted.message.contains("0 of "), "{}", aborted.message);
    }
}

#[test]
fn an_edge_that_never_acknowledges_ends_at_the_deadline_too() {
    let mut world = World::with_stable(&article());
    world.edge_answers = false;
    world.ask(start("b", &article()));
    let seconds = world.run_until(700, |world| world.phase() == Some(Phase::Aborted));
    assert!((600..605).contains(&seconds), "{seconds}");
    assert!(last_abort(&world).message.ends_with("the edge did not acknowledge the weight"));
    assert_eq!(world.state.canary_weight(), 0);
}

#[test]
fn a_blind_judge_raises_no_weight_and_takes_back_after_half_a_minute() {
    let mut world = World::with_stable(&article());
    world.edge_counts = false;
    world.ask(start("b", &article()));
    world.run(10);
    assert_eq!(world.state.canary_weight(), 0, "no weight rises on a canary that nobody sees");
    world.edge_counts = true;
    world.run(10);
    assert_eq!(world.state.canary_weight(), 10);
    world.edge_counts = false;
    world.run(20);
    assert_eq!(world.phase(), Some(Phase::Progressing), "a restart of the edge is borne");
    world.edge_counts = true;
    world.run(5);
    world.edge_counts = false;
    let seconds = world.run_until(60, |world| world.phase() == Some(Phase::Aborted));
    assert!((30..32).contains(&seconds), "{seconds}");
    assert_eq!(last_abort(&world).cause, AbortCause::CountersLost);
}

#[test]
fn no_traffic_at_all_promotes_with_thin_evidence_and_no_pause_is_shortened() {
    let mut world = World::with_stable(&with_slo(article()));
    world.requests_per_second = 0;
    world.ask(start("b", &with_slo(article())));
    let seconds = world.run_until(1_000, |world| world.phase() == Some(Phase::Promoted));
    assert!(seconds >= 900);
    assert_eq!(world.verdict(), Some(Verdict::Warn));
    let message = world.state.rollout.as_ref().map(|rollout| rollout.message.clone());
    assert_eq!(message.as_deref(), Some("thin evidence: no request reached the canary"));
}

#[test]
fn abort_takes_back_at_once_and_once() {
    let mut world = World::with_stable(&article());
    world.ask(start("b", &article()));
    world.run(20);
    let effects = world.effects.len();
    world.ask(Action::Abort);
    let done: Vec<&str> = world.effects[effects..].iter().map(Effect::kind).collect();
    assert_eq!(done, ["rollout.set_weight", "rollout.quarantine"]);
    let aborted = last_abort(&world);
    assert_eq!((aborted.cause, aborted.by.as_str()), (AbortCause::Requested, "ann"));
    assert_eq!(aborted.message, "taken back by ann: because");
    assert_eq!(world.kinds(world.journal.len()), Vec::<&str>::new());
    assert_eq!(world.ask(Action::Abort).len(), 1, "answered, nothing else");
}

#[test]
fn abort_without_a_rollout_changes_nothing() {
    for mut world in [World::new(), World::with_stable(&article())] {
        let before = (world.effects.len(), world.state.stable.clone(), world.state.weight.clone());
        let events = world.ask(Action::Abort);
        assert_eq!(events.iter().map(Event::kind).collect::<Vec<_>>(), ["rollout.request_handled"]);
        let after = (world.effects.len(), world.state.stable.clone(), world.state.weight.clone());
        assert_eq!(before, after);
    }
}

#[test]
fn a_request_is_answered_once_however_often_it_is_shown() {
    let mut world = World::new();
    let abort = world.request(Action::Abort);
    world.decide(vec![abort.clone()]);
    world.ask(start("a", &article()));
    world.run(2);
    world.ask(start("b", &article()));
    world.run(2);
    assert_eq!(world.decide(vec![abort]).len(), 0, "an old abort does not hit a new rollout");
    assert_eq!(world.phase(), Some(Phase::Progressing));
}

#[test]
fn abort_outranks_a_full_promotion_in_any_order() {
    for abort_first in [true, false] {
        let mut world = World::with_stable(&article());
        world.ask(start("b", &article()));
        world.run(20);
        let mut requests =
            vec![world.request(Action::Promote { full: true }), world.request(Action::Abort)];
        if abort_first {
            requests.reverse();
            requests[0].number = Some(100);
            requests[1].number = Some(101);
        }
        world.decide(requests);
        assert_eq!(world.phase(), Some(Phase::Aborted));
        world.run(60);
        assert_eq!((world.stable(), world.state.canary_weight()), ("a", 0));
        let mut later = World::with_stable(&article());
        later.ask(start("b", &article()));
        later.run(20);
        later.ask(Action::Promote { full: true });
        later.ask(Action::Abort);
        later.run(60);
        assert_eq!(later.stable(), "a");
    }
}

#[test]
fn promote_ends_a_pause_and_full_skips_all() {
    let waiting = plan(&[weight(10), wait(), weight(50), pause(600)]);
    let mut world = World::with_stable(&waiting);
    world.ask(start("b", &waiting));
    world.run(2_000);
    assert!(world.state.is_waiting(), "a pause without a duration has no deadline");
    world.ask(Action::Promote { full: false });
    world.run(5);
    assert_eq!(world.state.canary_weight(), 50);
    world.ask(Action::Promote { full: true });
    assert_eq!(world.state.canary_weight(), 50, "all pods come before all traffic");
    assert_eq!(world.replicas("b"), 4);
    world.run_until(5, |world| world.phase() == Some(Phase::Promoted));
    assert_eq!(world.weights(), [0, 10, 50, 100, 0]);
}

#[test]
fn pausing_by_hand_stops_the_steps_but_not_the_judge() {
    let mut world = World::with_stable(&article());
    world.ask(start("b", &article()));
    world.run(5);
    world.ask(Action::Pause);
    world.run(2_000);
    assert_eq!((world.state.canary_weight(), world.phase()), (10, Some(Phase::Progressing)));
    world.ask(Action::Resume);
    world.run(3);
    assert_eq!(world.state.canary_weight(), 50);
    world.ask(Action::Pause);
    world.failing.insert("b".to_owned(), 600);
    world.run_until(20, |world| world.phase() == Some(Phase::Aborted));
}

#[test]
fn retry_needs_permission_and_begins_at_step_zero_with_a_clean_slate() {
    let mut world = World::with_stable(&article());
    world.failing.insert("b".to_owned(), 500);
    world.ask(start("b", &article()));
    world.run_until(60, |world| world.phase() == Some(Phase::Aborted));
    let refused = world.ask(Action::Retry { overriding: false });
    assert!(matches!(refused.as_slice(), [Event::Refused(_)]));
    world.failing.clear();
    world.ask(Action::Retry { overriding: true });
    let rollout = world.state.active().expect("under way").clone();
    assert_eq!((rollout.step, rollout.number), (0, 3));
    world.run(30);
    assert_eq!(world.state.canary_weight(), 10, "old failures do not judge the new attempt");
    world.run_until(1_000, |world| world.phase() == Some(Phase::Promoted));
    assert!(world.state.quarantined.is_empty(), "what proved good may come again");
    assert!(matches!(world.effects.last(), Some(Effect::SetWeight { .. })));
    assert!(world.effects.iter().any(|e| matches!(e, Effect::LiftQuarantine { .. })));
}

#[test]
fn a_quarantined_digest_is_refused_and_another_one_passes() {
    let mut world = World::with_stable(&article());
    world.ask(start("b", &article()));
    world.run(5);
    world.ask(Action::Abort);
    world.run(60);
    let effects = world.effects.len();
    for _ in 0..100 {
        let events = world.ask(start("b", &article()));
        assert!(matches!(events.as_slice(), [Event::Refused(refused)]
            if refused.digest.as_deref() == Some("sha256:image-b")));
    }
    assert_eq!(world.effects.len(), effects, "0 redeploys");
    world.ask(start("c", &article()));
    assert_eq!(world.phase(), Some(Phase::Progressing), "the fix needs no switch");
    let mut overriding =
        Start { version: version("b"), plan: article(), overriding: true, baseline: Vec::new() };
    overriding.version.release = "v-b-again".to_owned();
    world.ask(Action::Start(Box::new(overriding)));
    assert_eq!(world.state.active().map(|r| r.version.hash.clone()).as_deref(), Some("b"));
}

#[test]
fn what_stable_also_runs_is_never_quarantined() {
    let mut world = World::with_stable(&article());
    let mut start =
        Start { version: version("b"), plan: article(), overriding: false, baseline: Vec::new() };
    start.version.images = version("a").images;
    world.ask(Action::Start(Box::new(start)));
    world.run(5);
    world.ask(Action::Abort);
    assert_eq!(world.state.quarantined.keys().collect::<Vec<_>>(), ["sha256:template-b"]);
}

#[test]
fn another_version_settles_the_old_rollout_first() {
    let mut world = World::with_stable(&article());
    world.ask(start("b", &article()));
    world.run(20);
    let from = world.journal.len();
    world.ask(start("c", &article()));
    assert_eq!(
        world.kinds(from)[..3],
        ["rollout.aborted", "rollout.weight_shifted", "rollout.started"]
    );
    assert_eq!(last_abort(&world).cause, AbortCause::Superseded);
    assert!(world.state.quarantined.is_empty(), "nobody said that it was bad");
    assert_eq!((world.replicas("b"), world.replicas("c")), (0, 1));
    world.run_until(1_000, |world| world.phase() == Some(Phase::Promoted));
    assert_eq!(world.stable(), "c");
}

#[test]
fn applying_the_stable_version_again_takes_a_canary_back() {
    let mut world = World::with_stable(&article());
    world.ask(start("b", &article()));
    world.run(20);
    world.ask(start("a", &article()));
    assert_eq!((world.phase(), world.state.canary_weight()), (Some(Phase::Aborted), 0));
    assert_eq!(world.replicas("b"), 0);
    world.run(100);
    assert_eq!((world.stable(), world.replicas("a")), ("a", 4));
}

#[test]
fn applying_again_with_other_replicas_scales_and_with_other_steps_restarts() {
    let mut world = World::with_stable(&article());
    let mut larger = article();
    larger.replicas = 6;
    world.ask(start("a", &larger));
    assert_eq!(world.replicas("a"), 6);
    assert!(world.ask(start("a", &larger)).len() == 1, "answered, nothing else");
    world.ask(start("b", &larger));
    world.run(310);
    assert_eq!(world.state.canary_weight(), 50);
    let slower = Plan { steps: vec![weight(5), wait()], ..larger };
    world.ask(start("b", &slower));
    world.run(3);
    assert_eq!((world.state.canary_weight(), world.replicas("b")), (5, 1));
    assert!(world.state.is_waiting());
}

#[test]
fn a_bad_stable_does_not_block_a_fix() {
    let mut world = World::with_stable(&article());
    world.behaviours.insert("a".to_owned(), Behaviour::NeverReady);
    world.failing.insert("a".to_owned(), 1_000);
    world.ask(start("b", &article()));
    world.run_until(1_000, |world| world.phase() == Some(Phase::Promoted));
    assert_eq!(world.stable(), "b");
}

#[test]
fn a_restart_of_the_conductor_at_any_point_changes_nothing() {
    let quick = with_slo(plan(&[weight(10), pause(20), weight(50), pause(20)]));
    let whole = |restart_at: Option<usize>| {
        let mut world = World::with_stable(&quick);
        world.ask(start("b", &quick));
        for second in 0..80 {
            if restart_at == Some(second) {
                let before = standing(&world.state);
                world.restart();
                assert_eq!(standing(&world.state), before, "same effects under the same keys");
            }
            world.second();
        }
        (world.journal.clone(), world.effects.clone())
    };
    let expected = whole(None);
    for second in [0, 1, 5, 21, 22, 40, 43, 79] {
        assert_eq!(whole(Some(second)), expected, "restart at second {second}");
    }
}

#[test]
fn standing_effects_are_the_last_ones_of_each_thing() {
    let mut world = World::with_stable(&article());
    world.ask(start("b", &article()));
    world.run(20);
    let standing = standing(&world.state);
    for effect in &standing {
        assert!(world.effects.contains(effect), "{effect:?} was issued before");
    }
    assert_eq!(standing.len(), 3, "one weight, two sizes");
}

#[test]
fn a_boot_of_the_machine_keeps_what_had_passed_and_fires_no_timer() {
    let mut world = World::with_stable(&article());
    world.ask(start("b", &article()));
    world.run(100);
    let passed = world.now_ms;
    world.now_ms = 90_000_000_000 + passed;
    world.boot = "boot-2".to_owned();
    world.decide(Vec::new());
    assert_eq!(world.phase(), Some(Phase::Progressing), "no deadline fires by the jump");
    assert_eq!(world.state.canary_weight(), 10);
    let rest = world.run_until(300, |world| world.state.canary_weight() == 50);
    assert!((200..270).contains(&rest), "what the journal knows to have passed counts: {rest}");
}

#[test]
fn a_clock_that_goes_back_within_a_boot_is_borne() {
    let mut world = World::with_stable(&article());
    world.ask(start("b", &article()));
    world.run(100);
    let mut observation = world.observation(Vec::new());
    observation.now_ms = 0;
    let (events, _) = bowline_rollout::machine::decide(&world.state, &observation);
    assert!(events.is_empty(), "{events:?}");
}

#[test]
fn a_lower_weight_moves_traffic_before_it_takes_pods_away() {
    let down = plan(&[weight(75), weight(25), wait()]);
    let mut world = World::with_stable(&down);
    let from = world.effects.len();
    world.ask(start("b", &down));
    world.run(5);
    let kinds: Vec<&str> = world.effects[from..].iter().map(Effect::kind).collect();
    let expected = [
        "rollout.scale_replica_set",
        "rollout.set_weight",
        "rollout.set_weight",
        "rollout.scale_replica_set",
    ];
    assert_eq!(kinds, expected);
    assert_eq!((world.replicas("b"), world.state.canary_weight()), (1, 25));
}

#[test]
fn bursts_before_the_release_make_the_judge_slower() {
    let run = |baseline: Vec<Arm>| {
        let mut world = World::with_stable(&article());
        world.failing.insert("b".to_owned(), 200);
        let (version, plan) = (version("b"), article());
        let start = Start { version, plan, overriding: false, baseline };
        world.ask(Action::Start(Box::new(start)));
        world.run_until(290, |world| world.phase() == Some(Phase::Aborted))
    };
    let mut bursts = vec![Arm::new(100, 0); 599];
    bursts.push(Arm::new(100, 20));
    assert!(run(bursts) > run(vec![Arm::new(100, 1); 600]));
}

#[test]
fn the_status_reads_as_argo_writes_it() {
    let waiting = plan(&[weight(20), wait()]);
    let mut world = World::new();
    assert_eq!(status::project(&world.state)["phase"], "Progressing");
    world = World::with_stable(&waiting);
    assert_eq!(status::project(&world.state)["phase"], "Healthy");
    world.ask(start("b", &waiting));
    world.run(5);
    let status = status::project(&world.state);
    assert_eq!(
        status,
        json!({
            "phase": "Paused",
            "message": "CanaryPauseStep: waiting for promote",
            "stableRS": "a",
            "currentPodHash": "b",
            "canary": {"weights": {
                "canary": {"podTemplateHash": "b", "weight": 20},
                "stable": {"podTemplateHash": "a", "weight": 80},
            }},
            "currentStepIndex": 1,
            "abort": false,
            "promoteFull": false,
            "controllerPause": true,
            "pauseConditions": [{"reason": "CanaryPauseStep"}],
        })
    );
    world.ask(Action::Abort);
    let status = status::project(&world.state);
    assert_eq!((&status["phase"], &status["abort"]), (&json!("Degraded"), &json!(true)));
    assert_eq!(status["message"], "RolloutAborted: taken back by ann: because");
}

#[test]
fn pods_that_were_just_resized_do_not_count_as_seen() {
    let up_again = plan(&[weight(76), weight(0)]);
    let mut world = World::with_stable(&up_again);
    world.ask(start("b", &up_again));
    // The driver fails when traffic meets a version without a ready pod.
    world.run_until(60, |world| world.phase() == Some(Phase::Promoted));
    assert_eq!(world.weights(), [0, 76, 0, 100, 0]);
}
