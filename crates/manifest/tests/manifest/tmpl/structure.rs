//! What Go has no word for: segments, places as data, sets, limits, depth.

use super::functions;
use bowline_manifest::tmpl::{
    Budget, BuiltinsOnly, Error, ErrorKind, MissingKey, Output, Render, Set, Str, Value,
};
use std::sync::Arc;

fn set(text: &str) -> Result<Set, Error> {
    let mut set = Set::new("chart", Arc::new(functions::table()), MissingKey::Zero);
    set.define(&Str::from("chart"), &Str::from(text))?;
    Ok(set)
}

fn run(text: &str, data: &serde_json::Value) -> Result<(Output, Render), Error> {
    let set = set(text)?;
    let mut render = Render::new(Box::new(()));
    let output = render.execute(&set, b"chart", Value::from(data))?;
    Ok((output, render))
}

fn error(text: &str) -> Error {
    match run(text, &serde_json::json!({})) {
        Ok((output, _)) => panic!("{:?}", String::from_utf8_lossy(&output.bytes)),
        Err(error) => error,
    }
}

#[test]
fn every_byte_of_the_output_knows_what_wrote_it() {
    let text = "a: {{ .a }}\n{{ define \"x\" }}in {{ . }}{{ end }}{{ template \"x\" 5 }}\nend";
    let (output, render) = run(text, &serde_json::json!({"a": "val"})).expect("it runs");
    assert_eq!(output.bytes, b"a: val\nin 5\nend");
    let source = |needle: &str| {
        let at = String::from_utf8_lossy(&output.bytes).find(needle).expect("it is there");
        let segment = output.segment_of(at).expect("a segment");
        let site = segment.site;
        let calls: Vec<String> = render
            .source_map()
            .calls(segment.chain)
            .map(|link| link.name.text().into_owned())
            .collect();
        (&text[site.from as usize..site.to as usize], calls.join(" < "))
    };
    assert_eq!(source("a: "), ("a: ", String::new()));
    assert_eq!(source("val"), ("{{ .a }}", String::new()));
    assert_eq!(source("in "), ("in ", "x".to_owned()));
    assert_eq!(source("5"), ("{{ . }}", "x".to_owned()));
    assert_eq!(source("end"), ("\nend", String::new()));
    assert!(output.segment_of(output.bytes.len()).is_none());
    assert_eq!(output.segments[0].start, 0);
}

#[test]
fn an_error_has_its_place_and_the_calls_that_led_there() {
    let text = "x\n{{ define \"in\" }}\n  {{ .s.t.u }}{{ end }}{{ define \"mid\" }}{{ include \"in\" . }}\
                {{ end }}{{ template \"mid\" . }}";
    let failure = error(text);
    let origin = failure.origin();
    let place = origin.place.as_ref().expect("a place");
    assert_eq!((place.line, place.template.text().as_ref()), (3, "in"));
    assert_eq!(&text[place.bytes.0 as usize..place.bytes.1 as usize], ".s.t.u");
    let calls: Vec<_> = origin.calls.iter().map(|call| call.template.text().into_owned()).collect();
    assert_eq!(calls, ["mid", "chart"]);
    assert_eq!(origin.kind, ErrorKind::Execute);
    assert_eq!(origin.reason, "nil pointer evaluating interface {}.t");
    assert!(failure.to_string().contains("error calling include: template: chart:3:7: executing"));
    let torn = error("a\n{{ if }}");
    let place = torn.place.as_ref().expect("a place");
    assert_eq!((torn.kind, place.line), (ErrorKind::Parse, 2));
}

#[test]
fn an_empty_definition_never_replaces_one_with_a_body() {
    let mut set = set("{{ template \"a\" }}").expect("it parses");
    set.define(&Str::from("one"), &Str::from("{{ define \"a\" }}1{{ end }}")).expect("it parses");
    set.define(&Str::from("two"), &Str::from("{{ define \"a\" }} \n{{/* */}}{{ end }}"))
        .expect("it parses");
    assert!(set.has_body(b"a") && set.has(b"two") && !set.has_body(b"two"));
    let mut render = Render::new(Box::new(()));
    let output = render.execute(&set, b"chart", Value::Nil).expect("it runs");
    assert_eq!(output.bytes, b"1");
    set.define(&Str::from("three"), &Str::from("{{ define \"a\" }}3{{ end }}")).expect("it parses");
    let output = render.execute(&set, b"chart", Value::Nil).expect("it runs");
    assert_eq!(output.bytes, b"3");
}

#[test]
fn a_child_set_sees_its_parent_and_changes_nothing_in_it() {
    let mut parent = set("{{ define \"a\" }}parent{{ end }}").expect("it parses");
    let mut child = parent.clone();
    child
        .define(&Str::from("t"), &Str::from("{{ template \"a\" }}{{ define \"a\" }}child{{ end }}"))
        .expect("it parses");
    parent.define(&Str::from("t"), &Str::from("{{ template \"a\" }}")).expect("it parses");
    let mut render = Render::new(Box::new(()));
    assert_eq!(render.execute(&child, b"t", Value::Nil).expect("it runs").bytes, b"child");
    assert_eq!(render.execute(&parent, b"t", Value::Nil).expect("it runs").bytes, b"parent");
    let missing = render.execute(&parent, b"no", Value::Nil).expect_err("nothing there");
    let sentence = "template: no template \"no\" associated with template \"chart\"";
    assert_eq!(missing.to_string(), sentence);
}

