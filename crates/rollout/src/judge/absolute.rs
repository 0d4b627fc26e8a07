//! The absolute test: does the canary fail more than the SLO allows?
//!
//! H0: its event rate is at most `p_max`. Serves where stable has no traffic to compare with:
//! first releases, high weights, the switch of a Deployment.

use super::{Arm, float, ln_mean_exp};

/// The rate multipliers that are betted on.
const RATES: [f64; 7] = [1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0];
/// No bet on a rate above this.
const RATE_MAX: f64 = 0.97;
/// The largest SLO in parts per million for which the test exists.
pub const SLO_PPM_MAX: u32 = 500_000;

/// The test for one SLO.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Absolute {
    limit: f64,
}

impl Absolute {
    /// For an SLO in parts per million; `None` for 0 and above one half.
    #[must_use]
    pub fn new(ppm: u32) -> Option<Self> {
        (1..=SLO_PPM_MAX).contains(&ppm).then(|| Self { limit: share(ppm) })
    }

    /// ln E over the canary's counts with over-dispersion `phi` (below 1 counts as 1).
    #[must_use]
    pub fn ln_e(&self, canary: Arm, phi: f64) -> f64 {
        let wealth = RATES.map(|k| wealth(canary, (k * self.limit).min(RATE_MAX), self.limit));
        let phi = phi.max(1.0);
        ln_mean_exp(&wealth.map(|w| w / phi))
    }
}

/// Parts per million as a share.
pub(super) fn share(ppm: u32) -> f64 {
    f64::from(ppm) / 1e6
}

/// Log-wealth of a bet that the rate is `rate` and not `limit`.
pub(super) fn wealth(canary: Arm, rate: f64, limit: f64) -> f64 {
    let failed = float(canary.failed);
    let good = float(canary.requests.saturating_sub(canary.failed));
    failed * libm::log(rate / limit) + good * libm::log((1.0 - rate) / (1.0 - limit))
}

#[cfg(test)]
mod tests {
    use super::Absolute;
    use crate::judge::Arm;

    #[test]
    fn the_test_vectors_come_out() {
        let test = Absolute::new(10_000).expect("one per cent");
        let five = test.ln_e(Arm::new(100, 5), 1.0);
        assert!((five - 2.887_683_835_25).abs() < 1e-11, "{five}");
        let eight = test.ln_e(Arm::new(100, 8), 1.0);
        assert!((eight - 8.199_087_655_923_593).abs() < 1e-12, "{eight}");
    }

    #[test]
    fn an_slo_of_zero_or_above_one_half_has_no_test() {
        assert_eq!(Absolute::new(0), None);
        assert!(Absolute::new(500_000).is_some());
        assert_eq!(Absolute::new(500_001), None);
    }
}
