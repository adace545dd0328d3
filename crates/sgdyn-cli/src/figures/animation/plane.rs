//! Frames of an escape in two coordinates: walkers on a map of the loss, the places where they left, survival.

use super::Scene;
use super::contour::Heights;
use sgdyn::study::Ground;
use sgdyn_report::{Axis, Dash, Figure, HeatMap, Legend, Panel, Series};
use std::collections::BTreeMap;

/// The sides of the map in pixels.
const SIDES: [f64; 2] = [400.0, 360.0];
/// The diameter of a dot in pixels, and how far a heap of them reaches into the target.
const DOT: f64 = 4.6;
const DEEPEST: f64 = 42.0;
const CONTOURS: u32 = 9;
/// Where the colours end, over the highest loss that is told apart.
const PALE: f64 = 1.9;
/// Columns of the grid between two lines of the hatching.
const HATCHING: usize = 5;

pub(super) fn frames(scene: &Scene) -> Vec<Figure> {
    let stage = stage(scene);
    let count = scene.crowd.times.len();
    let end = scene.crowd.times[count - 1];
    let time = if scene.in_steps { "time t = ηk" } else { "time t" };
    (0..count)
        .map(|frame| {
            let now = scene.crowd.times[frame];
            let survival = scene.survival.panel(now, end, time, false).title("Not escaped by time t");
            let figure = scene.figure().columns(2).panel_size(SIDES[0], SIDES[1]);
            figure.panel(with_walkers(stage.clone(), scene, frame)).panel(survival)
        })
        .collect()
}

/// The map without walkers.
fn stage(scene: &Scene) -> Panel {
    let ground = &scene.crowd.ground;
    let [x, y] = [&ground.axes[0], &ground.axes[1]];
    let axis = |values: &[f64], name: &str| Axis::linear(name).range(values[0], values[values.len() - 1]);
    let names = &scene.crowd.variables;
    let mut panel = Panel::new(axis(x, &names[0]), axis(y, &names[1])).legend(Legend::Hidden);
    let low = ground.loss.iter().copied().filter(|loss| loss.is_finite()).fold(f64::INFINITY, f64::min);
    let reach = 1.1 * (ground.highest - low);
    if reach > 0.0 && reach.is_finite() {
        let map = HeatMap {
            x_edges: edges(x),
            y_edges: edges(y),
            values: ground.loss.iter().map(|loss| loss.min(low + reach)).collect(),
            label: format!("loss L({}, {})", names[0], names[1]),
            log: false,
        };
        // Pale, so that walkers stand out: the darker half of the colours is left to nobody.
        panel = panel.series(Series::heat_map(map).color_range(low, low + PALE * reach));
        let heights = Heights { x, y, values: &ground.loss };
        for number in 1..=CONTOURS {
            let (x, y) = heights.contour(low + reach * f64::from(number) / f64::from(CONTOURS + 1));
            panel = panel.series(Series::line(x, y).color(7).dash(Dash::Solid));
        }
    }
    let target = Heights { x, y, values: &ground.level };
    let (hx, hy) = target.hatching(HATCHING);
    let (bx, by) = target.contour(0.0);
    panel
        .series(Series::line(hx, hy).color(2).dash(Dash::Solid))
        .series(Series::line(bx, by).color(2).dash(Dash::Solid).heavy())
}

fn with_walkers(panel: Panel, scene: &Scene, frame: usize) -> Panel {
    let axes = &scene.crowd.ground.axes;
    let within =
        |place: &&[f64]| place.iter().zip(axes).all(|(x, axis)| (axis[0]..=axis[axis.len() - 1]).contains(x));
    let split = |places: Vec<&[f64]>| -> (Vec<f64>, Vec<f64>) {
        places.into_iter().filter(within).map(|place| (place[0], place[1])).unzip()
    };
    let heaped = heaped(scene, &scene.exits(frame, frame + 1).filter(within).collect::<Vec<_>>());
    let (x, y) = split(heaped.iter().map(|place| &place[..]).collect());
    let panel = panel
        .title(scene.clock(frame))
        .note("orange: walkers; violet: where they entered the target (hatched)")
        .series(Series::points(x, y).color(3).marker(0).light());
    let (x, y) = split(scene.inside(frame).collect());
    panel.series(Series::points(x, y).color(1).marker(0).light())
}

