//! What a layered network is described by.

use serde::{Deserialize, Serialize};

use super::shape::Shape;
use crate::risk::network::Activation;

/// What the features of a sample are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Input {
    /// A vector.
    Features {
        /// Its length.
        features: usize,
    },
    /// An image, `[channels × height × width]` in PyTorch's order.
    Image {
        /// Its channels.
        channels: usize,
        /// Its rows.
        height: usize,
        /// Its columns.
        width: usize,
    },
    /// A sequence of tokens, integers from 0: what [`Layer::Embedding`] reads.
    Tokens {
        /// Their number.
        length: usize,
    },
}

impl Input {
    pub(super) fn shape(self) -> Shape {
        match self {
            Self::Features { features } => Shape::features(features),
            Self::Image { channels, height, width } => Shape::image(channels, height, width),
            Self::Tokens { length } => Shape::tokens(length),
        }
    }
}

/// The statistics that batch normalisation divides by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchStatistics {
    /// Constants kept beside the parameters: PyTorch's `eval()`. Mean 0 and variance 1 unless they are read from a file.
    #[default]
    Frozen,
    /// Those of the batch. Refused: each loss then depends on all samples, and no per-sample gradient exists.
    Batch,
}

/// A layer, with the meaning, the order of parameters and the defaults of PyTorch's module of the name given.
///
/// Widths are written on both sides, and must meet. In a study:
///
/// ```
/// use sgdyn::risk::network::layered::Layer;
///
/// let layer: Layer = toml::from_str("kind = 'convolution2d'\ninputs = 1\noutputs = 8\nkernel = 3\npadding = 1")?;
/// assert_eq!(
///     layer,
///     Layer::Convolution2d { inputs: 1, outputs: 8, kernel: 3, stride: 1, padding: 1, bias: true }
/// );
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Layer {
    /// `Linear`: y = Wx + b of each vector (of a sequence: at each place), W `[outputs × inputs]`.
    Dense {
        /// The length of x.
        inputs: usize,
        /// The length of y.
        outputs: usize,
        /// Whether there is b, `[outputs]`.
        #[serde(default = "yes")]
        bias: bool,
    },
    /// A function of every value.
    Activation {
        /// The function.
        function: Activation,
    },
    /// `Conv2d`: y = W∗x + b, W `[outputs × inputs × kernel × kernel]`, zeros around the image.
    Convolution2d {
        /// The channels of x.
        inputs: usize,
        /// The channels of y.
        outputs: usize,
        /// The side of the square that a value of y sees.
        kernel: usize,
        /// The distance of two such squares.
        #[serde(default = "one")]
        stride: usize,
        /// The rows and columns of zeros on each side.
        #[serde(default)]
        padding: usize,
        /// Whether there is b, `[outputs]`.
        #[serde(default = "yes")]
        bias: bool,
    },
    /// `MaxPool2d`: the largest value of a square. Of equal ones the first by rows has the derivative 1.
    MaxPool {
        /// The side of the square.
        kernel: usize,
        /// The distance of two squares.
        stride: usize,
        /// The rows and columns of −∞ on each side.
        #[serde(default)]
        padding: usize,
    },
    /// `AvgPool2d`: the mean of a square, zeros of the padding included.
    AveragePool {
        /// The side of the square.
        kernel: usize,
        /// The distance of two squares.
        stride: usize,
        /// The rows and columns of zeros on each side.
        #[serde(default)]
        padding: usize,
    },
    /// `AdaptiveAvgPool2d(1)`: the mean of each channel, an image of one pixel.
    GlobalAveragePool {},
    /// `Flatten`: a vector of all values; of images channel by channel, of sequences place by place.
    Flatten {},
    /// body(x) + shortcut(x); an empty shortcut is x. He, Zhang, Ren and Sun (CVPR 2016).
    Residual {
        /// The layers of the one way.
        body: Vec<Layer>,
        /// The layers of the other.
        #[serde(default)]
        shortcut: Vec<Layer>,
    },
    /// `LayerNorm`: y = γ∘(x − μ)/√(v + ε) + β with mean μ and variance v of a vector, ε = 10⁻⁵. Ba, Kiros and Hinton
    /// (arXiv:1607.06450).
    LayerNorm {
        /// The length of x.
        channels: usize,
    },
    /// `GroupNorm`: the same with mean and variance of each group of channels of a sample. Wu and He (ECCV 2018).
    GroupNorm {
        /// The groups, of equal size.
        groups: usize,
        /// The channels of x.
        channels: usize,
    },
    /// `BatchNorm2d` (`BatchNorm1d` of vectors): the same with constants μ and v per channel.
    BatchNorm {
        /// The channels of x.
        channels: usize,
        /// Where μ and v come from.
        #[serde(default)]
        statistics: BatchStatistics,
    },
    /// `Embedding`: of each token its row of a table, `[tokens × channels]`.
    Embedding {
        /// The number of tokens that there are.
        tokens: usize,
        /// The length of a row.
        channels: usize,
    },
    /// Layers one after another, as one: `Sequential`, which numbers them.
    Sequence {
        /// The layers.
        layers: Vec<Layer>,
    },
    /// A layer whose parameters have this name instead of its number; with an empty name none.
    Named {
        /// The name.
        name: String,
        /// The layer.
        layer: Box<Layer>,
    },
}

fn yes() -> bool {
    true
}

fn one() -> usize {
    1
}

impl Layer {
    /// The layer under a name.
    pub fn named(self, name: &str) -> Self {
        Self::Named { name: name.to_owned(), layer: Box::new(self) }
    }

    /// The name of its kind in a study and in errors.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Dense { .. } => "dense",
            Self::Activation { function } => function.name(),
            Self::Convolution2d { .. } => "convolution2d",
            Self::MaxPool { .. } => "max_pool",
            Self::AveragePool { .. } => "average_pool",
            Self::GlobalAveragePool {} => "global_average_pool",
            Self::Flatten {} => "flatten",
            Self::Residual { .. } => "residual",
            Self::LayerNorm { .. } => "layer_norm",
            Self::GroupNorm { .. } => "group_norm",
            Self::BatchNorm { .. } => "batch_norm",
            Self::Embedding { .. } => "embedding",
            Self::Sequence { .. } => "sequence",
            Self::Named { layer, .. } => layer.kind(),
        }
    }
}
