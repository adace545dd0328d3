//! The table of keys: all that a study may say. Validation, defaults and the reference page are read from it.

mod critical_points;
mod grid;
mod landscape;
mod laws;
mod noise;
mod occupation;
mod question;
mod rare_event;
mod rule;

use super::schema::{Key, Shape};

/// The keys outside tables.
const TOP: &[Key] = &[
    Key::new(
        "study",
        Shape::Choice(&[
            "simulate",
            "stationary",
            "escape",
            "density",
            "first-passage",
            "laws",
            "rare-event",
            "critical-points",
            "occupation",
        ]),
        "What is asked: statistics over time, the stationary law, or the time to leave a minimum, by an ensemble; the \
         density, or the first passage of a target, on a grid and without sampling; whether escape times follow the \
         laws of the theories; the probability of a rare event, by splitting paths; the critical points of the \
         landscape and the ways between them; the time spent in regions.",
    )
    .required(),
    Key::new("title", Shape::Text, "A title for the report."),
    Key::new("description", Shape::Text, "What the study is about, for the report."),
    Key::new(
        "seed",
        Shape::Count(0, u64::MAX),
        "The seed of all random numbers. The same study and seed give the same bits.",
    )
    .default("1"),
];

/// Keys that describe the study as a whole: a list in their place is an error, not a sweep.
pub(crate) const NOT_SWEPT: &[&str] =
    &["study", "title", "description", "seed", "panel.name", "panel.x", "panel.y"];

/// Groups of keys of which a study has exactly one.
pub(crate) const EXACTLY_ONE: &[&[&str]] = &[&["landscape.formula", "landscape.name", "landscape.risk"]];

/// Other words for choices: the key, the word, and the choice that is kept.
pub(crate) const SYNONYMS: &[(&str, &str, &str)] = &[("noise.name", "white", "gaussian")];

/// Every key. Keys that conditions speak of stand before the keys whose conditions speak of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Key> + Clone {
    [
        TOP,
        landscape::KEYS,
        rule::KEYS,
        noise::KEYS,
        question::KEYS,
        laws::KEYS,
        rare_event::KEYS,
        grid::KEYS,
        critical_points::KEYS,
        occupation::KEYS,
        landscape::DATA_KEYS,
    ]
    .into_iter()
    .flatten()
}

/// The tables of a study, each with a sentence, in the order of the reference page.
pub(crate) const TABLES: &[(&str, &str)] = &[
    ("", "Keys before the first table."),
    (
        "landscape",
        "What is descended: a formula, a named landscape, or the empirical risk of a model on data. Exactly one of \
         `formula`, `name` and `risk`.",
    ),
    ("landscape.parameters", "The numbers that a formula uses, or the parameters of a named landscape."),
    (
        "rule",
        "How a step is made. Discrete rules count steps; continuous rules count time and have an integrator.",
    ),
    (
        "noise",
        "The law of what is added to a gradient, for discrete rules and for stochastic differential equations on a \
         formula or a named landscape. A risk brings its own: the minibatches. The law is that of a \
         single-sample gradient, with covariance Σ; the noise of a minibatch is the mean of B draws, with covariance \
         C = Σ/B.",
    ),
    ("escape", "`study = \"escape\"`: the time at which a replica first reaches a target."),
    ("stationary", "`study = \"stationary\"`: the law that the rule settles to, against the theories of it."),
    ("simulate", "`study = \"simulate\"`: statistics over replicas as the steps go by."),
    (
        "density",
        "`study = \"density\"`: densities on a grid, stationary and over time, in one to three dimensions.",
    ),
    ("first-passage", "`study = \"first-passage\"`: the time to reach a target, on a grid."),
    ("laws", "`study = \"laws\"`: escape times along several sweeps, each held against a law."),
    (
        "panel",
        "`[[panel]]`, one for each law: what is swept there, and any other key of the study that differs, such as \
         `landscape.sharpness = [1.0, 1.25, 1.5, 2.0]`. A panel sweeps one thing, over four points or more.",
    ),
    (
        "rare-event",
        "`study = \"rare-event\"`: the probability of an event that few paths reach, or the rate of leaving a basin.",
    ),
    (
        "critical-points",
        "`study = \"critical-points\"`: minima, saddles and the ways between them, in a box or between two minima. It \
         needs no rule.",
    ),
    ("occupation", "`study = \"occupation\"`: where the dynamics spend their time, and where they end."),
    (
        "occupation.regions",
        "Regions of an `occupation` study by name, such as `sharp = \"x < 0\"`. They may overlap; ratios are taken to the first.",
    ),
    (
        "grid",
        "The grid of `density` and `first-passage` studies, and of escapes that are solved on one: a box of cells.",
    ),
    ("ensemble", "The replicas: independent copies of the dynamics."),
    (
        "quick",
        "Changes that `--quick` makes, as `\"path\" = value`: a smaller version of the study for a first look.",
    ),
    (
        "sweep",
        "A list in the place of a value is swept: the study is run for each value. Several lists multiply, in the \
         order of the file, the last fastest. A key that itself takes a list is swept by a list of lists.",
    ),
];

/// Paths of the study that are no part of a cell.
pub(crate) const SWEEP_ZIP: &str = "sweep.zip";

#[cfg(test)]
mod tests {
    use super::super::schema::{Presence, When};
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_key_is_documented_and_lies_in_a_documented_table() {
        let tables: BTreeSet<_> = TABLES.iter().map(|(table, _)| *table).collect();
        for key in all() {
            let table = key.path.rsplit_once('.').map_or("", |(table, _)| table);
            assert!(tables.contains(table), "{}", key.path);
            assert!(key.documentation.ends_with('.'), "{}", key.path);
        }
    }

    #[test]
    fn conditions_speak_of_earlier_keys_and_of_choices_that_exist() {
        let mut seen: Vec<&Key> = Vec::new();
        for key in all() {
            for when in key.when {
                let earlier: Vec<_> = seen.iter().filter(|earlier| earlier.path == when.path()).collect();
                assert!(!earlier.is_empty(), "{}: {when}", key.path);
                if let When::Is(_, values) = when {
                    for value in *values {
                        let offered = earlier.iter().any(
                            |earlier| matches!(earlier.shape, Shape::Choice(names) if names.contains(value)),
                        );
                        assert!(offered, "{}: {when}: {value}", key.path);
                    }
                }
            }
            for (path, _) in key.instead {
                assert!(key.when.iter().any(|when| when.path() == *path), "{}: {path}", key.path);
            }
            seen.push(key);
        }
    }

    #[test]
    fn defaults_lie_in_the_range_of_their_key() {
        use super::super::check::checked;
        use super::super::place::{Origin, Source};
        use super::super::value::{Node, parse_argument};
        let source = Source { name: "default".into(), text: "".into() };
        for key in all() {
            if let Presence::Default(text) = key.presence {
                let node = Node { value: parse_argument(key.path, text).unwrap(), origin: Origin::Default };
                checked(key, key.path, &node, &source).unwrap();
            }
        }
    }

    #[test]
    fn entries_of_one_path_agree_on_what_a_sweep_is() {
        // Parameters of landscapes are told apart by `landscape.name`, before lists are looked at.
        for key in all().filter(|key| !key.path.starts_with("landscape.parameters")) {
            for other in all().filter(|other| other.path == key.path) {
                assert_eq!(key.shape.sweeping(), other.shape.sweeping(), "{}", key.path);
            }
        }
    }
}
