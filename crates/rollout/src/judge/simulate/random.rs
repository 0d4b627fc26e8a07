//! The simulation's own chance: a seeded generator and three distributions.

use crate::judge::power::ln_factorial;

/// A seeded generator (xoshiro256**, seeded by splitmix64; both in the public domain). Not
/// for secrets.
#[derive(Debug, Clone)]
pub struct Seeded {
    state: [u64; 4],
}

/// Below this mean a Poisson number is drawn by multiplication, above by rejection.
const SMALL_MEAN: f64 = 12.0;

impl Seeded {
    /// The generator of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut x = seed;
        let state = std::array::from_fn(|_| {
            x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        });
        Self { state }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Above 0 and below 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
    }

    /// A Poisson number with this mean; 0 for a mean that is not above 0.
    pub fn poisson(&mut self, mean: f64) -> u64 {
        if !mean.is_finite() || mean <= 0.0 {
            return 0;
        }
        if mean < SMALL_MEAN { self.poisson_small(mean) } else { self.poisson_large(mean) }
    }

    fn poisson_small(&mut self, mean: f64) -> u64 {
        let limit = libm::exp(-mean);
        let (mut count, mut product) = (0, self.uniform());
        while product > limit {
            count += 1;
            product *= self.uniform();
        }
        count
    }

    /// Transformed rejection (Hörmann 1993, algorithm PTRS): exact, a few draws whatever the mean.
    fn poisson_large(&mut self, mean: f64) -> u64 {
        let b = 0.931 + 2.53 * libm::sqrt(mean);
        let a = -0.059 + 0.024_83 * b;
        let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
        let v_r = 0.9277 - 3.6224 / (b - 2.0);
        loop {
            let u = self.uniform() - 0.5;
            let v = self.uniform();
            let us = 0.5 - u.abs();
            let k = libm::floor((2.0 * a / us + b) * u + mean + 0.43);
            if k < 0.0 {
                continue;
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "k >= 0")]
            let count = k as u64;
            if us >= 0.07 && v <= v_r {
                return count;
            }
            if us < 0.013 && v > us {
                continue;
            }
            let left = libm::log(v * inverse_alpha / (a / (us * us) + b));
            if left <= k * libm::log(mean) - mean - ln_factorial(count) {
                return count;
            }
        }
    }

    /// A gamma number (Marsaglia and Tsang 2000, with their boost for shapes below 1).
    pub fn gamma(&mut self, shape: f64, scale: f64) -> f64 {
        if shape < 1.0 {
            let boost = libm::pow(self.uniform(), 1.0 / shape);
            return self.gamma(shape + 1.0, scale) * boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / libm::sqrt(9.0 * d);
        loop {
            let x = self.normal();
            let v = 1.0 + c * x;
            if v <= 0.0 {
                continue;
            }
            let v = v * v * v;
            if libm::log(self.uniform()) < 0.5 * x * x + d - d * v + d * libm::log(v) {
                return d * v * scale;
            }
        }
    }

    /// A standard normal number (Box and Muller).
    fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(self.uniform()));
        radius * libm::cos(std::f64::consts::TAU * self.uniform())
    }
}

#[cfg(test)]
mod tests {
    use super::Seeded;

    /// Mean and variance of 40,000 draws.
    fn moments(mut draw: impl FnMut(&mut Seeded) -> f64) -> (f64, f64) {
        let mut random = Seeded::new(7);
        let draws: Vec<f64> = (0..40_000).map(|_| draw(&mut random)).collect();
        let n = 40_000.0;
        let mean = draws.iter().sum::<f64>() / n;
        (mean, draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n)
    }

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    fn poisson_numbers_have_their_mean_and_variance() {
        for expected in [0.05, 3.0, 11.9, 12.1, 45.0, 450.0] {
            let (mean, variance) = moments(|random| random.poisson(expected) as f64);
            let slack = 5.0 * (expected / 40_000.0_f64).sqrt();
            assert!((mean - expected).abs() < slack, "mean {mean} of {expected}");
            assert!((variance / expected - 1.0).abs() < 0.08, "variance {variance} of {expected}");
        }
    }

    #[test]
    fn gamma_numbers_have_mean_one_and_variance_five() {
        let (mean, variance) = moments(|random| random.gamma(0.2, 5.0));
        assert!((mean - 1.0).abs() < 0.06, "{mean}");
        assert!((variance - 5.0).abs() < 0.6, "{variance}");
    }

    #[test]
    fn a_seed_replays() {
        let draws = |seed| {
            let mut random = Seeded::new(seed);
            (0..4).map(|_| random.bits()).collect::<Vec<_>>()
        };
        assert_eq!(draws(1), draws(1));
        assert_ne!(draws(1), draws(2));
    }
}
