//! `concurrency`: of a group one run or job works at a time, whichever process it belongs to.
//!
//! Who comes later waits; what is at work is never cut off, `cancel-in-progress` or not, because
//! nobody is left to hear that it was. Source: GitHub's documentation, "Control workflow
//! concurrency".

use crate::cancel::CancelToken;
use crate::codes;
use crate::hashfiles::hex;
use crate::limits::GROUP_LOOK_MS;
use crate::problem::Problem;
use crate::request::RunRequest;
use bowline_host::files::{self, Lock, TryLock};
use bowline_workflow::Concurrency;
use bowline_workflow::expr::Scope;
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

/// The group of a run or a job, with its values. Names are compared without case, as on GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    name: String,
    path: PathBuf,
}

impl Group {
    /// The group that `concurrency` names.
    ///
    /// # Errors
    /// An expression without a value, or a group without a name.
    pub(crate) fn of(
        concurrency: &Concurrency,
        request: &RunRequest,
        scope: &dyn Scope,
    ) -> Result<Self, Problem> {
        let template = &concurrency.group;
        let rendered = template.render(scope);
        let name = rendered.map_err(|error| Problem::from(error).or_at(template.span))?;
        let name = name.trim().to_lowercase();
        if name.is_empty() {
            let problem = Problem::new(codes::BAD_VALUE, "the `concurrency` group has no name");
            let help = "give it one for a push too, for example `|| github.run_id`";
            return Err(problem.or_at(template.span).help(help));
        }
        let mut hash = Sha256::new();
        for part in [request.revision.repository.as_bytes(), &[0], name.as_bytes()] {
            hash.update(part);
        }
        let path = request.caches.groups.join(hex(&hash.finalize()));
        Ok(Self { name, path })
    }

    /// Waits until nobody else of the group is at work; `None` when it was cancelled before.
    /// `wait` is told once, when there is somebody to wait for.
    ///
    /// # Errors
    /// The lock file cannot be used.
    pub(crate) fn enter(
        &self,
        cancel: &CancelToken,
        wait: impl Fn(String),
    ) -> Result<Option<Lock>, files::Error> {
        let (sender, cancelled) = mpsc::channel();
        let _watch = cancel.watch(move || {
            // An error means that nobody waits any more.
            let _ = sender.send(());
        });
        let mut told = false;
        loop {
            if cancel.is_cancelled() {
                return Ok(None);
            }
            match files::try_lock(&self.path)? {
                TryLock::Acquired(lock) => return Ok(Some(lock)),
                TryLock::HeldBy(holder) if !told => {
                    told = true;
                    let name = &self.name;
                    wait(format!("waits for the group `{name}`, where process {holder} works"));
                }
                TryLock::HeldBy(_) => {}
            }
            // Cancelled or not: the next look says.
            let _ = cancelled.recv_timeout(Duration::from_millis(GROUP_LOOK_MS));
        }
    }
}
