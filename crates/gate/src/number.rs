//! Thresholds as decimal numbers without a float in between.

use std::fmt;

/// Decimal places that a threshold may have.
const DECIMALS: usize = 3;
const SCALE: u64 = 1_000;

/// A number of at least zero with at most three decimal places, kept as written and exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Threshold {
    thousandths: u64,
    text: String,
}

impl Threshold {
    /// Reads `80`, `80.5`, `0.125`. No sign, no exponent, at most nine digits before the point.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || whole.len() > 9 || decimals.len() > DECIMALS {
            return None;
        }
        let padded = format!("{decimals:0<DECIMALS$}");
        let thousandths = whole.parse::<u64>().ok()? * SCALE + padded.parse::<u64>().ok()?;
        Some(Self { thousandths, text: text.to_owned() })
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How `numerator / denominator` compares with the threshold, exactly. The denominator
    /// must not be zero; a zero one compares as if the share were endless.
    #[must_use]
    pub fn compare(&self, numerator: u64, denominator: u64) -> std::cmp::Ordering {
        let left = u128::from(numerator) * u128::from(SCALE);
        left.cmp(&(u128::from(self.thousandths) * u128::from(denominator)))
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `numerator / denominator` with one decimal place, rounded down, so that 79.96 never reads
/// as the 80.0 that it is not.
#[must_use]
pub(crate) fn one_decimal(numerator: u64, denominator: u64) -> String {
    let tenths = u128::from(numerator) * 10 / u128::from(denominator.max(1));
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::{Threshold, one_decimal};
    use std::cmp::Ordering;

    #[test]
    fn a_threshold_is_exact() {
        let eighty = Threshold::parse("80").expect("a number");
        assert_eq!(eighty.compare(8_000, 100), Ordering::Equal);
        assert_eq!(eighty.compare(7_999_999_999, 100_000_000), Ordering::Less);
        let tenth = Threshold::parse("0.1").expect("a number");
        assert_eq!(tenth.compare(1, 10), Ordering::Equal);
        assert_eq!(tenth.compare(u64::MAX, u64::MAX), Ordering::Greater);
    }

    #[test]
    fn what_is_not_a_plain_number_is_refused() {
        for text in ["", ".", "8.", ".5", "-1", "+1", "1e3", "NaN", "inf", "1.2345", "1234567890"] {
            assert_eq!(Threshold::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_share_is_shown_rounded_down() {
        assert_eq!(one_decimal(7_999, 100), "79.9");
        assert_eq!(one_decimal(8_000, 100), "80.0");
        assert_eq!(one_decimal(100 * 2, 3), "66.6");
    }
}
