//! The table of templates: what Go made of each row stands beside it, and is asked again where
//! Go is there.

use super::oracle::{Answer, Row, differences, go, ours};

const TABLE: &str = include_str!("table.txt");
const ANSWERS: &str = include_str!("table-by-go.txt");

/// `@data` and `@missing` hold for the rows below them; `⏎` is a newline.
fn rows() -> Vec<Row> {
    let mut data = serde_json::Value::Null;
    let mut missing = "";
    let mut rows = Vec::new();
    for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")) {
        if let Some(text) = line.strip_prefix("@data ") {
            data = serde_json::from_str(text).expect("JSON in the table");
        } else if let Some(word) = line.strip_prefix("@missing ") {
            missing = match word {
                "zero" => "zero",
                "error" => "error",
                _ => "",
            };
        } else {
            let template = line.replace('⏎', "\n");
            rows.push(Row { template, data: data.clone(), missing });
        }
    }
    rows
}

fn line(answer: &Answer) -> String {
    match answer {
        Ok(bytes) => {
            let text: String =
                bytes.iter().flat_map(|byte| byte.escape_ascii()).map(char::from).collect();
            format!("= {text}")
        }
        Err(message) => format!("! {}", message.escape_debug()),
    }
}

#[test]
fn the_table_says_what_go_said_when_it_was_asked() {
    let rows = rows();
    assert!(rows.len() >= 400, "the table has {} rows", rows.len());
    let answers: Vec<&str> = ANSWERS.lines().collect();
    assert_eq!(answers.len(), rows.len(), "an answer a row; run with BLESS=1 where Go is there");
    let wrong: Vec<String> = rows
        .iter()
        .zip(answers)
        .map(|(row, answer)| (row, answer, line(&ours(row))))
        .filter(|(_, answer, mine)| answer != mine)
        .map(|(row, answer, mine)| format!("{}\n go {answer}\n we {mine}", row.template))
        .collect();
    assert!(wrong.is_empty(), "{} rows differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_table_says_what_go_says_now() {
    let rows = rows();
    if std::env::var_os("BLESS").is_some() {
        let answers = go(&rows).expect("Go to bless by");
        let text: String = answers.iter().map(|answer| line(answer) + "\n").collect();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/manifest/tmpl/table-by-go.txt");
        std::fs::write(path, text).expect("the answers are written");
    }
    if let Some(report) = differences(&rows) {
        assert!(report.is_empty(), "{} rows differ:\n{}", report.len(), report.join("\n\n"));
    }
}

#[test]
fn every_verb_prints_every_kind_as_go_does() {
    let verbs = "vdsqxXtfFeEgGboOcUTwz%";
    let flags = ["", "+", "-", "#", " ", "0", "+#", "-0", "# ", "+ "];
    let sizes = ["", "8", "3", ".0", ".2", "9.3", "12.", "1", "*", ".*", "[1]"];
    let values = [
        ".n",
        ".f",
        ".big",
        ".tiny",
        ".s",
        ".e",
        ".u",
        ".t",
        ".l",
        ".m",
        ".z",
        "7",
        "-42",
        "'x'",
        "0x1f600",
        "1.5e300",
        "(bytes \"aé\")",
        "(i64 -9)",
        "(u64 200)",
        "(i32 -3)",
        "(strings \"a\" \"b\")",
        "(labels)",
        "version",
        "(list 1 \"a\" nil 2.5)",
        "(list)",
    ];
    let data = serde_json::json!({
        "n": 3, "f": -2.75, "big": 123456789.0, "tiny": 0.00001234, "s": "héllo\n\"w\"", "e": "",
        "u": "日本`\u{1}\u{feff}", "t": true, "l": [1, "b", null, [2]], "m": {"k": 1, "a": "x"},
        "z": null
    });
    let mut rows = Vec::new();
    for value in values {
        for verb in verbs.chars() {
            for flag in flags {
                let size = sizes[rows.len() * 7 % sizes.len()];
                let star = if size.contains('*') { "4" } else { "" };
                let template = format!("{{{{ printf `%{flag}{size}{verb}|` {star} {value} }}}}");
                rows.push(Row { template, data: data.clone(), missing: "zero" });
            }
        }
    }
    if let Some(report) = differences(&rows) {
        assert!(
            report.is_empty(),
            "{} differ:\n{}",
            report.len(),
            report[..report.len().min(40)].join("\n\n")
        );
    }
}
