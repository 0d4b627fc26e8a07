//! The stored log of a job: one append-only segment of lines, each with its step.
//!
//! A line on disk is `<step>⇥<milliseconds since the job began>⇥<text>`. What goes over a
//! limit is left out behind a visible marker.
//!
//! Absent on purpose: masking. Only masked text may come in.

use crate::codes;
use crate::job_limits::{JobLimits, LOG_VARIABLE};
use crate::limits::{LOG_LINE_BYTES_MAX, LOG_READ_BYTES_MAX};
use bowline_host::{
    clock::Stopwatch,
    files::{self, Error},
};
use bowline_sandbox::disk::size;
use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

/// How much is gathered before it is written.
const BUFFER_BYTES: usize = 64 << 10;

/// A line as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLine {
    /// The step's number, from 1; 0 is the making of the box.
    pub step: usize,
    /// Since the job began.
    pub milliseconds: u64,
    /// The masked text.
    pub text: String,
}

/// Writes the log of one job.
#[derive(Debug)]
pub struct JobLog {
    path: PathBuf,
    file: BufWriter<File>,
    clock: Stopwatch,
    limits: Limits,
    job_bytes: u64,
    step: usize,
    step_bytes: u64,
    marked: bool,
    notice: Option<String>,
}

/// The limit, its value, and where it is changed.
fn notice(of: &str, limit: u64) -> String {
    let code = codes::LIMIT;
    format!("the {of} printed more than {} (`{LOG_VARIABLE}`, {code})", size(limit))
}

/// How many bytes are stored, so that a test can reach the limits.
#[derive(Clone, Copy, Debug)]
struct Limits {
    line: usize,
    step: u64,
    job: u64,
}

impl JobLog {
    /// Opens the segment at `path`; what is there stays.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path, limits: &JobLimits) -> Result<Self, Error> {
        let (step, job) = (limits.log_step_bytes_max, limits.log_job_bytes_max);
        Self::open_limited(path, Limits { line: LOG_LINE_BYTES_MAX, step, job })
    }

    fn open_limited(path: &Path, limits: Limits) -> Result<Self, Error> {
        let file = BufWriter::with_capacity(BUFFER_BYTES, files::append(path)?);
        Ok(Self {
            path: path.to_owned(),
            file,
            clock: Stopwatch::start(),
            limits,
            job_bytes: 0,
            step: 0,
            step_bytes: 0,
            marked: false,
            notice: None,
        })
    }

    /// Where the segment is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Stores one line of a step and gives back what was stored: the text itself, cut with a
    /// marker when it is too long; a marker once when a limit is reached; then nothing.
    ///
    /// # Errors
    /// The disk.
    pub fn line(&mut self, step: usize, text: &str) -> Result<Option<String>, Error> {
        self.turn_to(step);
        let text = self.cut(text);
        let bytes = text.len() as u64;
        let (limit, of) = if self.job_bytes + bytes > self.limits.job {
            (Some(self.limits.job), "job")
        } else if self.step_bytes + bytes > self.limits.step {
            (Some(self.limits.step), "step")
        } else {
            (None, "")
        };
        let stored = match limit {
            None => text,
            Some(_) if self.marked => return Ok(None),
            Some(limit) => {
                self.marked = true;
                self.notice = Some(notice(of, limit));
                format!("[bowline: the rest is left out: {}]", notice(of, limit))
            }
        };
        self.job_bytes += bytes;
        self.step_bytes += bytes;
        self.write(step, &stored)?;
        Ok(Some(stored))
    }

    /// Whether nothing more of this step is stored.
    #[must_use]
    pub fn is_full(&self, step: usize) -> bool {
        step == self.step && self.marked
    }

    /// What has to be told besides the log: a limit that was reached since it was asked last.
    pub fn take_notice(&mut self) -> Option<String> {
        self.notice.take()
    }

    fn turn_to(&mut self, step: usize) {
        if step != self.step {
            (self.step, self.step_bytes, self.marked) = (step, 0, false);
        }
    }

    /// Hands everything to the kernel.
    ///
    /// # Errors
    /// The disk.
    pub fn flush(&mut self) -> Result<(), Error> {
        let path = &self.path;
        self.file.flush().map_err(|source| failed(path, source))
    }

    fn write(&mut self, step: usize, text: &str) -> Result<(), Error> {
        let at = u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX);
        let path = &self.path;
        writeln!(self.file, "{step}\t{at}\t{text}").map_err(|source| failed(path, source))
    }

    fn cut(&self, text: &str) -> String {
        if text.len() <= self.limits.line {
            return text.replace('\n', " ");
        }
        let mut end = self.limits.line;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let left_out = text.len() - end;
        format!("{} [bowline: {left_out} bytes of this line are left out]", &text[..end])
    }
}

fn failed(path: &Path, source: std::io::Error) -> Error {
    Error { path: path.to_owned(), action: "write", source }
}

/// Reads a stored log back.
///
/// # Errors
/// The file cannot be read, or is larger than what a job may store.
pub fn read(path: &Path) -> Result<Vec<StoredLine>, Error> {
    let bytes = files::read(path, LOG_READ_BYTES_MAX)?;
    let text = String::from_utf8_lossy(&bytes);
    let parsed = text.lines().map(|line| {
        let mut fields = line.splitn(3, '\t');
        let step = fields.next().and_then(|field| field.parse().ok());
        let milliseconds = fields.next().and_then(|field| field.parse().ok());
        let text = fields.next().unwrap_or(line).to_owned();
        // A torn line after a crash is kept as text of no step.
        StoredLine { step: step.unwrap_or(0), milliseconds: milliseconds.unwrap_or(0), text }
    });
    Ok(parsed.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(path: &Path) -> Vec<(usize, String)> {
        let lines = read(path).expect("it can be read");
        lines.into_iter().map(|line| (line.step, line.text)).collect()
    }

    #[test]
    fn lines_come_back_with_their_steps() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("log");
        let mut log = JobLog::open(&path, &JobLimits::default()).expect("it opens");
        for (step, text) in [(0, "box"), (1, "a\tb"), (2, "")] {
            log.line(step, text).expect("it is stored");
        }
        log.flush().expect("it is written");
        assert_eq!(texts(&path), [(0, "box".into()), (1, "a\tb".into()), (2, String::new())]);
    }

    #[test]
    fn what_goes_over_a_limit_leaves_one_visible_marker() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("log");
        let limits = Limits { line: 10, step: 60, job: 130 };
        let mut log = JobLog::open_limited(&path, limits).expect("it opens");
        log.line(1, "0123456789é").expect("it is stored");
        for _ in 0..8 {
            log.line(2, "0123456789").expect("it is stored");
        }
        for _ in 0..8 {
            log.line(3, "0123456789").expect("it is stored");
        }
        log.flush().expect("it is written");
        let stored = texts(&path);
        assert_eq!(stored[0].1, "0123456789 [bowline: 2 bytes of this line are left out]");
        let marked: Vec<_> =
            stored.iter().filter(|(_, text)| text.contains("the rest is left out")).collect();
        assert_eq!(marked.len(), 2, "{stored:?}");
        assert_eq!((marked[0].0, marked[1].0), (2, 3));
    }
}
