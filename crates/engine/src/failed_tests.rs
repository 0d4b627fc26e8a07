//! What failed tests wrote, from the stream of `go test -json`: a step that sends the stream
//! into a file leaves nothing in its own log.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// One line of the stream (`go doc test2json`).
#[derive(Deserialize)]
struct Line {
    #[serde(rename = "Action")]
    action: String,
    #[serde(rename = "Package", alias = "ImportPath", default)]
    package: String,
    #[serde(rename = "Test", default)]
    test: String,
    #[serde(rename = "Output", default)]
    output: String,
}

/// The output of the tests that failed, in order; of packages that failed without a test, their
/// own. Lines that are no event (an older Go writes build errors so) are kept as they are.
#[must_use]
pub fn output(stream: &str) -> Vec<String> {
    let mut written: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let mut failed: BTreeSet<(String, String)> = BTreeSet::new();
    let mut other = Vec::new();
    for text in stream.lines() {
        let Ok(line) = serde_json::from_str::<Line>(text) else {
            other.push(text.to_owned());
            continue;
        };
        let key = (line.package, line.test);
        match line.action.as_str() {
            "output" | "build-output" => {
                let told = line.output.trim_end();
                // `=== RUN` and its kin say only that a test began or went on.
                if !told.starts_with("=== ") && !told.is_empty() {
                    written.entry(key).or_default().push(told.to_owned());
                }
            }
            "fail" | "build-fail" => {
                failed.insert(key);
            }
            _ => {}
        }
    }
    let has_test =
        |package: &String| failed.iter().any(|(p, test)| p == package && !test.is_empty());
    let told = failed.iter().filter(|(package, test)| !test.is_empty() || !has_test(package));
    other.into_iter().chain(told.flat_map(|key| written.remove(key).unwrap_or_default())).collect()
}

#[cfg(test)]
mod tests {
    use super::output;

    #[test]
    fn only_what_failed_is_told() {
        let stream = r#"{"Action":"run","Package":"shop","Test":"TestGood"}
{"Action":"output","Package":"shop","Test":"TestGood","Output":"fine\n"}
{"Action":"pass","Package":"shop","Test":"TestGood"}
{"Action":"output","Package":"shop","Test":"TestPrice","Output":"=== RUN   TestPrice\n"}
{"Action":"output","Package":"shop","Test":"TestPrice","Output":"    price_test.go:9: got 1\n"}
{"Action":"output","Package":"shop","Test":"TestPrice","Output":"--- FAIL: TestPrice (0.00s)\n"}
{"Action":"fail","Package":"shop","Test":"TestPrice"}
{"Action":"output","Package":"shop","Output":"FAIL\n"}
{"Action":"fail","Package":"shop"}
"#;
        assert_eq!(output(stream), ["    price_test.go:9: got 1", "--- FAIL: TestPrice (0.00s)"]);
    }

    #[test]
    fn a_package_that_does_not_compile_tells_why() {
        let stream = r#"# shop
./price.go:3:1: syntax error
{"Action":"output","Package":"shop","Output":"FAIL\tshop [build failed]\n"}
{"Action":"fail","Package":"shop"}
"#;
        let told = ["# shop", "./price.go:3:1: syntax error", "FAIL\tshop [build failed]"];
        assert_eq!(output(stream), told);
    }
}
