//! Documents: what is read, what is refused, and by which name.

use bowline_rollout::spec::{Amount, Kind, Pause, Step, read, read_fragment};
use bowline_rollout::{FieldError, Plan, Policy, template};
use serde_json::{Value, json};

fn whole(strategy: Value) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "shop", "namespace": "prod"},
        "spec": {
            "replicas": 5,
            "selector": {"matchLabels": {"app": "shop"}},
            "template": {
                "metadata": {"labels": {"app": "shop"}},
                "spec": {"containers": [{"name": "shop", "image": "shop@sha256:00"}]},
            },
            "strategy": strategy,
        },
    })
}

fn canary(steps: Value) -> Value {
    whole(json!({"canary": {"steps": steps}}))
}

/// `pointer: message` of every error.
fn errors(document: &Value) -> Vec<String> {
    read(document).expect_err("refused").iter().map(FieldError::to_string).collect()
}

fn one(document: &Value) -> FieldError {
    let mut errors = read(document).expect_err("refused");
    assert_eq!(errors.len(), 1, "{errors:?}");
    let error = errors.remove(0);
    assert!(error.message.chars().count() <= 100, "{}", error.message);
    assert!(!error.message.ends_with('.') && !error.help.is_empty(), "{error:?}");
    error
}

fn article() -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "spec": {"strategy": {"canary": {"steps": [
            {"setWeight": 10},
            {"pause": {"duration": 300}},
            {"setWeight": 50},
            {"pause": {"duration": 600}},
        ]}}},
    })
}

#[test]
fn the_articles_fragment_is_accepted_as_it_stands_and_says_what_is_missing() {
    let fragment = read_fragment(&article()).expect("accepted");
    let for_ms = |milliseconds| Step::Pause(Pause::For { milliseconds });
    let steps = [Step::SetWeight(10), for_ms(300_000), Step::SetWeight(50), for_ms(600_000)];
    assert_eq!(fragment.strategy().steps, steps);
    let missing: Vec<&str> = fragment.missing.iter().map(|e| e.pointer.as_str()).collect();
    assert_eq!(missing, ["/metadata/name", "/spec/selector", "/spec/template"]);
    let said = errors(&article());
    assert_eq!(said[2], "/spec/template: `spec.template` is missing, there is no container to run");
    let labels = [("app".to_owned(), "shop".to_owned())].into();
    let spec = fragment.complete("shop", &labels, &json!({"spec": {"containers": [{}]}}));
    assert_eq!(
        (spec.name.as_str(), spec.replicas, spec.progress_deadline_seconds),
        ("shop", 1, 600)
    );
}

#[test]
fn a_whole_rollout_is_read_with_argos_defaults() {
    let spec =
        read(&canary(json!([{"setWeight": 20}, {"pause": {}}, {"pause": {"duration": "5m"}}])));
    let spec = spec.expect("accepted");
    assert_eq!(
        (spec.kind, spec.name.as_str(), spec.namespace.as_str()),
        (Kind::Rollout, "shop", "prod")
    );
    assert_eq!((spec.replicas, spec.revision_history_limit, spec.min_ready_seconds), (5, 10, 0));
    let expected = [
        Step::SetWeight(20),
        Step::Pause(Pause::UntilPromoted),
        Step::Pause(Pause::For { milliseconds: 300_000 }),
    ];
    assert_eq!(spec.strategy.steps, expected);
    assert_eq!(spec.strategy.abort_scale_down_delay_seconds, 30);
    let version = spec.version("v1");
    assert_eq!(version.images.iter().collect::<Vec<_>>(), ["sha256:00"]);
    let plan = Plan::new(&spec, &Policy::with_max_error_rate(0.01).expect("an SLO"));
    assert_eq!(
        (plan.max_error_rate_ppm, plan.watch_ms, plan.pause_ms()),
        (Some(10_000), 0, 300_000)
    );
    assert_eq!([0, 1, 20, 21, 100].map(|w| plan.canary_replicas(w)), [1, 1, 1, 2, 5]);
}

#[test]
fn a_deployment_is_a_rollout_without_steps() {
    let mut document =
        whole(json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}}));
    document["apiVersion"] = json!("apps/v1");
    document["kind"] = json!("Deployment");
    let spec = read(&document).expect("accepted");
    assert_eq!((spec.kind, spec.strategy.steps.len()), (Kind::Deployment, 0));
    assert_eq!(spec.strategy.max_surge, Some(Amount::Percent(25)));
    assert_eq!(spec.notes.len(), 1, "a field without effect is said aloud");
    assert_eq!(Plan::new(&spec, &Policy::default()).watch_ms, 10_000);
    document["spec"]["strategy"] = json!({"type": "Recreate"});
    assert!(one(&document).message.starts_with("`Recreate` is not carried out"));
    document["spec"]["strategy"] = Value::Null;
    assert!(read(&document).is_ok());
}

#[test]
fn an_unknown_field_is_an_error_with_the_near_name() {
    for (document, pointer, help) in [
        (
            canary(json!([{"setweight": 10}])),
            "/spec/strategy/canary/steps/0/setweight",
            "setWeight",
        ),
        (
            canary(json!([{"pause": {"durations": 10}}])),
            "/spec/strategy/canary/steps/0/pause/durations",
            "duration",
        ),
        (whole(json!({"canry": {}})), "/spec/strategy/canry", "canary"),
        (
            whole(json!({"canary": {"stableServce": "x"}})),
            "/spec/strategy/canary/stableServce",
            "stableService",
        ),
    ] {
        let errors = read(&document).expect_err("refused");
        assert_eq!(errors[0].pointer, pointer);
        assert_eq!(errors[0].help, format!("did you mean `{help}`?"));
    }
}

