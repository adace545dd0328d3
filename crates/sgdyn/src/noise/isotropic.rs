//! The same independent noise on every coordinate.

use super::Noise;
use crate::lanes::{Block, Scratch, scale};
use crate::random::{Law, Variate};

/// `s z`, z of any law, independent over coordinates.
#[derive(Clone, Copy, Debug)]
pub struct Isotropic {
    /// The factor s: the standard deviation where z has variance 1.
    pub amplitude: f64,
    /// The law of each coordinate.
    pub law: Law,
    /// The number of coordinates.
    pub dimension: usize,
}

impl<R: Variate> Noise<R> for Isotropic {
    fn law(&self) -> Law {
        self.law
    }
    fn variates(&self) -> usize {
        self.dimension
    }
    fn apply_root(&self, _: &Block<R>, z: &[R], _: &mut Scratch<R>, out: &mut Block<R>) {
        scale(R::from_f64(self.amplitude), z, out.values_mut());
    }
    fn amplitude(&self) -> Option<f64> {
        Some(self.amplitude)
    }
    fn depends_on_state(&self) -> bool {
        false
    }
}
