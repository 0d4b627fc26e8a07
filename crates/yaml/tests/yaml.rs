//! The reader's behaviour as one table a topic.

use bowline_yaml::{Limits, Node, Problem, Schema, Style, Yaml, emit, parse_documents};
use serde_json::{Value, json};

fn parse(text: &str) -> Node {
    let mut documents = parse_documents(text, &Limits::default()).expect("valid YAML");
    assert_eq!(documents.len(), 1, "{text}");
    documents.remove(0)
}

#[test]
fn places_are_counted_in_characters_from_one() {
    let root = parse("# ü\nname: öäü\njobs:\n  b: { ü: [x, 'yy'] }\n");
    let check = |pointer: &str, line: usize, column: usize, length: usize| {
        let span = root.pointer(pointer).expect(pointer).span;
        assert_eq!((span.line, span.column, span.length), (line, column, length), "{pointer}");
    };
    check("/name", 2, 7, 3);
    check("/jobs/b", 4, 6, 16);
    check("/jobs/b/ü/0", 4, 12, 1);
    check("/jobs/b/ü/1", 4, 15, 4);
    assert_eq!(root.key("name").expect("key").span.column, 1);
}

#[test]
fn problems_have_a_place_and_a_kind() {
    for (text, problem, line, column) in [
        ("a: 1\na: 2\n", Problem::DuplicateKey, 2, 1),
        ("a: [1\nb: 2\n", Problem::Syntax, 2, 2),
        ("a: *x\n", Problem::Alias, 1, 4),
        ("a: &x [*x]\n", Problem::Alias, 1, 8),
        ("a: \"b\n", Problem::Syntax, 2, 1),
        ("a:\n\t- b\n", Problem::Syntax, 2, 1),
    ] {
        let error = parse_documents(text, &Limits::default()).expect_err(text);
        let found = (error.problem, error.line, error.column);
        assert_eq!(found, (problem, line, column), "{text:?}: {error}");
    }
}

#[test]
fn keys_that_differ_in_case_are_duplicates_only_when_asked() {
    let text = "a: 1\nA: 2\n";
    assert!(parse_documents(text, &Limits::default()).is_ok());
    let limits = Limits { keys_ignore_case: true, ..Limits::default() };
    let error = parse_documents(text, &limits).expect_err("duplicate");
    assert_eq!(error.problem, Problem::DuplicateKey);
}

#[test]
fn aliases_expand_and_are_counted() {
    let root = parse("a: &x [1, 2]\nb: *x\nc: { d: *x }\n");
    assert_eq!(root.to_json(Schema::Core12), json!({"a": [1, 2], "b": [1, 2], "c": {"d": [1, 2]}}));
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let below = format!("*a{}", level - 1);
        let list = [below.as_str(); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{list}]\n"));
    }
    let error = parse_documents(&bomb, &Limits::default()).expect_err("bomb");
    assert_eq!(error.problem, Problem::Limit);
}

#[test]
fn depth_is_limited_before_the_stack_is() {
    for text in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000)] {
        let error = parse_documents(&text, &Limits::default()).expect_err("deep");
        assert_eq!(error.problem, Problem::Limit, "{error}");
    }
}

#[test]
fn several_documents_and_empty_ones_are_read() {
    let documents = parse_documents("a: 1\n---\n---\nb\n", &Limits::default()).expect("ok");
    let json: Vec<Value> = documents.iter().map(|node| node.to_json(Schema::Core12)).collect();
    assert_eq!(json, [json!({"a": 1}), Value::Null, json!("b")]);
    assert!(parse_documents("", &Limits::default()).expect("empty").is_empty());
    assert!(parse_documents("# only a comment\n", &Limits::default()).expect("ok").is_empty());
}

#[test]
fn merge_keys_never_replace_what_stands_there() {
    let text = "base: &b {x: 1, y: 2}\nall:\n  <<: *b\n  y: 3\n";
    let documents = parse_documents(text, &Limits::manifests()).expect("ok");
    let all = documents[0].get("all").expect("all").to_json(Schema::Yaml11);
    assert_eq!(all, json!({"y": 3, "x": 1}));
    let plain = parse(text);
    assert!(plain.pointer("/all/<<").is_some(), "without merge keys it is an ordinary key");
}

