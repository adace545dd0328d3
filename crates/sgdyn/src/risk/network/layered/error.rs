//! What can be wrong with a layered network.

/// Layers that do not make a network, or data that do not fit it.
///
/// Layers are named as their parameters are, with their kind: `layer1.0.conv1 (convolution2d)`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LayerError {
    /// The features of the data are not those that the input is made of.
    #[error("{data} has {features} features, and the input is {input}, which is {values}")]
    Input {
        /// The data set.
        data: String,
        /// Its features.
        features: usize,
        /// The input.
        input: String,
        /// The features that it needs.
        values: usize,
    },
    /// A size that no layer has.
    #[error("{layer}: {what} is {size}, and must be from {smallest} to {largest}")]
    Size {
        /// The layer.
        layer: String,
        /// The size.
        what: &'static str,
        /// Its value.
        size: usize,
        /// The least possible.
        smallest: usize,
        /// The largest possible.
        largest: usize,
    },
    /// More parameters than can be handled.
    #[error("up to {layer} there are {parameters} parameters: more than 4294967295 are not supported")]
    TooLarge {
        /// The layer where they become too many.
        layer: String,
        /// Their number up to there.
        parameters: usize,
    },
    /// More values of one sample than can be handled.
    #[error("up to {layer} a sample has {values} values: more than 4294967295 are not supported")]
    TooManyValues {
        /// The layer where they become too many.
        layer: String,
        /// Their number up to there, padding to whole vectors included.
        values: usize,
    },
    /// Two layers that follow each other do not fit.
    #[error("{layer} takes {takes} inputs, and {before} gives {gives}: the widths must meet")]
    Widths {
        /// The later layer.
        layer: String,
        /// Its inputs or channels.
        takes: usize,
        /// The layer before, or the input.
        before: String,
        /// What it gives.
        gives: String,
    },
    /// A layer that reads, say, images after one that gives vectors.
    #[error("{layer} takes {takes}, and {before} gives {gives}; {remedy}")]
    Form {
        /// The later layer.
        layer: String,
        /// What it reads.
        takes: &'static str,
        /// The layer before, or the input.
        before: String,
        /// What it gives.
        gives: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A kernel that the image has no place for.
    #[error(
        "{layer}: the kernel of {kernel} × {kernel} does not fit on {height} × {width} pixels with {padding} on each side"
    )]
    Kernel {
        /// The layer.
        layer: String,
        /// The side of the kernel.
        kernel: usize,
        /// The padding.
        padding: usize,
        /// The height of the image.
        height: usize,
        /// Its width.
        width: usize,
    },
    /// Squares of a pooling that lie in the padding only.
    #[error("{layer}: the padding {padding} is more than half of the kernel {kernel}")]
    Padding {
        /// The layer.
        layer: String,
        /// The side of the kernel.
        kernel: usize,
        /// The padding.
        padding: usize,
    },
    /// Groups of channels that are not equal.
    #[error("{layer}: {channels} channels do not make {groups} equal groups")]
    Groups {
        /// The layer.
        layer: String,
        /// Its channels.
        channels: usize,
        /// Its groups.
        groups: usize,
    },
    /// Batch normalisation with statistics of the batch.
    #[error(
        "{layer}: under batch statistics each loss depends on all samples of the batch, so per-sample gradients do not exist; take statistics = \"frozen\" or group_norm"
    )]
    BatchStatistics {
        /// The layer.
        layer: String,
    },
    /// The two ways of a residual block do not end alike.
    #[error(
        "{layer}: the body gives {body}, and the shortcut {shortcut}: they are added, so they must be alike"
    )]
    Residual {
        /// The block.
        layer: String,
        /// What the body gives.
        body: String,
        /// What the shortcut gives.
        shortcut: String,
    },
    /// The last layer does not give what the loss compares with the labels.
    #[error("{layer}, the last, gives {gives}, and the labels of {data} need {needed} values")]
    Outputs {
        /// The last layer.
        layer: String,
        /// What it gives.
        gives: String,
        /// The data set.
        data: String,
        /// One per class, or 1 for real targets.
        needed: usize,
    },
    /// Two tensors of parameters with one name.
    #[error("the tensor {name} is there twice: give the layers different names")]
    Name {
        /// The name.
        name: String,
    },
    /// Layers without any parameter.
    #[error("the layers have no parameters: there is nothing to train")]
    NoParameters,
    /// A feature that is no token.
    #[error("{data}: feature {feature} of sample {sample} (from 0) is {value}, no token: {layer} reads integers from 0 to {}", .tokens - 1)]
    Token {
        /// The data set.
        data: String,
        /// The sample.
        sample: usize,
        /// The feature.
        feature: usize,
        /// The value.
        value: f64,
        /// The embedding.
        layer: String,
        /// The number of tokens.
        tokens: usize,
    },
    /// A parameter that is not a number.
    #[error("parameter {index} (from 0), in {tensor}, is {value}: parameters must be finite")]
    Parameter {
        /// Its index in θ.
        index: usize,
        /// Its tensor.
        tensor: String,
        /// The value.
        value: f64,
    },
    /// A number left the range of the format on the way through the network.
    #[error(
        "the {what} of {layer} are not finite for sample {sample} (from 0): the parameters are too large for {format}, or the features are"
    )]
    NotFinite {
        /// `outputs`, or `errors`: the derivatives of the loss by the outputs.
        what: &'static str,
        /// The layer.
        layer: String,
        /// The first such sample.
        sample: usize,
        /// `f32` or `f64`.
        format: &'static str,
    },
    /// Statistics of batch normalisation that are none.
    #[error("{what} of batch normalisation must be {expected} finite values{}, and value {index} (from 0) is {value}", if *.what == "running_var" { " of at least 0" } else { "" })]
    Statistic {
        /// `running_mean` or `running_var`.
        what: &'static str,
        /// How many there are.
        expected: usize,
        /// The first that is not usable.
        index: usize,
        /// Its value.
        value: f64,
    },
}
