//! The mean of several draws, for laws that are not stable under addition.

use super::Noise;
use crate::lanes::{Block, Scratch, add_scaled};
use crate::random::{Law, Variate};

/// `(s/B) Σ z` over B draws per coordinate.
#[derive(Clone, Copy, Debug)]
pub struct Averaged {
    /// The factor s of one draw.
    pub scale: f64,
    /// The law of one draw.
    pub law: Law,
    /// The number B of draws.
    pub draws: usize,
    /// The number of coordinates.
    pub dimension: usize,
}

impl<R: Variate> Noise<R> for Averaged {
    fn law(&self) -> Law {
        self.law
    }
    fn variates(&self) -> usize {
        self.draws * self.dimension
    }
    fn apply_root(&self, _: &Block<R>, z: &[R], _: &mut Scratch<R>, out: &mut Block<R>) {
        let factor = R::from_f64(self.scale / self.draws as f64);
        out.values_mut().fill(R::ZERO);
        for draw in z.chunks_exact(out.values().len()) {
            add_scaled(factor, draw, out.values_mut());
        }
    }
    fn depends_on_state(&self) -> bool {
        false
    }
}