#[test]
fn styles_and_tags_are_kept() {
    let root = parse("a: |\n  x\n  y\nb: 'q'\nc: !!str 12\nd: 12\n");
    let Yaml::Scalar(scalar) = &root.get("a").expect("a").value else { panic!("scalar") };
    assert_eq!((scalar.style, scalar.text.as_str()), (Style::Literal, "x\ny\n"));
    assert_eq!(root.get("c").expect("c").to_json(Schema::Core12), json!("12"));
    assert_eq!(root.get("d").expect("d").to_json(Schema::Core12), json!(12));
}

#[test]
fn what_is_emitted_reads_back_the_same_under_both_schemas() {
    let value = json!({
        "name": "a b", "on": "yes", "empty": {}, "none": [], "null": null, "f": 1.5, "n": -3,
        "quoted": ["true", "1", "0x1", "~", "", " x", "x ", "a: b", "a #b", "#", "- x", "2001-01-01",
            "12:30", "y", "\u{7f}", "\u{2028}", "tab\there", "*a", "&a", "!t", "%d", "@x", "`x", "="],
        "text": "line one\n  line two\n\nend\n", "cut": "a\nb", "odd": " a\nb", "two": "a\n\n",
        "nested": [{"a": [1, [2, 3], {"b": "c"}]}, "x"]
    });
    let text = emit(&value);
    for schema in [Schema::Core12, Schema::Yaml11] {
        let root = parse(&text);
        assert_eq!(root.to_json(schema), value, "{text}");
    }
    for scalar in [json!("x"), json!(null), json!([]), json!("a\nb\n")] {
        assert_eq!(parse(&emit(&scalar)).to_json(Schema::Core12), scalar);
    }
}

#[test]
fn a_text_may_end_without_a_line_break() {
    for (text, expected) in [
        ("a: |\n  x", json!({"a": "x"})),
        ("a: |\n  x\n", json!({"a": "x\n"})),
        ("a: |+\n  x", json!({"a": "x"})),
        ("a: >-\n  x", json!({"a": "x"})),
        ("a: |", json!({"a": ""})),
        ("a: x", json!({"a": "x"})),
        ("a: |\n  x\nb: y", json!({"a": "x\n", "b": "y"})),
    ] {
        assert_eq!(parse(text).to_json(Schema::Core12), expected, "{text:?}");
    }
}

#[test]
fn a_comma_after_a_tag_is_an_error_and_in_words_it_is_none() {
    for text in [
        "[!!str, x]",
        "{a: !t,b: c}",
        "- [x, &a !y, z]",
        "{\"a\":!t,}",
        "[!<tag:yaml.org,2002:str>, x]",
    ] {
        let error = parse_documents(text, &Limits::default()).expect_err(text);
        assert_eq!(error.problem, Problem::Syntax, "{text}");
    }
    for text in [
        "a: echo hi !x, y",
        "# !x, y\na: 1",
        "a: |\n  !x, y\n",
        "a: 'b !x, y'",
        "- !<tag:yaml.org,2002:str> 1",
    ] {
        assert!(parse_documents(text, &Limits::default()).is_ok(), "{text}");
    }
    assert_eq!(parse("[!!str a, !!str , b]").to_json(Schema::Core12), json!(["a", "", "b"]));
}

/// A mark at the beginning takes no column; a tab as indentation is told where it stands.
#[test]
fn a_byte_order_mark_is_no_content_and_a_tab_is_named() {
    let limits = Limits::default();
    let marked = parse_documents("\u{feff}a: 1\r\nb: 2\r\n", &limits).expect("it is YAML");
    let second = &marked[0].as_mapping().expect("a mapping")[1].0;
    assert_eq!((second.as_str(), second.span.line, second.span.column), (Some("b"), 2, 1));
    let error = parse_documents("a:\n\tb: 1\n", &limits).expect_err("a tab");
    assert_eq!((error.line, error.column), (2, 1));
    assert!(error.message.contains("a tab indents this line"), "{error}");
    // Where a tab is content it stays so.
    parse_documents("a: |\n  x\n  \ty\n", &limits).expect("it is YAML");
}
