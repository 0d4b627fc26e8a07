//! Problems are collected, so that a person sees all of them at once.

use crate::{
    codes,
    dockerfile::{Directives, Instruction, Place, Word},
};
use bowline_diag::{Code, Diagnostic};
use std::sync::Arc;

pub(super) struct Problems {
    file: String,
    text: Arc<str>,
    list: Vec<Diagnostic>,
    notes: Vec<String>,
}

impl Problems {
    pub(super) fn new(file: &str, text: &str) -> Self {
        Self { file: file.to_owned(), text: Arc::from(text), list: Vec::new(), notes: Vec::new() }
    }

    /// Something to know that stops nothing.
    pub(super) fn note(&mut self, place: Place, note: &str) {
        self.notes.push(format!("{}:{}: {note}", self.file, place.line));
    }

    pub(super) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// All problems, in the order of the file.
    pub(super) fn finish(mut self) -> Result<(), Vec<Diagnostic>> {
        let place = |d: &Diagnostic| d.labels.first().map(|label| (label.line, label.column));
        self.list.sort_by_key(place);
        if self.list.is_empty() { Ok(()) } else { Err(self.list) }
    }

    /// A problem at a place of `length` characters.
    pub(super) fn at(
        &mut self,
        code: &Code,
        place: Place,
        length: usize,
        message: impl Into<String>,
        help: &str,
    ) {
        let mut diagnostic = Diagnostic::error(code.id, message)
            .at(&*self.file, place.line, place.column, length, "")
            .source(&*self.file, Arc::clone(&self.text));
        if !help.is_empty() {
            diagnostic = diagnostic.help(help);
        }
        self.list.push(diagnostic);
    }

    /// A problem of a word.
    pub(super) fn word(
        &mut self,
        code: &Code,
        instruction: &Instruction,
        word: &Word,
        message: impl Into<String>,
        help: &str,
    ) {
        let place = instruction.line.place(word.offset);
        self.at(code, place, word.text.chars().count(), message, help);
    }

    /// A problem of a whole instruction: its keyword is marked.
    pub(super) fn instruction(
        &mut self,
        code: &Code,
        instruction: &Instruction,
        message: impl Into<String>,
        help: &str,
    ) {
        let length = instruction.keyword.chars().count();
        self.at(code, instruction.line.start(), length, message, help);
    }

    /// Something valid that cannot be done yet.
    pub(super) fn unsupported(
        &mut self,
        instruction: &Instruction,
        message: impl Into<String>,
        help: &str,
    ) {
        self.instruction(&codes::UNSUPPORTED, instruction, message, help);
    }

    /// Only Docker's own frontend is what the file is read as.
    pub(super) fn directives(&mut self, directives: &Directives) {
        let Some((syntax, line)) = &directives.syntax else { return };
        let name = syntax.split('@').next().unwrap_or(syntax);
        let name = name.strip_prefix("docker.io/").unwrap_or(name);
        let repository = name.split(':').next().unwrap_or(name);
        if !matches!(repository, "docker/dockerfile" | "docker/dockerfile-upstream") {
            let message = format!("the frontend `{syntax}` would have to be run to read this file");
            let help = "use `# syntax=docker/dockerfile:1`, or leave the line out";
            let place = Place { line: *line, column: 1 };
            self.at(&codes::UNSUPPORTED, place, 1, message, help);
        }
    }
}
