//! The cheap generators that Philox keys: xoshiro256++ (64-bit words) and xoshiro128++ (32-bit words) of Blackman and
//! Vigna, "Scrambled linear pseudorandom number generators" (ACM TOMS 2021).

use super::{Address, Purpose, Seed};

/// The word of a generator and its recurrence: `u64` for `f64` variates, `u32` for `f32`.
pub trait Word: Copy + Default + std::fmt::Debug + Send + Sync + 'static {
    /// Advances the four words of state and gives the next output.
    fn next(state: [&mut Self; 4]) -> Self;
    /// The state for one chunk of one replica's steps.
    fn state(seed: Seed, replica: u64, chunk: u64, purpose: Purpose) -> [Self; 4];
    /// The upper 32 bits.
    fn high(self) -> u32;
}

macro_rules! xoshiro {
    ($word:ty, $shift:literal, $output:literal, $rotate:literal) => {
        #[inline(always)]
        fn next([a, b, c, d]: [&mut Self; 4]) -> Self {
            let (s0, s1, s2, s3) = (*a, *b, *c, *d);
            let output = s0.wrapping_add(s3).rotate_left($output).wrapping_add(s0);
            let (t2, t3) = (s2 ^ s0, s3 ^ s1);
            *a = s0 ^ t3;
            *b = s1 ^ t2;
            *c = t2 ^ (s1 << $shift);
            *d = t3.rotate_left($rotate);
            output
        }
    };
}

impl Word for u64 {
    xoshiro!(u64, 17, 23, 45);

    #[inline(always)]
    fn state(seed: Seed, replica: u64, chunk: u64, purpose: Purpose) -> [Self; 4] {
        let [a, b, c, d] = Address { replica, chunk, coordinate: 0, purpose }.bits(seed);
        let [e, f, g, h] = Address { replica, chunk, coordinate: 1, purpose }.bits(seed);
        let join = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        [join(a, b), join(c, d), join(e, f), join(g, h)]
    }

    #[inline(always)]
    fn high(self) -> u32 {
        (self >> 32) as u32
    }
}

impl Word for u32 {
    xoshiro!(u32, 9, 7, 11);

    // The all-zero state, where the generator would stay, has probability 2⁻¹²⁸.
    #[inline(always)]
    fn state(seed: Seed, replica: u64, chunk: u64, purpose: Purpose) -> [Self; 4] {
        Address { replica, chunk, coordinate: 0, purpose }.bits(seed)
    }

    #[inline(always)]
    fn high(self) -> u32 {
        self
    }
}

/// One xoshiro256++ stream keyed by an address, for draws that are made one after the other (a permutation, a start).
#[derive(Clone, Debug)]
pub struct SequentialGenerator([u64; 4]);

impl SequentialGenerator {
    /// The stream of `replica` in `chunk` for `purpose`.
    pub fn new(seed: Seed, replica: u64, chunk: u64, purpose: Purpose) -> Self {
        Self(u64::state(seed, replica, chunk, purpose))
    }

    /// The next 64 bits.
    #[inline]
    pub fn next_word(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        u64::next([a, b, c, d])
    }

    /// An integer below `bound`; probabilities are equal to within `bound · 2⁻³²`.
    #[inline]
    pub fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.next_word().high()) * u64::from(bound)) >> 32) as u32
    }

    /// A pair of independent standard normal variates.
    pub fn normal_pair(&mut self) -> [f64; 2] {
        let (a, b) = (self.next_word(), self.next_word());
        let (first, second) = <f64 as super::Variate>::normal_pair(a, b);
        [first, second]
    }
}

#[cfg(test)]
mod tests {
    use super::Word;

    /// First outputs for the state (1, 2, 3, 4), by hand from the recurrence's definition and as published with the
    /// generators' reference implementations.
    #[test]
    fn first_outputs_match_the_reference() {
        let mut s = [1u64, 2, 3, 4];
        let mut next = || {
            let [a, b, c, d] = &mut s;
            u64::next([a, b, c, d])
        };
        assert_eq!([next(), next(), next()], [41943041, 58720359, 3588806011781223]);
        let mut s = [1u32, 2, 3, 4];
        let mut next = || {
            let [a, b, c, d] = &mut s;
            u32::next([a, b, c, d])
        };
        assert_eq!([next(), next(), next()], [641, 1573767, 3222811527]);
    }
}
