//! Spectral densities by stochastic Lanczos quadrature.

use faer::{Mat, Side};

use super::basis::{Basis, dot};
use super::error::KrylovError;
use super::operator::SymmetricOperator;
use crate::lanes::Real;
use crate::statistics::Estimate;

/// A Gauss quadrature of the spectral measure of a vector: uᵀf(A)u/|u|² ≈ Σ weights · f(nodes), exact for polynomials
/// up to degree 2·(number of nodes) − 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Quadrature {
    /// Ritz values, ascending.
    pub nodes: Vec<f64>,
    /// Squared first components of the eigenvectors of the Jacobi matrix; their sum is 1.
    pub weights: Vec<f64>,
}

impl Quadrature {
    /// Σ weights · f(nodes).
    pub fn apply(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.nodes.iter().zip(&self.weights).map(|(&node, weight)| weight * f(node)).sum()
    }

    /// Bounds on the part of the measure that is at most `x`, for any measure with these moments: with nodes θₖ ≤ x < θₖ₊₁ it
    /// lies between w₁ + … + wₖ₋₁ and w₁ + … + wₖ₊₁. The inequalities of Chebyshev, Markov and Stieltjes; Szegő (1975, § 3.41).
    pub fn cumulative_bounds(&self, x: f64) -> [f64; 2] {
        let below = self.nodes.partition_point(|&node| node <= x);
        let sum = |count: usize| self.weights[..count.min(self.weights.len())].iter().sum::<f64>();
        [sum(below.saturating_sub(1)), sum(below + 1)]
    }
}

/// The quadrature of up to `steps` nodes of the spectral measure of `start`, `[n]`: fewer if the Krylov space ends.
///
/// Golub and Welsch (Math. Comp. 1969), by the Lanczos method with full reorthogonalisation: without it, converged
/// eigenvalues would return as copies.
///
/// # Errors
/// [`KrylovError::Length`], [`KrylovError::OutOfRange`] for no step or a start of 0, [`KrylovError::NotFinite`].
pub fn lanczos_quadrature<R: Real>(
    operator: &mut impl SymmetricOperator<R>,
    start: &[R],
    steps: usize,
) -> Result<Quadrature, KrylovError> {
    let dimension = operator.dimension();
    if start.len() != dimension {
        let found = start.len();
        return Err(KrylovError::Length { what: "the start", expected: dimension, found });
    }
    let norm = dot(start, start).sqrt();
    let wrong = |name, value, allowed: &str| {
        Err(KrylovError::OutOfRange { name, value, allowed: allowed.to_owned() })
    };
    if steps == 0 {
        return wrong("steps", 0.0, "at least 1");
    }
    if !(norm.is_finite() && norm > 0.0) {
        return wrong("the norm of the start", norm, "a finite vector other than 0");
    }
    let mut basis = Basis::new(dimension);
    basis.push_scaled(start, norm.recip());
    let mut product = vec![R::ZERO; dimension];
    let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
    loop {
        let index = basis.len() - 1;
        operator.multiply(basis.vector(index), &mut product);
        let mut components = vec![0.0; basis.len()];
        let left = basis.remove(&mut product, &mut components);
        if !left.before.is_finite() {
            return Err(KrylovError::NotFinite { product: index + 1, format: R::NAME });
        }
        diagonal.push(components[index]);
        let rounding = if size_of::<R>() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON };
        if diagonal.len() == steps.min(dimension) || left.after <= 8.0 * rounding * left.before {
            break;
        }
        beside.push(left.after);
        basis.push_scaled(&product, left.after.recip());
    }
    let size = diagonal.len();
    let jacobi = Mat::from_fn(size, size, |i, j| match i.abs_diff(j) {
        0 => diagonal[i],
        1 => beside[i.min(j)],
        _ => 0.0,
    });
    let eigen = jacobi.self_adjoint_eigen(Side::Lower).map_err(|_| KrylovError::Dense { dimension: size })?;
    let nodes = (0..size).map(|index| eigen.S()[index]).collect();
    let weights = (0..size).map(|index| eigen.U()[(0, index)].powi(2)).collect();
    Ok(Quadrature { nodes, weights })
}

