//! Layered networks against finite differences and against what their definitions say.

mod architectures;
mod definitions;
mod derivatives;
mod refusals;
mod sums;

use super::{BatchStatistics, Input, Layer, LayeredNetwork, LayeredPoint};
use crate::lanes::Real;
use crate::risk::fixtures::scattered;
use crate::risk::network::NetworkRisk;
use crate::risk::network::{Activation, Loss};
use crate::risk::{Dataset, EmpiricalRisk, Labels};

/// A network of a few layers for each kind of layer.
struct Case {
    name: &'static str,
    input: Input,
    layers: Vec<Layer>,
    loss: Loss,
    /// Whether it has kinks, so that differences must be small.
    kinks: bool,
}

fn dense(inputs: usize, outputs: usize) -> Layer {
    Layer::Dense { inputs, outputs, bias: true }
}

fn function(function: Activation) -> Layer {
    Layer::Activation { function }
}

fn convolution(inputs: usize, outputs: usize, kernel: usize, stride: usize, padding: usize) -> Layer {
    Layer::Convolution2d { inputs, outputs, kernel, stride, padding, bias: true }
}

fn batch_norm(channels: usize) -> Layer {
    Layer::BatchNorm { channels, statistics: BatchStatistics::Frozen }
}

const IMAGE: Input = Input::Image { channels: 2, height: 6, width: 5 };
const VECTOR: Input = Input::Features { features: 5 };

/// A residual block whose shortcut changes the shape, and one whose shortcut is its input.
fn residual() -> Vec<Layer> {
    vec![
        convolution(2, 4, 3, 1, 1),
        Layer::GroupNorm { groups: 2, channels: 4 },
        function(Activation::Softplus),
        Layer::Residual {
            body: vec![
                Layer::Convolution2d { inputs: 4, outputs: 6, kernel: 3, stride: 2, padding: 1, bias: false }
                    .named("conv1"),
                Layer::GroupNorm { groups: 3, channels: 6 }.named("bn1"),
                function(Activation::Tanh),
                convolution(6, 6, 3, 1, 1).named("conv2"),
            ],
            shortcut: vec![convolution(4, 6, 1, 2, 0), batch_norm(6)],
        },
        function(Activation::Gelu),
        Layer::Residual {
            body: vec![convolution(6, 6, 3, 1, 1), function(Activation::Tanh)],
            shortcut: vec![],
        },
        Layer::GlobalAveragePool {},
        Layer::Flatten {},
        dense(6, 3),
    ]
}

