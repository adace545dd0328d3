//! Vector fields as arrows.

use super::draw::Canvas;
use crate::palette::Ink;
use crate::scene::{Command, Item, Path, segment};

const WIDTH: f64 = 1.1;
/// The rim of paper that keeps arrows visible on any colour.
const RIM: f64 = 2.6;
/// The longest arrow as a fraction of the distance of neighbours.
const LONGEST: f64 = 0.95;
/// Neighbours nearer or farther than this, in pixels, would make arrows that say nothing or shout.
const PITCH: (f64, f64) = (8.0, 36.0);
const HEAD: f64 = 5.5;

/// An arrow on the page: its middle, its unit vector and its length.
struct Arrow {
    x: f64,
    y: f64,
    direction: (f64, f64),
    length: f64,
}

/// An arrow for each vector that has a place, a direction and a length.
pub(crate) fn arrows(
    canvas: &mut Canvas<'_>,
    (x, y): (&[f64], &[f64]),
    (along_x, along_y): (&[f64], &[f64]),
    ink: Ink,
) -> Vec<Item> {
    let mut arrows: Vec<Arrow> = Vec::new();
    for ((&x, &y), (&dx, &dy)) in x.iter().zip(y).zip(along_x.iter().zip(along_y)) {
        let length = dx.hypot(dy);
        let place = canvas.x.pixel(x).zip(canvas.y.pixel(y)).filter(|_| length > 0.0 && length.is_finite());
        let Some(((left, top), (slope_x, slope_y))) = place.zip(canvas.x.slope(x).zip(canvas.y.slope(y)))
        else {
            continue;
        };
        let (across, down) = (dx / length * slope_x, dy / length * slope_y);
        let size = across.hypot(down);
        if size > 0.0 && size.is_finite() {
            arrows.push(Arrow { x: left, y: top, direction: (across / size, down / size), length });
        }
    }
    let largest = arrows.iter().map(|arrow| arrow.length).fold(0.0, f64::max);
    let pitch = gap(arrows.iter().map(|arrow| arrow.x)).min(gap(arrows.iter().map(|arrow| arrow.y)));
    let unit = LONGEST * pitch.clamp(PITCH.0, PITCH.1);
    let (mut shafts, mut heads) = (Vec::new(), Vec::new());
    for arrow in &arrows {
        let half = 0.5 * unit * (arrow.length / largest);
        let (cosine, sine) = arrow.direction;
        let (tip_x, tip_y) = (arrow.x + half * cosine, arrow.y + half * sine);
        let head = HEAD.min(0.9 * half + 0.6);
        let (neck_x, neck_y) = (tip_x - head * cosine, tip_y - head * sine);
        let wing = 0.42 * head;
        shafts.extend(segment(arrow.x - half * cosine, arrow.y - half * sine, neck_x, neck_y));
        heads.extend([
            Command::Move(tip_x, tip_y),
            Command::Line(neck_x - wing * sine, neck_y + wing * cosine),
            Command::Line(neck_x + wing * sine, neck_y - wing * cosine),
            Command::Close,
        ]);
        canvas.covered.cover(arrow.x - half, arrow.y - half, arrow.x + half, arrow.y + half);
    }
    if shafts.is_empty() {
        return Vec::new();
    }
    let rim = shafts.iter().chain(&heads).copied().collect();
    vec![
        Path::stroke(rim, Ink::Paper, RIM, &[]),
        Path::stroke(shafts, ink, WIDTH, &[]),
        Path::fill(heads, ink, 1.0),
    ]
}

/// The smallest distance between different pixels; infinite if there is none.
fn gap(pixels: impl Iterator<Item = f64>) -> f64 {
    let mut pixels: Vec<f64> = pixels.collect();
    pixels.sort_by(f64::total_cmp);
    let gaps = pixels.windows(2).map(|pair| pair[1] - pair[0]);
    gaps.filter(|gap| *gap > 0.5).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::{Counts, occupancy::Occupancy};
    use crate::scale::Map;

    /// Tips relative to their tails on the page, where y grows downwards.
    fn drawn(along_x: &[f64], along_y: &[f64]) -> Vec<(f64, f64)> {
        let (mut covered, mut counts) = (Occupancy::new(100.0, 100.0), Counts::default());
        let axis = crate::Axis::linear("").range(0.0, 10.0);
        let x = Map::new(&axis, crate::scale::Extent::default(), 100.0, false).0;
        let y = Map::new(&axis.range(0.0, 100.0), crate::scale::Extent::default(), 100.0, true).0;
        let mut canvas = Canvas { x, y, covered: &mut covered, counts: &mut counts, heat_runs: 0 };
        let places: Vec<f64> = (1..=along_x.len()).map(|place| 2.0 * place as f64).collect();
        let items = arrows(&mut canvas, (&places, &places), (along_x, along_y), Ink::Text);
        let commands = |item: Option<&Item>| match item {
            Some(Item::Path(path)) => path.commands.clone(),
            _ => Vec::new(),
        };
        let (shafts, heads) = (commands(items.get(1)), commands(items.get(2)));
        let ends = shafts.chunks(2).zip(heads.chunks(4));
        ends.filter_map(|(shaft, head)| match (shaft[0], head[0]) {
            (Command::Move(x0, y0), Command::Move(x1, y1)) => Some((x1 - x0, y1 - y0)),
            _ => None,
        })
        .collect()
    }

    /// Ten pixels to a unit of x and one to a unit of y: (1, 10) points up to the right at 45°.
    #[test]
    fn arrows_point_where_the_axes_say_and_are_as_long_as_the_vector() {
        let [first, second] = drawn(&[3.0, -1.5, 0.0, f64::NAN], &[0.0, 15.0, 0.0, 1.0])[..] else {
            panic!("two arrows")
        };
        assert!(first.0 > 0.0 && first.1.abs() < 1e-9);
        assert!((second.0 - second.1).abs() < 1e-9 && second.0 < 0.0, "{second:?}");
        let length = |arrow: (f64, f64)| arrow.0.hypot(arrow.1);
        // |(3, 0)| and |(−1.5, 15)|; the tips of both lie at the ends of their shafts.
        assert!((length(first) / length(second) - 3.0 / 1.5f64.hypot(15.0)).abs() < 1e-9);
    }
}
