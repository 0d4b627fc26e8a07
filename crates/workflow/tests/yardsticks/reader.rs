//! GitHub's own reader cases: options `---` workflow [`---` file `---` workflow]* `---` result.
//!
//! What is scored is acceptance, file by file: a valid case passes when every file of it is
//! read without an error; an invalid case passes when at least one file is rejected, and, where
//! the expected errors name places in the first file, one of ours stands on the line of one of
//! theirs. Their wording, their generated step ids and their output format are not compared.
//! Cases that only hold between a caller and the workflow it calls need that call carried out;
//! they count as failures where we accept the files.

use serde_json::Value as Json;
use std::path::Path;

/// Passed, total, and what failed.
pub fn score(folder: &Path) -> (usize, usize, Vec<String>) {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder was there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .collect();
    files.sort();
    let (mut passed, mut failures) = (0, Vec::new());
    let total = files.len();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("readable");
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match check(&text) {
            Ok(()) => passed += 1,
            Err(why) => failures.push(format!("{name}: {why}")),
        }
    }
    (passed, total, failures)
}

fn check(text: &str) -> Result<(), String> {
    let parts: Vec<String> = sections(text);
    let [_, workflow, middle @ .., expected] = parts.as_slice() else {
        return Err("the case has too few parts".to_owned());
    };
    let expected: Json = serde_json::from_str(expected).map_err(|error| error.to_string())?;
    let mut errors = Vec::new();
    for (index, text) in
        std::iter::once(workflow).chain(middle.iter().skip(1).step_by(2)).enumerate()
    {
        if let Err(found) = bowline_workflow::read("case.yml", text) {
            errors.extend(found.into_iter().map(|error| (index, error)));
        }
    }
    let Some(theirs) = expected.get("errors").and_then(Json::as_array) else {
        return match errors.first() {
            None => Ok(()),
            Some((_, error)) => Err(format!("valid, but we say: {}", describe(error))),
        };
    };
    if errors.is_empty() {
        return Err(format!("invalid, but accepted: {}", theirs[0]["Message"]));
    }
    let lines: Vec<usize> = theirs.iter().filter_map(line_of).collect();
    let ours = |line: &usize| {
        errors.iter().any(|(_, error)| error.labels.iter().any(|label| label.line == *line))
    };
    if lines.is_empty() || lines.iter().any(ours) {
        return Ok(());
    }
    Err(format!("rejected elsewhere: theirs {lines:?}, ours {}", describe(&errors[0].1)))
}

fn describe(error: &bowline_diag::Diagnostic) -> String {
    let place = error.labels.first().map(|label| format!("{}:{}", label.line, label.column));
    format!("{} {}", place.unwrap_or_default(), error.message)
}

/// `(Line: 5, Col: 3)` of a message.
fn line_of(error: &Json) -> Option<usize> {
    let message = error["Message"].as_str()?;
    let (_, rest) = message.split_once("(Line: ")?;
    rest.split_once(',')?.0.parse().ok()
}

fn sections(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for line in text.split_inclusive('\n') {
        if line.trim_end() == "---" {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push_str(line);
        }
    }
    parts
}
