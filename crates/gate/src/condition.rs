//! Conditions as people write them: `coverage >= 80` says what must hold.

use crate::codes;
use crate::gate::{self, Better, Gate};
use crate::limits::CONDITION_CHARACTERS_MAX;
use crate::number::Threshold;
use bowline_diag::{Diagnose, Diagnostic, nearest};

/// SonarQube's comparator: the condition *fails* when `actual comparator threshold` is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparator {
    /// Fails below the threshold: written `>=`.
    LessThan,
    /// Fails above the threshold: written `<=`.
    GreaterThan,
}

impl Comparator {
    /// `LT` or `GT`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::LessThan => "LT",
            Self::GreaterThan => "GT",
        }
    }

    /// As people write it: what must hold.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::LessThan => ">=",
            Self::GreaterThan => "<=",
        }
    }
}

/// One condition.
#[derive(Debug, Clone)]
pub struct Condition {
    /// The gate that measures its metric.
    pub gate: &'static Gate,
    /// How it fails.
    pub comparator: Comparator,
    /// The limit.
    pub threshold: Threshold,
}

/// A condition that cannot be read; `column` and `length` are in characters, from 1, within
/// the condition's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConditionError {
    /// The code of the error table.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// One action.
    pub help: String,
    /// Where in the text, from 1.
    pub column: usize,
    /// How many characters, at least 1.
    pub length: usize,
}

impl ConditionError {
    /// As a diagnostic at the place where the condition's text starts in a file.
    #[must_use]
    pub fn at(&self, file: &str, line: usize, column: usize) -> Diagnostic {
        let column = column + self.column - 1;
        Diagnostic::error(self.code, self.message.clone())
            .at(file, line, column, self.length, "")
            .help(self.help.clone())
    }
}

impl Diagnose for ConditionError {
    fn diagnose(&self) -> Vec<Diagnostic> {
        let place = format!("at character {} of the condition", self.column);
        vec![Diagnostic::error(self.code, self.message.clone()).note(place).help(self.help.clone())]
    }
}

/// A word of the text with its place in characters.
struct Word<'a> {
    text: &'a str,
    column: usize,
}

impl Word<'_> {
    fn error(&self, code: &'static str, message: String, help: String) -> ConditionError {
        let length = self.text.chars().count().max(1);
        ConditionError { code, message, help, column: self.column, length }
    }

    fn syntax(&self, message: String, help: impl Into<String>) -> ConditionError {
        self.error(codes::CONDITION_SYNTAX, message, help.into())
    }
}

impl Condition {
    /// Reads one condition.
    ///
    /// # Errors
    /// With the place: an unknown metric, another sign than `>=` and `<=`, no number.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        let shape = "write a metric, a sign and a number: `coverage >= 80`";
        let whole = Word { text, column: 1 };
        if text.chars().count() > CONDITION_CHARACTERS_MAX {
            let message = format!("the condition is over {CONDITION_CHARACTERS_MAX} characters");
            return Err(Word { text: "", column: 1 }.syntax(message, shape));
        }
        let [metric, sign, number] = split(text);
        if metric.text.is_empty() {
            return Err(whole.syntax("the condition names no metric".to_owned(), shape));
        }
        let gate = find(&metric)?;
        let comparator = read_sign(gate, &sign, number.text)?;
        let threshold = read_threshold(gate, &number)?;
        Ok(Self { gate, comparator, threshold })
    }

    /// As people write it.
    #[must_use]
    pub fn text(&self) -> String {
        let unit = if self.gate.percent { " %" } else { "" };
        format!("{} {} {}{unit}", self.gate.metric, self.comparator.sign(), self.threshold)
    }
}

/// Metric, sign, rest; any of them may be empty. The sign needs no blanks around it.
fn split(text: &str) -> [Word<'_>; 3] {
    let sign = |c: char| "<>=!~".contains(c);
    let start = text.len() - text.trim_start().len();
    let body = text.trim();
    let metric_length = body.find(|c: char| sign(c) || c.is_whitespace()).unwrap_or(body.len());
    let rest = &body[metric_length..];
    let gap = rest.len() - rest.trim_start().len();
    let rest = rest.trim_start();
    let sign_length = rest.find(|c: char| !sign(c)).unwrap_or(rest.len());
    let sign_start = start + metric_length + gap;
    let tail = &rest[sign_length..];
    let tail_start = sign_start + sign_length + (tail.len() - tail.trim_start().len());
    let word = |from: usize, content| Word { text: content, column: columns(text, from) };
    [
        word(start, &body[..metric_length]),
        word(sign_start, &rest[..sign_length]),
        word(tail_start, tail.trim()),
    ]
}

/// The column, from 1, of a byte offset.
fn columns(text: &str, offset: usize) -> usize {
    text.get(..offset).map_or(1, |before| before.chars().count() + 1)
}

fn find(metric: &Word<'_>) -> Result<&'static Gate, ConditionError> {
    if let Some(gate) = gate::find(metric.text) {
        return Ok(gate);
    }
    let name = metric.text;
    if let Some((_, why)) = gate::NOT_CARRIED_OUT.iter().find(|(known, _)| *known == name) {
        let message = format!("`{name}` is not measured: {why}");
        let help = "delete the condition to go on without it".to_owned();
        return Err(metric.error(codes::METRIC_NOT_CARRIED_OUT, message, help));
    }
    let known = || gate::GATES.iter().map(|gate| gate.metric);
    let help = match nearest(name, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are {}", known().collect::<Vec<_>>().join(", ")),
    };
    Err(metric.error(codes::UNKNOWN_METRIC, format!("no gate measures `{name}`"), help))
}

fn read_sign(gate: &Gate, sign: &Word<'_>, number: &str) -> Result<Comparator, ConditionError> {
    let (good, comparator) = match gate.better {
        Better::High => (">=", Comparator::LessThan),
        Better::Low => ("<=", Comparator::GreaterThan),
    };
    let number = if number.is_empty() { "80" } else { number };
    let help = format!("write `{} {good} {number}`", gate.metric);
    match sign.text {
        found if found == good => Ok(comparator),
        "" => Err(sign.syntax("the condition has no `>=` or `<=`".to_owned(), help)),
        ">=" | "<=" => {
            let message = format!(
                "`{}` is better when it is {}, so this condition holds for bad code",
                gate.metric,
                if good == ">=" { "higher" } else { "lower" }
            );
            Err(sign.syntax(message, help))
        }
        other => Err(sign.syntax(format!("`{other}` is not `>=` or `<=`"), help)),
    }
}

fn read_threshold(gate: &Gate, number: &Word<'_>) -> Result<Threshold, ConditionError> {
    let help = format!("write a number, for example `{} >= 80`", gate.metric);
    if number.text.is_empty() {
        return Err(number.syntax("the condition has no number".to_owned(), help));
    }
    let digits = match number.text.strip_suffix('%') {
        Some(digits) if gate.percent => digits.trim_end(),
        Some(_) => {
            let message = format!("`{}` is a count, not a share", gate.metric);
            return Err(number.syntax(message, "leave the `%` out"));
        }
        None => number.text,
    };
    let threshold = Threshold::parse(digits).ok_or_else(|| {
        let message = format!("`{digits}` is not a number with at most three decimal places");
        number.syntax(message, help)
    })?;
    if gate.percent && threshold.compare(100, 1) == std::cmp::Ordering::Less {
        let message = format!("`{digits}` is over 100 %, which no code can reach");
        return Err(number.syntax(message, "write a share between 0 and 100"));
    }
    Ok(threshold)
}
