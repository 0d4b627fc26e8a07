//! GitHub's own expression cases: `{expr, contexts?, result | err}` in groups a file.
//!
//! A value case passes when kind and value are equal, numbers to the bit. An error case passes
//! when ours is of the same kind (lexing, parsing, evaluation), has the same reason, and names
//! the same symbol at the same position wherever theirs does.

use bowline_workflow::expr::{
    Allowed, Context, EvaluationError, EvaluationReason, ParseError, ParseReason, Value, evaluate,
    parse,
};
use serde_json::Value as Json;
use std::path::Path;

/// Passed, total, and what failed.
pub fn score(folder: &Path) -> (usize, usize, Vec<String>) {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder was there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    let (mut passed, mut total, mut failures) = (0, 0, Vec::new());
    for file in files {
        let text = std::fs::read_to_string(&file).expect("readable");
        let groups: Json = serde_json::from_str(&text).expect("JSON");
        for (group, cases) in groups.as_object().expect("groups") {
            for case in cases.as_array().expect("cases") {
                total += 1;
                match check(case) {
                    Ok(()) => passed += 1,
                    Err(why) => {
                        let name = file.file_name().unwrap_or_default().to_string_lossy();
                        failures.push(format!("{name} {group}: {}: {why}", case["expr"]));
                    }
                }
            }
        }
    }
    (passed, total, failures)
}

fn check(case: &Json) -> Result<(), String> {
    let source = case["expr"].as_str().expect("expr");
    let mut scope = Context::default();
    let mut names = Vec::new();
    for (name, value) in case["contexts"].as_object().into_iter().flatten() {
        scope = scope.with(name, Value::from_json(value));
        names.push(name.as_str());
    }
    let allowed = Allowed { contexts: &names, functions: &[] };
    let found = match parse(source, &allowed) {
        Err(error) => Err(github_words(&error, source)),
        Ok(ast) => evaluate(&ast, &scope).map_err(|error| evaluation_words(&error)),
    };
    match (found, case.get("result"), case.get("err")) {
        (Ok(value), Some(expected), _) => same_value(&value, expected),
        (Err((kind, text)), _, Some(expected)) => {
            let their_text = expected["value"].as_str().unwrap_or_default();
            if expected["kind"].as_str() == Some(kind) && text.starts_with(their_text) {
                return Ok(());
            }
            Err(format!("got {kind} error {text:?}, expected {expected}"))
        }
        (Ok(value), None, _) => Err(format!("got the value {value:?}, expected an error")),
        (Err(error), _, None) => Err(format!("got the error {error:?}, expected a value")),
    }
}

fn same_value(value: &Value, expected: &Json) -> Result<(), String> {
    let kind = match value {
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Number(_) => "Number",
        Value::String(_) => "String",
        Value::Array(_) => "Array",
        Value::Object(_) => "Object",
    };
    let theirs = Value::from_json(&expected["value"]);
    let equal = match (value, &theirs) {
        (Value::Number(ours), Value::Number(theirs)) => ours == theirs,
        _ => value.to_json() == theirs.to_json(),
    };
    if expected["kind"].as_str() == Some(kind) && equal {
        return Ok(());
    }
    Err(format!("got {kind} {}, expected {expected}", value.to_json()))
}

/// Our reason in GitHub's words, so that symbol and position are compared too.
fn github_words(error: &ParseError, source: &str) -> (&'static str, String) {
    let at = format!("Located at position {} within expression: {source}", error.position);
    match &error.reason {
        ParseReason::NoToken(text) => ("lexing", format!("Unexpected symbol: '{text}'. {at}")),
        ParseReason::UnexpectedSymbol(text) => {
            ("parsing", format!("Unexpected symbol: '{text}'. {at}"))
        }
        ParseReason::UnexpectedEnd(text) => {
            ("parsing", format!("Unexpected end of expression: '{text}'. {at}"))
        }
        ParseReason::UnknownFunction(name) => {
            ("parsing", format!("Unrecognized function: '{name}'. {at}"))
        }
        ParseReason::UnknownContext(name) => {
            ("parsing", format!("Unrecognized named-value: '{name}'. {at}"))
        }
        ParseReason::TooFewArguments(name) => {
            ("parsing", format!("Too few parameters supplied: '{name}'. {at}"))
        }
        ParseReason::TooManyArguments(name) => {
            ("parsing", format!("Too many parameters supplied: '{name}'. {at}"))
        }
        ParseReason::EvenArguments(name) => {
            let rule = "Even number of parameters supplied, requires an odd number of parameters";
            ("parsing", format!("{rule}: '{name}'. {at}"))
        }
        ParseReason::TooDeep => ("parsing", "Exceeded max expression depth 50".to_owned()),
        ParseReason::Empty => ("parsing", "Empty".to_owned()),
        ParseReason::TooLong => ("parsing", "Exceeded max expression length 21000".to_owned()),
    }
}

fn evaluation_words(error: &EvaluationError) -> (&'static str, String) {
    let text = match &error.reason {
        EvaluationReason::CasePredicate => {
            "case predicate must evaluate to a boolean value".to_owned()
        }
        EvaluationReason::Memory => "The maximum allowed memory size was exceeded".to_owned(),
        EvaluationReason::InvalidFormat(text) => {
            format!("The following format string is invalid: {text}")
        }
        EvaluationReason::FormatArguments(text) => {
            let rule = "The following format string references more arguments than were supplied";
            format!("{rule}: {text}")
        }
        EvaluationReason::Json(_) | EvaluationReason::Other(_) => error.to_string(),
    };
    ("evaluation", text)
}
