//! A layered network over a data set, as a risk that ensembles train.

use super::error::LayerError;
use super::layer::{Input, Layer};
use super::memory::{Memory, Ways};
use super::operation::{Operation, Parameters};
use super::point::LayeredPoint;
use super::shape::{Form, Shape, pad_rows};
use super::tape::{Tape, Trace};
use crate::lanes::{Block, Layout, Real};
use crate::risk::Dataset;
use crate::risk::empirical::{EmpiricalRisk, Workspace, check_batch};
use crate::risk::network::loss::{Goals, Loss, Selection};
use crate::risk::network::model::{PIECE, check_risk};
use crate::risk::network::{
    InitialLaw, InitialParameters, NetworkError, NetworkPoint, NetworkRisk, ParameterTensor,
};

/// Values, in all layers, of the samples that pass together: 64 MB of `f32`. The same everywhere, so that sums over
/// samples have the same bits.
const VALUES_PER_PIECE: usize = 1 << 24;

/// L(θ) = (1/N) Σ ℓ(f(xᵢ; θ), yᵢ) + (λ/2)|θ|² with f given by a list of [`Layer`]s.
///
/// θ holds the layers' tensors one after another as PyTorch orders them (`parameters()`), each by its last index first;
/// [`NetworkRisk::parameter_tensors`] names them. All parameters are penalised alike.
///
/// All products run through kernels of this crate: for given parameters and samples a result has the same bits at
/// every SIMD level and for any number of threads.
///
/// ```
/// use sgdyn::risk::network::layered::{Input, Layer, LayeredNetwork};
/// use sgdyn::risk::network::{Activation, Loss, NetworkRisk};
/// use sgdyn::risk::{Dataset, EmpiricalRisk};
///
/// let digits = Dataset::ready("digits")?.divided_by(16.0)?;
/// let input = Input::Image { channels: 1, height: 8, width: 8 };
/// let layers = [
///     Layer::Convolution2d { inputs: 1, outputs: 8, kernel: 3, stride: 1, padding: 1, bias: true },
///     Layer::Activation { function: Activation::Relu },
///     Layer::GlobalAveragePool {},
///     Layer::Flatten {},
///     Layer::Dense { inputs: 8, outputs: 10, bias: true },
/// ];
/// let network = LayeredNetwork::<f32>::new(&digits, input, &layers, Loss::SoftmaxCrossEntropy, 0.0)?;
/// assert_eq!(network.dimension(), 8 * 9 + 8 + 80 + 10);
/// assert_eq!(network.parameter_tensors()[2].name, "4.weight");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct LayeredNetwork<R> {
    pub(super) tape: Tape,
    pub(super) layers: Vec<Layer>,
    loss: Loss,
    l2: f64,
    samples: usize,
    /// `[samples × places × channels]`.
    features: Vec<R>,
    pub(super) goals: Goals<R>,
    /// Means and variances of frozen batch normalisations.
    pub(super) statistics: Vec<f64>,
    pub(super) piece: usize,
}

impl<R: Real> LayeredNetwork<R> {
    /// The layers on the features of `data`, which are an `input` in PyTorch's order and whose labels the loss compares
    /// the outputs with, and the penalty (`l2`/2)|θ|².
    ///
    /// # Errors
    /// [`NetworkError::NoLayers`]; [`NetworkError::Layers`] for layers that do not fit each other or the data, with
    /// their names; real targets with softmax cross-entropy, a negative or infinite penalty, too many samples.
    pub fn new(
        data: &Dataset,
        input: Input,
        layers: &[Layer],
        loss: Loss,
        l2: f64,
    ) -> Result<Self, NetworkError> {
        if layers.is_empty() {
            return Err(NetworkError::NoLayers);
        }
        let name = || data.name().to_owned();
        let shape = input.shape();
        if shape.values() != data.features() {
            let (features, values) = (data.features(), shape.values());
            return Err(LayerError::Input { data: name(), features, input: shape.describe(), values }.into());
        }
        let tape = Tape::new(input, layers)?;
        let last = tape.last();
        let needed = data.classes().unwrap_or(1);
        if last.shape.form != Form::Features || last.shape.channels != needed {
            let (layer, gives) = (last.layer.clone(), last.shape.describe());
            return Err(LayerError::Outputs { layer, gives, data: name(), needed }.into());
        }
        check_risk(data, l2)?;
        check_tokens(data, &tape)?;
        let goals = Goals::new(data, loss, last.shape.stride())?;
        let statistics = unit_statistics(&tape);
        let (samples, layers) = (data.samples(), layers.to_vec());
        let features = ordered(data, shape);
        let piece = (VALUES_PER_PIECE / tape.length() / 8 * 8).clamp(8, PIECE);
        Ok(Self { tape, layers, loss, l2, samples, features, goals, statistics, piece })
    }

    /// The layers.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The loss of a sample.
    pub fn loss_function(&self) -> Loss {
        self.loss
    }

    /// The strength λ of the penalty (λ/2)|θ|².
    pub fn l2(&self) -> f64 {
        self.l2
    }

