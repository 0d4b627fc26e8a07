//! Properties against random worlds: the invariants that real controllers broke.

use crate::driver::{Behaviour, World, pause, plan, start, wait, weight};
use bowline_rollout::Plan;
use bowline_rollout::judge::Arm;
use bowline_rollout::machine::{
    Action, Counters, Effect, Event, Observation, Phase, Pods, Request, SecondCounts, State, decide,
};
use bowline_rollout::spec::Step;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Something that happens to a world.
#[derive(Debug, Clone)]
enum Move {
    Seconds(u64),
    Start(char),
    Abort,
    Promote(bool),
    Pause(bool),
    Retry(bool),
    Behave(char, Behaviour),
    Fail(char, u64),
    Traffic(u64),
    Counts(bool),
    Restart,
    Boot,
}

fn name() -> impl Strategy<Value = char> {
    prop::sample::select(vec!['a', 'b', 'c'])
}

fn behaviour() -> impl Strategy<Value = Behaviour> {
    prop_oneof![
        4 => (0..5_000u64).prop_map(Behaviour::ReadyAfter),
        1 => Just(Behaviour::NeverReady),
        1 => (500..4_000u64).prop_map(Behaviour::CrashEvery),
    ]
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        6 => (1..90u64).prop_map(Move::Seconds),
        4 => name().prop_map(Move::Start),
        2 => Just(Move::Abort),
        2 => any::<bool>().prop_map(Move::Promote),
        1 => any::<bool>().prop_map(Move::Pause),
        2 => any::<bool>().prop_map(Move::Retry),
        2 => (name(), behaviour()).prop_map(|(name, behaviour)| Move::Behave(name, behaviour)),
        2 => (name(), 0..600u64).prop_map(|(name, rate)| Move::Fail(name, rate)),
        1 => prop::sample::select(vec![0, 5, 50, 500]).prop_map(Move::Traffic),
        1 => any::<bool>().prop_map(Move::Counts),
        1 => Just(Move::Restart),
        1 => Just(Move::Boot),
    ];
    prop::collection::vec(one, 1..25)
}

fn plans() -> impl Strategy<Value = Plan> {
    let step =
        prop_oneof![(0..=100u8).prop_map(weight), (0..120u64).prop_map(pause), Just(wait()),];
    let steps = prop::collection::vec(step, 0..6);
    (steps, 1..6u32, any::<bool>(), any::<bool>()).prop_map(|(steps, replicas, slo, delay)| {
        let mut plan = plan(&steps);
        plan.replicas = replicas;
        plan.progress_deadline_ms = 60_000;
        plan.max_error_rate_ppm = slo.then_some(10_000);
        plan.abort_scale_down_delay_ms = Some(if delay { 30_000 } else { 0 });
        plan
    })
}

fn play(world: &mut World, plan: &Plan, step: &Move) {
    match step {
        Move::Seconds(seconds) => {
            for _ in 0..*seconds {
                world.second();
                check(world);
            }
        }
        Move::Start(name) => drop(world.ask(start(&name.to_string(), plan))),
        Move::Abort => drop(world.ask(Action::Abort)),
        Move::Promote(full) => drop(world.ask(Action::Promote { full: *full })),
        Move::Pause(true) => drop(world.ask(Action::Pause)),
        Move::Pause(false) => drop(world.ask(Action::Resume)),
        Move::Retry(overriding) => drop(world.ask(Action::Retry { overriding: *overriding })),
        Move::Behave(name, behaviour) => {
            world.behaviours.insert(name.to_string(), *behaviour);
        }
        Move::Fail(name, rate) => {
            world.failing.insert(name.to_string(), *rate);
        }
        Move::Traffic(rate) => world.requests_per_second = *rate,
        Move::Counts(readable) => world.edge_counts = *readable,
        Move::Restart => world.restart(),
        Move::Boot => {
            world.boot.push('+');
            world.now_ms += 77;
        }
    }
    check(world);
}

