//! The keys of `[laws]` and `[[panel]]`.

use super::rule::{CONTINUOUS, DISCRETE};
use crate::study::description::schema::{ANY, Interval, Key, POSITIVE, Shape, When};

const LAWS: When = When::Is("study", &["laws"]);

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "laws.start",
        Shape::Vector(ANY),
        "A point of the basin that is left. Replicas start at the minimum to which it descends.",
    )
    .required()
    .when(&[LAWS]),
    Key::new(
        "laws.target",
        Shape::Texts,
        "The target as a condition, such as \"x <= -0.5\": beyond the passes, since the theories speak of the time to the far \
         side.",
    )
    .required()
    .when(&[LAWS]),
    Key::new(
        "laws.confidence",
        Shape::Number(Interval::between(0.0, false, 1.0, false)),
        "The confidence of the intervals of slopes.",
    )
    .default("0.95")
    .when(&[LAWS]),
    Key::new("laws.max_time", Shape::Number(POSITIVE), "When a replica that has not escaped is censored. Without it: after 10⁹ steps.")
        .unit("time")
        .when(&[LAWS, When::Is("rule.name", CONTINUOUS)])
        .instead(&[("rule.name", "a discrete rule counts steps: use `laws.max_steps`")]),
    Key::new(
        "laws.max_steps",
        Shape::Count(1, 1 << 40),
        "When a replica that has not escaped is censored. Without it: after 10⁹ steps.",
    )
    .unit("steps")
    .when(&[LAWS, When::Is("rule.name", DISCRETE)])
    .instead(&[("rule.name", "a continuous rule counts time: use `laws.max_time`")]),
    Key::new("panel.name", Shape::Text, "The name of the panel.").required().when(&[LAWS]),
    Key::new(
        "panel.like",
        Shape::Text,
        "The name of an earlier panel: everything that it says holds here too, unless it is said anew.",
    )
    .when(&[LAWS]),
    Key::new(
        "panel.x",
        Shape::Choice(&["1/k", "ln k", "B", "1/eta", "1/D", "eta/B"]),
        "What the law is linear in: the sharpness k of `landscape.sharpness`, the batch size B, the learning rate η, D = 1/β. \
         It is computed from each cell.",
    )
    .required()
    .when(&[LAWS]),
    Key::new(
        "panel.y",
        Shape::Choice(&["exponent", "time", "prefactor"]),
        "What is fitted, from the mean escape time τ = 1/γ: ln τ less the logarithm of the predicted prefactor, which leaves \
         the exponent; ln τ itself; or ln τ less the predicted exponent, which leaves the logarithm of the prefactor.",
    )
    .default("\"exponent\"")
    .when(&[LAWS]),
];
