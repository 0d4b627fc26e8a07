//! Environment files: what a step hands on through `GITHUB_ENV`, `GITHUB_OUTPUT`,
//! `GITHUB_STATE` and `GITHUB_PATH`.
//!
//! Each step gets fresh, empty files. A malformed file fails the step with its line named and
//! nothing of it is applied.
//!
//! Source: GitHub's documentation, "Workflow commands", section "Environment files".
//! Absent on purpose: reading the files (bytes come in), applying the values.

use std::fmt;

/// Which file a pair or an error belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileKind {
    /// `GITHUB_ENV`: variables for the later steps of the job.
    Environment,
    /// `GITHUB_OUTPUT`: outputs of the step.
    Output,
    /// `GITHUB_STATE`: values for the post step of the same action.
    State,
    /// `GITHUB_PATH`: folders in front of `PATH` for the later steps.
    Path,
    /// `GITHUB_STEP_SUMMARY`: Markdown for people.
    Summary,
}

impl FileKind {
    /// All of them, in the order in which a step's environment names them.
    pub const ALL: [Self; 5] =
        [Self::Environment, Self::Output, Self::State, Self::Path, Self::Summary];

    /// The variable that holds the file's path.
    #[must_use]
    pub fn variable(self) -> &'static str {
        match self {
            Self::Environment => "GITHUB_ENV",
            Self::Output => "GITHUB_OUTPUT",
            Self::State => "GITHUB_STATE",
            Self::Path => "GITHUB_PATH",
            Self::Summary => "GITHUB_STEP_SUMMARY",
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.variable())
    }
}

/// A line of an environment file that is not well formed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct EnvironmentFileError {
    /// From 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// A name and its value, and the line where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The name, never empty.
    pub name: String,
    /// The value; may hold line ends.
    pub value: String,
    /// From 1.
    pub line: usize,
}

/// Reads the pairs of an environment file.
///
/// A line is `NAME=VALUE` when `=` stands before any `<<`, else it opens `NAME<<DELIMITER`,
/// whose value reaches to the next line that equals the delimiter. Lines end with LF or CRLF;
/// blank lines between pairs are skipped; a byte order mark at the start is dropped.
///
/// # Errors
/// An empty name, an empty or missing delimiter, a line with neither form, text that is not
/// UTF-8: the first one, with its line.
pub fn pairs(bytes: &[u8]) -> Result<Vec<Pair>, EnvironmentFileError> {
    let text = text_of(bytes)?;
    let mut lines = Lines::new(text);
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if line.text.is_empty() {
            continue;
        }
        let error = |problem| EnvironmentFileError { line: line.number, problem };
        let equals = line.text.find('=');
        let heredoc = line.text.find("<<");
        let (name, value) = match (equals, heredoc) {
            (Some(equals), heredoc) if heredoc.is_none_or(|at| equals < at) => {
                (&line.text[..equals], line.text[equals + 1..].to_owned())
            }
            (_, Some(at)) => {
                let (name, delimiter) = (&line.text[..at], &line.text[at + 2..]);
                if delimiter.is_empty() {
                    return Err(error("the delimiter after `<<` is empty"));
                }
                let value = heredoc_value(text, &mut lines, delimiter);
                (name, value.ok_or(error("the closing delimiter is missing"))?)
            }
            _ => return Err(error("neither `NAME=VALUE` nor `NAME<<DELIMITER`")),
        };
        if name.is_empty() {
            return Err(error("the name is empty"));
        }
        if value.contains('\0') || name.contains('\0') {
            return Err(error("a zero byte cannot stand in a name or a value"));
        }
        found.push(Pair { name: name.to_owned(), value, line: line.number });
    }
    Ok(found)
}

/// Reads `GITHUB_PATH`: one folder a line, in the order written; blank lines are skipped.
///
/// # Errors
/// Text that is not UTF-8, or a zero byte.
pub fn folders(bytes: &[u8]) -> Result<Vec<String>, EnvironmentFileError> {
    let mut found = Vec::new();
    for line in Lines::new(text_of(bytes)?) {
        if line.text.contains('\0') {
            let problem = "a zero byte cannot stand in a path";
            return Err(EnvironmentFileError { line: line.number, problem });
        }
        if !line.text.is_empty() {
            found.push(line.text.to_owned());
        }
    }
    Ok(found)
}

/// Puts folders in front of a path list: the last one added comes first, and one that is
/// there already moves to the front.
#[must_use]
pub fn prepend(mut in_front: Vec<String>, added: &[String]) -> Vec<String> {
    for folder in added {
        in_front.retain(|known| known != folder);
        in_front.insert(0, folder.clone());
    }
    in_front
}

/// Why a name may not be set through `GITHUB_ENV`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It changes which code later programs load (`LD_PRELOAD`, `BASH_ENV`, `NODE_OPTIONS`).
    LoadsCode,
    /// The runner sets it itself, and its own value wins.
    OwnedByRunner,
}

/// Whether `name` is refused. `owned` says which names the runner sets itself.
///
/// `GITHUB_TOKEN` is nobody's: workflows do set it.
#[must_use]
pub fn refusal(name: &str, owned: &dyn Fn(&str) -> bool) -> Option<Refusal> {
    const LOADS_CODE: [&str; 4] = ["NODE_OPTIONS", "LD_PRELOAD", "LD_AUDIT", "BASH_ENV"];
    let upper = name.to_ascii_uppercase();
    let loads_code = LOADS_CODE.contains(&upper.as_str())
        || upper.starts_with("PLUGIN_")
        || upper.starts_with("BASH_FUNC_");
    if loads_code {
        return Some(Refusal::LoadsCode);
    }
    let runners = upper.starts_with("GITHUB_") || upper.starts_with("RUNNER_");
    (runners && upper != "GITHUB_TOKEN" && owned(&upper)).then_some(Refusal::OwnedByRunner)
}

