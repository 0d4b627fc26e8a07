//! The Dockerfile as it was written: instructions, flags and arguments, each with its place.
//!
//! Reads what BuildKit's parser reads (its golden files are the test). Absent on purpose:
//! the expansion of variables ([`crate::words`]) and the meaning of instructions.

mod arguments;
mod directive;
mod flags;
mod heredoc;
mod lines;

use crate::limits::{DOCKERFILE_BYTES_MAX, INSTRUCTIONS_MAX};
pub use arguments::{Arguments, Pair};
pub use directive::Directives;
pub use heredoc::Heredoc;
pub(crate) use heredoc::opening as heredoc_opening;
pub use lines::{Line, Place};

/// A text with its offset in the instruction's logical line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The text, quotes and escapes still in it.
    pub text: String,
    /// Where it begins in [`Line::text`], in bytes.
    pub offset: usize,
}

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// In capital letters: `FROM`.
    pub keyword: String,
    /// The logical line: continuations joined, comments inside it dropped.
    pub line: Line,
    /// `--from=builder`, in order.
    pub flags: Vec<Word>,
    /// What follows.
    pub arguments: Arguments,
    /// The heredocs that the line opened, in order.
    pub heredocs: Vec<Heredoc>,
}

impl Instruction {
    /// The instruction's text in one line, as history and progress show it.
    #[must_use]
    pub fn text(&self) -> String {
        self.line.text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// A Dockerfile that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dockerfile {
    /// Parser directives at the top.
    pub directives: Directives,
    /// All instructions in order; at least one.
    pub instructions: Vec<Instruction>,
}

/// Why a Dockerfile cannot be read, with the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// One sentence, lower case, no full stop.
    pub message: String,
    /// Where.
    pub place: Place,
}

impl SyntaxError {
    pub(crate) fn new(message: impl Into<String>, place: Place) -> Self {
        Self { message: message.into(), place }
    }
}

impl Dockerfile {
    /// Reads `text`.
    ///
    /// # Errors
    /// A file without instructions, an unterminated heredoc, an `ENV` without a value, a JSON
    /// array that holds something else than strings, a wrong or repeated directive, a limit.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        if text.len() > DOCKERFILE_BYTES_MAX {
            let bytes = text.len();
            let message = format!("{bytes} bytes are more than the {DOCKERFILE_BYTES_MAX} read");
            return Err(SyntaxError::new(message, Place::START));
        }
        let mut source = lines::Source::new(text);
        let directives = directive::read(&source)?;
        let mut instructions = Vec::new();
        while let Some(line) = source.next_logical(directives.escape) {
            let mut instruction = arguments::instruction(line, directives.escape, 0)?;
            if heredoc::may_open(&instruction) {
                instruction.heredocs = heredoc::read(&instruction.line, &mut source)?;
            }
            instructions.push(instruction);
            if instructions.len() > INSTRUCTIONS_MAX {
                let message = format!("there are more than {INSTRUCTIONS_MAX} instructions");
                return Err(SyntaxError::new(message, source.place()));
            }
        }
        if instructions.is_empty() {
            let message = "the file has no instructions, so there is nothing to build";
            return Err(SyntaxError::new(message, Place::START));
        }
        Ok(Self { directives, instructions })
    }
}
