//! What a render gives, and where each byte of it comes from.

use super::ignore::path_match;
use super::manifests::{Hook, Manifest, split, trim};
use crate::tmpl::{Output, Render, Segment, Str};
use bowline_diag::Diagnostic;
use std::collections::BTreeMap;

/// One rendered file.
#[derive(Debug)]
pub(crate) struct File {
    /// Without Go's mark of missing values.
    pub bytes: Vec<u8>,
    segments: Vec<Segment>,
}

/// What Go prints for a missing value, and Helm takes out again.
const NO_VALUE: &[u8] = b"<no value>";

impl File {
    pub(crate) fn new(output: Output) -> Self {
        let Output { bytes, mut segments } = output;
        if memchr::memmem::find(&bytes, NO_VALUE).is_none() {
            return Self { bytes, segments };
        }
        let mut kept = Vec::with_capacity(bytes.len());
        let mut cuts = Vec::new();
        let mut rest = 0;
        for at in memchr::memmem::find_iter(&bytes, NO_VALUE) {
            kept.extend_from_slice(&bytes[rest..at]);
            rest = at + NO_VALUE.len();
            cuts.push(at);
        }
        kept.extend_from_slice(&bytes[rest..]);
        for segment in &mut segments {
            let start = segment.start as usize;
            let before = cuts.partition_point(|cut| *cut < start);
            let inside = before
                .checked_sub(1)
                .map_or(0, |last| (cuts[last] + NO_VALUE.len()).saturating_sub(start));
            let shifted = start + inside - before * NO_VALUE.len();
            segment.start = u32::try_from(shifted).unwrap_or(u32::MAX);
        }
        Self { bytes: kept, segments }
    }

    /// What wrote a byte.
    pub(crate) fn segment_of(&self, offset: usize) -> Option<&Segment> {
        if offset >= self.bytes.len() {
            return None;
        }
        let after = self.segments.partition_point(|segment| segment.start as usize <= offset);
        self.segments.get(after.checked_sub(1)?)
    }
}

/// Where a byte comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The template file.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// In bytes, from 1.
    pub column: u32,
    /// The calls that led there, innermost first: file, line, column.
    pub calls: Vec<(String, u32, u32)>,
}

/// A rendered chart.
pub struct Rendered {
    /// What is applied, in order.
    pub manifests: Vec<Manifest>,
    /// What is applied at moments of its own, in order.
    pub hooks: Vec<Hook>,
    /// The files of `crds/`.
    pub crds: Vec<(String, Str)>,
    /// `NOTES.txt` of the chart.
    pub notes: Vec<u8>,
    /// What Helm does in silence, or says in a log.
    pub diagnostics: Vec<Diagnostic>,
    pub(crate) files: BTreeMap<String, File>,
    pub(crate) render: Render,
}

/// What of a render is printed.
#[derive(Clone, Copy, Debug)]
pub struct Selection {
    /// `--include-crds`.
    pub crds: bool,
    /// Not `--no-hooks`.
    pub hooks: bool,
    /// Not `--skip-tests`.
    pub tests: bool,
}

impl Rendered {
    /// The bytes of `helm template`.
    pub fn to_text(&self, selection: Selection) -> Vec<u8> {
        let mut all = Vec::new();
        let mut put = |path: &str, text: &[u8]| {
            all.extend_from_slice(b"---\n# Source: ");
            all.extend_from_slice(path.as_bytes());
            all.push(b'\n');
            all.extend_from_slice(text);
            all.push(b'\n');
        };
        if selection.crds {
            self.crds.iter().for_each(|(path, text)| put(path, text));
        }
        self.manifests.iter().for_each(|manifest| put(&manifest.path, &manifest.text));
        let manifests = all.len();
        let mut text = all[trim(&all, 0..manifests)].to_vec();
        text.push(b'\n');
        for hook in &self.hooks {
            if selection.hooks && (selection.tests || !hook.is_test()) {
                text.extend_from_slice(b"---\n# Source: ");
                text.extend_from_slice(hook.manifest.path.as_bytes());
                text.push(b'\n');
                text.extend_from_slice(&hook.manifest.text);
                text.push(b'\n');
            }
        }
        text
    }

    /// The template line that wrote a byte of a manifest's text.
    pub fn origin(&self, manifest: &Manifest, offset: usize) -> Option<Origin> {
        let segment = self.files.get(&manifest.path)?.segment_of(manifest.range.start + offset)?;
        let map = self.render.source_map();
        let place = |site| {
            let (line, column) = map.line_column(site)?;
            Some((map.file_name(site.file)?.text().into_owned(), line, column))
        };
        let (file, line, column) = place(segment.site)?;
        let calls = map.calls(segment.chain).filter_map(|call| place(call.site)).collect();
        Some(Origin { file, line, column, calls })
    }
}

/// The documents that come from the templates named, as `helm template --show-only` prints them.
///
/// # Errors
/// The pattern that no document fits.
pub fn show_only(text: &[u8], patterns: &[String]) -> Result<Vec<u8>, String> {
    let documents: Vec<&[u8]> = split(text).into_iter().map(|range| &text[range]).collect();
    let mut shown = Vec::new();
    for pattern in patterns {
        let mut missing = true;
        for document in &documents {
            if source_of(document).is_some_and(|path| path_match(pattern, path) == Some(true)) {
                shown.extend_from_slice(b"---\n");
                shown.extend_from_slice(document);
                shown.push(b'\n');
                missing = false;
            }
        }
        if missing {
            return Err(pattern.clone());
        }
    }
    Ok(shown)
}

/// The path behind `# Source: CHART/`.
fn source_of(document: &[u8]) -> Option<&str> {
    const MARK: &[u8] = b"# Source: ";
    let at = memchr::memmem::find(document, MARK)? + MARK.len();
    let line = document[at..].split(|byte| *byte == b'\n').next()?;
    std::str::from_utf8(line).ok()?.split_once('/').map(|(_, path)| path)
}
