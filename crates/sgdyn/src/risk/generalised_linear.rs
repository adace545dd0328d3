//! Linear, logistic and softmax regression with an L2 penalty.

use super::dataset::{Dataset, Labels};
use super::empirical::{EmpiricalRisk, Workspace, check_batch};
use super::error::RiskError;
use super::lanes_kernel::{QUARTET, lanes_gradient, lanes_scratch};
use super::link::Link;
use super::replica_kernel::{replica_gradient, replica_scratch};
use super::softmax_kernel::{softmax_gradient, softmax_scratch};
use crate::lanes::{Block, Layout, Real};

/// Beyond this many parameters a replica's weights no longer fit in L1 beside those of its neighbours, and sums
/// over coordinates of one replica vectorise better than lanes.
const LARGEST_COORDINATE_MAJOR: usize = 64;

/// Where loops run over the features of a row, it is padded to a multiple of this many values: a whole vector of any
/// instruction set.
pub(super) const ROW: usize = 16;

/// L(θ) = (1/N) Σ ℓ(Wᵀxᵢ, yᵢ) + (λ/2)|θ|², with the link's loss ℓ of K outputs.
///
/// θ holds W, `[features × K]`, feature by feature: the weight of feature f for output k is θ[f·K + k]. An intercept
/// is a feature that is 1 ([`Dataset::with_intercept`]) and is penalised like the others, so that
/// Hᵢ = xᵢxᵢᵀ ⊗ Aᵢ + λI holds without exceptions.
///
/// ```
/// use sgdyn::risk::{Dataset, EmpiricalRisk, GeneralisedLinear, Link};
///
/// let digits = Dataset::ready("digits")?.divided_by(16.0)?.with_intercept();
/// let risk = GeneralisedLinear::<f32>::new(Link::Softmax, &digits, 0.01)?;
/// assert_eq!(risk.dimension(), 65 * 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct GeneralisedLinear<R> {
    link: Link,
    l2: f64,
    features: usize,
    outputs: usize,
    samples: usize,
    stride: usize,
    /// `[samples × stride]`: features, label, zeros.
    rows: Vec<R>,
}

impl<R: Real> GeneralisedLinear<R> {
    /// The regression of `data`'s labels on its features, with the penalty (`l2`/2)|θ|².
    ///
    /// # Errors
    /// [`RiskError::Labels`] unless linear regression gets real targets, logistic regression two classes, softmax
    /// regression any classes; [`RiskError::L2`] for a negative or infinite penalty; [`RiskError::TooManySamples`].
    pub fn new(link: Link, data: &Dataset, l2: f64) -> Result<Self, RiskError> {
        let wrong = |needed, found| {
            Err(RiskError::Labels { data: data.name().to_owned(), link: link.name(), needed, found })
        };
        let classes = |names: &[String]| format!("{} classes", names.len());
        let outputs = match (link, data.labels()) {
            (Link::Linear, Labels::Targets(_)) => 1,
            (Link::Linear, Labels::Classes { names, .. }) => {
                return wrong("real targets (read the labels with `labels = \"targets\"`)", classes(names));
            }
            (Link::Logistic, Labels::Classes { names, .. }) if names.len() == 2 => 1,
            (Link::Logistic, Labels::Classes { names, .. }) => {
                return wrong("2 classes (softmax regression takes more)", classes(names));
            }
            (Link::Softmax, Labels::Classes { names, .. }) => names.len(),
            (Link::Logistic | Link::Softmax, Labels::Targets(_)) => {
                return wrong("classes", "real targets".to_owned());
            }
        };
        if !(l2.is_finite() && l2 >= 0.0) {
            return Err(RiskError::L2(l2));
        }
        let samples = data.samples();
        if u32::try_from(samples).is_err() {
            return Err(RiskError::TooManySamples { data: data.name().to_owned(), samples });
        }
        let features = data.features();
        let padding = if features * outputs <= LARGEST_COORDINATE_MAJOR { QUARTET } else { ROW };
        let stride = (features + 1).next_multiple_of(padding);
        let mut rows = vec![R::ZERO; samples * stride];
        for (sample, row) in rows.chunks_exact_mut(stride).enumerate() {
            for (value, &feature) in row.iter_mut().zip(data.row(sample)) {
                *value = R::from_f64(feature);
            }
            row[features] = R::from_f64(match data.labels() {
                Labels::Classes { of_sample, .. } => f64::from(of_sample[sample]),
                Labels::Targets(targets) => targets[sample],
            });
        }
        Ok(Self { link, l2, features, outputs, samples, stride, rows })
    }

