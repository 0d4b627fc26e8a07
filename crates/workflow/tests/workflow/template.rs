//! Templates, conditions and places.

use bowline_workflow::expr::{Context, Value};
use bowline_workflow::{StepKind, Workflow, read};

fn workflow(step: &str) -> Workflow {
    let text = format!(
        "on: push\njobs:\n  a:\n    runs-on: linux\n    steps:\n      - {step}\n        run: x\n"
    );
    read("ci.yml", &text).unwrap_or_else(|errors| panic!("{step}: {errors:?}"))
}

#[test]
fn one_expression_keeps_its_type_and_text_around_it_makes_a_string() {
    let scope = Context::default().with("github", Value::object([("n", 3.0), ("h", 1.5)]));
    for (value, expected) in [
        ("${{ github.n }}", Value::Number(3.0)),
        ("'${{ github.n }}'", Value::Number(3.0)),
        ("${{ github.n }} ", Value::Number(3.0)),
        ("a ${{ github.n }}${{ github.h }}", Value::from("a 31.5")),
        ("${{ '}}' }}x", Value::from("}}x")),
        ("1.10", Value::from("1.1")),
        ("'1.10'", Value::from("1.10")),
        ("true", Value::from("true")),
        ("", Value::from("")),
        ("$HOME {{ x }}", Value::from("$HOME {{ x }}")),
    ] {
        let workflow = workflow(&format!("env: {{ K: {} }}", quote_when_needed(value)));
        let env = workflow.jobs[0].steps[0].env.evaluate(&scope).expect("values");
        assert_eq!(env[0].1.to_json(), expected.to_json(), "{value}");
    }
}

/// A flow mapping cannot hold bare braces.
fn quote_when_needed(value: &str) -> String {
    let plain = value.starts_with('\'') || !value.contains(['{', '}']);
    if plain { value.to_owned() } else { format!("\"{}\"", value.trim_end()) }
}

#[test]
fn a_condition_is_completed_by_success_unless_it_asks_for_a_status() {
    for (text, expected) in [
        ("name: x", "success()"),
        ("if: ''", "success()"),
        ("if:", "success()"),
        ("if: true", "success() && (true)"),
        ("if: github.ref == 'x'", "success() && (github.ref == 'x')"),
        ("if: ${{ github.ref == 'x' }}", "success() && (github.ref == 'x')"),
        ("if: always()", "always()"),
        ("if: ${{ !Failure() }}", "!Failure()"),
        ("if: github.ref == 'failure()'", "success() && (github.ref == 'failure()')"),
        ("if: github.always", "success() && (github.always)"),
        ("if: false || ${{ true }}", "success() && (format('false || {0}', true))"),
    ] {
        let workflow = workflow(text);
        assert_eq!(workflow.jobs[0].steps[0].condition.expression.source, expected, "{text}");
    }
}

#[test]
fn insert_puts_a_mapping_into_another() {
    let text = "on: push\njobs:\n  a:\n    runs-on: linux\n    env:\n      A: one\n      \
        ${{ insert }}: ${{ fromJSON('{\"B\":2,\"A\":\"two\"}') }}\n      C: x\n";
    let workflow = read("ci.yml", text).expect("valid");
    let env = workflow.jobs[0].env.render(&Context::default()).expect("values");
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(env, [pair("A", "two"), pair("B", "2"), pair("C", "x")]);
}

#[test]
fn an_evaluation_error_knows_its_place() {
    let workflow = workflow("name: \"x ${{ fromJSON('') }}\"");
    let name = workflow.jobs[0].steps[0].name.as_ref().expect("name");
    let error = name.render(&Context::default()).expect_err("no JSON");
    let span = error.span.expect("a place");
    assert_eq!((span.line, span.column), (6, 22));
}

#[test]
fn a_step_keeps_what_it_says() {
    let text = "on: push\njobs:\n  a:\n    runs-on: linux\n    steps:\n      \
        - uses: actions/cache/restore@v4\n        with: { Key: a }\n      \
        - run: |\n          a\n          b\n";
    let workflow = read("ci.yml", text).expect("valid");
    let StepKind::Uses(uses) = &workflow.jobs[0].steps[0].kind else { panic!("uses") };
    assert!(uses.with.get("key").is_some(), "inputs ignore case");
    let StepKind::Run(run) = &workflow.jobs[0].steps[1].kind else { panic!("run") };
    let script = run.script.as_literal().map(Value::to_text);
    assert_eq!(script.as_deref(), Some("a\nb\n"));
}
