//! The diagonal of an operator by random signs, with its standard errors.

use super::error::KrylovError;
use super::operator::SymmetricOperator;
use super::probes::check_settings;
use super::quadrature::mean_of;
use crate::lanes::Real;
use crate::statistics::Estimate;

/// The diagonal by products with random signs z: E zᵢ(Az)ᵢ = Aᵢᵢ, with the variance Σ_{j≠i} Aᵢⱼ² per vector. Bekas, Kokiopoulou
/// and Saad (Appl. Numer. Math. 2007); its sum is Hutchinson's estimator of the trace.
///
/// It stops on the standard errors, |s|/|d| with the errors s and the estimates d of all entries. Since the error of a
/// mean falls as 1/√m, a tenth of it takes a hundred times the products.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diagonal {
    /// The |s|/|d| to stop at; 0 to use all vectors.
    pub tolerance: f64,
    /// The fewest vectors, at least 2.
    pub fewest: usize,
    /// The most vectors.
    pub most: usize,
}

/// A diagonal and what it took.
#[derive(Clone, Debug, PartialEq)]
pub struct DiagonalEstimate {
    /// d, `[n]`.
    pub values: Vec<f64>,
    /// The standard error s of each, `[n]`.
    pub stderrs: Vec<f64>,
    /// |s|/|d|.
    pub relative_error: f64,
    /// The sum of d, with the standard error of the sums of single vectors: entries share their vectors.
    pub trace: Estimate,
    /// Products with the operator.
    pub products: usize,
}

impl Diagonal {
    /// Runs with vectors of independent signs ±1, which `probe` writes, given their number from 0.
    ///
    /// # Errors
    /// [`KrylovError::OutOfRange`], [`KrylovError::NotFinite`].
    pub fn run<R: Real>(
        &self,
        mut operator: impl SymmetricOperator<R>,
        mut probe: impl FnMut(usize, &mut [R]),
    ) -> Result<DiagonalEstimate, KrylovError> {
        check_settings(self.fewest, self.most, self.tolerance)?;
        let dimension = operator.dimension();
        let (mut signs, mut product) = (vec![R::ZERO; dimension], vec![R::ZERO; dimension]);
        // Welford's mean and sum of squared deviations.
        let (mut values, mut squares) = (vec![0.0; dimension], vec![0.0; dimension]);
        let (mut products, mut sums) = (0, Vec::new());
        loop {
            probe(products, &mut signs);
            operator.multiply(&signs, &mut product);
            products += 1;
            let count = products as f64;
            let mut own = 0.0;
            for ((value, square), (&sign, &entry)) in
                values.iter_mut().zip(&mut squares).zip(signs.iter().zip(&product))
            {
                let term = sign.to_f64() * entry.to_f64();
                own += term;
                let before = term - *value;
                *value += before / count;
                *square += before * (term - *value);
            }
            sums.push(own);
            let sum: f64 = values.iter().map(|value| value * value).sum();
            if !sum.is_finite() {
                return Err(KrylovError::NotFinite { product: products, format: R::NAME });
            }
            if products < self.fewest {
                continue;
            }
            let scale = 1.0 / ((count - 1.0) * count);
            let relative_error = (scale * squares.iter().sum::<f64>() / sum.max(f64::MIN_POSITIVE)).sqrt();
            if products == self.most || (self.tolerance > 0.0 && relative_error <= self.tolerance) {
                let stderrs = squares.iter().map(|square| (scale * square).sqrt()).collect();
                let trace = mean_of(&sums);
                return Ok(DiagonalEstimate { values, stderrs, relative_error, trace, products });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::probes::fill_signs;
    use super::*;
    use crate::krylov::VectorProduct;

    /// Aᵢᵢ = 1 + i, and 0.3 beside the diagonal of a ring: Σ_{j≠i} Aᵢⱼ² = 0.18.
    fn product(vector: &[f64], out: &mut [f64]) {
        let n = vector.len();
        for i in 0..n {
            out[i] = (1 + i) as f64 * vector[i] + 0.3 * (vector[(i + 1) % n] + vector[(i + n - 1) % n]);
        }
    }

    #[test]
    fn entries_lie_within_their_errors() {
        let (dimension, most) = (200, 64);
        let method = Diagonal { tolerance: 0.0, fewest: 2, most };
        let probe = |index: usize, out: &mut [f64]| fill_signs(5_000 + index as u64, out);
        let found = method.run(VectorProduct::new(dimension, product), probe).unwrap();
        assert_eq!(found.products, most);
        let mut squares = 0.0;
        for (i, (value, stderr)) in found.values.iter().zip(&found.stderrs).enumerate() {
            // √(0.18/64), measured from 64 terms: 5 of its own standard errors, √(2/63)/2, are 45 %.
            assert!((stderr / (0.18_f64 / 64.0).sqrt() - 1.0).abs() < 0.45, "{i}: {stderr}");
            squares += ((value - (1 + i) as f64) / stderr).powi(2);
        }
        let exact: f64 = (1..=dimension).map(|value| value as f64).sum();
        assert!(found.trace.z_score(exact).abs() < 4.5, "{}", found.trace);
        // 200 squared t variates with 63 degrees of freedom, mean 63/61 and variance about 2.3: neighbours share signs, which
        // at most doubles the variance of the sum. Five of its standard deviations are 152: below 1e-6. Seeds are fixed.
        assert!((squares - 206.6).abs() < 152.0, "{squares}");
    }

    #[test]
    fn it_stops_on_the_standard_error_and_is_exact_for_a_diagonal() {
        let probe = |index: usize, out: &mut [f64]| fill_signs(9_000 + index as u64, out);
        let method = Diagonal { tolerance: 1e-3, fewest: 2, most: 10_000 };
        let found = method.run(VectorProduct::new(50, product), probe).unwrap();
        assert!(found.relative_error <= 1e-3 && found.products < 10_000, "{}", found.products);
        let diagonal = |vector: &[f64], out: &mut [f64]| {
            for (i, (out, value)) in out.iter_mut().zip(vector).enumerate() {
                *out = i as f64 * value;
            }
        };
        let found = method.run(VectorProduct::new(50, diagonal), probe).unwrap();
        assert!(found.products == 2 && found.values.iter().enumerate().all(|(i, &value)| value == i as f64));
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let run = |method: Diagonal| {
            method.run(VectorProduct::new(3, product), |_, out: &mut [f64]| out.fill(1.0)).unwrap_err()
        };
        let method = Diagonal { tolerance: 0.1, fewest: 2, most: 4 };
        assert!(matches!(
            run(Diagonal { fewest: 1, ..method }),
            KrylovError::OutOfRange { name: "fewest", .. }
        ));
        let error = run(Diagonal { tolerance: f64::NAN, ..method });
        assert!(matches!(error, KrylovError::OutOfRange { name: "tolerance", .. }));
    }
}
