//! The crash matrix's hook, for tests only.
//!
//! `BOWLINE_CRASH=list` tells each point that is passed; `BOWLINE_CRASH='<side> <nth> <kind>
//! <key>'` ends this process at that point, as a power cut would; a kind alone means the point
//! after the first of that kind. `stop:` before a point stops the process there until it is
//! continued. Points lie before and after every append to the journal and every effect
//! (`bowline_host::crash`).
//!
//! A point must be met again by another release, so numbers, digests and hashes in its key read
//! as `#`; `nth` tells those apart that read alike then.

use crate::{env_vars, printer};
use bowline_diag::Diagnostic;
use bowline_engine::Failure;
use bowline_host::crash::{self, When};
use bowline_sandbox::{Signal, process};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

const VARIABLE: &str = "BOWLINE_CRASH";

/// Sets the hook where the variable asks for it. A real crash says nothing, but a test must know
/// where it was.
pub fn install() -> Result<(), Failure> {
    let Some(wanted) = env_vars::get(VARIABLE) else { return Ok(()) };
    let list = wanted == "list";
    let (stops, wanted) = match wanted.strip_prefix("stop:") {
        Some(point) => (true, point.to_owned()),
        None => (false, wanted),
    };
    let kind_alone = !list && !wanted.contains(' ') && wanted.contains('.');
    if !list && !kind_alone && wanted.split(' ').count() < 4 {
        let message = format!("`{VARIABLE}` is `list` or a point, not `{wanted}`");
        let help = "a point is `before 1 rollout.started prod/shop`, as `list` tells it";
        return Err(Failure::usage(Diagnostic::error("BOW1806", message).help(help)));
    }
    let passed: Mutex<HashMap<String, u32>> = Mutex::default();
    crash::set_hook(Box::new(move |kind, key, when| {
        let side = match when {
            When::Before => "before",
            When::After => "after",
        };
        let name = format!("{kind} {}", alike(key));
        // The lock is held until the process ends: nothing passes a point after the last one.
        let mut passed = passed.lock().unwrap_or_else(PoisonError::into_inner);
        let nth = passed.entry(format!("{side} {name}")).or_default();
        *nth += 1;
        let point = format!("{side} {nth} {name}");
        let is_met =
            if kind_alone { kind == wanted && when == When::After } else { point == wanted };
        if list {
            printer::talk(&format!("crash point: {point}"));
        } else if is_met && stops {
            // Until it is continued; a test changes the machine meanwhile. Where that fails it
            // was never stopped, which the test sees.
            let _ = process::kill(std::process::id(), Signal::STOP);
        } else if is_met {
            printer::talk(&format!("crash at: {point}"));
            std::process::abort();
        }
    }));
    Ok(())
}

/// A key without what differs from release to release: each word with a digit in it, or of
/// hexadecimal digits, is `#`.
fn alike(key: &str) -> String {
    let mut text = String::with_capacity(key.len());
    let mut word = String::new();
    let finish = |word: &mut String, text: &mut String| {
        // A part of a pod's uid may be of letters only.
        let hexadecimal = word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let varies = hexadecimal || word.bytes().any(|byte| byte.is_ascii_digit());
        text.push_str(if varies { "#" } else { word });
        word.clear();
    };
    for character in key.chars() {
        if character.is_alphanumeric() {
            word.push(character);
        } else {
            finish(&mut word, &mut text);
            text.push(character);
        }
    }
    finish(&mut word, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::alike;

    #[test]
    fn a_key_reads_alike_in_every_release() {
        for (key, expected) in [
            ("shop/12", "shop/#"),
            ("v0.0.1-build.2", "#.#.#-build.#"),
            ("rollout/prod/shop/7", "rollout/prod/shop/#"),
            ("prod/Rollout `shop`", "prod/Rollout `shop`"),
            ("sha256/0f9a", "#/#"),
            ("0a1b2c3d-fade/spec.json", "#-#/spec.json"),
        ] {
            assert_eq!(alike(key), expected);
        }
    }
}
