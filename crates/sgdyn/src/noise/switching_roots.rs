//! Noise whose covariance changes from matrix to matrix where planes are crossed.

use super::Noise;
use crate::lanes::{Block, Real, Scratch, lane_kernel};
use crate::random::{Law, Variate};

/// A plane `normal · x = offset`, passed where the left side is larger.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// The normal, `[d]`.
    pub normal: Vec<f64>,
    /// The offset, in units of x times those of the normal.
    pub offset: f64,
}

/// `A z` with normal z and a d × d matrix A that depends on which of some planes x has passed.
///
/// With `AAᵀ = (scale/B)|H(a)|` around a minimum a and `(scale/B)|H(b)|` beyond the inflection on the way to each saddle b
/// it is the switching diffusion that the theorem on the escape of SGD describes (Z. Xie, I. Sato and M. Sugiyama, ICLR
/// 2021). Itô: D·p, not p, is continuous at a plane.
#[derive(Clone, Debug)]
pub struct SwitchingRoots<R> {
    normals: Vec<R>,
    offsets: Vec<R>,
    /// `[2^planes × d × d]`.
    roots: Vec<R>,
    dimension: usize,
}

impl<R: Variate> SwitchingRoots<R> {
    /// The most planes that there may be.
    pub const MOST_PLANES: usize = 8;

    /// From p planes, at most [`SwitchingRoots::MOST_PLANES`], and the roots A, `[d × d]` row-major each, one for each of the 2^p sets of
    /// passed planes: bit i of a root's number says that plane i is passed.
    ///
    /// # Panics
    /// If there are too many planes, or the lengths do not fit.
    pub fn new(dimension: usize, planes: &[Plane], roots: &[Vec<f64>]) -> Self {
        assert!(
            planes.len() <= Self::MOST_PLANES && roots.len() == 1 << planes.len(),
            "a root for each set of planes"
        );
        assert!(roots.iter().all(|root| root.len() == dimension * dimension), "square roots");
        assert!(planes.iter().all(|plane| plane.normal.len() == dimension), "normals in space");
        let rounded = |values: &mut dyn Iterator<Item = f64>| values.map(R::from_f64).collect();
        Self {
            normals: rounded(&mut planes.iter().flat_map(|plane| plane.normal.iter().copied())),
            offsets: rounded(&mut planes.iter().map(|plane| plane.offset)),
            roots: rounded(&mut roots.iter().flatten().copied()),
            dimension,
        }
    }
}

#[derive(Default)]
struct Passed(Vec<u32>);

impl<R: Variate> Noise<R> for SwitchingRoots<R> {
    fn law(&self) -> Law {
        Law::Normal
    }
    fn variates(&self) -> usize {
        self.dimension
    }
    fn apply_root(&self, at: &Block<R>, z: &[R], scratch: &mut Scratch<R>, out: &mut Block<R>) {
        let lanes = at.lanes();
        let mut passed = std::mem::take(&mut scratch.workspace::<Passed>().0);
        passed.clear();
        passed.resize(lanes, 0);
        let mut heights = scratch.take(lanes);
        for (plane, (normal, &offset)) in
            self.normals.chunks_exact(self.dimension).zip(&self.offsets).enumerate()
        {
            heights.fill(-offset);
            for (coordinate, &entry) in normal.iter().enumerate().filter(|(_, entry)| **entry != R::ZERO) {
                crate::lanes::add_scaled(entry, at.coordinate(coordinate), &mut heights);
            }
            mark::<R>(&heights, 1 << plane, &mut passed);
        }
        scratch.give(heights);
        out.values_mut().fill(R::ZERO);
        let size = self.dimension * self.dimension;
        for entry in 0..size {
            let column = &z[entry % self.dimension * lanes..][..lanes];
            // Symmetric roots of diagonal matrices are mostly zeros.
            if self.roots.iter().skip(entry).step_by(size).any(|value| *value != R::ZERO) {
                let table = &self.roots[entry..];
                add_chosen::<R>(table, size, &passed, column, out.coordinate_mut(entry / self.dimension));
            }
        }
        scratch.workspace::<Passed>().0 = passed;
    }
}

lane_kernel! {
    fn mark<R: Real>(heights: &[R], bit: u32, passed: &mut [u32]) {
        for (passed, &height) in passed.iter_mut().zip(heights) {
            *passed |= if height > R::ZERO { bit } else { 0 };
        }
    }
}

lane_kernel! {
    fn add_chosen<R: Real>(table: &[R], stride: usize, passed: &[u32], z: &[R], out: &mut [R]) {
        for ((out, &z), &passed) in out.iter_mut().zip(z).zip(passed) {
            *out = table[passed as usize * stride].mul_add(z, *out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::Layout;

    #[test]
    fn each_lane_takes_the_matrix_of_the_planes_that_it_passed() {
        let planes =
            [Plane { normal: vec![1.0, 0.0], offset: 0.5 }, Plane { normal: vec![0.6, 0.8], offset: 2.0 }];
        let roots = [
            vec![1.0, 0.0, 0.5, 2.0],
            vec![3.0, 0.0, 0.0, 3.0],
            vec![7.0, 0.0, 0.0, 7.0],
            vec![0.0, 4.0, 4.0, 0.0],
        ];
        let noise = SwitchingRoots::<f64>::new(2, &planes, &roots);
        let points = [[0.0, 0.0], [0.6, 0.0], [0.5, 0.0], [0.6, 3.0], [0.0, 3.0]];
        let mut at = Block::zeros(2, 5, Layout::CoordinateMajor);
        for (lane, point) in points.iter().enumerate() {
            at.set(0, lane, point[0]);
            at.set(1, lane, point[1]);
        }
        let z = [[1.0; 5], [10.0; 5]].concat();
        let mut out = at.zeros_like();
        noise.apply_root(&at, &z, &mut Scratch::new(), &mut out);
        // A lane on a plane has not passed it.
        assert_eq!(out.coordinate(0), [1.0, 3.0, 1.0, 40.0, 7.0]);
        assert_eq!(out.coordinate(1), [20.5, 30.0, 20.5, 4.0, 70.0]);
    }
}
