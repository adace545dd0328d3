//! The keys of `[rule]`.

use crate::study::description::schema::{Interval, Key, NOT_NEGATIVE, POSITIVE, Shape, When};

/// Rules that count steps.
pub(crate) const DISCRETE: &[&str] = &["sgd", "heavy-ball", "nesterov", "sgld", "svag"];
/// Rules that count time.
pub(crate) const CONTINUOUS: &[&str] = &["langevin", "sde", "sme2", "levy"];

const EVERY_RULE: &[&str] =
    &["sgd", "heavy-ball", "nesterov", "sgld", "svag", "langevin", "sde", "sme2", "levy"];
/// Every rule, or none but the flow of the gradient.
const OR_NONE: &[&str] =
    &["sgd", "heavy-ball", "nesterov", "sgld", "svag", "langevin", "sde", "sme2", "levy", "gradient-flow"];
/// Rules that see minibatch gradients, or model what sees them.
const WITH_LEARNING_RATE: &[When] =
    &[When::Is("rule.name", &["sgd", "heavy-ball", "nesterov", "sgld", "svag", "sde", "sme2"])];
const STOCHASTIC_DIFFERENTIAL: &[When] = &[When::Is("rule.name", &["sde", "sme2"])];
const FRAMEWORK: &[When] = &[When::Is("rule.name", &["sgd", "heavy-ball", "nesterov"])];
const IN_TIME: &[When] = &[When::Is("rule.name", CONTINUOUS)];

