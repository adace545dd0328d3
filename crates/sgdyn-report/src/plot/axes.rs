//! Frame, grid, ticks, labels and title of a plot: how much room they need, and their drawing.

use super::{LABEL_SIZE, Plot};
use crate::Scale;
use crate::font;
use crate::palette::Ink;
use crate::scale::Map;
use crate::scene::{Anchor, Item, Path, Text, rectangle, segment};
use crate::ticks::{Room, Ticks, ticks};

/// The size of axis labels.
const AXIS_LABEL_SIZE: f64 = 12.0;
const TITLE_SIZE: f64 = 12.5;
const NOTE_SIZE: f64 = 10.0;
const TICK: f64 = 4.5;
const MINOR_TICK: f64 = 2.5;
/// Between a tick and its label.
const TICK_GAP: f64 = 4.0;
/// Between tick labels and the axis label.
const LABEL_GAP: f64 = 7.0;
/// The slope of group names that do not fit side by side, in degrees.
const SLANT: f64 = -35.0;
const RULE_WIDTH: f64 = 0.9;
/// The height of the common factor of y above the frame.
const COMMON_RISE: f64 = 9.0;

/// The room that a plot needs around its area, in pixels.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Margins {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

impl Margins {
    /// The room that suffices for both.
    pub(crate) fn union(self, other: Self) -> Self {
        Self {
            left: self.left.max(other.left),
            right: self.right.max(other.right),
            top: self.top.max(other.top),
            bottom: self.bottom.max(other.bottom),
        }
    }
}

fn groups(scale: &Scale, map: &Map) -> Option<Ticks> {
    let Scale::Categories(names) = scale else { return None };
    let places = names.iter().enumerate();
    let major = places.filter_map(|(index, name)| Some((map.pixel(index as f64)?, name.clone()))).collect();
    Some(Ticks { major, ..Ticks::default() })
}

/// The marks along x, and whether their labels must be slanted. Names of groups may have several lines.
pub(crate) fn x_ticks(scale: &Scale, map: &Map) -> (Ticks, bool) {
    let extent = |label: &str| font::width(label, LABEL_SIZE);
    let Some(ticks) = groups(scale, map) else {
        return (ticks(map, &Room { extent: &extent, gap: 10.0, spacing: 42.0 }), false);
    };
    let room = map.length / ticks.major.len().max(1) as f64 - 10.0;
    let whole_words = |name: &str| name.split_whitespace().all(|word| extent(word) <= room);
    let broken: Vec<_> =
        ticks.major.iter().map(|(pixel, name)| (*pixel, font::wrap(name, LABEL_SIZE, room))).collect();
    if ticks.major.iter().any(|(_, name)| !whole_words(name))
        || broken.iter().any(|(_, lines)| lines.len() > 3)
    {
        return (ticks, true);
    }
    let major = broken.into_iter().map(|(pixel, lines)| (pixel, lines.join("\n"))).collect();
    (Ticks { major, ..ticks }, false)
}

/// The marks along y.
pub(crate) fn y_ticks(scale: &Scale, map: &Map) -> Ticks {
    let extent = |_: &str| LABEL_SIZE;
    groups(scale, map).unwrap_or_else(|| {
        ticks(map, &Room { extent: &extent, gap: 6.0, spacing: (map.length / 6.0).clamp(24.0, 44.0) })
    })
}

