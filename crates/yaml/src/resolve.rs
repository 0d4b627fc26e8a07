//! What a plain scalar means: the YAML 1.2 core schema and Go's reading of YAML 1.1.

use crate::Style;

/// Which rules decide what a plain scalar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// YAML 1.2 core, as GitHub reads workflows: `on` and `yes` are strings, `0o17` is octal.
    Core12,
    /// YAML 1.1 as Go's `sigs.k8s.io/yaml` reads manifests: `yes` and `on` are booleans,
    /// `017` and `0b1` are numbers, `1_000` too.
    Yaml11,
}

/// The meaning of a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Resolved<'a> {
    /// `null`, `~`, nothing at all.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A whole number that fits.
    Int(i64),
    /// Any other number, `.inf` and `.nan` included.
    Number(f64),
    /// Text.
    Str(&'a str),
}

const PREFIX: &str = "tag:yaml.org,2002:";

/// Resolves one scalar. Quoted scalars are text unless a tag says otherwise.
pub(crate) fn scalar<'a>(
    text: &'a str,
    style: Style,
    tag: Option<&str>,
    schema: Schema,
) -> Resolved<'a> {
    let Some(tag) = tag else {
        return if style == Style::Plain { plain(text, schema) } else { Resolved::Str(text) };
    };
    let meant = plain(text, schema);
    match (tag.strip_prefix(PREFIX).unwrap_or(""), meant) {
        ("null", Resolved::Null)
        | ("bool", Resolved::Bool(_))
        | ("int", Resolved::Int(_))
        | ("float", Resolved::Number(_)) => meant,
        ("float", Resolved::Int(whole)) => Resolved::Number(whole as f64),
        ("int", Resolved::Number(number)) if number.fract() == 0.0 => meant,
        _ => Resolved::Str(text),
    }
}

/// Whether a core tag fits the text.
pub(crate) fn tag_fits(text: &str, tag: Option<&str>, schema: Schema) -> bool {
    let Some(tag) = tag else { return true };
    let meant = plain(text, schema);
    match tag.strip_prefix(PREFIX) {
        Some("str") => true,
        Some("null") => meant == Resolved::Null,
        Some("bool") => matches!(meant, Resolved::Bool(_)),
        Some("int") => match meant {
            Resolved::Int(_) => true,
            Resolved::Number(number) => number.fract() == 0.0 && !text.contains(['.', 'e', 'E']),
            Resolved::Null | Resolved::Bool(_) | Resolved::Str(_) => false,
        },
        Some("float") => matches!(meant, Resolved::Int(_) | Resolved::Number(_)),
        Some(_) => false,
        None => tag == "!",
    }
}

/// Resolves a plain scalar.
pub(crate) fn plain(text: &str, schema: Schema) -> Resolved<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "true" | "True" | "TRUE" => return Resolved::Bool(true),
        "false" | "False" | "FALSE" => return Resolved::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Resolved::Number(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Resolved::Number(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Resolved::Number(f64::NEG_INFINITY),
        _ => {}
    }
    if schema == Schema::Yaml11 {
        match text {
            "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Resolved::Bool(true),
            "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Resolved::Bool(false),
            _ => {}
        }
    }
    let number = match schema {
        Schema::Core12 => core_number(text),
        Schema::Yaml11 => go_number(text),
    };
    number.unwrap_or(Resolved::Str(text))
}

/// `-?[0-9]+`, `0x`, `0o`, decimal fractions and exponents.
fn core_number(text: &str) -> Option<Resolved<'static>> {
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16, false);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8, false);
    }
    decimal(text)
}

/// As Go's `strconv` with base 0, underscores taken out first.
fn go_number(text: &str) -> Option<Resolved<'static>> {
    let first = text.chars().next()?;
    if !(first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return None;
    }
    let cleaned = text.replace('_', "");
    let (negative, digits) = match cleaned.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, cleaned.strip_prefix('+').unwrap_or(&cleaned)),
    };
    let lower = digits.to_ascii_lowercase();
    for (prefix, base) in [("0x", 16), ("0b", 2), ("0o", 8)] {
        if let Some(rest) = lower.strip_prefix(prefix) {
            return radix(rest, base, negative);
        }
    }
    let octal = digits.len() > 1 && digits.starts_with('0');
    if octal && digits.bytes().all(|b| (b'0'..=b'7').contains(&b)) {
        return radix(digits, 8, negative);
    }
    decimal(&cleaned)
}

