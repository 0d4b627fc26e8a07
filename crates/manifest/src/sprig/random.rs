//! Chance, drawn from the seed of the render and the place of the call: the same template
//! gives the same text every time.

use super::args::{I, Result, S, fits, int, string, text};
use super::base::BASE_64;
use super::host::host;
use crate::tmpl::text::chars;
use crate::tmpl::{Call, CallError, Function, Value};
use rsa::rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest as _, Sha256};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("randAlphaNum", &[I], S, |call, args| {
        drawn(call, args, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    }),
    Function::new("randAlpha", &[I], S, |call, args| {
        drawn(call, args, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    }),
    Function::new("randNumeric", &[I], S, |call, args| drawn(call, args, b"0123456789")),
    Function::new("randAscii", &[I], S, |call, args| {
        let printable: Vec<u8> = (b' '..=b'~').collect();
        drawn(call, args, &printable)
    }),
    Function::new("randBytes", &[I], S, |call, args| {
        let Ok(count) = usize::try_from(int(&args[0])) else {
            return Err(CallError::new("runtime error: makeslice: len out of range"));
        };
        fits(count.checked_mul(2))?;
        string(BASE_64.encode(&Stream::of(call)?.take(count)))
    }),
    Function::new("randInt", &[I, I], I, |call, args| {
        let (least, most) = (int(&args[0]), int(&args[1]));
        let width = most.wrapping_sub(least);
        if width <= 0 {
            return Err(CallError::new("invalid argument to Intn"));
        }
        let drawn = Stream::of(call)?.below(width.unsigned_abs());
        Ok(Value::Int(least.wrapping_add_unsigned(drawn)))
    }),
    Function::new("shuffle", &[S], S, |call, args| {
        let mut letters: Vec<char> = chars(text(&args[0])).map(|(_, char, _)| char).collect();
        let mut stream = Stream::of(call)?;
        for at in (1..letters.len()).rev() {
            let other = stream.below(at as u64 + 1) as usize;
            letters.swap(at, other);
        }
        string(letters.into_iter().collect::<String>())
    }),
    Function::new("uuidv4", &[], S, |call, _| {
        let mut bytes = Stream::of(call)?.take(16);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let parts = [0..4, 4..6, 6..8, 8..10, 10..16].map(|part| hex[part].concat());
        string(parts.join("-"))
    }),
];

fn drawn(call: &mut Call<'_>, args: &[Value], letters: &[u8]) -> Result {
    // goutils gives nothing for a negative count.
    let count = usize::try_from(int(&args[0])).unwrap_or(0);
    fits(Some(count))?;
    let mut stream = Stream::of(call)?;
    let letter = |_| letters[stream.below(letters.len() as u64) as usize];
    string((0..count).map(letter).collect::<Vec<u8>>())
}

/// Bytes without end: digests of a key and a counter.
pub(super) struct Stream {
    key: [u8; 32],
    counter: u64,
    block: [u8; 32],
    used: usize,
}

impl Stream {
    /// The stream of this call: seed, file, place, and how often this place has drawn before.
    pub fn of(call: &mut Call<'_>) -> std::result::Result<Self, CallError> {
        let (file, at) = (call.file_name(), call.site().from);
        let host = host(call)?;
        let count = host.draw(file.clone(), at);
        let mut digest = Sha256::new();
        digest.update(host.seed.0);
        digest.update((file.len() as u64).to_be_bytes());
        digest.update(&file[..]);
        digest.update(at.to_be_bytes());
        digest.update(count.to_be_bytes());
        let key = digest.finalize().into();
        Ok(Self { key, counter: 0, block: [0; 32], used: 32 })
    }

    fn byte(&mut self) -> u8 {
        if self.used == self.block.len() {
            let mut digest = Sha256::new();
            digest.update(self.key);
            digest.update(self.counter.to_be_bytes());
            self.block = digest.finalize().into();
            self.counter += 1;
            self.used = 0;
        }
        self.used += 1;
        self.block[self.used - 1]
    }

    pub fn take(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.byte()).collect()
    }

    fn word(&mut self) -> u64 {
        (0..8).fold(0, |word, _| word << 8 | u64::from(self.byte()))
    }

    /// A number below `width`, each as likely as the other.
    fn below(&mut self, width: u64) -> u64 {
        let edge = u64::MAX - u64::MAX % width;
        loop {
            let word = self.word();
            if word < edge {
                return word % width;
            }
        }
    }
}

impl TryRng for Stream {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> std::result::Result<u32, Self::Error> {
        Ok(self.word() as u32)
    }

    fn try_next_u64(&mut self) -> std::result::Result<u64, Self::Error> {
        Ok(self.word())
    }

    fn try_fill_bytes(&mut self, into: &mut [u8]) -> std::result::Result<(), Self::Error> {
        into.iter_mut().for_each(|byte| *byte = self.byte());
        Ok(())
    }
}

impl TryCryptoRng for Stream {}
