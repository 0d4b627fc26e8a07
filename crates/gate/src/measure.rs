//! What a gate measured, or why there is nothing to measure.

use crate::number::one_decimal;

/// A measured value, as an exact fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// The value is `numerator / denominator`.
    pub numerator: u64,
    /// At least 1.
    pub denominator: u64,
    /// Whether it is shown as a share with one decimal place, in per cent.
    pub percent: bool,
}

impl Measure {
    /// A whole number.
    #[must_use]
    pub fn count(count: u64) -> Self {
        Self { numerator: count, denominator: 1, percent: false }
    }

    /// `part` of `whole` in per cent; `None` when `whole` is zero: there is no such share.
    #[must_use]
    pub fn percent(part: u64, whole: u64) -> Option<Self> {
        let numerator = part.checked_mul(100)?;
        (whole > 0).then_some(Self { numerator, denominator: whole, percent: true })
    }

    /// The number alone, as SonarQube's `actualValue`: `84.2`, `3`.
    #[must_use]
    pub fn text(&self) -> String {
        if self.percent {
            one_decimal(self.numerator, self.denominator)
        } else {
            (self.numerator / self.denominator.max(1)).to_string()
        }
    }
}

/// Why there is no value. Each one blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmeasured {
    /// No report, or a report without a single test or statement.
    Missing(String),
    /// A report that cannot be read, or that does not mean what it should.
    Unreadable(String),
    /// A report that ends too early: a cancelled or crashed run.
    Incomplete(String),
}
