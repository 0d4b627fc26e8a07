//! Heredocs: `RUN <<EOF`, `COPY <<EOF /file`, `RUN cat <<-"X" > f`.

use super::{
    Arguments, Instruction, Line, SyntaxError,
    lines::{Source, without_end},
};
use crate::words::{Quotes, Scope, Words};

/// One heredoc with its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heredoc {
    /// The word that ends it, without quotes.
    pub name: String,
    /// The file descriptor before `<<`; 0 by default.
    pub descriptor: u32,
    /// `<<-`: leading tabs are dropped.
    pub strips_tabs: bool,
    /// No part of the word was quoted, so variables in the body are expanded (by COPY).
    pub expands: bool,
    /// The body with its line ends, tabs still in it.
    pub body: String,
}

impl Heredoc {
    /// The body as it is meant: without leading tabs after `<<-`.
    #[must_use]
    pub fn content(&self) -> String {
        if !self.strips_tabs {
            return self.body.clone();
        }
        self.body.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect()
    }
}

/// Whether the instruction is one that may open heredocs, and not in exec form.
pub(super) fn may_open(instruction: &Instruction) -> bool {
    let instruction = match &instruction.arguments {
        Arguments::Instruction(inner) => inner,
        _ => instruction,
    };
    matches!(instruction.keyword.as_str(), "ADD" | "COPY" | "RUN")
        && !matches!(instruction.arguments, Arguments::Json(_))
        && instruction.line.text.contains("<<")
}

/// Reads the bodies of all heredocs that `line` opens.
pub(super) fn read(line: &Line, source: &mut Source<'_>) -> Result<Vec<Heredoc>, SyntaxError> {
    let mut heredocs = openings(&line.text);
    for heredoc in &mut heredocs {
        loop {
            let Some((_, raw)) = source.next_physical() else {
                let offset = line.text.find("<<").unwrap_or(0);
                let name = &heredoc.name;
                let message = format!("the heredoc is never ended: no line is exactly `{name}`");
                return Err(SyntaxError::new(message, line.place(offset)));
            };
            let mut end = without_end(raw);
            if heredoc.strips_tabs {
                end = end.trim_start_matches('\t');
            }
            if end == heredoc.name {
                break;
            }
            heredoc.body.push_str(raw);
        }
    }
    Ok(heredocs)
}

/// The heredocs that a line opens, bodies still empty.
fn openings(text: &str) -> Vec<Heredoc> {
    let raw = Words { escape: '\\', quotes: Quotes::Kept, unset: crate::words::Unset::Kept };
    // A line that the shell would refuse opens no heredoc; the shell says what is wrong.
    let words = raw.split(text, &Scope::default()).unwrap_or_default();
    words.iter().filter_map(|word| opening(word)).collect()
}

/// `3<<-"EOF"`.
pub(crate) fn opening(word: &str) -> Option<Heredoc> {
    let digits = word.len() - word.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let descriptor = word[..digits].parse().unwrap_or(0);
    let rest = word[digits..].strip_prefix("<<")?;
    let (strips_tabs, rest) = match rest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    if rest.is_empty() || rest.contains('<') {
        return None;
    }
    let plain = Words { escape: '\\', quotes: Quotes::Removed, unset: crate::words::Unset::Kept };
    let kept = Words { escape: '\\', quotes: Quotes::Kept, unset: crate::words::Unset::Kept };
    let name = single(plain.split(rest, &Scope::default()).ok()?)?;
    let written = single(kept.split(rest, &Scope::default()).ok()?)?;
    let expands = name == written;
    Some(Heredoc { name, descriptor, strips_tabs, expands, body: String::new() })
}

fn single(mut words: Vec<String>) -> Option<String> {
    let word = words.pop()?;
    words.is_empty().then_some(word)
}