/// The text of the file without a byte order mark.
fn text_of(bytes: &[u8]) -> Result<&str, EnvironmentFileError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        EnvironmentFileError { line, problem: "the text is not UTF-8" }
    })
}

/// The value up to the line that equals `delimiter`, or `None` when there is no such line.
/// Line ends inside the value stay as they were written; the last one is not part of it.
fn heredoc_value(text: &str, lines: &mut Lines<'_>, delimiter: &str) -> Option<String> {
    let start = lines.offset;
    let mut end = start;
    for line in lines.by_ref() {
        if line.text == delimiter {
            return Some(text[start..end].to_owned());
        }
        end = line.start + line.text.len();
    }
    None
}

/// One line without its end.
struct Line<'a> {
    text: &'a str,
    start: usize,
    number: usize,
}

/// Lines that end with LF or CRLF.
struct Lines<'a> {
    text: &'a str,
    offset: usize,
    number: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, offset: 0, number: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let rest = &self.text[self.offset..];
        if rest.is_empty() {
            return None;
        }
        let start = self.offset;
        let length = rest.find('\n').unwrap_or(rest.len());
        self.offset = (start + length + 1).min(self.text.len());
        self.number += 1;
        let text = &rest[..length];
        Some(Line { text: text.strip_suffix('\r').unwrap_or(text), start, number: self.number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_as_documented() {
        let cases: &[(&str, &[(&str, &str)])] = &[
            ("", &[]),
            ("a=1\n", &[("a", "1")]),
            ("a=1", &[("a", "1")]),
            ("a=k=v<<w\n", &[("a", "k=v<<w")]),
            ("a=\n", &[("a", "")]),
            ("\n\na=1\r\n\r\nb=2\r\n", &[("a", "1"), ("b", "2")]),
            ("a<<EOF\nx=1\ny\nEOF\n", &[("a", "x=1\ny")]),
            ("a<<EOF\nEOF\n", &[("a", "")]),
            ("a<<EOF\n\nEOF\n", &[("a", "")]),
            ("a<<EOF\n\n\nEOF", &[("a", "\n")]),
            ("a<<E=F\nv\nE=F\nb=2\n", &[("a", "v"), ("b", "2")]),
            ("a<<EOF\r\nx\r\ny\r\nEOF\r\n", &[("a", "x\r\ny")]),
            ("\u{feff}a=1\n", &[("a", "1")]),
            ("a=1\na=2\n", &[("a", "1"), ("a", "2")]),
        ];
        for (text, expected) in cases {
            let read = pairs(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
            let read: Vec<_> =
                read.iter().map(|pair| (pair.name.as_str(), pair.value.as_str())).collect();
            assert_eq!(read, *expected, "{text:?}");
        }
    }

    #[test]
    fn a_malformed_line_is_named() {
        let cases: &[(&[u8], usize, &str)] = &[
            (b"a=1\n=2\n", 2, "the name is empty"),
            (b"<<EOF\nx\nEOF\n", 1, "the name is empty"),
            (b"a<<\nx\n", 1, "the delimiter after `<<` is empty"),
            (b"a=1\nb<<EOF\nx\n", 2, "the closing delimiter is missing"),
            (b"a<<EOF\nx\nEOF \n", 1, "the closing delimiter is missing"),
            (b"plain\n", 1, "neither `NAME=VALUE` nor `NAME<<DELIMITER`"),
            (b"a=1\n\xff=2\n", 2, "the text is not UTF-8"),
            (b"a=\0\n", 1, "a zero byte cannot stand in a name or a value"),
        ];
        for (bytes, line, problem) in cases {
            let error = pairs(bytes).expect_err("it is malformed");
            assert_eq!((error.line, error.problem), (*line, *problem));
        }
    }

    #[test]
    fn the_last_folder_added_comes_first_and_duplicates_move() {
        let read = folders(b"/a\n\n/b\r\n/a\n").expect("it is well formed");
        assert_eq!(read, ["/a", "/b", "/a"]);
        assert_eq!(prepend(vec!["/c".into(), "/b".into()], &read), ["/a", "/b", "/c"]);
    }

    #[test]
    fn names_that_load_code_and_the_runners_own_are_refused() {
        let owned = |name: &str| name == "GITHUB_SHA" || name == "GITHUB_TOKEN";
        for (name, expected) in [
            ("NODE_OPTIONS", Some(Refusal::LoadsCode)),
            ("node_options", Some(Refusal::LoadsCode)),
            ("LD_PRELOAD", Some(Refusal::LoadsCode)),
            ("BASH_ENV", Some(Refusal::LoadsCode)),
            ("PLUGIN_X", Some(Refusal::LoadsCode)),
            ("BASH_FUNC_ls%%", Some(Refusal::LoadsCode)),
            ("GITHUB_SHA", Some(Refusal::OwnedByRunner)),
            ("GITHUB_TOKEN", None),
            ("GITHUB_MINE", None),
            ("PATH_TO_X", None),
        ] {
            assert_eq!(refusal(name, &owned), expected, "{name}");
        }
    }
}