/// What holds at every moment.
fn check(world: &World) {
    let state = &world.state;
    if let Some(weight) = &state.weight {
        assert!(weight.weight <= 100);
        if state.active().is_none() {
            let stable = state.stable.as_ref().map(|version| version.hash.clone());
            let alone = weight.weight == 0 && weight.canary.is_none();
            assert!(alone, "without a rollout one version has all traffic: {weight:?}");
            assert!(stable.is_none() || stable.as_ref() == Some(&weight.stable), "{weight:?}");
        }
        if stable_is_drained(state) {
            panic!("the version with traffic has no pods: {:#?}", world.tail());
        }
    }
    if let Some(rollout) = state.active() {
        let resting = rollout.paused || rollout.pause.is_some();
        let waited = state.latest_ms.saturating_sub(rollout.progressed_ms);
        let limit = rollout.plan.progress_deadline_ms;
        assert!(resting || waited <= limit, "the deadline fires: {waited} ms");
    }
}

fn stable_is_drained(state: &State) -> bool {
    let Some(stable) = &state.stable else { return false };
    let wanted = state.stable_plan.as_ref().map_or(0, |plan| plan.replicas);
    let size = state.scales.get(&stable.hash).map_or(0, |scale| scale.replicas);
    wanted > 0 && size == 0
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_invariants_hold_and_it_comes_to_rest(
        moves in moves(),
        plan in plans(),
    ) {
        let mut world = World::new();
        for step in &moves {
            play(&mut world, &plan, step);
        }
        // Abort always works, whatever came before, and leaves no canary behind.
        world.boot.push('!');
        let had_way_back = world.state.stable.is_some();
        let active = world.state.active().is_some();
        world.ask(Action::Abort);
        if active && had_way_back {
            prop_assert_eq!(world.phase(), Some(Phase::Aborted));
            prop_assert_eq!(world.state.canary_weight(), 0);
        }
        for _ in 0..120 {
            world.second();
            check(&world);
        }
        if had_way_back {
            prop_assert!(world.state.active().is_none());
            prop_assert!(world.state.draining.is_empty());
            let stable = world.stable().to_owned();
            for name in ["a", "b", "c"] {
                prop_assert!(name == stable || world.replicas(name) == 0, "{} is left", name);
            }
        }
        world.restart();
    }

    #[test]
    fn retry_begins_at_step_zero_and_a_full_promotion_never_beats_an_abort(
        seconds in 0..200u64,
        plan in plans(),
        flip in any::<bool>(),
    ) {
        let mut world = World::with_stable(&plan);
        world.ask(start("b", &plan));
        world.run(seconds);
        let promote = world.request(Action::Promote { full: true });
        let abort = world.request(Action::Abort);
        let active = world.state.active().is_some();
        if flip {
            world.decide(vec![promote]);
            if world.state.active().is_some() {
                world.decide(vec![abort]);
                prop_assert_eq!(world.phase(), Some(Phase::Aborted));
            }
        } else {
            world.decide(vec![promote, abort]);
            prop_assert!(!active || world.phase() == Some(Phase::Aborted));
        }
        if world.phase() == Some(Phase::Aborted) {
            world.run(10);
            prop_assert_eq!(world.stable(), "a");
            world.ask(Action::Retry { overriding: true });
            let after = world.journal.iter().rposition(|e| matches!(e, Event::Retried(_)));
            let retried = after.expect("a retry");
            let first = world.journal[retried..].iter().find_map(|event| match event {
                Event::StepCompleted(step) => Some(step.index),
                _ => None,
            });
            prop_assert!(first.is_none_or(|index| index == 0));
        }
    }

    #[test]
    fn deciding_twice_gives_the_same_and_keys_never_repeat(
        moves in moves(),
        plan in plans(),
    ) {
        let mut world = World::new();
        for step in &moves {
            let observation = world.observation(Vec::new());
            let once = decide(&world.state, &observation);
            prop_assert_eq!(&once, &decide(&world.state, &observation));
            play(&mut world, &plan, step);
        }
        let mut keys: Vec<String> =
            world.effects.iter().map(|effect| effect.to_effect("prod/app").key).collect();
        let all = keys.len();
        keys.sort();
        keys.dedup();
        prop_assert_eq!(keys.len(), all);
    }

    #[test]
    fn decide_is_total_on_random_states_and_observations(
        seen in prop::collection::vec(observations(), 1..12),
    ) {
        let mut state = State::new("x/y");
        for observation in &seen {
            let (events, effects) = decide(&state, observation);
            let of_events = events.iter().filter(|event| has_effect(event)).count();
            prop_assert_eq!(of_events, effects.len());
            for event in &events {
                state.apply(event);
            }
            let _ = bowline_rollout::status::project(&state);
        }
    }
}

