//! A network of dense layers over a data set, as a risk that ensembles train.

use super::error::NetworkError;
use super::loss::{Goals, Loss, Selection};
use super::pass::{Samples, Trace};
use super::plan::{Dense, Plan, stride};
use super::product::Rows;
use crate::lanes::{Block, Layout, Real};
use crate::risk::Dataset;
use crate::risk::empirical::{EmpiricalRisk, Workspace, check_batch};

/// Samples that pass through a network together when all of a data set does. The same everywhere, so that sums over
/// samples have the same bits; a multiple of the heights of all tiles, and small enough for the second-level cache.
pub(super) const PIECE: usize = 240;

/// L(θ) = (1/N) Σ ℓ(f(xᵢ; θ), yᵢ) + (λ/2)|θ|² with f a chain of dense layers.
///
/// θ holds, layer by layer, W, `[outputs × inputs]` row by row, and then b, `[outputs]`: the order of
/// `torch.nn.Sequential(Linear, …).parameters()`. Weights and biases are penalised alike, so that the penalty is part
/// of every sample's loss.
///
/// All products run through kernels of this crate: for given parameters and samples a result has the same bits at
/// every SIMD level and for any number of threads.
///
/// ```
/// use sgdyn::risk::network::{Activation, Dense, Loss, Network};
/// use sgdyn::risk::{Dataset, EmpiricalRisk};
///
/// let digits = Dataset::ready("digits")?.divided_by(16.0)?;
/// let layers = [
///     Dense { inputs: 64, outputs: 128, activation: Activation::Tanh },
///     Dense { inputs: 128, outputs: 10, activation: Activation::Identity },
/// ];
/// let network = Network::<f32>::new(&digits, &layers, Loss::SoftmaxCrossEntropy, 0.0)?;
/// assert_eq!(network.dimension(), 64 * 128 + 128 + 128 * 10 + 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Network<R> {
    pub(super) plan: Plan,
    loss: Loss,
    l2: f64,
    samples: usize,
    /// Whether the labels are classes.
    classes: bool,
    /// `[samples × stride of the features]`, padded with 0.
    features: Vec<R>,
    goals: Goals<R>,
}

impl<R: Real> Network<R> {
    /// The layers on the features of `data`, whose labels the loss compares the outputs with, and the penalty
    /// (`l2`/2)|θ|².
    ///
    /// # Errors
    /// [`NetworkError`]: widths that do not meet, an activation on the last layer, real targets with softmax
    /// cross-entropy, a negative or infinite penalty, too many samples.
    pub fn new(data: &Dataset, layers: &[Dense], loss: Loss, l2: f64) -> Result<Self, NetworkError> {
        let plan = Plan::new(layers)?;
        let name = || data.name().to_owned();
        let (samples, features) = (data.samples(), data.features());
        let first = &plan.places[0];
        if first.dense.inputs != features {
            return Err(NetworkError::Features { data: name(), features, inputs: first.dense.inputs });
        }
        let last = &plan.places[plan.places.len() - 1];
        let needed = data.classes().unwrap_or(1);
        if last.dense.outputs != needed {
            let (layer, outputs) = (layers.len(), last.dense.outputs);
            return Err(NetworkError::Outputs { data: name(), layer, outputs, needed });
        }
        check_risk(data, l2)?;
        let goals = Goals::new(data, loss, last.output_stride)?;
        let mut rows = vec![R::ZERO; samples * first.input_stride];
        for (sample, row) in rows.chunks_exact_mut(first.input_stride).enumerate() {
            for (value, &feature) in row.iter_mut().zip(data.row(sample)) {
                *value = R::from_f64(feature);
            }
        }
        let classes = data.classes().is_some();
        Ok(Self { plan, loss, l2, samples, classes, features: rows, goals })
    }

    /// The layers.
    pub fn layers(&self) -> Vec<Dense> {
        self.plan.places.iter().map(|place| place.dense).collect()
    }

    /// The loss of a sample.
    pub fn loss_function(&self) -> Loss {
        self.loss
    }

    /// The strength λ of the penalty (λ/2)|θ|².
    pub fn l2(&self) -> f64 {
        self.l2
    }

    /// The parameters of each layer, `[layers]`, as ranges of θ.
    pub fn parameter_ranges(&self) -> Vec<std::ops::Range<usize>> {
        let range =
            |place: &super::plan::Place| place.parameters..place.parameters + place.dense.parameters();
        self.plan.places.iter().map(range).collect()
    }

    pub(super) fn feature_stride(&self) -> usize {
        self.plan.places[0].input_stride
    }

