//! Quantiles of a handful of measurements.

/// The value below which a share `q` of the sorted `values` lies (nearest rank); 0 for none.
pub fn of(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (q * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1).min(sorted.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

/// `p50 / p95 / max`, for a table.
pub fn summary(values: &[f64]) -> String {
    let (middle, high, most) = (of(values, 0.5), of(values, 0.95), of(values, 1.0));
    format!("{middle:.2} / {high:.2} / {most:.2}")
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn quantiles_are_of_the_nearest_rank() {
        let values = [4.0, 1.0, 3.0, 2.0];
        assert_eq!((of(&values, 0.5), of(&values, 0.95), of(&values, 1.0)), (2.0, 4.0, 4.0));
        assert_eq!(of(&[], 0.5), 0.0);
    }
}
