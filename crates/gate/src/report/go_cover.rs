//! Go cover profiles (`go test -coverprofile`; format: `cmd/cover`, `golang.org/x/tools/cover`).
//!
//! `mode: set|count|atomic`, then `file.go:line.column,line.column statements count` a line.
//! Coverage is counted in statements. Equal blocks merge: reached by one leg is reached.

use super::{Report, text, wrong_line};
use crate::limits::COVERAGE_BLOCKS_MAX;
use crate::measure::Unmeasured;
use std::collections::HashMap;

const WHAT: &str = "coverage report";

/// What the profiles say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage {
    /// All statements.
    pub statements: u64,
    /// Those that tests reach.
    pub covered: u64,
    /// Files that have statements.
    pub files: u64,
}

/// A block's place: file, start and end, each line and column.
type Place<'a> = (&'a str, [u32; 4]);

struct Block {
    statements: u32,
    covered: bool,
}

/// Reads and merges all profiles; each one must be whole.
pub(super) fn read(reports: &[Report]) -> Result<Coverage, Unmeasured> {
    if reports.is_empty() {
        return Err(Unmeasured::Missing("no `reports.coverage` is configured".to_owned()));
    }
    let mut blocks: HashMap<Place<'_>, Block> = HashMap::new();
    for report in reports {
        add(report, &mut blocks)?;
    }
    let mut coverage = Coverage::default();
    let mut files = std::collections::HashSet::new();
    for ((file, _), block) in &blocks {
        coverage.statements += u64::from(block.statements);
        coverage.covered += if block.covered { u64::from(block.statements) } else { 0 };
        if block.statements > 0 {
            files.insert(*file);
        }
    }
    coverage.files = files.len() as u64;
    Ok(coverage)
}

fn add<'a>(report: &'a Report, blocks: &mut HashMap<Place<'a>, Block>) -> Result<(), Unmeasured> {
    let path = &report.path;
    let mut lines = text(report, WHAT)?.lines().enumerate();
    let first = lines.next().map_or("", |(_, line)| line.trim_end());
    let mode = first.strip_prefix("mode: ");
    if !matches!(mode, Some("set" | "count" | "atomic")) {
        let message = "a Go profile starts with `mode: set`, `count` or `atomic`";
        return Err(wrong_line(path, 0, message));
    }
    let before = blocks.len();
    let mut seen = false;
    for (index, line) in lines {
        let line = line.trim_end();
        if line.is_empty() {
            continue;
        }
        let shape = "expected `file.go:line.column,line.column statements count`";
        let (place, statements, count) =
            parse(line).ok_or_else(|| wrong_line(path, index, shape))?;
        seen = true;
        let block = blocks.entry(place).or_insert(Block { statements, covered: false });
        if block.statements != statements {
            let message = "the same block has another number of statements in an earlier line";
            return Err(wrong_line(path, index, message));
        }
        block.covered |= count > 0;
        if blocks.len() > COVERAGE_BLOCKS_MAX {
            return Err(wrong_line(path, index, "too many blocks in all profiles together"));
        }
    }
    if !seen && blocks.len() == before {
        return Err(Unmeasured::Missing(format!("{WHAT} `{path}` has no statements")));
    }
    Ok(())
}

/// One line. The file name may hold colons and spaces, so it is read from the right.
fn parse(line: &str) -> Option<(Place<'_>, u32, u64)> {
    let (rest, count) = line.rsplit_once(' ')?;
    let (rest, statements) = rest.rsplit_once(' ')?;
    let (file, range) = rest.rsplit_once(':')?;
    let (start, end) = range.split_once(',')?;
    let [start_line, start_column] = pair(start)?;
    let [end_line, end_column] = pair(end)?;
    if file.is_empty() || (start_line, start_column) > (end_line, end_column) {
        return None;
    }
    let place = (file, [start_line, start_column, end_line, end_column]);
    Some((place, number(statements)?, number(count)?))
}

fn pair(text: &str) -> Option<[u32; 2]> {
    let (line, column) = text.split_once('.')?;
    Some([number(line)?, number(column)?])
}

/// Digits only: `parse` alone would take a plus sign.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}