fn cases() -> Vec<Case> {
    let softmax = Loss::SoftmaxCrossEntropy;
    let case = |name, input, layers| Case { name, input, layers, loss: softmax, kinks: false };
    let no_bias = Layer::Dense { inputs: 19, outputs: 3, bias: false };
    let narrow =
        Layer::Convolution2d { inputs: 3, outputs: 4, kernel: 2, stride: 2, padding: 0, bias: false };
    let mut cases = vec![
        case("dense", VECTOR, vec![dense(5, 19), function(Activation::Tanh), no_bias]),
        case(
            "convolution",
            IMAGE,
            vec![
                convolution(2, 3, 3, 1, 1),
                function(Activation::Sigmoid),
                narrow,
                function(Activation::Gelu),
                Layer::Flatten {},
                dense(24, 3),
            ],
        ),
        case(
            "wide convolution",
            IMAGE,
            vec![
                convolution(2, 20, 3, 1, 2),
                function(Activation::Tanh),
                convolution(20, 2, 3, 1, 0),
                Layer::Flatten {},
                dense(60, 3),
            ],
        ),
        case(
            "average pool",
            IMAGE,
            vec![
                convolution(2, 3, 3, 1, 1),
                function(Activation::Tanh),
                Layer::AveragePool { kernel: 3, stride: 2, padding: 1 },
                Layer::Flatten {},
                dense(27, 3),
            ],
        ),
        case("pooled input", IMAGE, vec![Layer::GlobalAveragePool {}, Layer::Flatten {}, dense(2, 3)]),
        case(
            "layer norm",
            VECTOR,
            vec![dense(5, 7), Layer::LayerNorm { channels: 7 }, function(Activation::Tanh), dense(7, 3)],
        ),
        case("layer norm first", VECTOR, vec![Layer::LayerNorm { channels: 5 }, dense(5, 3)]),
        case(
            "group norm",
            IMAGE,
            vec![
                convolution(2, 6, 3, 1, 0),
                Layer::GroupNorm { groups: 2, channels: 6 },
                function(Activation::Gelu),
                Layer::Flatten {},
                dense(72, 3),
            ],
        ),
        case(
            "batch norm",
            IMAGE,
            vec![
                batch_norm(2),
                convolution(2, 4, 3, 2, 1),
                batch_norm(4),
                function(Activation::Tanh),
                Layer::Flatten {},
                dense(36, 3),
            ],
        ),
        case(
            "embedding",
            Input::Tokens { length: 4 },
            vec![
                Layer::Embedding { tokens: 7, channels: 3 },
                dense(3, 5),
                Layer::LayerNorm { channels: 5 },
                function(Activation::Tanh),
                Layer::Flatten {},
                dense(20, 3),
            ],
        ),
        case("residual", IMAGE, residual()),
        case(
            "residual of the input",
            VECTOR,
            vec![
                Layer::Residual { body: vec![dense(5, 5), function(Activation::Tanh)], shortcut: vec![] },
                dense(5, 3),
            ],
        ),
    ];
    cases.push(Case {
        kinks: true,
        ..case(
            "max pool and relu",
            IMAGE,
            vec![
                convolution(2, 4, 3, 1, 1),
                Layer::MaxPool { kernel: 3, stride: 2, padding: 1 },
                convolution(4, 3, 2, 1, 0),
                function(Activation::Relu),
                Layer::Flatten {},
                dense(12, 3),
            ],
        )
    });
    cases.push(Case {
        loss: Loss::Squared,
        ..case("squared", VECTOR, vec![dense(5, 4), function(Activation::Softplus), dense(4, 1)])
    });
    cases
}

impl Case {
    fn data(&self, samples: usize) -> Dataset {
        let features = self.input.shape().values();
        let tokens = matches!(self.input, Input::Tokens { .. });
        let mut values = scattered(samples * features, 0.1);
        if tokens {
            for value in &mut values {
                *value = ((*value + 1.0) * 3.5).floor();
            }
        }
        let names = (0..features).map(|feature| format!("x{feature}")).collect();
        let labels = if self.loss == Loss::Squared {
            Labels::Targets(scattered(samples, 0.3))
        } else {
            let of_sample = (0..samples).map(|sample| (sample * sample % 3) as u32).collect();
            Labels::Classes { of_sample, names: (0..3).map(|class| class.to_string()).collect() }
        };
        Dataset::new("fixture", values, names, labels).unwrap()
    }

    /// With l2 = 0.05 and statistics that are not those of a fresh network.
    fn network<R: Real>(&self, samples: usize) -> LayeredNetwork<R> {
        let data = self.data(samples);
        let mut network = LayeredNetwork::new(&data, self.input, &self.layers, self.loss, 0.05).unwrap();
        let statistics = scattered(network.frozen_statistics().len(), 0.9);
        let statistics: Vec<f64> = statistics.into_iter().map(|value| value.abs() + 0.1).collect();
        network.set_statistics(&statistics).unwrap();
        network
    }

    /// Scaled so that no kink lies within a difference.
    fn direction(&self, network: &LayeredNetwork<f64>, phase: f64) -> Vec<f64> {
        let scale = if self.kinks { 1e-3 } else { 0.5 };
        scattered(network.dimension(), phase).into_iter().map(|value| scale * value).collect()
    }
}

fn point<R: Real>(network: &LayeredNetwork<R>, phase: f64) -> Vec<R> {
    scattered(network.dimension(), phase).into_iter().map(|value| R::from_f64(0.9 * value)).collect()
}

fn per_sample(point: &LayeredPoint<'_, f64>, samples: usize) -> Vec<Vec<f64>> {
    let dimension = point.at().len();
    let mut out = vec![0.0; samples * dimension];
    point.per_sample_gradients(&mut out).unwrap();
    out.chunks_exact(dimension).map(<[f64]>::to_vec).collect()
}
