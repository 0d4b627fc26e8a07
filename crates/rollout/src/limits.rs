//! Every limit of this crate, with its unit last.

/// Steps that one strategy may have.
pub const STEPS_MAX: usize = 1_000;
/// Replicas that a spec may ask for.
pub const REPLICAS_MAX: u32 = 100_000;
/// The longest pause or delay that is read, in seconds (ten years).
pub const DURATION_SECONDS_MAX: u64 = 315_360_000;
/// Rounds that one decision may take before it stops and goes on at the next observation.
pub const DECISION_ROUNDS_MAX: usize = 10_000;
/// Log lines of a crashed canary that an event carries.
pub const LAST_LOG_LINES_MAX: usize = 20;
/// Characters of such a line.
pub const LAST_LOG_LINE_CHARACTERS_MAX: usize = 500;
/// Seconds of counts that are journaled together while nothing else happens.
pub const COUNTED_BATCH_SECONDS: u64 = 30;
/// A second's counts may still change for this long (time-outs are booked where the request
/// was routed); younger seconds are not journaled unless a decision rests on them.
pub const COUNTS_SETTLE_SECONDS: u64 = 35;
/// A canary with traffic whose counts cannot be read is taken back after this long.
pub const COUNTERS_LOST_MS_MAX: u64 = 30_000;
/// Crashes without a single ready pod after which a version counts as crash-looping.
pub const CRASH_LOOP_CRASHES: u32 = 2;
/// Canary events below which no test trips, whatever its E-value.
pub const CANARY_EVENTS_MIN: u64 = 3;
