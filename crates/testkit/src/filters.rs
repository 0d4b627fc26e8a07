//! What differs from run to run, and the word that stands for it in a snapshot.

use std::path::Path;

/// Patterns that are the same in every world, in the order in which they apply.
const PATTERNS: &[(&str, &str)] = &[
    (r"sha256:[0-9a-f]{64}", "sha256:[DIGEST]"),
    (r"sha256:[0-9a-f]{6,63}…?", "sha256:[SHORT]"),
    (r"\b[0-9a-f]{40}\b", "[COMMIT]"),
    (r"\bcheckout-[a-z0-9]{10}-[0-9a-f]{5}\b", "checkout-[HASH]-[ID]"),
    (r"\b[0-9a-f]{7}\b", "[COMMIT]"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", "[TIME]"),
    (r"(?m)^ +\d+ \[TIME\]", "  [EVENT] [TIME]"),
    (r"(?m)^(\[\d+/\d+\] )?\d\d:\d\d\.\d ", "$1[ELAPSED] "),
    // Stages that took no time are left out, which depends on the machine.
    (r"(?m)^  stages  .*", "  stages  [STAGES]"),
    (r"\b\d+(?:\.\d+)? ms\b", "[TIME] ms"),
    (r"\b\d+(?:\.\d+)? s\b", "[TIME] s"),
    (r"\b\d+(?:\.\d+)?s\)", "[TIME]s)"),
    (r"\((\d+):\d\d\)", "([MINUTES])"),
    (r"\b\d+(?:\.\d+)? [MG]B\b", "[SIZE]"),
    (r"\bprocess \d+", "process [PID]"),
    (r"\bgo1\.\d+(?:\.\d+)?\b", "[GO]"),
];

/// The filters of a world in `root`, whose program is `program`.
#[must_use]
pub fn of(root: &Path, program: &Path) -> Vec<(String, &'static str)> {
    let literal = |path: &Path| regex::escape(&path.display().to_string());
    let mut filters = vec![
        (literal(program), "[BOWLINE]"),
        (test_program(), "[TEST]"),
        (r"\bport \d{4,5}\b".to_owned(), "port [PORT]"),
        (literal(&root.join("s")), "[STATE]"),
        (literal(&root.join("h")), "[HOME]"),
        (literal(root), "[ROOT]"),
        (r"127\.0\.0\.1:\d+".to_owned(), "127.0.0.1:[PORT]"),
    ];
    filters.extend(PATTERNS.iter().map(|(from, to)| ((*from).to_owned(), *to)));
    filters
}

/// The running test as the kernel names it: cargo's hash is part of it, cut after 15 bytes.
fn test_program() -> String {
    let name = std::env::current_exe().ok().and_then(|path| {
        Some(path.file_name()?.to_string_lossy().chars().take(15).collect::<String>())
    });
    regex::escape(&name.unwrap_or_else(|| "no test program".into()))
}

#[cfg(test)]
mod tests {
    use super::of;
    use regex::Regex;
    use std::path::Path;

    fn filtered(text: &str) -> String {
        let filters = of(Path::new("/tmp/b1"), Path::new("/t/bowline"));
        filters.into_iter().fold(text.to_owned(), |text, (pattern, replacement)| {
            Regex::new(&pattern).unwrap().replace_all(&text, replacement).into_owned()
        })
    }

    #[test]
    fn what_differs_is_replaced_and_the_rest_stays() {
        for (text, expected) in [
            ("00:01.2 workflow  passed", "[ELAPSED] workflow  passed"),
            ("[2/6] 00:01.2 gate      passed", "[2/6] [ELAPSED] gate      passed"),
            ("test (1.2 s)", "test ([TIME] s)"),
            ("in /tmp/b1/s/runs of /tmp/b1/checkout", "in [STATE]/runs of [ROOT]/checkout"),
            ("http://127.0.0.1:8080/x", "http://127.0.0.1:[PORT]/x"),
            ("at .github/workflows/ci.yml:13:19", "at .github/workflows/ci.yml:13:19"),
            ("4b825dc v0.0.1-build.1", "[COMMIT] v0.0.1-build.1"),
            ("coverage 83.3 % >= 80 % (35 of 42)", "coverage 83.3 % >= 80 % (35 of 42)"),
            ("BOW1005 a decade of 12 facades", "BOW1005 a decade of 12 facades"),
        ] {
            assert_eq!(filtered(text), expected);
        }
    }
}
