//! The keys of `[noise]`.

use crate::study::description::schema::{ANY, Interval, Key, NOT_NEGATIVE, POSITIVE, Shape, When};

const RISK: (&str, &str) = (
    "landscape.risk",
    "the noise of a risk comes from its minibatches: set `rule.batch_size` and `rule.sampling`",
);
const OWN: (&str, &str) = (
    "rule.name",
    "langevin and levy bring their own noise: set `rule.beta`, or `rule.alpha` and `rule.scale`",
);

/// Switching noise whose region and variances are written.
const GIVEN: &[When] = &[When::Is("noise.name", &["switching"]), When::Without("noise.minimum")];

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "noise.name",
        Shape::Choice(&[
            "gaussian",
            "covariance",
            "low-rank",
            "formula",
            "hessian",
            "switching",
            "loss-proportional",
            "multiplicative",
            "stable",
            "student-t",
            "rademacher",
        ]),
        "The law. Gaussian with covariance Σ = σ²I (gaussian, or white), a given matrix (covariance), FFᵀ (low-rank), formulas of \
         θ (formula), proportional to the Hessian (hessian), with two values (switching) or proportional to the loss \
         (loss-proportional), or that of a fluctuating curvature (multiplicative); heavy-tailed: stable, student-t; or ±σ \
         with equal probability (rademacher): the noise of two samples.",
    )
    .required()
    .when(&[When::Without("landscape.risk"), When::Is("rule.name", &["sgd", "heavy-ball", "nesterov", "svag"])])
    .instead(&[RISK, OWN]),
    Key::new(
        "noise.name",
        Shape::Choice(&["gaussian", "covariance", "low-rank", "formula", "hessian", "switching", "loss-proportional", "multiplicative"]),
        "The covariance of the equation's Brownian noise. Heavy tails need a discrete rule, or rule.name = \"levy\".",
    )
    .required()
    .when(&[When::Without("landscape.risk"), When::Is("rule.name", &["sde", "sme2"])]),
    Key::new(
        "noise.name",
        Shape::Choice(&[
            "gaussian",
            "covariance",
            "low-rank",
            "formula",
            "hessian",
            "switching",
            "loss-proportional",
            "multiplicative",
            "stable",
            "student-t",
            "rademacher",
        ]),
        "Gradient noise besides what sgld injects. Without it the gradient is exact.",
    )
    .when(&[When::Without("landscape.risk"), When::Is("rule.name", &["sgld"])]),
    Key::new("noise.standard_deviation", Shape::Number(NOT_NEGATIVE), "The standard deviation σ of Σ = σ²I; 0 is gradient descent.")
        .unit("loss per unit of θ")
        .required()
        .when(&[When::Is("noise.name", &["gaussian", "rademacher"])]),
    Key::new(
        "noise.curvature_deviation",
        Shape::Number(NOT_NEGATIVE),
        "The standard deviation s of a fluctuating curvature: noise s·x·z₁ + σ·z₂ per coordinate.",
    )
    .required()
    .when(&[When::Is("noise.name", &["multiplicative"])]),
    Key::new("noise.standard_deviation", Shape::Number(NOT_NEGATIVE), "The standard deviation σ of the additive part.")
        .default("1.0")
        .when(&[When::Is("noise.name", &["multiplicative"])]),
    Key::new("noise.matrix", Shape::SymmetricMatrix, "The covariance Σ, d × d, positive semidefinite.")
        .required()
        .when(&[When::Is("noise.name", &["covariance"])]),
    Key::new("noise.factor", Shape::Matrix, "The factor F of Σ = FFᵀ, d × r, one row per coordinate.")
        .required()
        .when(&[When::Is("noise.name", &["low-rank"])]),
    Key::new(
        "noise.entries",
        Shape::FormulaMatrix,
        "The entries of Σ(θ) as formulas of the landscape's variables, d × d.",
    )
    .required()
    .when(&[When::Is("noise.name", &["formula"])]),
    Key::new(
        "noise.scale",
        Shape::Number(POSITIVE),
        "The factor c of Σ = c|H(θ)| + floor·I, or of Σ = (c·L(θ) + floor)·I.",
    )
    .default("1.0")
    .when(&[When::Is("noise.name", &["hessian", "loss-proportional"])]),
    Key::new(
        "noise.floor",
        Shape::Number(NOT_NEGATIVE),
        "The variance that is left where the curvature or the loss vanishes. At 0 an inflection point cannot be crossed.",
    )
    .default("0.0")
    .when(&[When::Is("noise.name", &["hessian", "loss-proportional"])]),
    Key::new(
        "noise.minimum",
        Shape::Vector(ANY),
        "A point of a basin: Σ = scale·|H(a)| with a its minimum, up to the inflection on the way to each saddle b, and \
         scale·|H(b)| beyond. Without it: the region and its two variances are given.",
    )
    .when(&[When::Is("noise.name", &["switching"])]),
    Key::new("noise.scale", Shape::Number(POSITIVE), "The factor of |H| in Σ.")
        .default("1.0")
        .when(&[When::Is("noise.name", &["switching"]), When::With("noise.minimum")]),
    Key::new(
        "noise.inside",
        Shape::Text,
        "The region with the inner variance, as a condition such as \"x > 0.57735\".",
    )
    .required()
    .when(GIVEN),
    Key::new("noise.variance_inside", Shape::Number(POSITIVE), "The variance of Σ = σ²I inside the region.")
        .required()
        .when(GIVEN),
    Key::new("noise.variance_outside", Shape::Number(POSITIVE), "The variance of Σ = σ²I outside the region.")
        .required()
        .when(GIVEN),
    Key::new(
        "noise.alpha",
        Shape::Number(Interval::between(0.0, false, 2.0, true)),
        "The stability index α, E exp(ik·X) = exp(−|ck|^α); 2 is Gaussian with variance 2c².",
    )
    .required()
    .when(&[When::Is("noise.name", &["stable"])]),
    Key::new("noise.scale", Shape::Number(POSITIVE), "The scale c of the stable law, or of Student's t.")
        .default("1.0")
        .when(&[When::Is("noise.name", &["stable", "student-t"])]),
    Key::new(
        "noise.isotropic",
        Shape::Truth,
        "Whether the stable law is rotation invariant; otherwise its coordinates are independent.",
    )
    .default("false")
    .when(&[When::Is("noise.name", &["stable"])]),
    Key::new(
        "noise.degrees_of_freedom",
        Shape::Number(POSITIVE),
        "The degrees of freedom ν of Student's t, per coordinate; the variance is finite for ν > 2.",
    )
    .required()
    .when(&[When::Is("noise.name", &["student-t"])]),
];
