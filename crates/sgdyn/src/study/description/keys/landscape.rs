//! The keys of `[landscape]` and the parameters of each named landscape.

mod data;

pub(super) use data::KEYS as DATA_KEYS;

use crate::study::description::schema::{ANY, Interval, Key, NOT_NEGATIVE, POSITIVE, Shape, When};

const WITH_DATA: &[When] = &[When::Is("landscape.risk", &["linear", "logistic", "softmax", "mean", "flat"])];
const FRESH: &[When] = &[When::Is("landscape.risk", &["fresh-regression"])];
const SUPERVISED: &[When] = &[When::Is("landscape.risk", &["linear", "logistic", "softmax"])];
const FORMULA: &[When] = &[When::With("landscape.formula")];

const NAMES: Shape = Shape::Choice(&[
    "quadratic",
    "full-quadratic",
    "double-well",
    "two-parabolas",
    "two-valleys",
    "styblinski-tang",
    "rastrigin",
    "muller-brown",
    "curved-channel",
    "flat-valley",
    "ring-of-gates",
    "maier-stein",
    "rotating",
]);

const DIMENSION: Shape = Shape::Count(1, 1 << 20);

/// A parameter of the named landscapes in the list.
macro_rules! parameter {
    ($name:literal of $($landscape:literal),+ ; $shape:expr, $documentation:literal) => {
        Key::new(concat!("landscape.parameters.", $name), $shape, $documentation)
            .when(&[When::Is("landscape.name", &[$($landscape),+])])
    };
}

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "landscape.formula",
        Shape::Text,
        "The loss as a formula of the variables and parameters, such as \"x^4 - 2*x^2\".",
    ),
    Key::new(
        "landscape.name",
        NAMES,
        "A landscape with known minima, saddles and predictions; `landscape.parameters` sets its numbers.",
    ),
    Key::new(
        "landscape.risk",
        Shape::Choice(&["linear", "logistic", "softmax", "mean", "flat", "fresh-regression"]),
        "The mean loss of a model over the rows of a data set: squared error of a linear model, logistic or softmax \
         regression, the mean of the rows, ℓᵢ = ½|θ − xᵢ|², or no curvature at all, ℓᵢ = (xᵢ − x̄)·θ (flat). Or linear \
         regression on fresh Gaussian inputs at each step (fresh-regression).",
    ),
    Key::new(
        "landscape.variables",
        Shape::Texts,
        "The variables of the formula, in the order of the coordinates. Without it: all names in the formula that are \
         no parameters, in alphabetical order.",
    )
    .when(FORMULA),
    Key::new("landscape.parameters.*", Shape::Number(ANY), "A number that the formula calls by this name.").when(FORMULA),
    Key::new(
        "landscape.sharpness",
        Shape::Number(POSITIVE),
        "The factor k of L(√k θ): every curvature k times as large at the same heights, for a formula or a named landscape. \
         Starts, targets, boxes and the formulas of a noise are written in the coordinates of L itself, so that they name the \
         same places at every k; results are in θ.",
    )
    .default("1.0")
    .when(&[When::Without("landscape.risk")]),
    parameter!("curvatures" of "quadratic"; Shape::Vector(ANY), "The curvatures hᵢ of ½ Σ hᵢ xᵢ², one per coordinate.").required(),
    parameter!("hessian" of "full-quadratic"; Shape::Vector(ANY), "The d² entries of H in ½ xᵀHx, row by row.").required(),
    parameter!("quartic" of "double-well"; Shape::Number(POSITIVE), "The factor a of a x⁴ − b x² + t x.").default("1.0"),
    parameter!("quadratic" of "double-well"; Shape::Number(ANY), "The factor b of a x⁴ − b x² + t x.").default("2.0"),
    parameter!("tilt" of "double-well"; Shape::Number(ANY), "The slope t of a x⁴ − b x² + t x.").default("0.0"),
    parameter!("left" of "two-parabolas"; Shape::Number(POSITIVE), "The curvature of the well at −1.").default("1.0"),
    parameter!("right" of "two-parabolas"; Shape::Number(POSITIVE), "The curvature of the well at +1.").default("1.0"),
    parameter!("sharp" of "two-valleys"; Shape::Number(POSITIVE), "The curvature s of the left valley.").default("10.0"),
    parameter!("flat" of "two-valleys"; Shape::Number(POSITIVE), "The curvature f of the right valley.").default("2.0"),
    parameter!("barrier" of "two-valleys"; Shape::Number(POSITIVE), "The curvature b of the barrier's top, without its sign.").default("4.0"),
    parameter!("sharp_depth" of "two-valleys"; Shape::Number(POSITIVE), "The depth Eₛ of the left valley below the top.").default("1.0"),
    parameter!("flat_depth" of "two-valleys"; Shape::Number(POSITIVE), "The depth E_f of the right valley below the top.").default("1.0"),
    parameter!("dimension" of "styblinski-tang", "rastrigin"; DIMENSION, "The number of coordinates.").default("2"),
    parameter!("amplitude" of "rastrigin"; Shape::Number(NOT_NEGATIVE), "The height of the ripples.").default("10.0"),
    parameter!("scale" of "muller-brown"; Shape::Number(POSITIVE), "A factor on all heights.").default("1.0"),
    parameter!("curvature" of "flat-valley"; Shape::Number(POSITIVE), "The curvature c of ½ c (1 + w x²) y².").default("1.0"),
    parameter!("widening" of "flat-valley"; Shape::Number(NOT_NEGATIVE), "The growth w of ½ c (1 + w x²) y².").default("0.0"),
    parameter!("gates" of "ring-of-gates"; Shape::Count(1, 64), "The number n of gates.").default("3"),
    parameter!("stiffness" of "ring-of-gates"; Shape::Number(POSITIVE), "The curvature a across each gate.").default("8.0"),
    parameter!("alpha" of "maier-stein"; Shape::Number(ANY), "The coefficient α of the drift x − x³ − αxy².").default("1.0"),
    parameter!("mu" of "maier-stein"; Shape::Number(POSITIVE), "The coefficient μ of the drift −μ(1 + x²)y.").default("1.0"),
    parameter!("curvature" of "rotating"; Shape::Number(POSITIVE), "The rate h of the drift −h(x, y) + ω(y, −x).").default("1.0"),
    parameter!("rotation" of "rotating"; Shape::Number(ANY), "The angular velocity ω of the drift −h(x, y) + ω(y, −x).").default("1.0"),
    Key::new(
        "landscape.data",
        Shape::Text,
        "The data: the name of a ready data set (`avila`, `avila-test`, `banknote`, `cardiotocography`, `digits`, `mnist-test`) \
         or text (`shakespeare`), or the path of a file, relative to the study: CSV, IDX, npy, npz, safetensors or, with \
         `window`, plain text, each compressed by gzip or not.",
    )
    .required()
    .when(WITH_DATA),
    Key::new(
        "landscape.divide_by",
        Shape::Number(POSITIVE),
        "A number that all inputs are divided by before anything else: 16 brings the digits to 0…1.",
    )
    .when(WITH_DATA),
    Key::new("landscape.input_variances", Shape::Vector(POSITIVE), "The variance of each input.")
        .required()
        .when(FRESH),
    Key::new("landscape.label_deviation", Shape::Number(NOT_NEGATIVE), "The standard deviation of the label noise.")
        .default("1.0")
        .when(FRESH),
    Key::new(
        "landscape.label",
        Shape::Label,
        "The column that is predicted, or in npz and safetensors the array of labels. Without it: the last column, or the only \
         array of one dimension. Cardiotocography has `NSP` (the default) and `CLASS`.",
    )
    .when(SUPERVISED),
    Key::new("landscape.intercept", Shape::Truth, "Whether a column of ones is added to the inputs.")
        .default("true")
        .when(SUPERVISED),
    Key::new(
        "landscape.l2",
        Shape::Number(Interval::between(0.0, true, f64::INFINITY, false)),
        "The factor λ of the penalty ½λ|θ|² in the loss.",
    )
    .default("0.0")
    .when(SUPERVISED),
];