    /// `rows` samples from `first` on.
    pub(super) fn samples_from(&self, first: usize, rows: usize) -> Samples<'_, R> {
        let stride = self.feature_stride();
        let values = &self.features[first * stride..(first + rows) * stride];
        let selection = Selection::From(first);
        Samples { rows, features: Rows { values, stride }, goals: &self.goals, selection }
    }

    /// Calls `visit` with the loss ℓᵢ of every sample, without the penalty, computed in `f64`, in their order.
    fn each_loss(&self, parameters: &[f64], mut visit: impl FnMut(f64)) {
        let last = &self.plan.places[self.plan.places.len() - 1];
        let stride = stride(last.dense.outputs);
        self.each_output(parameters, |sample, outputs| visit(self.goals.loss(sample, stride, outputs)));
    }

    /// Calls `visit` with the number and the outputs of every sample, computed in `f64`, in their order.
    fn each_output(&self, parameters: &[f64], mut visit: impl FnMut(usize, &[f64])) {
        let mut padded = vec![0.0; self.plan.padded()];
        self.plan.pad(parameters, &mut padded);
        let mut trace = Trace::<Vec<f64>>::zeros(&self.plan, PIECE.min(self.samples));
        let last = &self.plan.places[self.plan.places.len() - 1];
        for first in (0..self.samples).step_by(PIECE) {
            let rows = PIECE.min(self.samples - first);
            let samples = self.samples_from(first, rows);
            let features: Vec<f64> = samples.features.values.iter().map(|value| value.to_f64()).collect();
            let features = Rows { values: &features, stride: samples.features.stride };
            let mut trace = trace.as_mut();
            self.plan.forward(&padded, features, rows, &mut trace);
            let outputs = last.outputs(trace.outputs, rows);
            for (row, outputs) in outputs.chunks_exact(last.output_stride).enumerate() {
                visit(first + row, &outputs[..last.dense.outputs]);
            }
        }
    }

    /// The loss of each sample, `[samples]`, penalty included; computed in `f64`.
    ///
    /// # Errors
    /// [`NetworkError::Length`].
    pub fn losses(&self, at: &[R]) -> Result<Vec<f64>, NetworkError> {
        let at = self.point(at)?;
        let penalty = self.penalty(&at);
        let mut losses = Vec::with_capacity(self.samples);
        self.each_loss(&at, |loss| losses.push(loss + penalty));
        Ok(losses)
    }

    /// The part of the samples whose largest output is that of their class, the first one of equals; none where labels are
    /// numbers.
    ///
    /// # Errors
    /// [`NetworkError::Length`].
    pub fn accuracy(&self, at: &[R]) -> Result<Option<f64>, NetworkError> {
        let at = self.point(at)?;
        if !self.classes {
            return Ok(None);
        }
        let last = &self.plan.places[self.plan.places.len() - 1];
        let mut right = 0_usize;
        self.each_output(&at, |sample, outputs| {
            let largest = outputs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let place = outputs.iter().position(|&output| output == largest);
            right += usize::from(place == Some(self.goals.class(sample, stride(last.dense.outputs))));
        });
        Ok(Some(right as f64 / self.samples as f64))
    }

    /// A point, `[d]`, in `f64`.
    fn point(&self, at: &[R]) -> Result<Vec<f64>, NetworkError> {
        let expected = self.plan.parameters();
        if at.len() != expected {
            return Err(NetworkError::Length { what: "parameters", expected, found: at.len() });
        }
        Ok(at.iter().map(|value| value.to_f64()).collect())
    }

    fn penalty(&self, at: &[f64]) -> f64 {
        0.5 * self.l2 * at.iter().map(|value| value * value).sum::<f64>()
    }
}

/// Checks what no layer knows: the penalty and the number of samples.
pub(super) fn check_risk(data: &Dataset, l2: f64) -> Result<(), NetworkError> {
    if !(l2.is_finite() && l2 >= 0.0) {
        return Err(NetworkError::L2(l2));
    }
    let samples = data.samples();
    if u32::try_from(samples).is_err() {
        return Err(NetworkError::TooManySamples { data: data.name().to_owned(), samples });
    }
    Ok(())
}

impl<R: Real> EmpiricalRisk<R> for Network<R> {
    fn dimension(&self) -> usize {
        self.plan.parameters()
    }

    fn samples(&self) -> usize {
        self.samples
    }

    /// Replica-major: the work is in the matrix products of a replica.
    fn layout(&self) -> Layout {
        Layout::ReplicaMajor
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
        let (plan, lanes, stride) = (&self.plan, at.lanes(), self.feature_stride());
        let trace_length = Trace::<&mut [R]>::length(plan, batch_size);
        let lengths = [plan.padded(), plan.summed(), batch_size * stride, trace_length];
        let memory = workspace.scratch(lengths.iter().sum());
        let (padded, memory) = memory.split_at_mut(lengths[0]);
        let (sums, memory) = memory.split_at_mut(lengths[1]);
        let (features, memory) = memory.split_at_mut(lengths[2]);
        let mut trace = Trace::within(plan, batch_size, memory);
        let inverse = R::ONE / R::from_f64(batch_size as f64);
        for lane in 0..lanes {
            let selection = Selection::Batch { indices, lanes, lane };
            for (row, to) in features.chunks_exact_mut(stride).enumerate() {
                to.copy_from_slice(&self.features[selection.sample(row) * stride..][..stride]);
            }
            let features = Rows { values: features, stride };
            let samples = Samples { rows: batch_size, features, goals: &self.goals, selection };
            plan.pad(at.replica(lane), padded);
            plan.forward(padded, features, batch_size, &mut trace);
            plan.backward(padded, samples, &mut trace);
            sums.fill(R::ZERO);
            plan.add_gradient(features, batch_size, trace.outputs, trace.errors, sums);
            plan.unpad(sums, inverse, R::from_f64(self.l2), at.replica(lane), out.replica_mut(lane));
        }
    }

    fn loss(&self, at: &Block<R>, out: &mut [f64]) {
        assert_eq!(at.dimension(), self.dimension(), "a block has the dimension of the risk");
        assert_eq!(out.len(), at.lanes(), "each lane has a loss");
        for (lane, loss) in out.iter_mut().enumerate() {
            let theta: Vec<f64> = (0..self.dimension()).map(|c| at.get(c, lane).to_f64()).collect();
            let mut sum = 0.0;
            self.each_loss(&theta, |loss| sum += loss);
            *loss = sum / self.samples as f64 + self.penalty(&theta);
        }
    }
}
