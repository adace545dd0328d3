//! What a noise law offers.

use crate::lanes::{Block, Scratch};
use crate::random::{Law, Variate};

/// Noise `σ(x) z` with independent variates z, so that its covariance is `C(x) = σ(x) σ(x)ᵀ · Var z`.
///
/// Itô: σ is evaluated at the start of a step.
pub trait Noise<R: Variate>: Send + Sync {
    /// The law of each variate.
    fn law(&self) -> Law;
    /// The number m of variates that one draw takes in `dimension` coordinates.
    fn variates(&self) -> usize;
    /// Writes `σ(x) z` of every lane to `out`; `z` is `[m × lanes]`, variate-major.
    fn apply_root(&self, at: &Block<R>, z: &[R], scratch: &mut Scratch<R>, out: &mut Block<R>);
    /// `Some(s)` where `σ(x) = s·1` everywhere and m = d, which rules add without a detour.
    fn amplitude(&self) -> Option<f64> {
        None
    }
    /// Whether σ depends on x.
    fn depends_on_state(&self) -> bool {
        true
    }
}
