//! Vectors that estimates and iterations begin from.

use super::error::KrylovError;
use crate::lanes::Real;

/// Checks the settings of an estimate from random vectors: from `fewest` to `most` of them, until `tolerance`.
pub(super) fn check_settings(fewest: usize, most: usize, tolerance: f64) -> Result<(), KrylovError> {
    if fewest < 2 || most < fewest {
        let (value, allowed) = (fewest as f64, format!("from 2 to `most`, {most}"));
        return Err(KrylovError::OutOfRange { name: "fewest", value, allowed });
    }
    if tolerance.is_nan() || tolerance < 0.0 {
        let (value, allowed) = (tolerance, "0 or a positive number".to_owned());
        return Err(KrylovError::OutOfRange { name: "tolerance", value, allowed });
    }
    Ok(())
}

/// Fills `out` with values of ±1 without structure: bits of SplitMix64 at (`stream`, place). Steele, Lea and Flood
/// (OOPSLA 2014).
pub(super) fn fill_signs<R: Real>(stream: u64, out: &mut [R]) {
    for (word, values) in out.chunks_mut(64).enumerate() {
        let mut bits = (stream << 40).wrapping_add(word as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        for value in values {
            *value = if bits & 1 == 0 { R::ONE } else { -R::ONE };
            bits >>= 1;
        }
    }
}
