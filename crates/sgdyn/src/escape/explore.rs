//! The graph of minima and passes in a box.

use rayon::prelude::*;

use super::error::check_positive;
use super::graph::bottoms_beside;
use super::minimum::descend;
use super::modes::Modes;
use super::saddle::saddles_around;
use super::vectors::{norm, plus};
use super::{CriticalKind, CriticalPoint, EscapeError, PassGraph, SearchOptions, Surface};

/// How thoroughly a box is searched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExploreOptions {
    /// Scale and budget of each search.
    pub search: SearchOptions,
    /// Starts spread over the box.
    pub starts: usize,
    /// Walks to saddles begin from at most so many minima.
    pub minima: usize,
}

impl Default for ExploreOptions {
    /// 200 starts, walks from 5000 minima.
    fn default() -> Self {
        Self { search: SearchOptions::default(), starts: 200, minima: 5000 }
    }
}

/// Minima, passes, maxima and saddles of higher index in the box from `lower` to `upper`, `[d]` each.
///
/// Three searches feed each other: descents and Newton's iteration on |∇L|² from a low-discrepancy set of starts; walks
/// to saddles from every minimum along its curvature directions and the axes, both ways; descents from every saddle, which give
/// new minima. It ends when no minimum is left to walk from, so what the box holds and passes connect is found wherever one
/// of the walks leads there; a proof of completeness it is not. Same result for any number of threads.
///
/// # Errors
/// A box of another dimension or without volume.
pub fn explore(
    surface: &Surface,
    lower: &[f64],
    upper: &[f64],
    options: &ExploreOptions,
) -> Result<PassGraph, EscapeError> {
    surface.check("the lower corner", lower)?;
    surface.check("the upper corner", upper)?;
    options.search.check()?;
    for (low, high) in lower.iter().zip(upper) {
        check_positive("an edge of the box", high - low)?;
    }
    let search = &options.search;
    let inside = |point: &[f64]| {
        point.iter().zip(lower.iter().zip(upper)).all(|(x, (low, high))| low <= x && x <= high)
    };
    // A walk that is farther away than the box is wide has left it.
    let diagonal = super::vectors::distance(lower, upper);
    let walk = SearchOptions { far: search.far.min(diagonal / search.length), ..*search };
    let mut graph = PassGraph::default();
    // A search that fails from one start says nothing against the others.
    let found: Vec<[Option<CriticalPoint>; 2]> = (0..options.starts)
        .into_par_iter()
        .map(|number| {
            let start = low_discrepancy_point(number, lower, upper);
            let near = if surface.is_dense() { nearest_critical(surface, &start, search).ok() } else { None };
            [descend(surface, &start, search).ok(), near]
        })
        .collect();
    let mut saddles: Vec<CriticalPoint> = Vec::new();
    for point in found.into_iter().flatten().flatten().filter(|point| inside(&point.position)) {
        sort_in(point, &mut graph, &mut saddles, search);
    }
    let mut walked = 0;
    loop {
        add_saddles(surface, &mut graph, std::mem::take(&mut saddles), search, &inside)?;
        let until = graph.minima.len().min(options.minima);
        if walked == until {
            break;
        }
        let reached: Vec<CriticalPoint> = graph.minima[walked..until]
            .par_iter()
            .flat_map_iter(|minimum| saddles_around(surface, minimum, &walk))
            .filter(|saddle| inside(&saddle.position))
            .collect();
        walked = until;
        for saddle in reached {
            sort_in(saddle, &mut graph, &mut saddles, search);
        }
    }
    graph.explored = walked == graph.minima.len();
    Ok(graph)
}

/// Puts a point where it belongs: new saddles wait for their descents.
fn sort_in(
    point: CriticalPoint,
    graph: &mut PassGraph,
    saddles: &mut Vec<CriticalPoint>,
    search: &SearchOptions,
) {
    if point.is_bottom() {
        graph.add_minimum(point, search);
    } else if point.is_pass() {
        let known = graph.passes.iter().map(|pass| &pass.saddle).chain(saddles.iter());
        if !known.into_iter().any(|saddle| saddle.is_same(&point, search)) {
            saddles.push(point);
        }
    } else if !graph.others.iter().any(|other| other.is_same(&point, search)) {
        graph.others.push(point);
    }
}

fn add_saddles(
    surface: &Surface,
    graph: &mut PassGraph,
    saddles: Vec<CriticalPoint>,
    search: &SearchOptions,
    inside: &(impl Fn(&[f64]) -> bool + Sync),
) -> Result<(), EscapeError> {
    let bottoms: Result<Vec<_>, EscapeError> =
        saddles.par_iter().map(|saddle| bottoms_beside(surface, saddle, search)).collect();
    for (saddle, bottoms) in saddles.into_iter().zip(bottoms?) {
        graph.add_pass(saddle, bottoms, search, inside);
    }
    Ok(())
}

