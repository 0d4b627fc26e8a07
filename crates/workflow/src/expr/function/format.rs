//! `format('{0} {1}', …)`; braces are doubled to stand for themselves.

use super::super::EvaluationReason;
use super::{EvaluationError, Value};
use crate::limits::EVALUATION_BYTES_MAX;

pub(crate) fn call(text: &str, arguments: &[Value]) -> Result<String, EvaluationError> {
    let invalid = || EvaluationError::from(EvaluationReason::InvalidFormat(text.to_owned()));
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        result.push_str(&rest[..at]);
        let (brace, after) = rest[at..].split_at(1);
        if let Some(after) = after.strip_prefix(brace) {
            result.push_str(brace);
            rest = after;
            continue;
        }
        let (index, after) = match (brace, after.split_once('}')) {
            ("{", Some(pair)) => pair,
            _ => return Err(invalid()),
        };
        // The closing brace of an index is single: `{0}}` leaves one brace without a partner.
        if index.is_empty() || !index.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid());
        }
        let argument = index.parse::<usize>().ok().and_then(|index| arguments.get(index));
        let Some(argument) = argument else {
            return Err(EvaluationReason::FormatArguments(text.to_owned()).into());
        };
        result.push_str(&argument.to_text());
        if result.len() > EVALUATION_BYTES_MAX {
            return Err(EvaluationReason::Memory.into());
        }
        rest = after;
    }
    result.push_str(rest);
    Ok(result)
}
