//! The transition of finitely many maps, one of which is drawn at each step.

use super::symmetric_law::Window;
use super::transition::{Outside, Row, Transition};
use crate::density::{Axis, DensityError, Grid};

/// Writes the images of places.
pub type Images<'a> = dyn Fn(&[f64], &mut [f64]) + Sync + 'a;

/// A map of the line and the probability that it is drawn.
pub struct WeightedMap<'a> {
    /// Its probability.
    pub probability: f64,
    /// Writes the images of places.
    pub images: Box<Images<'a>>,
}

/// The transition of a one-dimensional iterated function system by Ulam's method: the push-forward of a cell that is
/// filled evenly, under each map, is divided among cells by the lengths of their preimages.
///
/// Affine maps are exact. Others are cut where they turn, and the preimage of each face is found by bisection; a map may
/// turn at most once between two of nine points of a cell.
///
/// What a grid can resolve: the law of a contraction by r that is singular (x' = x/3 ± 2/3 lives on a Cantor set) is
/// spread evenly over cells of width w after each step. Its distribution function is exact at faces that the maps send to
/// faces, and elsewhere to the mass of a cell, w^D with D the dimension of the set; variances are off by the order of w².
/// Gaps wider than some cells are seen as cells of mass 0; finer ones, and whether the law is singular at
/// all, are not.
///
/// # Errors
/// A grid that is not one-dimensional, images that are not numbers, probabilities that do not sum to 1.
pub fn map_transition(
    grid: &Grid,
    maps: &[WeightedMap<'_>],
    outside: Outside,
) -> Result<Transition, DensityError> {
    let [axis] = grid.axes() else {
        return Err(DensityError::WrongDimension {
            what: "a set of maps",
            needed: 1,
            given: grid.dimension(),
        });
    };
    let total: f64 = maps.iter().map(|map| map.probability).sum();
    if !((total - 1.0).abs() < 1e-9 && maps.iter().all(|map| map.probability >= 0.0)) {
        let allowed = "probabilities of maps that are not negative and sum to 1";
        return Err(DensityError::OutOfRange { name: "probability", value: total, allowed });
    }
    Transition::assemble(grid, |cell| {
        let mut landing = Landing { faces: axis.faces(), window: Window::default(), beyond: [0.0; 2] };
        for map in maps.iter().filter(|map| map.probability > 0.0) {
            landing.push(cell, axis, map)?;
        }
        Ok(Row::of_line(landing.window, landing.beyond, axis.cells(), outside))
    })
}

/// Intervals between which a map is taken to turn at most once.
const PIECES: usize = 8;

struct Landing<'a> {
    faces: &'a [f64],
    window: Window,
    beyond: [f64; 2],
}

impl Landing<'_> {
    fn push(&mut self, cell: usize, axis: &Axis, map: &WeightedMap<'_>) -> Result<(), DensityError> {
        let (lower, width) = (axis.faces()[cell], axis.width(cell));
        let places: [f64; PIECES + 1] =
            std::array::from_fn(|piece| lower + width * (piece as f64 / PIECES as f64));
        let mut images = [0.0; PIECES + 1];
        (map.images)(&places, &mut images);
        if let Some(&image) = images.iter().find(|image| !image.is_finite()) {
            return Err(DensityError::Step { cell, centre: image, scale: 0.0 });
        }
        let (first, last) = (images[0], images[PIECES]);
        let magnitude = images.iter().chain(&places).fold(0.0_f64, |most, value| most.max(value.abs()));
        let rounding = 32.0 * f64::EPSILON * magnitude;
        let affine = images.iter().enumerate().all(|(piece, image)| {
            (image - (first + (last - first) * (piece as f64 / PIECES as f64))).abs() <= rounding
        });
        if affine {
            self.divide_evenly(first.min(last), first.max(last), rounding, map.probability);
            return Ok(());
        }
        // Ends of monotone runs.
        let mut ends = vec![places[0]];
        for piece in 1..PIECES {
            if (images[piece] - images[piece - 1]) * (images[piece + 1] - images[piece]) < 0.0 {
                ends.push(turning_point(&map.images, places[piece - 1], places[piece + 1]));
            }
        }
        ends.push(places[PIECES]);
        for run in ends.windows(2) {
            let share = map.probability * (run[1] - run[0]) / width;
            self.divide_run(&map.images, run[0], run[1], share);
        }
        Ok(())
    }

    /// Divides `mass`, even on the interval from `lower` to `upper`, among cells.
    fn divide_evenly(&mut self, lower: f64, upper: f64, rounding: f64, mass: f64) {
        if upper - lower <= 4.0 * rounding {
            self.put(0.5 * (lower + upper), mass);
            return;
        }
        // A face that rounding alone puts inside the image does not cut it.
        let first = self.faces.partition_point(|&face| face <= lower + rounding);
        let last = self.faces.partition_point(|&face| face < upper - rounding);
        let mut from = lower;
        for index in first..=last {
            let to = if index == last { upper } else { self.faces[index] };
            self.put(0.5 * (from + to), mass * (to - from) / (upper - lower));
            from = to;
        }
    }

    /// Divides `mass`, even on the interval from `lower` to `upper`, where the map is monotone, by images.
    fn divide_run(&mut self, images: &Images<'_>, lower: f64, upper: f64, mass: f64) {
        let image = |place: f64| {
            let mut out = [0.0];
            images(&[place], &mut out);
            out[0]
        };
        let (at_lower, at_upper) = (image(lower), image(upper));
        let rises = at_upper >= at_lower;
        let (least, most) = (at_lower.min(at_upper), at_lower.max(at_upper));
        let first = self.faces.partition_point(|&face| face <= least);
        let last = self.faces.partition_point(|&face| face < most);
        let mut crossings: Vec<f64> = self.faces[first..last]
            .iter()
            .map(|&face| {
                let (mut below, mut above) = (lower, upper);
                for _ in 0..60 {
                    let middle = 0.5 * (below + above);
                    if (image(middle) < face) == rises {
                        below = middle;
                    } else {
                        above = middle;
                    }
                }
                0.5 * (below + above)
            })
            .collect();
        if !rises {
            crossings.reverse();
        }
        crossings.push(upper);
        let mut from = lower;
        for to in crossings {
            if to > from {
                self.put(image(0.5 * (from + to)), mass * (to - from) / (upper - lower));
            }
            from = to;
        }
    }

    fn put(&mut self, place: f64, mass: f64) {
        let cell = self.faces.partition_point(|&face| face <= place);
        let cells = self.faces.len() - 1;
        if cell == 0 {
            self.beyond[0] += mass;
        } else if cell > cells {
            self.beyond[1] += mass;
        } else {
            self.window.cover(cell - 1, cell);
            self.window.add(cell - 1, mass);
        }
    }
}

/// The place of the one extremum between two places, by golden sections.
fn turning_point(images: &Images<'_>, mut lower: f64, mut upper: f64) -> f64 {
    const GOLDEN: f64 = 0.381_966_011_250_105;
    let mut values = [0.0; 3];
    images(&[lower, 0.5 * (lower + upper), upper], &mut values);
    let peak = values[1] > 0.5 * (values[0] + values[2]);
    for _ in 0..80 {
        let (left, right) = (lower + GOLDEN * (upper - lower), upper - GOLDEN * (upper - lower));
        images(&[left, right, right], &mut values);
        if (values[0] > values[1]) == peak {
            upper = right;
        } else {
            lower = left;
        }
    }
    0.5 * (lower + upper)
}
