//! A layered network over a data set, as a risk that ensembles train.

use super::error::LayerError;
use super::layer::{Input, Layer};
use super::memory::Memory;
use super::point::LayeredPoint;
use super::samples::{check_tokens, ordered, unit_statistics};
use super::shape::{Form, pad_rows};
use super::tape::Tape;
use crate::lanes::Real;
use crate::risk::Dataset;
use crate::risk::network::NetworkError;
use crate::risk::network::loss::{Goals, Loss, Selection};
use crate::risk::network::model::{PIECE, check_risk};

/// Values, in all layers, of the samples that pass together: 64 MB of `f32`. The same everywhere, so that sums over
/// samples have the same bits.
const VALUES_PER_PIECE: usize = 1 << 24;

/// L(θ) = (1/N) Σ ℓ(f(xᵢ; θ), yᵢ) + (λ/2)|θ|² with f given by a list of [`Layer`]s.
///
/// θ holds the layers' tensors one after another as PyTorch orders them (`parameters()`), each by its last index first;
/// [`NetworkRisk::parameter_tensors`](crate::risk::network::NetworkRisk::parameter_tensors) names them. All parameters are penalised alike.
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
    pub(super) l2: f64,
    pub(super) samples: usize,
    /// Whether the labels are classes.
    pub(super) classes: bool,
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
        let (samples, classes, layers) = (data.samples(), data.classes().is_some(), layers.to_vec());
        let features = ordered(data, shape);
        let piece = (VALUES_PER_PIECE / tape.length() / 8 * 8).clamp(8, PIECE);
        Ok(Self { tape, layers, loss, l2, samples, classes, features, goals, statistics, piece })
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

    /// Sets the statistics of frozen batch normalisations, means 0 and variances 1 until then, in the places that
    /// [`NetworkRisk::statistic_tensors`](crate::risk::network::NetworkRisk::statistic_tensors) tells.
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
    pub(super) fn each_loss(&self, at: &[f64], mut visit: impl FnMut(f64)) {
        let stride = self.tape.last().shape.stride();
        self.each_output(at, |sample, outputs| visit(self.goals.loss(sample, stride, outputs)));
    }

    /// Calls `visit` with every sample and its outputs, computed in `f64`, in their order.
    pub(super) fn each_output(&self, at: &[f64], mut visit: impl FnMut(usize, &[f64])) {
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
                visit(first + row, &outputs[..shape.channels]);
            }
        }
    }

    pub(super) fn penalty(&self, at: &[f64]) -> f64 {
        0.5 * self.l2 * at.iter().map(|value| value * value).sum::<f64>()
    }
}
