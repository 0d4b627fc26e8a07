//! What a plain scalar means to go-yaml.

use super::timestamp::is_timestamp;

/// Which go-yaml. They differ in booleans and octal numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `go.yaml.in/yaml/v2`: YAML 1.1 booleans.
    V2,
    /// `go.yaml.in/yaml/v3`: only `true` and `false`; `0o17` is a number.
    V3,
}

/// The meaning of a plain scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Meaning {
    /// Nothing at all, `~`, `null`.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number of 64 bits with a sign.
    Int(i64),
    /// A whole number that only fits without a sign.
    Uint(u64),
    /// Any other number.
    Float(f64),
    /// A point in time; its text is kept where the target has no time type.
    Timestamp,
    /// Text.
    Text,
}

/// Resolves an untagged plain scalar (`resolve.go` of either version).
#[must_use]
pub fn resolve(text: &str, version: Version) -> Meaning {
    if let Some(meaning) = known(text, version) {
        return meaning;
    }
    match text.as_bytes().first() {
        Some(b'.') => go_float(text).map_or(Meaning::Text, Meaning::Float),
        Some(b'+' | b'-' | b'0'..=b'9') if is_timestamp(text) => Meaning::Timestamp,
        Some(b'+' | b'-' | b'0'..=b'9') => number(&text.replace('_', ""), version),
        _ => Meaning::Text,
    }
}

/// The words that mean something.
fn known(text: &str, version: Version) -> Option<Meaning> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Meaning::Null,
        "true" | "True" | "TRUE" => Meaning::Bool(true),
        "false" | "False" | "FALSE" => Meaning::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Meaning::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Meaning::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Meaning::Float(f64::NEG_INFINITY),
        _ if version == Version::V3 => return None,
        _ => Meaning::Bool(old_bool(text)?),
    })
}

/// The booleans that only YAML 1.1 has.
pub(super) fn old_bool(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// `text` without underscores, which begins with a sign or a digit.
fn number(text: &str, version: Version) -> Meaning {
    if let Some(meaning) = whole(text, 0) {
        return meaning;
    }
    if let Some(value) = go_float(text) {
        return Meaning::Float(value);
    }
    // What `strconv` with base 0 does not take: a sign after the prefix.
    for (prefix, base) in [("0b", 2), ("0o", 8)] {
        if base == 8 && version == Version::V2 {
            continue;
        }
        if let Some(digits) = text.strip_prefix(prefix)
            && let Some(meaning) = whole(digits, base)
        {
            return meaning;
        }
        if let Some(digits) = text.strip_prefix('-').and_then(|rest| rest.strip_prefix(prefix))
            && let Some(Meaning::Int(value)) = whole(&format!("-{digits}"), base)
        {
            return Meaning::Int(value);
        }
    }
    Meaning::Text
}

/// `strconv.ParseInt`, then `ParseUint`; base 0 looks at the prefix.
fn whole(text: &str, base: u32) -> Option<Meaning> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (Some('-'), &text[1..]),
        b'+' => (Some('+'), &text[1..]),
        _ => (None, text),
    };
    let (digits, base) = if base == 0 { prefixed(digits) } else { (digits, base) };
    // Rust takes a sign here, Go has none left to take.
    if digits.is_empty() || !digits.bytes().all(|byte| char::from(byte).is_digit(base)) {
        return None;
    }
    let value = u64::from_str_radix(digits, base).ok()?;
    match sign {
        Some('-') => 0_i64.checked_sub_unsigned(value).map(Meaning::Int),
        Some(_) => i64::try_from(value).ok().map(Meaning::Int),
        None => Some(i64::try_from(value).map_or(Meaning::Uint(value), Meaning::Int)),
    }
}

fn prefixed(digits: &str) -> (&str, u32) {
    match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&digits[2..], 16),
        [b'0', b'b' | b'B', ..] => (&digits[2..], 2),
        [b'0', b'o' | b'O', ..] => (&digits[2..], 8),
        [b'0', _, ..] => (&digits[1..], 8),
        _ => (digits, 10),
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, and the value must be finite.
fn go_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    (fits && exponent_fits).then(|| text.parse::<f64>().ok()).flatten().filter(|v| v.is_finite())
}

#[cfg(test)]
mod tests {
    use super::{Meaning, Version, resolve};

    #[test]
    fn scalars_mean_what_go_makes_of_them() {
        for (text, v2, v3) in [
            ("yes", Meaning::Bool(true), Meaning::Text),
            ("n", Meaning::Bool(false), Meaning::Text),
            ("true", Meaning::Bool(true), Meaning::Bool(true)),
            ("~", Meaning::Null, Meaning::Null),
            ("0644", Meaning::Int(420), Meaning::Int(420)),
            ("089", Meaning::Float(89.0), Meaning::Float(89.0)),
            ("1_000", Meaning::Int(1000), Meaning::Int(1000)),
            ("0x_1F", Meaning::Int(31), Meaning::Int(31)),
            ("0o17", Meaning::Int(15), Meaning::Int(15)),
            ("0b-11", Meaning::Int(-3), Meaning::Int(-3)),
            ("-0b11", Meaning::Int(-3), Meaning::Int(-3)),
            ("0o-7", Meaning::Text, Meaning::Int(-7)),
            ("18446744073709551615", Meaning::Uint(u64::MAX), Meaning::Uint(u64::MAX)),
            (
                "18446744073709551616",
                Meaning::Float(1.844_674_407_370_955_2e19),
                Meaning::Float(1.844_674_407_370_955_2e19),
            ),
            ("-9223372036854775808", Meaning::Int(i64::MIN), Meaning::Int(i64::MIN)),
            ("1e3", Meaning::Float(1000.0), Meaning::Float(1000.0)),
            ("1e999", Meaning::Text, Meaning::Text),
            (".5", Meaning::Float(0.5), Meaning::Float(0.5)),
            (".", Meaning::Text, Meaning::Text),
            ("1:30", Meaning::Text, Meaning::Text),
            ("2001-01-01", Meaning::Timestamp, Meaning::Timestamp),
            ("2001-02-30", Meaning::Text, Meaning::Text),
            ("<<", Meaning::Text, Meaning::Text),
            ("-", Meaning::Text, Meaning::Text),
            ("+5", Meaning::Int(5), Meaning::Int(5)),
        ] {
            assert_eq!(resolve(text, Version::V2), v2, "{text} in v2");
            assert_eq!(resolve(text, Version::V3), v3, "{text} in v3");
        }
    }
}
