//! How far approximations of SGD depart from its exact law as the learning rate grows.

use super::line::point_law;
use super::{Outside, SgdStep, grid_moments};
use crate::density::{Axis, DensityError, Grid};
use crate::statistics::{LinearFit, linear_fit};

/// What is compared, of a one-dimensional problem.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LawMoments {
    /// The variance of the stationary law.
    pub stationary_variance: f64,
    /// The mean after a number of steps.
    pub mean: f64,
    /// The variance after that number of steps.
    pub variance: f64,
}

impl LawMoments {
    /// The three, with their names.
    pub fn named(&self) -> [(&'static str, f64); 3] {
        [("stationary_variance", self.stationary_variance), ("mean", self.mean), ("variance", self.variance)]
    }
}

/// Where the exact law is sought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MomentQuestion {
    /// The box, which holds all but 1e-12 of the mass.
    pub bounds: [f64; 2],
    /// Cells of the coarsest of three grids; the others have twice and four times as many.
    pub cells: usize,
    /// Where SGD starts.
    pub start: f64,
    /// Steps after which mean and variance are taken, at least 1.
    pub steps: u64,
}

/// Moments of the exact law and how well they are known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExactMoments {
    /// The moments, extrapolated from three grids.
    pub moments: LawMoments,
    /// The change of each by the last extrapolation.
    pub uncertainty: LawMoments,
    /// The probability to land outside the box in one stationary step.
    pub mass_beyond: f64,
}

/// The moments of SGD's exact law by the master operator on three grids, extrapolated to width 0 in even powers.
///
/// # Errors
/// As [`SgdStep::transition`] and [`super::Transition::stationary`]; a start outside the box.
pub fn exact_moments(step: &SgdStep<'_>, question: &MomentQuestion) -> Result<ExactMoments, DensityError> {
    let [lower, upper] = question.bounds;
    if question.steps == 0 {
        let allowed = "at least 1 step";
        return Err(DensityError::OutOfRange { name: "steps", value: 0.0, allowed });
    }
    let mut mass_beyond = 0.0;
    let mut values = [[0.0; 3]; 3];
    for (level, values) in values.iter_mut().enumerate() {
        let grid = Grid::new(vec![Axis::uniform(lower, upper, question.cells << level)])?;
        if grid.cell_of(&[question.start]).is_none() {
            return Err(DensityError::OutsideBox {
                what: "the start",
                point: vec![question.start],
                lower: vec![lower],
                upper: vec![upper],
            });
        }
        let chain = step.transition(&grid, Outside::Reflected)?;
        let law = chain.stationary()?;
        mass_beyond = chain.mass_beyond(&law);
        // The first step leaves from the point itself, not from a cell around it.
        let first = point_law(step, &grid, question.start)?;
        let after = grid_moments(&grid, &chain.after(&first, question.steps - 1)?.masses);
        *values = [grid_moments(&grid, &law).covariance[0], after.mean[0], after.covariance[0]];
    }
    let extrapolate = |quantity: usize| {
        let [coarse, middle, fine] = values.map(|level| level[quantity]);
        let (one, other) = ((4.0 * middle - coarse) / 3.0, (4.0 * fine - middle) / 3.0);
        let best = (16.0 * other - one) / 15.0;
        (best, (best - other).abs())
    };
    let [stationary, mean, variance] = [0, 1, 2].map(extrapolate);
    let moments = |pick: fn((f64, f64)) -> f64| LawMoments {
        stationary_variance: pick(stationary),
        mean: pick(mean),
        variance: pick(variance),
    };
    Ok(ExactMoments { moments: moments(|v| v.0), uncertainty: moments(|v| v.1), mass_beyond })
}

/// The errors of one approximation in one quantity over a ladder of learning rates.
#[derive(Clone, Debug, PartialEq)]
pub struct ApproximationOrder {
    /// The approximation.
    pub approximation: &'static str,
    /// `stationary_variance`, `mean` or `variance`.
    pub quantity: &'static str,
    /// Approximate minus exact at each learning rate, `[η]`.
    pub errors: Vec<f64>,
    /// The line log|error| = log c + order·log η by least squares over the learning rates where the error stands out of the
    /// uncertainty of the exact value tenfold; `None` if there are fewer than three.
    pub fit: Option<LinearFit>,
}

/// An approximation: takes η and gives the moments after the same steps; NaN where it has no answer.
pub type Approximation<'a> = dyn Fn(f64) -> Result<LawMoments, DensityError> + 'a;

/// The errors and fitted orders of each approximation in each quantity, over a ladder of learning rates, `[η]`.
///
/// `exact` gives the exact moments at η; to compare at a fixed time T, both take T/η steps.
///
/// # Errors
/// Those of `exact` and of the approximations.
pub fn approximation_orders(
    learning_rates: &[f64],
    exact: impl Fn(f64) -> Result<ExactMoments, DensityError>,
    approximations: &[(&'static str, &Approximation<'_>)],
) -> Result<Vec<ApproximationOrder>, DensityError> {
    let truths = learning_rates.iter().map(|&eta| exact(eta)).collect::<Result<Vec<_>, _>>()?;
    let mut orders = Vec::new();
    for &(approximation, moments) in approximations {
        let answers = learning_rates.iter().map(|&eta| moments(eta)).collect::<Result<Vec<_>, _>>()?;
        for index in 0..3 {
            let quantity = truths.first().map_or("", |truth| truth.moments.named()[index].0);
            let pick = |moments: &LawMoments| moments.named()[index].1;
            let errors: Vec<f64> = answers
                .iter()
                .zip(&truths)
                .map(|(answer, truth)| pick(answer) - pick(&truth.moments))
                .collect();
            let (x, y): (Vec<f64>, Vec<f64>) = learning_rates
                .iter()
                .zip(&errors)
                .zip(&truths)
                .filter(|((_, error), truth)| error.abs() > 10.0 * pick(&truth.uncertainty))
                .map(|((eta, error), _)| (eta.ln(), error.abs().ln()))
                .unzip();
            let fit = linear_fit(&x, &y, 0.95).ok();
            orders.push(ApproximationOrder { approximation, quantity, errors, fit });
        }
    }
    Ok(orders)
}
