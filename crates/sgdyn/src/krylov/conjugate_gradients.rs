//! Linear systems with a positive definite operator by conjugate gradients.

use super::basis::dot;
use super::error::KrylovError;
use super::operator::SymmetricOperator;
use crate::lanes::{Real, add_scaled};

/// Conjugate gradients for Ax = b with A symmetric and positive definite. Hestenes and Stiefel (J. Res. NBS 1952).
///
/// Every 50 iterations, and at the end, the residual is computed anew from b − Ax, so that what is returned is the
/// residual of the vector returned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConjugateGradients {
    /// The largest |b − Ax|/|b| to be accepted.
    pub tolerance: f64,
    /// Products after which it gives up.
    pub largest_products: usize,
}

/// The solution of a linear system.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution<R> {
    /// x, `[n]`.
    pub vector: Vec<R>,
    /// |b − Ax|/|b|, from a product with x; 0 if b is 0.
    pub residual: f64,
    /// Products with the operator.
    pub products: usize,
}

const RENEWED_EVERY: usize = 50;

impl ConjugateGradients {
    /// Solves Ax = `right`, `[n]`, from x = 0.
    ///
    /// # Errors
    /// [`KrylovError::Length`]; [`KrylovError::NotFinite`]; [`KrylovError::NotPositiveDefinite`] with the curvature
    /// found; [`KrylovError::SolutionNotConverged`].
    pub fn solve<R: Real>(
        &self,
        mut operator: impl SymmetricOperator<R>,
        right: &[R],
    ) -> Result<Solution<R>, KrylovError> {
        let dimension = operator.dimension();
        if right.len() != dimension {
            let found = right.len();
            return Err(KrylovError::Length { what: "the right side", expected: dimension, found });
        }
        let mut vector = vec![R::ZERO; dimension];
        let size = dot(right, right).sqrt();
        if size == 0.0 {
            return Ok(Solution { vector, residual: 0.0, products: 0 });
        }
        let mut rest = right.to_vec();
        let mut direction = right.to_vec();
        let mut product = vec![R::ZERO; dimension];
        let mut square = size * size;
        let mut products = 0;
        for iteration in 1.. {
            operator.multiply(&direction, &mut product);
            products += 1;
            let curvature = dot(&direction, &product);
            if !curvature.is_finite() {
                return Err(KrylovError::NotFinite { product: products, format: R::NAME });
            }
            if curvature <= 0.0 {
                let curvature = curvature / dot(&direction, &direction);
                return Err(KrylovError::NotPositiveDefinite { curvature, iteration });
            }
            let step = square / curvature;
            add_scaled(R::from_f64(step), &direction, &mut vector);
            add_scaled(R::from_f64(-step), &product, &mut rest);
            let mut next = dot(&rest, &rest);
            let done = next.sqrt() <= self.tolerance * size || products >= self.largest_products;
            if done || iteration % RENEWED_EVERY == 0 {
                operator.multiply(&vector, &mut product);
                products += 1;
                for ((rest, &right), &product) in rest.iter_mut().zip(right).zip(&product) {
                    *rest = right - product;
                }
                next = dot(&rest, &rest);
                let residual = next.sqrt() / size;
                if residual <= self.tolerance {
                    return Ok(Solution { vector, residual, products });
                }
                if products >= self.largest_products {
                    let tolerance = self.tolerance;
                    return Err(KrylovError::SolutionNotConverged { residual, tolerance, products });
                }
            }
            let factor = R::from_f64(next / square);
            for (direction, &rest) in direction.iter_mut().zip(&rest) {
                *direction = factor.mul_add(*direction, rest);
            }
            square = next;
        }
        unreachable!("the iterations end with the products")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::krylov::VectorProduct;

    /// −u″ + u on a grid of n points.
    fn helmholtz(vector: &[f64], out: &mut [f64]) {
        let n = vector.len();
        for i in 0..n {
            let left = if i > 0 { vector[i - 1] } else { 0.0 };
            let right = if i + 1 < n { vector[i + 1] } else { 0.0 };
            out[i] = 2.01 * vector[i] - left - right;
        }
    }

    #[test]
    fn a_system_with_a_known_solution() {
        let expected: Vec<f64> = (0..400).map(|i| (0.1 * f64::from(i)).sin()).collect();
        let mut right = vec![0.0; 400];
        helmholtz(&expected, &mut right);
        let method = ConjugateGradients { tolerance: 1e-12, largest_products: 1000 };
        let solution = method.solve(VectorProduct::new(400, helmholtz), &right).unwrap();
        // The error is at most |r|/λ_min with λ_min > 0.01 and |b| < 20 · 4.
        let worst = solution.vector.iter().zip(&expected).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-8 && solution.residual <= 1e-12, "{worst}");
        let few = ConjugateGradients { tolerance: 1e-12, largest_products: 20 };
        let error = few.solve(VectorProduct::new(400, helmholtz), &right).unwrap_err();
        assert!(matches!(error, KrylovError::SolutionNotConverged { .. }));
    }

    #[test]
    fn an_indefinite_operator_is_refused() {
        let saddle = |vector: &[f64], out: &mut [f64]| {
            out[0] = vector[0];
            out[1] = -2.0 * vector[1];
        };
        let method = ConjugateGradients { tolerance: 1e-6, largest_products: 10 };
        let error = method.solve(VectorProduct::new(2, saddle), &[1.0, 1.0]).unwrap_err();
        assert!(
            matches!(error, KrylovError::NotPositiveDefinite { curvature, iteration: 1 } if curvature == -0.5)
        );
    }
}
