//! Which rollout a verb means: by environment and application, else the one of this folder,
//! else the only one.

use super::place;
use crate::context::Context;
use bowline_diag::Diagnostic;
use bowline_engine::rollout::{self, Standing};
use bowline_engine::{Failure, config};

/// The rollout that is meant.
pub fn rollout(
    context: &Context,
    environment: Option<&str>,
    app: Option<&str>,
) -> Result<Standing, Failure> {
    let mut found = rollout::standings(&context.house)?;
    found.retain(|standing| environment.is_none_or(|name| standing.environment() == name));
    found.retain(|standing| app.is_none_or(|name| standing.app() == name));
    if found.len() > 1
        && let Some(here) = app_here(context)
        && found.iter().any(|standing| standing.app() == here)
    {
        found.retain(|standing| standing.app() == here);
    }
    let keys: Vec<String> = found.iter().map(|standing| standing.key.clone()).collect();
    match (found.len(), found.pop()) {
        (1, Some(only)) => Ok(only),
        (0, _) => Err(Failure::usage(
            Diagnostic::error("BOW1802", "no rollout of that name is known")
                .help("`bowline release` begins one; `bowline ls environments` lists what runs"),
        )),
        _ => Err(Failure::usage(
            Diagnostic::error("BOW1802", "there are several rollouts, so one must be named")
                .help(format!("add `--env NAME` or `--app NAME`; there are: {}", keys.join(", "))),
        )),
    }
}

/// The application of the folder that the verb was typed in.
fn app_here(context: &Context) -> Option<String> {
    let here = place::of(context).ok()?;
    let (place, text) = config::find(&here.root, &here.folder, &here.name).ok()??;
    config::read(&text, &place).ok().map(|config| config.app)
}
