//! Numbers from a seed: the same on every run, so that a failure can be repeated.
//!
//! Source: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).

/// A sequence of numbers that its seed decides.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The sequence of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The next number of 0 up to 1, in steps of 1/1000.
    pub fn fraction(&mut self) -> f64 {
        (self.number() % 1001) as f64 / 1000.0
    }

    /// That many bytes, a multiple of 8, which do not compress.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count / 8)
            .flat_map(|_| self.number().to_le_bytes())
            .collect()
    }
}
