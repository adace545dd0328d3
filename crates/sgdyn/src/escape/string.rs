//! Passes between two given minima: a string of points that relaxes onto the ways over them.

use super::curve::{arc_lengths, equally_spaced, straight, tangent};
use super::krylov::largest_magnitude;
use super::minimum::descend;
use super::saddle::refine_saddle;
use super::vectors::{add, distance, dot, generic_direction, norm, plus, scale};
use super::{CriticalPoint, EscapeError, PassGraph, Route, SearchOptions, Surface};

/// A string between two minima.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StringOptions {
    /// Scale and budget of the searches at its ends and from its tops.
    pub search: SearchOptions,
    /// The number of pieces of a string.
    pub pieces: usize,
    /// The most relaxation sweeps of one string.
    pub sweeps: usize,
    /// The most strings: a way with minima in between is closed piece by piece.
    pub strings: usize,
}

impl Default for StringOptions {
    /// 30 pieces, 400 sweeps, 30 strings.
    fn default() -> Self {
        Self { search: SearchOptions::default(), pieces: 30, sweeps: 400, strings: 30 }
    }
}

/// Two minima and the passes that join them.
#[derive(Clone, Debug)]
pub struct Connection {
    /// What was met: minimum 0 is where it starts, minimum 1 where it leads.
    pub graph: PassGraph,
    /// The lowest way among the passes met.
    pub route: Route,
}

/// A chain of passes from the minimum at `from` to that at `to`, `[d]` each; both are refined first.
///
/// The simplified string method with a climbing point (W. E, W. Ren and E. Vanden-Eijnden, *J. Chem. Phys.* 126, 164103
/// (2007); G. Henkelman, B. Uberuaga and H. Jónsson, *J. Chem. Phys.* 113, 9901 (2000)), then Newton's refinement of every top, then descents
/// from every saddle, so that what counts as joined is joined by curves of steepest descent. It finds a way, not
/// surely the lowest: [`super::explore()`] compares.
///
/// # Errors
/// Ends that are no minima, [`EscapeError::SameMinimum`], [`EscapeError::NoSaddle`] when every string is spent.
pub fn connect(
    surface: &Surface,
    from: &[f64],
    to: &[f64],
    options: &StringOptions,
) -> Result<Connection, EscapeError> {
    let search = &options.search;
    super::error::check_positive("pieces", options.pieces as f64)?;
    let mut graph = PassGraph::default();
    let ends =
        [bottom("the first end", surface, from, search)?, bottom("the second end", surface, to, search)?];
    let apart = distance(&ends[0].position, &ends[1].position);
    for (number, end) in ends.into_iter().enumerate() {
        if graph.add_minimum(end, search) != number {
            return Err(EscapeError::SameMinimum { distance: apart });
        }
    }
    let mut tried = Vec::new();
    for _ in 0..options.strings {
        if let Some(route) = graph.lowest_route(0, 1) {
            return Ok(Connection { graph, route });
        }
        let Some(pair) = nearest_unjoined(&graph, &tried) else { break };
        tried.push(pair);
        let (a, b) = (&graph.minima[pair.0].position, &graph.minima[pair.1].position);
        for (guess, along) in tops(surface, &relaxed(surface, a, b, options)) {
            if let Ok(saddle) = refine_saddle(surface, &guess, &along, search) {
                graph.add_saddle(surface, saddle, search, |_| true)?;
            }
        }
    }
    if let Some(route) = graph.lowest_route(0, 1) {
        return Ok(Connection { graph, route });
    }
    Err(EscapeError::NoSaddle {
        steps: tried.len() * options.sweeps,
        distance: apart,
        gradient: 0.0,
        remedy: "strings between the minima met no pass that joins them: a wall may lie between; give more pieces or explore a box",
    })
}

fn bottom(
    what: &'static str,
    surface: &Surface,
    start: &[f64],
    search: &SearchOptions,
) -> Result<CriticalPoint, EscapeError> {
    surface.check(what, start)?;
    let bottom = descend(surface, start, search)?;
    if bottom.is_bottom() {
        return Ok(bottom);
    }
    let needed = "strings join minima";
    Err(EscapeError::WrongKind { what, found: bottom.kind, point: bottom.position, needed })
}

/// The nearest pair of minima, one joined to the first end and one not, that no string has tried.
fn nearest_unjoined(graph: &PassGraph, tried: &[(usize, usize)]) -> Option<(usize, usize)> {
    let joined = |a: usize, b: usize| a == b || graph.lowest_route(a, b).is_some();
    let mut best: Option<(f64, (usize, usize))> = None;
    for a in 0..graph.minima.len() {
        for b in 0..graph.minima.len() {
            if tried.contains(&(a, b)) || !joined(0, a) || joined(0, b) {
                continue;
            }
            // A string towards the goal is worth more than one aside.
            let aside = if joined(1, b) { 1.0 } else { 3.0 };
            let cost = aside * distance(&graph.minima[a].position, &graph.minima[b].position);
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, (a, b)));
            }
        }
    }
    best.map(|(_, pair)| pair)
}