    /// The tensors of frozen batch normalisations in [`LayeredNetwork::statistics`]: `running_mean` and `running_var`.
    pub fn statistic_tensors(&self) -> &[ParameterTensor] {
        &self.tape.statistics
    }

    /// The statistics of frozen batch normalisations: means 0 and variances 1 unless they were set.
    pub fn statistics(&self) -> &[f64] {
        &self.statistics
    }

    /// Sets the statistics of frozen batch normalisations, in the places that [`LayeredNetwork::statistic_tensors`]
    /// tells.
    ///
    /// # Errors
    /// [`NetworkError::Length`]; [`LayerError::Statistic`] for a number that is not finite or a negative variance.
    pub fn set_statistics(&mut self, statistics: &[f64]) -> Result<(), NetworkError> {
        let (expected, found) = (self.statistics.len(), statistics.len());
        if expected != found {
            let what = "the statistics of batch normalisation";
            return Err(NetworkError::Length { what, expected, found });
        }
        for tensor in &self.tape.statistics {
            let variance = tensor.name.ends_with("running_var");
            let values = &statistics[tensor.range.clone()];
            if let Some(index) = values.iter().position(|v| !v.is_finite() || (variance && *v < 0.0)) {
                let what = if variance { "running_var" } else { "running_mean" };
                let (expected, value) = (values.len(), values[index]);
                return Err(LayerError::Statistic { what, expected, index, value }.into());
            }
        }
        self.statistics.copy_from_slice(statistics);
        Ok(())
    }

    /// The network at the point θ = `at`, `[d]`.
    ///
    /// # Errors
    /// [`NetworkError::Length`]; [`LayerError::Parameter`], [`LayerError::NotFinite`] with layer and sample, where a
    /// number leaves the range of the format.
    pub fn evaluate(&self, at: &[R]) -> Result<LayeredPoint<'_, R>, NetworkError> {
        LayeredPoint::new(self, at)
    }

    /// Writes samples from `first` on as values of the first slot, as many as fit.
    pub(super) fn read(&self, samples: impl Iterator<Item = usize>, values: &mut [R]) {
        let shape = self.tape.slots[0].shape;
        for (sample, to) in samples.zip(values.chunks_exact_mut(shape.length())) {
            let from = &self.features[sample * shape.values()..][..shape.values()];
            pad_rows(from, shape.channels, to, shape.stride());
        }
    }

    /// Padded weights of θ.
    pub(super) fn padded(&self, at: &[R]) -> Vec<R> {
        let mut padded = vec![R::ZERO; self.tape.padded];
        self.tape.pad(at, Some(&self.statistics), &mut padded);
        padded
    }

    /// Writes the derivatives of the losses by the outputs.
    pub(super) fn output_errors(&self, selection: Selection<'_>, samples: usize, memory: &mut Memory<'_, R>) {
        let (tape, shape) = (&self.tape, self.tape.last().shape);
        let outputs = &memory.values[tape.range(tape.slots.len() - 1, samples)];
        let errors = &mut memory.errors[tape.first_buffer()][..outputs.len()];
        self.goals.errors(selection, shape.channels, shape.stride(), outputs, errors);
    }

    /// Calls `visit` with the loss ℓᵢ of every sample, without the penalty, computed in `f64`, in their order.
    fn each_loss(&self, at: &[f64], mut visit: impl FnMut(f64)) {
        let (tape, shape) = (&self.tape, self.tape.last().shape);
        let mut padded = vec![0.0; tape.padded];
        tape.pad(at, Some(&self.statistics), &mut padded);
        let mut values = vec![0.0; tape.length() * self.piece.min(self.samples)];
        let mut scratch = vec![0.0; tape.scratch];
        let input = tape.slots[0].shape;
        let mut features = vec![R::ZERO; input.length() * self.piece.min(self.samples)];
        for first in (0..self.samples).step_by(self.piece) {
            let samples = self.piece.min(self.samples - first);
            let features = &mut features[..input.length() * samples];
            self.read(first..first + samples, features);
            for (to, from) in values.iter_mut().zip(&*features) {
                *to = from.to_f64();
            }
            tape.forward(&padded, samples, &mut values, &mut scratch);
            let outputs = &values[tape.range(tape.slots.len() - 1, samples)];
            for (row, outputs) in outputs.chunks_exact(shape.stride()).enumerate() {
                visit(self.goals.loss(first + row, shape.stride(), &outputs[..shape.channels]));
            }
        }
    }

    fn penalty(&self, at: &[f64]) -> f64 {
        0.5 * self.l2 * at.iter().map(|value| value * value).sum::<f64>()
    }
}

/// The features of all samples in the order of a shape, without padding.
fn ordered<R: Real>(data: &Dataset, shape: Shape) -> Vec<R> {
    let mut values = Vec::with_capacity(data.samples() * shape.values());
    for sample in 0..data.samples() {
        let row = data.row(sample);
        for place in 0..shape.places() {
            for channel in 0..shape.channels {
                values.push(R::from_f64(row[shape.position(place, channel)]));
            }
        }
    }
    values
}

