//! The legend: one entry for each label, where it hides no data.

use super::occupancy::Occupancy;
use super::style::Style;
use super::{LABEL_SIZE, marker};
use crate::font;
use crate::palette::Ink;
use crate::scene::{Command, Item, Path, Text, rectangle, segment};
use crate::series::Shape;
use crate::{Legend, Series};

const SWATCH: f64 = 26.0;
const SWATCH_GAP: f64 = 7.0;
const PADDING: f64 = 6.0;
const ENTRY_GAP: f64 = 3.0;
const COLUMN_GAP: f64 = 14.0;
/// The distance of the legend from the frame.
const MARGIN: f64 = 7.0;
const WIDEST_LABEL: f64 = 230.0;

struct Entry<'a> {
    lines: Vec<String>,
    series: Vec<(&'a Series, Style)>,
}

/// A drawn legend with its size and place.
pub(crate) struct Placed {
    pub(crate) item: Item,
    pub(crate) width: f64,
    /// Whether it stands right of the plot, with its left edge at 0, rather than inside.
    pub(crate) outside: bool,
}

/// The legend of a panel whose plot area has this size; none without labels.
pub(crate) fn place(
    series: &[Series],
    styles: &[Style],
    wanted: Legend,
    size: (f64, f64),
    covered: &Occupancy,
) -> Option<Placed> {
    if wanted == Legend::Hidden {
        return None;
    }
    let entries = entries(series, styles);
    if entries.is_empty() {
        return None;
    }
    let (items, width, height) = draw(&entries, size.1 - 2.0 * MARGIN);
    let spot = (wanted == Legend::Auto).then(|| free_spot((width, height), size, covered)).flatten();
    let (x, y) = spot.unwrap_or((12.0, 0.0));
    let mut all = Vec::new();
    if spot.is_some() {
        all.push(Path::fill(rectangle(0.0, 0.0, width, height), Ink::Paper, 0.85));
    }
    all.extend(items);
    let item = Item::Group { x, y, clip: None, items: all };
    Some(Placed { item, width: width + 12.0, outside: spot.is_none() })
}

fn entries<'a>(series: &'a [Series], styles: &[Style]) -> Vec<Entry<'a>> {
    let mut entries: Vec<(&str, Entry<'a>)> = Vec::new();
    for (series, &style) in series.iter().zip(styles) {
        let reference =
            matches!(series.shape, Shape::Horizontal { .. } | Shape::Vertical { .. } | Shape::HeatMap(..));
        let Some(label) = series.label.as_deref().filter(|label| !label.trim().is_empty() && !reference)
        else {
            continue;
        };
        if let Some((_, entry)) = entries.iter_mut().find(|(name, _)| *name == label) {
            entry.series.push((series, style));
        } else {
            let lines = font::wrap(label, LABEL_SIZE, WIDEST_LABEL);
            entries.push((label, Entry { lines, series: vec![(series, style)] }));
        }
    }
    entries.into_iter().map(|(_, entry)| entry).collect()
}

/// The legend with its corner at the origin, in as many columns as `tallest` demands; and its size.
fn draw(entries: &[Entry<'_>], tallest: f64) -> (Vec<Item>, f64, f64) {
    let line_height = font::line_height(LABEL_SIZE);
    let (mut x, mut y) = (PADDING, PADDING);
    let (mut column_width, mut bottom) = (0.0f64, 0.0f64);
    let mut items = Vec::new();
    for entry in entries {
        let height = line_height * entry.lines.len() as f64;
        if y + height + PADDING > tallest && y > PADDING {
            x += column_width + COLUMN_GAP;
            (y, column_width) = (PADDING, 0.0);
        }
        for &(series, style) in &entry.series {
            swatch(&mut items, series, style, x, y + line_height / 2.0);
        }
        for (index, line) in entry.lines.iter().enumerate() {
            let baseline = y + line_height * index as f64 + line_height / 2.0 + 0.36 * LABEL_SIZE;
            items.push(Item::Text(Text::new(x + SWATCH + SWATCH_GAP, baseline, LABEL_SIZE, line)));
            column_width = column_width.max(SWATCH + SWATCH_GAP + font::width(line, LABEL_SIZE));
        }
        y += height + ENTRY_GAP;
        bottom = bottom.max(y - ENTRY_GAP);
    }
    (items, x + column_width + PADDING, bottom + PADDING)
}

fn swatch(items: &mut Vec<Item>, series: &Series, style: Style, x: f64, y: f64) {
    let middle = x + SWATCH / 2.0;
    match &series.shape {
        Shape::Line { .. } | Shape::Steps { .. } => {
            items.push(Path::stroke(segment(x, y, x + SWATCH, y), style.ink, style.width, style.dash));
        }
        Shape::Points { error, .. } => {
            if error.is_some() {
                let mut bar = segment(middle, y - 6.0, middle, y + 6.0);
                for end in [y - 6.0, y + 6.0] {
                    bar.extend([Command::Move(middle - 2.5, end), Command::Line(middle + 2.5, end)]);
                }
                items.push(Path::stroke(bar, style.ink, 1.1, &[]));
            }
            items.push(marker::markers(&[(middle, y)], style.marker, style.most_radius.min(3.2), style.ink));
        }
        Shape::Bars { .. } => {
            items.push(Path::fill(rectangle(x + 4.0, y - 5.0, SWATCH - 8.0, 10.0), style.ink, 0.3));
            items.push(Path::stroke(rectangle(x + 4.0, y - 5.0, SWATCH - 8.0, 10.0), style.ink, 1.1, &[]));
        }
        Shape::Band { .. } => {
            items.push(Path::fill(rectangle(x, y - 5.0, SWATCH, 10.0), style.ink, 0.25));
        }
        Shape::Arrows { .. } => {
            let tip = x + SWATCH - 2.0;
            items.push(Path::stroke(segment(x + 2.0, y, tip, y), style.ink, 1.1, &[]));
            let head =
                [Command::Move(tip, y), Command::Line(tip - 6.0, y - 2.6), Command::Line(tip - 6.0, y + 2.6)];
            items.push(Path::fill(head.into_iter().chain([Command::Close]).collect(), style.ink, 1.0));
        }
        Shape::Horizontal { .. } | Shape::Vertical { .. } | Shape::HeatMap(..) => {}
    }
}

/// The corner of the first place, from the usual ones to any along the frame, where nothing is covered.
fn free_spot(legend: (f64, f64), size: (f64, f64), covered: &Occupancy) -> Option<(f64, f64)> {
    let (right, bottom) = (size.0 - legend.0 - MARGIN, size.1 - legend.1 - MARGIN);
    if right < MARGIN || bottom < MARGIN {
        return None;
    }
    let corners = [(right, MARGIN), (MARGIN, MARGIN), (right, bottom), (MARGIN, bottom)];
    let along = |far: f64| (0..).map(|step| MARGIN + 6.0 * f64::from(step)).take_while(move |&at| at < far);
    let horizontal = along(right).flat_map(|x| [(x, MARGIN), (x, bottom)]);
    let vertical = along(bottom).flat_map(|y| [(right, y), (MARGIN, y)]);
    corners
        .into_iter()
        .chain(horizontal)
        .chain(vertical)
        .find(|&(x, y)| covered.count(x - 3.0, y - 3.0, legend.0 + 6.0, legend.1 + 6.0) == 0)
}
