//! A latency histogram with log-linear buckets: eight to every power of two.
//!
//! A value lands in a bucket whose width is at most an eighth of the value, so a quantile is
//! right to 12.5 %. Only buckets that hold something are kept: a second of one version is
//! some dozens of pairs.

use serde::{Deserialize, Serialize};

/// Buckets to a power of two.
const SUBBUCKETS: u64 = 8;
const SUBBUCKET_BITS: u32 = SUBBUCKETS.trailing_zeros();
/// Longer values count as this one: about 19 hours.
const VALUE_US_MAX: u64 = (1 << 36) - 1;

/// Latencies in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Histogram {
    /// Bucket number and count, ascending by number, no count zero. [`lower_us`] and
    /// [`upper_us`] say what a number means.
    pub buckets: Vec<(u16, u64)>,
}

/// The number of the bucket that holds `value_us`.
#[must_use]
pub fn bucket(value_us: u64) -> u16 {
    let value = value_us.min(VALUE_US_MAX);
    if value < SUBBUCKETS {
        return value as u16;
    }
    let exponent = value.ilog2();
    let shift = exponent - SUBBUCKET_BITS;
    let sub = (value >> shift) - SUBBUCKETS;
    (u64::from(shift + 1) * SUBBUCKETS + sub) as u16
}

/// The smallest value of a bucket, in microseconds.
#[must_use]
pub fn lower_us(bucket: u16) -> u64 {
    let bucket = u64::from(bucket);
    if bucket < SUBBUCKETS {
        return bucket;
    }
    let shift = bucket / SUBBUCKETS - 1;
    (SUBBUCKETS + bucket % SUBBUCKETS) << shift.min(33)
}

/// The first value behind a bucket, in microseconds.
#[must_use]
pub fn upper_us(bucket: u16) -> u64 {
    lower_us(bucket.saturating_add(1))
}

impl Histogram {
    /// Counts one value.
    pub fn add(&mut self, value_us: u64) {
        self.add_count(bucket(value_us), 1);
    }

    /// Counts everything of another histogram.
    pub fn merge(&mut self, other: &Self) {
        for (number, count) in &other.buckets {
            self.add_count(*number, *count);
        }
    }

    /// How many values were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }

    /// The value below or at which the share `quantile` (0 to 1) of the values lies, in
    /// microseconds, rounded up to its bucket's end; `None` when nothing was counted.
    #[must_use]
    pub fn quantile_us(&self, quantile: f64) -> Option<u64> {
        let total = self.count();
        let rank = ((quantile.clamp(0.0, 1.0) * total as f64).ceil() as u64).max(1);
        let mut seen = 0;
        for (number, count) in &self.buckets {
            seen += count;
            if seen >= rank {
                return Some(upper_us(*number));
            }
        }
        None
    }

    fn add_count(&mut self, number: u16, count: u64) {
        match self.buckets.binary_search_by_key(&number, |(number, _)| *number) {
            Ok(index) => self.buckets[index].1 += count,
            Err(index) => self.buckets.insert(index, (number, count)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Histogram, VALUE_US_MAX, bucket, lower_us, upper_us};

    #[test]
    fn every_value_lies_within_its_bucket_and_buckets_touch() {
        let mut value = 0;
        while value < VALUE_US_MAX {
            let number = bucket(value);
            assert!(lower_us(number) <= value && value < upper_us(number), "{value}");
            let width = upper_us(number) - lower_us(number);
            assert!(width == 1 || width * 8 <= lower_us(number), "{value}: width {width}");
            value = value + 1 + value / 7;
        }
        for number in 0..270 {
            assert_eq!(bucket(lower_us(number)), number);
            assert_eq!(bucket(upper_us(number)), number + 1);
        }
        assert_eq!(bucket(u64::MAX), bucket(VALUE_US_MAX));
    }

    #[test]
    fn quantiles_are_right_to_an_eighth() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile_us(0.5), None);
        (1..=10_000).for_each(|value| histogram.add(value));
        for (quantile, exact) in [(0.5, 5_000.0), (0.99, 9_900.0), (1.0, 10_000.0)] {
            let value = histogram.quantile_us(quantile).expect("values were counted") as f64;
            assert!((exact..=exact * 1.126).contains(&value), "{quantile}: {value}");
        }
        assert_eq!(histogram.count(), 10_000);
    }

    #[test]
    fn merging_is_the_same_as_counting_together() {
        let (mut left, mut right, mut both) = <(Histogram, Histogram, Histogram)>::default();
        for value in 0..1_000 {
            if value % 3 == 0 {
                left.add(value * 7)
            } else {
                right.add(value * 7)
            }
            both.add(value * 7);
        }
        left.merge(&right);
        assert_eq!(left, both);
    }
}
