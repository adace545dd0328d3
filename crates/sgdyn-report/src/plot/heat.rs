//! Heat maps and their colour bars.

use std::collections::BTreeMap;

use super::{Counts, LABEL_SIZE};
use crate::palette::{Ink, shade};
use crate::scale::{Map, drawable};
use crate::scene::{Anchor, Command, Item, Path, Stroke, Text, rectangle, segment};
use crate::ticks::{Room, Ticks, ticks};
use crate::{HeatMap, font};

/// More cells than this along a side would be smaller than pixels: neighbours are averaged.
const MOST_CELLS: usize = 240;
const BAR_WIDTH: f64 = 12.0;
const BAR_GAP: f64 = 14.0;

/// A heat map with the ends of its colour bar, if they were chosen.
#[derive(Clone, Copy)]
pub(crate) struct Colored<'a> {
    pub(crate) map: &'a HeatMap,
    pub(crate) range: Option<(f64, f64)>,
}

/// How values become colours.
struct Shades {
    map: Map,
    diverging: bool,
}

impl Shades {
    /// `None` if no value has a colour.
    fn new(Colored { map: heat, range }: Colored<'_>, height: f64) -> Option<Self> {
        let usable = |value: &&f64| drawable(**value) && (!heat.log || **value > 0.0);
        let low = heat.values.iter().filter(usable).fold(f64::INFINITY, |low, &value| low.min(value));
        let high = heat.values.iter().filter(usable).fold(f64::NEG_INFINITY, |high, &value| high.max(value));
        if low > high {
            return None;
        }
        let wanted = range.filter(|range| [range.0, range.1].iter().all(|end| usable(&end)));
        let (low, high) = wanted.filter(|range| range.0 < range.1).unwrap_or((low, high));
        let diverging = !heat.log && low < 0.0 && high > 0.0;
        let reach = low.abs().max(high.abs());
        let (low, high) = if diverging { (-reach, reach) } else { (low, high) };
        Some(Self { map: Map::between(low, high, heat.log, height), diverging })
    }

    fn ink(&self, value: f64) -> Option<Ink> {
        self.map.fraction(value).map(|fraction| shade(fraction, self.diverging))
    }
}

/// The cells, those of one shade in one path, in at most about `most_runs` rectangles: maps that need more are made coarser.
pub(crate) fn cells(heat: Colored<'_>, x: &Map, y: &Map, most_runs: usize, counts: &mut Counts) -> Vec<Item> {
    let Some(shades) = Shades::new(heat, y.length) else { return Vec::new() };
    let heat = heat.map;
    let columns = heat.x_edges.len().saturating_sub(1);
    let rows = heat.y_edges.len().saturating_sub(1);
    counts.infinite += heat.values.iter().filter(|value| value.is_infinite()).count();
    if heat.log {
        counts.not_positive += heat.values.iter().filter(|&&value| value <= 0.0).count();
    }
    let (mut wide, mut tall) = (columns.div_ceil(MOST_CELLS).max(1), rows.div_ceil(MOST_CELLS).max(1));
    let mut runs = Runs::of(heat, (wide, tall), &shades, (x, y));
    while runs.count > most_runs && (columns > wide || rows > tall) {
        (wide, tall) = ((wide + 1).min(columns), (tall + 1).min(rows));
        runs = Runs::of(heat, (wide, tall), &shades, (x, y));
    }
    counts.averaged = (wide * tall > 1).then_some((wide, tall)).or(counts.averaged);
    runs.by_shade
        .into_iter()
        .map(|((ink, halves), commands)| {
            let stroke = Some(Stroke { ink, width: halves as f64 / 2.0, dash: &[] });
            Item::Path(Path { commands, fill: None, stroke, crisp: true })
        })
        .collect()
}

/// Horizontal lines as high as a row: neighbours of one shade in one, those of one shade and height together. Borders lie
/// on half pixels, which keeps the numbers short and the cells of a PNG at scale 2 sharp.
#[derive(Default)]
struct Runs {
    by_shade: BTreeMap<(Ink, u64), Vec<Command>>,
    count: usize,
}

impl Runs {
    fn of(heat: &HeatMap, (wide, tall): (usize, usize), shades: &Shades, (x, y): (&Map, &Map)) -> Self {
        let columns = heat.x_edges.len().saturating_sub(1);
        let rows = heat.y_edges.len().saturating_sub(1);
        let half = |pixel: f64| (2.0 * pixel).round() / 2.0;
        let sides: Vec<Option<(f64, f64)>> = (0..columns)
            .step_by(wide)
            .map(|column| {
                let right = heat.x_edges[(column + wide).min(columns)];
                let (left, right) = x.pixel_or_floor(heat.x_edges[column]).zip(x.pixel(right))?;
                Some((half(left.min(right)), half(left.max(right)))).filter(|(left, right)| left < right)
            })
            .collect();
        let mut runs = Self::default();
        for row in (0..rows).step_by(tall) {
            let upper = heat.y_edges[(row + tall).min(rows)];
            let Some((bottom, top)) = y.pixel_or_floor(heat.y_edges[row]).zip(y.pixel(upper)) else {
                continue;
            };
            let (top, bottom) = (half(top.min(bottom)), half(top.max(bottom)));
            let halves = (2.0 * (bottom - top)) as u64;
            let mut open: Option<(Ink, f64, f64)> = None;
            for (index, sides) in sides.iter().enumerate() {
                let ink = shades.ink(mean(heat, row, index * wide, (wide, tall)));
                let Some(((left, right), ink)) = sides.zip(ink).filter(|_| halves > 0) else { continue };
                match &mut open {
                    Some((same, _, end)) if *same == ink && *end == left => *end = right,
                    _ => {
                        runs.close(open.replace((ink, left, right)), f64::midpoint(top, bottom), halves);
                    }
                }
            }
            runs.close(open, f64::midpoint(top, bottom), halves);
        }
        runs
    }