impl Plot<'_> {
    fn y_label_lines(&self) -> Vec<String> {
        font::wrap(&self.panel.y.label, AXIS_LABEL_SIZE, self.y.length + 24.0)
    }

    fn x_label_lines(&self) -> Vec<String> {
        // The common factor stands at the end of the label's line: the label keeps clear of it on both sides.
        let common = font::width(&self.x_ticks.common, LABEL_SIZE);
        let room = if common > 0.0 { self.x.length - 2.0 * common - 16.0 } else { self.x.length + 20.0 };
        font::wrap(&self.panel.x.label, AXIS_LABEL_SIZE, room.max(80.0))
    }

    fn title_lines(&self) -> Vec<String> {
        font::wrap(&self.panel.title, TITLE_SIZE, self.x.length + self.legend_width())
    }

    fn note_lines(&self) -> Vec<String> {
        font::wrap(&self.notes.join("; "), NOTE_SIZE, self.x.length + self.legend_width())
    }

    fn legend_width(&self) -> f64 {
        self.legend.as_ref().filter(|legend| legend.outside).map_or(0.0, |legend| legend.width)
    }

    fn widest_y_tick(&self) -> f64 {
        self.y_ticks.major.iter().map(|(_, label)| font::width(label, LABEL_SIZE)).fold(0.0, f64::max)
    }

    /// How far tick labels reach below the frame.
    fn x_ticks_depth(&self) -> f64 {
        let labels = self.x_ticks.major.iter().map(|(_, label)| {
            if self.slanted {
                let (sine, cosine) = SLANT.abs().to_radians().sin_cos();
                return font::width(label, LABEL_SIZE) * sine + LABEL_SIZE * cosine;
            }
            let further_lines = label.lines().count().saturating_sub(1);
            LABEL_SIZE + further_lines as f64 * font::line_height(LABEL_SIZE)
        });
        let labels = labels.fold(0.0, f64::max);
        TICK + TICK_GAP + labels
    }

    /// The room needed on each side.
    pub(crate) fn margins(&self) -> Margins {
        let label_line = font::line_height(AXIS_LABEL_SIZE);
        let y_label = self.y_label_lines().len() as f64 * label_line;
        let common = font::width(&self.y_ticks.common, LABEL_SIZE);
        let mut left = TICK + TICK_GAP + self.widest_y_tick().max(common);
        if y_label > 0.0 {
            left += LABEL_GAP + y_label;
        }
        let mut right: f64 = 4.0;
        let mut bottom = TICK;
        if self.x_written {
            for (pixel, label) in &self.x_ticks.major {
                let width = label.lines().map(|line| font::width(line, LABEL_SIZE)).fold(0.0, f64::max);
                let (before, after) =
                    if self.slanted { (width * 0.85, 4.0) } else { (width / 2.0, width / 2.0) };
                left = left.max(before - pixel);
                right = right.max(pixel + after - self.x.length);
            }
            bottom = self.x_ticks_depth() + 3.0;
            let lines = self.x_label_lines().len().max(usize::from(!self.x_ticks.common.is_empty()));
            if lines > 0 {
                bottom += LABEL_GAP + lines as f64 * label_line;
            }
        }
        right += self.legend_width() + self.color_bar.as_ref().map_or(0.0, |(_, width)| *width);
        Margins { left, right, top: self.top(), bottom }
    }

    fn top(&self) -> f64 {
        let title = self.title_lines().len() as f64 * font::line_height(TITLE_SIZE);
        let notes = self.note_lines().len() as f64 * font::line_height(NOTE_SIZE);
        let common = if self.y_ticks.common.is_empty() { 0.0 } else { COMMON_RISE + LABEL_SIZE };
        let text = if title + notes > 0.0 { title + notes + 5.0 } else { 6.0 };
        text.max(common)
    }

    /// Everything, with the corner of the plot area at `(x, y)` and the y label `left` pixels before it.
    pub(crate) fn draw(self, x: f64, y: f64, left: f64) -> Item {
        let (width, height) = (self.x.length, self.y.length);
        let mut items = self.grid();
        items.extend(self.frame());
        items.extend(self.labels(left));
        items.push(Item::Group { x: 0.0, y: 0.0, clip: Some((width, height)), items: self.clipped });
        items.extend(self.above);
        let mut beside = width;
        if let Some((bar, bar_width)) = self.color_bar {
            items.push(Item::Group { x: width, y: 0.0, clip: None, items: vec![bar] });
            beside += bar_width;
        }
        if let Some(legend) = self.legend {
            let x = if legend.outside { beside } else { 0.0 };
            items.push(Item::Group { x, y: 0.0, clip: None, items: vec![legend.item] });
        }
        Item::Group { x, y, clip: None, items }
    }

    fn grid(&self) -> Vec<Item> {
        let (width, height) = (self.x.length, self.y.length);
        let mut commands = Vec::new();
        for (x, _) in &self.x_ticks.major {
            commands.extend(segment(*x, 0.0, *x, height));
        }
        for (y, _) in &self.y_ticks.major {
            commands.extend(segment(0.0, *y, width, *y));
        }
        vec![Path::stroke(commands, Ink::Grid, 0.8, &[])]
    }

    fn frame(&self) -> Vec<Item> {
        let (width, height) = (self.x.length, self.y.length);
        let mut commands = rectangle(0.0, 0.0, width, height);
        let x_major = self.x_ticks.major.iter().map(|(pixel, _)| (*pixel, TICK));
        for (pixel, length) in x_major.chain(self.x_ticks.minor.iter().map(|pixel| (*pixel, MINOR_TICK))) {
            commands.extend(segment(pixel, height, pixel, height + length));
        }
        let y_major = self.y_ticks.major.iter().map(|(pixel, _)| (*pixel, TICK));
        for (pixel, length) in y_major.chain(self.y_ticks.minor.iter().map(|pixel| (*pixel, MINOR_TICK))) {
            commands.extend(segment(-length, pixel, 0.0, pixel));
        }
        vec![Path::stroke(commands, Ink::Muted, RULE_WIDTH, &[])]
    }

    fn labels(&self, left: f64) -> Vec<Item> {
        let (width, height) = (self.x.length, self.y.length);
        let mut texts = Vec::new();
        for (pixel, label) in &self.y_ticks.major {
            let text = Text::new(-TICK - TICK_GAP, pixel + 0.36 * LABEL_SIZE, LABEL_SIZE, label);
            texts.push(text.anchor(Anchor::End));
        }
        let label_line = font::line_height(AXIS_LABEL_SIZE);
        for (index, line) in self.y_label_lines().iter().enumerate() {
            let x = -left + label_line * index as f64 + 0.85 * AXIS_LABEL_SIZE;
            let text = Text::new(x, height / 2.0, AXIS_LABEL_SIZE, line);
            texts.push(text.anchor(Anchor::Middle).turn(-90.0));
        }
        if self.x_written {
            for (pixel, label) in &self.x_ticks.major {
                let y = height + TICK + TICK_GAP + 0.8 * LABEL_SIZE;
                if self.slanted {
                    texts.push(Text::new(pixel + 4.0, y, LABEL_SIZE, label).anchor(Anchor::End).turn(SLANT));
                    continue;
                }
                for (index, line) in label.lines().enumerate() {
                    let y = y + index as f64 * font::line_height(LABEL_SIZE);
                    texts.push(Text::new(*pixel, y, LABEL_SIZE, line).anchor(Anchor::Middle));
                }
            }
            let baseline = height + self.x_ticks_depth() + LABEL_GAP + 0.85 * AXIS_LABEL_SIZE;
            for (index, line) in self.x_label_lines().iter().enumerate() {
                let y = baseline + label_line * index as f64;
                texts.push(Text::new(width / 2.0, y, AXIS_LABEL_SIZE, line).anchor(Anchor::Middle));
            }
            if !self.x_ticks.common.is_empty() {
                let text = Text::new(width, baseline, LABEL_SIZE, &self.x_ticks.common);
                texts.push(text.anchor(Anchor::End));
            }
        }
        texts.extend(self.heading());
        texts.into_iter().map(Item::Text).collect()
    }

    /// Title and notes over the plot, the common factor of y beside them.
    fn heading(&self) -> Vec<Text> {
        let lines = |count: usize, size: f64| count as f64 * font::line_height(size);
        let mut y =
            -5.0 - lines(self.title_lines().len(), TITLE_SIZE) - lines(self.note_lines().len(), NOTE_SIZE);
        let mut texts = Vec::new();
        for line in self.title_lines() {
            y += font::line_height(TITLE_SIZE);
            texts.push(Text::new(0.0, y - 3.0, TITLE_SIZE, line));
        }
        for line in self.note_lines() {
            y += font::line_height(NOTE_SIZE);
            texts.push(Text::new(0.0, y - 3.0, NOTE_SIZE, line).ink(Ink::Muted));
        }
        if !self.y_ticks.common.is_empty() {
            // Over the numbers that it belongs to, above the highest of them.
            let text = Text::new(-TICK - TICK_GAP, -COMMON_RISE, LABEL_SIZE, &self.y_ticks.common);
            texts.push(text.anchor(Anchor::End));
        }
        texts
    }
}
