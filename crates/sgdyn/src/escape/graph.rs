//! Minima, the passes between them, and the lowest way from one to another.

use super::descent_path::descents_from_saddle;
use super::vectors::norm;
use super::{CriticalKind, CriticalPoint, EscapeError, NullShape, SearchOptions, Surface};

/// A saddle and the minima on its two sides.
#[derive(Clone, Debug)]
pub struct Pass {
    /// The saddle.
    pub saddle: CriticalPoint,
    /// The numbers of the minima on its two sides; `None` where the descent runs away or leaves the box.
    pub ends: [Option<usize>; 2],
}

/// Minima and passes of a landscape, as far as they were found.
#[derive(Clone, Debug, Default)]
pub struct PassGraph {
    /// The minima, and one point of each valley without curvature.
    pub minima: Vec<CriticalPoint>,
    /// The passes.
    pub passes: Vec<Pass>,
    /// Maxima, saddles of higher index and other degenerate points.
    pub others: Vec<CriticalPoint>,
    /// Whether every walk from every minimum was made; otherwise a budget ended the search.
    pub explored: bool,
}

/// A way over passes.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// The minima on the way, ends included.
    pub minima: Vec<usize>,
    /// The passes between them.
    pub passes: Vec<usize>,
    /// The pass with the largest loss.
    pub highest: usize,
    /// The loss there.
    pub highest_loss: f64,
}

impl PassGraph {
    /// The number of the minimum at `point`, added if it is new. One floor of a flat valley stands for all those of its kind
    /// with the same loss.
    pub fn add_minimum(&mut self, point: CriticalPoint, options: &SearchOptions) -> usize {
        if let Some(found) = self.minima.iter().position(|minimum| is_one(minimum, &point, options)) {
            return found;
        }
        self.minima.push(point);
        self.minima.len() - 1
    }

    /// Adds a saddle with the minima that its two descents reach, unless it is known; the number of its pass. Ends for
    /// which `keep` is false are left out.
    ///
    /// # Errors
    /// A point that is no pass.
    pub fn add_saddle(
        &mut self,
        surface: &Surface,
        saddle: CriticalPoint,
        options: &SearchOptions,
        keep: impl Fn(&[f64]) -> bool,
    ) -> Result<usize, EscapeError> {
        if let Some(found) = self.passes.iter().position(|pass| pass.saddle.is_same(&saddle, options)) {
            return Ok(found);
        }
        let bottoms = bottoms_beside(surface, &saddle, options)?;
        Ok(self.add_pass(saddle, bottoms, options, keep))
    }

    pub(super) fn add_pass(
        &mut self,
        saddle: CriticalPoint,
        bottoms: [Option<CriticalPoint>; 2],
        options: &SearchOptions,
        keep: impl Fn(&[f64]) -> bool,
    ) -> usize {
        let ends = bottoms.map(|bottom| {
            let bottom = bottom.filter(|bottom| bottom.is_bottom() && keep(&bottom.position))?;
            Some(self.add_minimum(bottom, options))
        });
        self.passes.push(Pass { saddle, ends });
        self.passes.len() - 1
    }

    /// The passes that lead out of a minimum, with the far minimum of each.
    pub fn passes_from(&self, minimum: usize) -> impl Iterator<Item = (&Pass, Option<usize>)> {
        self.passes.iter().filter_map(move |pass| match pass.ends {
            [Some(a), b] if a == minimum && b != Some(minimum) => Some((pass, b)),
            [a, Some(b)] if b == minimum && a != Some(minimum) => Some((pass, a)),
            _ => None,
        })
    }

    /// The way from one minimum to another whose highest pass is lowest; `None` if the passes found join them nowhere or the two
    /// are one.
    pub fn lowest_route(&self, from: usize, to: usize) -> Option<Route> {
        let count = self.minima.len();
        if from == to || from >= count || to >= count {
            return None;
        }
        // Dijkstra's algorithm with the maximum in the place of the sum.
        let mut height = vec![f64::INFINITY; count];
        let mut came: Vec<Option<(usize, usize)>> = vec![None; count];
        let mut done = vec![false; count];
        height[from] = f64::NEG_INFINITY;
        loop {
            let next = (0..count)
                .filter(|&minimum| !done[minimum] && height[minimum] < f64::INFINITY)
                .min_by(|a, b| height[*a].total_cmp(&height[*b]))?;
            if next == to {
                break;
            }
            done[next] = true;
            for (number, pass) in self.passes.iter().enumerate() {
                let other = match pass.ends {
                    [Some(a), Some(b)] if a == next => b,
                    [Some(a), Some(b)] if b == next => a,
                    _ => continue,
                };
                let over = height[next].max(pass.saddle.loss);
                if over < height[other] {
                    height[other] = over;
                    came[other] = Some((next, number));
                }
            }
        }
        let (mut minima, mut passes) = (vec![to], Vec::new());
        while let Some((before, pass)) = came[minima[minima.len() - 1]] {
            minima.push(before);
            passes.push(pass);
        }
        minima.reverse();
        passes.reverse();
        let loss = |pass: usize| self.passes[pass].saddle.loss;
        let highest = passes.iter().copied().max_by(|a, b| loss(*a).total_cmp(&loss(*b)))?;
        Some(Route { minima, passes, highest, highest_loss: loss(highest) })
    }

    /// The barrier from one minimum to another along [`PassGraph::lowest_route`].
    pub fn barrier(&self, from: usize, to: usize) -> Option<f64> {
        Some(self.lowest_route(from, to)?.highest_loss - self.minima[from].loss)
    }
}

/// The bottoms on the two sides of a saddle; `None` where a descent runs away.
pub(super) fn bottoms_beside(
    surface: &Surface,
    saddle: &CriticalPoint,
    options: &SearchOptions,
) -> Result<[Option<CriticalPoint>; 2], EscapeError> {
    Ok(descents_from_saddle(surface, saddle, options)?.map(|side| side.ok().map(|path| path.bottom)))
}

fn is_one(known: &CriticalPoint, point: &CriticalPoint, options: &SearchOptions) -> bool {
    let flat =
        |point: &CriticalPoint| matches!(point.kind, CriticalKind::Degenerate { shape: NullShape::Flat, .. });
    if flat(known) && flat(point) {
        let curvature = known.eigenvalues.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
        let scale = curvature * options.length * options.length + 1e-3 * known.loss.abs();
        return known.kind == point.kind && (known.loss - point.loss).abs() <= 1e-9 * scale;
    }
    // A well of higher order is located less sharply than a minimum.
    let degenerate = matches!(known.kind, CriticalKind::Degenerate { .. });
    let reach = options.same() * if degenerate { 1e3 } else { 1.0 } + 1e-12 * norm(&known.position);
    super::vectors::distance(&known.position, &point.position) <= reach
}
