//! Go itself, asked by a small program that is built where Go is there.

use super::functions;
use bowline_manifest::tmpl::{MissingKey, Render, Set, Str, Value};
use serde_json::json;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

/// One template with its data.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub template: String,
    pub data: serde_json::Value,
    pub missing: &'static str,
}

/// Output, or what the error says.
pub(crate) type Answer = Result<Vec<u8>, String>;

/// What Bowline makes of a row.
pub(crate) fn ours(row: &Row) -> Answer {
    let missing = match row.missing {
        "zero" => MissingKey::Zero,
        "error" => MissingKey::Error,
        _ => MissingKey::Invalid,
    };
    let mut set = Set::new("row", Arc::new(functions::table()), missing);
    let text = Str::from(row.template.as_str());
    set.define(&Str::from("row"), &text).map_err(|error| error.to_string())?;
    let mut render = Render::new(Box::new(()));
    let output = render.execute(&set, b"row", Value::from(&row.data));
    output.map(|output| output.bytes).map_err(|error| error.to_string())
}

/// What Go makes of rows; `None` (said aloud) where Go is not there.
pub(crate) fn go(rows: &[Row]) -> Option<Vec<Answer>> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let program = PROGRAM.get_or_init(build).as_ref()?;
    let input: String = rows
        .iter()
        .map(|row| {
            json!({"template": row.template, "data": row.data, "missing": row.missing}).to_string()
                + "\n"
        })
        .collect();
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the oracle starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let (sent, output) = std::thread::scope(|scope| {
        let writer = scope.spawn(move || stdin.write_all(input.as_bytes()));
        let output = child.wait_with_output().expect("the oracle ends");
        (writer.join().expect("the writer ends"), output)
    });
    sent.expect("the oracle reads all rows");
    assert!(output.status.success(), "the oracle fails");
    let answers = String::from_utf8(output.stdout).expect("JSON");
    Some(answers.lines().map(answer).collect())
}

fn answer(line: &str) -> Answer {
    let json: serde_json::Value = serde_json::from_str(line).expect("JSON");
    let error = json["error"].as_str().expect("a text");
    if !error.is_empty() {
        return Err(error.to_owned());
    }
    Ok(base64(json["output"].as_str().unwrap_or_default()))
}

pub(crate) fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for digit in text.bytes().filter_map(|byte| DIGITS.iter().position(|known| *known == byte)) {
        bits = bits << 6 | digit as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    out
}

fn build() -> Option<PathBuf> {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/template/main.go");
    let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("template-oracle");
    for go in ["go", "/usr/local/go/bin/go"] {
        let built = Command::new(go).args(["build", "-o"]).arg(&program).arg(source).status();
        if built.is_ok_and(|status| status.success()) {
            return Some(program);
        }
    }
    eprintln!("SKIPPED: Go is not there, so nothing was compared with Go itself");
    None
}

/// The rows on which Go and Bowline differ, as a report; `None` without Go.
pub(crate) fn differences(rows: &[Row]) -> Option<Vec<String>> {
    let answers = go(rows)?;
    assert_eq!(answers.len(), rows.len(), "one answer a row");
    let mut report = Vec::new();
    for (row, theirs) in rows.iter().zip(answers) {
        let mine = ours(row);
        if mine != theirs {
            report.push(format!(
                "template: {}\n    data: {}\n missing: {}\n      go: {}\n bowline: {}",
                row.template,
                row.data,
                row.missing,
                shown(&theirs),
                shown(&mine)
            ));
        }
    }
    Some(report)
}

fn shown(answer: &Answer) -> String {
    match answer {
        Ok(bytes) => format!("output {:?}", String::from_utf8_lossy(bytes)),
        Err(message) => format!("error {message}"),
    }
}
