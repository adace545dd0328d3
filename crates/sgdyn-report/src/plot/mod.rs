//! One panel turned into paths and texts around a plot area of known size.

mod arrow;
mod axes;
mod draw;
mod heat;
mod legend;
mod marker;
mod names;
mod occupancy;
mod reference;
mod simplify;
mod style;

use self::draw::Canvas;
use self::heat::Colored;
use self::legend::Placed;
use self::occupancy::Occupancy;
use crate::palette::Ink;
use crate::scale::{Extent, Map};
use crate::scene::{Anchor, Item, Text};
use crate::series::Shape;
use crate::ticks::Ticks;
use crate::{Panel, Scale, Series};

pub(crate) use self::axes::Margins;

/// The size of tick labels, legends and labels of lines.
pub(crate) const LABEL_SIZE: f64 = 11.0;

/// What could not be drawn, and why.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    infinite: usize,
    not_positive: usize,
    outside: usize,
    edge_marks: bool,
    /// How many columns and rows of a matrix became one cell.
    averaged: Option<(usize, usize)>,
}

/// A panel ready to be put somewhere; all coordinates from the top left corner of its plot area.
pub(crate) struct Plot<'a> {
    panel: &'a Panel,
    x: Map,
    y: Map,
    x_ticks: Ticks,
    y_ticks: Ticks,
    slanted: bool,
    /// Whether numbers and label stand under the x axis.
    x_written: bool,
    clipped: Vec<Item>,
    above: Vec<Item>,
    legend: Option<Placed>,
    color_bar: Option<(Item, f64)>,
    notes: Vec<String>,
}

/// The spans of the data of a panel along x and y.
pub(crate) fn extents(panel: &Panel) -> (Extent, Extent) {
    let (mut x, mut y) = (Extent::default(), Extent::default());
    for series in &panel.series {
        include(series, &panel.x.scale, &panel.y.scale, &mut x, &mut y);
    }
    (x, y)
}

fn include(series: &Series, x_scale: &Scale, y_scale: &Scale, x: &mut Extent, y: &mut Extent) {
    let mut point = |horizontal: f64, vertical: f64| {
        x.include(horizontal, x_scale);
        y.include(vertical, y_scale);
    };
    let nowhere = f64::NAN;
    match &series.shape {
        Shape::Line { x, y } | Shape::Steps { x, y } => {
            x.iter().zip(y).filter(|(x, y)| !x.is_nan() && !y.is_nan()).for_each(|(&x, &y)| point(x, y));
        }
        Shape::Points { x, y, error } => {
            for (index, (&x, &y)) in
                x.iter().zip(y).enumerate().filter(|(_, (x, y))| !x.is_nan() && !y.is_nan())
            {
                point(x, y);
                let half =
                    error.as_ref().and_then(|error| error.get(index)).map(|error| error * series.multiple);
                if let Some(half) = half.filter(|half| *half >= 0.0) {
                    point(nowhere, y + half);
                    // An interval that nearly reaches zero must not stretch a logarithmic axis over many decades.
                    let lowest = if *y_scale == Scale::Log { y / 10.0 } else { f64::NEG_INFINITY };
                    point(nowhere, (y - half).max(lowest));
                }
            }
        }
        Shape::Bars { edges, heights } => {
            for &edge in edges {
                point(edge, nowhere);
            }
            for &height in heights {
                point(nowhere, height);
            }
            if *y_scale != Scale::Log {
                point(nowhere, 0.0);
                y.pinned = y.low >= 0.0;
            }
        }
        Shape::Band { x, lower, upper } => {
            for ((&x, &lower), &upper) in x.iter().zip(lower).zip(upper) {
                point(x, lower);
                point(nowhere, upper);
            }
        }
        Shape::Arrows { x, y, .. } => x.iter().zip(y).for_each(|(&x, &y)| point(x, y)),
        Shape::Horizontal { y } => point(nowhere, *y),
        Shape::Vertical { x } => point(*x, nowhere),
        Shape::HeatMap(heat, _) => {
            for &edge in &heat.x_edges {
                point(edge, nowhere);
            }
            for &edge in &heat.y_edges {
                point(nowhere, edge);
            }
        }
    }
}

/// The heat map of a panel, if it has one.
pub(crate) fn heat_map(panel: &Panel) -> Option<Colored<'_>> {
    panel.series.iter().find_map(|series| match &series.shape {
        Shape::HeatMap(map, range) => Some(Colored { map, range: *range }),
        _ => None,
    })
}

/// The axis as it is, with the ends of a heat map fixed to its borders.
fn tight(axis: &crate::Axis, extent: Extent, heat: bool) -> crate::Axis {
    let mut axis = axis.clone();
    if heat && extent.low < extent.high {
        axis.lower = axis.lower.or(Some(extent.low));
        axis.upper = axis.upper.or(Some(extent.high));
    }
    axis
}

