//! Decimal arithmetic of `addf`, `subf`, `mulf`, `divf`: exact, with 16 places in a division.

use std::cmp::Ordering;

/// A number as sign, digits (most significant first) and exponent of ten.
#[derive(Clone, Debug)]
pub(super) struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

/// Places of a quotient.
const PLACES: i64 = 16;

fn trimmed(mut digits: Vec<u8>) -> Vec<u8> {
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    digits.drain(..zeros);
    digits
}

fn compared(one: &[u8], other: &[u8]) -> Ordering {
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

fn added(one: &[u8], other: &[u8]) -> Vec<u8> {
    let length = one.len().max(other.len());
    let digit = |of: &[u8], at: usize| of.len().checked_sub(at + 1).map_or(0, |at| of[at]);
    let (mut out, mut carry) = (Vec::with_capacity(length + 1), 0);
    for at in 0..length {
        let sum = digit(one, at) + digit(other, at) + carry;
        out.push(sum % 10);
        carry = sum / 10;
    }
    out.push(carry);
    out.reverse();
    trimmed(out)
}

/// `one - other`, where `one` is not smaller.
fn subtracted(one: &[u8], other: &[u8]) -> Vec<u8> {
    let (mut out, mut borrow) = (one.to_vec(), 0);
    let length = out.len();
    for at in 0..length {
        let less = other.len().checked_sub(at + 1).map_or(0, |at| other[at]) + borrow;
        let digit = &mut out[length - 1 - at];
        borrow = u8::from(*digit < less);
        *digit = *digit + 10 * borrow - less;
    }
    trimmed(out)
}

impl Decimal {
    /// The shortest decimal that reads back as the float.
    pub fn new(value: f64) -> Self {
        let text = format!("{:e}", value.abs());
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = whole.bytes().chain(fraction.bytes()).map(|digit| digit - b'0').collect();
        let exponent = exponent.parse::<i64>().unwrap_or(0) - fraction.len() as i64;
        Self { negative: value < 0.0, digits: trimmed(digits), exponent }
    }

    /// The nearest float.
    pub fn to_float(&self) -> f64 {
        let digits: String = self.digits.iter().map(|digit| char::from(b'0' + digit)).collect();
        let sign = if self.negative && !digits.is_empty() { "-" } else { "" };
        let digits = if digits.is_empty() { "0" } else { &digits };
        format!("{sign}{digits}e{}", self.exponent).parse().unwrap_or(0.0)
    }

    fn at_exponent(&self, exponent: i64) -> Vec<u8> {
        let mut digits = self.digits.clone();
        if !digits.is_empty() {
            let zeros = usize::try_from(self.exponent - exponent).unwrap_or(0);
            digits.resize(digits.len() + zeros, 0);
        }
        digits
    }

    pub fn add(&self, other: &Self) -> Self {
        let exponent = self.exponent.min(other.exponent);
        let (one, two) = (self.at_exponent(exponent), other.at_exponent(exponent));
        if self.negative == other.negative {
            return Self { negative: self.negative, digits: added(&one, &two), exponent };
        }
        match compared(&one, &two) {
            Ordering::Less => {
                Self { negative: other.negative, digits: subtracted(&two, &one), exponent }
            }
            _ => Self { negative: self.negative, digits: subtracted(&one, &two), exponent },
        }
    }

    pub fn sub(&self, other: &Self) -> Self {
        self.add(&Self { negative: !other.negative, ..other.clone() })
    }

    pub fn mul(&self, other: &Self) -> Self {
        let mut cells = vec![0_u32; self.digits.len() + other.digits.len()];
        for (i, one) in self.digits.iter().rev().enumerate() {
            let mut carry = 0;
            for (j, two) in other.digits.iter().rev().enumerate() {
                let sum = cells[i + j] + u32::from(*one) * u32::from(*two) + carry;
                cells[i + j] = sum % 10;
                carry = sum / 10;
            }
            cells[i + other.digits.len()] += carry;
        }
        let digits = cells.iter().rev().map(|cell| *cell as u8).collect();
        let negative = self.negative != other.negative;
        Self { negative, digits: trimmed(digits), exponent: self.exponent + other.exponent }
    }

    /// `None` where the divisor is zero.
    pub fn div(&self, other: &Self) -> Option<Self> {
        if other.digits.is_empty() {
            return None;
        }
        let shift = self.exponent - other.exponent + PLACES;
        let (mut dividend, mut divisor) = (self.digits.clone(), other.digits.clone());
        let zeros = usize::try_from(shift.unsigned_abs()).unwrap_or(0);
        let longer = if shift >= 0 { &mut dividend } else { &mut divisor };
        if !longer.is_empty() {
            longer.resize(longer.len() + zeros, 0);
        }
        let (mut quotient, mut rest) = (Vec::with_capacity(dividend.len()), Vec::new());
        for digit in dividend {
            rest.push(digit);
            rest = trimmed(rest);
            let mut count = 0;
            while compared(&rest, &divisor) != Ordering::Less {
                rest = subtracted(&rest, &divisor);
                count += 1;
            }
            quotient.push(count);
        }
        let mut quotient = trimmed(quotient);
        if compared(&added(&rest, &rest), &divisor) != Ordering::Less {
            quotient = added(&quotient, &[1]);
        }
        let negative = self.negative != other.negative;
        Some(Self { negative, digits: quotient, exponent: -PLACES })
    }
}
