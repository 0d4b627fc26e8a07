//! Power: what a rule can see before it is used, from the app's real request rate.
//!
//! A rule of the usual kind looks at the error rate of a window and fails above a threshold.
//! With `n` canary requests a window, it fails when at least `c = floor(threshold*n) + 1` of
//! them fail; the rest is the binomial distribution.

use super::float;

/// One measurement of a rule: a window of canary traffic and a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// All requests per second, in thousandths.
    pub millirequests_per_second: u64,
    /// The canary's share in per cent.
    pub weight: u8,
    /// The window's length.
    pub seconds: u64,
    /// It fails above this error rate, in parts per million.
    pub threshold_ppm: u32,
}

impl Window {
    /// Canary requests in a window, rounded down.
    #[must_use]
    pub fn requests(&self) -> u64 {
        let all = u128::from(self.millirequests_per_second) * u128::from(self.seconds);
        u64::try_from(all * u128::from(self.weight) / 100_000).unwrap_or(u64::MAX)
    }

    /// Failed requests from which on the window fails.
    #[must_use]
    pub fn failures_needed(&self) -> u64 {
        let allowed = u128::from(self.threshold_ppm) * u128::from(self.requests()) / 1_000_000;
        u64::try_from(allowed).unwrap_or(u64::MAX).saturating_add(1)
    }

    /// The chance that a window fails when the canary's error rate is `rate`.
    #[must_use]
    pub fn chance(&self, rate: f64) -> f64 {
        at_least(self.requests(), rate, self.failures_needed())
    }

    /// The chance that a run of `count` such windows fails, which it does when more than
    /// `failure_limit` of them fail.
    #[must_use]
    pub fn chance_of_run(&self, rate: f64, count: u64, failure_limit: u64) -> f64 {
        at_least(count, self.chance(rate), failure_limit.saturating_add(1))
    }
}

/// P(Bin(n, p) >= c), to about twelve places. NaN and shares outside 0 to 1 read as the
/// nearest share, NaN as 0.
#[must_use]
pub fn at_least(n: u64, p: f64, c: u64) -> f64 {
    let p = if p.is_nan() { 0.0 } else { p.clamp(0.0, 1.0) };
    if c == 0 {
        return 1.0;
    }
    if c > n || p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    // The shorter tail is summed away from the middle, where its terms only shrink.
    if float(c) > float(n) * p {
        sum(n, p, c, true).min(1.0)
    } else {
        (1.0 - sum(n, p, c - 1, false)).clamp(0.0, 1.0)
    }
}

/// Terms of the distribution from `start` upwards or downwards until they no longer matter.
fn sum(n: u64, p: f64, start: u64, upwards: bool) -> f64 {
    let odds = p / (1.0 - p);
    let (mut k, mut term) = (start, libm::exp(ln_term(n, p, start)));
    let mut total = 0.0;
    loop {
        total += term;
        if (upwards && k == n) || (!upwards && k == 0) || term <= total * 1e-17 {
            return total;
        }
        if upwards {
            term *= float(n - k) / float(k + 1) * odds;
            k += 1;
        } else {
            term *= float(k) / float(n - k + 1) / odds;
            k -= 1;
        }
    }
}

/// ln of P(Bin(n, p) = k).
fn ln_term(n: u64, p: f64, k: u64) -> f64 {
    let choose = ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k);
    choose + float(k) * libm::log(p) + float(n - k) * libm::log1p(-p)
}

pub(super) fn ln_factorial(n: u64) -> f64 {
    libm::lgamma(float(n) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::{Window, at_least};

    fn common_example(millirequests_per_second: u64) -> Window {
        let (weight, seconds, threshold_ppm) = (10, 300, 10_000);
        Window { millirequests_per_second, weight, seconds, threshold_ppm }
    }

    #[test]
    fn the_common_example_catches_what_is_published() {
        for (rate, expected) in [(200, 0.265), (1_000, 0.785), (2_000, 0.954)] {
            let found = common_example(rate).chance(0.05);
            assert!((found - expected).abs() < 5e-4, "{rate}: {found}");
        }
        let wolf = common_example(2_000).chance(0.001);
        assert!((wolf - 0.058).abs() < 5e-4, "{wolf}");
    }

    #[test]
    fn the_tail_is_the_binomial_one() {
        for (n, p, c, expected) in [
            (3, 0.5, 2, 0.5),
            (10, 0.1, 0, 1.0),
            (10, 0.1, 11, 0.0),
            (10, 0.0, 1, 0.0),
            (10, 1.0, 10, 1.0),
            (4, 0.25, 4, 0.003_906_25),
            (4, 0.25, 1, 0.683_593_75),
        ] {
            let found = at_least(n, p, c);
            assert!((found - expected).abs() < 1e-12, "P(Bin({n}, {p}) >= {c}) = {found}");
        }
        assert!((at_least(1_000_000, 0.5, 500_000) - 0.500_399).abs() < 1e-5);
    }

    #[test]
    fn a_run_fails_when_more_windows_than_the_limit_fail() {
        let window = common_example(1_000);
        let one = window.chance(0.05);
        assert!((window.chance_of_run(0.05, 1, 0) - one).abs() < 1e-12);
        assert!(window.chance_of_run(0.05, 4, 3) < one);
    }
}
