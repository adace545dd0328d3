//! The keys of `[density]`, `[first-passage]` and `[grid]`.

use super::rule::{CONTINUOUS, DISCRETE};
use crate::study::description::schema::{ANY, Key, NOT_NEGATIVE, POSITIVE, Shape, When};

const DENSITY: When = When::Is("study", &["density"]);
const FIRST_PASSAGE: When = When::Is("study", &["first-passage"]);
const ON_A_GRID: When =
    When::Is("study", &["density", "first-passage", "escape", "laws", "rare-event", "occupation"]);

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "density.start",
        Shape::Vector(ANY),
        "Where all mass starts, for densities at `times` or after `steps`.",
    )
    .when(&[DENSITY]),
    Key::new("density.times", Shape::Vector(POSITIVE), "When the density is wanted, besides the stationary one.")
        .unit("time")
        .when(&[DENSITY, When::Is("rule.name", CONTINUOUS)])
        .instead(&[("rule.name", "a discrete rule counts steps: use `density.steps`")]),
    Key::new("density.steps", Shape::Vector(POSITIVE), "After how many steps the density is wanted, besides the stationary one.")
        .unit("steps")
        .when(&[DENSITY, When::Is("rule.name", DISCRETE)])
        .instead(&[("rule.name", "a continuous rule counts time: use `density.times`")]),
    Key::new(
        "density.modes",
        Shape::Count(0, 40),
        "How many of the slowest modes are wanted: their decay rates and frequencies.",
    )
    .default("0")
    .when(&[DENSITY]),
    Key::new(
        "density.ensemble",
        Shape::Truth,
        "Whether the ensemble of `[ensemble]` is simulated too and its histograms are compared with the densities at \
         `times` or after `steps`, by χ².",
    )
    .default("false")
    .when(&[DENSITY]),
    Key::new(
        "density.approximations",
        Shape::Choices(&["sde", "sme2", "fokker-planck"]),
        "Approximations whose moments are compared with the exact ones: the first-order equation, the second-order \
         modified equation, and the discrete Fokker–Planck equation to order η². In one dimension, for sgd.",
    )
    .when(&[DENSITY, When::Is("rule.name", &["sgd"])]),
    Key::new(
        "density.horizon",
        Shape::Number(POSITIVE),
        "The time t = ηk at which `approximations` are compared besides the stationary state.",
    )
    .unit("time")
    .default("1.0")
    .when(&[DENSITY, When::Is("rule.name", &["sgd"])]),
    Key::new("first-passage.start", Shape::Vector(ANY), "Where the dynamics start.").required().when(&[FIRST_PASSAGE]),
    Key::new(
        "first-passage.target",
        Shape::Texts,
        "The target as a condition, such as \"x <= -0.5\", or a list of conditions, each a question of its own.",
    )
    .required()
    .when(&[FIRST_PASSAGE]),
    Key::new(
        "first-passage.before",
        Shape::Text,
        "Another condition: the probability to reach the target before it is wanted too.",
    )
    .when(&[FIRST_PASSAGE, When::Is("rule.name", CONTINUOUS)])
    .instead(&[("rule.name", "committors are computed for continuous rules")]),
    Key::new(
        "first-passage.observe",
        Shape::Choices(&["rate", "survival"]),
        "What is wanted besides the mean and the deviation of the time: the rate of leaving at late times from the \
         quasi-stationary law, and the survival curve. Without it: both on up to 100,000 cells, neither beyond, where \
         they take a hundred times as long as the mean.",
    )
    .when(&[FIRST_PASSAGE]),
    Key::new("grid.lower", Shape::Vector(ANY), "The lower ends of the box, one for each coordinate. Without it: found from the stationary law.")
        .when(&[ON_A_GRID]),
    Key::new("grid.upper", Shape::Vector(ANY), "The upper ends of the box, one for each coordinate. Without it: found from the stationary law.")
        .when(&[ON_A_GRID]),
    Key::new(
        "grid.cells",
        Shape::Vector(POSITIVE),
        "The number of cells along each coordinate. Without it: 1000 in one dimension, 200 in two, 60 in three.",
    )
    .when(&[ON_A_GRID]),
    Key::new(
        "grid.faces",
        Shape::Texts,
        "What happens at the faces of the box, reflecting, absorbing or periodic: one word for all, or two for each \
         coordinate, lower then upper.",
    )
    .default("\"reflecting\"")
    .when(&[ON_A_GRID]),
    Key::new(
        "grid.stretch",
        Shape::Number(NOT_NEGATIVE),
        "How much wider cells are at the ends of the box than in its middle: 0 is even, 1 about 2.5 times as wide. \
         Noise with cross terms needs even cells.",
    )
    .default("0.0")
    .when(&[ON_A_GRID]),
    Key::new(
        "grid.method",
        Shape::Choice(&["automatic", "direct", "iterative"]),
        "How chains are solved: by elimination, by iteration, or by elimination where its factors fit into memory.",
    )
    .default("\"automatic\"")
    .when(&[ON_A_GRID]),
    Key::new("grid.memory", Shape::Number(POSITIVE), "The memory that a solve may take.")
        .unit("GiB")
        .default("6.0")
        .when(&[ON_A_GRID]),
];
