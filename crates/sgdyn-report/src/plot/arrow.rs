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
