//! Passed tests among those that ran, in per cent; a package that failed outside a test counts
//! as one that did not pass.

use super::{Better, Gate};
use crate::measure::{Measure, Unmeasured};
use crate::report::{Measured, Source};

pub(super) const GATE: Gate = Gate {
    metric: "test_success_density",
    title: "tests that passed among those that ran, in per cent",
    source: Source::Tests,
    better: Better::High,
    percent: true,
    measure,
};

fn measure(measured: &Measured) -> Result<Measure, Unmeasured> {
    let tests = measured.tests.as_ref().map_err(Clone::clone)?;
    Measure::percent(tests.passed, tests.passed + tests.failures())
        .ok_or_else(|| Unmeasured::Missing("no test ran".to_owned()))
}