/// The spectral density of an operator from the quadratures of several random vectors: stochastic Lanczos quadrature.
/// Ubaru, Chen and Saad (SIAM J. Matrix Anal. Appl. 2017).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpectralDensity {
    /// One per vector.
    pub quadratures: Vec<Quadrature>,
}

impl SpectralDensity {
    /// Quadratures of `steps` nodes for `count` vectors, which `probe` writes, given their number from 0: independent,
    /// with mean 0 and covariance I (signs or standard normal numbers).
    ///
    /// # Errors
    /// As [`lanczos_quadrature`].
    pub fn sample<R: Real>(
        mut operator: impl SymmetricOperator<R>,
        count: usize,
        steps: usize,
        mut probe: impl FnMut(usize, &mut [R]),
    ) -> Result<Self, KrylovError> {
        let mut start = vec![R::ZERO; operator.dimension()];
        let quadratures = (0..count).map(|index| {
            probe(index, &mut start);
            lanczos_quadrature(&mut operator, &start, steps)
        });
        Ok(Self { quadratures: quadratures.collect::<Result<_, _>>()? })
    }

    /// tr f(A)/n, the mean of f over the spectrum, with the standard error over vectors. The error of the quadrature
    /// is not part of it; it is 0 for polynomials of degree below twice the number of nodes.
    pub fn mean(&self, f: impl Fn(f64) -> f64) -> Estimate {
        let values: Vec<f64> = self.quadratures.iter().map(|quadrature| quadrature.apply(&f)).collect();
        mean_of(&values)
    }

    /// The part of the eigenvalues that are at most `x`, with its standard error.
    pub fn cumulative(&self, x: f64) -> Estimate {
        self.mean(|node| f64::from(u8::from(node <= x)))
    }
}

impl SpectralDensity {
    /// Bounds on what [`SpectralDensity::cumulative`] would be with exact quadratures of the same vectors: its error of
    /// quadrature, which the standard error does not hold.
    pub fn cumulative_bounds(&self, x: f64) -> [f64; 2] {
        let bounds = self.quadratures.iter().map(|quadrature| quadrature.cumulative_bounds(x));
        let sums = bounds.fold([0.0, 0.0], |sums, bounds| [sums[0] + bounds[0], sums[1] + bounds[1]]);
        sums.map(|sum| sum / self.quadratures.len() as f64)
    }

    /// The density of the spectrum at `x`, smoothed by a normal law of standard deviation `width`, with its standard error
    /// over vectors: (1/n) Σ φ((x − λᵢ)/width)/width.
    pub fn smoothed(&self, x: f64, width: f64) -> Estimate {
        let norm = 1.0 / (width * std::f64::consts::TAU.sqrt());
        self.mean(|node| norm * Real::exp(-0.5 * ((x - node) / width).powi(2)))
    }
}

/// The mean with its standard error, NaN for fewer than 2 values.
pub(super) fn mean_of(values: &[f64]) -> Estimate {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let square: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let stderr = if values.len() < 2 { f64::NAN } else { (square / (count - 1.0) / count).sqrt() };
    Estimate { value: mean, stderr, n: values.len() as u64 }
}

#[cfg(test)]
mod tests {
    use super::super::probes::fill_signs;
    use super::*;
    use crate::krylov::VectorProduct;

