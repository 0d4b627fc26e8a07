//! How many tests ran (passed or failed; a skipped test did not run).

use super::{Better, Gate};
use crate::measure::{Measure, Unmeasured};
use crate::report::{Measured, Source};

pub(super) const GATE: Gate = Gate {
    metric: "tests",
    title: "tests that ran",
    source: Source::Tests,
    better: Better::High,
    percent: false,
    measure,
};

fn measure(measured: &Measured) -> Result<Measure, Unmeasured> {
    let tests = measured.tests.as_ref().map_err(Clone::clone)?;
    Ok(Measure::count(tests.ran()))
}
