//! The keys of `[landscape]` that describe a network.

use crate::study::description::schema::{Key, Shape, When};

const NETWORK: &[When] = &[When::Is("landscape.risk", &["network"])];

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "landscape.layers",
        Shape::Counts(1, 1 << 20),
        "The outputs of each dense layer, such as [128, 10]: the last has one for each class, or 1 for a number. A list of \
         such lists is swept.",
    )
    .required()
    .when(NETWORK),
    Key::new(
        "landscape.activation",
        Shape::Choice(&["tanh", "relu", "gelu", "softplus", "sigmoid", "identity"]),
        "The activation of all layers but the last, whose outputs go to the loss as they are.",
    )
    .default("\"tanh\"")
    .when(NETWORK),
    Key::new(
        "landscape.loss",
        Shape::Choice(&["softmax-cross-entropy", "squared"]),
        "The loss of a sample: ln Σ exp(zₖ) − z_y, or ½|z − y|². The squared loss takes the classes of a ready data set as \
         unit vectors, and the label column of a file as numbers.",
    )
    .default("\"softmax-cross-entropy\"")
    .when(NETWORK),
];
