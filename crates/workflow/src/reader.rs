//! From the text of a workflow to its typed tree; every error with its place, not the first.

mod fields;
mod job;
mod needs;
mod permissions;
mod scalar;
mod service;
mod step;
mod strategy;
mod trigger;

use crate::codes;
use crate::schema::workflow as table;
use crate::tree::{Defaults, Spanned, Triggers, Workflow};
use bowline_diag::Diagnostic;
use bowline_yaml::{Limits, Node, Span, parse_documents};
use std::sync::Arc;

/// Reads a workflow. `file` is the path as the user knows it, for messages.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file as far as it could be read.
pub fn read(file: &str, text: &str) -> Result<Workflow, Vec<Diagnostic>> {
    let limits = Limits { keys_ignore_case: true, ..Limits::default() };
    let documents = match parse_documents(text, &limits) {
        Ok(documents) => documents,
        Err(error) => return Err(vec![error.diagnostic(file, text)]),
    };
    let mut reader = Reader { file, text, shared: Arc::from(text), errors: Vec::new() };
    let workflow = match documents.as_slice() {
        [root] => {
            reader.check_tags(root);
            reader.workflow(root)
        }
        [] => {
            reader.error(codes::WRONG_VALUE, "the file is empty", Span::default(), "");
            None
        }
        [_, second, ..] => {
            let message = "a workflow file holds one document, and here begins a second one";
            reader.error(codes::WRONG_VALUE, message, second.span, "");
            None
        }
    };
    match workflow {
        Some(workflow) if reader.errors.is_empty() => Ok(workflow),
        _ => Err(reader.finish()),
    }
}

/// Collects errors while it walks the tree. A part that cannot be read is left out; the errors
/// say that the result must not be used.
pub(crate) struct Reader<'t> {
    file: &'t str,
    text: &'t str,
    /// The same text, for the mistakes.
    shared: Arc<str>,
    errors: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// Adds an error at `span`.
    fn error(&mut self, code: &str, message: impl Into<String>, span: Span, label: &str) {
        let diagnostic = self.diagnostic(code, message, span, label);
        self.errors.push(diagnostic);
    }

    fn diagnostic(
        &self,
        code: &str,
        message: impl Into<String>,
        span: Span,
        label: &str,
    ) -> Diagnostic {
        Diagnostic::error(code, message)
            .at(self.file, span.line.max(1), span.column.max(1), span.length, label)
            .source(self.file, Arc::clone(&self.shared))
    }

    /// The errors in the order of the file.
    fn finish(mut self) -> Vec<Diagnostic> {
        self.errors.sort_by_key(|error| {
            error.labels.first().map_or((0, 0), |label| (label.line, label.column))
        });
        self.errors
    }

    fn workflow(&mut self, root: &Node) -> Option<Workflow> {
        let fields = self.fields(root, &table::WORKFLOW)?;
        let name = fields.get("name").and_then(|(_, node)| self.literal(node));
        if let Some((_, node)) = fields.get("description") {
            self.literal(node);
        }
        let run_name = fields.get("run-name").and_then(|(row, node)| self.string(row, node));
        let on = match fields.get("on") {
            Some((_, node)) => self.triggers(node),
            None => Triggers::default(),
        };
        let env = fields.get("env").map(|(row, node)| self.map(row, node)).unwrap_or_default();
        let defaults = match fields.get("defaults") {
            Some((_, node)) => self.defaults(node, &table::DEFAULTS, &table::DEFAULTS_RUN),
            None => Defaults::default(),
        };
        let permissions = fields.get("permissions").and_then(|(_, node)| self.permissions(node));
        let concurrency = fields
            .get("concurrency")
            .and_then(|(row, node)| self.concurrency(row, node, &table::CONCURRENCY));
        let jobs = match fields.get("jobs") {
            Some((_, node)) => self.jobs(node),
            None => Vec::new(),
        };
        let (file, text) = (self.file.to_owned(), self.text.to_owned());
        Some(Workflow {
            file,
            text,
            name,
            run_name,
            on,
            env,
            defaults,
            permissions,
            concurrency,
            jobs,
        })
    }

    /// A scalar without expressions, as text.
    fn literal(&mut self, node: &Node) -> Option<Spanned<String>> {
        let row = crate::schema::key("");
        let template = self.string(&row, node)?;
        let text = template.as_literal()?.to_text();
        Some(Spanned::new(text, node.span))
    }

    /// The same, and it must not be empty.
    fn word(&mut self, node: &Node) -> Option<Spanned<String>> {
        let word = self.literal(node)?;
        if word.value.is_empty() {
            self.error(codes::WRONG_VALUE, "a value is needed here", node.span, "it is empty");
            return None;
        }
        Some(word)
    }

    /// One word or a list of words.
    fn words(&mut self, node: &Node) -> Vec<Spanned<String>> {
        match node.as_sequence() {
            Some(items) => items.iter().filter_map(|item| self.word(item)).collect(),
            None => self.word(node).into_iter().collect(),
        }
    }
}