#[test]
fn parsed_templates_are_shared_by_threads_and_carried_out_many_times() {
    let set = set("{{ range . }}{{ . }}{{ end }}").expect("it parses");
    let outputs: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let work = |_| {
            let set = &set;
            scope.spawn(move || {
                let data = Value::list(vec![Value::Int(1), Value::from("b")]);
                let mut render = Render::new(Box::new(()));
                render.execute(set, b"chart", data).expect("it runs").bytes
            })
        };
        let threads: Vec<_> = (0..4).map(work).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert!(outputs.iter().all(|output| output == b"1b"));
}

#[test]
fn nesting_is_bounded_by_named_limits_and_not_by_the_stack() {
    let parens = |depth: usize| format!("{{{{ {}1{} }}}}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(run(&parens(9_000), &serde_json::json!(0)).expect("it runs").0.bytes, b"1");
    assert!(error(&parens(10_001)).to_string().ends_with("max expression depth exceeded"));
    let ifs =
        |depth: usize| format!("{}x{}", "{{ if true }}".repeat(depth), "{{ end }}".repeat(depth));
    assert_eq!(run(&ifs(9_000), &serde_json::json!(0)).expect("it runs").0.bytes, b"x");
    assert!(error(&ifs(10_001)).is_limit());
    let chain = format!("{{{{ if false }}}}{}{{{{ end }}}}", "{{ else if false }}".repeat(9_000));
    assert_eq!(run(&chain, &serde_json::json!(0)).expect("it runs").0.bytes, b"");
    let torn = format!("{{{{ {}.a.b{} }}}}", "print (".repeat(5_000), ")".repeat(5_000));
    assert!(error(&torn).to_string().contains("nil pointer evaluating"));
}

#[test]
fn endless_templates_end_at_a_limit() {
    let budget = Budget { steps: 200_000, output_bytes: 10_000, call_depth: 300 };
    for (text, reason) in [
        (
            "{{ define \"f\" }}{{ include \"f\" . }}{{ end }}{{ include \"f\" . }}",
            "functions carry out templates deeper than 300 levels",
        ),
        ("{{ range 1000000000000 }}{{ end }}", "the templates take more than 200000 steps"),
        (
            "{{ range 1000 }}{{ range 1000 }}{{ range 1000 }}{{ end }}{{ end }}{{ end }}",
            "the templates take more than 200000 steps",
        ),
        (
            "{{ define \"f\" }}xxxxxxxxxxxxxxxxx{{ end }}{{ range 10000 }}{{ template \"f\" }}{{ end }}",
            "the templates write more than 10000 bytes",
        ),
    ] {
        let set = set(text).expect("it parses");
        let mut render = Render::new(Box::new(())).with_budget(budget);
        let failure = render.execute(&set, b"chart", Value::Nil).expect_err("a limit");
        assert!(failure.is_limit(), "{failure}");
        assert_eq!(failure.origin().reason, reason);
    }
    let endless = error("{{ define \"f\" }}{{ template \"f\" . }}{{ end }}{{ template \"f\" . }}");
    assert!(endless.reason == "exceeded maximum template depth (100000)" && endless.is_limit());
}

#[test]
fn values_that_nest_deep_or_hold_themselves_are_printed_and_dropped() {
    let deep = "{{ $x := list }}{{ range 200000 }}{{ $x = list $x }}{{ end }}{{ len $x }}";
    assert_eq!(run(deep, &serde_json::json!(0)).expect("it runs").0.bytes, b"1");
    let itself = "{{ $m := dict }}{{ $m = set $m \"self\" $m }}{{ print $m | len }}";
    assert!(run(itself, &serde_json::json!(0)).is_ok());
}

#[test]
fn strings_are_bytes_and_templates_may_be_too() {
    let mut set = Set::new("b", Arc::new(BuiltinsOnly), MissingKey::Invalid);
    let text: &[u8] = b"\xff{{ . }}\xfe{{ \"\\xfd\" }}";
    set.define(&Str::from("b"), &Str::from(text)).expect("it parses");
    let data = Value::str(&b"\x80"[..]);
    let output = Render::new(Box::new(())).execute(&set, b"b", data).expect("it runs");
    assert_eq!(output.bytes, b"\xff\x80\xfe\xfd");
}

#[test]
fn a_map_that_is_shared_shows_every_change_to_everyone() {
    let text = "{{ define \"w\" }}{{ $_ := set .m \"k\" 2 }}{{ end }}{{ template \"w\" . }}{{ .m.k }}\
                {{ $n := .m }}{{ $_ := set $n \"k\" 3 }}{{ .m.k }}";
    let (output, _) = run(text, &serde_json::json!({"m": {"k": 1}})).expect("it runs");
    assert_eq!(output.bytes, b"23");
}
