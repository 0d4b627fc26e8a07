//! `go test -json` streams (format: `cmd/test2json`, one JSON object a line).
//!
//! Sub-tests count as tests, as the stream has them. A package that fails without a failed
//! test (it does not build, `TestMain` fails, it calls `os.Exit`) is a failure, but no test. A
//! package that never ends makes the stream incomplete. Lines that are not JSON come from
//! tools that share the stream (`go: downloading …`) and are counted, never read.

use super::{Report, text, wrong_line};
use crate::limits::{NAMED_FAILURES_MAX, TESTS_MAX};
use crate::measure::Unmeasured;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

const WHAT: &str = "test report";

/// What the streams say together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tests {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// Packages that failed outside a test.
    pub failed_packages: u64,
    /// Tests that skipped themselves.
    pub skipped: u64,
    /// Packages that had an end.
    pub packages: u64,
    /// Lines that are not JSON.
    pub other_lines: u64,
    /// The first failures by name, at most [`NAMED_FAILURES_MAX`].
    pub named: Vec<String>,
}

impl Tests {
    /// Tests that ran: passed or failed.
    #[must_use]
    pub fn ran(&self) -> u64 {
        self.passed + self.failed
    }

    /// Tests that failed, and packages that failed outside a test.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failed + self.failed_packages
    }
}

/// One line; fields that decide nothing are not read.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "Action")]
    action: String,
    #[serde(rename = "Package", borrow, default)]
    package: Option<std::borrow::Cow<'a, str>>,
    #[serde(rename = "Test", borrow, default)]
    test: Option<std::borrow::Cow<'a, str>>,
}

#[derive(Default)]
struct Package {
    ended: bool,
    failed_tests: u64,
    running: BTreeSet<String>,
}

/// Reads and sums up all streams; each one must be whole.
pub(super) fn read(reports: &[Report]) -> Result<Tests, Unmeasured> {
    if reports.is_empty() {
        return Err(Unmeasured::Missing("no `reports.tests` is configured".to_owned()));
    }
    let mut tests = Tests::default();
    for report in reports {
        let before = tests.ran() + tests.failed_packages;
        add(report, &mut tests)?;
        if tests.ran() + tests.failed_packages == before {
            return Err(Unmeasured::Missing(format!("no test ran in `{}`", report.path)));
        }
    }
    Ok(tests)
}

fn add(report: &Report, tests: &mut Tests) -> Result<(), Unmeasured> {
    let path = &report.path;
    let text = text(report, WHAT)?;
    if text.trim_start().starts_with('<') {
        let message = "this looks like JUnit XML; write `go test -json` instead";
        return Err(wrong_line(path, 0, message));
    }
    let mut packages: BTreeMap<String, Package> = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        if !line.starts_with('{') {
            tests.other_lines += u64::from(!line.trim().is_empty());
            continue;
        }
        let read: Line<'_> = serde_json::from_str(line)
            .map_err(|_| wrong_line(path, index, "not a line of `go test -json`"))?;
        take(&read, &mut packages, tests).map_err(|why| wrong_line(path, index, &why))?;
        if packages.len() > TESTS_MAX || tests.ran() > TESTS_MAX as u64 {
            return Err(wrong_line(path, index, "too many tests in all reports together"));
        }
    }
    tests.packages += packages.len() as u64;
    match packages.iter().find(|(_, package)| !package.ended) {
        Some((name, _)) => {
            let message = format!("package `{name}` never ended in `{path}`");
            Err(Unmeasured::Incomplete(message))
        }
        None => Ok(()),
    }
}

/// Takes one line in.
fn take(
    line: &Line<'_>,
    packages: &mut BTreeMap<String, Package>,
    tests: &mut Tests,
) -> Result<(), String> {
    match line.action.as_str() {
        "start" | "run" | "pause" | "cont" | "output" | "bench" | "attr" | "artifact" | "pass"
        | "fail" | "skip" => {}
        // A build that fails is told again by the `fail` of every package that needed it.
        "build-output" | "build-fail" => return Ok(()),
        other => return Err(format!("unknown action `{other}`")),
    }
    let Some(name) = line.package.as_deref() else {
        return Err(format!("action `{}` without a package", line.action));
    };
    let package = packages.entry(name.to_owned()).or_default();
    match (line.action.as_str(), line.test.as_deref()) {
        ("start", None) => package.ended = false,
        ("run", Some(test)) => {
            package.running.insert(test.to_owned());
        }
        ("pass" | "bench", Some(test)) => {
            package.running.remove(test);
            tests.passed += u64::from(line.action == "pass");
        }
        ("skip", Some(test)) => {
            package.running.remove(test);
            tests.skipped += 1;
        }
        ("fail", Some(test)) => {
            package.running.remove(test);
            package.failed_tests += 1;
            tests.failed += 1;
            name_failure(tests, format!("{name}.{test}"));
        }
        ("pass" | "skip", None) => {
            if let Some(test) = package.running.first() {
                return Err(format!("package `{name}` passed, but `{test}` never ended"));
            }
            package.ended = true;
        }
        ("fail", None) => end_failed(name, package, tests),
        // Output and scheduling decide nothing.
        _ => {}
    }
    Ok(())
}

/// A package failed: tests that were still running failed with it.
fn end_failed(name: &str, package: &mut Package, tests: &mut Tests) {
    package.ended = true;
    for test in std::mem::take(&mut package.running) {
        package.failed_tests += 1;
        tests.failed += 1;
        name_failure(tests, format!("{name}.{test}"));
    }
    if std::mem::take(&mut package.failed_tests) == 0 {
        tests.failed_packages += 1;
        name_failure(tests, name.to_owned());
    }
}

fn name_failure(tests: &mut Tests, name: String) {
    if tests.named.len() < NAMED_FAILURES_MAX {
        tests.named.push(name);
    }
}