    /// The link.
    pub fn link(&self) -> Link {
        self.link
    }

    /// The strength λ of the penalty (λ/2)|θ|².
    pub fn l2(&self) -> f64 {
        self.l2
    }

    /// The number of features, an intercept included.
    pub fn features(&self) -> usize {
        self.features
    }

    /// The number of outputs K: 1, or the number of classes of softmax regression.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The features of a sample, `[features]`, and its label.
    pub(super) fn sample(&self, sample: usize) -> (&[R], R) {
        let row = &self.rows[sample * self.stride..][..=self.features];
        (&row[..self.features], row[self.features])
    }
}

impl<R: Real> EmpiricalRisk<R> for GeneralisedLinear<R> {
    fn dimension(&self) -> usize {
        self.features * self.outputs
    }

    fn samples(&self) -> usize {
        self.samples
    }

    /// Coordinate-major up to 64 parameters, replica-major beyond.
    fn layout(&self) -> Layout {
        if self.dimension() <= LARGEST_COORDINATE_MAJOR {
            Layout::CoordinateMajor
        } else {
            Layout::ReplicaMajor
        }
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
        let samples = Samples { rows: &self.rows, stride: self.stride, features: self.features };
        let batch = Batch { indices, size: batch_size, lanes: at.lanes() };
        let (l2, outputs) = (R::from_f64(self.l2), self.outputs);
        let (at, out) = (at.values(), out.values_mut());
        match (self.layout(), self.link) {
            (Layout::CoordinateMajor, link) => {
                let scratch = workspace.scratch(lanes_scratch(self.features, self.stride, outputs));
                lanes_gradient(link, samples, batch, outputs, l2, at, scratch, out);
            }
            (Layout::ReplicaMajor, Link::Softmax) => {
                let scratch = workspace.scratch(softmax_scratch(self.features, outputs, batch_size));
                softmax_gradient(samples, batch, outputs, l2, at, scratch, out);
            }
            (Layout::ReplicaMajor, link) => {
                let scratch = workspace.scratch(replica_scratch(self.stride));
                replica_gradient(link, samples, batch, l2, at, scratch, out);
            }
        }
    }

    fn loss(&self, at: &Block<R>, out: &mut [f64]) {
        assert_eq!(at.dimension(), self.dimension(), "a block has the dimension of the risk");
        assert_eq!(out.len(), at.lanes(), "each lane has a loss");
        let mut outputs = vec![0.0; self.outputs];
        for (lane, loss) in out.iter_mut().enumerate() {
            let theta: Vec<f64> = (0..self.dimension()).map(|c| at.get(c, lane).to_f64()).collect();
            let mut sum = 0.0;
            for sample in 0..self.samples {
                let (row, label) = self.sample(sample);
                apply_weights(&theta, row, &mut outputs);
                sum += self.link.loss(&outputs, label.to_f64());
            }
            let square: f64 = theta.iter().map(|value| value * value).sum();
            *loss = sum / self.samples as f64 + 0.5 * self.l2 * square;
        }
    }
}

/// Wᵀx, `[outputs]`, with the weights W, `[features × outputs]`.
pub(super) fn apply_weights<R: Real>(weights: &[f64], row: &[R], outputs: &mut [f64]) {
    outputs.fill(0.0);
    for (feature, weights) in row.iter().zip(weights.chunks_exact(outputs.len())) {
        let feature = feature.to_f64();
        for (output, &weight) in outputs.iter_mut().zip(weights) {
            *output = feature.mul_add(weight, *output);
        }
    }
}

/// The samples as the kernels read them: `rows`, `[samples × stride]`, of features, label and zeros.
#[derive(Clone, Copy)]
pub(super) struct Samples<'r, R> {
    pub(super) rows: &'r [R],
    pub(super) stride: usize,
    pub(super) features: usize,
}

