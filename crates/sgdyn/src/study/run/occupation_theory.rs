//! What theories say of the time spent in valleys: Gibbs weights, the balance of escape rates, and jumps.

use super::grid_setting::GridProblem;
use super::one_dimension::Line;
use super::setting::Setting;
use crate::escape::{
    CriticalKind, CriticalPoint, EscapeCase, EscapeTheory, ExploreOptions, PassGraph, SearchOptions, Surface,
    explore,
};
use crate::landscape::formula::{Condition, HalfSpace, Side};
use crate::study::{Cell, Noise, Rule};
use crate::theory::SgdPrefactor;

/// Predicted shares of regions.
pub(super) struct Prediction {
    /// The suffix of its column.
    pub theory: &'static str,
    /// The share of each region, `[regions]`.
    pub shares: Vec<f64>,
}

/// The valleys of a cell with the passes between them.
struct Valleys {
    surface: Surface,
    graph: PassGraph,
    search: SearchOptions,
}

/// The predictions that fit a cell. Regions without a minimum get the share 0; nothing is predicted where two minima are
/// needed and there are more, or where no box holds the dynamics.
pub(super) fn predictions(
    cell: &Cell,
    setting: &Setting<f64>,
    regions: &[Condition],
    start: &[f64],
) -> Vec<Prediction> {
    let Some(valleys) = Valleys::of(cell, setting, start) else { return Vec::new() };
    let shared = |theory, weights: Option<Vec<f64>>| {
        let weights = weights?;
        let total: f64 = weights.iter().sum();
        let inside = |region: &Condition| {
            let minima = valleys.graph.minima.iter().zip(&weights);
            minima.filter(|(minimum, _)| region.contains(&minimum.position)).map(|(_, w)| w / total).sum()
        };
        (total.is_finite() && total > 0.0)
            .then(|| Prediction { theory, shares: regions.iter().map(inside).collect() })
    };
    let line = Line::new(cell, setting);
    [
        shared("gibbs", valleys.gibbs(&cell.description.rule)),
        shared("two_state", line.as_ref().and_then(|line| valleys.balance(line))),
        shared("sgd", valleys.theorem(&cell.description.rule, cell.description.noise.as_ref())),
        shared("levy", valleys.widths(&cell.description.rule)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl Valleys {
    /// Searches the box of the grid.
    fn of(cell: &Cell, setting: &Setting<f64>, start: &[f64]) -> Option<Self> {
        const MOST_DIMENSIONS: usize = 2;
        if setting.dimension() > MOST_DIMENSIONS {
            return None;
        }
        let surface = Surface::of(setting.field()?).ok()?;
        let problem = GridProblem::new(&cell.description, setting, Some(start), &[]).ok()?;
        let (lower, upper): (Vec<f64>, Vec<f64>) =
            problem.ends().iter().map(|ends| (ends[0], ends[1])).unzip();
        let widest = lower.iter().zip(&upper).map(|(low, high)| high - low).fold(0.0, f64::max);
        let search = SearchOptions { length: 0.2 * widest, ..SearchOptions::default() };
        let options = ExploreOptions { search, starts: 60, ..ExploreOptions::default() };
        let graph = explore(&surface, &lower, &upper, &options).ok()?;
        let regular = graph.minima.iter().all(|minimum| minimum.kind == CriticalKind::Minimum);
        (regular && !graph.minima.is_empty()).then_some(Self { surface, graph, search })
    }

    /// Langevin dynamics: the Gibbs law by Laplace's method, `w = e^{−βL}/√det H`. At equal depth the preference for flat
    /// valleys is a power of the curvature.
    fn gibbs(&self, rule: &Rule) -> Option<Vec<f64>> {
        let (Rule::Langevin { beta, .. } | Rule::Sgld { beta, .. }) = rule else { return None };
        let least = self.graph.minima.iter().map(|minimum| minimum.loss).fold(f64::INFINITY, f64::min);
        let weight = |minimum: &CriticalPoint| {
            let determinant: f64 = minimum.eigenvalues.iter().product();
            (-beta * (minimum.loss - least)).exp() / determinant.sqrt()
        };
        Some(self.graph.minima.iter().map(weight).collect())
    }

    /// Two valleys on a line by the exact mean times from the bottom of each to that of the other: a share is the time that
    /// it takes to leave over that of a round trip.
    fn balance(&self, line: &Line<'_>) -> Option<Vec<f64>> {
        let [one, other] = self.pair()?;
        let time = |from: &CriticalPoint, to: &CriticalPoint| {
            let (start, threshold) = (from.position[0], to.position[0]);
            let side = if threshold < start { Side::Below } else { Side::Above };
            line.exact(start, &HalfSpace { coordinate: 0, threshold, side, closed: true })
        };
        Some(vec![time(one, other)?, time(other, one)?])
    }

    /// SGD with noise in proportion to the curvature: the balance of the two rates of the theorem, with its prefactor for
    /// Itô noise. The preference for flat valleys is exponential in B/η.
    fn theorem(&self, rule: &Rule, noise: Option<&Noise>) -> Option<Vec<f64>> {
        let (learning_rate, batch_size) = match rule {
            Rule::Sgd { step, .. } => (step.learning_rate, step.batch_size),
            Rule::Sde { diffusion, .. } => (diffusion.learning_rate, diffusion.batch_size),
            _ => return None,
        };
        let Some(Noise::Hessian { scale, floor: 0.0 }) = noise else { return None };
        self.pair()?;
        let theory = EscapeTheory::Sgd {
            learning_rate,
            batch_size: batch_size as f64 / scale,
            prefactor: SgdPrefactor::ContinuousFlux,
        };
        let time = |minimum| {
            let case = EscapeCase::from_graph(&self.surface, &self.graph, minimum, &self.search).ok()?;
            Some(case.predict(theory, None).ok()?.time.to_far_well())
        };
        Some(vec![time(0)?, time(1)?])
    }

    /// Lévy noise: one jump leaves a valley, so its mean time is in proportion to width^α and blind to its depth; the width
    /// is the distance from the bottom to the top of the barrier.
    fn widths(&self, rule: &Rule) -> Option<Vec<f64>> {
        let Rule::Levy { alpha, .. } = rule else { return None };
        let minima = self.pair()?;
        let [pass] = &self.graph.passes[..] else { return None };
        let top = pass.saddle.position[0];
        Some(minima.map(|minimum| (minimum.position[0] - top).abs().powf(*alpha)).to_vec())
    }

    /// Both minima of a line that has two.
    fn pair(&self) -> Option<[&CriticalPoint; 2]> {
        match &self.graph.minima[..] {
            [one, other] if one.position.len() == 1 => Some([one, other]),
            _ => None,
        }
    }
}
