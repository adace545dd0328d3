//! Names beside points.

use super::LABEL_SIZE;
use super::draw::Canvas;
use crate::Series;
use crate::font;
use crate::scene::{Item, Text};
use crate::series::Shape;

/// The distance of a name from the middle of its point.
const GAP: f64 = 6.0;

/// The names of a series of points, each on the side where it covers least of what is drawn; to be placed when everything
/// else is.
pub(crate) fn names(canvas: &mut Canvas<'_>, series: &Series) -> Vec<Item> {
    let Shape::Points { x, y, .. } = &series.shape else { return Vec::new() };
    let (width, height) = (canvas.x.length, canvas.y.length);
    let mut items = Vec::new();
    for ((&x, &y), name) in x.iter().zip(y).zip(&series.names) {
        let Some((x, y)) = canvas.x.pixel(x).zip(canvas.y.pixel(y)) else { continue };
        if !(0.0..=width).contains(&x) || !(0.0..=height).contains(&y) {
            continue;
        }
        let (wide, tall) = (font::width(name, LABEL_SIZE), LABEL_SIZE);
        let middle = (x - 0.5 * wide, y - 0.5 * tall);
        let (right, left) = (x + GAP, x - GAP - wide);
        let (over, under) = (y - GAP - tall, y + GAP);
        let corners = [
            (right, over),
            (right, under),
            (left, over),
            (left, under),
            (right, middle.1),
            (left, middle.1),
            (middle.0, over),
            (middle.0, under),
        ];
        let inside = |&(left, top): &(f64, f64)| {
            left >= 0.0 && top >= 0.0 && left + wide <= width && top + tall <= height
        };
        let hidden = |&(left, top): &(f64, f64)| canvas.covered.count(left, top, wide, tall);
        // Of equally good places the first is taken.
        let place = corners.iter().copied().filter(inside).min_by_key(hidden);
        let (left, top) = place.unwrap_or(corners[0]);
        canvas.covered.cover(left, top, left + wide, top + tall);
        items.push(Item::Text(Text {
            halo: true,
            ..Text::new(left, top + tall - 2.0, LABEL_SIZE, name.as_str())
        }));
    }
    items
}
