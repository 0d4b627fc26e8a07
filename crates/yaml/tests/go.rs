//! Rows that Go's own encoders wrote: `{"input": JSON, "v2": text, "v3": text}`, one a line.
//! `v2` is `sigs.k8s.io/yaml` 1.6.0, `v3` is `go.yaml.in/yaml/v3` 3.0.4 with an indentation of 2.
//! `BOWLINE_GO_YAML_ROWS` names a file with further rows.
#![expect(clippy::disallowed_methods, reason = "tests read files and one variable")]

use bowline_yaml::go::{Layout, marshal};
use serde_json::Value;

#[test]
fn yaml_is_written_to_the_byte_as_go_writes_it() {
    let mut rows = include_str!("../fixtures/go-marshal.jsonl").to_owned();
    if let Some(more) = std::env::var_os("BOWLINE_GO_YAML_ROWS") {
        rows.push_str(&std::fs::read_to_string(more).expect("the rows can be read"));
    }
    let (mut compared, mut wrong) = (0, Vec::new());
    for row in rows.lines() {
        let row: Value = serde_json::from_str(row).expect("a row is JSON");
        for (name, layout) in [("v2", Layout::MARSHAL_V2), ("v3", Layout::PRETTY_V3)] {
            let expected = row[name].as_str();
            if expected.is_none() && name == "v3" {
                continue;
            }
            compared += 1;
            let written = marshal(&as_floats(row["input"].clone()), layout);
            if written.as_deref() != expected {
                wrong.push(format!(
                    "{name} {}\n  go   {expected:?}\n  here {written:?}",
                    row["input"]
                ));
            }
        }
    }
    wrong.sort_by_key(String::len);
    let shown = wrong.iter().take(12).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {compared} differ:\n{shown}", wrong.len());
    assert!(compared > 500, "only {compared} rows");
}

/// As Go's JSON reads numbers: all of them are floats.
fn as_floats(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.as_f64().expect("a number")),
        Value::Array(items) => items.into_iter().map(as_floats).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, as_floats(value))).collect(),
        other => other,
    }
}
