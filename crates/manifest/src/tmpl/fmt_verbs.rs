//! One value in one format: sign, base, width, precision, padding, as Go's `fmt` lays it out.

use super::{number, quote};

#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    pub minus: bool,
    pub plus: bool,
    pub sharp: bool,
    pub space: bool,
    pub zero: bool,
    pub plus_v: bool,
    pub sharp_v: bool,
}

pub(super) struct Format<'o> {
    pub out: &'o mut Vec<u8>,
    pub flags: Flags,
    pub width: Option<usize>,
    pub precision: Option<usize>,
}

fn digit_table(upper: bool) -> &'static [u8; 17] {
    if upper { b"0123456789ABCDEFX" } else { b"0123456789abcdefx" }
}

impl<'o> Format<'o> {
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, flags: Flags::default(), width: None, precision: None }
    }

    pub fn clear(&mut self) {
        self.flags = Flags::default();
        self.width = None;
        self.precision = None;
    }

    fn padding(&mut self, count: usize) {
        let byte = if self.flags.zero && !self.flags.minus { b'0' } else { b' ' };
        self.out.resize(self.out.len() + count, byte);
    }

    /// The text, padded to the width.
    pub fn pad(&mut self, text: &[u8]) {
        let missing = self.width.map_or(0, |width| width.saturating_sub(quote::count(text)));
        if self.flags.minus {
            self.out.extend_from_slice(text);
            self.padding(missing);
        } else {
            self.padding(missing);
            self.out.extend_from_slice(text);
        }
    }

    fn pad_with_spaces(&mut self, text: &[u8]) {
        let zero = std::mem::take(&mut self.flags.zero);
        self.pad(text);
        self.flags.zero = zero;
    }

    fn truncated<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let Some(precision) = self.precision else { return text };
        let end = quote::chars(text).nth(precision).map_or(text.len(), |(at, ..)| at);
        &text[..end]
    }

    pub fn string(&mut self, text: &[u8]) {
        let text = self.truncated(text);
        self.pad(text);
    }

    pub fn quoted(&mut self, text: &[u8]) {
        let text = self.truncated(text);
        let mut quoted = Vec::with_capacity(text.len() + 2);
        if self.flags.sharp && quote::can_backquote(text) {
            quoted.push(b'`');
            quoted.extend_from_slice(text);
            quoted.push(b'`');
        } else {
            quote::quote(&mut quoted, text, self.flags.plus);
        }
        self.pad(&quoted);
    }

    pub fn hex_bytes(&mut self, text: &[u8], upper: bool) {
        let length = self.precision.map_or(text.len(), |precision| precision.min(text.len()));
        if length == 0 {
            let width = self.width.unwrap_or(0);
            return self.padding(width);
        }
        let table = digit_table(upper);
        let mut encoded = Vec::with_capacity(length * 5);
        for (index, byte) in text[..length].iter().enumerate() {
            if index > 0 && self.flags.space {
                encoded.push(b' ');
            }
            if self.flags.sharp && (index == 0 || self.flags.space) {
                encoded.extend([b'0', table[16]]);
            }
            encoded.extend([table[usize::from(byte >> 4)], table[usize::from(byte & 15)]]);
        }
        self.pad(&encoded);
    }

    pub fn integer(&mut self, magnitude: u64, negative: bool, base: u64, verb: char, upper: bool) {
        let flags = self.flags;
        let mut digits_wanted = 0;
        if let Some(precision) = self.precision {
            digits_wanted = precision;
            if precision == 0 && magnitude == 0 {
                let width = self.width.unwrap_or(0);
                self.out.resize(self.out.len() + width, b' ');
                return;
            }
        } else if flags.zero
            && !flags.minus
            && let Some(width) = self.width
        {
            let signed = negative || flags.plus || flags.space;
            digits_wanted = width.saturating_sub(usize::from(signed));
        }
        let table = digit_table(upper);
        // Made from the last digit to the sign.
        let mut text = Vec::with_capacity(24);
        let mut rest = magnitude;
        loop {
            text.push(table[(rest % base) as usize]);
            rest /= base;
            if rest == 0 {
                break;
            }
        }
        while text.len() < digits_wanted {
            text.push(b'0');
        }
        if flags.sharp {
            match base {
                2 => text.extend(b"b0"),
                8 if text.last() != Some(&b'0') => text.push(b'0'),
                16 => text.extend([table[16], b'0']),
                _ => {}
            }
        }
        if verb == 'O' {
            text.extend(b"o0");
        }
        if negative {
            text.push(b'-');
        } else if flags.plus {
            text.push(b'+');
        } else if flags.space {
            text.push(b' ');
        }
        text.reverse();
        self.pad_with_spaces(&text);
    }

    fn char_of(code: u64) -> char {
        u32::try_from(code).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    pub fn character(&mut self, code: u64) {
        let mut text = Vec::new();
        quote::push_char(&mut text, Self::char_of(code));
        self.pad(&text);
    }

    pub fn quoted_character(&mut self, code: u64) {
        let mut text = Vec::new();
        quote::quote_char(&mut text, Self::char_of(code), self.flags.plus);
        self.pad(&text);
    }

    pub fn code_point(&mut self, code: u64) {
        let digits = self.precision.map_or(4, |precision| precision.max(4));
        let mut text = format!("U+{code:0digits$X}").into_bytes();
        let char = u32::try_from(code).ok().and_then(char::from_u32);
        if let Some(char) = char.filter(|char| self.flags.sharp && quote::is_print(*char)) {
            text.extend_from_slice(b" '");
            quote::push_char(&mut text, char);
            text.push(b'\'');
        }
        self.pad_with_spaces(&text);
    }

    /// `precision` is the one of the verb; the format's own stands above it.
    pub fn float(&mut self, value: f64, verb: u8, precision: Option<usize>) {
        let precision = self.precision.or(precision);
        let flags = self.flags;
        let mut text = number::format_float(value, verb, precision);
        if text[0] != b'-' && text[0] != b'+' {
            text.insert(0, b'+');
        }
        if flags.space && text[0] == b'+' && !flags.plus {
            text[0] = b' ';
        }
        if text[1] == b'I' || text[1] == b'N' {
            let shown = usize::from(text[1] == b'N' && !flags.space && !flags.plus);
            return self.pad_with_spaces(&text[shown..]);
        }
        if flags.sharp && verb != b'b' {
            text = with_point(text, verb, precision);
        }
        if flags.plus || text[0] != b'+' {
            let missing = self.width.map_or(0, |width| width.saturating_sub(text.len()));
            if flags.zero && !flags.minus && missing > 0 {
                self.out.push(text[0]);
                self.padding(missing);
                self.out.extend_from_slice(&text[1..]);
                return;
            }
            return self.pad(&text);
        }
        self.pad(&text[1..]);
    }
}

/// The sharp flag: always a point, and the zeros that `%g` cut off.
fn with_point(text: Vec<u8>, verb: u8, precision: Option<usize>) -> Vec<u8> {
    let counts = matches!(verb, b'g' | b'G' | b'x');
    let mut digits = if counts { precision.unwrap_or(6) as i64 } else { 0 };
    let exponent = text.iter().position(|byte| match byte {
        b'p' | b'P' => true,
        b'e' | b'E' => verb != b'x' && verb != b'X',
        _ => false,
    });
    let (head, tail) = text.split_at(exponent.unwrap_or(text.len()));
    let mut head = head.to_vec();
    let mut nonzero = false;
    for byte in head[1..].iter().filter(|byte| **byte != b'.') {
        nonzero |= *byte != b'0';
        digits -= i64::from(nonzero);
    }
    if !head.contains(&b'.') {
        if head.len() == 2 && head[1] == b'0' {
            digits -= 1;
        }
        head.push(b'.');
    }
    head.extend(std::iter::repeat_n(b'0', usize::try_from(digits).unwrap_or(0)));
    head.extend_from_slice(tail);
    head
}
