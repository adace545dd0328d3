//! The trace of an operator that can only be applied.

use super::basis::{Basis, dot};
use super::error::KrylovError;
use super::operator::SymmetricOperator;
use super::probes::check_settings;
use super::quadrature::mean_of;
use crate::lanes::Real;
use crate::statistics::Estimate;

/// The trace by Hutch++: exactly on a random subspace Q that holds what is large, tr QᵀAQ, and by random vectors on
/// the rest, E gᵀ(I − QQᵀ)A(I − QQᵀ)g. Meyer, Musco, Musco and Woodruff (SOSA 2021); with Q empty it is Hutchinson's
/// estimator (Commun. Stat. 1989).
///
/// Given Q, the terms of the rest are independent and the estimate is unbiased; the standard error is theirs. It
/// stops on the standard error: successive differences say nothing about the error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HutchPlusPlus {
    /// The dimension of Q; 2 products each.
    pub subspace: usize,
    /// The standard error to stop at, relative to the estimate; 0 to use all vectors.
    pub tolerance: f64,
    /// The fewest vectors for the rest, at least 2.
    pub fewest: usize,
    /// The most vectors for the rest.
    pub most: usize,
}

/// A trace and what it took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TraceEstimate {
    /// The trace; `n` counts the vectors for the rest. The standard error is 0 if the subspace is everything.
    pub trace: Estimate,
    /// The part that is exact, tr QᵀAQ.
    pub on_subspace: f64,
    /// Products with the operator.
    pub products: usize,
}

impl HutchPlusPlus {
    /// Runs with random vectors, which `probe` writes, given their number from 0: independent, with mean 0 and
    /// covariance I (signs or standard normal numbers).
    ///
    /// # Errors
    /// [`KrylovError::OutOfRange`], [`KrylovError::NotFinite`].
    pub fn run<R: Real>(
        &self,
        mut operator: impl SymmetricOperator<R>,
        mut probe: impl FnMut(usize, &mut [R]),
    ) -> Result<TraceEstimate, KrylovError> {
        check_settings(self.fewest, self.most, self.tolerance)?;
        let dimension = operator.dimension();
        let mut vector = vec![R::ZERO; dimension];
        let mut product = vec![R::ZERO; dimension];
        let (mut drawn, mut products) = (0, 0);
        let mut next = |vector: &mut [R]| {
            probe(drawn, vector);
            drawn += 1;
        };
        let mut basis = Basis::new(dimension);
        for _ in 0..self.subspace.min(dimension) {
            next(&mut vector);
            operator.multiply(&vector, &mut product);
            products += 1;
            let left = basis.remove(&mut product, &mut []);
            if !left.before.is_finite() {
                return Err(KrylovError::NotFinite { product: products, format: R::NAME });
            }
            // The image of the operator may be smaller than the subspace asked for.
            if left.after > 1e-5 * left.before {
                basis.push_scaled(&product, left.after.recip());
            }
        }
        let mut on_subspace = 0.0;
        for index in 0..basis.len() {
            operator.multiply(basis.vector(index), &mut product);
            products += 1;
            on_subspace += dot(basis.vector(index), &product);
        }
        if basis.len() == dimension {
            let trace = Estimate::exact(on_subspace);
            return Ok(TraceEstimate { trace, on_subspace, products });
        }
        let mut terms = Vec::new();
        let mut rest = mean_of(&[0.0, 0.0]);
        while terms.len() < self.most {
            next(&mut vector);
            basis.remove(&mut vector, &mut []);
            operator.multiply(&vector, &mut product);
            products += 1;
            let term = dot(&vector, &product);
            if !(term.is_finite() && on_subspace.is_finite()) {
                return Err(KrylovError::NotFinite { product: products, format: R::NAME });
            }
            terms.push(term);
            rest = mean_of(&terms);
            let small = rest.stderr <= self.tolerance * (on_subspace + rest.value).abs();
            if terms.len() >= self.fewest && self.tolerance > 0.0 && small {
                break;
            }
        }
        let trace = Estimate { value: on_subspace + rest.value, ..rest };
        Ok(TraceEstimate { trace, on_subspace, products })
    }
}

#[cfg(test)]
mod tests {
    use super::super::probes::fill_signs;
    use super::*;
    use crate::krylov::VectorProduct;

    /// A = D + uuᵀ with D = diag 1/(i+1) and u = 1/√n: not diagonal, so that signs do not give the trace at once.
    fn product(vector: &[f64], out: &mut [f64]) {
        let mean = vector.iter().sum::<f64>() / vector.len() as f64;
        for (i, (out, value)) in out.iter_mut().zip(vector).enumerate() {
            let next = vector[(i + 1) % vector.len()];
            let previous = vector[(i + vector.len() - 1) % vector.len()];
            *out = value / (i + 1) as f64 + 0.1 * (next + previous) + mean;
        }
    }

    #[test]
    fn the_trace_lies_within_its_stated_error() {
        let dimension = 500;
        let exact: f64 = (1..=dimension).map(|i| 1.0 / i as f64).sum::<f64>() + 1.0;
        let mut squares = 0.0;
        let runs = 60;
        for run in 0..runs {
            let method = HutchPlusPlus { subspace: 10, tolerance: 0.0, fewest: 2, most: 30 };
            let probe = |index: usize, out: &mut [f64]| fill_signs((run * 1000 + index) as u64, out);
            let found = method.run(VectorProduct::new(dimension, product), probe).unwrap();
            assert_eq!(found.products, 10 + 10 + 30);
            squares += found.trace.z_score(exact).powi(2);
        }
        // 60 squared t variates with 29 degrees of freedom: mean 29/27 each, variance about 2.6. Five standard
        // deviations of the sum are 62: a false alarm has a probability below 1e-5. Seeds are fixed.
        assert!((squares - 64.4).abs() < 62.0, "{squares}");
    }

    #[test]
    fn it_stops_on_the_standard_error() {
        let method = HutchPlusPlus { subspace: 10, tolerance: 0.02, fewest: 4, most: 1000 };
        let probe = |index: usize, out: &mut [f64]| fill_signs(77_000 + index as u64, out);
        let found = method.run(VectorProduct::new(500, product), probe).unwrap();
        assert!(found.trace.stderr <= 0.02 * found.trace.value && found.trace.n < 1000, "{found:?}");
    }

    #[test]
    fn a_whole_subspace_is_exact() {
        let method = HutchPlusPlus { subspace: 12, tolerance: 0.01, fewest: 2, most: 10 };
        let probe = |index: usize, out: &mut [f64]| fill_signs(index as u64, out);
        let found = method.run(VectorProduct::new(12, product), probe).unwrap();
        let exact: f64 = (1..=12).map(|i| 1.0 / f64::from(i)).sum::<f64>() + 1.0;
        assert!((found.trace.value - exact).abs() < 1e-12 && found.trace.stderr == 0.0, "{found:?}");
    }
}
