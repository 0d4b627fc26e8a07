//! The verbs: one file each.

mod check;
mod chosen;
mod demo;
mod doctor;
mod down;
mod explain;
mod init;
mod logs;
mod ls;
mod place;
mod prune;
pub mod release;
mod render;
mod rollback;
mod rollout;
mod run;
mod trace;
mod up;
mod why;

use crate::context::{self, Context};
use crate::flags::{Cli, OutputForm, Verb};
use crate::{crash, env_vars, printer};
use bowline_diag::{Diagnostic, exit};
use bowline_engine::Failure;
use bowline_host::{clock, task};

/// Threads that a verb cannot do without: those of a small runtime, a watcher, a reader.
const THREADS_MIN: usize = 4;

/// Runs a verb to its exit code.
pub fn run(cli: Cli) -> u8 {
    let jump = env_vars::get("BOWLINE_CLOCK_JUMP").and_then(|text| text.parse().ok());
    clock::jump_for_tests(jump.unwrap_or(0));
    for (name, near) in env_vars::unknown() {
        let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        printer::talk(&format!("warning: `{name}` is not a variable of Bowline{hint}"));
    }
    let context = match Context::new(cli.common) {
        Ok(context) => context,
        Err(failure) => {
            context::tell_failure(&failure, false, false);
            return failure.exit_code;
        }
    };
    if let Err(source) = task::try_threads(THREADS_MIN) {
        let failure = Failure::from(bowline_sandbox::Error::Exhausted {
            resource: "processes",
            action: "start its own threads",
            source,
        });
        context.tell_failure(&failure);
        return failure.exit_code;
    }
    if let Err(failure) = crash::install() {
        context.tell_failure(&failure);
        return failure.exit_code;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            context.tell_failure(&Failure::bug(format!("no runtime: {error}")));
            return exit::BUG;
        }
    };
    let done = runtime.block_on(dispatch(&context, cli.verb));
    runtime.shutdown_background();
    match done {
        Ok(code) => code,
        Err(failure) => {
            printer::region(&[]);
            context.tell_failure(&failure);
            failure.exit_code
        }
    }
}

async fn dispatch(context: &Context, verb: Verb) -> Result<u8, Failure> {
    if context.common.output == Some(OutputForm::Name) && !matches!(verb, Verb::Ls { .. }) {
        let message = "`-o name` is an answer of `bowline ls` only";
        let diagnostic =
            Diagnostic::error("BOW1806", message).help("use `-o json`, or leave it out");
        return Err(Failure::usage(diagnostic));
    }
    match verb {
        Verb::Demo(arguments) => demo::run(context, &arguments).await,
        Verb::Init => init::run(context),
        Verb::Check => check::run(context).await,
        Verb::Run(arguments) => run::run(context, &arguments).await,
        Verb::Release(arguments) => release::run(context, &arguments).await,
        Verb::Render(arguments) => render::run(context, &arguments),
        Verb::Rollout(verb) => rollout::run(context, verb).await,
        Verb::Rollback(arguments) => rollback::run(context, &arguments).await,
        Verb::Why { release } => why::run(context, release.as_deref()),
        Verb::Trace { query } => trace::run(context, &query),
        Verb::Ls { what } => ls::run(context, what).await,
        Verb::Logs(arguments) => logs::run(context, &arguments).await,
        Verb::Doctor { strict } => doctor::run(context, strict),
        Verb::Explain { code } => explain::run(code.as_deref()),
        Verb::Prune { dry_run } => prune::run(context, dry_run).await,
        Verb::Up => up::run(context).await,
        Verb::Down => down::run(context).await,
    }
}
