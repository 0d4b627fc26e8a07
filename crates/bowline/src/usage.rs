//! Mistakes in the command line itself, in the shape of every other error: code, sentence,
//! near name.

use crate::flags::Cli;
use bowline_diag::Diagnostic;
use bowline_engine::Failure;
use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error as _;

/// What is wrong with the arguments.
pub fn failure(error: &clap::Error) -> Failure {
    let (message, help) = said(error);
    let mut diagnostic = Diagnostic::error("BOW1806", message).help(help);
    let valid = texts(error, ContextKind::ValidValue);
    if !valid.is_empty() {
        diagnostic = diagnostic.note(format!("possible values: {}", valid.join(", ")));
    }
    Failure::usage(diagnostic)
}

/// Whether the arguments ask for answers in JSON; they could not be parsed, so it is looked for.
pub fn wants_json(arguments: &[String]) -> bool {
    let joined = ["-ojson", "-o=json", "--output=json"];
    arguments.iter().any(|argument| joined.contains(&argument.as_str()))
        || arguments
            .windows(2)
            .any(|pair| matches!(pair[0].as_str(), "-o" | "--output") && pair[1] == "json")
}

/// The sentence, and the one action.
fn said(error: &clap::Error) -> (String, String) {
    let verb = verb(error);
    let of_verb = format!("`{verb} --help` lists what it takes");
    let near = |kind| match first(error, kind) {
        Some(near) => format!("did you mean `{near}`?"),
        None => of_verb.clone(),
    };
    let argument = first(error, ContextKind::InvalidArg).unwrap_or_default();
    let name = flag(&argument);
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let given = first(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            let near = first(error, ContextKind::SuggestedSubcommand);
            let help = match near.or_else(|| near_verb(&verb, &given)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("`{verb} help` lists the verbs"),
            };
            (format!("`{given}` is not a verb of `{verb}`"), help)
        }
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            let message = format!("`{argument}` is not a flag of `{verb}`");
            (message, near(ContextKind::SuggestedArg))
        }
        ErrorKind::UnknownArgument => {
            (format!("`{argument}` is one argument too many for `{verb}`"), of_verb)
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let given = first(error, ContextKind::InvalidValue).unwrap_or_default();
            let message = match (given.is_empty(), error.source()) {
                (true, _) => format!("`{name}` needs a value"),
                (false, Some(why)) => format!("`{given}` is not a value of `{name}`: {why}"),
                (false, None) => format!("`{given}` is not a value of `{name}`"),
            };
            (message, near(ContextKind::SuggestedValue))
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = texts(error, ContextKind::InvalidArg).join(" ");
            (format!("`{verb}` needs {missing}"), of_verb)
        }
        // The parser's own words: kinds that this command line hardly has.
        _ => {
            let text = error.render().to_string();
            let line = text.lines().next().unwrap_or_default();
            (line.trim_start_matches("error: ").trim_end_matches('.').to_owned(), of_verb)
        }
    }
}

/// The program and its verbs, as the usage line has them: `bowline rollout get`.
fn verb(error: &clap::Error) -> String {
    let usage = first(error, ContextKind::Usage).unwrap_or_default();
    let words = usage.trim_start_matches("Usage:").split_whitespace();
    let verb: Vec<&str> = words.take_while(|word| !word.starts_with(['[', '<', '-'])).collect();
    if verb.is_empty() { "bowline".to_owned() } else { verb.join(" ") }
}

/// The verb below `verb` that is nearest to `given`.
fn near_verb(verb: &str, given: &str) -> Option<String> {
    let mut command = Cli::command();
    for word in verb.split(' ').skip(1) {
        command = command.find_subcommand(word)?.clone();
    }
    let names = command.get_subcommands().map(clap::Command::get_name);
    bowline_diag::nearest(given, names).map(str::to_owned)
}

/// `--color <COLOR>` as `--color`, `[WHAT]` as `WHAT`.
fn flag(argument: &str) -> &str {
    let name = argument.split(' ').next().unwrap_or_default();
    name.trim_matches(['[', ']', '<', '>', '.'])
}

fn first(error: &clap::Error, kind: ContextKind) -> Option<String> {
    texts(error, kind).into_iter().next()
}

fn texts(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        Some(ContextValue::StyledStr(text)) => vec![text.to_string()],
        Some(ContextValue::StyledStrs(texts)) => texts.iter().map(ToString::to_string).collect(),
        Some(_) | None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{failure, wants_json};
    use crate::flags::Cli;
    use clap::Parser;

    #[test]
    fn every_slip_is_told_with_a_way_out() {
        for (typed, message, help) in [
            ("relaese", "`relaese` is not a verb of `bowline`", "did you mean `release`?"),
            ("xyzzy", "`xyzzy` is not a verb of `bowline`", "`bowline help` lists the verbs"),
            (
                "release --overide x",
                "`--overide` is not a flag of `bowline release`",
                "did you mean `--override`?",
            ),
            ("ls pod", "`pod` is not a value of `WHAT`", "did you mean `pods`?"),
            ("rollout gte", "`gte` is not a verb of `bowline rollout`", "did you mean `get`?"),
            (
                "up now",
                "`now` is one argument too many for `bowline up`",
                "`bowline up --help` lists what it takes",
            ),
            (
                "trace",
                "`bowline trace` needs <QUERY>",
                "`bowline trace --help` lists what it takes",
            ),
        ] {
            let arguments = std::iter::once("bowline").chain(typed.split(' '));
            let error = Cli::try_parse_from(arguments).expect_err(typed);
            let told = failure(&error).diagnostics.remove(0);
            assert_eq!((told.message.as_str(), told.help.as_deref()), (message, Some(help)));
        }
    }

    #[test]
    fn the_wish_for_json_is_seen_in_arguments_that_do_not_parse() {
        for (typed, expected) in [
            ("bowline ls pod -o json", true),
            ("bowline ls pod -ojson", true),
            ("bowline --output json ls pod", true),
            ("bowline --output=json ls pod", true),
            ("bowline ls json", false),
            ("bowline ls -o name", false),
        ] {
            let arguments: Vec<String> = typed.split(' ').map(str::to_owned).collect();
            assert_eq!(wants_json(&arguments), expected, "{typed}");
        }
    }
}
