//! The crash matrix's hook: `BOWLINE_CRASH=<n>` ends this process at the point after the first
//! `n`, as a power cut would; `BOWLINE_CRASH=stop:<n>` stops it there until it is continued;
//! a kind of event in place of `<n>` means the point after the first of that kind.
//! `BOWLINE_CRASH=count` says at the end how many points there were.
//!
//! Points lie before and after every append to the journal and every effect. For tests only.

use crate::{env_vars, printer};
use bowline_engine::Failure;
use bowline_engine::conductor::Conductor;
use bowline_journal::When;
use bowline_sandbox::{Signal, process};
use std::sync::atomic::{AtomicU64, Ordering};

const VARIABLE: &str = "BOWLINE_CRASH";

static PASSED: AtomicU64 = AtomicU64::new(0);

/// Sets the hook where the variable asks for it. Not a word is said before the process ends:
/// a real crash says nothing either, but a test must know where it was.
pub fn install(conductor: &Conductor) -> Result<(), Failure> {
    let Some(wanted) = env_vars::get(VARIABLE) else { return Ok(()) };
    let (stops, wanted) = match wanted.strip_prefix("stop:") {
        Some(number) => (true, number),
        None => (false, wanted.as_str()),
    };
    let kind_wanted = wanted.contains('.').then(|| wanted.to_owned());
    let limit = match wanted {
        "count" => u64::MAX,
        _ if kind_wanted.is_some() => u64::MAX,
        number => number.parse().map_err(|_| {
            Failure::bug(format!("`{VARIABLE}` is `count` or a number, not `{number}`"))
        })?,
    };
    conductor.journal.set_crash_hook(Some(Box::new(move |kind, key, when| {
        let passed = PASSED.fetch_add(1, Ordering::SeqCst);
        let is_kind = when == When::After && kind_wanted.as_deref() == Some(kind);
        if (passed == limit || is_kind) && stops {
            // Until it is continued; a test changes the machine meanwhile. Where that fails it
            // was never stopped, which the test sees.
            let _ = process::kill(std::process::id(), Signal::STOP);
        } else if passed == limit || is_kind {
            printer::talk(&format!("crash at point {passed}: {when:?} {kind} {key}"));
            std::process::abort();
        }
    })));
    Ok(())
}

/// Says how many points were passed, where the variable asks for it.
pub fn report() {
    if env_vars::get(VARIABLE).is_some_and(|wanted| wanted == "count") {
        printer::talk(&format!("crash points: {}", PASSED.load(Ordering::SeqCst)));
    }
}
