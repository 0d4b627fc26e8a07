//! Every limit of this crate, with its unit last.

/// The largest report that is read.
pub const REPORT_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Blocks of all coverage profiles together.
pub const COVERAGE_BLOCKS_MAX: usize = 5_000_000;
/// Tests and packages of all test reports together.
pub const TESTS_MAX: usize = 2_000_000;
/// Conditions of one policy.
pub const CONDITIONS_MAX: usize = 100;
/// Characters of one condition.
pub const CONDITION_CHARACTERS_MAX: usize = 200;
/// Failed tests that a decision names.
pub const NAMED_FAILURES_MAX: usize = 20;
