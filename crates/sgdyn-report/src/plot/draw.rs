//! Series as paths in the plot area.

use super::occupancy::Occupancy;
use super::style::Style;
use super::{Counts, arrow, marker, simplify};
use crate::Series;
use crate::palette::Ink;
use crate::scale::{Map, drawable};
use crate::scene::{Command, Item, Path, Stroke, rectangle, segment};
use crate::series::Shape;

/// Half the width of the caps of error bars.
const CAP: f64 = 2.5;
const BAND_OPACITY: f64 = 0.18;
const BAR_OPACITY: f64 = 0.3;
/// More marks of left-out values than this at the lower edge would only make a grey seam.
const MOST_EDGE_MARKS: usize = 60;

/// The place of drawing: two maps, what is covered so far, and what had to be left out.
pub(crate) struct Canvas<'a> {
    pub(crate) x: Map,
    pub(crate) y: Map,
    pub(crate) covered: &'a mut Occupancy,
    pub(crate) counts: &'a mut Counts,
    /// The most rectangles that a heat map may take.
    pub(crate) heat_runs: usize,
}

impl Canvas<'_> {
    /// Draws everything but reference lines and heat maps, which have their own files.
    pub(crate) fn series(&mut self, series: &Series, style: Style) -> Vec<Item> {
        match &series.shape {
            Shape::Line { x, y } => self.line(x, y, style),
            Shape::Points { x, y, error } => self.points(x, y, error.as_deref(), series.multiple, style),
            Shape::Bars { edges, heights } => self.bars(edges, heights, style),
            Shape::Band { x, lower, upper } => self.band(x, lower, upper, style),
            Shape::Steps { x, y } => self.steps(x, y, style),
            Shape::Arrows { x, y, along_x, along_y } => {
                arrow::arrows(self, (x, y), (along_x, along_y), style.ink)
            }
            Shape::Horizontal { .. } | Shape::Vertical { .. } | Shape::HeatMap(..) => Vec::new(),
        }
    }

    /// The pixels of `(x, y)`, counting what has none.
    fn place(&mut self, x: f64, y: f64) -> Option<(f64, f64)> {
        if x.is_nan() || y.is_nan() {
            return None;
        }
        if !drawable(x) || !drawable(y) {
            self.counts.infinite += 1;
            return None;
        }
        let place = self.x.pixel(x).zip(self.y.pixel(y));
        self.counts.not_positive += usize::from(place.is_none());
        place
    }

    /// Small triangles at the lower edge where y is too low for a logarithm.
    fn edge_marks(&mut self, x: &[f64], y: &[f64], ink: Ink) -> Option<Item> {
        let low = x.iter().zip(y).filter(|&(_, &y)| self.y.is_log() && y <= 0.0 && drawable(y));
        let pixels: Vec<f64> = low.filter_map(|(&x, _)| self.x.pixel(x)).collect();
        if pixels.is_empty() || pixels.len() > MOST_EDGE_MARKS {
            return None;
        }
        self.counts.edge_marks = true;
        let bottom = self.y.floor();
        let triangle = |&x: &f64| {
            [
                Command::Move(x - 3.5, bottom - 6.0),
                Command::Line(x + 3.5, bottom - 6.0),
                Command::Line(x, bottom),
                Command::Close,
            ]
        };
        for &x in &pixels {
            self.covered.cover(x - 4.0, bottom - 7.0, x + 4.0, bottom);
        }
        Some(Path::fill(pixels.iter().flat_map(triangle).collect(), ink, 1.0))
    }

    fn line(&mut self, x: &[f64], y: &[f64], style: Style) -> Vec<Item> {
        let places: Vec<_> = x.iter().zip(y).map(|(&x, &y)| self.place(x, y)).collect();
        let mut commands = Vec::new();
        let mut dots = Vec::new();
        for run in places.split(Option::is_none) {
            let run: Vec<(f64, f64)> = run.iter().flatten().copied().collect();
            match run[..] {
                [] => {}
                // A value between two gaps is still to be seen.
                [(x, y)] => dots.push(Command::Circle(x, y, style.width)),
                _ => self.polyline(&mut commands, &simplify::line(&run)),
            }
        }
        let mut items = Vec::new();
        if !commands.is_empty() {
            items.push(Path::stroke(commands, style.ink, style.width, style.dash));
        }
        if !dots.is_empty() {
            items.push(Path::fill(dots, style.ink, 1.0));
        }
        items.extend(self.edge_marks(x, y, style.ink));
        items
    }

    fn polyline(&mut self, commands: &mut Vec<Command>, points: &[(f64, f64)]) {
        for (index, &(x, y)) in points.iter().enumerate() {
            commands.push(if index == 0 { Command::Move(x, y) } else { Command::Line(x, y) });
        }
        for pair in points.windows(2) {
            self.covered.cover_line(pair[0], pair[1]);
        }
    }

    fn points(
        &mut self,
        x: &[f64],
        y: &[f64],
        error: Option<&[f64]>,
        multiple: f64,
        style: Style,
    ) -> Vec<Item> {
        let mut centers = Vec::new();
        let mut half_widths = Vec::new();
        for (index, (&x, &y)) in x.iter().zip(y).enumerate() {
            let Some(place) = self.place(x, y) else { continue };
            let inside = (-0.5..=self.x.length + 0.5).contains(&place.0)
                && (-0.5..=self.y.length + 0.5).contains(&place.1);
            self.counts.outside += usize::from(!inside);
            centers.push(place);
            let half = error.and_then(|error| error.get(index)).map_or(f64::NAN, |error| error * multiple);
            half_widths.push((y, half));
        }
        let radius: f64 = match centers.len() {
            0..=80 => 3.2,
            81..=400 => 2.2,
            _ => 1.4,
        };
        let radius = radius.min(style.most_radius);
        let shown = simplify::markers(&centers, radius);
        let mut bars = Vec::new();
        for &index in &shown {
            let ((x, y), (value, half)) = (centers[index], half_widths[index]);
            self.covered.cover(x - radius, y - radius, x + radius, y + radius);
            if half > 0.0 {
                self.error_bar(&mut bars, x, value - half, value + half);
            }
        }
        let mut items = Vec::new();
        if !bars.is_empty() {
            items.push(Path::stroke(bars, style.ink, 1.1, &[]));
        }
        let shown: Vec<_> = shown.into_iter().map(|index| centers[index]).collect();
        if !shown.is_empty() {
            items.push(marker::markers(&shown, style.marker, radius, style.ink));
        }
        items.extend(self.edge_marks(x, y, style.ink));
        items
    }

    /// An interval at pixel `x`; an end that has no place, or lies at infinity, runs off the plot without a cap.
    fn error_bar(&mut self, commands: &mut Vec<Command>, x: f64, lower: f64, upper: f64) {
        let (beyond_low, beyond_high) = (self.y.length + 2.0 * CAP, -2.0 * CAP);
        let (low, high) = (self.y.pixel(lower), self.y.pixel(upper));
        let (y0, y1) = (low.unwrap_or(beyond_low), high.unwrap_or(beyond_high));
        commands.extend(segment(x, y0, x, y1));
        for cap in [low, high].into_iter().flatten() {
            commands.extend(segment(x - CAP, cap, x + CAP, cap));
        }
        self.covered.cover(x - CAP, y0, x + CAP, y1);
    }

    fn bars(&mut self, edges: &[f64], heights: &[f64], style: Style) -> Vec<Item> {
        let base = self.y.pixel_or_floor(0.0).unwrap_or_else(|| self.y.floor());
        let mut filled = Vec::new();
        let mut outline = Vec::new();
        // The right edge and height of the previous bar, so that touching bars share one outline.
        let mut previous: Option<(f64, f64)> = None;
        for (edge, &height) in edges.windows(2).zip(heights) {
            let sides = self.x.pixel_or_floor(edge[0]).zip(self.x.pixel_or_floor(edge[1]));
            if height.is_infinite() {
                self.counts.infinite += 1;
            }
            let bar = sides.zip(self.y.pixel_or_floor(height));
            let Some(((left, right), top)) = bar else {
                if let Some((x, _)) = previous.take() {
                    outline.push(Command::Line(x, base));
                }
                continue;
            };
            filled.extend(rectangle(left, top.min(base), right - left, (top - base).abs()));
            self.covered.cover(left, top, right, base);
            if previous.is_none_or(|(x, _)| (x - left).abs() > 0.01) {
                if let Some((x, _)) = previous {
                    outline.push(Command::Line(x, base));
                }
                outline.push(Command::Move(left, base));
            }
            outline.push(Command::Line(left, top));
            outline.push(Command::Line(right, top));
            previous = Some((right, top));
        }
        if let Some((x, _)) = previous {
            outline.push(Command::Line(x, base));
        }
        if filled.is_empty() {
            return Vec::new();
        }
        vec![Path::fill(filled, style.ink, BAR_OPACITY), Path::stroke(outline, style.ink, 1.1, &[])]
    }

    fn band(&mut self, x: &[f64], lower: &[f64], upper: &[f64], style: Style) -> Vec<Item> {
        let mut places = Vec::new();
        for ((&x, &lower), &upper) in x.iter().zip(lower).zip(upper) {
            // An end at infinity fills to the border of the plot.
            let low =
                if lower == f64::NEG_INFINITY { Some(self.y.length) } else { self.y.pixel_or_floor(lower) };
            let high = if upper == f64::INFINITY { Some(0.0) } else { self.y.pixel_or_floor(upper) };
            let place = self.x.pixel(x).zip(low.zip(high));
            places.push(place.map(|(x, (low, high))| (x, low, high)));
        }
        let mut commands = Vec::new();
        for run in places.split(Option::is_none) {
            let run: Vec<(f64, f64, f64)> = run.iter().flatten().copied().collect();
            let lower: Vec<_> = run.iter().map(|&(x, low, _)| (x, low)).collect();
            let upper: Vec<_> = run.iter().map(|&(x, _, high)| (x, high)).collect();
            let around = simplify::line(&upper).into_iter().chain(simplify::line(&lower).into_iter().rev());
            if run.len() < 2 {
                continue;
            }
            for (index, (x, y)) in around.enumerate() {
                commands.push(if index == 0 { Command::Move(x, y) } else { Command::Line(x, y) });
            }
            commands.push(Command::Close);
            for pair in run.windows(2) {
                self.covered.cover_line((pair[0].0, pair[0].1), (pair[1].0, pair[1].1));
                self.covered.cover_line((pair[0].0, pair[0].2), (pair[1].0, pair[1].2));
                let (low, high) = (pair[0].1.max(pair[1].1), pair[0].2.min(pair[1].2));
                self.covered.cover(pair[0].0, low, pair[1].0, high);
            }
        }
        if commands.is_empty() { Vec::new() } else { vec![Path::fill(commands, style.ink, BAND_OPACITY)] }
    }

    fn steps(&mut self, x: &[f64], y: &[f64], style: Style) -> Vec<Item> {
        let mut places = Vec::new();
        for (&x, &y) in x.iter().zip(y) {
            self.counts.infinite += usize::from(x.is_infinite() || y.is_infinite());
            places.push(self.x.pixel_or_floor(x).zip(self.y.pixel_or_floor(y)));
        }
        let mut commands = Vec::new();
        for run in places.split(Option::is_none) {
            let mut corners: Vec<(f64, f64)> = Vec::with_capacity(2 * run.len());
            for &(x, y) in run.iter().flatten() {
                if let Some(&(_, last)) = corners.last() {
                    corners.push((x, last));
                }
                corners.push((x, y));
            }
            self.polyline(&mut commands, &simplify::line(&corners));
        }
        let stroke = Some(Stroke { ink: style.ink, width: style.width, dash: style.dash });
        if commands.is_empty() {
            return Vec::new();
        }
        vec![Item::Path(Path { commands, fill: None, stroke, crisp: false })]
    }
}
