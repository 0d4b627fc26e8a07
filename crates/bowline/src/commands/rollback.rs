//! `bowline rollback`: the version before, in seconds; what it leaves is quarantined.

use super::chosen;
use crate::context::Context;
use crate::flags::RollbackArguments;
use crate::progress::line;
use crate::{printer, target};
use bowline_diag::{Diagnostic, exit};
use bowline_engine::Failure;
use bowline_engine::conductor::Conductor;
use bowline_engine::rollout::{self, End};
use bowline_host::clock::Stopwatch;
use serde_json::json;

/// Rolls an environment back.
pub async fn run(context: &Context, arguments: &RollbackArguments) -> Result<u8, Failure> {
    let clock = Stopwatch::start();
    let (environment, app) = (arguments.environment.as_deref(), arguments.app.as_deref());
    let key = chosen::rollout(context, environment, app)?.key;
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
    let connected = target::connect(context, &conductor).await?;
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
