//! The keys of `[curvature]`.

use crate::study::description::schema::{Interval, Key, POSITIVE, Shape, When};

const STUDY: When = When::Is("study", &["curvature"]);
const ASKED: &[When] = &[STUDY];

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "curvature.steps",
        Shape::Count(0, 1 << 40),
        "Steps of `[rule]` before the network is looked at. Without it and `epochs`: at initial parameters, without a rule.",
    )
    .unit("steps")
    .when(ASKED),
    Key::new("curvature.epochs", Shape::Number(POSITIVE), "The same in passes over the data: N/B steps each, rounded up.")
        .unit("epochs")
        .when(&[STUDY, When::Without("curvature.steps")])
        .instead(&[("curvature.steps", "the length of the training is given once")]),
    Key::new(
        "curvature.matrices",
        Shape::Choices(&["hessian", "gauss-newton", "covariance", "empirical-fisher"]),
        "The matrices that are looked at: the Hessian of the loss, its Gauss–Newton part, the covariance of the per-sample \
         gradients, and their raw second moment.",
    )
    .default("[\"hessian\"]")
    .when(ASKED),
    Key::new(
        "curvature.observe",
        Shape::Choices(&[
            "eigenvalues",
            "density",
            "trace",
            "diagonal",
            "adaptive-sharpness",
            "layers",
            "alignment",
            "covariance",
            "covariance-spectrum",
        ]),
        "What is asked: of each matrix its extreme eigenpairs, spectral density, trace, diagonal, the largest eigenvalue of \
         diag|θ| A diag|θ| (which no rescaling of layers changes), its blocks layer by layer, and how the covariance of the \
         gradients lies in it; and the largest or all eigenvalues of that covariance by its Gram matrix.",
    )
    .default("[\"eigenvalues\", \"trace\"]")
    .when(ASKED),
    Key::new(
        "curvature.rescale",
        Shape::Vector(POSITIVE),
        "Factors α: each network is also looked at with its first layer times α and the weights of its second over α, which \
         with relu is the same function.",
    )
    .when(ASKED),
    Key::new("curvature.count", Shape::Count(1, 1 << 20), "How many eigenpairs are wanted.").default("10").when(ASKED),
    Key::new(
        "curvature.which",
        Shape::Choice(&["largest", "smallest", "largest-magnitude"]),
        "Which end of the spectrum they are from.",
    )
    .default("\"largest\"")
    .when(ASKED),
    Key::new(
        "curvature.tolerance",
        Shape::Number(POSITIVE),
        "The largest |Av − λv|/|λ| at which an eigenpair counts as converged; the residual is computed from Av.",
    )
    .default("1e-4")
    .when(ASKED),
    Key::new(
        "curvature.products",
        Shape::Count(1, 1 << 40),
        "Products with a matrix after which its eigenpairs are given up: then none is reported.",
    )
    .default("5000")
    .when(ASKED),
    Key::new(
        "curvature.standard_error",
        Shape::Number(Interval::between(0.0, false, 1.0, true)),
        "The standard error, relative to the estimate, at which the random vectors of a trace or a diagonal are enough.",
    )
    .default("0.01")
    .when(ASKED),
    Key::new("curvature.most_vectors", Shape::Count(4, 1 << 30), "The most random vectors of a trace or a diagonal.")
        .default("1000")
        .when(ASKED),
    Key::new("curvature.vectors", Shape::Count(2, 1 << 20), "The random vectors of a density.").default("10").when(ASKED),
    Key::new("curvature.nodes", Shape::Count(2, 1 << 14), "The nodes of each quadrature of a density: as many products.")
        .default("80")
        .when(ASKED),
    Key::new(
        "curvature.smoothing",
        Shape::Number(Interval::between(0.0, false, 1.0, true)),
        "The standard deviation of the normal law that smooths a density, relative to the width of the spectrum.",
    )
    .default("0.01")
    .when(ASKED),
    Key::new(
        "curvature.memory",
        Shape::Number(POSITIVE),
        "The memory that a basis of vectors or a Gram matrix may take. What does not fit is refused before it is made.",
    )
    .unit("GiB")
    .default("4.0")
    .when(ASKED),
];
