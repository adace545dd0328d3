//! The two simplest risks: the mean of points, and a flat loss with constant per-sample gradients.

use faer::{Mat, MatRef};

use super::curvature::SampleCurvature;
use super::data::Dataset;
use super::empirical::{EmpiricalRisk, Workspace, check_batch};
use super::error::RiskError;
use crate::lanes::{Block, Layout, Real, lane_kernel};

/// ℓᵢ(θ) = ½h|θ|² − xᵢ·θ + ½h|xᵢ|² for points xᵢ ∈ R^d, with curvature h = 1 or 0.
///
/// The gradient of a sample is hθ − xᵢ: its noise does not depend on θ, so that all that is seen is due to the
/// sampling scheme and the update rule.
#[derive(Clone, Debug)]
pub struct PointRisk<R> {
    curvature: R,
    dimension: usize,
    /// `[samples × dimension]`.
    points: Vec<R>,
}

impl<R: Real> PointRisk<R> {
    /// Estimation of the mean, ℓᵢ = ½|θ − xᵢ|², with the samples' features as points (labels are not used).
    ///
    /// # Errors
    /// [`RiskError::TooManySamples`].
    pub fn mean(data: &Dataset) -> Result<Self, RiskError> {
        Self::with_points(data, R::ONE, data.values().iter().map(|&value| R::from_f64(value)).collect())
    }

    /// A flat loss, ℓᵢ = aᵢ·θ, with the samples' features, centred, as slopes aᵢ (labels are not used): Σ aᵢ = 0 to
    /// rounding, so that the full gradient vanishes everywhere.
    ///
    /// # Errors
    /// [`RiskError::TooManySamples`].
    pub fn flat(data: &Dataset) -> Result<Self, RiskError> {
        let (samples, features) = (data.samples(), data.features());
        let means: Vec<f64> = (0..features)
            .map(|column| data.values().iter().skip(column).step_by(features).sum::<f64>() / samples as f64)
            .collect();
        let slopes = data.values().chunks_exact(features).flat_map(|row| row.iter().zip(&means));
        Self::with_points(data, R::ZERO, slopes.map(|(value, mean)| R::from_f64(mean - value)).collect())
    }

    fn with_points(data: &Dataset, curvature: R, points: Vec<R>) -> Result<Self, RiskError> {
        let samples = data.samples();
        if u32::try_from(samples).is_err() {
            return Err(RiskError::TooManySamples { data: data.name().to_owned(), samples });
        }
        Ok(Self { curvature, dimension: data.features(), points })
    }
}

impl<R: Real> EmpiricalRisk<R> for PointRisk<R> {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn samples(&self) -> usize {
        self.points.len() / self.dimension
    }

    fn layout(&self) -> Layout {
        Layout::CoordinateMajor
    }

    fn minibatch_gradient(
        &self,
        at: &Block<R>,
        indices: &[u32],
        batch_size: usize,
        workspace: &mut Workspace<R>,
        out: &mut Block<R>,
    ) {
        check_batch(self, at, indices, batch_size, out);
        let sums = workspace.scratch(at.lanes());
        points_gradient(self.curvature, &self.points, indices, at.values(), sums, out.values_mut());
    }

    fn loss(&self, at: &Block<R>, out: &mut [f64]) {
        assert_eq!(at.dimension(), self.dimension, "a block has the dimension of the risk");
        assert_eq!(out.len(), at.lanes(), "each lane has a loss");
        let curvature = self.curvature.to_f64();
        for (lane, loss) in out.iter_mut().enumerate() {
            let theta: Vec<f64> = (0..self.dimension).map(|c| at.get(c, lane).to_f64()).collect();
            let mut sum = 0.0;
            for point in self.points.chunks_exact(self.dimension) {
                for (&theta, x) in theta.iter().zip(point) {
                    let x = x.to_f64();
                    // ½h(θ − x)² − (1 − h)xθ: the square is not expanded, or it would cancel near the minimum.
                    sum += 0.5 * curvature * (theta - x).powi(2) - (1.0 - curvature) * x * theta;
                }
            }
            *loss = sum / self.samples() as f64;
        }
    }
}