/// Means 0 and variances 1.
fn unit_statistics(tape: &Tape) -> Vec<f64> {
    let value = |tensor: &ParameterTensor| f64::from(u8::from(tensor.name.ends_with("running_var")));
    tape.statistics.iter().flat_map(|tensor| std::iter::repeat_n(value(tensor), tensor.range.len())).collect()
}

/// Checks that each feature which an embedding reads is one of its tokens.
fn check_tokens(data: &Dataset, tape: &Tape) -> Result<(), LayerError> {
    for node in tape.nodes() {
        let Operation::Table(table) = &node.operation else { continue };
        let is_token = |value: f64| value >= 0.0 && value < table.tokens as f64 && value.fract() == 0.0;
        if let Some(index) = data.values().iter().position(|&value| !is_token(value)) {
            return Err(LayerError::Token {
                data: data.name().to_owned(),
                sample: index / data.features(),
                feature: index % data.features(),
                value: data.values()[index],
                layer: tape.slots[node.to].layer.clone(),
                tokens: table.tokens,
            });
        }
    }
    Ok(())
}

impl<R: Real> EmpiricalRisk<R> for LayeredNetwork<R> {
    fn dimension(&self) -> usize {
        self.tape.parameters
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
        let (tape, lanes) = (&self.tape, at.lanes());
        let piece = self.piece.min(batch_size);
        let length = Memory::<R>::length(tape, Ways::Gradient, piece);
        let memory = workspace.scratch(tape.padded + tape.summed + length);
        let (padded, memory) = memory.split_at_mut(tape.padded);
        let (sums, memory) = memory.split_at_mut(tape.summed);
        let inverse = R::ONE / R::from_f64(batch_size as f64);
        for lane in 0..lanes {
            tape.pad(at.replica(lane), Some(&self.statistics), padded);
            sums.fill(R::ZERO);
            for first in (0..batch_size).step_by(piece) {
                let samples = piece.min(batch_size - first);
                let selection = Selection::Batch { indices: &indices[first * lanes..], lanes, lane };
                let mut memory = Memory::within(tape, Ways::Gradient, samples, memory);
                self.read((0..samples).map(|row| selection.sample(row)), memory.values);
                self.add_gradient(padded, selection, samples, &mut memory, sums);
            }
            let l2 = R::from_f64(self.l2);
            tape.unpad(sums, inverse, l2, at.replica(lane), out.replica_mut(lane));
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

impl<R: Real> LayeredNetwork<R> {
    /// Adds the gradients of some samples, which the first slot holds, to padded sums.
    fn add_gradient(
        &self,
        padded: &[R],
        selection: Selection<'_>,
        samples: usize,
        memory: &mut Memory<'_, R>,
        sums: &mut [R],
    ) {
        self.tape.forward(padded, samples, memory.values, memory.scratch);
        self.output_errors(selection, samples, memory);
        let trace = Trace { samples, weights: padded, values: memory.values };
        self.tape.pull_back(trace, &mut memory.errors, memory.scratch, |node, here, errors, scratch| {
            node.operation.add_gradient(here, errors, &mut sums[node.summed.clone()], scratch);
        });
    }
}

impl<R: Real> NetworkRisk<R> for LayeredNetwork<R> {
    fn parameter_tensors(&self) -> Vec<ParameterTensor> {
        self.tape.tensors.clone()
    }

    fn initial_parameters(&self) -> Vec<InitialParameters> {
        let constant = |range, value| InitialParameters { range, law: InitialLaw::Constant(value) };
        let mut all = Vec::new();
        for node in self.tape.nodes() {
            let range = node.parameters.clone();
            match &node.operation {
                Operation::Weighted(weighted) => all.push(InitialParameters::linear(range, weighted.depth())),
                Operation::Table(_) => {
                    all.push(InitialParameters { range, law: InitialLaw::Normal { deviation: 1.0 } });
                }
                Operation::Normalisation(_) | Operation::FrozenNorm(_) => {
                    let middle = range.start + range.len() / 2;
                    all.push(constant(range.start..middle, 1.0));
                    all.push(constant(middle..range.end, 0.0));
                }
                Operation::Elementwise(_) | Operation::Pooling(_) | Operation::Flatten(_) => {}
            }
        }
        all
    }

    fn at<'n>(&'n self, parameters: &[R]) -> Result<Box<dyn NetworkPoint<R> + 'n>, NetworkError> {
        Ok(Box::new(self.evaluate(parameters)?))
    }

    fn sample_losses(&self, parameters: &[R]) -> Result<Vec<f64>, NetworkError> {
        let expected = self.tape.parameters;
        if parameters.len() != expected {
            return Err(NetworkError::Length { what: "parameters", expected, found: parameters.len() });
        }
        let at: Vec<f64> = parameters.iter().map(|value| value.to_f64()).collect();
        let penalty = self.penalty(&at);
        let mut losses = Vec::with_capacity(self.samples);
        self.each_loss(&at, |loss| losses.push(loss + penalty));
        Ok(losses)
    }
}
