//! The keys of `[rare-event]`.

use super::rule::{CONTINUOUS, DISCRETE};
use crate::study::description::schema::{ANY, Key, POSITIVE, Shape, When};

const RARE: When = When::Is("study", &["rare-event"]);
const IN_RUNS: When = When::Is("rare-event.method", &["splitting", "forward-flux"]);
const BY_ENSEMBLE: (&str, &str) =
    ("rare-event.method", "an ensemble is one run of independent paths: set `ensemble.replicas`");

pub(super) const KEYS: &[Key] = &[
    Key::new("rare-event.start", Shape::Vector(ANY), "Where every path starts.").required().when(&[RARE]),
    Key::new("rare-event.target", Shape::Text, "The event, as a condition such as \"x >= 20\".")
        .required()
        .when(&[RARE]),
    Key::new(
        "rare-event.before",
        Shape::Text,
        "The failure, as a condition that ends a path without the event. For a rate: the core of the basin, in which the \
         start lies. It may be left out where `within_time` or `within_steps` ends all paths.",
    )
    .when(&[RARE]),
    Key::new(
        "rare-event.within_time",
        Shape::Number(POSITIVE),
        "The time within which the target is to be reached: a path that is not there has failed. For a probability.",
    )
    .unit("time")
    .when(&[RARE, When::Is("rule.name", CONTINUOUS)])
    .instead(&[("rule.name", "a discrete rule counts steps: use `rare-event.within_steps`")]),
    Key::new("rare-event.within_steps", Shape::Count(1, 1 << 40), "The steps within which the target is to be reached.")
        .unit("steps")
        .when(&[RARE, When::Is("rule.name", DISCRETE)])
        .instead(&[("rule.name", "a continuous rule counts time: use `rare-event.within_time`")]),
    Key::new(
        "rare-event.quantity",
        Shape::Choice(&["probability", "rate"]),
        "The probability to reach `target` before `before`, or the rate at which a metastable basin is left for the target: how \
         often paths leave the core, times the probability that one gets through.",
    )
    .default("\"probability\"")
    .when(&[RARE]),
    Key::new(
        "rare-event.method",
        Shape::Choice(&["splitting", "forward-flux", "ensemble"]),
        "How it is found: by adaptive multilevel splitting, by forward flux sampling, or by brute force with the replicas of \
         `[ensemble]`.",
    )
    .default("\"splitting\"")
    .when(&[RARE]),
    Key::new(
        "rare-event.coordinate",
        Shape::Text,
        "The reaction coordinate: a formula that grows towards the target, `committor` (of the continuous process, on the grid \
         of `[grid]`; of its stochastic equation, for a discrete rule), or `automatic`: one coordinate on a line, the committor \
         in two and three dimensions, else the distance to the target. The mean does not depend on it, the error does.",
    )
    .default("\"automatic\"")
    .when(&[RARE, IN_RUNS])
    .instead(&[BY_ENSEMBLE]),
    Key::new("rare-event.paths", Shape::Count(2, 1 << 24), "Paths of a run; for forward flux, trials of a stage.")
        .default("1000")
        .when(&[RARE, IN_RUNS])
        .instead(&[BY_ENSEMBLE]),
    Key::new(
        "rare-event.runs",
        Shape::Count(2, 1 << 20),
        "Independent runs: their spread gives the standard error and Student's interval.",
    )
    .default("20")
    .when(&[RARE, IN_RUNS])
    .instead(&[BY_ENSEMBLE]),
    Key::new(
        "rare-event.replaced",
        Shape::Count(1, 1 << 24),
        "How many paths at least are replaced at a time. Without it: one in twenty.",
    )
    .when(&[RARE, When::Is("rare-event.method", &["splitting"])])
    .instead(&[("rare-event.method", "only splitting replaces paths")]),
    Key::new(
        "rare-event.max_steps",
        Shape::Count(1, 1 << 43),
        "The most steps of all paths of a run, or of the ensemble. Where they are spent before the end, the row says how far \
         paths got.",
    )
    .unit("steps")
    .default("1_000_000_000")
    .when(&[RARE]),
    Key::new(
        "rare-event.crossing_correction",
        Shape::Truth,
        "Whether crossings of target and failure inside a step are counted by a Brownian bridge.",
    )
    .default("true")
    .when(&[RARE, When::Is("rule.name", &["langevin", "sde", "sme2"])])
    .instead(&[("rule.name", "a discrete rule is nowhere between two steps, and a Lévy path jumps")]),
];
