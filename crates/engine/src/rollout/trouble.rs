//! Trouble with the API or the router: borne for a while, then the process ends and the same
//! command resumes. Meanwhile the edge's dead man keeps the traffic on what is known to be good.

use super::Controller;
use crate::failure::Failure;
use crate::kubernetes;
use bowline_host::clock;
use std::time::Duration;

/// How long the API or the router may fail in a row before the controller gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Something that did not work.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    pub(super) failure: Failure,
    /// Whether trying again may help.
    pub(super) passing: bool,
}

impl Trouble {
    /// What will not work the next time either.
    pub(super) fn lasting(failure: Failure) -> Self {
        Self { failure, passing: false }
    }
}

impl From<kube::Error> for Trouble {
    fn from(error: kube::Error) -> Self {
        Self { passing: kubernetes::is_passing(&error), failure: kubernetes::failure(error) }
    }
}

impl Controller<'_> {
    /// Keeps the first trouble of this turn; what comes after it is mostly its consequence.
    pub(super) fn note_trouble(&mut self, trouble: Trouble) {
        self.trouble.get_or_insert(trouble);
    }

    /// At the end of a turn: whether the trouble that it had can still be borne.
    pub(super) fn bear(&mut self) -> Result<(), Failure> {
        let Some(trouble) = self.trouble.take() else {
            if self.troubled_since.take().is_some() {
                self.happened("recovered", "cluster and router answer again");
            }
            return Ok(());
        };
        let now = clock::monotonic();
        let Some(since) = self.troubled_since else {
            self.troubled_since = Some(now);
            if trouble.passing {
                self.happened("waiting", &trouble.failure.sentence());
            }
            return if trouble.passing { Ok(()) } else { Err(trouble.failure) };
        };
        if trouble.passing && now.saturating_sub(since) < PATIENCE {
            Ok(())
        } else {
            Err(trouble.failure)
        }
    }
}