    #[test]
    fn moments_of_the_spectral_measure_are_exact() {
        // Eigenvalues i/40 in the basis of coordinates: the measure of u has weights uᵢ².
        let dimension = 40;
        let mut operator = VectorProduct::new(dimension, |vector: &[f64], out: &mut [f64]| {
            for (i, (out, value)) in out.iter_mut().zip(vector).enumerate() {
                *out = i as f64 / 40.0 * value;
            }
        });
        let start: Vec<f64> = (0..dimension).map(|i| 1.0 + (i % 7) as f64).collect();
        let quadrature = lanczos_quadrature(&mut operator, &start, 6).unwrap();
        assert_eq!(quadrature.nodes.len(), 6);
        let norm = dot(&start, &start);
        for power in 0..12 {
            let expected: f64 =
                start.iter().enumerate().map(|(i, u)| u * u * (i as f64 / 40.0).powi(power)).sum::<f64>()
                    / norm;
            let found = quadrature.apply(|node| node.powi(power));
            assert!((found - expected).abs() < 1e-14, "{power}: {found} {expected}");
        }
        let whole = lanczos_quadrature(&mut operator, &start, 100).unwrap();
        assert!(whole.nodes.len() <= dimension);
    }

    #[test]
    fn the_measure_lies_within_its_bounds() {
        let dimension = 60;
        let value = |i: usize| (i as f64 / 10.0).powi(2);
        let mut operator = VectorProduct::new(dimension, |vector: &[f64], out: &mut [f64]| {
            for (i, (out, entry)) in out.iter_mut().zip(vector).enumerate() {
                *out = value(i) * entry;
            }
        });
        let start: Vec<f64> = (0..dimension).map(|i| 1.0 + (i % 5) as f64).collect();
        let quadrature = lanczos_quadrature(&mut operator, &start, 9).unwrap();
        let norm = dot(&start, &start);
        let mut widest = 0.0_f64;
        for step in 0..400 {
            let x = 0.1 * f64::from(step) - 1.0;
            let exact: f64 = (0..dimension).filter(|&i| value(i) <= x).map(|i| start[i].powi(2)).sum();
            let [least, most] = quadrature.cumulative_bounds(x);
            assert!(least - 1e-12 <= exact / norm && exact / norm <= most + 1e-12, "{x}: {least} {most}");
            widest = widest.max(most - least);
        }
        // Two weights of nine nodes: bounds that say something.
        assert!(widest < 0.5, "{widest}");
    }

    #[test]
    fn the_density_of_a_laplacian() {
        // The periodic Laplacian has the spectral density of 2 − 2 cos φ: mean 2, mean square 6.
        let dimension = 3000;
        let laplacian = VectorProduct::new(dimension, move |vector: &[f64], out: &mut [f64]| {
            for i in 0..dimension {
                let (left, right) = ((i + dimension - 1) % dimension, (i + 1) % dimension);
                out[i] = 2.0 * vector[i] - vector[left] - vector[right];
            }
        });
        let density =
            SpectralDensity::sample(laplacian, 12, 40, |index, out| fill_signs(100 + index as u64, out))
                .unwrap();
        let square = density.mean(|node| node * node);
        // 4.3 standard errors of 12 vectors: below 0.1 % (t distribution); the vectors are the same in every run.
        assert!(square.z_score(6.0).abs() < 4.3, "{square}");
        let below = density.cumulative(1.0);
        // arccos(1/2)/π = 1/3 of the angles; 40 nodes resolve about 1/40 of the spectrum.
        assert!((below.value - 1.0 / 3.0).abs() < 0.03 && below.n == 12, "{below}");
    }

    #[test]
    fn bad_starts_are_refused() {
        let mut identity =
            VectorProduct::new(3, |vector: &[f64], out: &mut [f64]| out.copy_from_slice(vector));
        assert!(matches!(lanczos_quadrature(&mut identity, &[1.0], 2), Err(KrylovError::Length { .. })));
        assert!(matches!(
            lanczos_quadrature(&mut identity, &[0.0; 3], 2),
            Err(KrylovError::OutOfRange { .. })
        ));
        assert!(matches!(
            lanczos_quadrature(&mut identity, &[1.0; 3], 0),
            Err(KrylovError::OutOfRange { .. })
        ));
        assert_eq!(lanczos_quadrature(&mut identity, &[1.0; 3], 2).unwrap().weights.len(), 1);
    }
}
