//! Noise with a constant covariance, full or of low rank.

use super::Noise;
use crate::lanes::{Block, Scratch, add_scaled};
use crate::random::{Law, Variate};

/// `A z` with a constant d × m matrix A and normal z: covariance AAᵀ.
#[derive(Clone, Debug)]
pub struct ConstantRoot<R> {
    root: Vec<R>,
    variates: usize,
}

impl<R: Variate> ConstantRoot<R> {
    /// From the root A, `[d × m]` row-major.
    pub fn new(root: &[f64], variates: usize) -> Self {
        debug_assert_eq!(root.len() % variates, 0);
        Self { root: root.iter().map(|&value| R::from_f64(value)).collect(), variates }
    }
}

impl<R: Variate> Noise<R> for ConstantRoot<R> {
    fn law(&self) -> Law {
        Law::Normal
    }
    fn variates(&self) -> usize {
        self.variates
    }
    fn apply_root(&self, at: &Block<R>, z: &[R], _: &mut Scratch<R>, out: &mut Block<R>) {
        let lanes = at.lanes();
        for (row, entries) in self.root.chunks_exact(self.variates).enumerate() {
            let out = out.coordinate_mut(row);
            out.fill(R::ZERO);
            for (&entry, z) in entries.iter().zip(z.chunks_exact(lanes)) {
                if entry != R::ZERO {
                    add_scaled(entry, z, out);
                }
            }
        }
    }
    fn depends_on_state(&self) -> bool {
        false
    }
}
