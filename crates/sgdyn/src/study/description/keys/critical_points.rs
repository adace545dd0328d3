//! The keys of `[critical-points]`.

use crate::study::description::schema::{ANY, Key, POSITIVE, Shape, When};

const ASKED: When = When::Is("study", &["critical-points"]);
const BETWEEN: When = When::With("critical-points.from");
const IN_A_BOX: When = When::Without("critical-points.from");

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "critical-points.from",
        Shape::Vector(ANY),
        "A point in the basin of the minimum that a way is wanted from.",
    )
    .when(&[ASKED]),
    Key::new(
        "critical-points.to",
        Shape::Vector(ANY),
        "A point in the basin of the minimum that the way leads to, over the lowest saddles.",
    )
    .required()
    .when(&[ASKED, BETWEEN]),
    Key::new(
        "critical-points.lower",
        Shape::Vector(ANY),
        "The lower ends of the box that is searched, one for each coordinate.",
    )
    .required()
    .when(&[ASKED, IN_A_BOX]),
    Key::new(
        "critical-points.upper",
        Shape::Vector(ANY),
        "The upper ends of the box that is searched, one for each coordinate.",
    )
    .required()
    .when(&[ASKED, IN_A_BOX]),
    Key::new(
        "critical-points.lower",
        Shape::Vector(ANY),
        "The lower ends of the box that is searched. Without it: a string from the one minimum to the other finds a way, \
         not surely the lowest.",
    )
    .when(&[ASKED, BETWEEN]),
    Key::new(
        "critical-points.upper",
        Shape::Vector(ANY),
        "The upper ends of the box that is searched.",
    )
    .required()
    .when(&[ASKED, BETWEEN, When::With("critical-points.lower")]),
    Key::new(
        "critical-points.starts",
        Shape::Count(1, 1 << 20),
        "Starts that are spread over the box; from each a minimum and the nearest critical point are searched for, and \
         from every minimum saddles.",
    )
    .default("200")
    .when(&[ASKED]),
    Key::new(
        "critical-points.most_minima",
        Shape::Count(1, 1 << 20),
        "Walks to saddles begin from at most so many minima.",
    )
    .default("5000")
    .when(&[ASKED]),
    Key::new(
        "critical-points.length",
        Shape::Number(POSITIVE),
        "The length over which the landscape changes its shape: searches step by a tenth of it, and points nearer than \
         10⁻⁶ of it are one.",
    )
    .default("1.0")
    .when(&[ASKED]),
    Key::new(
        "critical-points.tolerance",
        Shape::Number(POSITIVE),
        "How well positions must be known for the verdict on them.",
    )
    .default("1e-8")
    .when(&[ASKED]),
];
