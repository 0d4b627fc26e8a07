//! `bowline release`: carries a commit to an environment, and takes it back when it is bad.

use crate::context::Context;
use crate::flags::ReleaseArguments;
use crate::{printer, summary, target};
use bowline_diag::exit;
use bowline_engine::Failure;
use bowline_engine::conductor::Conductor;
use bowline_engine::lane::{self, Ended, Request};
use bowline_engine::read::Reader;
use bowline_engine::{prune, rollout, why};
use bowline_model::Outcome;
use bowline_runner::CancelToken;

/// Runs a release to its end.
pub async fn run(context: &Context, arguments: &ReleaseArguments) -> Result<u8, Failure> {
    let request = Request {
        folder: context.folder.clone(),
        revision: arguments.revision.clone(),
        environment: arguments.environment.clone(),
        override_reason: arguments.override_reason.clone(),
        secrets: super::run::secrets(&arguments.secrets)?,
        verbose: context.common.verbose,
    };
    context.house.ensure_room()?;
    let conductor = Conductor::begin(&context.house.directories, context.watcher())?;
    let connected = target::connect(context, &conductor).await?;
    let cancel = CancelToken::new();
    let release = lane::release(&context.house, &conductor, &connected.target, &cancel, request);
    let ended = tokio::select! {
        ended = release => ended,
        () = interrupt(context, cancel.clone()) => return Ok(exit::INTERRUPTED),
    };
    let ended = match ended {
        Ok(ended) => ended,
        Err(failure) => {
            // What was started for a release that could not begin serves nobody.
            connected.leave_as_found().await?;
            return Err(failure);
        }
    };
    let exit_code =
        if cancel.is_cancelled() { exit::INTERRUPTED } else { ended.summary.outcome.exit_code() };
    let around = around(context, &conductor, &ended, exit_code)?;
    prune::after_release(&context.house, &conductor, &connected.target).await;
    if around.serves {
        connected.leave_running().await?;
    } else {
        connected.leave_as_found().await?;
    }
    report(context, &ended, around)?;
    Ok(exit_code)
}

/// What is known besides the release's own summary.
struct Around {
    /// Whether its environment serves anything now.
    serves: bool,
    block: summary::Around,
}

fn around(
    context: &Context,
    conductor: &Conductor,
    ended: &Ended,
    exit_code: u8,
) -> Result<Around, Failure> {
    let reader = Reader::open(&context.house)?;
    let releases = conductor.releases()?;
    let release = releases.iter().find(|release| release.id == ended.id);
    let Some(release) = release else {
        return Err(Failure::bug(format!("`{}` is not in the journal", ended.id)));
    };
    let key = format!("{}/{}", release.started.environment, release.started.app);
    let stable = rollout::state(conductor, &key)?.stable;
    let now = stable.as_ref().map(|stable| stable.release.clone());
    let block = summary::Around {
        now: now.filter(|_| ended.summary.outcome == Outcome::RolledBack),
        last_log: why::last_log(&reader, release)?,
        exit_code,
    };
    Ok(Around { serves: stable.is_some(), block })
}

fn report(context: &Context, ended: &Ended, around: Around) -> Result<(), Failure> {
    if context.json() {
        ended.failure.iter().for_each(|failure| context.tell_failure(failure));
        let text = serde_json::to_string(&ended.summary)
            .map_err(|error| Failure::bug(format!("the summary does not serialise: {error}")))?;
        printer::data(&text);
        return Ok(());
    }
    let mut block = around.block;
    if let Some(failure) = &ended.failure {
        let mut failure = failure.clone();
        // The last lines of a failing step stand in the end block.
        if let Some(first) = failure.diagnostics.first_mut().filter(|d| d.code == "BOW1018") {
            block.last_log.append(&mut first.notes);
        }
        context.tell_failure(&failure);
    }
    printer::talk(&summary::of_release(ended, &block));
    Ok(())
}

/// The first Ctrl-C ends the jobs and brings the traffic back; the second returns, to leave at
/// once: the same command resumes.
pub async fn interrupt(context: &Context, cancel: CancelToken) {
    if tokio::signal::ctrl_c().await.is_err() {
        // No signal can come, so this must never end the release.
        return std::future::pending().await;
    }
    // Read from the journal, which knows what this process and those before it began.
    let standings = rollout::standings(&context.house).unwrap_or_default();
    let doing = if standings.iter().any(rollout::Standing::is_under_way) {
        "taking the traffic back"
    } else {
        "ending what is under way"
    };
    printer::talk(&format!("interrupted: {doing}; Ctrl-C again leaves at once"));
    cancel.cancel();
    tokio::signal::ctrl_c().await.ok();
    printer::talk("left; `bowline release` resumes");
}
