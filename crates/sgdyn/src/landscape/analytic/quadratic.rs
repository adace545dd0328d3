//! Quadratic landscapes.

use crate::landscape::{Drift, HessianProduct, Landscape};
use crate::lanes::{Block, Real, Scratch, add_scaled, lane_kernel, scale};

/// `L(x) = ½ Σᵢ hᵢ xᵢ²`; a curvature of 0 is a flat direction.
#[derive(Clone, Debug)]
pub struct DiagonalQuadratic<R> {
    curvatures: Vec<R>,
}

impl<R: Real> DiagonalQuadratic<R> {
    /// From the curvatures hᵢ, one for each coordinate.
    pub fn new(curvatures: &[f64]) -> Self {
        Self { curvatures: curvatures.iter().map(|&h| R::from_f64(h)).collect() }
    }
}

impl<R: Real> Drift<R> for DiagonalQuadratic<R> {
    fn dimension(&self) -> usize {
        self.curvatures.len()
    }
    fn drift(&self, at: &Block<R>, _: &mut Scratch<R>, out: &mut Block<R>) {
        for (c, &h) in self.curvatures.iter().enumerate() {
            scale(-h, at.coordinate(c), out.coordinate_mut(c));
        }
    }
}

impl<R: Real> Landscape<R> for DiagonalQuadratic<R> {
    fn loss(&self, at: &Block<R>, _: &mut Scratch<R>, out: &mut [R]) {
        out.fill(R::ZERO);
        for (c, &h) in self.curvatures.iter().enumerate() {
            for (out, &x) in out.iter_mut().zip(at.coordinate(c)) {
                *out = (R::from_f64(0.5) * h * x).mul_add(x, *out);
            }
        }
    }
}

impl<R: Real> HessianProduct<R> for DiagonalQuadratic<R> {
    fn hessian_product(&self, _: &Block<R>, direction: &Block<R>, _: &mut Scratch<R>, out: &mut Block<R>) {
        for (c, &h) in self.curvatures.iter().enumerate() {
            scale(h, direction.coordinate(c), out.coordinate_mut(c));
        }
    }
}

/// `L(x) = ½ xᵀHx` with a full symmetric matrix.
#[derive(Clone, Debug)]
pub struct FullQuadratic<R> {
    hessian: Vec<R>,
    dimension: usize,
}

impl<R: Real> FullQuadratic<R> {
    /// From H, `[d × d]` row-major and symmetric.
    pub fn new(hessian: &[f64], dimension: usize) -> Self {
        debug_assert_eq!(hessian.len(), dimension * dimension);
        Self { hessian: hessian.iter().map(|&h| R::from_f64(h)).collect(), dimension }
    }
}

impl<R: Real> Drift<R> for FullQuadratic<R> {
    fn dimension(&self) -> usize {
        self.dimension
    }
    fn drift(&self, at: &Block<R>, scratch: &mut Scratch<R>, out: &mut Block<R>) {
        self.hessian_product(at, at, scratch, out);
        negate(out.values_mut());
    }
}

impl<R: Real> Landscape<R> for FullQuadratic<R> {
    fn loss(&self, at: &Block<R>, scratch: &mut Scratch<R>, out: &mut [R]) {
        let mut product = at.zeros_like();
        self.hessian_product(at, at, scratch, &mut product);
        out.fill(R::ZERO);
        for c in 0..self.dimension {
            for ((out, &x), &hx) in out.iter_mut().zip(at.coordinate(c)).zip(product.coordinate(c)) {
                *out = (R::from_f64(0.5) * x).mul_add(hx, *out);
            }
        }
    }
}

impl<R: Real> HessianProduct<R> for FullQuadratic<R> {
    fn hessian_product(&self, _: &Block<R>, direction: &Block<R>, _: &mut Scratch<R>, out: &mut Block<R>) {
        for (row, entries) in self.hessian.chunks_exact(self.dimension).enumerate() {
            out.coordinate_mut(row).fill(R::ZERO);
            for (column, &entry) in entries.iter().enumerate() {
                add_scaled(entry, direction.coordinate(column), out.coordinate_mut(row));
            }
        }
    }
}

lane_kernel! {
    fn negate<R: Real>(values: &mut [R]) {
        for value in values {
            *value = -*value;
        }
    }
}