    fn close(&mut self, run: Option<(Ink, f64, f64)>, middle: f64, halves: u64) {
        if let Some((ink, left, right)) = run {
            let commands = self.by_shade.entry((ink, halves)).or_default();
            commands.extend([Command::Move(left, middle), Command::Across(right - left)]);
            self.count += 1;
        }
    }
}

/// The mean of a block of cells, NaN if none of them has a value.
fn mean(heat: &HeatMap, row: usize, column: usize, (wide, tall): (usize, usize)) -> f64 {
    let columns = heat.x_edges.len().saturating_sub(1);
    let rows = heat.y_edges.len().saturating_sub(1);
    let inside = (row..(row + tall).min(rows))
        .flat_map(|row| (column..(column + wide).min(columns)).map(move |column| row * columns + column));
    let values = inside.filter_map(|index| heat.values.get(index)).filter(|value| value.is_finite());
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), &value| (sum + value, count + 1.0));
    sum / count
}

/// The colour bar beside a plot of this height, and its width with labels; nothing without values.
pub(crate) fn color_bar(heat: Colored<'_>, height: f64) -> Option<(Item, f64)> {
    let shades = Shades::new(heat, height)?;
    let mut items = Vec::new();
    let bands = 64;
    for band in 0..bands {
        let (from, to) = (f64::from(band) / f64::from(bands), f64::from(band + 1) / f64::from(bands));
        let ink = shade(f64::midpoint(from, to), shades.diverging);
        let (top, bottom) = ((height * (1.0 - to)).round(), (height * (1.0 - from)).round());
        let commands = rectangle(0.0, top, BAR_WIDTH, bottom - top);
        items.push(Item::Path(Path { commands, fill: Some((ink, 1.0)), stroke: None, crisp: true }));
    }
    items.push(Path::stroke(rectangle(0.0, 0.0, BAR_WIDTH, height), Ink::Muted, 0.8, &[]));
    let extent = |_: &str| LABEL_SIZE;
    let Ticks { major, common, .. } = ticks(&shades.map, &Room { extent: &extent, gap: 6.0, spacing: 28.0 });
    let mut widest: f64 = 0.0;
    let mut marks: Vec<Command> = Vec::new();
    for (pixel, label) in major {
        widest = widest.max(font::width(&label, LABEL_SIZE));
        marks.extend(segment(BAR_WIDTH, pixel, BAR_WIDTH + 4.0, pixel));
        items.push(Item::Text(Text::new(BAR_WIDTH + 7.0, pixel + 4.0, LABEL_SIZE, label)));
    }
    items.push(Path::stroke(marks, Ink::Muted, 0.8, &[]));
    let label = [heat.map.label.as_str(), &common]
        .iter()
        .filter(|part| !part.is_empty())
        .copied()
        .collect::<Vec<_>>();
    let lines = font::wrap(&label.join("  "), LABEL_SIZE + 1.0, height);
    let mut right = BAR_WIDTH + 7.0 + widest;
    for line in lines {
        right += font::line_height(LABEL_SIZE + 1.0) + 2.0;
        let text = Text::new(right - 3.0, height / 2.0, LABEL_SIZE + 1.0, line);
        items.push(Item::Text(text.anchor(Anchor::Middle).turn(-90.0)));
    }
    let bar = Item::Group { x: BAR_GAP, y: 0.0, clip: None, items };
    Some((bar, BAR_GAP + right))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(values: Vec<f64>, most: usize) -> (usize, Counts) {
        let side = values.len().isqrt();
        let edges: Vec<f64> = (0..=side).map(|edge| edge as f64).collect();
        let map =
            HeatMap { x_edges: edges.clone(), y_edges: edges, values, label: String::new(), log: false };
        let axis = crate::Axis::linear("").range(0.0, side as f64);
        let map_of = |flipped| Map::new(&axis, crate::scale::Extent::default(), 100.0, flipped).0;
        let (x, y) = (map_of(false), map_of(true));
        let mut counts = Counts::default();
        let items = cells(Colored { map: &map, range: Some((0.0, 1.0)) }, &x, &y, most, &mut counts);
        let lines = |item: &Item| match item {
            Item::Path(path) => path.commands.len() / 2,
            _ => 0,
        };
        (items.iter().map(lines).sum(), counts)
    }

    #[test]
    fn neighbours_of_one_shade_are_one_line_and_gaps_part_them() {
        let mut values = vec![0.5; 100];
        assert_eq!(runs(values.clone(), 1000).0, 10);
        values[33] = f64::NAN;
        values[77] = 1.0;
        let (lines, counts) = runs(values, 1000);
        assert_eq!((lines, counts.averaged), (13, None));
    }

    #[test]
    fn maps_of_too_many_lines_become_coarser() {
        let values = (0..400).map(|cell| f64::from(cell * 7 % 11) / 11.0).collect();
        let (lines, counts) = runs(values, 120);
        assert!(lines <= 120 && counts.averaged == Some((2, 2)), "{lines}, {counts:?}");
    }
}
