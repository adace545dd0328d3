//! The keys of `[landscape]` that describe a network.

use crate::study::description::schema::{Key, Shape, When};

const NETWORK: &[When] = &[When::Is("landscape.risk", &["network"])];
const DENSE: &[When] = &[NETWORK[0], When::Is("landscape.architecture", &["dense"])];
const LAYERED: &[When] = &[NETWORK[0], When::Is("landscape.architecture", &["layered"])];
const RESIDUAL: &[When] = &[NETWORK[0], When::Is("landscape.architecture", &["resnet-18"])];
const GROUPED: &[When] = &[NETWORK[0], RESIDUAL[1], When::Is("landscape.norm", &["group"])];
const NEXT_TOKEN: &[When] = &[NETWORK[0], When::Is("landscape.architecture", &["next-token"])];
/// Studies whose replicas begin where a network does.
const WITH_START: &[When] = &[NETWORK[0], When::Is("study", &["curvature", "train", "simulate"])];

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "landscape.architecture",
        Shape::Choice(&["dense", "layered", "resnet-18", "next-token"]),
        "A chain of dense layers; layers of any kind, one `[[landscape.layer]]` each; ResNet-18; or a model of the next \
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
        "landscape.layer",
        Shape::Layers,
        "The layers one after another, `[[landscape.layer]]` each, with PyTorch's meaning, defaults and names of parameters: \
         `kind` is `dense` (inputs, outputs, bias = true), `activation` (function), `convolution2d` (inputs, outputs, kernel, \
         stride = 1, padding = 0, bias = true), `max_pool` or `average_pool` (kernel, stride, padding = 0), \
         `global_average_pool`, `flatten`, `residual` (body, shortcut = []), `layer_norm` (channels), `group_norm` (groups, \
         channels), `batch_norm` (channels, statistics = \"frozen\"), `embedding` (tokens, channels), `sequence` (layers) or \
         `named` (name, layer). Samples are images if a layer reads images, tokens if one embeds them, else vectors.",
    )
    .required()
    .when(LAYERED),
    Key::new(
        "landscape.width",
        Shape::Count(1, 1 << 12),
        "The channels of the first stage; those of the last are eight times as many.",
    )
    .default("64")
    .when(RESIDUAL),
    Key::new(
        "landscape.norm",
        Shape::Choice(&["group", "frozen-batch"]),
        "What normalises the channels: mean and variance of groups of them in each sample; or constants, those of \
         `landscape.weights`, as PyTorch's batch normalisation in `eval()`. Statistics of a batch are not offered: a \
         sample would have no gradient of its own.",
    )
    .default("\"group\"")
    .when(RESIDUAL),
    Key::new(
        "landscape.stem",
        Shape::Choice(&["small", "imagenet"]),
        "The beginning: a convolution 3 × 3, for images of some 30 pixels; or torchvision's, 7 × 7 with stride 2 and a \
         pooling, for images of some 200.",
    )
    .default("\"small\"")
    .when(RESIDUAL),
    Key::new(
        "landscape.groups",
        Shape::Count(1, 1 << 12),
        "The groups of channels that are normalised together; their number divides the width.",
    )
    .default("8")
    .when(GROUPED),
    Key::new("landscape.channels", Shape::Count(1, 1 << 16), "The length of the vector that stands for a character.")
        .default("8")
        .when(NEXT_TOKEN),
    Key::new("landscape.hidden", Shape::Count(1, 1 << 20), "The width of the hidden layer.")
        .default("64")
        .when(NEXT_TOKEN),
    Key::new(
        "landscape.weights",
        Shape::Text,
        "A safetensors file, relative to the study, of the parameters that every replica begins with, under PyTorch's names \
         and shapes and without any other tensor; with the statistics of frozen batch normalisation, where there is one. \
         Without it each replica draws its own by PyTorch's default laws.",
    )
    .when(WITH_START),
    Key::new(
        "landscape.loss",
        Shape::Choice(&["softmax-cross-entropy", "squared"]),
        "The loss of a sample: ln Σ exp(zₖ) − z_y, or ½|z − y|². The squared loss takes the classes of a ready data set as \
         unit vectors, and the label column of a file as numbers.",
    )
    .default("\"softmax-cross-entropy\"")
    .when(NETWORK),
];
