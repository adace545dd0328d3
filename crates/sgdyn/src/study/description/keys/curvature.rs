//! The keys of `[curvature]`.

use crate::study::description::schema::{Key, POSITIVE, Shape, When};

const ASKED: When = When::Is("study", &["curvature"]);

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "curvature.steps",
        Shape::Count(0, 1 << 40),
        "Steps of `[rule]` before the network is looked at. Without it: at its initial parameters, and no rule is needed.",
    )
    .unit("steps")
    .when(&[ASKED]),
    Key::new(
        "curvature.matrices",
        Shape::Choices(&["hessian", "gauss-newton", "covariance", "empirical-fisher"]),
        "The matrices that are looked at: the Hessian of the loss, its Gauss–Newton part, the covariance of the per-sample \
         gradients, and their raw second moment.",
    )
    .default("[\"hessian\"]")
    .when(&[ASKED]),
    Key::new("curvature.count", Shape::Count(1, 1 << 20), "How many eigenpairs are wanted.")
        .default("10")
        .when(&[ASKED]),
    Key::new(
        "curvature.which",
        Shape::Choice(&["largest", "smallest", "largest-magnitude"]),
        "Which end of the spectrum they are from.",
    )
    .default("\"largest\"")
    .when(&[ASKED]),
    Key::new(
        "curvature.tolerance",
        Shape::Number(POSITIVE),
        "The largest |Av − λv|/|λ| at which an eigenpair counts as converged; the residual is computed from Av.",
    )
    .default("1e-4")
    .when(&[ASKED]),
    Key::new(
        "curvature.products",
        Shape::Count(1, 1 << 40),
        "Products with a matrix after which its eigenpairs are given up: then none is reported.",
    )
    .default("5000")
    .when(&[ASKED]),
    Key::new(
        "curvature.memory",
        Shape::Number(POSITIVE),
        "The memory that a basis of vectors or a Gram matrix may take. What does not fit is refused before it is made.",
    )
    .unit("GiB")
    .default("4.0")
    .when(&[ASKED]),
];
