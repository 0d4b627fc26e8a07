//! What the runner finds wrong at a place of the workflow file.

use crate::codes;
use bowline_diag::Diagnostic;
use bowline_workflow::Workflow;
use bowline_workflow::expr::EvaluationError;
use bowline_yaml::Span;

/// One thing that is wrong, with its place where it has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The code.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// Where it stands in the workflow file.
    pub span: Option<Span>,
    /// One action that helps.
    pub help: Option<String>,
}

impl Problem {
    /// A problem without a place.
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), span: None, help: None }
    }

    /// The same, at `span` unless it has a place already.
    #[must_use]
    pub fn or_at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    /// The same with the action that helps.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// For people, with the line of the workflow file.
    #[must_use]
    pub fn diagnostic(&self, workflow: &Workflow) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(self.code, self.message.clone());
        if let Some(span) = self.span {
            diagnostic = diagnostic
                .at(&workflow.file, span.line, span.column, span.length, "")
                .source(&workflow.file, workflow.text.as_str());
        }
        match &self.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }

    /// The same in one line of a log.
    #[must_use]
    pub fn line(&self, workflow: &Workflow) -> String {
        let place = self.span.map_or_else(String::new, |span| {
            format!("{}:{}:{}: ", workflow.file, span.line, span.column)
        });
        let help = self.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
        format!("{place}{}{help}", self.message)
    }
}

impl From<EvaluationError> for Problem {
    fn from(error: EvaluationError) -> Self {
        Self { span: error.span, ..Self::new(codes::EXPRESSION, error.reason.to_string()) }
    }
}

impl From<bowline_host::files::Error> for Problem {
    fn from(error: bowline_host::files::Error) -> Self {
        Self::new(codes::FILES, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::Problem;
    use bowline_host::files;

    #[test]
    fn a_file_that_cannot_be_used_is_named_with_the_reason() {
        let error = files::read("/nowhere/at/all", 1).expect_err("it is not there");
        let message = Problem::from(error).message;
        assert_eq!(
            message,
            "could not open `/nowhere/at/all`: No such file or directory (os error 2)"
        );
    }
}
