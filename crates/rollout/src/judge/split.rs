//! The split test: does the canary get more of the failures than its share of requests allows?
//!
//! H0: the canary's event rate is at most `tolerance` times stable's. Under H0 an event is the
//! canary's with a chance of at most `q`, which follows from request counts alone. Eight bets
//! on eight odds multipliers, mixed in equal parts. Exact for a tolerance of 1; above, it rests
//! on events being rare (argued, not proven).

use super::{Arm, float, ln_mean_exp};

/// How much worse than stable a canary may be, as a factor.
pub const TOLERANCE: f64 = 1.5;

/// The odds multipliers that are betted on.
const ODDS: [f64; 8] = [1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0, 1000.0];
/// Chances are kept this far from 0 and 1.
const EDGE: f64 = 1e-6;

/// Eight log-wealths.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Split {
    wealth: [f64; 8],
}

impl Split {
    /// Takes one second in.
    pub fn add(&mut self, canary: Arm, stable: Arm, tolerance: f64) {
        if canary.failed == 0 && stable.failed == 0 {
            return;
        }
        let q = canary_share(canary.requests, stable.requests, tolerance);
        let own = float(canary.failed);
        let all = own + float(stable.failed);
        for (wealth, k) in self.wealth.iter_mut().zip(ODDS) {
            // ec*ln(q'/q) + es*ln((1-q')/(1-q)) with q' = kq/(1-q+kq): the cheap form.
            *wealth += own * libm::log(k) - all * libm::log(1.0 - q + k * q);
        }
    }

    /// ln E with over-dispersion `phi` (below 1 counts as 1).
    #[must_use]
    pub fn ln_e(&self, phi: f64) -> f64 {
        let phi = phi.max(1.0);
        ln_mean_exp(&self.wealth.map(|wealth| wealth / phi))
    }
}

/// The largest chance under H0 that an event is the canary's.
fn canary_share(canary: u64, stable: u64, tolerance: f64) -> f64 {
    let weighted = tolerance * float(canary);
    (weighted / (weighted + float(stable)).max(1e-9)).clamp(EDGE, 1.0 - EDGE)
}

#[cfg(test)]
mod tests {
    use super::{Split, TOLERANCE};
    use crate::judge::{Arm, LN_TRIP};

    /// `canary requests, canary events, stable requests, stable events` a second.
    fn ln_e(seconds: &[[u64; 4]], tolerance: f64, phi: f64) -> f64 {
        let mut split = Split::default();
        for [rc, ec, rs, es] in seconds {
            split.add(Arm::new(*rc, *ec), Arm::new(*rs, *es), tolerance);
        }
        split.ln_e(phi)
    }

    #[test]
    fn the_test_vectors_come_out_to_twelve_places() {
        let three = [[5, 1, 45, 0], [7, 2, 43, 1], [4, 3, 46, 0]];
        let cases: [(&[[u64; 4]], f64, f64, f64); 8] = [
            (&[[10, 4, 90, 0]], 1.5, 1.0, 6.605_916_362_129_45),
            (&[[10, 5, 90, 0]], 1.5, 1.0, 8.456_518_677_284_821),
            (&[[10, 6, 90, 2]], 1.5, 1.0, 6.148_860_473_735_999),
            (&[[10, 8, 90, 2]], 1.5, 1.0, 9.405_974_707_284_55),
            (&[[10, 1, 90, 9]], 1.5, 1.0, -1.622_882_351_109_163_2),
            (&[[10, 4, 90, 0]], 1.0, 1.0, 7.883_148_102_679_749),
            (&three, 1.5, 1.0, 7.432_710_621_933_037),
            (&three, 1.5, 2.0, 3.460_442_231_495_675),
        ];
        for (seconds, tolerance, phi, expected) in cases {
            let found = ln_e(seconds, tolerance, phi);
            assert!((found - expected).abs() < 1e-12, "{seconds:?}: {found} is not {expected}");
        }
    }

    #[test]
    fn the_fewest_canary_events_that_trip_are_as_published() {
        for (weight, expected) in [(1, 3), (5, 4), (10, 5), (20, 7), (25, 8), (50, 16), (80, 51)] {
            let trips = |n: &u64| {
                ln_e(&[[weight, *n, 100 - weight, 0]], TOLERANCE, 1.0) >= LN_TRIP && *n >= 3
            };
            assert_eq!((1..1000).find(trips), Some(expected), "weight {weight} %");
        }
    }

    #[test]
    fn at_full_weight_the_bet_stays_at_one() {
        let found = ln_e(&[[100, 100, 0, 0]], TOLERANCE, 1.0);
        assert!(found.abs() < 0.01, "{found}");
    }

    #[test]
    fn a_fault_that_both_arms_share_speaks_for_the_canary() {
        assert!(ln_e(&[[10, 5, 90, 45]], TOLERANCE, 1.0) < 0.0);
    }
}