const SIMULATED_IN_TIME: &[When] = &[
    When::Is("rule.name", CONTINUOUS),
    When::Is(
        "study",
        &["simulate", "stationary", "escape", "laws", "rare-event", "occupation", "curvature", "train"],
    ),
];
const ON_A_GRID_IN_TIME: &[When] =
    &[When::Is("rule.name", CONTINUOUS), When::Is("study", &["density", "first-passage"])];

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "rule.name",
        Shape::Choice(EVERY_RULE),
        "The update rule. Discrete: sgd, heavy-ball, nesterov, sgld, svag. Continuous: langevin, sde (first order), \
         sme2 (second-order modified equation), levy.",
    )
    .required()
    .when(&[When::IsNot("study", &["critical-points", "curvature"])]),
    Key::new(
        "rule.name",
        Shape::Choice(EVERY_RULE),
        "The rule that trains the network before its curvature is looked at.",
    )
    .required()
    .when(&[When::Is("study", &["curvature"]), When::With("curvature.steps")]),
    Key::new(
        "rule.name",
        Shape::Choice(EVERY_RULE),
        "The rule that trains the network before its curvature is looked at.",
    )
    .required()
    .when(&[When::Is("study", &["curvature"]), When::With("curvature.epochs")]),
    Key::new(
        "rule.name",
        Shape::Choice(OR_NONE),
        "At initial parameters no rule is asked for: `curvature.steps` or `epochs` says how long one trains.",
    )
    .default("\"gradient-flow\"")
    .when(&[When::Is("study", &["curvature"]), When::Without("curvature.steps"), When::Without("curvature.epochs")]),
    Key::new(
        "rule.name",
        Shape::Choice(&["gradient-flow"]),
        "Critical points are where the gradient flow dθ = −∇L dt rests: no other rule is asked for.",
    )
    .default("\"gradient-flow\"")
    .when(&[When::Is("study", &["critical-points"])]),
    Key::new(
        "rule.learning_rate",
        Shape::Number(POSITIVE),
        "The learning rate η. For sde and sme2 it sets the noise, √(ηC) dW; their integrator steps by `step_size`.",
    )
    .unit("time per step")
    .required()
    .when(WITH_LEARNING_RATE)
    .instead(&[("rule.name", "langevin and levy have no learning rate; their step in time is `rule.step_size`")]),
    Key::new("rule.batch_size", Shape::Count(1, 1 << 40), "The number B of samples in a minibatch.")
        .unit("samples")
        .default("1")
        .when(WITH_LEARNING_RATE)
        .instead(&[("rule.name", "langevin and levy use the whole gradient; their noise is set by `rule.beta` or `rule.scale`")]),
    Key::new(
        "rule.momentum",
        Shape::Number(Interval::between(0.0, true, 1.0, false)),
        "The factor μ of m' = μm + ĝ.",
    )
    .required()
    .when(&[When::Is("rule.name", &["heavy-ball", "nesterov"])])
    .instead(&[("rule.name", "for SGD with momentum write name = \"heavy-ball\" or \"nesterov\"")]),
    Key::new("rule.weight_decay", Shape::Number(NOT_NEGATIVE), "The factor w of the term wθ added to the gradient.")
        .default("0.0")
        .when(FRAMEWORK),
    Key::new(
        "rule.amplification",
        Shape::Count(1, 1 << 20),
        "The number l of SVAG: steps of η/l with noise amplified by √(2l−1); 1 is SGD, ∞ the SDE.",
    )
    .required()
    .when(&[When::Is("rule.name", &["svag"])]),
    Key::new(
        "rule.beta",
        Shape::Number(POSITIVE),
        "The inverse temperature β: the noise is √(2/β) dW, and √(2η/β) z in a step of sgld.",
    )
    .unit("1/loss")
    .required()
    .when(&[When::Is("rule.name", &["langevin", "sgld"])])
    .instead(&[("rule.name", "the noise of this rule comes from `[noise]` or from minibatches; β belongs to langevin and sgld")]),
    Key::new(
        "rule.alpha",
        Shape::Number(Interval::between(0.0, false, 2.0, true)),
        "The stability index α of the driving Lévy process, E exp(ik·L₁) = exp(−|k|^α); 2 is Brownian motion times √2.",
    )
    .required()
    .when(&[When::Is("rule.name", &["levy"])])
    .instead(&[("rule.name", "for stable noise in a discrete rule use `noise.name = \"stable\"` and `noise.alpha`")]),
    Key::new("rule.scale", Shape::Number(POSITIVE), "The factor ε of ε dL^α.")
        .required()
        .when(&[When::Is("rule.name", &["levy"])]),
    Key::new(
        "rule.isotropic",
        Shape::Truth,
        "Whether the Lévy process is rotation invariant; otherwise its coordinates are independent.",
    )
    .default("false")
    .when(&[When::Is("rule.name", &["levy"])]),
    Key::new("rule.step_size", Shape::Number(POSITIVE), "The step of the integrator.")
        .unit("time")
        .required()
        .when(SIMULATED_IN_TIME)
        .instead(&[("rule.name", "a discrete rule has no time step; its size is `rule.learning_rate`")]),
    Key::new("rule.step_size", Shape::Number(POSITIVE), "The step of the integrator of an ensemble that a density is compared with.")
        .unit("time")
        .default("0.01")
        .when(ON_A_GRID_IN_TIME),
    Key::new(
        "rule.integrator",
        Shape::Choice(&["euler-maruyama", "heun", "weak-order-2"]),
        "How the equation is integrated: weak order 1, order 2 for additive noise (stochastic Heun), or order 2.",
    )
    .default("\"heun\"")
    .when(&[When::Is("rule.name", &["langevin"])])
    .instead(&[("rule.name", "a discrete rule is a map and is not integrated; `integrator` belongs to langevin, sde, sme2 and levy")]),
    Key::new(
        "rule.integrator",
        Shape::Choice(&["euler-maruyama", "heun", "weak-order-2"]),
        "How the equation is integrated. With state-dependent noise only weak-order-2 has order 2.",
    )
    .default("\"weak-order-2\"")
    .when(STOCHASTIC_DIFFERENTIAL),
    Key::new(
        "rule.integrator",
        Shape::Choice(&["euler-maruyama"]),
        "How the equation is integrated; the higher orders need moments that Lévy noise does not have.",
    )
    .default("\"euler-maruyama\"")
    .when(&[When::Is("rule.name", &["levy"])]),
    Key::new("rule.substeps", Shape::Count(1, 1 << 20), "Integrator steps in one `step_size`; observers see only its ends.")
        .default("1")
        .when(IN_TIME)
        .instead(&[("rule.name", "a discrete rule is a map and is not integrated")]),
    Key::new(
        "rule.interpretation",
        Shape::Choice(&["ito", "stratonovich", "anti-ito"]),
        "Where in a step state-dependent noise is evaluated: its start, as SGD does, its middle, or its end.",
    )
    .default("\"ito\"")
    .when(STOCHASTIC_DIFFERENTIAL),
    Key::new(
        "rule.sampling",
        Shape::Choice(&["with-replacement", "without-replacement", "reshuffled"]),
        "How minibatches are drawn: each sample anew, distinct samples within a batch, or epochs of disjoint batches.",
    )
    .default("\"with-replacement\"")
    .when(&[When::Is("rule.name", DISCRETE), When::With("landscape.risk")])
    .instead(&[("landscape.risk", "only a risk has samples to draw; the noise of a formula or a named landscape is `[noise]`")]),
    Key::new(
        "rule.sampling",
        Shape::Choice(&["with-replacement", "without-replacement"]),
        "The scheme whose covariance the equation has: Σ/B, or (Σ/B)(N−B)/(N−1).",
    )
    .default("\"with-replacement\"")
    .when(&[When::Is("rule.name", &["sde", "sme2"]), When::With("landscape.risk")]),
    Key::new(
        "rule.schedule",
        Shape::Choice(&["constant", "step", "exponential", "cosine", "warmup"]),
        "How the learning rate changes with the step k: constant; step: η·factor^⌊k/every⌋; exponential: η·factor^k; \
         cosine: down to `schedule_floor` over `schedule_steps`; warmup: η·min(1, (k+1)/`schedule_steps`).",
    )
    .default("\"constant\"")
    .when(&[When::Is("rule.name", DISCRETE)])
    .instead(&[("rule.name", "the learning rate of a continuous rule is constant")]),
    Key::new("rule.schedule_every", Shape::Count(1, 1 << 43), "Steps between two reductions.")
        .unit("steps")
        .required()
        .when(&[When::Is("rule.schedule", &["step"])]),
    Key::new(
        "rule.schedule_factor",
        Shape::Number(Interval::between(0.0, false, 1.0, true)),
        "What a reduction multiplies the learning rate by.",
    )
    .required()
    .when(&[When::Is("rule.schedule", &["step", "exponential"])]),
    Key::new("rule.schedule_steps", Shape::Count(1, 1 << 43), "The length of the descent or of the warm-up.")
        .unit("steps")
        .required()
        .when(&[When::Is("rule.schedule", &["cosine", "warmup"])]),
    Key::new("rule.schedule_floor", Shape::Number(NOT_NEGATIVE), "The learning rate at the end of the descent.")
        .unit("time per step")
        .default("0.0")
        .when(&[When::Is("rule.schedule", &["cosine"])]),
];