#[test]
fn what_is_known_and_not_carried_out_is_refused_by_name_and_consequence() {
    for (document, name) in [
        (whole(json!({"blueGreen": {"activeService": "x"}})), "blueGreen"),
        (whole(json!({"canary": {"analysis": {}}})), "analysis"),
        (whole(json!({"canary": {"trafficRouting": {"istio": {}}}})), "istio"),
        (whole(json!({"canary": {"trafficRouting": {"nginx": {}}}})), "nginx"),
        (whole(json!({"canary": {"dynamicStableScale": true}})), "dynamicStableScale"),
        (canary(json!([{"analysis": {}}])), "analysis"),
        (canary(json!([{"experiment": {}}])), "experiment"),
        (canary(json!([{"setCanaryScale": {"replicas": 1}}])), "setCanaryScale"),
        (canary(json!([{"plugin": {}}])), "plugin"),
    ] {
        let error = one(&document);
        assert!(error.message.starts_with(&format!("`{name}` is not carried out: ")), "{error}");
        assert!(error.pointer.ends_with(name), "{error}");
    }
    let mut document = canary(json!([]));
    document["spec"]["workloadRef"] = json!({"name": "x"});
    document["spec"]["restartAt"] = json!("2026-01-01T00:00:00Z");
    document["spec"]["progressDeadlineAbort"] = json!(false);
    assert_eq!(errors(&document).len(), 3, "all errors, not the first");
    document["spec"]["progressDeadlineAbort"] = json!(true);
    assert_eq!(errors(&document).len(), 2);
}

#[test]
fn values_that_cannot_mean_anything_are_refused() {
    for (document, pointer) in [
        (canary(json!([{"setWeight": 101}])), "/spec/strategy/canary/steps/0/setWeight"),
        (canary(json!([{"setWeight": -1}])), "/spec/strategy/canary/steps/0/setWeight"),
        (canary(json!([{"setWeight": "10"}])), "/spec/strategy/canary/steps/0/setWeight"),
        (canary(json!([{"setWeight": 10.5}])), "/spec/strategy/canary/steps/0/setWeight"),
        (canary(json!([{"setWeight": 1, "pause": {}}])), "/spec/strategy/canary/steps/0"),
        (canary(json!([{}])), "/spec/strategy/canary/steps/0"),
        (canary(json!(["pause"])), "/spec/strategy/canary/steps/0"),
        (canary(json!([{"pause": null}])), "/spec/strategy/canary/steps/0/pause"),
        (canary(json!({"setWeight": 1})), "/spec/strategy/canary/steps"),
        (
            canary(json!([{"pause": {"duration": "soon"}}])),
            "/spec/strategy/canary/steps/0/pause/duration",
        ),
        (whole(json!({})), "/spec/strategy"),
        (whole(Value::Null), "/spec/strategy"),
    ] {
        assert_eq!(one(&document).pointer, pointer);
    }
    let with = |pointer: &str, value: Value| {
        let mut document = canary(json!([{"setWeight": 10}]));
        *document.pointer_mut(pointer).expect("there") = value;
        one(&document).pointer
    };
    assert_eq!(with("/spec/replicas", json!(-1)), "/spec/replicas");
    assert_eq!(with("/spec/replicas", json!(1_000_000)), "/spec/replicas");
    assert_eq!(with("/spec/selector/matchLabels", json!({})), "/spec/selector");
    assert_eq!(with("/spec/template/spec/containers", json!([])), "/spec/template/spec/containers");
    let labels = with("/spec/template/metadata/labels", json!({"app": "other"}));
    assert_eq!(labels, "/spec/template/metadata/labels");
    assert_eq!(with("/kind", json!("StatefulSet")), "/kind");
}

#[test]
fn reading_is_total() {
    for document in [json!(null), json!([]), json!("x"), json!({}), json!({"spec": 1})] {
        assert!(read(&document).is_err());
    }
}

#[test]
fn an_slo_is_a_share_between_one_in_a_million_and_one_half() {
    for rate in [f64::NAN, f64::INFINITY, -0.1, 0.0, 1e-9, 0.500_001, 1.0] {
        assert!(Policy::with_max_error_rate(rate).is_err(), "{rate}");
    }
    for (rate, ppm) in [(0.01, 10_000), (0.001, 1_000), (0.000_001, 1), (0.5, 500_000)] {
        let policy = Policy::with_max_error_rate(rate).expect("an SLO");
        assert_eq!(policy.max_error_rate_ppm, Some(ppm));
    }
}

#[test]
fn a_template_hash_is_ten_letters_and_knows_no_order() {
    let one = json!({"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"x": [1, 2]}});
    let other =
        json!({"spec": {"x": [1, 2], "y": null}, "metadata": {"labels": {"b": "2", "a": "1"}}});
    let hash = template::hash(&one);
    assert_eq!(hash, template::hash(&other));
    assert_eq!(hash, "4pxtstsf7n", "the hash never changes between versions of Bowline");
    assert!(hash.len() == 10 && hash.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
    let mut labelled = one.clone();
    labelled["metadata"]["labels"][template::HASH_LABEL] = json!(hash);
    assert_eq!(template::hash(&labelled), hash, "a template that was read back is itself");
    for changed in [
        json!({"metadata": {"labels": {"a": "1", "b": "3"}}, "spec": {"x": [1, 2]}}),
        json!({"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"x": [2, 1]}}),
        json!({"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"x": ["1", 2]}}),
    ] {
        assert_ne!(template::hash(&changed), hash);
    }
    assert_eq!(template::digest(&one), template::digest(&other));
}
