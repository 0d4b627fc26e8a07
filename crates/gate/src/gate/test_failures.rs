//! Tests that failed, and packages that failed outside a test.

use super::{Better, Gate};
use crate::measure::{Measure, Unmeasured};
use crate::report::{Measured, Source};

pub(super) const GATE: Gate = Gate {
    metric: "test_failures",
    title: "tests that failed",
    source: Source::Tests,
    better: Better::Low,
    percent: false,
    measure,
};

fn measure(measured: &Measured) -> Result<Measure, Unmeasured> {
    let tests = measured.tests.as_ref().map_err(Clone::clone)?;
    Ok(Measure::count(tests.failures()))
}
