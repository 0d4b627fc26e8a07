//! Base 64 and base 32 as Go's standard encodings.

const DIGITS_64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const DIGITS_32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// An alphabet: how many bits a digit has and how many digits make a block.
#[derive(Clone, Copy)]
pub(super) struct Base {
    digits: &'static [u8],
    bits: u32,
    block: usize,
    name: &'static str,
}

pub(super) const BASE_64: Base = Base { digits: DIGITS_64, bits: 6, block: 4, name: "base64" };
pub(super) const BASE_32: Base = Base { digits: DIGITS_32, bits: 5, block: 8, name: "base32" };

impl Base {
    pub fn encode(self, bytes: &[u8]) -> String {
        let mut out = String::with_capacity(bytes.len() * 8 / self.bits as usize + self.block);
        let (mut buffer, mut have) = (0_u32, 0);
        for byte in bytes {
            buffer = buffer << 8 | u32::from(*byte);
            have += 8;
            while have >= self.bits {
                have -= self.bits;
                out.push(self.digit(buffer >> have));
            }
            buffer &= (1 << have) - 1;
        }
        if have > 0 {
            out.push(self.digit(buffer << (self.bits - have)));
        }
        while !out.len().is_multiple_of(self.block) {
            out.push('=');
        }
        out
    }

    fn digit(self, value: u32) -> char {
        char::from(self.digits[value as usize & (self.digits.len() - 1)])
    }

    /// The bytes, or Go's message. Line breaks are passed over.
    pub fn decode(self, text: &[u8]) -> Result<Vec<u8>, String> {
        let wrong = |at: usize| format!("illegal {} data at input byte {at}", self.name);
        let breaks = |byte: u8| matches!(byte, b'\r' | b'\n');
        let mut out = Vec::with_capacity(text.len() * self.bits as usize / 8);
        let (mut block, mut at) = (Vec::with_capacity(self.block), 0);
        loop {
            // A block of digits, or what is left of one before the padding.
            while block.len() < self.block {
                match text.get(at) {
                    None if block.is_empty() => return Ok(out),
                    None => return Err(wrong(at - block.len())),
                    Some(byte) if breaks(*byte) => {}
                    Some(b'=') => {
                        let end = self.padded(text, at, block.len()).map_err(wrong)?;
                        self.flush(&block, &mut out);
                        return match end {
                            None => Ok(out),
                            Some(rest) => Err(wrong(rest)),
                        };
                    }
                    Some(byte) => match self.digits.iter().position(|digit| digit == byte) {
                        Some(value) => block.push(value as u32),
                        None => return Err(wrong(at)),
                    },
                }
                at += 1;
            }
            self.flush(&block, &mut out);
            block.clear();
        }
    }

    /// Checks the padding at `at` after so many digits of a block; the place of what follows
    /// it, where something does, or the place that is wrong.
    fn padded(self, text: &[u8], at: usize, have: usize) -> Result<Option<usize>, usize> {
        let legal = match self.block {
            4 => matches!(have, 2 | 3),
            _ => matches!(have, 2 | 4 | 5 | 7),
        };
        if !legal {
            return Err(at);
        }
        let mut missing = self.block - have - 1;
        let mut next = at + 1;
        while missing > 0 {
            match text.get(next) {
                None => return Err(text.len()),
                Some(b'\r' | b'\n') => {}
                Some(b'=') => missing -= 1,
                Some(_) => return Err(next),
            }
            next += 1;
        }
        while matches!(text.get(next), Some(b'\r' | b'\n')) {
            next += 1;
        }
        Ok((next < text.len()).then_some(next))
    }

    fn flush(self, block: &[u32], out: &mut Vec<u8>) {
        let (mut buffer, mut have) = (0_u64, 0);
        for value in block {
            buffer = buffer << self.bits | u64::from(*value);
            have += self.bits;
            if have >= 8 {
                have -= 8;
                out.push((buffer >> have) as u8);
            }
        }
    }
}
