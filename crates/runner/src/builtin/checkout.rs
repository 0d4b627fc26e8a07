//! `actions/checkout`: the commit is mounted already, so there is nothing to fetch.
//!
//! Absent on purpose: other repositories, other commits, submodules, large files.

use super::{BuiltIn, Call, Outcome, Rule, input};
use crate::job::JobRun;
use crate::problem::Problem;

/// The action's row.
pub const ACTION: BuiltIn = BuiltIn {
    repository: "actions/checkout",
    inputs: &[
        input("fetch-depth", Rule::Any),
        input("fetch-tags", Rule::Boolean),
        input("persist-credentials", Rule::Boolean),
        input("clean", Rule::Boolean),
        input("show-progress", Rule::Boolean),
        input("set-safe-directory", Rule::Boolean),
        input("submodules", Rule::Only(&["false"])),
        input("lfs", Rule::Only(&["false"])),
        input("path", Rule::Only(&["."])),
        input("repository", Rule::Any),
        input("ref", Rule::Any),
        // Nothing is fetched, so there is nothing to show a token to.
        input("token", Rule::Any),
    ],
    run,
};

fn run(job: &mut JobRun<'_>, call: &Call) -> Result<Outcome, Problem> {
    let (sha, reference) = (job.github("sha"), job.github("ref"));
    let repository = job.github("repository");
    if let Some(other) = call.get("repository").filter(|it| !it.eq_ignore_ascii_case(&repository)) {
        let message = format!("repository `{other}` cannot be checked out, only `{repository}`");
        return Err(call.bad("repository", message));
    }
    let short = reference.rsplit('/').next().unwrap_or_default().to_owned();
    let same = |asked: &&str| *asked != sha && *asked != reference && *asked != short;
    if let Some(other) = call.get("ref").filter(same) {
        let message = format!("ref `{other}` cannot be checked out, only the commit of the run");
        return Err(call.bad("ref", message));
    }
    let workspace = job.workspace().to_owned();
    job.say(call.step, &format!("{sha} is mounted at {workspace}"));
    if let Some(depth) = call.get("fetch-depth") {
        let number: u32 = depth
            .parse()
            .map_err(|_| call.bad("fetch-depth", format!("`{depth}` is no number of commits")))?;
        if number != 1 && job.is_shallow() {
            let message = "the checkout has one commit, a deeper history is not there";
            return Err(call.bad("fetch-depth", message).help("take `fetch-depth` out"));
        }
        if number != 1 && job.is_cut_off() {
            let message = "the repository is a shallow clone itself, so its history ends early: \
                           run `git fetch --unshallow` there";
            job.warn(call.step, message);
        } else if number > 1 {
            job.say(call.step, "the whole history is there, not only the depth that was asked for");
        }
    }
    let outputs = vec![("ref".to_owned(), reference), ("commit".to_owned(), sha)];
    Ok(Outcome { outputs, post: None })
}
