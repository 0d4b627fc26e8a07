//! Evidence per request: integers in, E-values out.
//!
//! [`split`] asks whether the canary fails more than the stable arm of the same seconds,
//! [`absolute`] whether it fails more than the SLO allows, [`proof`] whether it keeps the SLO.
//! The first two share one alpha ([`combine`]); [`dispersion`] pays for failures that come in
//! bursts. [`Tally`] sums counts up, [`Rule`] turns a tally into a [`Judgement`].
//!
//! An E-value is a bet against "the canary is no worse": when that is true, its mean is at most
//! 1 at any time, so it exceeds 1/alpha with a chance of at most alpha, looked at as often as
//! one likes (Ville's inequality). That is what lets a decision come at once.
//!
//! Absent on purpose: time, latency, anything that is not a count. A count cannot be NaN.
//! `ln` and `exp` come from `libm`, so that a verdict replays byte for byte on another machine.

use crate::limits::CANARY_EVENTS_MIN;
use serde::{Deserialize, Serialize};

pub mod absolute;
pub mod combine;
pub mod dispersion;
pub mod power;
pub mod proof;
pub mod simulate;
pub mod split;

/// The chance of a false alarm over one release, at any time.
pub const ALPHA: f64 = 0.001;
/// ln(1/[`ALPHA`]): a test against the canary trips here.
pub const LN_TRIP: f64 = 6.907_755_278_982_137;
/// ln(1/0.01): a proof of good is proven here.
pub const LN_PROVEN: f64 = 4.605_170_185_988_092;

/// Requests of one arm in some span, and those of them that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Arm {
    /// Requests.
    pub requests: u64,
    /// Failed requests: a 5xx answer, a reset, a time-out.
    pub failed: u64,
}

impl Arm {
    /// So many requests, so many of them failed.
    #[must_use]
    pub fn new(requests: u64, failed: u64) -> Self {
        Self { requests, failed }
    }

    fn add(&mut self, other: Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.failed = self.failed.saturating_add(other.failed);
    }
}

/// Sums over seconds: all that the tests need to know.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally {
    /// The canary's requests.
    pub canary: Arm,
    /// Stable's, in the same seconds.
    pub stable: Arm,
    /// Seconds in which the canary had a request.
    pub exposed_seconds: u64,
    split: split::Split,
}

impl Tally {
    /// Takes one second in.
    pub fn add(&mut self, canary: Arm, stable: Arm) {
        self.canary.add(canary);
        self.stable.add(stable);
        self.exposed_seconds += u64::from(canary.requests > 0);
        self.split.add(canary, stable, split::TOLERANCE);
    }
}

/// What the judge says. There is no default: no counts are [`Word::Inconclusive`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// The canary is bad.
    Tripped,
    /// The canary keeps the SLO.
    Proven,
    /// Nothing speaks against the canary, and nothing is proven.
    Clear,
    /// The canary had no request, or its counts are unknown.
    Inconclusive,
}

impl Word {
    /// As in events and messages.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Tripped => "tripped",
            Self::Proven => "proven",
            Self::Clear => "clear",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// The tests that apply to one release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The SLO in parts per million; `None` = split test only, and nothing can be proven.
    pub max_error_rate_ppm: Option<u32>,
    /// Over-dispersion in thousandths; below 1,000 counts as 1,000.
    pub phi_thousandths: u64,
}

/// What a tally says under a rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// Shared ln E against the canary.
    pub against: f64,
    /// ln E of the split test alone.
    pub split: f64,
    /// ln E of the absolute test alone, where there is an SLO.
    pub absolute: Option<f64>,
    /// Whether the canary is bad: E is large *and* there are at least three canary events.
    pub tripped: bool,
}