lane_kernel! {
    /// h·θ minus the mean of each lane's points; `at` and `out` are `[dimension × lanes]`, `sums` is `[lanes]`.
    fn points_gradient<R: Real>(
        curvature: R,
        points: &[R],
        indices: &[u32],
        at: &[R],
        sums: &mut [R],
        out: &mut [R],
    ) {
        let lanes = sums.len();
        let dimension = at.len() / lanes;
        let inverse = R::ONE / R::from_f64((indices.len() / lanes) as f64);
        for (coordinate, (at, out)) in at.chunks_exact(lanes).zip(out.chunks_exact_mut(lanes)).enumerate() {
            sums.fill(R::ZERO);
            for indices in indices.chunks_exact(lanes) {
                for (sum, &index) in sums.iter_mut().zip(indices) {
                    *sum += points[index as usize * dimension + coordinate];
                }
            }
            for ((out, &at), &sum) in out.iter_mut().zip(at).zip(sums.iter()) {
                *out = curvature.mul_add(at, -(sum * inverse));
            }
        }
    }
}

impl SampleCurvature for PointRisk<f64> {
    fn sample_gradient(&self, at: &[f64], sample: usize, out: &mut [f64]) {
        let point = &self.points[sample * self.dimension..][..self.dimension];
        for ((out, &theta), &x) in out.iter_mut().zip(at).zip(point) {
            *out = self.curvature.mul_add(theta, -x);
        }
    }

    fn hessian(&self, _at: &[f64]) -> Mat<f64> {
        Mat::from_fn(self.dimension, self.dimension, |i, j| if i == j { self.curvature } else { 0.0 })
    }

    fn hessian_vector(&self, _at: &[f64], vector: &[f64], out: &mut [f64]) {
        for (out, &value) in out.iter_mut().zip(vector) {
            *out = self.curvature * value;
        }
    }

    fn fluctuation(&self, _at: &[f64], covariance: MatRef<'_, f64>) -> Mat<f64> {
        let curvature = self.curvature;
        Mat::from_fn(self.dimension, self.dimension, |i, j| {
            curvature * curvature * 0.5 * (covariance[(i, j)] + covariance[(j, i)])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::Labels;

    fn data() -> Dataset {
        let values = vec![1.0, -2.0, 3.0, 0.5, -1.0, 4.0];
        let names = vec!["x".to_owned(), "y".to_owned()];
        Dataset::new("points", values, names, Labels::Targets(vec![0.0; 3])).unwrap()
    }

    #[test]
    fn the_mean_is_estimated() {
        let risk = PointRisk::<f64>::mean(&data()).unwrap();
        let mut gradient = [0.0; 2];
        risk.gradient_at(&[1.0, 1.0], &mut gradient);
        // The points' mean is (1, 5/6).
        assert!(gradient[0].abs() < 1e-15 && (gradient[1] - 1.0 / 6.0).abs() < 1e-15, "{gradient:?}");
        // ½·mean of |(1, 1) − xᵢ|² = (9 + 4.25 + 13)/6.
        assert!((risk.loss_at(&[1.0, 1.0]) - 26.25 / 6.0).abs() < 1e-14);
    }

    #[test]
    fn a_flat_loss_has_noise_and_no_gradient() {
        let risk = PointRisk::<f64>::flat(&data()).unwrap();
        let mut gradient = [1.0; 2];
        risk.gradient_at(&[3.0, -5.0], &mut gradient);
        assert!(gradient.iter().all(|value| value.abs() < 1e-15), "{gradient:?}");
        assert!(risk.loss_at(&[3.0, -5.0]).abs() < 1e-14);
        // Population variance of 1, 3, −1 is 8/3, and both risks have the same noise.
        let mean = PointRisk::<f64>::mean(&data()).unwrap();
        for covariance in [risk.gradient_covariance(&[0.0; 2]), mean.gradient_covariance(&[2.0, 2.0])] {
            assert!((covariance[(0, 0)] - 8.0 / 3.0).abs() < 1e-14);
        }
    }

    #[test]
    fn batches_are_means_of_their_samples() {
        let risk = PointRisk::<f32>::mean(&data()).unwrap();
        let mut at = Block::zeros(2, 2, Layout::CoordinateMajor);
        at.set(0, 1, 2.0);
        let mut out = at.clone();
        // Lane 0 takes samples 0 and 1, lane 1 sample 2 twice.
        risk.minibatch_gradient(&at, &[0, 2, 1, 2], 2, &mut Workspace::new(), &mut out);
        assert_eq!(out.values(), [-2.0, 3.0, 0.75, -4.0]);
    }
}
