//! Noise with one variance inside a region and another outside.

use super::Noise;
use crate::landscape::formula::{CompiledCondition, ConditionWorkspace};
use crate::lanes::{Block, Scratch};
use crate::random::{Law, Variate};

/// Isotropic noise of variance `inside` where a condition holds and `outside` elsewhere: what the theorem on the
/// escape of SGD describes.
pub struct Switching<R> {
    /// The region.
    pub region: CompiledCondition<R>,
    /// The variance in it.
    pub inside: f64,
    /// The variance elsewhere.
    pub outside: f64,
    /// The number of coordinates.
    pub dimension: usize,
}

#[derive(Default)]
struct Mask(Vec<u8>);

impl<R: Variate> Noise<R> for Switching<R> {
    fn law(&self) -> Law {
        Law::Normal
    }
    fn variates(&self) -> usize {
        self.dimension
    }
    fn apply_root(&self, at: &Block<R>, z: &[R], scratch: &mut Scratch<R>, out: &mut Block<R>) {
        let lanes = at.lanes();
        let mut mask = std::mem::take(&mut scratch.workspace::<Mask>().0);
        mask.resize(lanes, 0);
        self.region.mask(at, scratch.workspace::<ConditionWorkspace<R>>(), &mut mask);
        let (inside, outside) = (R::from_f64(self.inside.sqrt()), R::from_f64(self.outside.sqrt()));
        for (z, out) in z.chunks_exact(lanes).zip(out.values_mut().chunks_exact_mut(lanes)) {
            for ((out, &z), &inner) in out.iter_mut().zip(z).zip(&mask) {
                *out = if inner != 0 { inside * z } else { outside * z };
            }
        }
        scratch.workspace::<Mask>().0 = mask;
    }
}
