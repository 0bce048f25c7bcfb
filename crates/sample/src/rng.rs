//! The only source of chance: SplitMix64 (Steele, Lea, Flood 2014), seeded from what is being made.
//!
//! Every thing has its own generator, keyed by the seed, its kind and its number. So anything can be made again at any
//! time without what came before it, and no file has to be held in memory.

/// What a generator is for, so that equal numbers of different kinds share nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Domain {
    Dealer = 1,
    Slot,
    Entity,
    Household,
    Vehicle,
    Record,
    Visits,
    Complaints,
    Quota,
}

/// A small fast generator.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64, domain: Domain, number: u64) -> Self {
        let mut rng = Self(seed ^ (domain as u64).wrapping_mul(0xA076_1D64_78BD_642F));
        rng.0 = rng.next() ^ number.wrapping_mul(0xE703_7ED1_A0B4_28DB);
        rng.next();
        rng
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `bound` − 1; `bound` is at least 1.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // The high half of the product is uniform but for a bias below 2⁻³².
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// A number of a range, both ends included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as usize) as i64
    }

    /// True in so many cases of a thousand.
    pub(crate) fn permille(&mut self, share: u32) -> bool {
        self.below(1000) < share as usize
    }

    /// A number from 0 to just below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of a list that is not empty.
    pub(crate) fn pick<'t, T>(&mut self, list: &'t [T]) -> &'t T {
        &list[self.below(list.len())]
    }

    /// One of a list of words that is not empty.
    pub(crate) fn word(&mut self, list: &[&'static str]) -> &'static str {
        list[self.below(list.len())]
    }
}

/// A number below `modulus`, different for each `number` below `modulus`: spreads counters without collisions.
/// `modulus` must have no prime factors but 2, 3, 5, 11, 17 and 31.
pub(crate) fn spread(number: u64, seed: u64, modulus: u64) -> u64 {
    // A prime, so without a common factor with any modulus allowed.
    const STEP: u128 = 998_244_353;
    let shift = u128::from(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) % modulus);
    ((u128::from(number % modulus) * STEP + shift) % u128::from(modulus)) as u64
}
