//! The functions of sprig and Helm, compared with what Helm 4.1.4 itself made of the same
//! templates (`rows.jsonl`, written by `tests/oracle/sprig`).

use bowline_manifest::helm::functions::{FUNCTIONS, HelmHost};
use bowline_manifest::sprig::{HELM_4_1, Moment, Seed, SprigHost};
use bowline_manifest::tmpl::{FunctionTable, MissingKey, Render, Set, Str, Value};
use std::sync::Arc;

fn render(template: &str, data: &serde_json::Value) -> (Result<Vec<u8>, String>, usize) {
    let tables = [HELM_4_1, &[FUNCTIONS]].concat();
    let mut set = Set::new("gotpl", Arc::new(FunctionTable::new(&tables)), MissingKey::Zero);
    let defined = set.define(&Str::from("row"), &Str::from(template));
    if let Err(error) = defined {
        return (Err(error.to_string()), 0);
    }
    let now = Moment { seconds: 1_700_000_000, nanoseconds: 0 };
    let host = HelmHost::new(SprigHost::new(Seed([7; 32]), now));
    let mut render = Render::new(Box::new(host));
    let output = render.execute(&set, b"row", Value::from(data));
    let output = output.map(|output| output.bytes).map_err(|error| error.to_string());
    let host: Box<dyn std::any::Any> = render.into_host();
    let compiled = host.downcast_ref::<HelmHost>().map_or(0, |host| host.sprig.regexes_compiled);
    (output, compiled)
}

fn data() -> serde_json::Value {
    serde_json::from_str(include_str!("data.json")).expect("JSON")
}

#[test]
fn functions_give_what_helm_gives_to_the_byte() {
    let data = data();
    let mut report = Vec::new();
    let mut count = 0;
    for line in include_str!("rows.jsonl").lines() {
        let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let template = row["t"].as_str().expect("a template");
        let theirs = match row["e"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(crate::tmpl::base64(row["o"].as_str().unwrap_or_default())),
        };
        count += 1;
        let (ours, _) = render(template, &data);
        // Messages of the TOML reader are its own; the place is Go's.
        let place = |answer: &Result<Vec<u8>, String>| match answer {
            Ok(bytes) if template.contains("fromToml") => {
                let text = String::from_utf8_lossy(bytes).into_owned();
                let cut = text.find("toml: line 1: ").map_or(text.len(), |at| at + 14);
                Ok(text.as_bytes()[..cut].to_vec())
            }
            answer => answer.clone(),
        };
        if place(&ours) != place(&theirs) {
            let shown = |answer: &Result<Vec<u8>, String>| match answer {
                Ok(bytes) => format!("{:?}", String::from_utf8_lossy(bytes)),
                Err(error) => format!("error {error}"),
            };
            let (theirs, ours) = (shown(&theirs), shown(&ours));
            report.push(format!("{template}\n    go: {theirs}\n  ours: {ours}"));
        }
    }
    assert!(count >= 900, "{count} rows");
    assert!(report.is_empty(), "{} of {count} differ:\n{}", report.len(), report.join("\n"));
}

#[test]
fn a_regular_expression_is_compiled_once_a_render() {
    let template = "{{ range until 500 }}{{ regexMatch \"^a+$\" \"aa\" }}{{ end }}";
    let (output, compiled) = render(template, &data());
    assert!(output.is_ok());
    assert_eq!(compiled, 1);
}

#[test]
fn chance_is_the_same_for_the_same_seed_and_differs_by_place() {
    let template = "{{ randAlpha 12 }} {{ randAlpha 12 }} {{ uuidv4 }}";
    let (first, _) = render(template, &data());
    assert_eq!(first, render(template, &data()).0);
    let text = String::from_utf8(first.expect("an output")).expect("text");
    let words: Vec<&str> = text.split(' ').collect();
    assert_ne!(words[0], words[1]);
    assert_eq!(words[2].as_bytes()[14], b'4', "{text}");
}
