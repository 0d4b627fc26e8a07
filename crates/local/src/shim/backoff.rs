//! How long a crashing container waits for its next start.
//!
//! Kubernetes waits 10 s, doubled up to 5 min. On one's own machine the first restarts come
//! sooner: 1 s, 2 s, 4 s … up to 5 min. Ten minutes without a crash begin anew, as there.

use crate::limits::{BACKOFF_MS_MAX, BACKOFF_RESET_MS};
use std::time::Duration;

/// The crashes in a row.
#[derive(Debug, Default)]
pub struct Backoff {
    crashes: u32,
}

impl Backoff {
    /// The container ended after it ran for `ran`; how long to wait now.
    pub fn after(&mut self, ran: Duration) -> Duration {
        if ran >= Duration::from_millis(BACKOFF_RESET_MS) {
            self.crashes = 0;
        }
        let wait = 1000_u64.checked_shl(self.crashes).unwrap_or(BACKOFF_MS_MAX);
        self.crashes = (self.crashes + 1).min(20);
        Duration::from_millis(wait.min(BACKOFF_MS_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::Backoff;
    use std::time::Duration;

    #[test]
    fn the_wait_doubles_up_to_its_limit_and_begins_anew_after_a_long_run() {
        let mut backoff = Backoff::default();
        let mut waits = Vec::new();
        for _ in 0..11 {
            waits.push(backoff.after(Duration::from_secs(1)).as_secs());
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(backoff.after(Duration::from_secs(600)).as_secs(), 1);
        for _ in 0..100 {
            assert!(backoff.after(Duration::ZERO).as_secs() <= 300);
        }
    }
}
