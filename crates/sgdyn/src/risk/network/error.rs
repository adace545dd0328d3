//! What can be wrong with a network, or with a point at which it is evaluated.

use super::layered::LayerError;

/// A network cannot be built for its data, or evaluated at a point.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// No layer at all.
    #[error("a network needs at least one layer")]
    NoLayers,
    /// Layers of a [`LayeredNetwork`](super::layered::LayeredNetwork) that do not fit each other, or its data.
    #[error(transparent)]
    Layers(#[from] LayerError),
    /// A layer without inputs or outputs.
    #[error("layer {layer} has {inputs} inputs and {outputs} outputs: both must be at least 1")]
    EmptyLayer {
        /// The layer, from 1.
        layer: usize,
        /// Its inputs.
        inputs: usize,
        /// Its outputs.
        outputs: usize,
    },
    /// Two layers that follow each other do not fit.
    #[error("layer {layer} takes {inputs} inputs, and layer {} has {outputs} outputs: the widths must meet", .layer - 1)]
    Widths {
        /// The later layer, from 1.
        layer: usize,
        /// Its inputs.
        inputs: usize,
        /// The outputs of the layer before.
        outputs: usize,
    },
    /// The first layer does not fit the data.
    #[error("layer 1 takes {inputs} inputs, and {data} has {features} features: the widths must meet")]
    Features {
        /// The data set.
        data: String,
        /// Its features.
        features: usize,
        /// The inputs of the first layer.
        inputs: usize,
    },
    /// The last layer does not fit the labels.
    #[error("layer {layer}, the last, has {outputs} outputs, and the labels of {data} need {needed}")]
    Outputs {
        /// The data set.
        data: String,
        /// The last layer, from 1.
        layer: usize,
        /// Its outputs.
        outputs: usize,
        /// One per class, or 1 for real targets.
        needed: usize,
    },
    /// The last layer has an activation, which belongs to the loss.
    #[error(
        "layer {layer}, the last, has the activation {activation}: its outputs go to the loss as they are, so it must be identity"
    )]
    OutputActivation {
        /// The last layer, from 1.
        layer: usize,
        /// Its activation.
        activation: &'static str,
    },
    /// Classes are needed.
    #[error(
        "{data}: softmax cross-entropy needs classes, and the labels are real targets; the squared loss takes them"
    )]
    Targets {
        /// The data set.
        data: String,
    },
    /// The strength of the penalty is not usable.
    #[error("l2 = {0} is not a penalty: it must be finite and at least 0")]
    L2(f64),
    /// More samples than indices of 32 bits can tell apart.
    #[error("{data}: {samples} samples are too many: at most 4294967295")]
    TooManySamples {
        /// The data set.
        data: String,
        /// Its samples.
        samples: usize,
    },
    /// An array of the wrong length.
    #[error("{what} must hold {expected} values, and holds {found}")]
    Length {
        /// The array.
        what: &'static str,
        /// Its length.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// A parameter that is not a number.
    #[error("parameter {index} (from 0; in layer {layer}) is {value}: parameters must be finite")]
    Parameter {
        /// Its index.
        index: usize,
        /// Its layer, from 1.
        layer: usize,
        /// The value.
        value: f64,
    },
    /// A number left the range of the format on the way through the network.
    #[error(
        "the {what} of layer {layer} are not finite for sample {sample} (from 0): the parameters are too large for {format}, or the features are"
    )]
    NotFinite {
        /// `outputs` or `errors`.
        what: &'static str,
        /// The layer, from 1.
        layer: usize,
        /// The first such sample.
        sample: usize,
        /// `f32` or `f64`.
        format: &'static str,
    },
}
