//! Annotations: messages with a place, made by `::error::`, `::warning::` and `::notice::`.
//!
//! Source: GitHub's documentation, "Workflow commands"; runner `IssueCommandExtension` for
//! which positions make a pair.
//! Absent on purpose: whether the file exists.

use crate::command::Command;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// A fact.
    Notice,
    /// Somebody should look.
    Warning,
    /// Something is wrong. The step's result does not depend on it.
    Error,
}

impl Level {
    /// The level that a command's name stands for.
    #[must_use]
    pub fn of_command(name: &str) -> Option<Self> {
        match name {
            "notice" => Some(Self::Notice),
            "warning" => Some(Self::Warning),
            "error" => Some(Self::Error),
            _ => None,
        }
    }

    /// The word in log lines and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A message with, where it was given, a place in the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// How bad it is.
    pub level: Level,
    /// A title above the message.
    pub title: Option<String>,
    /// The message.
    pub message: String,
    /// A path, as the step gave it.
    pub file: Option<String>,
    /// First line, from 1.
    pub line: Option<u32>,
    /// Last line.
    pub end_line: Option<u32>,
    /// First column, from 1.
    pub column: Option<u32>,
    /// Last column.
    pub end_column: Option<u32>,
}

/// The annotation of a command. Positions that make no sense together are dropped; the
/// message is kept.
#[must_use]
pub fn of_command(level: Level, command: &Command) -> Annotation {
    let number = |name| command.property(name).and_then(|text| text.trim().parse::<u32>().ok());
    let text =
        |name| command.property(name).map(str::to_owned).filter(|value: &String| !value.is_empty());
    let (mut line, mut end_line) = (number("line"), number("endLine"));
    let (mut column, mut end_column) = (number("col"), number("endColumn"));
    line = line.or(end_line);
    column = column.or(end_column);
    let lines_differ = matches!((line, end_line), (Some(first), Some(last)) if first != last);
    if line.is_none() || lines_differ || end_column < column && end_column.is_some() {
        (column, end_column) = (None, None);
    }
    if end_line < line && end_line.is_some() {
        (line, end_line) = (None, None);
    }
    Annotation {
        level,
        title: text("title"),
        message: command.data.clone(),
        file: text("file"),
        line,
        end_line,
        column,
        end_column,
    }
}

impl Annotation {
    /// A message without a place.
    #[must_use]
    pub fn plain(level: Level, message: impl Into<String>) -> Self {
        Self {
            level,
            title: None,
            message: message.into(),
            file: None,
            line: None,
            end_line: None,
            column: None,
            end_column: None,
        }
    }

    /// The log line that shows it: `error: a.go:3: message`.
    #[must_use]
    pub fn shown(&self) -> String {
        let mut text = format!("{}: ", self.level.word());
        if let Some(file) = &self.file {
            text.push_str(file);
            for position in [self.line, self.column].into_iter().flatten() {
                text.push_str(&format!(":{position}"));
            }
            text.push_str(": ");
        }
        if let Some(title) = &self.title {
            text.push_str(&format!("{title}: "));
        }
        text.push_str(&self.message);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Positions = (Option<u32>, Option<u32>, Option<u32>, Option<u32>);

    #[test]
    fn positions_that_make_no_sense_are_dropped_and_the_message_kept() {
        let cases: &[(&str, Positions)] = &[
            ("line=3", (Some(3), None, None, None)),
            ("line=3,endLine=5", (Some(3), Some(5), None, None)),
            ("line=3,col=2,endColumn=9", (Some(3), None, Some(2), Some(9))),
            ("line=3,endLine=5,col=2", (Some(3), Some(5), None, None)),
            ("endLine=5", (Some(5), Some(5), None, None)),
            ("col=2", (None, None, None, None)),
            ("line=5,endLine=3", (None, None, None, None)),
            ("line=5,col=4,endColumn=3", (Some(5), None, None, None)),
            ("line=x", (None, None, None, None)),
        ];
        for (properties, expected) in cases {
            let pairs = properties.split(',').filter_map(|pair| pair.split_once('='));
            let command = Command {
                name: "error".into(),
                properties: pairs.map(|(a, b)| (a.to_owned(), b.to_owned())).collect(),
                data: "m".into(),
            };
            let made = of_command(Level::Error, &command);
            let positions = (made.line, made.end_line, made.column, made.end_column);
            assert_eq!(positions, *expected, "{properties}");
            assert_eq!(made.message, "m");
        }
    }

    #[test]
    fn the_log_line_names_the_place() {
        let annotation = Annotation {
            level: Level::Error,
            title: Some("Vet".into()),
            message: "bad".into(),
            file: Some("a.go".into()),
            line: Some(3),
            end_line: None,
            column: Some(7),
            end_column: None,
        };
        assert_eq!(annotation.shown(), "error: a.go:3:7: Vet: bad");
    }
}
