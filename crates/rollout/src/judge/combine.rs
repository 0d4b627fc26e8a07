//! One alpha for several tests: a weighted mean of E-values is an E-value, whatever they have
//! to do with each other.

use super::ln_mean_exp;

/// ln of the mean of the E-values whose logarithms are given, in equal parts. No test at all
/// knows nothing: 0.
#[must_use]
pub fn equal(ln_e: &[f64]) -> f64 {
    if ln_e.is_empty() { 0.0 } else { ln_mean_exp(ln_e) }
}

#[cfg(test)]
mod tests {
    use super::equal;

    #[test]
    fn two_tests_pay_with_half_of_their_strength_each() {
        assert!(equal(&[]).abs() < 1e-15);
        assert!((equal(&[2.0, 2.0]) - 2.0).abs() < 1e-12);
        let strong = equal(&[1000.0, 0.0]);
        assert!((strong - (1000.0 - libm::log(2.0))).abs() < 1e-9, "{strong}");
    }
}
