//! Starting vectors that are the same everywhere.

use crate::lanes::Real;

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