impl<'a> Plot<'a> {
    /// Draws `panel` into an area of this size, with an x range that covers `x_extent`, a heat map with at most about
    /// `heat_runs` rectangles.
    pub(crate) fn new(
        panel: &'a Panel,
        x_extent: Extent,
        (width, height): (f64, f64),
        x_written: bool,
        heat_runs: usize,
    ) -> Self {
        let heat = heat_map(panel);
        let (_, y_extent) = extents(panel);
        let (x, x_ignored) = Map::new(&tight(&panel.x, x_extent, heat.is_some()), x_extent, width, false);
        let (y, y_ignored) = Map::new(&tight(&panel.y, y_extent, heat.is_some()), y_extent, height, true);

        let mut covered = Occupancy::new(width, height);
        let mut counts = Counts::default();
        let mut canvas = Canvas { x, y, covered: &mut covered, counts: &mut counts, heat_runs };
        let (clipped, above) = contents(&mut canvas, panel, heat);
        let styles = style::styles(&panel.series);
        let legend = legend::place(&panel.series, &styles, panel.legend, (width, height), &covered);

        let mut notes = if panel.note.is_empty() { Vec::new() } else { vec![panel.note.clone()] };
        notes.extend(counts.notes());
        let unequal = panel.series.iter().filter(|series| has_unequal_lengths(series)).count();
        if unequal > 0 {
            notes.push("arrays of unequal length were cut to the shortest".to_owned());
        }
        for (name, _) in [("x", x_ignored), ("y", y_ignored)].iter().filter(|(_, ignored)| *ignored) {
            notes.push(format!("the {name} range asked for cannot be drawn and was ignored"));
        }
        let (x_ticks, slanted) = axes::x_ticks(&panel.x.scale, &x);
        Self {
            panel,
            x,
            y,
            x_ticks,
            y_ticks: axes::y_ticks(&panel.y.scale, &y),
            slanted,
            x_written,
            clipped,
            above,
            legend,
            color_bar: heat.and_then(|heat| heat::color_bar(heat, height)),
            notes,
        }
    }
}

/// What is cut at the frame, and what is written over it.
fn contents(canvas: &mut Canvas<'_>, panel: &Panel, heat: Option<Colored<'_>>) -> (Vec<Item>, Vec<Item>) {
    let styles = style::styles(&panel.series);
    let mut clipped = Vec::new();
    let mut empty = true;
    if let Some(heat) = heat {
        clipped.extend(heat::cells(heat, &canvas.x, &canvas.y, canvas.heat_runs, canvas.counts));
        empty &= clipped.is_empty();
        if !empty {
            canvas.covered.cover(0.0, 0.0, canvas.x.length, canvas.y.length);
        }
    }
    // Reference lines lie under the data.
    for (series, &style) in panel.series.iter().zip(&styles) {
        clipped.extend(reference::line(canvas, series, style));
    }
    for (series, &style) in panel.series.iter().zip(&styles) {
        let items = canvas.series(series, style);
        empty &= items.is_empty();
        clipped.extend(items);
    }
    let mut above = Vec::new();
    if empty {
        let (width, height) = (canvas.x.length, canvas.y.length);
        let text = Text::new(width / 2.0, height / 2.0 + 4.0, 13.0, "no data").ink(Ink::Muted);
        above.push(Item::Text(Text { halo: true, ..text.anchor(Anchor::Middle) }));
    }
    for series in &panel.series {
        above.extend(reference::label(canvas, series));
        above.extend(names::names(canvas, series));
    }
    (clipped, above)
}

fn has_unequal_lengths(series: &Series) -> bool {
    match &series.shape {
        Shape::Line { x, y } | Shape::Steps { x, y } => x.len() != y.len(),
        Shape::Points { x, y, error } => {
            x.len() != y.len() || error.as_ref().is_some_and(|error| error.len() != y.len())
        }
        Shape::Bars { edges, heights } => edges.len() != heights.len() + 1 && !heights.is_empty(),
        Shape::Band { x, lower, upper } => x.len() != lower.len() || x.len() != upper.len(),
        Shape::HeatMap(heat, _) => {
            let cells = heat.x_edges.len().saturating_sub(1) * heat.y_edges.len().saturating_sub(1);
            cells != heat.values.len()
        }
        Shape::Arrows { x, y, along_x, along_y } => {
            [y, along_x, along_y].iter().any(|values| values.len() != x.len())
        }
        Shape::Horizontal { .. } | Shape::Vertical { .. } => false,
    }
}

impl Counts {
    fn notes(self) -> Vec<String> {
        let values = |count: usize| if count == 1 { "1 value".to_owned() } else { format!("{count} values") };
        let mut notes = Vec::new();
        if self.not_positive > 0 {
            let mark = if self.edge_marks { " (▼)" } else { "" };
            notes.push(format!(
                "{} ≤ 0 have no place on the logarithmic axis{mark}",
                values(self.not_positive)
            ));
        }
        if self.infinite > 0 {
            notes.push(format!("{} at infinity not shown", values(self.infinite)));
        }
        if self.outside > 0 {
            let points = if self.outside == 1 { "point" } else { "points" };
            notes.push(format!("{} {points} outside the range shown", self.outside));
        }
        if let Some((wide, tall)) = self.averaged {
            notes.push(format!("each cell is the mean of {wide}×{tall}"));
        }
        notes
    }
}
