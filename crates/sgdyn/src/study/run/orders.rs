//! How far approximations of SGD's law are from the exact one, at one learning rate; their orders over all.

use super::RunError;
use super::density::noise_variance_at;
use super::first_passage::extrapolated;
use super::grid_setting::GridProblem;
use super::interpolation::Weights;
use super::rows::{Row, Rows};
use super::unfit;
use crate::density::master::{
    KramersMoyal, LawMoments, MomentQuestion, SgdStep, exact_moments, grid_moments,
};
use crate::density::{DiffusionProcess, Evolution, Grid, Solver, generator};
use crate::noise::Noise;
use crate::statistics::{LinearFit, linear_fit};
use crate::study::{Approximation, Density};
use crate::theory::Interpretation;

/// The error of each step of time, in probability.
const TOLERANCE: f64 = 1e-9;
/// Errors count where they stand out of the uncertainty of the exact value so many times.
const CLEAR: f64 = 10.0;
const CONFIDENCE: f64 = 0.95;

impl Approximation {
    fn name(self) -> &'static str {
        match self {
            Self::Sde => "sde",
            Self::Sme2 => "sme2",
            Self::FokkerPlanck => "fokker-planck",
        }
    }
}

/// A row for each approximation and moment of `step`.
pub(super) fn orders(
    problem: &GridProblem,
    step: SgdStep<'_>,
    question: &Density,
    mut push: impl FnMut(Row),
) -> Result<(), RunError> {
    let Some([start]) = question.start.as_deref() else {
        return Err(unfit(
            "density.start",
            "absent",
            "moments after a time are compared: say where SGD starts",
        ));
    };
    let Some(noise) = step.noise else {
        return Err(unfit("noise", "absent", "without noise there is no law to compare"));
    };
    let steps = (question.horizon.unwrap_or(1.0) / step.learning_rate).round().max(1.0);
    let grid = problem.grid(1)?;
    let exact = exact_moments(
        &step,
        &MomentQuestion {
            bounds: problem.ends()[0],
            cells: grid.cells(),
            start: *start,
            steps: steps as u64,
        },
    )?;
    for &approximation in &question.approximations {
        let approximate = Approximate { problem, step, noise, start: *start, steps };
        let moments = approximate.moments(approximation)?;
        let rows = moments.named().into_iter().zip(exact.moments.named()).zip(exact.uncertainty.named());
        for (((quantity, value), (_, truth)), (_, uncertainty)) in rows {
            let mut row = Row::default();
            row.text("approximation", approximation.name()).text("quantity", quantity);
            row.maybe("value", Some(value).filter(|value| value.is_finite()));
            row.number("value_exact", truth).number("value_exact_error", uncertainty);
            row.maybe("error", Some(value - truth).filter(|error| error.is_finite()));
            row.count("steps", steps as u64);
            push(row);
        }
    }
    Ok(())
}

/// Approximations of one step of SGD.
struct Approximate<'a> {
    problem: &'a GridProblem,
    step: SgdStep<'a>,
    noise: &'a dyn Noise<f64>,
    start: f64,
    steps: f64,
}

