//! `bowline logs`: what a job of the newest run or a pod wrote.

use crate::context::Context;
use crate::flags::LogsArguments;
use crate::progress::line::inert;
use crate::{printer, target};
use bowline_diag::{Diagnostic, exit, nearest};
use bowline_engine::Failure;
use bowline_engine::workflows;
use std::time::Duration;

/// How often a followed log is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Prints the last lines; goes on until Ctrl-C with `--follow`.
pub async fn run(context: &Context, arguments: &LogsArguments) -> Result<u8, Failure> {
    if let Some(name) = &arguments.name
        && let Some(log) = workflows::job_log(&context.house, name)?
    {
        let skipped = log.len().saturating_sub(arguments.tail);
        let lines: Vec<String> = log[skipped..].iter().map(|line| inert(line)).collect();
        printer::data(&lines.join("\n"));
        return Ok(exit::OK);
    }
    let mut shown: Vec<(String, usize)> = Vec::new();
    let mut first = true;
    loop {
        let wanted = if first { arguments.tail } else { usize::MAX };
        let logs = target::pod_logs(context, arguments.name.as_deref(), wanted)?;
        if first && logs.is_empty() {
            return Err(unknown(context, arguments).await?);
        }
        for (pod, lines) in &logs {
            let seen = shown.iter().find(|(name, _)| name == pod).map_or(0, |(_, seen)| *seen);
            let from = if first { 0 } else { seen.min(lines.len()) };
            for text in &lines[from..] {
                printer::data(&format!("{pod}: {}", inert(text)));
            }
        }
        if !arguments.follow {
            return Ok(exit::OK);
        }
        if first {
            let whole = target::pod_logs(context, arguments.name.as_deref(), usize::MAX)?;
            shown = whole.iter().map(|(pod, lines)| (pod.clone(), lines.len())).collect();
            first = false;
        } else {
            shown = logs.iter().map(|(pod, lines)| (pod.clone(), lines.len())).collect();
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn unknown(context: &Context, arguments: &LogsArguments) -> Result<Failure, Failure> {
    let Some(name) = &arguments.name else {
        return Ok(Failure::usage(
            Diagnostic::error("BOW1802", "no pod runs")
                .help("`bowline up` starts what was released; `bowline logs JOB` shows a job"),
        ));
    };
    let mut names: Vec<String> = target::pods(context)?.into_iter().map(|pod| pod.name).collect();
    names.extend(workflows::job_names(&context.house)?);
    let help = match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => {
            "`bowline run` leaves logs of jobs, `bowline release` of pods too".to_owned()
        }
        None => format!("there are: {}", names.join(", ")),
    };
    let message = format!("`{name}` is neither a job of the newest run nor a pod");
    Ok(Failure::usage(Diagnostic::error("BOW1802", message).help(help)))
}
