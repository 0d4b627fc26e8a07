//! `bowline rollback`: the version before, in seconds; what it leaves is quarantined.

use crate::context::Context;
use crate::flags::RollbackArguments;
use crate::progress::line;
use crate::{crash, printer, target};
use bowline_diag::{Diagnostic, exit};
use bowline_engine::Failure;
use bowline_engine::conductor::Conductor;
use bowline_engine::rollout::{self, End};
use bowline_host::clock::Stopwatch;
use serde_json::json;

/// Rolls an environment back.
pub async fn run(context: &Context, arguments: &RollbackArguments) -> Result<u8, Failure> {
    let clock = Stopwatch::start();
    let key = key(context, arguments.environment.as_deref())?;
    let reason = &arguments.reason;
    // A rollout under way belongs to a living conductor: it is asked to abort it.
    let conductor = match Conductor::begin(&context.house.directories, context.watcher()) {
        Ok(conductor) => conductor,
        Err(busy) if arguments.to.is_none() => {
            let request = rollout::request_event(rollout::ABORT, &key, "rollback", reason, false);
            return target::ask_living(context, &key, request, busy).await;
        }
        Err(busy) => return Err(busy),
    };
    crash::install(&conductor)?;
    let connected = target::connect(context).await?;
    let to = arguments.to.as_deref();
    let back = rollout::back(&conductor, &connected.target, &key, to, reason).await?;
    connected.leave_running().await?;
    let seconds = clock.seconds();
    if let End::Refused(refused) = &back.carried.end {
        return Err(Failure::usage(Diagnostic::error("BOW1008", refused.reason.clone())));
    }
    if context.json() {
        let value = json!({
            "left": back.left,
            "now": back.now,
            "seconds": seconds,
            "switch_ms": back.carried.switch_ms,
        });
        printer::data(&value.to_string());
    } else {
        printer::data(&back.now);
        let took = line::seconds(seconds);
        printer::talk(&format!("back from {} to {} in {took}", back.left, back.now));
        printer::talk(&format!("{} is quarantined; the next fix passes by itself", back.left));
    }
    Ok(exit::OK)
}

/// The rollout of the environment that was named, or the only one.
fn key(context: &Context, environment: Option<&str>) -> Result<String, Failure> {
    let all = rollout::standings(&context.house)?;
    let mut found: Vec<String> = all
        .iter()
        .filter(|standing| environment.is_none_or(|name| standing.environment() == name))
        .map(|standing| standing.key.clone())
        .collect();
    match (found.len(), found.pop()) {
        (1, Some(key)) => Ok(key),
        (0, _) => Err(Failure::usage(
            Diagnostic::error("BOW1802", "nothing was released there")
                .help("`bowline ls environments` lists what runs"),
        )),
        _ => Err(Failure::usage(
            Diagnostic::error("BOW1802", "several applications run, so one must be named")
                .help("add the environment's name"),
        )),
    }
}
