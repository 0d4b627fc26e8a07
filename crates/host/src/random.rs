//! Chance. Names and tokens come from the kernel; simulations from a seed that replays.

/// `N` random bytes from the kernel, good enough for secrets.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut buffer = [0; N];
    fill(&mut buffer);
    buffer
}

/// `bytes` random bytes as twice as many lower-case hexadecimal digits.
///
/// ```
/// assert_eq!(bowline_host::random::hex(4).len(), 8);
/// ```
#[must_use]
pub fn hex(bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    fill(&mut buffer);
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    buffer.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn fill(buffer: &mut [u8]) {
    let mut filled = 0;
    while filled < buffer.len() {
        let flags = rustix::rand::GetRandomFlags::empty();
        match rustix::rand::getrandom(&mut buffer[filled..], flags) {
            Ok(count) => filled += count,
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => panic!("the kernel gives no random bytes: {errno}"),
        }
    }
}

/// A small generator for simulations and back-off: the same seed gives the same numbers on
/// every machine (SplitMix64, Steele, Lea and Flood 2014). Never for secrets.
#[derive(Clone, Debug)]
pub struct Seeded(u64);

impl Seeded {
    /// Starts at `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, not including, `end`; 0 when `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.next_u64()) * u128::from(end);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from 0 up to, not including, 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Whether an event of this probability happens.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }
}

#[cfg(test)]
mod tests {
    use super::{Seeded, bytes, hex};

    #[test]
    fn a_seed_replays_and_matches_the_published_numbers() {
        let mut random = Seeded::new(1_234_567);
        let known = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973];
        assert_eq!([random.next_u64(), random.next_u64()], known);
        let mut random = Seeded::new(7);
        assert!((0..1000).all(|_| random.below(10) < 10 && (0.0..1.0).contains(&random.unit())));
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn kernel_bytes_differ_between_calls() {
        assert_ne!(bytes::<16>(), bytes::<16>());
        let text = hex(16);
        assert!(text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit()));
    }
}
