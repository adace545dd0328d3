//! What is put on the page, free of any file format: paths and texts with their place and style.

use crate::palette::Ink;

/// A page with everything on it.
pub(crate) struct Scene {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) items: Vec<Item>,
}

/// One thing on the page; coordinates in pixels, y downwards.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    Path(Path),
    Text(Text),
    /// Items moved by `(x, y)` and, if `clip` is set, cut to `(width, height)` from there.
    Group {
        x: f64,
        y: f64,
        clip: Option<(f64, f64)>,
        items: Vec<Item>,
    },
}

/// A step of an outline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Command {
    Move(f64, f64),
    Line(f64, f64),
    /// A horizontal line of this length.
    Across(f64),
    /// A circle around `(x, y)` of radius `r`.
    Circle(f64, f64, f64),
    /// A rectangle from the corner `(x, y)`, of some width and height.
    Rectangle(f64, f64, f64, f64),
    Close,
}

/// An outline, filled, stroked or both.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    pub(crate) commands: Vec<Command>,
    pub(crate) fill: Option<(Ink, f64)>,
    pub(crate) stroke: Option<Stroke>,
    /// Whether edges lie on whole pixels, so that neighbouring cells leave no seam; lines then end where they end.
    pub(crate) crisp: bool,
}

/// A pen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stroke {
    pub(crate) ink: Ink,
    pub(crate) width: f64,
    pub(crate) dash: &'static [f64],
}

/// Where the given point lies on the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// One line of text, `(x, y)` on its baseline.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) size: f64,
    pub(crate) ink: Ink,
    pub(crate) anchor: Anchor,
    /// Degrees clockwise around `(x, y)`.
    pub(crate) turn: f64,
    /// Whether a rim of paper separates it from what lies below.
    pub(crate) halo: bool,
    pub(crate) content: String,
}

impl Text {
    pub(crate) fn new(x: f64, y: f64, size: f64, content: impl Into<String>) -> Self {
        Self {
            x,
            y,
            size,
            ink: Ink::Text,
            anchor: Anchor::Start,
            turn: 0.0,
            halo: false,
            content: content.into(),
        }
    }
    pub(crate) fn ink(self, ink: Ink) -> Self {
        Self { ink, ..self }
    }
    pub(crate) fn anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }
    pub(crate) fn turn(self, turn: f64) -> Self {
        Self { turn, ..self }
    }
}

impl Path {
    /// A stroked outline.
    pub(crate) fn stroke(commands: Vec<Command>, ink: Ink, width: f64, dash: &'static [f64]) -> Item {
        let stroke = Some(Stroke { ink, width, dash });
        Item::Path(Self { commands, fill: None, stroke, crisp: false })
    }

    /// A filled outline.
    pub(crate) fn fill(commands: Vec<Command>, ink: Ink, opacity: f64) -> Item {
        Item::Path(Self { commands, fill: Some((ink, opacity)), stroke: None, crisp: false })
    }
}

/// The outline of a rectangle.
pub(crate) fn rectangle(x: f64, y: f64, width: f64, height: f64) -> Vec<Command> {
    vec![Command::Rectangle(x, y, width, height)]
}

/// A straight line.
pub(crate) fn segment(x0: f64, y0: f64, x1: f64, y1: f64) -> Vec<Command> {
    vec![Command::Move(x0, y0), Command::Line(x1, y1)]
}
