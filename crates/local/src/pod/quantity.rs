//! Quantities of bytes as Kubernetes writes them: `64Mi`, `1.5G`, `128974848`, `129e6`.

/// The number of bytes, rounded up; `None` when it is none.
#[must_use]
pub fn bytes(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let factor: f64 = match suffix {
        "" => 1.0,
        "m" => 0.001,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "Ki" => 1024.0,
        "Mi" => 1024.0 * 1024.0,
        "Gi" => 1024.0 * 1024.0 * 1024.0,
        "Ti" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?.parse::<i32>().ok()?;
            10_f64.powi(exponent)
        }
    };
    let number: f64 = number.parse().ok()?;
    let value = (number * factor).ceil();
    // Above this a double no longer counts whole bytes; no machine has so many.
    if !value.is_finite() || !(1.0..9e15).contains(&value) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
    Some(value as u64)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn quantities_are_those_of_kubernetes() {
        for (text, expected) in [
            ("64Mi", Some(64 << 20)),
            ("1.5Gi", Some(3 << 29)),
            ("128974848", Some(128_974_848)),
            ("129e6", Some(129_000_000)),
            ("1k", Some(1000)),
            ("1500m", Some(2)),
            ("", None),
            ("Mi", None),
            ("-1", None),
            ("1MB", None),
            ("0", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
    }
}
