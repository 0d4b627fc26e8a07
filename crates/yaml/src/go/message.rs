//! What go-yaml says about a text that is no YAML.

use libyaml_safer::{ErrorKind, EventData, Parser};

/// go-yaml v2's message without its `yaml: `; `None` where the first document is well formed.
///
/// The line is the one that go-yaml counts: that of the mark from 0, one more for the scanner.
#[must_use]
pub fn syntax_message(text: &str) -> Option<String> {
    let mut parser = Parser::new();
    parser.set_encoding(libyaml_safer::Encoding::Utf8);
    parser.set_input(text.as_bytes());
    loop {
        match parser.parse() {
            Ok(event) => {
                if matches!(event.data, EventData::StreamEnd | EventData::DocumentEnd { .. }) {
                    return None;
                }
            }
            Err(error) => {
                let line = |mark: Option<libyaml_safer::Mark>| mark.map_or(0, |mark| mark.line);
                let scanner = u64::from(error.kind() == ErrorKind::Scanner);
                let shown = match (line(error.problem_mark()), line(error.context_mark())) {
                    (0, 0) => String::new(),
                    (0, context) => format!("line {context}: "),
                    (problem, _) => format!("line {}: ", problem + scanner),
                };
                return Some(format!("{shown}{}", error.problem()));
            }
        }
    }
}
