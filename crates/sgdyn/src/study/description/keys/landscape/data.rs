//! The keys of `[landscape]` about data: how they are read and what is done to them.

use super::WITH_DATA;
use crate::study::description::schema::{Interval, Key, Shape, When};

const SAMPLES: &[When] = &[WITH_DATA[0], When::Without("landscape.window")];
const TEXT: &[When] = &[WITH_DATA[0], When::With("landscape.window")];
const SUBSET: &[When] = &[WITH_DATA[0], When::With("landscape.subset")];
const SPLIT: &[When] = &[WITH_DATA[0], When::With("landscape.split")];

pub(in super::super) const KEYS: &[Key] = &[
    Key::new(
        "landscape.window",
        Shape::Count(1, 1 << 20),
        "The length of the windows that a text is cut into: a sample is a window, its features the characters as numbers in \
         the order of their code points, its label the character that follows.",
    )
    .unit("characters")
    .when(WITH_DATA),
    Key::new(
        "landscape.stride",
        Shape::Count(1, 1 << 30),
        "From the beginning of a window to that of the next. Without it: the window's length, so that windows do not overlap.",
    )
    .unit("characters")
    .when(TEXT),
    Key::new(
        "landscape.labels",
        Shape::Text,
        "The path of an IDX or npy file of labels, one for each sample of an array, relative to the study.",
    )
    .when(SAMPLES),
    Key::new(
        "landscape.features",
        Shape::Text,
        "The array of samples in an npz or safetensors file. Without it: the only one of several dimensions.",
    )
    .when(SAMPLES),
    Key::new(
        "landscape.header",
        Shape::Truth,
        "Whether the first row of a CSV file holds names. Without it: it does if a column is asked for by name, or if a cell \
         outside the label column and the ignored ones is neither empty nor a number.",
    )
    .when(SAMPLES),
    Key::new(
        "landscape.ignore",
        Shape::Texts,
        "Columns of a CSV file that are neither features nor the label, by name, or by number from 0 as `\"0\"`.",
    )
    .when(SAMPLES),
    Key::new(
        "landscape.incomplete_rows",
        Shape::Choice(&["error", "drop"]),
        "What to do with rows of a CSV file that have an empty cell: refuse them, or leave them out.",
    )
    .default("\"error\"")
    .when(SAMPLES),
    Key::new(
        "landscape.classes",
        Shape::Count(2, 1 << 20),
        "The number of classes, if the labels of a file are to be 0, 1, … up to it, whichever of them occur; any other label \
         is then refused. Without it: the classes are what occurs.",
    )
    .when(SAMPLES),
    Key::new(
        "landscape.shape",
        Shape::Counts(1, 1 << 20),
        "The shape of a sample, if the file does not say: [height, width] or [channels, height, width].",
    )
    .when(SAMPLES),
    Key::new(
        "landscape.pool",
        Shape::Counts(1, 1 << 16),
        "The [height, width] that images are reduced to by adaptive average pooling, as torch does it: pixel i of n out of m \
         is the mean of the pixels from ⌊i m/n⌋ to ⌈(i + 1) m/n⌉ − 1. After `divide_by`.",
    )
    .when(SAMPLES),
    Key::new(
        "landscape.subset",
        Shape::Count(1, u32::MAX as u64),
        "How many of the samples are used. After `pool`.",
    )
    .when(WITH_DATA),
    Key::new(
        "landscape.subset_by",
        Shape::Choice(&["stratified", "first"]),
        "Which samples a subset takes: of each class the first ones, in proportion to its size (rounded by largest \
         remainder), or the first of the file.",
    )
    .default("\"stratified\"")
    .when(SUBSET),
    Key::new(
        "landscape.split",
        Shape::Number(Interval::between(0.0, false, 1.0, false)),
        "The share of the samples that is used for training, chosen at random; the others are for test. After `subset`. A text \
         is cut in two before anything else, and `subset` thins the training part.",
    )
    .when(WITH_DATA),
    Key::new(
        "landscape.split_seed",
        Shape::Count(0, u64::MAX),
        "The seed of the choice, apart from that of the study, so that seeds can be swept on the same samples.",
    )
    .default("1")
    .when(SPLIT),
    Key::new(
        "landscape.standardise",
        Shape::Truth,
        "Whether each column of the inputs is shifted and scaled to mean 0 and variance 1, over the training part if there is \
         a `split`. At the end.",
    )
    .default("true")
    .when(SAMPLES),
    Key::new(
        "landscape.constant_features",
        Shape::Choice(&["error", "zero", "drop"]),
        "What `standardise` does with an input that is the same in all samples: refuse it, keep it as zeros, or remove it.",
    )
    .default("\"error\"")
    .when(SAMPLES),
];
