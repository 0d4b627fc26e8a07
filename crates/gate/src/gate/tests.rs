//! How many tests ran (passed or failed; a skipped test did not run). None at all is missing.

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
    match tests.ran() {
        0 => Err(Unmeasured::Missing("no test ran".to_owned())),
        ran => Ok(Measure::count(ran)),
    }
}
