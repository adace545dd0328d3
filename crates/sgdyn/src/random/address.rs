//! The address of random bits: who needs them, when and for what.

use super::philox4x32_10;

/// What random numbers are for; numbers for different purposes are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
pub enum Purpose {
    /// The noise that a landscape's gradient oracle or an equation's driving process adds.
    GradientNoise = 1,
    /// The choice of the samples of a minibatch.
    Minibatch = 2,
    /// The permutation of one epoch.
    Shuffle = 3,
    /// Where a replica starts.
    Start = 4,
    /// Whether and when a path crossed a target inside a step.
    Crossing = 5,
    /// The noise that a rule itself injects (SGLD).
    InjectedNoise = 6,
    /// The second of two independent minibatches (SVAG).
    SecondMinibatch = 7,
    /// The second of two independent gradient noises (SVAG).
    SecondGradientNoise = 8,
    /// Two-point variates for the double integrals of a weak second-order scheme.
    DoubleIntegral = 9,
    /// Fresh inputs of a regression problem.
    Inputs = 10,
    /// Fresh label noise of a regression problem.
    LabelNoise = 11,
    /// The noise of a path towards a rare event.
    PathNoise = 12,
    /// Where such a path starts.
    PathStart = 13,
    /// Which path is copied when another one is replaced.
    Resampling = 14,
    /// The parameters that a network begins with.
    InitialParameters = 15,
    /// The random vectors of estimates of traces, diagonals and spectral densities.
    Probe = 16,
    /// Which samples of a data set are for training.
    Split = 17,
}

/// The seed of one ensemble: a study's seed with the number of the sweep's cell mixed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(u64);

impl Seed {
    /// The seed of cell `cell` of a study. Cell 0 has the study's seed itself mixed once, like the others.
    pub fn new(study: u64, cell: u64) -> Self {
        Self(mix(mix(study).wrapping_add(mix(cell ^ 0x5851_F42D_4C95_7F2D))))
    }

    /// The seed of part `part` of an ensemble whose parts are independent and number their replicas anew.
    pub fn part(self, part: u64) -> Self {
        Self(mix(self.0 ^ mix(part.wrapping_add(0x2545_F491_4F6C_DD1D))))
    }

    #[inline(always)]
    pub(super) fn key(self) -> [u32; 2] {
        [self.0 as u32, (self.0 >> 32) as u32]
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): a bijection that spreads near seeds apart.
fn mix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// One counter of Philox: replica (40 bits), chunk of steps or single step (40), coordinate (32), purpose (16).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The replica, below 2⁴⁰.
    pub replica: u64,
    /// The chunk of steps, or the step or epoch where a purpose counts in those; below 2⁴⁰.
    pub chunk: u64,
    /// The coordinate, or which of several words.
    pub coordinate: u32,
    /// What the bits are for.
    pub purpose: Purpose,
}

/// Replicas and chunks are numbered below this.
pub(crate) const ADDRESS_LIMIT: u64 = 1 << 40;

impl Address {
    /// The 128 bits at this address.
    #[inline(always)]
    pub fn bits(self, seed: Seed) -> [u32; 4] {
        debug_assert!(self.replica < ADDRESS_LIMIT && self.chunk < ADDRESS_LIMIT);
        let counter = [
            self.replica as u32,
            ((self.replica >> 32) as u32 & 0xFF) | ((self.chunk as u32) << 8),
            ((self.chunk >> 24) as u32 & 0xFFFF) | (u32::from(self.purpose as u16) << 16),
            self.coordinate,
        ];
        philox4x32_10(counter, seed.key())
    }

    /// Two uniform variates in (0, 1) from the bits at this address.
    #[inline(always)]
    pub fn uniforms(self, seed: Seed) -> [f64; 2] {
        let [a, b, c, d] = self.bits(seed);
        let unit = |high: u32, low: u32| {
            let word = (u64::from(high) << 32 | u64::from(low)) >> 12;
            (word as f64 + 0.5) * (1.0 / (1u64 << 52) as f64)
        };
        [unit(a, b), unit(c, d)]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Address, Purpose, Seed};

    #[test]
    fn every_field_reaches_the_counter() {
        let base = Address { replica: 0, chunk: 0, coordinate: 0, purpose: Purpose::Start };
        let mut seen = HashSet::new();
        assert!(seen.insert(base.bits(Seed::new(1, 0))));
        for bit in 0..40 {
            assert!(
                seen.insert(Address { replica: 1 << bit, ..base }.bits(Seed::new(1, 0))),
                "replica bit {bit}"
            );
            assert!(
                seen.insert(Address { chunk: 1 << bit, ..base }.bits(Seed::new(1, 0))),
                "chunk bit {bit}"
            );
        }
        for bit in 0..32 {
            assert!(seen.insert(Address { coordinate: 1 << bit, ..base }.bits(Seed::new(1, 0))));
        }
        assert!(seen.insert(Address { purpose: Purpose::Crossing, ..base }.bits(Seed::new(1, 0))));
        assert!(seen.insert(base.bits(Seed::new(1, 1))));
        assert!(seen.insert(base.bits(Seed::new(2, 0))));
        assert!(seen.insert(base.bits(Seed::new(1, 0).part(0))));
        assert!(seen.insert(base.bits(Seed::new(1, 0).part(1))));
    }
}
