//! The peers' rules with the numbers of their documentation, for comparison only.

use crate::judge::{Arm, float};

/// Success per interval with a limit of bad ones. An interval without requests is good.
pub(super) struct Interval {
    seconds: u64,
    success_percent: u64,
    failure_limit: u64,
    current: Arm,
    bad: u64,
}

impl Interval {
    pub(super) fn new(seconds: u64, success_percent: u64, failure_limit: u64) -> Self {
        let seconds = seconds.max(1);
        Self { seconds, success_percent, failure_limit, current: Arm::default(), bad: 0 }
    }

    pub(super) fn trips(&mut self, canary: Arm, elapsed: u64) -> bool {
        self.current.add(canary);
        if !elapsed.is_multiple_of(self.seconds) {
            return false;
        }
        let Arm { requests, failed } = std::mem::take(&mut self.current);
        self.bad += u64::from((requests - failed) * 100 < self.success_percent * requests);
        self.bad > self.failure_limit
    }
}

/// Per-minute rates of both arms, compared once at the end: one-sided p < 0.01 and a mean
/// above 1.25 times stable's.
#[derive(Default)]
pub(super) struct MannWhitney {
    current: (Arm, Arm),
    canary: Vec<f64>,
    stable: Vec<f64>,
}

impl MannWhitney {
    pub(super) fn trips(&mut self, canary: Arm, stable: Arm, elapsed: u64, end: u64) -> bool {
        self.current.0.add(canary);
        self.current.1.add(stable);
        if elapsed.is_multiple_of(60) {
            let (canary, stable) = std::mem::take(&mut self.current);
            self.canary.push(rate(canary));
            self.stable.push(rate(stable));
        }
        elapsed == end && self.judge()
    }

    fn judge(&self) -> bool {
        let mean = |rates: &[f64]| rates.iter().sum::<f64>() / float(rates.len().max(1) as u64);
        // 2.326 is the 99th percentile of the normal distribution.
        mean(&self.canary) > 1.25 * mean(&self.stable) && self.z() > 2.326
    }

    /// The normal approximation with ties and continuity corrected.
    fn z(&self) -> f64 {
        let (n, m) = (float(self.canary.len() as u64), float(self.stable.len() as u64));
        let mut wins = 0.0;
        for c in &self.canary {
            for s in &self.stable {
                wins += if c > s { 1.0 } else { f64::from(u8::from(c >= s)) / 2.0 };
            }
        }
        let mut all: Vec<f64> = self.canary.iter().chain(&self.stable).copied().collect();
        all.sort_by(f64::total_cmp);
        let ties: f64 = all
            .chunk_by(|a, b| a.total_cmp(b).is_eq())
            .map(|tie| float(tie.len() as u64))
            .map(|t| t * t * t - t)
            .sum();
        let total = n + m;
        let variance = n * m / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)).max(1.0));
        if variance <= 0.0 { 0.0 } else { (wins - n * m / 2.0 - 0.5) / libm::sqrt(variance) }
    }
}

fn rate(arm: Arm) -> f64 {
    if arm.requests == 0 { 0.0 } else { float(arm.failed) / float(arm.requests) }
}

/// z of the difference of two rates with a pooled variance.
pub(super) fn pooled_z(canary: Arm, stable: Arm) -> f64 {
    let (n, m) = (float(canary.requests), float(stable.requests));
    if n <= 0.0 || m <= 0.0 {
        return 0.0;
    }
    let pooled = (float(canary.failed) + float(stable.failed)) / (n + m);
    let variance = pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m);
    if variance <= 0.0 { 0.0 } else { (rate(canary) - rate(stable)) / libm::sqrt(variance) }
}
