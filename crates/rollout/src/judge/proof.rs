//! Proof of good: does the canary keep the SLO?
//!
//! H0: its event rate is at least `p_max`. When E is large, that is refuted, and a pause may
//! end early. It speaks of the seconds that were seen: what only shows with time (a leak) it
//! cannot know.

use super::absolute::{SLO_PPM_MAX, share, wealth};
use super::{Arm, ln_mean_exp};

/// The rate multipliers that are betted on.
const RATES: [f64; 5] = [0.02, 0.05, 0.1, 0.2, 0.5];

/// The proof for one SLO.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proof {
    limit: f64,
}

impl Proof {
    /// For an SLO in parts per million; `None` for 0 and above one half.
    #[must_use]
    pub fn new(ppm: u32) -> Option<Self> {
        (1..=SLO_PPM_MAX).contains(&ppm).then(|| Self { limit: share(ppm) })
    }

    /// ln E over the canary's counts with over-dispersion `phi` (below 1 counts as 1).
    #[must_use]
    pub fn ln_e(&self, canary: Arm, phi: f64) -> f64 {
        let wealth = RATES.map(|k| wealth(canary, k * self.limit, self.limit));
        let phi = phi.max(1.0);
        ln_mean_exp(&wealth.map(|w| w / phi))
    }

    /// The fewest requests with `failed` failures among them that prove the SLO; `None` above
    /// a billion.
    #[must_use]
    pub fn requests_needed(&self, failed: u64) -> Option<u64> {
        let proven = |n: u64| self.ln_e(Arm::new(n, failed), 1.0) >= super::LN_PROVEN;
        let (mut low, mut high) = (failed, 1_000_000_000);
        if !proven(high) {
            return None;
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if proven(middle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Some(low)
    }
}

#[cfg(test)]
mod tests {
    use super::Proof;

    #[test]
    fn the_requests_for_a_proof_are_as_published() {
        for (ppm, expected) in [
            (10_000, [520, 814, 1_068]),
            (5_000, [1_043, 1_630, 2_140]),
            (1_000, [5_223, 8_164, 10_714]),
        ] {
            let proof = Proof::new(ppm).expect("an SLO");
            let found = [0, 1, 2].map(|failed| proof.requests_needed(failed));
            assert_eq!(found, expected.map(Some), "{ppm} parts per million");
        }
    }
}