/// The critical point of any index to which Newton's iteration, damped so that |∇L| falls, leads from `start`
/// (Levenberg and Marquardt's method on ∇L = 0).
///
/// # Errors
/// [`EscapeError::NotConverged`] where |∇L| has a minimum that is not zero; shapes; what is not finite; a dimension
/// of [`super::DENSE_LIMIT`] or more.
pub fn nearest_critical(
    surface: &Surface,
    start: &[f64],
    options: &SearchOptions,
) -> Result<CriticalPoint, EscapeError> {
    surface.check("the start", start)?;
    options.check()?;
    if !surface.is_dense() {
        let allowed = "a landscape below 500 dimensions";
        return Err(EscapeError::OutOfRange { name: "dimension", value: start.len() as f64, allowed });
    }
    let mut point = start.to_vec();
    let mut gradient = surface.checked_gradient(&point)?;
    let mut modes = Modes::at(surface, &point, None)?;
    let mut damping = 1e-3 * modes.magnitude * modes.magnitude;
    for _ in 0..options.steps.min(300) {
        let slope = norm(&gradient);
        if slope <= options.rounding(&point, modes.magnitude) {
            return CriticalPoint::at(surface, point, options);
        }
        let parts: Vec<f64> = modes
            .components(&gradient)
            .iter()
            .zip(&modes.values)
            .map(|(g, value)| -g * value / (value * value + damping).max(f64::MIN_POSITIVE))
            .collect();
        let ahead = plus(&point, 1.0, &modes.combine(&parts));
        let ahead_gradient = surface.gradient(&ahead);
        let ahead_slope = norm(&ahead_gradient);
        if ahead_slope < slope && norm(&parts) < options.length {
            (point, gradient) = (ahead, ahead_gradient);
            damping *= 0.1;
            modes = Modes::at(surface, &point, None)?;
        } else {
            if slope <= 1e3 * options.rounding(&point, modes.magnitude) {
                return CriticalPoint::at(surface, point, options);
            }
            damping = (10.0 * damping).max(1e-12 * modes.magnitude * modes.magnitude);
            if damping > 1e20 * modes.magnitude * modes.magnitude {
                break;
            }
        }
    }
    let remedy = "the gradient has a minimum here that is not zero: start elsewhere";
    let reached = norm(&gradient);
    Err(EscapeError::NotConverged {
        what: "the search for a critical point",
        reached,
        iterations: 300,
        remedy,
    })
}

/// Point `number` of the additive recurrence with the generalised golden ratio, φ^{d+1} = φ + 1 (M. Roberts, 2018).
pub(super) fn low_discrepancy_point(number: usize, lower: &[f64], upper: &[f64]) -> Vec<f64> {
    let dimension = lower.len();
    let mut ratio = 2.0f64;
    for _ in 0..60 {
        ratio = (1.0 + ratio).powf(1.0 / (dimension as f64 + 1.0));
    }
    (0..dimension)
        .map(|axis| {
            let step = ratio.powf(-(axis as f64 + 1.0));
            let share = (0.5 + step * (number as f64 + 1.0)).fract();
            lower[axis] + share * (upper[axis] - lower[axis])
        })
        .collect()
}