/// The batches of all lanes: sample `s` of lane `l` is `indices[s · lanes + l]`.
#[derive(Clone, Copy)]
pub(super) struct Batch<'i> {
    pub(super) indices: &'i [u32],
    pub(super) size: usize,
    pub(super) lanes: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::{SimdLevel, force_simd_level, simd_level};
    use crate::risk::SampleCurvature;
    use crate::risk::fixtures::{data, models, scattered};

    fn indices(count: usize, samples: usize) -> Vec<u32> {
        (0..count).map(|place| (place * 2_654_435_761 % samples) as u32).collect()
    }

    fn block<R: Real>(risk: &GeneralisedLinear<R>, lanes: usize) -> Block<R> {
        let mut block = Block::zeros(risk.dimension(), lanes, risk.layout());
        for lane in 0..lanes {
            let values = scattered(risk.dimension(), 0.77 * lane as f64);
            for (coordinate, &value) in values.iter().enumerate() {
                block.set(coordinate, lane, R::from_f64(value));
            }
        }
        block
    }

    #[test]
    fn gradients_are_those_of_central_differences_of_the_loss() {
        for risk in models::<f64>() {
            let at = block(&risk, 3);
            let mut gradient = at.clone();
            risk.gradient(&at, &mut Workspace::new(), &mut gradient);
            let step = 1e-5;
            for coordinate in 0..risk.dimension() {
                let mut losses = [[0.0; 3]; 2];
                for (losses, sign) in losses.iter_mut().zip([1.0, -1.0]) {
                    let mut shifted = at.clone();
                    for lane in 0..3 {
                        shifted.set(coordinate, lane, at.get(coordinate, lane) + sign * step);
                    }
                    risk.loss(&shifted, losses);
                }
                for lane in 0..3 {
                    let difference = (losses[0][lane] - losses[1][lane]) / (2.0 * step);
                    // Truncation ~ step² and rounding ~ ε·loss/step.
                    let error = gradient.get(coordinate, lane) - difference;
                    let tolerance = 1e-9 * (1.0 + losses[0][lane]);
                    assert!(error.abs() < tolerance, "{:?} {coordinate} {lane}: {error:e}", risk.link());
                }
            }
        }
    }

    #[test]
    fn a_batch_of_all_samples_and_the_mean_of_samples_are_the_full_gradient() {
        for risk in models::<f64>() {
            let (dimension, samples) = (risk.dimension(), risk.samples());
            let at = block(&risk, 1);
            let (mut full, mut batch) = (at.clone(), at.clone());
            let mut workspace = Workspace::new();
            risk.gradient(&at, &mut workspace, &mut full);
            let backwards: Vec<u32> = (0..samples as u32).rev().collect();
            risk.minibatch_gradient(&at, &backwards, samples, &mut workspace, &mut batch);
            let mut mean = vec![0.0; dimension];
            let mut one = vec![0.0; dimension];
            for sample in 0..samples {
                risk.sample_gradient(at.values(), sample, &mut one);
                mean.iter_mut().zip(&one).for_each(|(mean, one)| *mean += one / samples as f64);
            }
            for coordinate in 0..dimension {
                let full = full.get(coordinate, 0);
                // 41 terms of order 1, each rounded a few times.
                assert!((full - batch.get(coordinate, 0)).abs() < 1e-14);
                assert!((full - mean[coordinate]).abs() < 1e-14, "{:?} {coordinate}", risk.link());
            }
        }
    }

    #[test]
    fn minibatches_are_means_of_their_own_samples() {
        for risk in models::<f64>() {
            let (lanes, size) = (5, 11);
            let at = block(&risk, lanes);
            let chosen = indices(lanes * size, risk.samples());
            let mut out = at.clone();
            risk.minibatch_gradient(&at, &chosen, size, &mut Workspace::new(), &mut out);
            for lane in 0..lanes {
                let theta: Vec<f64> = (0..risk.dimension()).map(|c| at.get(c, lane)).collect();
                let mut mean = vec![0.0; risk.dimension()];
                let mut one = mean.clone();
                for sample in 0..size {
                    risk.sample_gradient(&theta, chosen[sample * lanes + lane] as usize, &mut one);
                    mean.iter_mut().zip(&one).for_each(|(mean, one)| *mean += one / size as f64);
                }
                for (coordinate, mean) in mean.iter().enumerate() {
                    assert!((out.get(coordinate, lane) - mean).abs() < 1e-14);
                }
            }
        }
    }

    fn bits_of_a_lane<R: Real>() {
        for risk in models::<R>() {
            let (lanes, size) = (37, 13);
            let at = block(&risk, lanes);
            let chosen = indices(lanes * size, risk.samples());
            let mut workspace = Workspace::new();
            let mut reference = at.clone();
            risk.minibatch_gradient(&at, &chosen, size, &mut workspace, &mut reference);
            let best = simd_level();
            for level in [SimdLevel::Portable, SimdLevel::Avx2, SimdLevel::Avx512] {
                if force_simd_level(level).is_err() {
                    continue;
                }
                let mut out = at.clone();
                risk.minibatch_gradient(&at, &chosen, size, &mut workspace, &mut out);
                force_simd_level(best).expect("the level was in use");
                assert_eq!(out.values(), reference.values(), "{:?} at {}", risk.link(), level.name());
            }
            for lane in 0..lanes {
                let mut alone = Block::zeros(risk.dimension(), 1, risk.layout());
                for coordinate in 0..risk.dimension() {
                    alone.set(coordinate, 0, at.get(coordinate, lane));
                }
                let own: Vec<u32> = (0..size).map(|sample| chosen[sample * lanes + lane]).collect();
                let mut out = alone.clone();
                risk.minibatch_gradient(&alone, &own, size, &mut Workspace::new(), &mut out);
                for coordinate in 0..risk.dimension() {
                    assert_eq!(out.get(coordinate, 0), reference.get(coordinate, lane));
                }
            }
        }
    }

    #[test]
    fn bits_of_a_lane_depend_on_nothing_else() {
        bits_of_a_lane::<f64>();
        bits_of_a_lane::<f32>();
    }

    #[test]
    fn single_precision_agrees_to_its_rounding() {
        for (single, double) in models::<f32>().iter().zip(models::<f64>()) {
            let (at, at_double) = (block(single, 2), block(&double, 2));
            let (mut out, mut expected) = (at.clone(), at_double.clone());
            let chosen = indices(14, single.samples());
            single.minibatch_gradient(&at, &chosen, 7, &mut Workspace::new(), &mut out);
            double.minibatch_gradient(&at_double, &chosen, 7, &mut Workspace::new(), &mut expected);
            for (value, expected) in out.values().iter().zip(expected.values()) {
                // Outputs are sums of up to 79 products of order 1: 79 ε ≈ 1e-5.
                assert!((f64::from(*value) - expected).abs() < 1e-5, "{:?}", single.link());
            }
        }
    }

    #[test]
    fn extreme_outputs_neither_overflow_nor_vanish() {
        for (link, features, classes) in
            [(Link::Logistic, 1, 2), (Link::Softmax, 1, 3), (Link::Softmax, 30, 3)]
        {
            let risk = GeneralisedLinear::<f64>::new(link, &data(link, features, classes), 0.0).unwrap();
            let mut at = block(&risk, 1);
            at.values_mut().iter_mut().for_each(|value| *value *= 1e5);
            let mut out = at.clone();
            risk.gradient(&at, &mut Workspace::new(), &mut out);
            let mut loss = [0.0];
            risk.loss(&at, &mut loss);
            assert!(loss[0].is_finite() && out.values().iter().all(|value| value.abs() <= 1.0), "{link:?}");
        }
    }

    #[test]
    fn labels_and_penalties_that_do_not_fit_are_refused() {
        let error = |link, labels_of, classes, l2| {
            GeneralisedLinear::<f64>::new(link, &data(labels_of, 2, classes), l2).unwrap_err()
        };
        assert!(matches!(error(Link::Linear, Link::Logistic, 2, 0.0), RiskError::Labels { .. }));
        assert!(matches!(error(Link::Softmax, Link::Linear, 2, 0.0), RiskError::Labels { .. }));
        assert_eq!(
            error(Link::Logistic, Link::Softmax, 3, 0.0).to_string(),
            "fixture: logistic regression needs 2 classes (softmax regression takes more), and the labels are 3 classes"
        );
        for l2 in [-0.1, f64::NAN, f64::INFINITY] {
            assert!(matches!(error(Link::Linear, Link::Linear, 0, l2), RiskError::L2(_)));
        }
    }
}
