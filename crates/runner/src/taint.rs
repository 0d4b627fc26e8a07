//! Values from strangers in the text of a step: they travel as variables, never as text.
//!
//! GitHub puts the value of `${{ }}` into the script itself, so that a pull request's title
//! can be a command. In a run of an untrusted revision a value that a shell could act on is
//! put into an environment variable, and the text names that variable. Where the place in the
//! text makes that impossible the step is refused.
//!
//! Absent on purpose: judging values. What the workflow's own author wrote (`matrix`,
//! `strategy`, literals) is taken as it is.

use bowline_workflow::expr::{Ast, EvaluationError, Kind, Scope};
use bowline_workflow::{Content, Part, Template};
use bowline_yaml::Span;

/// A script whose values from strangers are in variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SafeScript {
    /// The text.
    pub text: String,
    /// The variables that it names.
    pub variables: Vec<(String, String)>,
}

/// Why a script is refused.
#[derive(Debug)]
pub enum TaintError {
    /// An expression has no value.
    Evaluation(EvaluationError),
    /// A value of a stranger would be acted on, at this place.
    Unsafe(Span, &'static str),
}

/// Contexts whose values the workflow's author or the runner wrote.
const OWN_CONTEXTS: [&str; 6] = ["matrix", "strategy", "runner", "job", "vars", "secrets"];

/// Words that run text as commands, so that even a variable would be run.
const RUNS_TEXT: [&str; 6] = ["eval", "-c", "source", "xargs", "exec", "trap"];

/// Where in a shell's text a value would stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Plain,
    Double,
    Single,
    Comment,
}

/// Renders a script for `sh` or `bash` so that no value of a stranger becomes a command.
/// `is_shell`: the step's shell reads `${NAME}`.
///
/// # Errors
/// An expression without a value; a place where a value cannot be made safe.
pub fn render(
    template: &Template,
    scope: &dyn Scope,
    is_shell: bool,
) -> Result<SafeScript, TaintError> {
    let mut safe = SafeScript::default();
    let parts = match &template.content {
        Content::Literal(value) => {
            safe.text = value.to_text();
            return Ok(safe);
        }
        Content::Expression(expression) => vec![Part::Expression(expression.clone())],
        Content::Parts(parts) => parts.clone(),
    };
    let mut place = Place::Plain;
    for part in parts {
        match part {
            Part::Text(text) => {
                place = follow(place, &text);
                safe.text.push_str(&text);
            }
            Part::Expression(expression) => {
                let value = expression.evaluate(scope).map_err(TaintError::Evaluation)?.to_text();
                if is_own(&expression.ast) || is_harmless(&value) {
                    safe.text.push_str(&value);
                    continue;
                }
                if let Some(reason) = refusal(place, &safe.text, is_shell) {
                    return Err(TaintError::Unsafe(expression.span, reason));
                }
                let name = format!("BOWLINE_VALUE_{}", safe.variables.len() + 1);
                safe.text.push_str(&match place {
                    Place::Double => format!("${{{name}}}"),
                    _ => format!("\"${{{name}}}\""),
                });
                safe.variables.push((name, value));
            }
        }
    }
    Ok(safe)
}

/// Whether the workflow's author alone decides the value.
fn is_own(ast: &Ast) -> bool {
    !ast.any(&mut |node| match &node.kind {
        Kind::Context(name) => !OWN_CONTEXTS.contains(&name.as_str()),
        _ => false,
    })
}

/// Whether no shell acts on any character of the value.
fn is_harmless(value: &str) -> bool {
    let plain = |character: char| {
        character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '/' | ':' | '@' | '+')
    };
    let dashes = !value.starts_with('-') && !value.starts_with('~');
    dashes && value.chars().all(|character| plain(character) || character == '-')
}

fn refusal(place: Place, before: &str, is_shell: bool) -> Option<&'static str> {
    let line = before.rsplit('\n').next().unwrap_or_default();
    let runs = line.split(|it: char| it.is_whitespace() || ";|&(){}`".contains(it));
    if !is_shell {
        Some("the step's shell is neither `sh` nor `bash`")
    } else if place == Place::Single {
        Some("it stands in single quotes")
    } else if place == Place::Comment {
        Some("it stands in a comment")
    } else if before.contains("<<") {
        Some("the script has a here-document")
    } else if before.contains('`') || before.contains("$((") || line.contains("[[") {
        Some("it stands in a construct that evaluates its text")
    } else if runs.clone().any(|word| RUNS_TEXT.contains(&word)) {
        Some("its line runs text as a command")
    } else {
        None
    }
}

/// The place after `text`.
fn follow(mut place: Place, text: &str) -> Place {
    let mut escaped = false;
    let mut before = ' ';
    for character in text.chars() {
        if std::mem::take(&mut escaped) {
            before = character;
            continue;
        }
        place = match (place, character) {
            (Place::Plain | Place::Double, '\\') => {
                escaped = true;
                place
            }
            (Place::Plain, '\'') => Place::Single,
            (Place::Plain, '"') => Place::Double,
            (Place::Plain, '#') if before.is_whitespace() => Place::Comment,
            (Place::Single, '\'') | (Place::Double, '"') | (Place::Comment, '\n') => Place::Plain,
            (place, _) => place,
        };
        before = character;
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_value_is_followed_through_quotes() {
        for (text, expected) in [
            ("echo ", Place::Plain),
            ("echo \"", Place::Double),
            ("echo '", Place::Single),
            ("echo \"it's ", Place::Double),
            ("echo 'a' ", Place::Plain),
            ("echo \\'", Place::Plain),
            ("x # don't ", Place::Comment),
            ("x # don't\n", Place::Plain),
            ("echo a#b ", Place::Plain),
        ] {
            assert_eq!(follow(Place::Plain, text), expected, "{text}");
        }
    }

    #[test]
    fn only_values_without_any_active_character_are_put_into_the_text() {
        for (value, expected) in [
            ("main", true),
            ("refs/heads/x-1", true),
            ("", true),
            ("$(id)", false),
            ("a b", false),
            ("a;b", false),
            ("-rf", false),
            ("~root", false),
            ("ä", false),
            ("a\nb", false),
        ] {
            assert_eq!(is_harmless(value), expected, "{value:?}");
        }
    }

    #[test]
    fn places_where_a_variable_does_not_help_are_refused() {
        for (place, before, is_shell, expected) in [
            (Place::Plain, "echo ", true, false),
            (Place::Double, "echo \"", true, false),
            (Place::Single, "echo '", true, true),
            (Place::Plain, "eval ", true, true),
            (Place::Double, "bash -c \"", true, true),
            (Place::Plain, "cat <<EOF\n", true, true),
            (Place::Plain, "print(", false, true),
            (Place::Plain, "echo $((", true, true),
        ] {
            assert_eq!(refusal(place, before, is_shell).is_some(), expected, "{before}");
        }
    }
}
