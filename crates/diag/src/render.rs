//! The three forms of a diagnostic: for people at a terminal, for plain logs, for machines.

use crate::{Diagnostic, Severity, inert, inert_json, inert_lines};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceSpan, ThemeCharacters,
    ThemeStyles,
};
use std::fmt::{self, Write as _};

/// At most this many diagnostics of one cause are shown; then their count.
const SHOWN_MAX: usize = 10;

/// Longer lines of a file are shown as an excerpt without drawing, in characters.
const LINE_CHARACTERS_MAX: usize = 400;

/// Characters of such a line that are shown: some before the place, the rest behind it.
const EXCERPT_CHARACTERS: usize = 120;
const BEFORE_CHARACTERS: usize = 40;

/// Box drawing, caret, help; with `color` where the terminal takes it.
#[must_use]
pub fn people(diagnostics: &[Diagnostic], color: bool, width: usize) -> String {
    let theme = GraphicalTheme {
        characters: ThemeCharacters::unicode(),
        styles: if color { ThemeStyles::ansi() } else { ThemeStyles::none() },
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(width).with_links(false);
    shown(diagnostics, |diagnostic| {
        let mut text = String::new();
        let Some(label) = diagnostic.labels.first() else {
            return painted(diagnostic, color);
        };
        let source = diagnostic.sources.iter().find(|s| s.file == label.file);
        let Some(source) = source else { return painted(diagnostic, color) };
        let line = source.text.lines().nth(label.line.saturating_sub(1)).unwrap_or_default();
        if line.chars().nth(LINE_CHARACTERS_MAX).is_some() {
            return painted(diagnostic, color);
        }
        let report = Report::new(diagnostic, &label.file, &source.text);
        match handler.render_report(&mut text, &report) {
            Ok(()) => text,
            Err(fmt::Error) => plain_one(diagnostic),
        }
    })
}

/// Positions as words, no box drawing: for logs and screen readers.
#[must_use]
pub fn plain(diagnostics: &[Diagnostic]) -> String {
    shown(diagnostics, plain_one)
}

/// One JSON array; every diagnostic, whole.
#[must_use]
pub fn json(diagnostics: &[Diagnostic]) -> String {
    let text = serde_json::to_string_pretty(diagnostics);
    text.map_or_else(|error| format!("[]\n{error}"), |text| inert_json(&text))
}

fn shown(diagnostics: &[Diagnostic], one: impl Fn(&Diagnostic) -> String) -> String {
    let mut text: String =
        diagnostics.iter().take(SHOWN_MAX).map(|diagnostic| one(&harmless(diagnostic))).collect();
    if diagnostics.len() > SHOWN_MAX {
        let _ = writeln!(text, "and {} more", diagnostics.len() - SHOWN_MAX);
    }
    text
}

/// The same diagnostic without anything that a terminal would act on: names, messages and
/// lines come from files that somebody else wrote.
fn harmless(diagnostic: &Diagnostic) -> Diagnostic {
    let mut shown = diagnostic.clone();
    shown.message = inert(&shown.message);
    for label in &mut shown.labels {
        label.file = inert(&label.file);
        label.text = inert(&label.text);
    }
    for source in &mut shown.sources {
        source.file = inert(&source.file);
        source.text = inert_lines(&source.text).into();
    }
    shown.help = shown.help.map(|help| inert_lines(&help));
    shown.notes = shown.notes.iter().map(|note| inert_lines(note)).collect();
    shown
}

/// A line around a column, so that one line of a megabyte does not fill the screen.
fn excerpt(line: &str, column: usize) -> String {
    let line = line.trim_end();
    if line.chars().nth(LINE_CHARACTERS_MAX).is_none() {
        return line.trim_start().to_owned();
    }
    let skipped = column.saturating_sub(1).saturating_sub(BEFORE_CHARACTERS);
    let mut rest = line.chars().skip(skipped);
    let shown: String = rest.by_ref().take(EXCERPT_CHARACTERS).collect();
    let before = if skipped > 0 { "…" } else { "" };
    let after = if rest.next().is_some() { "…" } else { "" };
    format!("{before}{shown}{after}")
}

fn plain_one(diagnostic: &Diagnostic) -> String {
    let mut text = String::new();
    let word = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let _ = writeln!(text, "{} {word}: {}", diagnostic.code, diagnostic.message);
    for label in &diagnostic.labels {
        let place = format!("{}:{}:{}", label.file, label.line, label.column);
        let colon = if label.text.is_empty() { "" } else { ": " };
        let _ = writeln!(text, "  at {place}{colon}{}", label.text);
        let source = diagnostic.sources.iter().find(|s| s.file == label.file);
        let line = source.and_then(|s| s.text.lines().nth(label.line.saturating_sub(1)));
        if let Some(line) = line {
            let _ = writeln!(text, "     {}", excerpt(line, label.column));
        }
    }
    for note in &diagnostic.notes {
        let _ = writeln!(text, "  {note}");
    }
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(text, "  help: {help}");
    }
    text
}

