//! Frames of an escape in two coordinates: walkers on a map of the loss, the places where they left, survival.

use super::Scene;
use super::contour::Heights;
use sgdyn_report::{Axis, Dash, Figure, HeatMap, Legend, Panel, Series};

const CONTOURS: u32 = 9;
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
            let figure = scene.figure().columns(2).panel_size(400.0, 360.0);
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
            values: ground.loss.clone(),
            label: format!("loss L({}, {})", names[0], names[1]),
            log: false,
        };
        panel = panel.series(Series::heat_map(map).color_range(low, low + reach));
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
    let split = |places: Vec<&[f64]>| -> (Vec<f64>, Vec<f64>) {
        places.into_iter().map(|place| (place[0], place[1])).unzip()
    };
    let (x, y) = split(scene.exits(frame, frame + 1).collect());
    let panel = panel
        .title(scene.clock(frame))
        .note("dots: walkers; diamonds: where they entered the target (hatched)")
        .series(Series::points(x, y).color(3).marker(3).light());
    let (x, y) = split(scene.inside(frame).collect());
    panel.series(Series::points(x, y).color(1).marker(0))
}

/// The borders of cells around equally spaced points.
fn edges(points: &[f64]) -> Vec<f64> {
    let half = 0.5 * (points[1] - points[0]);
    points.iter().map(|point| point - half).chain(points.last().map(|point| point + half)).collect()
}
