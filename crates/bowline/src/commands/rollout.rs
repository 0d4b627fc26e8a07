//! `bowline rollout get|watch|promote|abort|pause|retry`.
//!
//! A verb appends a request that the living conductor follows; with none alive it becomes the
//! conductor itself.

use super::chosen;
use crate::context::Context;
use crate::flags::{RolloutArguments, RolloutVerb};
use crate::{printer, target};
use bowline_diag::{Diagnostic, exit};
use bowline_engine::Failure;
use bowline_engine::rollout::{self, Standing};

/// Runs one of the verbs.
pub async fn run(context: &Context, verb: RolloutVerb) -> Result<u8, Failure> {
    match verb {
        RolloutVerb::Get(arguments) => {
            show(context, &standing(context, &arguments).await?);
            Ok(exit::OK)
        }
        RolloutVerb::Watch(arguments) => watch(context, &arguments).await,
        RolloutVerb::Promote { full, rollout } => {
            ask(context, rollout::PROMOTE, &rollout, full).await
        }
        RolloutVerb::Abort(arguments) => ask(context, rollout::ABORT, &arguments, false).await,
        RolloutVerb::Pause(arguments) => ask(context, rollout::PAUSE, &arguments, false).await,
        RolloutVerb::Retry(arguments) => ask(context, rollout::RETRY, &arguments, false).await,
    }
}

async fn standing(context: &Context, arguments: &RolloutArguments) -> Result<Standing, Failure> {
    let (environment, app) = (arguments.environment.as_deref(), arguments.app.as_deref());
    let mut standing = chosen::rollout(context, environment, app)?;
    if standing.is_left() {
        standing.serves = Some(target::serves(context, standing.route.as_deref()).await);
    }
    Ok(standing)
}

fn show(context: &Context, standing: &Standing) {
    if context.json() {
        printer::data(&standing.json().to_string());
    } else {
        printer::data(&standing.lines().join("\n"));
    }
}

async fn watch(context: &Context, arguments: &RolloutArguments) -> Result<u8, Failure> {
    let mut told = String::new();
    loop {
        let standing = standing(context, arguments).await?;
        let text =
            if context.json() { standing.json().to_string() } else { standing.lines().join("\n") };
        if text != told {
            printer::data(&text);
            told = text;
        }
        if !standing.is_under_way() {
            return Ok(exit::OK);
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

async fn ask(
    context: &Context,
    kind: &str,
    arguments: &RolloutArguments,
    full: bool,
) -> Result<u8, Failure> {
    let standing = standing(context, arguments).await?;
    if kind == rollout::PROMOTE && !standing.is_under_way() {
        let message = format!("nothing is under way in `{}` to promote", standing.key);
        let help = "begin with `bowline release`, or `bowline rollout retry`";
        return Err(Failure::usage(Diagnostic::error("BOW1802", message).help(help)));
    }
    let by = "command line";
    let request = rollout::request_event(kind, &standing.key, by, &arguments.reason, full);
    target::follow_request(context, &standing, request).await
}
