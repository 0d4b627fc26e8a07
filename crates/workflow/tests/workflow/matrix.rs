//! Matrix expansion.

use bowline_workflow::expr::{Context, Value};
use bowline_workflow::{matrix, plan, read};
use serde_json::{Value as Json, json};

fn expand(matrix: &Json) -> Result<Vec<Json>, String> {
    let combinations = matrix::expand(&Value::from_json(matrix)).map_err(|e| e.to_string())?;
    Ok(combinations.into_iter().map(|object| Value::from(object).to_json()).collect())
}

#[test]
fn githubs_own_include_example_gives_its_six_combinations() {
    let matrix = json!({
        "fruit": ["apple", "pear"], "animal": ["cat", "dog"],
        "include": [
            {"color": "green"},
            {"color": "pink", "animal": "cat"},
            {"fruit": "apple", "shape": "circle"},
            {"fruit": "banana"},
            {"fruit": "banana", "animal": "cat"}
        ]
    });
    let expected = [
        json!({"fruit": "apple", "animal": "cat", "color": "pink", "shape": "circle"}),
        json!({"fruit": "apple", "animal": "dog", "color": "green", "shape": "circle"}),
        json!({"fruit": "pear", "animal": "cat", "color": "pink"}),
        json!({"fruit": "pear", "animal": "dog", "color": "green"}),
        json!({"fruit": "banana"}),
        json!({"fruit": "banana", "animal": "cat"}),
    ];
    assert_eq!(expand(&matrix).expect("valid"), expected);
}

#[test]
fn combinations_come_in_order_without_what_is_excluded() {
    let cases = [
        (
            json!({"os": ["l", "w"], "v": [1, 2]}),
            json!([
                {"os": "l", "v": 1}, {"os": "l", "v": 2},
                {"os": "w", "v": 1}, {"os": "w", "v": 2}
            ]),
        ),
        (
            json!({"os": ["l", "w"], "v": [1, 2], "exclude": [{"os": "W", "v": "1"}]}),
            json!([{"os": "l", "v": 1}, {"os": "l", "v": 2}, {"os": "w", "v": 2}]),
        ),
        (
            json!({"c": [{"a": 1, "b": {"x": 2}}, {"a": 3}], "exclude": [{"c": {"b": {"x": 2}}}]}),
            json!([{"c": {"a": 3}}]),
        ),
        (json!({"include": [{"a": 1}, {"b": 2}]}), json!([{"a": 1}, {"b": 2}])),
        (json!({"v": [1], "exclude": [{"v": 1}], "include": [{"v": 2}]}), json!([{"v": 2}])),
    ];
    for (matrix, expected) in cases {
        assert_eq!(Json::Array(expand(&matrix).expect("valid")), expected, "{matrix}");
    }
}

#[test]
fn a_matrix_that_yields_nothing_is_an_error() {
    for matrix in [
        json!({}),
        json!("x"),
        json!({"v": []}),
        json!({"v": 1}),
        json!({"v": [1], "exclude": [{"v": 1}]}),
        json!({"v": [1], "exclude": [{"w": 1}]}),
        json!({"v": [1], "exclude": [{}]}),
        json!({"v": [1], "include": ["x"]}),
        json!({"v": (0..257).collect::<Vec<_>>()}),
        json!({"a": vec![0; 200], "b": vec![0; 200], "c": vec![0; 200], "d": vec![0; 200]}),
    ] {
        assert!(expand(&matrix).is_err(), "{matrix}");
    }
}

#[test]
fn instances_have_names_flags_and_contexts() {
    let text = "
on: push
jobs:
  a:
    runs-on: linux
    continue-on-error: ${{ matrix.v == 2 }}
    strategy: { max-parallel: 1, fail-fast: false, matrix: { v: [1, 2], os: [x] } }
  b: { runs-on: linux, name: Build, strategy: { matrix: { v: [1] } } }
  c: { runs-on: linux, name: 'on ${{ matrix.v }}', strategy: { matrix: { v: [1] } } }
  d: { runs-on: linux, strategy: { matrix: '${{ fromJSON(vars.m) }}' } }
  e: { runs-on: linux }
";
    let workflow = read("ci.yml", text).expect("valid");
    let scope = Context::default().with("vars", Value::object([("m", r#"{"k":[{"x":[1,2]}]}"#)]));
    let names = |id: &str| {
        let job = workflow.job(id).expect("job");
        let instances = plan::expand(job, &scope).expect("instances");
        instances.into_iter().map(|instance| (instance.key, instance.name)).collect::<Vec<_>>()
    };
    let pair = |key: &str, name: &str| (key.to_owned(), name.to_owned());
    assert_eq!(names("a"), [pair("a/1", "a (1, x)"), pair("a/2", "a (2, x)")]);
    assert_eq!(names("b"), [pair("b/1", "Build (1)")]);
    assert_eq!(names("c"), [pair("c/1", "on 1")]);
    assert_eq!(names("d"), [pair("d/1", "d (1, 2)")]);
    assert_eq!(names("e"), [pair("e", "e")]);
    let a = plan::expand(workflow.job("a").expect("a"), &scope).expect("instances");
    assert_eq!((a[0].continue_on_error, a[1].continue_on_error), (false, true));
    assert_eq!((a[0].fail_fast, a[0].max_parallel, a[1].index, a[1].total), (false, Some(1), 1, 2));
    let total = a[1].strategy.get("job-total").map(Value::to_text);
    assert_eq!(total.as_deref(), Some("2"));
}
