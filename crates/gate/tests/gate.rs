//! Every folder of `fixtures/` is a case: conditions, reports, and the decision they must give.
//! `BLESS=1` writes the decisions anew; read the difference before you keep it.
#![expect(clippy::disallowed_methods, reason = "tests read their own files")]

use bowline_gate::{Condition, Content, Policy, Report, Reports, decide};
use bowline_model::{Digest, Verdict};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn fixtures() -> Vec<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut folders: Vec<PathBuf> = fs::read_dir(root)
        .expect("the fixtures")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    folders.sort();
    folders
}

/// `coverage*` and `tests*` of a case; `.missing` and `.unreadable` stand for what they say.
fn reports(folder: &Path) -> Reports {
    let mut reports = Reports::default();
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a case")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    for name in names {
        let bytes = fs::read(folder.join(&name)).expect("a file");
        let content = match name.rsplit_once('.') {
            Some((_, "missing")) => Content::Missing,
            Some((_, "unreadable")) => {
                Content::Unreadable(String::from_utf8_lossy(&bytes).into_owned())
            }
            _ => Content::Bytes(bytes),
        };
        let report = Report::new(name.clone(), content);
        if name.starts_with("coverage") {
            reports.coverage.push(report);
        } else if name.starts_with("tests") {
            reports.tests.push(report);
        }
    }
    reports
}

fn policy(text: &str) -> Policy {
    let parse = |line: &str| Condition::parse(line).expect("a condition");
    Policy { conditions: text.lines().map(parse).collect() }
}

/// The decision as people and scripts see it.
fn told(policy: &Policy, reports: &Reports) -> String {
    let decision = decide(policy, reports);
    let mut text = format!("{}\n", decision.verdict.word());
    for condition in &decision.conditions {
        let names: Vec<&str> = condition.reports.iter().map(|r| r.path.as_str()).collect();
        let word = condition.status.word();
        let _ = writeln!(text, "{word}: {} [{}]", condition.message, names.join(" "));
    }
    for note in &decision.notes {
        let _ = writeln!(text, "note: {note}");
    }
    let _ = writeln!(text, "{}", decision.sonar());
    text
}

#[test]
fn every_case_decides_as_its_folder_says() {
    let folders = fixtures();
    assert!(folders.len() >= 25, "the cases are there: {}", folders.len());
    for folder in folders {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let gates = fs::read_to_string(folder.join("gates.txt")).expect("conditions");
        let found = told(&policy(&gates), &reports(&folder));
        let path = folder.join("expected.txt");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, &found).expect("written");
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(found, expected, "{name}");
        let again = told(&policy(&gates), &reports(&folder));
        assert_eq!(found, again, "{name} decides the same again");
    }
}

#[test]
fn a_decision_names_the_digests_of_its_reports() {
    let digest = Digest::from_sha256([7; 32]);
    let mut report = Report::new("cover.out", Content::Missing);
    report.digest = Some(digest.clone());
    let reports = Reports { coverage: vec![report], tests: Vec::new() };
    let decision = decide(&policy("coverage >= 80\n"), &reports);
    assert_eq!(decision.conditions[0].reports[0].digest, Some(digest));
    let text = serde_json::to_string(&decision).expect("a decision");
    let read: bowline_gate::GateDecision = serde_json::from_str(&text).expect("a decision");
    assert_eq!(read, decision);
}

#[test]
fn nothing_but_a_passed_condition_passes() {
    for folder in fixtures() {
        let gates = fs::read_to_string(folder.join("gates.txt")).expect("conditions");
        let decision = decide(&policy(&gates), &reports(&folder));
        let all = decision.conditions.iter().all(|c| c.status == bowline_gate::Status::Passed);
        let passes = all && !decision.conditions.is_empty();
        assert_eq!(passes, decision.verdict == Verdict::Pass, "{}", folder.display());
    }
}

