//! The reports that a workflow left.

use crate::limits::REPORT_BYTES_MAX;
use crate::measure::Unmeasured;
use bowline_model::Digest;

mod go_cover;
mod go_test;

pub use go_cover::Coverage;
pub use go_test::Tests;

/// One report, or what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Its path as the user names it.
    pub path: String,
    /// The digest of its bytes, from the caller; the decision stores it.
    pub digest: Option<Digest>,
    /// Its bytes.
    pub content: Content,
}

impl Report {
    /// A report without a digest.
    pub fn new(path: impl Into<String>, content: Content) -> Self {
        Self { path: path.into(), digest: None, content }
    }
}

/// A report's bytes, or why there are none.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// What it says.
    Bytes(Vec<u8>),
    /// The workflow did not leave it.
    Missing,
    /// It is there and could not be read; the reason.
    Unreadable(String),
}

/// All reports, by what they are about. Several of one kind are legs of a matrix and merge.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reports {
    /// Go cover profiles.
    pub coverage: Vec<Report>,
    /// `go test -json` streams.
    pub tests: Vec<Report>,
}

/// Which list of [`Reports`] feeds a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `reports.coverage`.
    Coverage,
    /// `reports.tests`.
    Tests,
}

impl Source {
    /// The key under `reports` in `bowline.yaml`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Coverage => "coverage",
            Self::Tests => "tests",
        }
    }

    /// The reports that it names.
    #[must_use]
    pub fn of(self, reports: &Reports) -> &[Report] {
        match self {
            Self::Coverage => &reports.coverage,
            Self::Tests => &reports.tests,
        }
    }
}

/// What all reports say together.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The merged profiles.
    pub coverage: Result<Coverage, Unmeasured>,
    /// The merged test streams.
    pub tests: Result<Tests, Unmeasured>,
}

impl Measured {
    /// Reads all of `reports`.
    #[must_use]
    pub fn new(reports: &Reports) -> Self {
        Self { coverage: go_cover::read(&reports.coverage), tests: go_test::read(&reports.tests) }
    }
}

/// The text of one report; `what` names its kind in messages.
fn text<'a>(report: &'a Report, what: &str) -> Result<&'a str, Unmeasured> {
    let path = &report.path;
    let bytes = match &report.content {
        Content::Bytes(bytes) => bytes,
        Content::Missing => {
            return Err(Unmeasured::Missing(format!("{what} `{path}` is not there")));
        }
        Content::Unreadable(why) => {
            return Err(Unmeasured::Unreadable(format!("{what} `{path}` cannot be read: {why}")));
        }
    };
    if bytes.len() > REPORT_BYTES_MAX {
        let limit = REPORT_BYTES_MAX / (1024 * 1024);
        return Err(Unmeasured::Unreadable(format!("{what} `{path}` is over {limit} MiB")));
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Unmeasured::Missing(format!("{what} `{path}` is empty")));
    }
    std::str::from_utf8(bytes)
        .map_err(|_| Unmeasured::Unreadable(format!("{what} `{path}` is not UTF-8 text")))
}

/// The error for a line of a report.
fn wrong_line(path: &str, index: usize, message: &str) -> Unmeasured {
    Unmeasured::Unreadable(format!("{path}:{}: {message}", index + 1))
}