fn has_effect(event: &Event) -> bool {
    matches!(
        event,
        Event::WeightShifted(_)
            | Event::ReplicasScaled(_)
            | Event::DigestQuarantined(_)
            | Event::QuarantineLifted(_)
    )
}

/// Any number at all, wild ones more often than chance would have it.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(1), Just(u64::MAX), 0..100u64, any::<u64>()]
}

fn observations() -> impl Strategy<Value = Observation> {
    let pods = (any::<u32>(), any::<u32>(), any::<u32>(), 0..4u32).prop_map(
        |(desired, ready, available, crashes)| Pods {
            desired,
            ready,
            available,
            crashes,
            last_log: vec!["x".repeat(2_000); 30],
        },
    );
    let second = (number(), arm(), arm()).prop_map(|(second, canary, stable)| SecondCounts {
        second,
        canary,
        stable,
    });
    let counters = prop_oneof![
        Just(Counters::Unavailable),
        prop::collection::vec(second, 0..6).prop_map(Counters::Read),
    ];
    let pods = prop::collection::btree_map(name().prop_map(String::from), pods, 0..3);
    let requests = prop::collection::vec(request(), 0..4);
    (number(), "[xy]?", pods, counters, prop::option::of(number()), number(), requests).prop_map(
        |(now_ms, boot, pods, counters, first_canary_request_ms, acknowledged, requests)| {
            let pods: BTreeMap<String, Pods> = pods;
            Observation {
                now_ms,
                boot,
                pods,
                counters,
                first_canary_request_ms,
                acknowledged,
                requests,
            }
        },
    )
}

fn arm() -> impl Strategy<Value = Arm> {
    (number(), number()).prop_map(|(requests, failed)| Arm { requests, failed })
}

fn request() -> impl Strategy<Value = Request> {
    let begin = (name(), wild_plans(), any::<bool>(), prop::collection::vec(arm(), 0..3)).prop_map(
        |(name, plan, overriding, baseline)| {
            let Action::Start(mut begin) = start(&name.to_string(), &plan) else { unreachable!() };
            begin.overriding = overriding;
            begin.baseline = baseline;
            Action::Start(begin)
        },
    );
    let action = prop_oneof![
        begin,
        Just(Action::Abort),
        any::<bool>().prop_map(|full| Action::Promote { full }),
        Just(Action::Pause),
        Just(Action::Resume),
        any::<bool>().prop_map(|overriding| Action::Retry { overriding }),
    ];
    (prop::option::of(number()), action).prop_map(|(number, action)| Request {
        number,
        by: String::new(),
        reason: String::new(),
        action,
    })
}

fn wild_plans() -> impl Strategy<Value = Plan> {
    let numbers =
        (any::<u32>(), number(), number(), prop::option::of(number()), number(), number());
    (plans(), numbers, prop::option::of(any::<u32>()), any::<u8>(), any::<bool>()).prop_map(
        |(plan, (replicas, deadline, delay, abort, floor, watch), slo, odd, paused)| Plan {
            replicas,
            progress_deadline_ms: deadline,
            scale_down_delay_ms: delay,
            abort_scale_down_delay_ms: abort,
            min_pause_ms: floor,
            watch_ms: watch,
            max_error_rate_ppm: slo,
            paused,
            steps: plan.steps.into_iter().chain([Step::SetWeight(odd.min(100))]).collect(),
        },
    )
}

#[test]
fn an_effect_is_absolute_so_twice_is_once() {
    // The type says it: every effect names the whole wanted state, none a difference.
    let effect = Effect::SetWeight {
        counter: 7,
        rollout: 2,
        stable: "a".to_owned(),
        canary: Some("b".to_owned()),
        weight: 20,
    };
    let stored = effect.to_effect("prod/app");
    assert_eq!(stored.key, "rollout/prod/app/7");
    assert_eq!(stored.kind, "rollout.set_weight");
}
