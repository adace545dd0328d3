//! The keys of `[escape]`, `[stationary]`, `[simulate]` and `[ensemble]`.

use super::rule::{CONTINUOUS, DISCRETE};
use crate::study::description::schema::{ANY, Key, POSITIVE, Shape, When};

const ESCAPE: When = When::Is("study", &["escape"]);
const STATIONARY: When = When::Is("study", &["stationary"]);
const SIMULATE: When = When::Is("study", &["simulate"]);
const IN_STEPS: When = When::Is("rule.name", DISCRETE);
const IN_TIME: When = When::Is("rule.name", CONTINUOUS);
/// Studies that look at each replica in depth.
const IN_DEPTH: &[&str] = &["curvature", "train"];
/// The replica's steps are numbered in 40 bits of chunks of 8.
const STEPS: u64 = 1 << 43;

pub(super) const KEYS: &[Key] = &[
    Key::new("escape.start", Shape::Vector(ANY), "Where every replica starts.").required().when(&[ESCAPE]),
    Key::new(
        "escape.target",
        Shape::Texts,
        "The target as a condition, such as \"x <= -0.5\", or a list of conditions. A list is not swept: the first \
         entry into each target is observed on the same paths, so they should be nested.",
    )
    .required()
    .when(&[ESCAPE]),
    Key::new(
        "escape.solver",
        Shape::Choice(&["ensemble", "grid"]),
        "How the escape time is found: by an ensemble of replicas, or on the grid of `[grid]` without any.",
    )
    .default("\"ensemble\"")
    .when(&[ESCAPE]),
    Key::new(
        "escape.crossing_correction",
        Shape::Truth,
        "Whether crossings inside a step are counted by a Brownian bridge; without it escapes are seen late.",
    )
    .default("true")
    .when(&[ESCAPE, When::Is("rule.name", &["langevin", "sde", "sme2"])])
    .instead(&[("rule.name", "a discrete rule is nowhere between two steps, and a Lévy path jumps")]),
    Key::new("escape.max_time", Shape::Number(POSITIVE), "When a replica that has not escaped is censored. Without it: after 10⁹ steps.")
        .unit("time")
        .when(&[ESCAPE, IN_TIME])
        .instead(&[("rule.name", "a discrete rule counts steps: use `escape.max_steps`")]),
    Key::new("escape.max_steps", Shape::Count(1, STEPS), "When a replica that has not escaped is censored. Without it: after 10⁹ steps.")
        .unit("steps")
        .when(&[ESCAPE, IN_STEPS])
        .instead(&[("rule.name", "a continuous rule counts time: use `escape.max_time`")]),
    Key::new(
        "escape.theories",
        Shape::Choices(&["kramers", "langer", "sgld", "sgd", "loss-proportional", "levy", "action"]),
        "The predictions to compare with. Without it: those that rule and noise call for in up to 20 dimensions, the \
         exponent of the path of least action (action) in up to 3; none beyond.",
    )
    .when(&[ESCAPE]),
    Key::new(
        "stationary.start",
        Shape::ChoiceOrVector(&["predicted"]),
        "Where replicas start: at draws from the predicted stationary law, or at a point.",
    )
    .default("\"predicted\"")
    .when(&[STATIONARY]),
    Key::new("stationary.burn_in", Shape::Count(0, STEPS), "Steps before the first observation.")
        .unit("steps")
        .required()
        .when(&[STATIONARY]),
    Key::new("stationary.steps", Shape::Count(1, STEPS), "Observed steps of every replica.")
        .unit("steps")
        .required()
        .when(&[STATIONARY]),
    Key::new(
        "stationary.theories",
        Shape::Choices(&["sde", "discrete", "fluctuating", "sme2"]),
        "The linear predictions to compare with: the covariance of the first-order SDE, the exact one of the discrete \
         rule, that with the per-sample Hessians' own fluctuation, and that of the second-order modified equation.",
    )
    .default("[\"sde\", \"discrete\", \"fluctuating\"]")
    .when(&[STATIONARY]),
    Key::new("simulate.start", Shape::Vector(ANY), "Where every replica starts.")
        .required()
        .when(&[SIMULATE, When::Without("landscape.risk")]),
    Key::new("simulate.start", Shape::Vector(ANY), "Where every replica starts; one number stands for all coordinates.")
        .required()
        .when(&[SIMULATE, When::IsNot("landscape.risk", &["network"])]),
    Key::new(
        "simulate.start",
        Shape::Vector(ANY),
        "Where every replica starts. Without it: each at initial parameters of its own, U(±1/√n) for layers of n inputs.",
    )
    .when(&[SIMULATE, When::Is("landscape.risk", &["network"])]),
    Key::new("simulate.steps", Shape::Count(1, STEPS), "How long to simulate.")
        .unit("steps")
        .required()
        .when(&[SIMULATE, IN_STEPS])
        .instead(&[("rule.name", "a continuous rule counts time: use `simulate.time`")]),
    Key::new("simulate.time", Shape::Number(POSITIVE), "How long to simulate.")
        .unit("time")
        .required()
        .when(&[SIMULATE, IN_TIME])
        .instead(&[("rule.name", "a discrete rule counts steps: use `simulate.steps`")]),
    Key::new(
        "simulate.observe",
        Shape::Choices(&["mean", "covariance", "quantiles", "displacement", "log-magnitude", "paths"]),
        "What is observed.",
    )
    .default("[\"mean\", \"covariance\"]")
    .when(&[SIMULATE]),
    Key::new("simulate.every", Shape::Count(1, STEPS), "Steps between observations. Without it: only the end is observed.")
        .unit("steps")
        .when(&[SIMULATE]),
    Key::new(
        "stationary.minimum",
        Shape::Vector(ANY),
        "Where the search for the minimum starts. Without it: 0 for a risk, and required for a landscape unless 0 is its \
         minimum.",
    )
    .when(&[STATIONARY]),
    Key::new("stationary.every", Shape::Count(1, STEPS), "Steps between two observations of a replica.")
        .unit("steps")
        .default("1")
        .when(&[STATIONARY]),
    Key::new(
        "stationary.tail",
        Shape::Truth,
        "Whether the tail exponent of |θ| at the end is measured and compared with Kesten's.",
    )
    .default("false")
    .when(&[STATIONARY]),
    Key::new("ensemble.replicas", Shape::Count(1, 1 << 40), "The number of independent copies.")
        .default("10000")
        .when(&[When::IsNot("study", IN_DEPTH)]),
    Key::new(
        "ensemble.replicas",
        Shape::Count(1, 1 << 20),
        "The number of independent copies: each has initial parameters and minibatches of its own, and is looked at in depth.",
    )
    .default("1")
    .when(&[When::Is("study", IN_DEPTH)]),
    Key::new("ensemble.precision", Shape::Choice(&["f64", "f32"]), "The floating-point type of the dynamics.")
        .default("\"f64\""),
    Key::new(
        "ensemble.lanes",
        Shape::Count(1, 1 << 20),
        "Replicas that are advanced together. Changes the speed, never a result. Without it: chosen by the landscape.",
    ),
];