fn radix(digits: &str, base: u32, negative: bool) -> Option<Resolved<'static>> {
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
        return None;
    }
    if let Ok(whole) = i64::from_str_radix(digits, base) {
        return Some(Resolved::Int(if negative { -whole } else { whole }));
    }
    let value = digits.chars().filter_map(|c| c.to_digit(base));
    let value = value.fold(0.0, |sum, digit| sum * f64::from(base) + f64::from(digit));
    Some(Resolved::Number(if negative { -value } else { value }))
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn decimal(text: &str) -> Option<Resolved<'static>> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction.unwrap_or("")) {
        return None;
    }
    if whole.is_empty() && fraction.unwrap_or("").is_empty() {
        return None;
    }
    if let Some(exponent) = exponent {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if exponent.is_empty() || !digits(exponent) {
            return None;
        }
    }
    if fraction.is_none()
        && exponent.is_none()
        && let Ok(number) = text.strip_prefix('+').unwrap_or(text).parse::<i64>()
    {
        return Some(Resolved::Int(number));
    }
    text.parse::<f64>().ok().map(Resolved::Number)
}

#[cfg(test)]
mod tests {
    use super::{Resolved, Schema, plain, tag_fits};

    #[test]
    fn the_core_schema_knows_few_booleans_and_many_numbers() {
        for (text, expected) in [
            ("on", Resolved::Str("on")),
            ("yes", Resolved::Str("yes")),
            ("True", Resolved::Bool(true)),
            ("tRue", Resolved::Str("tRue")),
            ("~", Resolved::Null),
            ("", Resolved::Null),
            ("0x1F", Resolved::Int(31)),
            ("0o17", Resolved::Int(15)),
            ("017", Resolved::Int(17)),
            ("-12", Resolved::Int(-12)),
            ("+12", Resolved::Int(12)),
            (".5", Resolved::Number(0.5)),
            ("1.", Resolved::Number(1.0)),
            ("1e3", Resolved::Number(1000.0)),
            ("1.2.3", Resolved::Str("1.2.3")),
            ("1_000", Resolved::Str("1_000")),
            (".", Resolved::Str(".")),
            ("-", Resolved::Str("-")),
            ("e3", Resolved::Str("e3")),
            ("1e", Resolved::Str("1e")),
            ("inf", Resolved::Str("inf")),
            ("-.inf", Resolved::Number(f64::NEG_INFINITY)),
            ("9223372036854775808", Resolved::Number(9_223_372_036_854_775_808.0)),
        ] {
            assert_eq!(plain(text, Schema::Core12), expected, "{text}");
        }
    }

    #[test]
    fn go_reads_yaml_1_1() {
        for (text, expected) in [
            ("on", Resolved::Bool(true)),
            ("Off", Resolved::Bool(false)),
            ("017", Resolved::Int(15)),
            ("08", Resolved::Int(8)),
            ("0b101", Resolved::Int(5)),
            ("1_000", Resolved::Int(1000)),
            ("-0x10", Resolved::Int(-16)),
            ("2001-01-01", Resolved::Str("2001-01-01")),
            ("12:30", Resolved::Str("12:30")),
            ("_1", Resolved::Str("_1")),
        ] {
            assert_eq!(plain(text, Schema::Yaml11), expected, "{text}");
        }
    }

    #[test]
    fn a_tag_must_fit_its_text() {
        let tag = |name: &str| format!("tag:yaml.org,2002:{name}");
        for (name, text, fits) in [
            ("int", "12", true),
            ("int", "1.5", false),
            ("bool", "yes", false),
            ("float", "3", true),
            ("str", "3", true),
            ("null", "x", false),
            ("timestamp", "2001-01-01", false),
        ] {
            assert_eq!(tag_fits(text, Some(&tag(name)), Schema::Core12), fits, "{name} {text}");
        }
    }
}
