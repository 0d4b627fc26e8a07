//! Numbers as text, both ways, as Go's `strconv` does it.

use super::ast::Number;

/// `strconv.FormatFloat(value, verb, precision, 64)`; without a precision: the fewest digits
/// that read back as the same number.
pub fn format_float(value: f64, verb: u8, precision: Option<usize>) -> Vec<u8> {
    if value.is_nan() {
        return b"NaN".to_vec();
    }
    if value.is_infinite() {
        return if value < 0.0 { b"-Inf".to_vec() } else { b"+Inf".to_vec() };
    }
    let mut out = Vec::with_capacity(24);
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let value = value.abs();
    match verb {
        b'b' => binary(&mut out, value),
        b'x' | b'X' => hexadecimal(&mut out, value, verb, precision),
        b'f' => match precision {
            Some(precision) => out.extend(format!("{value:.precision$}").bytes()),
            None => out.extend(format!("{value}").bytes()),
        },
        b'e' | b'E' => {
            let (digits, exponent) = digits(value, precision.map(|precision| precision + 1));
            let precision = precision.unwrap_or(digits.len() - 1);
            scientific(&mut out, &digits, exponent, precision, verb);
        }
        _ => general(&mut out, value, precision, verb),
    }
    out
}

/// Decimal digits without leading zeros, and the exponent of the first.
fn digits(value: f64, count: Option<usize>) -> (Vec<u8>, i32) {
    let text = match count {
        Some(count) => format!("{value:.*e}", count - 1),
        None => format!("{value:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    (digits, exponent.parse().unwrap_or(0))
}

fn general(out: &mut Vec<u8>, value: f64, precision: Option<usize>, verb: u8) {
    let wanted = precision.map(|precision| precision.max(1));
    let (mut digits, exponent) = digits(value, wanted);
    while digits.len() > 1 && digits.last() == Some(&b'0') {
        digits.pop();
    }
    // Go counts no digit at all in a zero.
    let count = if value == 0.0 { 0 } else { digits.len() };
    let point = if value == 0.0 { 0 } else { exponent + 1 };
    let mut limit = wanted.unwrap_or(count);
    if limit > count && i64::try_from(count).is_ok_and(|count| count >= i64::from(point)) {
        limit = count;
    }
    if wanted.is_none() {
        limit = 6;
    }
    let exponent_of_first = point - 1;
    if exponent_of_first < -4 || usize::try_from(exponent_of_first).is_ok_and(|at| at >= limit) {
        let verb = if verb == b'G' { b'E' } else { b'e' };
        let shown = wanted.unwrap_or(count).min(count).saturating_sub(1);
        return scientific(out, &digits, exponent, shown, verb);
    }
    let after = usize::try_from(i64::try_from(count).unwrap_or(0) - i64::from(point)).unwrap_or(0);
    plain(out, &digits, point, after);
}

fn plain(out: &mut Vec<u8>, digits: &[u8], point: i32, after: usize) {
    let at = |index: i64| {
        usize::try_from(index).ok().and_then(|index| digits.get(index)).copied().unwrap_or(b'0')
    };
    if point <= 0 {
        out.push(b'0');
    }
    out.extend((0..i64::from(point)).map(at));
    if after > 0 {
        out.push(b'.');
        let start = i64::from(point);
        let end = start + i64::try_from(after).unwrap_or(0);
        out.extend((start..end).map(|index| if index < 0 { b'0' } else { at(index) }));
    }
}

fn scientific(out: &mut Vec<u8>, digits: &[u8], exponent: i32, precision: usize, verb: u8) {
    out.push(digits.first().copied().unwrap_or(b'0'));
    if precision > 0 {
        out.push(b'.');
        out.extend((1..=precision).map(|index| digits.get(index).copied().unwrap_or(b'0')));
    }
    out.push(verb);
    out.push(if exponent < 0 { b'-' } else { b'+' });
    out.extend(format!("{:02}", exponent.unsigned_abs()).bytes());
}

fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let exponent = i32::try_from(bits >> 52 & 0x7ff).unwrap_or(0);
    let fraction = bits & ((1 << 52) - 1);
    if exponent == 0 { (fraction, -1022) } else { (fraction | 1 << 52, exponent - 1023) }
}

fn binary(out: &mut Vec<u8>, value: f64) {
    let (mantissa, exponent) = parts(value);
    let exponent = exponent - 52;
    let sign = if exponent < 0 { "" } else { "+" };
    out.extend(format!("{mantissa}p{sign}{exponent}").bytes());
}

fn hexadecimal(out: &mut Vec<u8>, value: f64, verb: u8, precision: Option<usize>) {
    let (mut mantissa, mut exponent) = parts(value);
    if mantissa == 0 {
        exponent = 0;
    }
    // The digit before the point is 1, at bit 60.
    mantissa <<= 60 - 52;
    while mantissa != 0 && mantissa & (1 << 60) == 0 {
        mantissa <<= 1;
        exponent -= 1;
    }
    if let Some(precision) = precision.filter(|precision| *precision < 15) {
        let shift = u32::try_from(precision).unwrap_or(0) * 4;
        let extra = (mantissa << shift) & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        if extra | (mantissa & 1) > 1 << 59 {
            mantissa += 1;
        }
        mantissa <<= 60 - shift;
        if mantissa & (1 << 61) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let table = if verb == b'X' { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    out.extend([b'0', verb, b'0' + u8::from(mantissa >> 60 & 1 == 1)]);
    mantissa <<= 4;
    let shown = match precision {
        Some(precision) => precision,
        None => 16 - mantissa.trailing_zeros() as usize / 4,
    };
    if precision.map_or(mantissa != 0, |precision| precision > 0) {
        out.push(b'.');
        for _ in 0..shown {
            out.push(table[(mantissa >> 60) as usize]);
            mantissa <<= 4;
        }
    }
    out.push(if verb == b'X' { b'P' } else { b'p' });
    out.push(if exponent < 0 { b'-' } else { b'+' });
    out.extend(format!("{:02}", exponent.unsigned_abs()).bytes());
}

/// Reads a literal of a template under all types that can hold it, as Go does.
/// The error is Go's sentence without the literal.
pub(crate) fn parse(text: &[u8]) -> Result<Number, &'static str> {
    let mut number = Number { uint: parse_uint(text), int: parse_int(text), float: None };
    if number.int == Some(0) {
        number.uint = number.uint.or(Some(0));
    }
    if let Some(int) = number.int {
        number.float = Some(int as f64);
    } else if let Some(uint) = number.uint {
        number.float = Some(uint as f64);
    } else if let Some(float) = parse_float(text) {
        if !text.iter().any(|byte| b".eEpP".contains(byte)) {
            return Err("integer overflow");
        }
        number.float = Some(float);
        if (float as i64) as f64 == float && float < 9_223_372_036_854_775_808.0 {
            number.int = Some(float as i64);
        }
        if (float as u64) as f64 == float && float < 18_446_744_073_709_551_616.0 {
            number.uint = Some(float as u64);
        }
    }
    if number.float.is_none() {
        return Err("illegal number syntax");
    }
    Ok(number)
}

fn parse_int(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let magnitude = parse_uint(digits)?;
    if negative { 0i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

fn parse_uint(text: &[u8]) -> Option<u64> {
    let (base, digits) = match text {
        [b'0', b'x' | b'X', digits @ ..] => (16, digits),
        [b'0', b'o' | b'O', digits @ ..] => (8, digits),
        [b'0', b'b' | b'B', digits @ ..] => (2, digits),
        [b'0', digits @ ..] if !digits.is_empty() => (8, digits),
        _ => (10, text),
    };
    if digits.is_empty() || !underscores_are_right(text) {
        return None;
    }
    digits.iter().filter(|byte| **byte != b'_').try_fold(0u64, |sum, byte| {
        let digit = (*byte as char).to_digit(base)?;
        sum.checked_mul(u64::from(base))?.checked_add(u64::from(digit))
    })
}

/// An underscore stands between digits, or between a base prefix and a digit.
fn underscores_are_right(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let prefixed = matches!(text, [b'0', letter, ..] if b"xXoObB".contains(letter));
    let hexadecimal = prefixed && text[1].eq_ignore_ascii_case(&b'x');
    let mut before = if prefixed { b'0' } else { b'^' };
    for &byte in if prefixed { &text[2..] } else { text } {
        if byte.is_ascii_digit() || hexadecimal && byte.is_ascii_hexdigit() {
            before = b'0';
        } else if byte == b'_' {
            if before != b'0' {
                return false;
            }
            before = b'_';
        } else {
            if before == b'_' {
                return false;
            }
            before = b'!';
        }
    }
    before != b'_'
}

/// `strconv.ParseFloat` of what the lexer lets through.
fn parse_float(text: &[u8]) -> Option<f64> {
    if !underscores_are_right(text) && text.contains(&b'_') {
        return None;
    }
    let plain: Vec<u8> = text.iter().copied().filter(|byte| *byte != b'_').collect();
    let plain = String::from_utf8(plain).ok()?;
    let unsigned = plain.trim_start_matches(['+', '-']);
    let value = match unsigned.get(..2) {
        Some("0x" | "0X") => {
            let value = parse_hexadecimal(&unsigned[2..])?;
            if plain.starts_with('-') { -value } else { value }
        }
        _ => plain.parse::<f64>().ok()?,
    };
    value.is_finite().then_some(value)
}

/// Mantissa digits with a point and a binary exponent, which must be there.
fn parse_hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: Vec<u32> = whole
        .chars()
        .chain(fraction.chars())
        .map(|digit| digit.to_digit(16))
        .collect::<Option<_>>()?;
    if digits.is_empty() {
        return None;
    }
    // 128 bits keep every digit that a template holds; what is beyond only rounds.
    let (mut bits, mut scale) = (0u128, exponent - 4 * i32::try_from(fraction.len()).ok()?);
    for digit in digits {
        if bits >> 120 == 0 {
            bits = bits << 4 | u128::from(digit);
        } else {
            bits |= u128::from(digit != 0);
            scale += 4;
        }
    }
    Some(scaled(bits, scale))
}

/// `bits × 2^scale`, rounded once to even.
fn scaled(bits: u128, scale: i32) -> f64 {
    if bits == 0 {
        return 0.0;
    }
    let width = 128 - bits.leading_zeros().cast_signed();
    let top = width - 1 + scale;
    let kept = if top < -1022 { 53 - (-1022 - top) } else { 53 };
    let cut = width - kept;
    let mantissa = if cut <= 0 {
        bits
    } else if cut >= 128 {
        0
    } else {
        let half = 1u128 << (cut - 1);
        let rest = bits & ((1u128 << cut) - 1);
        let whole = bits >> cut;
        whole + u128::from(rest > half || rest == half && whole & 1 == 1)
    };
    let mut value = mantissa as f64;
    let mut exponent = scale + cut.max(0);
    while exponent > 0 && value.is_finite() {
        let step = exponent.min(1000);
        value *= 2f64.powi(step);
        exponent -= step;
    }
    while exponent < 0 && value != 0.0 {
        let step = (-exponent).min(1000);
        value /= 2f64.powi(step);
        exponent += step;
    }
    value
}
