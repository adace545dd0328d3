//! Noise whose covariance follows the curvature.

use std::sync::Arc;

use super::CovarianceField;
use crate::landscape::HessianProduct;
use crate::lanes::{Block, Scratch};
use crate::random::Variate;

/// `C(x) = scale · |H(x)| + floor · 1`, with the magnitude of a symmetric matrix taken in its eigenbasis.
///
/// Without a floor, noise vanishes at an inflection point of one dimension and the Itô process never crosses it.
#[derive(Clone)]
pub struct HessianCovariance<R: Variate> {
    /// Products with H.
    pub hessian: Arc<dyn HessianProduct<R>>,
    /// The factor of |H|.
    pub scale: f64,
    /// The variance that is left where the curvature vanishes.
    pub floor: f64,
    /// The number of coordinates.
    pub dimension: usize,
}

impl<R: Variate> CovarianceField<R> for HessianCovariance<R> {
    fn dimension(&self) -> usize {
        self.dimension
    }
    fn covariance(&self, at: &Block<R>, scratch: &mut Scratch<R>, entries: &mut [R]) {
        let (d, lanes) = (self.dimension, at.lanes());
        let mut direction = scratch.take_like(at);
        let mut product = scratch.take_like(at);
        for column in 0..d {
            direction.values_mut().fill(R::ZERO);
            direction.coordinate_mut(column).fill(R::ONE);
            self.hessian.hessian_product(at, &direction, scratch, &mut product);
            for row in 0..d {
                entries[(row * d + column) * lanes..][..lanes].copy_from_slice(product.coordinate(row));
            }
        }
        scratch.give(direction.into_values());
        scratch.give(product.into_values());
        let mut matrix = vec![0.0; d * d];
        for lane in 0..lanes {
            for (entry, value) in matrix.iter_mut().enumerate() {
                *value = entries[entry * lanes + lane].to_f64();
            }
            let magnitude = magnitude(&matrix, d);
            for row in 0..d {
                for column in 0..d {
                    let floor = if row == column { self.floor } else { 0.0 };
                    let value = self.scale.mul_add(magnitude[row * d + column], floor);
                    entries[(row * d + column) * lanes + lane] = R::from_f64(value);
                }
            }
        }
    }
}

/// `|A|` of a symmetric matrix `[d × d]`, by Jacobi's cyclic rotations: few flops for small d, and bits that do not depend
/// on a library.
pub fn magnitude(matrix: &[f64], d: usize) -> Vec<f64> {
    const SWEEPS: usize = 30;
    let mut a = matrix.to_vec();
    let mut vectors = vec![0.0; d * d];
    for i in 0..d {
        vectors[i * d + i] = 1.0;
    }
    for _ in 0..SWEEPS {
        let off: f64 =
            (0..d).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| a[i * d + j].abs()).sum();
        let size: f64 = (0..d).map(|i| a[i * d + i].abs()).sum();
        if off <= 1e-17 * size || off == 0.0 {
            break;
        }
        for p in 0..d {
            for q in p + 1..d {
                rotate(&mut a, &mut vectors, d, p, q);
            }
        }
    }
    let mut out = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..d {
            out[i * d + j] =
                (0..d).map(|k| a[k * d + k].abs() * vectors[i * d + k] * vectors[j * d + k]).sum();
        }
    }
    out
}

fn rotate(a: &mut [f64], vectors: &mut [f64], d: usize, p: usize, q: usize) {
    let apq = a[p * d + q];
    if apq == 0.0 {
        return;
    }
    let theta = (a[q * d + q] - a[p * d + p]) / (2.0 * apq);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let t = if theta == 0.0 { 1.0 } else { t };
    let cosine = 1.0 / (t * t + 1.0).sqrt();
    let sine = t * cosine;
    for k in 0..d {
        let (kp, kq) = (a[k * d + p], a[k * d + q]);
        a[k * d + p] = cosine * kp - sine * kq;
        a[k * d + q] = sine * kp + cosine * kq;
    }
    for k in 0..d {
        let (pk, qk) = (a[p * d + k], a[q * d + k]);
        a[p * d + k] = cosine * pk - sine * qk;
        a[q * d + k] = sine * pk + cosine * qk;
        let (kp, kq) = (vectors[k * d + p], vectors[k * d + q]);
        vectors[k * d + p] = cosine * kp - sine * kq;
        vectors[k * d + q] = sine * kp + cosine * kq;
    }
}

#[cfg(test)]
mod tests {
    use super::magnitude;

    /// |A|² = A², and |A| of a reflection is the unit matrix.
    #[test]
    fn the_magnitude_squares_to_the_square() {
        let a = [1.0, 2.0, -0.5, 2.0, -3.0, 0.3, -0.5, 0.3, 0.7];
        let m = magnitude(&a, 3);
        let square = |x: &[f64], i: usize, j: usize| (0..3).map(|k| x[i * 3 + k] * x[k * 3 + j]).sum::<f64>();
        for i in 0..3 {
            for j in 0..3 {
                assert!((square(&a, i, j) - square(&m, i, j)).abs() < 1e-13);
            }
        }
        assert!(
            magnitude(&[0.0, 1.0, 1.0, 0.0], 2)
                .iter()
                .zip([1.0, 0.0, 0.0, 1.0])
                .all(|(x, y)| (x - y).abs() < 1e-15)
        );
    }
}
