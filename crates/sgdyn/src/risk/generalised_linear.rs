//! Linear, logistic and softmax regression with an L2 penalty.

use super::data::{Dataset, Labels};
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

// Not fused: outside a lane kernel a fused multiply-add is a function call.
/// Wᵀx, `[outputs]`, with the weights W, `[features × outputs]`.
pub(super) fn apply_weights<R: Real>(weights: &[f64], row: &[R], outputs: &mut [f64]) {
    outputs.fill(0.0);
    for (feature, weights) in row.iter().zip(weights.chunks_exact(outputs.len())) {
        let feature = feature.to_f64();
        for (output, &weight) in outputs.iter_mut().zip(weights) {
            *output += feature * weight;
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
mod tests;
