//! Heat maps and their colour bars.

use std::collections::BTreeMap;

use super::{Counts, LABEL_SIZE};
use crate::palette::{Ink, shade};
use crate::scale::{Map, drawable};
use crate::scene::{Anchor, Command, Item, Path, Text, rectangle, segment};
use crate::ticks::{Room, Ticks, ticks};
use crate::{HeatMap, font};

/// More cells than this along a side would be smaller than pixels: neighbours are averaged.
const MOST_CELLS: usize = 240;
const BAR_WIDTH: f64 = 12.0;
const BAR_GAP: f64 = 14.0;

/// How values become colours.
struct Shades {
    map: Map,
    diverging: bool,
}

impl Shades {
    /// `None` if no value has a colour.
    fn new(heat: &HeatMap, height: f64) -> Option<Self> {
        let usable = |value: &&f64| drawable(**value) && (!heat.log || **value > 0.0);
        let low = heat.values.iter().filter(usable).fold(f64::INFINITY, |low, &value| low.min(value));
        let high = heat.values.iter().filter(usable).fold(f64::NEG_INFINITY, |high, &value| high.max(value));
        if low > high {
            return None;
        }
        let diverging = !heat.log && low < 0.0 && high > 0.0;
        let reach = low.abs().max(high.abs());
        let (low, high) = if diverging { (-reach, reach) } else { (low, high) };
        Some(Self { map: Map::between(low, high, heat.log, height), diverging })
    }

    fn ink(&self, value: f64) -> Option<Ink> {
        self.map.fraction(value).map(|fraction| shade(fraction, self.diverging))
    }
}

/// The cells, those of one shade in one path.
pub(crate) fn cells(heat: &HeatMap, x: &Map, y: &Map, counts: &mut Counts) -> Vec<Item> {
    let columns = heat.x_edges.len().saturating_sub(1);
    let rows = heat.y_edges.len().saturating_sub(1);
    let Some(shades) = Shades::new(heat, y.length) else { return Vec::new() };
    counts.infinite += heat.values.iter().filter(|value| value.is_infinite()).count();
    if heat.log {
        counts.not_positive += heat.values.iter().filter(|&&value| value <= 0.0).count();
    }
    let (wide, tall) = (columns.div_ceil(MOST_CELLS).max(1), rows.div_ceil(MOST_CELLS).max(1));
    counts.averaged = (wide * tall > 1).then_some((wide, tall)).or(counts.averaged);
    let mean = |row: usize, column: usize| {
        let inside = (row..(row + tall).min(rows))
            .flat_map(|row| (column..(column + wide).min(columns)).map(move |column| row * columns + column));
        let values = inside.filter_map(|index| heat.values.get(index)).filter(|value| value.is_finite());
        let (sum, count) = values.fold((0.0, 0.0), |(sum, count), &value| (sum + value, count + 1.0));
        sum / count
    };
    let mut by_shade: BTreeMap<Ink, Vec<Command>> = BTreeMap::new();
    for row in (0..rows).step_by(tall) {
        let upper = heat.y_edges[(row + tall).min(rows)];
        let Some((bottom, top)) = y.pixel_or_floor(heat.y_edges[row]).zip(y.pixel(upper)) else { continue };
        for column in (0..columns).step_by(wide) {
            let right = heat.x_edges[(column + wide).min(columns)];
            let sides = x.pixel_or_floor(heat.x_edges[column]).zip(x.pixel(right));
            let Some(((left, right), ink)) = sides.zip(shades.ink(mean(row, column))) else { continue };
            by_shade.entry(ink).or_default().extend(rectangle(left, top, right - left, bottom - top));
        }
    }
    let path = |(ink, commands)| Path { commands, fill: Some((ink, 1.0)), stroke: None, crisp: true };
    by_shade.into_iter().map(path).map(Item::Path).collect()
}

/// The colour bar beside a plot of this height, and its width with labels; nothing without values.
pub(crate) fn color_bar(heat: &HeatMap, height: f64) -> Option<(Item, f64)> {
    let shades = Shades::new(heat, height)?;
    let mut items = Vec::new();
    let bands = 128;
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
    let label =
        [heat.label.as_str(), &common].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>();
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