/// Text, column, length, message, help.
const WRONG_CONDITIONS: &[(&str, usize, usize, &str, &str)] = &[
    ("covrage >= 80", 1, 7, "no gate measures `covrage`", "did you mean `coverage`?"),
    (
        "  speed >= 80",
        3,
        5,
        "no gate measures `speed`",
        "known are coverage, tests, test_failures, skipped_tests, test_success_density",
    ),
    (
        "new_coverage >= 80",
        1,
        12,
        "`new_coverage` is not measured: coverage of new code needs the diff, \
             which gates do not get yet",
        "delete the condition to go on without it",
    ),
    ("coverage > 80", 10, 1, "`>` is not `>=` or `<=`", "write `coverage >= 80`"),
    ("coverage == 80", 10, 2, "`==` is not `>=` or `<=`", "write `coverage >= 80`"),
    (
        "coverage <= 80",
        10,
        2,
        "`coverage` is better when it is higher, so this condition holds for bad code",
        "write `coverage >= 80`",
    ),
    (
        "test_failures>=1",
        14,
        2,
        "`test_failures` is better when it is lower, so this condition holds for bad code",
        "write `test_failures <= 1`",
    ),
    ("coverage", 9, 1, "the condition has no `>=` or `<=`", "write `coverage >= 80`"),
    (
        "coverage >=",
        12,
        1,
        "the condition has no number",
        "write a number, for example `coverage >= 80`",
    ),
    (
        "coverage >= eighty",
        13,
        6,
        "`eighty` is not a number with at most three decimal places",
        "write a number, for example `coverage >= 80`",
    ),
    (
        "coverage >= NaN",
        13,
        3,
        "`NaN` is not a number with at most three decimal places",
        "write a number, for example `coverage >= 80`",
    ),
    (
        "coverage >= 101",
        13,
        3,
        "`101` is over 100 %, which no code can reach",
        "write a share between 0 and 100",
    ),
    ("tests >= 5%", 10, 2, "`tests` is a count, not a share", "leave the `%` out"),
    (
        "",
        1,
        1,
        "the condition names no metric",
        "write a metric, a sign and a number: `coverage >= 80`",
    ),
];

#[test]
fn a_wrong_condition_is_told_with_its_place() {
    for (text, column, length, message, help) in WRONG_CONDITIONS.iter().copied() {
        let error = Condition::parse(text).expect_err(text);
        assert_eq!((error.column, error.length), (column, length), "{text}");
        assert_eq!((error.message.as_str(), error.help.as_str()), (message, help), "{text}");
        assert!(message.chars().count() <= 100);
        let placed = error.at("bowline.yaml", 3, 5);
        assert_eq!((placed.labels[0].line, placed.labels[0].column), (3, 4 + column));
    }
}

#[test]
fn conditions_are_read_however_they_are_spaced() {
    for (text, expected) in [
        ("coverage >= 80", "coverage >= 80 %"),
        ("coverage>=80%", "coverage >= 80 %"),
        ("  coverage  >=  80.25 %  ", "coverage >= 80.25 %"),
        ("test_failures <= 0", "test_failures <= 0"),
    ] {
        assert_eq!(Condition::parse(text).expect(text).text(), expected);
    }
}

#[test]
fn every_limit_is_held() {
    let long = "c".repeat(bowline_gate::limits::CONDITION_CHARACTERS_MAX + 1);
    assert!(Condition::parse(&long).expect_err("too long").message.contains("200 characters"));
    let one = Condition::parse("tests >= 0").expect("a condition");
    let many = vec![one; bowline_gate::limits::CONDITIONS_MAX + 1];
    let decision = decide(&Policy { conditions: many }, &Reports::default());
    assert_eq!(decision.verdict, Verdict::Block);
}

#[test]
fn every_gate_has_a_row_and_a_case() {
    let cases: String = fixtures()
        .iter()
        .map(|folder| fs::read_to_string(folder.join("gates.txt")).expect("conditions"))
        .collect();
    for gate in bowline_gate::gate::GATES {
        let asked = cases.lines().any(|line| line.starts_with(&format!("{} ", gate.metric)));
        assert!(asked, "no case asks for `{}`", gate.metric);
        assert!(!gate.title.is_empty());
    }
}
