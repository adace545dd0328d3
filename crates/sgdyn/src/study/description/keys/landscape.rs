//! The keys of `[landscape]` and the parameters of each named landscape.

use crate::study::description::schema::{ANY, Interval, Key, NOT_NEGATIVE, POSITIVE, Shape, When};

const RISK: &[When] = &[When::With("landscape.risk")];
const SUPERVISED: &[When] = &[When::Is("landscape.risk", &["linear", "logistic", "softmax"])];
const FORMULA: &[When] = &[When::With("landscape.formula")];

const NAMES: Shape = Shape::Choice(&[
    "quadratic",
    "double-well",
    "tilted-double-well",
    "styblinski-tang",
    "muller-brown",
    "maier-stein",
    "rotating",
    "narrowing-gate",
    "piecewise-quadratic",
    "rastrigin",
    "flat-valley",
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
        Shape::Choice(&["linear", "logistic", "softmax", "mean"]),
        "The mean loss of a model over the rows of a data set: squared error of a linear model, logistic or softmax \
         regression, or the mean of the rows, ℓᵢ = ½|θ − xᵢ|².",
    ),
    Key::new(
        "landscape.variables",
        Shape::Texts,
        "The variables of the formula, in the order of the coordinates. Without it: all names in the formula that are \
         no parameters, in alphabetical order.",
    )
    .when(FORMULA),
    Key::new("landscape.parameters.*", Shape::Number(ANY), "A number that the formula calls by this name.").when(FORMULA),
    parameter!("curvatures" of "quadratic"; Shape::Vector(ANY), "The eigenvalues of the Hessian, one per coordinate.").required(),
    parameter!("sharpness" of "double-well", "tilted-double-well", "styblinski-tang"; Shape::Number(POSITIVE),
        "The factor k of L_k(θ) = L(√k θ), which scales all curvatures.").default("1.0"),
    parameter!("tilt" of "tilted-double-well"; Shape::Number(ANY), "The slope c that is added, + c·x.").required(),
    parameter!("dimension" of "styblinski-tang", "rastrigin"; DIMENSION, "The number of coordinates.").default("2"),
    parameter!("alpha" of "maier-stein"; Shape::Number(ANY), "The coefficient α of the drift x − x³ − αxy².").default("1.0"),
    parameter!("mu" of "maier-stein"; Shape::Number(POSITIVE), "The coefficient μ of the drift −μ(1 + x²)y.").default("1.0"),
    parameter!("curvature" of "rotating"; Shape::Number(POSITIVE), "The rate h of the drift −hθ + ωJθ.").default("1.0"),
    parameter!("rotation" of "rotating"; Shape::Number(ANY), "The angular velocity ω of the drift −hθ + ωJθ.").required(),
    parameter!("curvatures" of "piecewise-quadratic"; Shape::Vector(ANY),
        "The curvature of each piece, from left to right.").required(),
    parameter!("breaks" of "piecewise-quadratic"; Shape::Vector(ANY),
        "Where pieces meet, increasing, one fewer than the curvatures.").required(),
    parameter!("amplitude" of "rastrigin"; Shape::Number(NOT_NEGATIVE), "The height of the ripples.").default("10.0"),
    parameter!("curvatures" of "flat-valley"; Shape::Vector(NOT_NEGATIVE),
        "The curvatures across the valley; zeros are its flat directions.").required(),
    Key::new(
        "landscape.data",
        Shape::Text,
        "The data: the name of a ready data set, or the path of a CSV file, relative to the study.",
    )
    .required()
    .when(RISK),
    Key::new(
        "landscape.label",
        Shape::Label,
        "The column that is predicted. Without it: the last.",
    )
    .when(SUPERVISED),
    Key::new(
        "landscape.standardise",
        Shape::Truth,
        "Whether each column of the inputs is shifted and scaled to mean 0 and variance 1.",
    )
    .default("true")
    .when(RISK),
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