/// The string from `a` to `b` after its sweeps.
fn relaxed(surface: &Surface, a: &[f64], b: &[f64], options: &StringOptions) -> Vec<Vec<f64>> {
    let pieces = options.pieces.max(4);
    let mut points = straight(a, b, pieces);
    // A bow, lest a straight line along a symmetric ridge stay there.
    let bow = generic_direction(a.len(), 7);
    for (k, point) in points.iter_mut().enumerate() {
        let height = 0.02 * distance(a, b) * (std::f64::consts::PI * k as f64 / pieces as f64).sin();
        add(height, &bow, point);
    }
    (points[0], points[pieces]) = (a.to_vec(), b.to_vec());
    let mut magnitude = 0.0f64;
    for sweep in 0..options.sweeps {
        if sweep % 20 == 0 {
            magnitude = points
                .iter()
                .map(|point| {
                    let apply = |v: &[f64]| surface.hessian_times(point, v);
                    largest_magnitude(point.len(), &apply)
                })
                .filter(|value| value.is_finite())
                .fold(0.0, f64::max);
        }
        let losses: Vec<f64> = points.iter().map(|point| surface.loss(point)).collect();
        let top = (1..pieces).max_by(|i, j| losses[*i].total_cmp(&losses[*j])).unwrap_or(1);
        let climbing = sweep > options.sweeps / 4;
        let most = 0.3 * arc_lengths(&points)[pieces] / pieces as f64;
        let mut moved = points.clone();
        let mut largest = 0.0f64;
        for k in 1..pieces {
            let mut force = surface.gradient(&points[k]);
            let along = tangent(&points, k);
            let slope = dot(&force, &along);
            add(if climbing && k == top { -2.0 * slope } else { -slope }, &along, &mut force);
            let length = norm(&force);
            if !length.is_finite() {
                continue;
            }
            let step = (0.5 / magnitude.max(f64::MIN_POSITIVE)).min(most / length.max(f64::MIN_POSITIVE));
            scale(-step, &mut force);
            largest = largest.max(norm(&force));
            moved[k] = plus(&points[k], 1.0, &force);
        }
        points = if climbing {
            let mut spaced = equally_spaced(&moved[..=top], top);
            spaced.extend(equally_spaced(&moved[top..], pieces - top).into_iter().skip(1));
            spaced
        } else {
            equally_spaced(&moved, pieces)
        };
        if climbing && largest < 1e-5 * options.search.length {
            break;
        }
    }
    points
}

/// Every local maximum of the loss along a string, with the tangent there.
fn tops(surface: &Surface, points: &[Vec<f64>]) -> Vec<(Vec<f64>, Vec<f64>)> {
    let losses: Vec<f64> = points.iter().map(|point| surface.loss(point)).collect();
    (1..points.len() - 1)
        .filter(|&k| losses[k] >= losses[k - 1] && losses[k] > losses[k + 1])
        .map(|k| (points[k].clone(), tangent(points, k)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{formula, named_field};
    use super::*;

    #[test]
    fn muller_brown_in_one_string() {
        let surface = Surface::of(&named_field("muller-brown", &[])).unwrap();
        let found = connect(&surface, &[-0.56, 1.44], &[0.62, 0.03], &StringOptions::default()).unwrap();
        assert_eq!(found.graph.passes.len(), 2);
        assert_eq!(found.route.passes.len(), 2);
        // Positions and losses with 20 digits (mpmath.findroot).
        let saddles = [[-0.822001558732732, 0.624312802814871], [0.212486582000662, 0.292988325107368]];
        for (wanted, pass) in saddles.iter().zip(&found.route.passes) {
            let saddle = &found.graph.passes[*pass].saddle;
            assert!(distance(&saddle.position, wanted) < 1e-12 && saddle.position_error < 1e-12);
        }
        assert!((found.route.highest_loss + 40.664843508657404).abs() < 1e-12);
    }

    #[test]
    fn across_the_square_of_styblinski_tang() {
        // From corner to corner the straight line leads over the maximum; the way leads over two saddles.
        let surface = Surface::of(&named_field("styblinski-tang", &[])).unwrap();
        let found = connect(&surface, &[-3.0, -3.0], &[3.0, 3.0], &StringOptions::default()).unwrap();
        assert_eq!(found.route.passes.len(), 2);
        assert_eq!(found.route.minima.len(), 3);
    }

    #[test]
    fn a_hundred_dimensions() {
        // A tilted double well along one coordinate of a hundred, the others bowls of curvatures 1 to 100.
        let bowls: Vec<String> = (1..100).map(|i| format!("{} * x{i}^2", 0.5 * f64::from(i))).collect();
        let text = format!("x0^4 - 2*x0^2 + 0.3*x0 + {}", bowls.join(" + "));
        let surface = formula(&text);
        let (mut from, mut to) = (vec![0.2; 100], vec![-0.1; 100]);
        (from[0], to[0]) = (-1.0, 1.0);
        let found = connect(&surface, &from, &to, &StringOptions::default()).unwrap();
        let saddle = &found.graph.passes[found.route.highest].saddle;
        assert_eq!(saddle.index(), 1);
        // The middle root of 4x³ − 4x + 0.3 (mpmath.polyroots).
        assert!((saddle.position[0] - 0.07542915856974822).abs() < 1e-12, "{}", saddle.position[0]);
        assert!(saddle.position[1..].iter().all(|value| value.abs() < 1e-13));
        assert_eq!(saddle.eigenvalues.len(), 100);
        assert!((saddle.eigenvalues[99] - 99.0).abs() < 1e-11);
    }

    #[test]
    fn one_minimum_has_no_way_to_itself() {
        let surface = formula("x^2 + y^2");
        let error = connect(&surface, &[1.0, 0.0], &[0.0, 1.0], &StringOptions::default());
        assert!(matches!(error, Err(EscapeError::SameMinimum { .. })));
    }
}