/// The plain form with its first line in the severity's colour and the help in cyan.
fn painted(diagnostic: &Diagnostic, color: bool) -> String {
    let text = plain_one(diagnostic);
    if !color {
        return text;
    }
    let first = match diagnostic.severity {
        Severity::Error => "31",
        Severity::Warning => "33",
        Severity::Note => "0",
    };
    let mut out = String::new();
    for (index, line) in text.lines().enumerate() {
        let paint = if index == 0 {
            first
        } else if line.starts_with("  help: ") {
            "36"
        } else {
            "0"
        };
        let _ = match paint {
            "0" => writeln!(out, "{line}"),
            paint => writeln!(out, "\u{1b}[{paint}m{line}\u{1b}[0m"),
        };
    }
    out
}

/// A diagnostic in the shape that the renderer wants.
#[derive(Debug)]
struct Report<'a> {
    diagnostic: &'a Diagnostic,
    source: NamedSource<String>,
    labels: Vec<LabeledSpan>,
    help: Option<String>,
}

impl<'a> Report<'a> {
    fn new(diagnostic: &'a Diagnostic, file: &str, text: &str) -> Self {
        let labels = diagnostic.labels.iter().filter(|l| l.file == file).map(|label| {
            let (start, length) = byte_span(text, label.line, label.column, label.length);
            let said = (!label.text.is_empty()).then(|| label.text.clone());
            LabeledSpan::new_with_span(said, SourceSpan::new(start.into(), length))
        });
        let mut help = diagnostic.notes.clone();
        help.extend(diagnostic.help.clone());
        Self {
            diagnostic,
            source: NamedSource::new(file, text.to_owned()),
            labels: labels.collect(),
            help: (!help.is_empty()).then(|| help.join("\n")),
        }
    }
}

/// Line, column and length in characters to a byte offset and length, kept inside the text.
fn byte_span(text: &str, line: usize, column: usize, length: usize) -> (usize, usize) {
    let mut start = 0;
    for (index, content) in text.split_inclusive('\n').enumerate() {
        if index + 1 == line {
            let width = |count: usize| -> usize {
                content.trim_end_matches('\n').chars().take(count).map(char::len_utf8).sum()
            };
            let from = width(column.saturating_sub(1));
            let to = width(column.saturating_sub(1) + length.max(1));
            return (start + from, (to - from).max(1).min(text.len() - start - from));
        }
        start += content.len();
    }
    (text.len().saturating_sub(1), 0)
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        Some(Box::new(&self.diagnostic.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

#[cfg(test)]
mod tests {
    use super::{people, plain};
    use crate::Diagnostic;

    fn sample() -> Diagnostic {
        Diagnostic::error("BOW0107", "job `deploy` needs `biuld`, which does not exist")
            .at("ci.yml", 2, 13, 5, "no job has this id")
            .source("ci.yml", "jobs:\n    needs: [biuld]\n")
            .help("did you mean `build`?")
    }

    #[test]
    fn people_see_their_own_line_with_a_caret() {
        let text = people(&[sample()], false, 80);
        assert!(text.contains("needs: [biuld]") && text.contains("no job has this id"), "{text}");
        assert!(text.contains("ci.yml:2:13") && text.contains("did you mean `build`?"), "{text}");
    }

    #[test]
    fn plain_text_names_the_place_in_words() {
        let expected = "BOW0107 error: job `deploy` needs `biuld`, which does not exist\n  \
            at ci.yml:2:13: no job has this id\n     needs: [biuld]\n  help: did you mean `build`?\n";
        assert_eq!(plain(&[sample()]), expected);
    }

    #[test]
    fn without_a_place_colour_repeats_what_the_words_say() {
        let told = people(&[Diagnostic::error("BOW1005", "dirty").help("commit")], true, 80);
        let expected =
            "\u{1b}[31mBOW1005 error: dirty\u{1b}[0m\n\u{1b}[36m  help: commit\u{1b}[0m\n";
        assert_eq!(told, expected);
    }

    #[test]
    fn nothing_of_a_file_reaches_the_terminal_as_a_command() {
        let evil = "\u{1b}]8;;javascript:x\u{7}\u{1b}[2J\u{9b}31m\u{202e}";
        let diagnostic = Diagnostic::error("BOW0107", format!("`{evil}` is\nunknown"))
            .at("ci.yml", 1, 1, 5, evil)
            .source("ci.yml", format!("{evil}: x\r\n"))
            .note(evil)
            .help(evil);
        for told in [people(&[diagnostic.clone()], false, 80), plain(&[diagnostic.clone()])] {
            let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!told.contains(acts), "{told:?}");
        }
        let json = super::json(&[diagnostic]);
        assert!(!json.contains(|c: char| c.is_control() && c != '\n'), "{json:?}");
    }

    #[test]
    fn a_line_of_a_megabyte_is_shown_around_its_place() {
        let line = format!("{}here{}", "a".repeat(500_000), "b".repeat(500_000));
        let long = Diagnostic::error("BOW0107", "wrong")
            .at("ci.yml", 1, 500_001, 4, "")
            .source("ci.yml", line);
        for told in [people(&[long.clone()], false, 80), plain(&[long])] {
            assert!(told.len() < 400 && told.contains("ahereb"), "{told}");
            assert!(told.contains("ci.yml:1:500001"), "{told}");
        }
    }

    #[test]
    fn a_place_outside_the_text_does_not_panic() {
        let outside = sample().at("ci.yml", 99, 1, 4, "nowhere");
        assert!(people(&[outside], false, 80).contains("BOW0107"));
    }
}
