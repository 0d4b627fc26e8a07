//! Parser directives: `# syntax=`, `# escape=`, `# check=` at the very top of the file.

use super::{
    Place, SyntaxError,
    lines::{Source, without_end},
};

/// What the directives say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directives {
    /// Escapes and continues lines: `\`, or a backtick.
    pub escape: char,
    /// The frontend that the file asks for, with the line on which it does.
    pub syntax: Option<(String, usize)>,
    /// The value of `check`.
    pub check: Option<String>,
}

impl Default for Directives {
    fn default() -> Self {
        Self { escape: '\\', syntax: None, check: None }
    }
}

/// Directives end at the first line that is not one: another comment, a blank line, an
/// instruction.
pub(super) fn read(source: &Source<'_>) -> Result<Directives, SyntaxError> {
    let mut directives = Directives::default();
    let mut seen: Vec<String> = Vec::new();
    for (index, line) in source.all().iter().enumerate() {
        let Some((name, value)) = directive(without_end(line)) else { break };
        let name = name.to_ascii_lowercase();
        let place = Place { line: index + 1, column: 1 };
        if !matches!(name.as_str(), "syntax" | "escape" | "check") {
            continue;
        }
        if seen.contains(&name) {
            let message = format!("the directive `{name}` stands twice, but only one is read");
            return Err(SyntaxError::new(message, place));
        }
        match name.as_str() {
            "escape" => directives.escape = escape(value, place)?,
            "syntax" => directives.syntax = Some((value.to_owned(), index + 1)),
            _ => directives.check = Some(value.to_owned()),
        }
        seen.push(name);
    }
    Ok(directives)
}

fn escape(value: &str, place: Place) -> Result<char, SyntaxError> {
    match value {
        "\\" => Ok('\\'),
        "`" => Ok('`'),
        other => {
            let message = format!("`escape={other}` is no escape character: use \\ or a backtick");
            Err(SyntaxError::new(message, place))
        }
    }
}

/// `# name = value`, blanks around each part allowed.
fn directive(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix('#')?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let first = name.chars().next()?;
    let named = first.is_ascii_alphabetic() && name.chars().all(|c| c.is_ascii_alphanumeric());
    (named && !value.is_empty()).then_some((name, value))
}
