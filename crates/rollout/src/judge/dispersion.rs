//! Over-dispersion: failures that come in bursts (retry storms) look like more evidence than
//! they are. Every log-wealth is divided by `phi`. A heuristic without a proof.

use super::{Arm, float};

/// The largest `phi` that is kept, in thousandths: beyond it nothing can trip anyway.
const PHI_THOUSANDTHS_MAX: f64 = 1e9;

/// `phi` of the stable arm's seconds before a release, in thousandths, at least 1,000:
/// `mean_t (e_t - m*r_t)^2 / max(m*r_t, 1e-9)` with `m = sum e / sum r`. Without requests or
/// failures it is 1,000.
#[must_use]
pub fn phi_thousandths(seconds: &[Arm]) -> u64 {
    let phi = phi(seconds);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let thousandths = (phi * 1000.0).ceil().clamp(1000.0, PHI_THOUSANDTHS_MAX) as u64;
    thousandths
}

fn phi(seconds: &[Arm]) -> f64 {
    let requests: f64 = seconds.iter().map(|s| float(s.requests)).sum();
    let failed: f64 = seconds.iter().map(|s| float(s.failed)).sum();
    if requests <= 0.0 {
        return 1.0;
    }
    let mean_rate = failed / requests;
    let terms = seconds.iter().map(|second| {
        let expected = mean_rate * float(second.requests);
        let difference = float(second.failed) - expected;
        difference * difference / expected.max(1e-9)
    });
    (terms.sum::<f64>() / float(seconds.len() as u64)).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::phi_thousandths;
    use crate::judge::Arm;

    #[test]
    fn even_failures_have_none_and_bursts_have_much() {
        assert_eq!(phi_thousandths(&[]), 1000);
        assert_eq!(phi_thousandths(&[Arm::new(0, 0); 600]), 1000);
        assert_eq!(phi_thousandths(&[Arm::new(50, 1); 600]), 1000);
        let mut bursts = vec![Arm::new(100, 0); 599];
        bursts.push(Arm::new(100, 60));
        // m*r = 0.1, so (599*0.1^2 + 59.9^2)/0.1/600.
        assert_eq!(phi_thousandths(&bursts), 59_900);
    }
}