/// Places of exit in heaps that grow from the border into the target: where they are dense is to be seen.
fn heaped(scene: &Scene, places: &[&[f64]]) -> Vec<[f64; 2]> {
    let ground = &scene.crowd.ground;
    let span = |axis: usize| ground.axes[axis][ground.axes[axis].len() - 1] - ground.axes[axis][0];
    let pixels = |axis: usize, x: f64| (x - ground.axes[axis][0]) / span(axis) * SIDES[axis];
    let mut heaps: BTreeMap<[i64; 2], Vec<[f64; 2]>> = BTreeMap::new();
    for place in places {
        let cell = [0, 1].map(|axis| (pixels(axis, place[axis]) / DOT).floor() as i64);
        heaps.entry(cell).or_default().push([place[0], place[1]]);
    }
    let heap = |heap: Vec<[f64; 2]>| {
        let lift = DOT.min(DEEPEST / heap.len() as f64);
        let inward = inward(ground, &heap[0]);
        heap.into_iter().enumerate().map(move |(row, place)| {
            let depth = (row as f64 + 0.5) * lift;
            [0, 1].map(|axis| place[axis] + depth * inward[axis] * span(axis) / SIDES[axis])
        })
    };
    heaps.into_values().flat_map(heap).collect()
}

/// The direction on the page in which the level of the target falls, of length 1; 0 where it is flat.
fn inward(ground: &Ground, place: &[f64; 2]) -> [f64; 2] {
    let count = [ground.axes[0].len(), ground.axes[1].len()];
    let at = [0, 1].map(|axis| {
        let axis = &ground.axes[axis][..];
        (axis, (axis[axis.len() - 1] - axis[0]) / (axis.len() - 1) as f64)
    });
    let index = [0, 1]
        .map(|k| ((place[k] - at[k].0[0]) / at[k].1).round().clamp(0.0, (count[k] - 1) as f64) as usize);
    let level = |i: usize, j: usize| ground.level[j * count[0] + i];
    // Two cells each way: a level that only says in or out is seen too.
    let around = |k: usize| (index[k].saturating_sub(2), (index[k] + 2).min(count[k] - 1));
    let ((left, right), (below, above)) = (around(0), around(1));
    let fall = [
        (level(left, index[1]) - level(right, index[1])) * count[0] as f64 / SIDES[0],
        (level(index[0], below) - level(index[0], above)) * count[1] as f64 / SIDES[1],
    ];
    let length = fall[0].hypot(fall[1]);
    if length > 0.0 { fall.map(|part| part / length) } else { [0.0; 2] }
}

/// The borders of cells around equally spaced points.
fn edges(points: &[f64]) -> Vec<f64> {
    let half = 0.5 * (points[1] - points[0]);
    points.iter().map(|point| point - half).chain(points.last().map(|point| point + half)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_falls_into_the_target() {
        let axis: Vec<f64> = (0..=20).map(|index| f64::from(index) * 0.1 - 1.0).collect();
        let points = || axis.iter().flat_map(|&y| axis.iter().map(move |&x| (x, y)));
        let ground = |level: Vec<f64>| Ground {
            axes: vec![axis.clone(), axis.clone()],
            loss: Vec::new(),
            level,
            highest: 0.0,
        };
        let half = ground(points().map(|(x, _)| 0.5 - x).collect());
        assert_eq!(inward(&half, &[0.5, 0.0]), [1.0, 0.0]);
        let mask = ground(points().map(|(_, y)| if y < -0.5 { -1.0 } else { 1.0 }).collect());
        assert_eq!(inward(&mask, &[0.3, -0.5]), [0.0, -1.0]);
        assert_eq!(inward(&mask, &[0.3, 0.8]), [0.0; 2]);
    }
}
