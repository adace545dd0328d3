//! Frames of an escape in one coordinate: walkers on the curve of the loss, their density, survival on two scales.

use super::{FAREWELL, Scene};
use sgdyn::study::Ground;
use sgdyn_report::{Axis, Dash, Figure, Legend, Panel, Series};
use std::collections::BTreeMap;

const BINS: usize = 48;
/// Columns of heaps across a panel, and the height of a walker in them as a share of the panel's.
const COLUMNS: f64 = 90.0;
const ROW: f64 = 0.0185;

pub(super) fn frames(scene: &Scene) -> Vec<Figure> {
    let stage = Stage::of(scene);
    let count = scene.crowd.times.len();
    let end = scene.crowd.times[count - 1];
    let time = if scene.in_steps { "time t = ηk" } else { "time t" };
    (0..count)
        .map(|frame| {
            let now = scene.crowd.times[frame];
            let survival = scene.survival.panel(now, end, time, false).title("Not escaped by time t");
            scene
                .figure()
                .columns(2)
                .share_x()
                .panel_size(430.0, 250.0)
                .row_heights([1.0, 0.56])
                .panel(stage.walkers(scene, frame))
                .panel(survival)
                .panel(stage.density(scene, frame))
                .panel(scene.survival.panel(now, end, time, true))
        })
        .collect()
}

/// What all frames share.
struct Stage<'a> {
    x: &'a [f64],
    loss: &'a [f64],
    range: (f64, f64),
    /// The intervals of the target.
    target: Vec<(f64, f64)>,
    /// The density of the Gibbs law on this side of the barrier, where there is one.
    gibbs: Vec<f64>,
    highest_density: f64,
}

impl<'a> Stage<'a> {
    fn of(scene: &'a Scene) -> Self {
        let ground = &scene.crowd.ground;
        let (x, loss) = (&ground.axes[0][..], &ground.loss[..]);
        let start = scene.inside(0).next().map_or(x[0], |place| place[0]);
        let home = x.partition_point(|other| *other < start).min(x.len() - 1);
        let basin = Basin::around(home, ground);
        let low = loss.iter().copied().filter(|loss| loss.is_finite()).fold(f64::INFINITY, f64::min);
        let high = ground.highest.max(basin.top);
        let range =
            if high > low { (low - 0.08 * (high - low), high + 0.15 * (high - low)) } else { (-1.0, 1.0) };
        let mut stage = Self {
            x,
            loss,
            range,
            target: intervals(x, &ground.level),
            gibbs: scene.beta.map_or_else(Vec::new, |beta| basin.gibbs(x, loss, beta)),
            highest_density: 1.0,
        };
        // The first frames, all at one place, would dwarf the others.
        let mut peaks: Vec<f64> = (0..scene.crowd.times.len())
            .map(|frame| stage.histogram(scene, frame).1.into_iter().fold(0.0, f64::max))
            .collect();
        peaks.sort_by(f64::total_cmp);
        let law = stage.gibbs.iter().copied().fold(0.0, f64::max);
        stage.highest_density = (1.25 * peaks[peaks.len() / 2]).max(1.3 * law).max(f64::MIN_POSITIVE);
        stage
    }

    fn axis(&self, label: &str) -> Axis {
        Axis::linear(label).range(self.x[0], self.x[self.x.len() - 1])
    }

    fn with_target(&self, mut panel: Panel) -> Panel {
        for &(from, to) in &self.target {
            let (lower, upper) = (vec![f64::NEG_INFINITY; 2], vec![f64::INFINITY; 2]);
            panel = panel.series(Series::band([from, to], lower, upper).color(2));
        }
        panel
    }

    fn walkers(&self, scene: &Scene, frame: usize) -> Panel {
        let variable = &scene.crowd.variables[0];
        let axis = Axis::linear(format!("loss L({variable})")).range(self.range.0, self.range.1);
        let panel = Panel::new(self.axis(variable), axis).title(scene.clock(frame)).legend(Legend::Hidden);
        let ends = (self.x[0], self.x[self.x.len() - 1]);
        let walkers = heaped(&self.on_curve(scene.inside(frame)), ends, self.range);
        let walkers = Series::points(walkers.0, walkers.1);
        let left = self.on_curve(scene.exits(frame, FAREWELL));
        let (x, y): (Vec<f64>, Vec<f64>) =
            left.into_iter().filter(|(x, y)| (ends.0..=ends.1).contains(x) && *y <= self.range.1).unzip();
        self.with_target(panel)
            .series(Series::line(self.x.to_vec(), self.loss.to_vec()).ink().dash(Dash::Solid))
            .series(Series::points(x, y).color(2).marker(0))
            .series(walkers.color(1).marker(0).light())
    }

