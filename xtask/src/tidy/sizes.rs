//! Files, functions and lines stay small enough to be read at once.

use super::SourceFile;

const FILE_LINES_MAX: usize = 800;
const FUNCTION_LINES_MAX: usize = 70;
const LINE_COLUMNS_MAX: usize = 100;

/// Findings of one file.
pub fn check(file: &SourceFile) -> Vec<String> {
    let lines: Vec<&str> = file.text.lines().collect();
    let mut findings = Vec::new();
    if lines.len() > FILE_LINES_MAX {
        findings.push(format!(
            "{}:{}: more than {FILE_LINES_MAX} lines: give the second concept its own file",
            file.path,
            lines.len()
        ));
    }
    for (index, line) in lines.iter().enumerate() {
        // A long text in a table or test cannot be broken without changing it.
        let text = line.contains('"') || line.contains("http") || line.trim().starts_with('|');
        if line.chars().count() > LINE_COLUMNS_MAX && !text {
            findings.push(format!(
                "{}:{}: more than {LINE_COLUMNS_MAX} columns: break the line",
                file.path,
                index + 1
            ));
        }
    }
    findings.extend(long_functions(file, &lines));
    findings
}

/// A function ends at the first closing brace with the indentation of its `fn`: the format is
/// checked before, so this holds.
fn long_functions(file: &SourceFile, lines: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let indentation = line.len() - line.trim_start().len();
        if !is_function(line.trim_start()) {
            continue;
        }
        let closing = format!("{}}}", " ".repeat(indentation));
        let body = lines[start..].iter().position(|line| *line == closing);
        let signature_only = lines[start..].iter().position(|line| line.trim_end().ends_with(';'));
        let Some(length) = body else { continue };
        let opened = lines[start..].iter().position(|line| line.trim_end().ends_with('{'));
        if signature_only.is_some_and(|end| opened.is_none_or(|opened| end < opened)) {
            continue;
        }
        if length + 1 > FUNCTION_LINES_MAX {
            findings.push(format!(
                "{}:{}: a function of {} lines (at most {FUNCTION_LINES_MAX}): name its parts",
                file.path,
                start + 1,
                length + 1
            ));
        }
    }
    findings
}

fn is_function(line: &str) -> bool {
    let mut words = line.split(' ').skip_while(|word| {
        matches!(*word, "pub" | "const" | "async" | "unsafe" | "extern" | "\"C\"")
            || word.starts_with("pub(")
    });
    words.next() == Some("fn")
}

#[cfg(test)]
mod tests {
    use super::{SourceFile, check};

    #[test]
    fn long_things_are_found_and_short_ones_are_not() {
        let body = "    step();\n".repeat(70);
        for (text, findings) in [
            (format!("pub async fn long() {{\n{body}}}\n"), 1),
            ("fn short() {\n}\n".to_owned(), 0),
            ("x\n".repeat(801), 1),
            (format!("// {}\n", "long ".repeat(30)), 1),
            ("trait T {\n    fn declared();\n}\n".to_owned(), 0),
        ] {
            let file = SourceFile { path: "a.rs".into(), text };
            assert_eq!(check(&file).len(), findings, "{}", file.text);
        }
    }
}
