//! The keys of `[occupation]`.

use super::rule::{CONTINUOUS, DISCRETE};
use crate::study::description::schema::{ANY, Interval, Key, POSITIVE, Shape, When};

const OCCUPATION: When = When::Is("study", &["occupation"]);
const STEPS: u64 = 1 << 40;

pub(super) const KEYS: &[Key] = &[
    Key::new("occupation.start", Shape::Vector(ANY), "Where every replica starts.").required().when(&[OCCUPATION]),
    Key::new("occupation.regions.*", Shape::Text, "A region as a condition on the coordinates.").when(&[OCCUPATION]),
    Key::new("occupation.steps", Shape::Count(1, STEPS), "How long every replica runs.")
        .unit("steps")
        .required()
        .when(&[OCCUPATION, When::Is("rule.name", DISCRETE)])
        .instead(&[("rule.name", "a continuous rule counts time: use `occupation.time`")]),
    Key::new("occupation.time", Shape::Number(POSITIVE), "How long every replica runs.")
        .unit("time")
        .required()
        .when(&[OCCUPATION, When::Is("rule.name", CONTINUOUS)])
        .instead(&[("rule.name", "a discrete rule counts steps: use `occupation.steps`")]),
    Key::new(
        "occupation.burn_in",
        Shape::Number(Interval::between(0.0, true, 1.0, false)),
        "The share of the run that passes before time in regions is counted.",
    )
    .default("0.5")
    .when(&[OCCUPATION]),
    Key::new("occupation.every", Shape::Count(1, STEPS), "Steps between two looks at where a replica is.")
        .unit("steps")
        .default("1")
        .when(&[OCCUPATION]),
    Key::new(
        "occupation.snapshots",
        Shape::Count(0, 10_000),
        "At how many evenly spread steps the replicas in each region are counted, for the course of time.",
    )
    .default("50")
    .when(&[OCCUPATION]),
    Key::new(
        "occupation.basins",
        Shape::Truth,
        "Whether it is asked in the basin of which minimum each replica ends: the one that steepest descent reaches from its \
         last position.",
    )
    .default("false")
    .when(&[OCCUPATION]),
];
