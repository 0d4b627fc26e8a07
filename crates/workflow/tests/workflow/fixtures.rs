//! Workflows on disk. A line `#! 5:12 BOW0107 text` names an expected diagnostic: its place,
//! its code, and words of its message or help. The list is complete and in order.

use bowline_diag::Diagnostic;
use bowline_workflow::{read, unsupported};
use std::path::PathBuf;

fn fixtures(folder: &str) -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let mut found: Vec<(String, String)> = std::fs::read_dir(&folder)
        .expect("the folder is part of the crate")
        .map(|entry| entry.expect("readable").path())
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("readable"))
        })
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no fixtures in {}", folder.display());
    found
}

fn check(name: &str, text: &str, found: &[Diagnostic]) {
    let expected: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("#! ")).collect();
    let described: Vec<String> = found
        .iter()
        .map(|error| {
            let label = &error.labels[0];
            let help = error.help.clone().unwrap_or_default();
            format!("{}:{} {} {} | {help}", label.line, label.column, error.code, error.message)
        })
        .collect();
    let all = described.join("\n");
    assert_eq!(expected.len(), described.len(), "{name}: found\n{all}");
    for (expected, found) in expected.iter().zip(&described) {
        let mut parts = expected.splitn(3, ' ');
        let start = [parts.next().unwrap_or_default(), parts.next().unwrap_or_default()].join(" ");
        let words = parts.next().unwrap_or_default();
        let fits = found.starts_with(&format!("{start} ")) && found.contains(words);
        assert!(fits, "{name}: expected `{expected}`, found\n{all}");
    }
    for error in found {
        let message = &error.message;
        assert!(message.chars().count() <= 100, "{name}: too long: {message}");
        assert!(!message.ends_with('.'), "{name}: {message}");
    }
}

#[test]
fn invalid_workflows_are_refused_at_every_guilty_place() {
    for (name, text) in fixtures("invalid") {
        let errors = read(&name, &text).expect_err(&name);
        check(&name, &text, &errors);
    }
}

#[test]
fn valid_workflows_are_read_and_supported_in_full() {
    for (name, text) in fixtures("valid") {
        match read(&name, &text) {
            Ok(workflow) => check(&name, &text, &unsupported(&workflow)),
            Err(errors) => check(&name, &text, &errors),
        }
    }
}

#[test]
fn what_is_valid_but_not_carried_out_is_named() {
    for (name, text) in fixtures("unsupported") {
        let workflow = read(&name, &text).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
        check(&name, &text, &unsupported(&workflow));
    }
}

#[test]
fn hostile_files_end_in_an_error_and_not_in_a_crash() {
    let deep = format!("on: push\njobs: {}", "{a: ".repeat(10_000));
    let long = format!("on: push\nname: {}", "x".repeat(2 << 20));
    let nested = "(".repeat(20_000);
    let wide = "1 ==".repeat(5_000);
    let dots = ".a".repeat(10_000);
    for text in [
        deep,
        long,
        format!("on: push\njobs:\n  a:\n    if: {nested}\n    runs-on: linux\n"),
        format!("on: push\njobs:\n  a:\n    if: {wide} 1\n    runs-on: linux\n"),
        format!("on: push\njobs:\n  a:\n    if: github{dots}\n    runs-on: linux\n"),
        format!("on: push\njobs:\n  a:\n    if: {}\n    runs-on: linux\n", "!".repeat(20_000)),
        "\u{0}".to_owned(),
        "- - - :".to_owned(),
        "on: !!binary x\njobs: *a".to_owned(),
        String::new(),
    ] {
        assert!(read("ci.yml", &text).is_err(), "{}", text.chars().take(80).collect::<String>());
    }
}

/// A fixed sequence of numbers, so that a failure can be repeated.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("below a usize")
    }
}

#[test]
fn damaged_files_never_crash_the_reader() {
    let pieces = [
        "${{", "}}", "'", "\"", ": ", "- ", "[", "]", "{", "}", "&a ", "*a", "|\n", "!!int ", "\t",
        "\u{feff}", "é", "\r", "#", "? ", ">-\n", "%", "@", "~", "..", ".*", "&&", "0x",
    ];
    let mut sequence = Sequence(0x2545_f491_4f6c_dd1d);
    let all = [fixtures("valid"), fixtures("invalid"), fixtures("unsupported")].concat();
    let rounds = std::option_env!("BOWLINE_ROUNDS").and_then(|text| text.parse().ok());
    for _ in 0..rounds.unwrap_or(2_000) {
        let (_, text) = &all[sequence.below(all.len())];
        let mut letters: Vec<char> = text.chars().collect();
        for _ in 0..=sequence.below(4) {
            let at = sequence.below(letters.len());
            let until = (at + sequence.below(12)).min(letters.len());
            let piece = pieces[sequence.below(pieces.len())];
            letters.splice(at..until, piece.chars());
        }
        let damaged: String = letters.into_iter().collect();
        if let Ok(workflow) = read("ci.yml", &damaged) {
            drop(unsupported(&workflow));
        }
    }
}
