//! Noise whose covariance changes from matrix to matrix where planes are crossed.

use super::Noise;
use crate::lanes::{Block, Scratch};
use crate::random::{Law, Variate};

/// `A z` with normal z and a d × d matrix A that depends on which side of some planes x lies on.
///
/// With `AAᵀ = (scale/B)|H(a)|` around a minimum a and `(scale/B)|H(b)|` beyond the inflection on the way to each saddle b
/// it is the switching diffusion that the theorem on the escape of SGD describes (Z. Xie, I. Sato and M. Sugiyama, ICLR
/// 2021). Itô: D·p, not p, is continuous at a plane.
#[derive(Clone, Debug)]
pub struct SwitchingRoots<R> {
    root: Vec<R>,
    beyond: Vec<Beyond<R>>,
    dimension: usize,
}

#[derive(Clone, Debug)]
struct Beyond<R> {
    normal: Vec<R>,
    offset: R,
    root: Vec<R>,
}

impl<R: Variate> SwitchingRoots<R> {
    /// The root A `[d × d]`, row-major, that holds before every plane.
    pub fn new(root: &[f64], dimension: usize) -> Self {
        debug_assert_eq!(root.len(), dimension * dimension);
        Self { root: rounded(root), beyond: Vec::new(), dimension }
    }

    /// The root `[d × d]` that holds where `normal · x > offset`, `[d]`. Where several planes are passed, the last one
    /// added decides.
    #[must_use]
    pub fn beyond(mut self, normal: &[f64], offset: f64, root: &[f64]) -> Self {
        debug_assert_eq!((normal.len(), root.len()), (self.dimension, self.root.len()));
        let (normal, root) = (rounded(normal), rounded(root));
        self.beyond.push(Beyond { normal, offset: R::from_f64(offset), root });
        self
    }
}

fn rounded<R: Variate>(values: &[f64]) -> Vec<R> {
    values.iter().map(|&value| R::from_f64(value)).collect()
}

impl<R: Variate> Noise<R> for SwitchingRoots<R> {
    fn law(&self) -> Law {
        Law::Normal
    }
    fn variates(&self) -> usize {
        self.dimension
    }
    fn apply_root(&self, at: &Block<R>, z: &[R], scratch: &mut Scratch<R>, out: &mut Block<R>) {
        let lanes = at.lanes();
        product(&self.root, z, lanes, out.values_mut());
        let mut heights = scratch.take(lanes);
        let mut elsewhere = scratch.take(self.dimension * lanes);
        for beyond in &self.beyond {
            heights.fill(-beyond.offset);
            for (coordinate, &entry) in beyond.normal.iter().enumerate() {
                crate::lanes::add_scaled(entry, at.coordinate(coordinate), &mut heights);
            }
            product(&beyond.root, z, lanes, &mut elsewhere);
            for (row, elsewhere) in elsewhere.chunks_exact(lanes).enumerate() {
                let out = out.coordinate_mut(row);
                for ((out, &there), &height) in out.iter_mut().zip(elsewhere).zip(&heights) {
                    *out = if height > R::ZERO { there } else { *out };
                }
            }
        }
        scratch.give(heights);
        scratch.give(elsewhere);
    }
}

/// Writes A z of every lane, `[d × lanes]`.
fn product<R: Variate>(root: &[R], z: &[R], lanes: usize, out: &mut [R]) {
    let dimension = z.len() / lanes;
    for (entries, out) in root.chunks_exact(dimension).zip(out.chunks_exact_mut(lanes)) {
        out.fill(R::ZERO);
        for (&entry, z) in entries.iter().zip(z.chunks_exact(lanes)) {
            if entry != R::ZERO {
                crate::lanes::add_scaled(entry, z, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::Layout;

    #[test]
    fn each_lane_takes_the_matrix_of_its_side() {
        let noise = SwitchingRoots::<f64>::new(&[1.0, 0.0, 0.5, 2.0], 2)
            .beyond(&[1.0, 0.0], 0.5, &[3.0, 0.0, 0.0, 3.0])
            .beyond(&[0.6, 0.8], 2.0, &[0.0, 4.0, 4.0, 0.0]);
        let points = [[0.0, 0.0], [0.6, 0.0], [0.5, 0.0], [0.6, 3.0]];
        let mut at = Block::zeros(2, 4, Layout::CoordinateMajor);
        for (lane, point) in points.iter().enumerate() {
            at.set(0, lane, point[0]);
            at.set(1, lane, point[1]);
        }
        let z = [1.0, 1.0, 1.0, 1.0, 10.0, 10.0, 10.0, 10.0];
        let mut out = at.zeros_like();
        noise.apply_root(&at, &z, &mut Scratch::new(), &mut out);
        assert_eq!(out.coordinate(0), [1.0, 3.0, 1.0, 40.0]);
        // A lane on a plane is not beyond it.
        assert_eq!(out.coordinate(1), [20.5, 30.0, 20.5, 4.0]);
    }
}