    /// Places with the loss there; on the floor for a drift without one.
    fn on_curve<'b>(&self, places: impl Iterator<Item = &'b [f64]>) -> Vec<(f64, f64)> {
        let step = (self.x[self.x.len() - 1] - self.x[0]) / (self.x.len() - 1) as f64;
        let height = |x: f64| {
            let at = ((x - self.x[0]) / step).clamp(0.0, (self.x.len() - 1) as f64);
            let (below, share) = (at.floor() as usize, at.fract());
            let here = self.loss.get(below).copied();
            let next = self.loss.get(below + 1).copied().or(here);
            here.zip(next).map_or(0.0, |(here, next)| here + share * (next - here))
        };
        places.map(|place| (place[0], height(place[0]))).collect()
    }

    /// Edges of bins, and the density of those not escaped in each.
    fn histogram(&self, scene: &Scene, frame: usize) -> (Vec<f64>, Vec<f64>) {
        let (low, high) = (self.x[0], self.x[self.x.len() - 1]);
        let width = (high - low) / BINS as f64;
        let mut counts = vec![0.0; BINS];
        let mut total: f64 = 0.0;
        for place in scene.inside(frame) {
            total += 1.0;
            if let Some(count) = counts.get_mut(((place[0] - low) / width).floor() as usize) {
                *count += 1.0;
            }
        }
        let edges = (0..=BINS).map(|edge| low + width * edge as f64).collect();
        (edges, counts.into_iter().map(|count| count / (total.max(1.0) * width)).collect())
    }

    fn density(&self, scene: &Scene, frame: usize) -> Panel {
        let variable = &scene.crowd.variables[0];
        let axis = Axis::linear("density of those inside").range(0.0, self.highest_density);
        let (edges, heights) = self.histogram(scene, frame);
        let cut = heights.into_iter().map(|height| height.min(self.highest_density)).collect::<Vec<_>>();
        let panel = self.with_target(Panel::new(self.axis(variable), axis).legend(Legend::Hidden));
        let panel = panel.series(Series::bars(edges, cut).color(1));
        if self.gibbs.is_empty() {
            return panel;
        }
        let panel = panel.note("dashed: Gibbs law on this side of the barrier");
        panel.series(Series::line(self.x.to_vec(), self.gibbs.clone()).ink().dash(Dash::Dashed))
    }
}

/// Places in heaps on the curve: those of one column one above the other, pressed together where they would not fit.
fn heaped(places: &[(f64, f64)], (low, high): (f64, f64), (bottom, top): (f64, f64)) -> (Vec<f64>, Vec<f64>) {
    let column = |x: f64| ((x - low) / (high - low) * COLUMNS).floor();
    let lift = ROW * (top - bottom);
    let mut heaps: BTreeMap<i64, Vec<(f64, f64)>> = BTreeMap::new();
    for &(x, y) in places.iter().filter(|(x, y)| (low..=high).contains(x) && *y <= top) {
        heaps.entry(column(x) as i64).or_default().push((x, y));
    }
    let heap = |(column, heap): (i64, Vec<(f64, f64)>)| {
        let middle = low + (column as f64 + 0.5) * (high - low) / COLUMNS;
        let foot = heap.iter().map(|place| place.1).fold(f64::INFINITY, f64::min);
        let lift = lift.min(0.94 * (top - foot) / heap.len() as f64);
        (0..heap.len()).map(move |row| (middle, foot + (row as f64 + 0.5) * lift))
    };
    heaps.into_iter().flat_map(heap).unzip()
}

/// The intervals where the level is at most 0.
fn intervals(x: &[f64], level: &[f64]) -> Vec<(f64, f64)> {
    let mut found: Vec<(f64, f64)> = Vec::new();
    for (index, pair) in level.windows(2).enumerate() {
        let root = || x[index] + (x[index + 1] - x[index]) * pair[0] / (pair[0] - pair[1]);
        match (pair[0] <= 0.0, pair[1] <= 0.0) {
            (true, true) => match found.last_mut() {
                Some(last) if last.1 >= x[index] => last.1 = x[index + 1],
                _ => found.push((x[index], x[index + 1])),
            },
            (true, false) => match found.last_mut() {
                Some(last) if last.1 >= x[index] => last.1 = root(),
                _ => found.push((x[index], root())),
            },
            (false, true) => found.push((root(), x[index + 1])),
            (false, false) => {}
        }
    }
    found
}

