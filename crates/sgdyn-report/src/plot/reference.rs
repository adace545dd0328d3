//! Reference lines and the places of their labels.

use super::LABEL_SIZE;
use super::draw::Canvas;
use super::style::Style;
use crate::Series;
use crate::font;
use crate::palette::Ink;
use crate::scene::{Item, Path, Text, segment};
use crate::series::Shape;

const LINE_WIDTH: f64 = 1.0;
/// The distance of a label from its line and from the frame.
const GAP: f64 = 5.0;

/// The line, if `series` is a reference line and lies in the range.
pub(crate) fn line(canvas: &mut Canvas<'_>, series: &Series, style: Style) -> Option<Item> {
    let (width, height) = (canvas.x.length, canvas.y.length);
    let ends = match series.shape {
        Shape::Horizontal { y } => canvas.y.pixel(y).map(|y| ((0.0, y), (width, y))),
        Shape::Vertical { x } => canvas.x.pixel(x).map(|x| ((x, 0.0), (x, height))),
        _ => None,
    };
    let ((x0, y0), (x1, y1)) = ends?;
    canvas.covered.cover_line((x0, y0), (x1, y1));
    Some(Path::stroke(segment(x0, y0, x1, y1), style.ink, LINE_WIDTH, style.dash))
}

/// The label, where it covers the least of what is drawn; to be placed when everything else is.
pub(crate) fn label(canvas: &mut Canvas<'_>, series: &Series) -> Option<Item> {
    let content = series.label.as_deref().filter(|label| !label.is_empty())?;
    let (width, height) = (canvas.x.length, canvas.y.length);
    let (text_width, text_height) = (font::width(content, LABEL_SIZE), LABEL_SIZE);
    // Left and top corners of the text that come into question, the preferred first.
    let mut corners = Vec::new();
    match series.shape {
        Shape::Horizontal { y } => {
            let y = canvas.y.pixel(y).filter(|y| (0.0..=height).contains(y))?;
            for top in [y - text_height - 3.0, y + 3.0] {
                for share in [1.0, 0.0, 0.5, 0.75, 0.25] {
                    corners.push((GAP + share * (width - text_width - 2.0 * GAP), top));
                }
            }
        }
        Shape::Vertical { x } => {
            let x = canvas.x.pixel(x).filter(|x| (0.0..=width).contains(x))?;
            for step in 0..((height - text_height) / (text_height + 4.0)).max(1.0) as usize {
                for left in [x + GAP, x - GAP - text_width] {
                    corners.push((left, GAP + step as f64 * (text_height + 4.0)));
                }
            }
        }
        _ => return None,
    }
    let inside = |&(left, top): &(f64, f64)| {
        left >= 0.0 && top >= 0.0 && left + text_width <= width && top + text_height <= height
    };
    let hidden = |&(left, top): &(f64, f64)| canvas.covered.count(left, top, text_width, text_height);
    // Of equally good places the first is taken.
    let (left, top) =
        corners.iter().copied().filter(inside).min_by_key(hidden).or(corners.first().copied())?;
    canvas.covered.cover(left - 2.0, top - 2.0, left + text_width + 2.0, top + text_height + 2.0);
    let text = Text::new(left, top + text_height - 2.0, LABEL_SIZE, content).ink(Ink::Muted);
    Some(Item::Text(Text { halo: true, ..text }))
}