impl Rule {
    /// Judges `tally` against the canary.
    #[must_use]
    pub fn against(&self, tally: &Tally) -> Judgement {
        let phi = self.phi();
        let split = tally.split.ln_e(phi);
        let limit = self.max_error_rate_ppm.and_then(absolute::Absolute::new);
        let absolute = limit.map(|test| test.ln_e(tally.canary, phi));
        let against = match absolute {
            Some(absolute) => combine::equal(&[split, absolute]),
            None => split,
        };
        // A comparison with NaN is false: nothing trips on it, and nothing is proven by it.
        let tripped = against >= LN_TRIP && tally.canary.failed >= CANARY_EVENTS_MIN;
        Judgement { against, split, absolute, tripped }
    }

    /// ln E of the proof of good over `tally`; `None` without an SLO.
    #[must_use]
    pub fn proof(&self, tally: &Tally) -> Option<f64> {
        let test = self.max_error_rate_ppm.and_then(proof::Proof::new)?;
        Some(test.ln_e(tally.canary, self.phi()))
    }

    fn phi(&self) -> f64 {
        float(self.phi_thousandths.max(1000)) / 1000.0
    }
}

/// Counts are far below 2^53, where a float is exact.
#[expect(clippy::cast_precision_loss, reason = "counts below 2^53 are exact")]
fn float(count: u64) -> f64 {
    count as f64
}

/// ln(sum of exp(x)): without overflow.
fn ln_sum_exp(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    if !largest.is_finite() {
        return largest;
    }
    largest + libm::log(terms.map(|x| libm::exp(x - largest)).sum())
}

/// ln of the mean of exp(x) over a fixed set of bets.
fn ln_mean_exp(terms: &[f64]) -> f64 {
    ln_sum_exp(terms.iter().copied()) - libm::log(float(terms.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::{Arm, LN_PROVEN, LN_TRIP, Rule, Tally};

    #[test]
    fn the_thresholds_are_the_logarithms_they_claim_to_be() {
        assert!((LN_TRIP - libm::log(1000.0)).abs() < 1e-15);
        assert!((LN_PROVEN - libm::log(100.0)).abs() < 1e-15);
    }

    #[test]
    fn without_counts_nothing_trips_and_nothing_is_proven() {
        let rule = Rule { max_error_rate_ppm: Some(10_000), phi_thousandths: 1000 };
        let judged = rule.against(&Tally::default());
        assert!(!judged.tripped && judged.against.abs() < 1e-12);
        assert!(rule.proof(&Tally::default()).is_some_and(|e| e.abs() < 1e-12));
    }

    #[test]
    fn two_events_never_trip_however_clear_they_are() {
        let rule = Rule { max_error_rate_ppm: Some(1), phi_thousandths: 1000 };
        let mut tally = Tally::default();
        tally.add(Arm::new(1, 1), Arm::new(1_000_000, 0));
        tally.add(Arm::new(1, 1), Arm::new(1_000_000, 0));
        assert!(rule.against(&tally).against > LN_TRIP && !rule.against(&tally).tripped);
        tally.add(Arm::new(1, 1), Arm::new(1_000_000, 0));
        assert!(rule.against(&tally).tripped);
    }

    #[test]
    fn the_absolute_test_carries_the_load_when_stable_has_no_traffic() {
        let mut tally = Tally::default();
        tally.add(Arm::new(100, 12), Arm::new(0, 0));
        let split_only = Rule { max_error_rate_ppm: None, phi_thousandths: 1000 };
        assert!(!split_only.against(&tally).tripped);
        let with_slo = Rule { max_error_rate_ppm: Some(10_000), phi_thousandths: 1000 };
        assert!(with_slo.against(&tally).tripped);
    }

    #[test]
    fn wild_counts_stay_numbers() {
        let rule = Rule { max_error_rate_ppm: Some(500_000), phi_thousandths: u64::MAX };
        let mut tally = Tally::default();
        tally.add(Arm::new(u64::MAX, u64::MAX), Arm::new(0, u64::MAX));
        tally.add(Arm::new(0, u64::MAX), Arm::new(u64::MAX, 0));
        assert!(!rule.against(&tally).against.is_nan());
        assert!(rule.proof(&tally).is_some_and(|e| !e.is_nan()));
    }
}
