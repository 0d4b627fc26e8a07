//! `bowline release`: carries a commit to an environment, and takes it back when it is bad.

use crate::context::Context;
use crate::flags::ReleaseArguments;
use crate::{printer, summary, target};
use bowline_diag::exit;
use bowline_engine::Failure;
use bowline_engine::conductor::Conductor;
use bowline_engine::lane::{self, Request};
use bowline_engine::rollout;
use bowline_runner::CancelToken;
use std::sync::Arc;

/// Runs a release to its end.
pub async fn run(context: &Context, arguments: &ReleaseArguments) -> Result<u8, Failure> {
    let request = Request {
        folder: context.folder.clone(),
        revision: arguments.revision.clone(),
        environment: arguments.environment.clone(),
        override_reason: arguments.override_reason.clone(),
        verbose: context.common.verbose,
    };
    let conductor = Arc::new(Conductor::begin(&context.house.directories, context.watcher())?);
    let connected = target::connect(context).await?;
    let cancel = CancelToken::new();
    let release = lane::release(&context.house, &conductor, &connected.target, &cancel, request);
    let ended = tokio::select! {
        ended = release => ended?,
        () = interrupt(Arc::clone(&conductor), cancel.clone()) => return Ok(exit::INTERRUPTED),
    };
    connected.leave_running().await?;
    if let Some(failure) = &ended.failure {
        context.tell_failure(failure);
    }
    if context.json() {
        let text = serde_json::to_string(&ended.summary)
            .map_err(|error| Failure::bug(format!("the summary does not serialise: {error}")))?;
        printer::data(&text);
    } else {
        printer::talk(&summary::of_release(&ended));
    }
    if cancel.is_cancelled() {
        return Ok(exit::INTERRUPTED);
    }
    Ok(ended.summary.outcome.exit_code())
}

/// The first Ctrl-C ends the jobs and brings the traffic back; the second returns, to leave at
/// once: the same command resumes.
pub async fn interrupt(conductor: Arc<Conductor>, cancel: CancelToken) {
    if tokio::signal::ctrl_c().await.is_err() {
        // No signal can come, so this must never end the release.
        return std::future::pending().await;
    }
    printer::talk("interrupted: taking the traffic back; Ctrl-C again leaves at once");
    cancel.cancel();
    for key in rollout::under_way(&conductor).unwrap_or_default() {
        let request = rollout::request_event(rollout::ABORT, &key, "Ctrl-C", "interrupted", false);
        if let Err(error) = conductor.journal.request(request) {
            printer::talk(&format!("the request to abort cannot be written: {error}"));
        }
    }
    tokio::signal::ctrl_c().await.ok();
    printer::talk("left; `bowline release` resumes");
}
