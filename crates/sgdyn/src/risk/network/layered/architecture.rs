//! Networks that are one call away.

use serde::{Deserialize, Serialize};

use super::layer::{BatchStatistics, Input, Layer};
use crate::risk::network::Activation;

/// A perceptron with the widths of its layers, input and outputs included, and an activation between them.
///
/// ```
/// use sgdyn::risk::network::Activation;
/// use sgdyn::risk::network::layered::mlp;
///
/// let (input, layers) = mlp(&[36, 8, 10], Activation::Tanh);
/// assert_eq!(layers.len(), 3);
/// ```
pub fn mlp(widths: &[usize], activation: Activation) -> (Input, Vec<Layer>) {
    let mut layers = Vec::new();
    for pair in widths.windows(2) {
        if !layers.is_empty() {
            layers.push(Layer::Activation { function: activation });
        }
        layers.push(Layer::Dense { inputs: pair[0], outputs: pair[1], bias: true });
    }
    (Input::Features { features: widths.first().copied().unwrap_or(0) }, layers)
}

/// A model of the next of a sequence of tokens, such as characters, from the `context` before: embedded by a common
/// table, put behind each other, and read by a perceptron with one hidden layer of tanh.
///
/// Bengio, Ducharme, Vincent and Jauvin (JMLR 2003), without their direct connections. A sample is a window: its
/// features are the tokens before, its class is the next.
pub fn next_token_model(
    tokens: usize,
    context: usize,
    channels: usize,
    hidden: usize,
) -> (Input, Vec<Layer>) {
    let layers = vec![
        Layer::Embedding { tokens, channels },
        Layer::Flatten {},
        Layer::Dense { inputs: context * channels, outputs: hidden, bias: true },
        Layer::Activation { function: Activation::Tanh },
        Layer::Dense { inputs: hidden, outputs: tokens, bias: true },
    ];
    (Input::Tokens { length: context }, layers)
}

/// What normalises the channels of a residual network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ResidualNorm {
    /// Groups of channels of each sample, as many as given here.
    Group(usize),
    /// Frozen statistics of a checkpoint: PyTorch's network in `eval()`.
    FrozenBatch,
}

/// What a residual network begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stem {
    /// A convolution 3 × 3: for images of some 30 pixels. He et al. (CVPR 2016), section 4.2.
    Small,
    /// A convolution 7 × 7 and a pooling, both with stride 2: for images of some 200 pixels, and of torchvision.
    ImageNet,
}

/// ResNet-18: a stem, four stages of two residual blocks, whose widths double and sides halve, a mean over pixels and
/// a dense layer. He, Zhang, Ren and Sun (CVPR 2016).
///
/// Parameters have torchvision's names (`conv1.weight`, `layer2.0.downsample.0.weight`, `fc.bias`), and with the stem
/// of ImageNet, frozen batch normalisation and width 64 also its shapes, so that its checkpoints can be read.
///
/// ```
/// use sgdyn::risk::network::layered::ResNet18;
///
/// let (input, layers) = ResNet18 { width: 8, ..ResNet18::default() }.layers();
/// assert_eq!(layers.len(), 10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResNet18 {
    /// The channels of an image.
    pub channels: usize,
    /// The height and the width of an image.
    pub side: usize,
    /// The classes.
    pub classes: usize,
    /// The channels of the first stage.
    pub width: usize,
    /// The normalisation.
    pub norm: ResidualNorm,
    /// The beginning.
    pub stem: Stem,
}

impl Default for ResNet18 {
    /// For MNIST: images of 28 × 28 with one channel, 10 classes, 64 channels, in 8 groups, the small stem.
    fn default() -> Self {
        let (norm, stem) = (ResidualNorm::Group(8), Stem::Small);
        Self { channels: 1, side: 28, classes: 10, width: 64, norm, stem }
    }
}

impl ResNet18 {
    /// The input and the layers.
    pub fn layers(&self) -> (Input, Vec<Layer>) {
        let relu = Layer::Activation { function: Activation::Relu };
        let (kernel, stride, padding) = match self.stem {
            Stem::Small => (3, 1, 1),
            Stem::ImageNet => (7, 2, 3),
        };
        let mut layers = vec![
            plain(self.channels, self.width, kernel, stride, padding).named("conv1"),
            self.norm(self.width).named("bn1"),
            relu,
        ];
        if self.stem == Stem::ImageNet {
            layers.push(Layer::MaxPool { kernel: 3, stride: 2, padding: 1 });
        }
        let mut inputs = self.width;
        for stage in 0..4 {
            let (outputs, stride) = (self.width << stage, if stage == 0 { 1 } else { 2 });
            let blocks = vec![self.block(inputs, outputs, stride), self.block(outputs, outputs, 1)];
            layers.push(Layer::Sequence { layers: blocks }.named(&format!("layer{}", stage + 1)));
            inputs = outputs;
        }
        layers.push(Layer::GlobalAveragePool {});
        layers.push(Layer::Flatten {});
        layers.push(Layer::Dense { inputs, outputs: self.classes, bias: true }.named("fc"));
        let side = self.side;
        (Input::Image { channels: self.channels, height: side, width: side }, layers)
    }

    /// Two convolutions beside a shortcut, and ReLU behind their sum.
    fn block(&self, inputs: usize, outputs: usize, stride: usize) -> Layer {
        let body = vec![
            plain(inputs, outputs, 3, stride, 1).named("conv1"),
            self.norm(outputs).named("bn1"),
            Layer::Activation { function: Activation::Relu },
            plain(outputs, outputs, 3, 1, 1).named("conv2"),
            self.norm(outputs).named("bn2"),
        ];
        let shortcut = if stride == 1 && inputs == outputs {
            Vec::new()
        } else {
            vec![
                plain(inputs, outputs, 1, stride, 0).named("downsample.0"),
                self.norm(outputs).named("downsample.1"),
            ]
        };
        let relu = Layer::Activation { function: Activation::Relu };
        Layer::Sequence { layers: vec![Layer::Residual { body, shortcut }.named(""), relu] }
    }

    fn norm(&self, channels: usize) -> Layer {
        match self.norm {
            ResidualNorm::Group(groups) => Layer::GroupNorm { groups, channels },
            ResidualNorm::FrozenBatch => Layer::BatchNorm { channels, statistics: BatchStatistics::Frozen },
        }
    }
}

/// A convolution without bias.
fn plain(inputs: usize, outputs: usize, kernel: usize, stride: usize, padding: usize) -> Layer {
    Layer::Convolution2d { inputs, outputs, kernel, stride, padding, bias: false }
}