impl Approximate<'_> {
    /// The moments on cells of width w and 2w, extrapolated.
    fn moments(&self, approximation: Approximation) -> Result<LawMoments, RunError> {
        let [fine, coarse] = [1, 2].map(|coarser| self.on_grid(approximation, coarser));
        let (fine, coarse) = (fine?, coarse?);
        let value = |pick: fn(&LawMoments) -> f64| extrapolated(pick(&fine), Some(pick(&coarse))).0;
        Ok(LawMoments {
            stationary_variance: value(|moments| moments.stationary_variance),
            mean: value(|moments| moments.mean),
            variance: value(|moments| moments.variance),
        })
    }

    fn on_grid(&self, approximation: Approximation, coarser: usize) -> Result<LawMoments, RunError> {
        let grid = self.problem.grid(coarser)?;
        let process = match approximation {
            Approximation::Sde => self.process(DiffusionProcess::stochastic_gradient)?,
            Approximation::Sme2 => self.process(DiffusionProcess::modified_equation)?,
            Approximation::FokkerPlanck => return self.difference_equation(&grid),
        };
        let chain = generator(&process, &grid, Interpretation::Ito)?;
        let law = self.problem.solver.stationary(&chain)?;
        let mut evolution = Evolution::new(&chain, &self.problem.solver, &self.first(&grid), TOLERANCE)?;
        evolution.advance(self.steps * self.step.learning_rate)?;
        Ok(moments(&grid, &law, Some(evolution.masses())))
    }

    fn process<B>(&self, build: B) -> Result<DiffusionProcess, RunError>
    where
        B: Fn(
            &crate::landscape::Field<f64>,
            std::sync::Arc<dyn Noise<f64>>,
            f64,
        ) -> Result<DiffusionProcess, crate::density::DensityError>,
    {
        let Some(noise) = self.problem.noise() else {
            return Err(unfit("noise", "absent", "an equation of SGD needs the noise of its gradients"));
        };
        Ok(build(self.step.field, noise, self.step.learning_rate)?)
    }

    /// The Fokker–Planck equation in steps, to order η²: mean −ηg and second moment η²(C + g²) of a step.
    fn difference_equation(&self, grid: &Grid) -> Result<LawMoments, RunError> {
        let rate = self.step.learning_rate;
        let slope = |x: f64| self.step.field.gradient_at(&[x])[0];
        let equation = KramersMoyal::new(
            grid,
            |x| -rate * slope(x),
            |x| rate * rate * (noise_variance_at(self.noise, x) + slope(x).powi(2)),
        )?;
        let law = equation.stationary()?;
        // On cells narrower than a step the difference equation amplifies what is rough: it then has no transient law.
        let later = equation.iterate(&self.first(grid), self.steps as u64).ok();
        Ok(moments(grid, &law, later.as_deref()))
    }

    fn first(&self, grid: &Grid) -> Vec<f64> {
        let cells: Vec<usize> = (0..grid.cells()).collect();
        Weights::at(grid, &[self.start], &cells).law(grid.cells())
    }
}

fn moments(grid: &Grid, law: &[f64], later: Option<&[f64]>) -> LawMoments {
    let later = later.map(|masses| grid_moments(grid, masses));
    LawMoments {
        stationary_variance: grid_moments(grid, law).covariance[0],
        mean: later.as_ref().map_or(f64::NAN, |moments| moments.mean[0]),
        variance: later.as_ref().map_or(f64::NAN, |moments| moments.covariance[0]),
    }
}

/// An approximation's errors in one quantity over the learning rates of a study.
pub(super) struct Order {
    pub approximation: String,
    pub quantity: String,
    /// ln|error| against ln η; `None` with fewer than three clear errors.
    pub fit: Option<LinearFit>,
    pub largest_rate: f64,
    pub largest_error: f64,
}

/// The orders of all approximations in `rows`.
pub(super) fn fitted(rows: &Rows) -> Vec<Order> {
    let mut orders: Vec<Order> = Vec::new();
    for row in rows.iter() {
        let (Some(approximation), Some(quantity)) = (row.word("approximation"), row.word("quantity")) else {
            continue;
        };
        if orders.iter().any(|order| order.approximation == approximation && order.quantity == quantity) {
            continue;
        }
        let own = |row: &&Row| {
            row.word("approximation") == Some(approximation) && row.word("quantity") == Some(quantity)
        };
        let points: Vec<(f64, f64, bool)> = rows
            .iter()
            .filter(own)
            .filter_map(|row| {
                let (rate, error) = (row.value("learning_rate")?, row.value("error")?);
                let clear = error.abs() > CLEAR * row.value("value_exact_error")?;
                Some((rate, error, clear))
            })
            .collect();
        let clear = points.iter().filter(|point| point.2);
        let (x, y): (Vec<f64>, Vec<f64>) =
            clear.map(|&(rate, error, _)| (rate.ln(), error.abs().ln())).unzip();
        let worst = points.iter().fold(
            (0.0, 0.0),
            |worst, &(rate, error, _)| {
                if rate > worst.0 { (rate, error) } else { worst }
            },
        );
        orders.push(Order {
            approximation: approximation.to_owned(),
            quantity: quantity.to_owned(),
            fit: linear_fit(&x, &y, CONFIDENCE).ok(),
            largest_rate: worst.0,
            largest_error: worst.1,
        });
    }
    orders
}
