//! BuildKit's golden trees: what its parser makes of a Dockerfile, in its own notation.

use crate::yardsticks;
use bowline_image::dockerfile::{Arguments, Dockerfile, Instruction, Word};
use std::{fmt::Write as _, fs, path::Path};

#[test]
fn the_parser_reads_what_buildkit_reads() {
    let Some(folder) = yardsticks::folder("dockerfile") else { return };
    let cases = names(&folder.join("testfiles"));
    let mut wrong = Vec::new();
    for case in &cases {
        let folder = folder.join("testfiles").join(case);
        let text = fs::read_to_string(folder.join("Dockerfile")).expect("a Dockerfile");
        let expected = fs::read_to_string(folder.join("result")).expect("a result");
        match Dockerfile::parse(&text).map(|dockerfile| dump(&dockerfile)) {
            Ok(found) if found.trim() == expected.trim() => {}
            Ok(found) => wrong.push(format!("{case}: got\n{found}\nwant\n{expected}")),
            Err(error) => wrong.push(format!("{case}: {error}")),
        }
    }
    let negatives = names(&folder.join("testfiles-negative"));
    for case in &negatives {
        let path = folder.join("testfiles-negative").join(case).join("Dockerfile");
        let text = fs::read_to_string(path).unwrap_or_default();
        if Dockerfile::parse(&text).is_ok() {
            wrong.push(format!("{case}: was read, but must be refused"));
        }
    }
    let total = cases.len() + negatives.len();
    println!("dockerfile {}/{total}", total - wrong.len());
    assert!(total >= 37, "the yardstick is incomplete: {total} cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the yardstick's folder");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

fn dump(dockerfile: &Dockerfile) -> String {
    let mut text = String::new();
    for instruction in &dockerfile.instructions {
        let _ = writeln!(text, "({})", one(instruction));
    }
    text
}

fn one(instruction: &Instruction) -> String {
    let mut text = instruction.keyword.to_lowercase();
    if !instruction.flags.is_empty() {
        let flags: Vec<String> = instruction.flags.iter().map(quoted).collect();
        let _ = write!(text, " [{}]", flags.join(" "));
    }
    text + &arguments(&instruction.arguments)
}

fn arguments(arguments: &Arguments) -> String {
    match arguments {
        Arguments::Empty => String::new(),
        Arguments::Json(items) => items.iter().map(|item| format!(" {}", go_quote(item))).collect(),
        Arguments::Text(word) => format!(" {}", quoted(word)),
        Arguments::Words(words) => words.iter().map(|word| format!(" {}", quoted(word))).collect(),
        Arguments::Pairs(pairs) => pairs
            .iter()
            .map(|pair| {
                let sign = if pair.assigned { "=" } else { "" };
                format!(" {} {} \"{sign}\"", quoted(&pair.name), quoted(&pair.value))
            })
            .collect(),
        Arguments::Health(kind, command) => {
            format!(" {}{}", quoted(kind), self::arguments(command))
        }
        Arguments::Instruction(inner) => format!(" ({})", one(inner)),
    }
}

fn quoted(word: &Word) -> String {
    go_quote(&word.text)
}

/// Go's `strconv.Quote`.
fn go_quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\u{b}' => quoted.push_str("\\v"),
            '\u{7}' => quoted.push_str("\\a"),
            c if u32::from(c) < 0x20 || c == '\u{7f}' => {
                let _ = write!(quoted, "\\x{:02x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
