//! How a scalar type is made from random words.

use super::generator::Word;
use super::normal::{pair_f32, pair_f64};
use crate::lanes::Real;

/// A scalar of which random variates can be made.
pub trait Variate: Real {
    /// The word of random bits that one variate takes.
    type Word: Word;

    /// A uniform variate in (0, 1): 52 bits in `f64`, 23 in `f32`, never 0 or 1.
    fn unit(word: Self::Word) -> Self;
    /// Two independent standard normal variates.
    fn normal_pair(radius: Self::Word, angle: Self::Word) -> (Self, Self);
    /// −1 or 1.
    fn sign(word: Self::Word) -> Self;
}

impl Variate for f64 {
    type Word = u64;

    #[inline(always)]
    fn unit(word: u64) -> Self {
        Self::from_bits((word >> 12) | 0x3FF0_0000_0000_0000) - (1.0 - 1.0 / (1u64 << 53) as Self)
    }
    #[inline(always)]
    fn normal_pair(radius: u64, angle: u64) -> (Self, Self) {
        pair_f64(radius, angle)
    }
    #[inline(always)]
    fn sign(word: u64) -> Self {
        Self::from_bits((word & (1 << 63)) | 0x3FF0_0000_0000_0000)
    }
}

impl Variate for f32 {
    type Word = u32;

    #[inline(always)]
    fn unit(word: u32) -> Self {
        Self::from_bits((word >> 9) | 0x3F80_0000) - (1.0 - 1.0 / (1u32 << 24) as Self)
    }
    #[inline(always)]
    fn normal_pair(radius: u32, angle: u32) -> (Self, Self) {
        pair_f32(radius, angle)
    }
    #[inline(always)]
    fn sign(word: u32) -> Self {
        Self::from_bits((word & (1 << 31)) | 0x3F80_0000)
    }
}