impl PassGraph {
    /// How many points of index `index` were found, degenerate ones apart.
    pub fn count(&self, index: usize) -> usize {
        let regular = |point: &&CriticalPoint| {
            !matches!(point.kind, CriticalKind::Degenerate { .. }) && point.index() == index
        };
        self.minima
            .iter()
            .chain(self.passes.iter().map(|pass| &pass.saddle))
            .chain(&self.others)
            .filter(regular)
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{formula, named_field};
    use super::super::vectors::distance;
    use super::*;

    #[test]
    fn muller_brown_graph() {
        let surface = Surface::of(&named_field("muller-brown", &[])).unwrap();
        let graph = explore(&surface, &[-1.7, -0.5], &[1.3, 2.2], &ExploreOptions::default()).unwrap();
        assert_eq!((graph.minima.len(), graph.passes.len()), (3, 2));
        assert!(graph.explored && graph.others.is_empty());
        let at = |x: f64, y: f64| {
            graph.minima.iter().position(|minimum| distance(&minimum.position, &[x, y]) < 1e-3).unwrap()
        };
        let (a, b, c) = (at(-0.5582, 1.4417), at(0.6235, 0.0280), at(-0.0500, 0.4667));
        // Losses with 20 digits (mpmath).
        let (top, low) = (-40.664843508657404291, -72.24894011232521151);
        let minima = [-146.6995172099540137, -108.16672411685235499, -80.767818129659028156];
        let close = |got: Option<f64>, want: f64| assert!((got.unwrap() - want).abs() < 1e-11);
        close(graph.barrier(a, c), top - minima[0]);
        close(graph.barrier(a, b), top - minima[0]);
        close(graph.barrier(b, c), low - minima[1]);
        close(graph.barrier(c, b), low - minima[2]);
        let route = graph.lowest_route(a, b).unwrap();
        assert_eq!(route.minima, [a, c, b]);
        assert_eq!(graph.passes_from(c).count(), 2);
        assert_eq!(graph.lowest_route(a, a), None);
    }

    #[test]
    fn styblinski_tang_is_complete() {
        // Each coordinate is at one of two wells or the top: C(d, k) 2^(d−k) points of index k.
        for (dimension, counts) in [(2, vec![4, 4, 1]), (3, vec![8, 12, 6, 1])] {
            let field = named_field("styblinski-tang", &[("dimension", dimension as f64)]);
            let surface = Surface::of(&field).unwrap();
            let graph =
                explore(&surface, &vec![-4.0; dimension], &vec![4.0; dimension], &ExploreOptions::default())
                    .unwrap();
            for (index, count) in counts.into_iter().enumerate() {
                assert_eq!(graph.count(index), count, "{dimension} dimensions, index {index}");
            }
            for pass in &graph.passes {
                let [Some(a), Some(b)] = pass.ends else { panic!("a side is missing") };
                let flipped = graph.minima[a]
                    .position
                    .iter()
                    .zip(&graph.minima[b].position)
                    .filter(|(x, y)| (*x - *y).abs() > 1.0)
                    .count();
                assert_eq!(flipped, 1);
            }
        }
    }

    #[test]
    fn styblinski_tang_in_six_dimensions_from_one_start() {
        let surface = Surface::of(&named_field("styblinski-tang", &[("dimension", 6.0)])).unwrap();
        let options = ExploreOptions { starts: 1, ..ExploreOptions::default() };
        let graph = explore(&surface, &[-4.0; 6], &[4.0; 6], &options).unwrap();
        assert_eq!((graph.count(0), graph.count(1)), (64, 192));
    }

    #[test]
    fn asymmetric_double_well() {
        let surface = Surface::of(&named_field("double-well", &[("tilt", 0.5)])).unwrap();
        let graph = explore(&surface, &[-3.0], &[3.0], &ExploreOptions::default()).unwrap();
        assert_eq!((graph.minima.len(), graph.passes.len()), (2, 1));
        // Roots of 4x³ − 4x + ½ by the cosine formula.
        let root = |k: f64| {
            let angle = ((-0.125 * 1.5) * 3f64.sqrt()).acos();
            2.0 / 3f64.sqrt() * ((angle - 2.0 * std::f64::consts::PI * k) / 3.0).cos()
        };
        let deep = graph.minima.iter().position(|minimum| minimum.position[0] < 0.0).unwrap();
        let shallow = 1 - deep;
        let value = |x: f64| x.powi(4) - 2.0 * x * x + 0.5 * x;
        for (from, wells) in [(deep, root(2.0)), (shallow, root(0.0))] {
            assert!((graph.minima[from].position[0] - wells).abs() < 1e-14);
            let barrier = graph.barrier(from, 1 - from).unwrap();
            assert!((barrier - (value(root(1.0)) - value(wells))).abs() < 1e-14);
        }
    }

    #[test]
    fn flat_valleys_and_tops_are_kept_apart() {
        // Two straight valleys of depths 0 and ½ along y, joined nowhere: the ridge between is flat too.
        let surface = formula("x^4 - 2*x^2 + 0.2*x + 0*y");
        let graph = explore(&surface, &[-2.0, -1.0], &[2.0, 1.0], &ExploreOptions::default()).unwrap();
        assert_eq!(graph.minima.len(), 2);
        assert!(
            graph
                .minima
                .iter()
                .all(|minimum| matches!(minimum.kind, CriticalKind::Degenerate { index: 0, null: 1, .. }))
        );
        assert!(graph.passes.is_empty() && !graph.others.is_empty());
    }

    #[test]
    fn a_box_must_have_volume() {
        let surface = formula("x^2");
        assert!(explore(&surface, &[1.0], &[1.0], &ExploreOptions::default()).is_err());
        assert!(explore(&surface, &[0.0, 1.0], &[1.0, 2.0], &ExploreOptions::default()).is_err());
    }
}
