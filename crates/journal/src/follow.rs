//! Following: new events as they come, without gaps.

use crate::{
    Error, Journal,
    limits::{FOLLOW_EVENTS_MAX, FOLLOW_MS},
};
use bowline_host::clock::Stopwatch;
use bowline_model::Event;
use std::{sync::PoisonError, time::Duration};

impl Journal {
    /// Waits until there are events after number `after`, at most for `timeout`, and returns
    /// them in order; empty when none came. Appends of this process wake it at once, those of
    /// other processes within [`FOLLOW_MS`]. At most [`FOLLOW_EVENTS_MAX`] events at a time.
    ///
    /// Blocks its thread: use a blocking task in async code.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Broken`].
    pub fn wait_for(&self, after: u64, timeout: Duration) -> Result<Vec<Event>, Error> {
        let watch = Stopwatch::start();
        let mut connection = self.lock();
        loop {
            if self.head_of(&connection)? > after {
                return self.events_after(&connection, after, FOLLOW_EVENTS_MAX);
            }
            let Some(left) = timeout.checked_sub(watch.elapsed()).filter(|left| !left.is_zero())
            else {
                return Ok(Vec::new());
            };
            let pause = left.min(Duration::from_millis(FOLLOW_MS));
            // Gives the connection to others while it waits.
            let waited = self.appended.wait_timeout(connection, pause);
            connection = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
