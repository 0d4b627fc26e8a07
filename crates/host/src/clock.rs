//! Time. The wall clock is a label; durations and deadlines come from the monotonic clock.
#![expect(clippy::disallowed_methods, reason = "the one place that asks the machine's clocks")]

use bowline_model::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The wall clock in milliseconds since 1970. A label only: order and deadlines never use it.
/// A clock set before 1970 gives a negative number.
#[must_use]
pub fn now() -> Timestamp {
    let milliseconds = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
    };
    Timestamp(milliseconds.saturating_add(JUMP_MS.load(Ordering::Relaxed)))
}

/// How far the wall clock is made to jump.
static JUMP_MS: AtomicI64 = AtomicI64::new(0);

/// Makes this process's wall clock jump, for a test of what hangs on it: to set the machine's
/// own clock would hit everything else there. Does nothing in a released build.
#[doc(hidden)]
pub fn jump_for_tests(milliseconds: i64) {
    if cfg!(debug_assertions) {
        JUMP_MS.store(milliseconds, Ordering::Relaxed);
    }
}

/// Time since the machine started, sleep included (`CLOCK_BOOTTIME`). It never goes back, and
/// is the same for all processes of one boot, so a deadline can be handed to another process.
#[must_use]
pub fn monotonic() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(seconds, nanoseconds)
}

/// Measures one duration with the monotonic clock.
///
/// ```
/// let watch = bowline_host::clock::Stopwatch::start();
/// assert!(watch.elapsed() <= watch.elapsed());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// Time since the start, in seconds, for people and summaries.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.elapsed().as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::{monotonic, now};

    #[test]
    fn the_clocks_run_in_their_own_units() {
        assert!(now().0 > 1_700_000_000_000, "milliseconds, not seconds");
        let first = monotonic();
        assert!(monotonic() >= first && first.as_nanos() > 0);
    }
}