/// What lies between the start and the target.
struct Basin {
    /// The highest loss on the way to a border of the target.
    top: f64,
    /// The indices on the start's side of the barriers.
    inside: std::ops::Range<usize>,
}

impl Basin {
    fn around(home: usize, ground: &Ground) -> Self {
        let (loss, level) = (&ground.loss, &ground.level);
        let mut basin = Self { top: f64::NEG_INFINITY, inside: 0..level.len() };
        let sides: [Vec<usize>; 2] = [(0..=home).rev().collect(), (home..level.len()).collect()];
        for (side, way) in sides.iter().enumerate() {
            let Some(border) = way.iter().position(|&index| level[index] <= 0.0) else { continue };
            let Some(&top) = way[..=border]
                .iter()
                .filter(|&&index| loss.get(index).is_some_and(|loss| loss.is_finite()))
                .max_by(|&&a, &&b| loss[a].total_cmp(&loss[b]))
            else {
                continue;
            };
            basin.top = basin.top.max(loss[top]);
            if side == 0 { basin.inside.start = top } else { basin.inside.end = top + 1 }
        }
        basin
    }

    /// exp(−βL) over its integral on this side, 0 beyond.
    fn gibbs(&self, x: &[f64], loss: &[f64], beta: f64) -> Vec<f64> {
        let Some(inside) = loss.get(self.inside.clone()) else { return Vec::new() };
        let low = inside.iter().copied().fold(f64::INFINITY, f64::min);
        let step = (x[x.len() - 1] - x[0]) / (x.len() - 1) as f64;
        let weight = |index: usize| {
            if self.inside.contains(&index) { (-beta * (loss[index] - low)).exp() } else { 0.0 }
        };
        let weights: Vec<f64> = (0..x.len()).map(weight).collect();
        let total: f64 = weights.iter().sum::<f64>() * step;
        weights.into_iter().map(|weight| weight / total).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_end_where_the_level_is_zero() {
        let x: Vec<f64> = (0..=10).map(f64::from).collect();
        let level: Vec<f64> = x.iter().map(|x| (x - 2.5) * (7.25 - x)).collect();
        let found = intervals(&x, &level);
        assert_eq!(found.len(), 2);
        assert!((found[0].0 - 0.0).abs() < 1e-12 && (found[0].1 - 2.5).abs() < 0.1, "{found:?}");
        assert!((found[1].0 - 7.25).abs() < 0.1 && (found[1].1 - 10.0).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn heaps_stay_in_the_panel() {
        let places: Vec<(f64, f64)> = (0..200).map(|_| (0.5, 0.2)).chain([(2.0, 0.0), (0.1, 3.0)]).collect();
        let (x, y) = heaped(&places, (0.0, 1.0), (0.0, 1.0));
        assert_eq!(x.len(), 200);
        assert!(x.iter().all(|x| (x - 0.5).abs() < 0.5 / COLUMNS + 1e-12));
        assert!(y[0] > 0.2 && y.windows(2).all(|pair| pair[1] > pair[0]) && y[199] < 1.0, "{y:?}");
    }

    /// A Gaussian well cut far outside: the density at its bottom is √(β/2π).
    #[test]
    fn the_law_of_the_well_is_normalised() {
        let x: Vec<f64> = (0..=600).map(|index| f64::from(index) * 0.02 - 6.0).collect();
        let loss: Vec<f64> = x.iter().map(|x| 0.5 * x * x).collect();
        let level: Vec<f64> = x.iter().map(|x| 5.0 - x).collect();
        let ground = Ground { axes: vec![x.clone()], loss: loss.clone(), level, highest: 1.0 };
        let basin = Basin::around(300, &ground);
        assert!((basin.top - 12.5).abs() < 1e-9);
        let law = basin.gibbs(&x, &loss, 4.0);
        assert!((law[300] - (4.0 / std::f64::consts::TAU).sqrt()).abs() < 1e-6);
        assert!(law[599] == 0.0);
    }
}
