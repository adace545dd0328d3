//! The keys of `[landscape]` that describe a network.

use crate::study::description::schema::{Key, Shape, When};

const NETWORK: &[When] = &[When::Is("landscape.risk", &["network"])];
const DENSE: &[When] = &[NETWORK[0], When::Is("landscape.architecture", &["dense"])];
const RESIDUAL: &[When] = &[NETWORK[0], When::Is("landscape.architecture", &["resnet-18"])];
const NEXT_TOKEN: &[When] = &[NETWORK[0], When::Is("landscape.architecture", &["next-token"])];

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "landscape.architecture",
        Shape::Choice(&["dense", "resnet-18", "next-token"]),
        "A chain of dense layers; ResNet-18 with a stem for small images and group normalisation; or a model of the next \
         character of a text from a window of those before, embedded and read by a hidden layer of tanh.",
    )
    .default("\"dense\"")
    .when(NETWORK),
    Key::new(
        "landscape.layers",
        Shape::Counts(1, 1 << 20),
        "The outputs of each dense layer, such as [128, 10]: the last has one for each class, or 1 for a number. A list of \
         such lists is swept.",
    )
    .required()
    .when(DENSE),
    Key::new(
        "landscape.activation",
        Shape::Choice(&["tanh", "relu", "gelu", "softplus", "sigmoid", "identity"]),
        "The activation of all layers but the last, whose outputs go to the loss as they are.",
    )
    .default("\"tanh\"")
    .when(DENSE),
    Key::new(
        "landscape.width",
        Shape::Count(1, 1 << 12),
        "The channels of the first stage; those of the last are eight times as many.",
    )
    .default("64")
    .when(RESIDUAL),
    Key::new(
        "landscape.groups",
        Shape::Count(1, 1 << 12),
        "The groups of channels that are normalised together; their number divides the width.",
    )
    .default("8")
    .when(RESIDUAL),
    Key::new("landscape.channels", Shape::Count(1, 1 << 16), "The length of the vector that stands for a character.")
        .default("8")
        .when(NEXT_TOKEN),
    Key::new("landscape.hidden", Shape::Count(1, 1 << 20), "The width of the hidden layer.")
        .default("64")
        .when(NEXT_TOKEN),
    Key::new(
        "landscape.loss",
        Shape::Choice(&["softmax-cross-entropy", "squared"]),
        "The loss of a sample: ln Σ exp(zₖ) − z_y, or ½|z − y|². The squared loss takes the classes of a ready data set as \
         unit vectors, and the label column of a file as numbers.",
    )
    .default("\"softmax-cross-entropy\"")
    .when(NETWORK),
];
