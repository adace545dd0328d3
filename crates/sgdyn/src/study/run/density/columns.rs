//! What a law on a grid is said to be: its moments, its modes, the nearest Gibbs law, the power law of its tails.

use super::exact::Exact;
use super::{DensityCell, Settled};
use crate::density::master::{GridMoments, StepMode};
use crate::density::{GibbsFit, Grid, fit_gibbs, spectrum};
use crate::statistics::linear_fit;
use crate::study::run::RunError;
use crate::study::run::first_passage::extrapolated;
use crate::study::run::grid_setting::Chain;
use crate::study::run::rows::{Row, Rows};
use crate::study::{Cell, Noise};
use crate::theory::density_exponent;

impl DensityCell {
    /// Means and variances of the coordinates, extrapolated, and their covariances.
    pub(super) fn moment_columns(
        &self,
        fine: &GridMoments,
        coarse: Option<&GridMoments>,
        known: Option<&Exact>,
        row: &mut Row,
    ) {
        let dimension = self.problem.variables.len();
        for (i, variable) in self.problem.variables.iter().enumerate() {
            let (mean, error) = extrapolated(fine.mean[i], coarse.map(|coarse| coarse.mean[i]));
            row.number(&format!("mean_{variable}"), mean).maybe(&format!("mean_{variable}_error"), error);
            for (j, other) in self.problem.variables.iter().enumerate().take(i + 1) {
                let entry = i * dimension + j;
                let (value, error) =
                    extrapolated(fine.covariance[entry], coarse.map(|coarse| coarse.covariance[entry]));
                let name = if i == j {
                    format!("variance_{variable}")
                } else {
                    format!("covariance_{other}_{variable}")
                };
                row.number(&name, value).maybe(&format!("{name}_error"), error);
                row.maybe(
                    &format!("{name}_exact"),
                    known.and_then(|known| known.covariance.get(entry).copied()),
                );
            }
        }
    }

    /// Adds the slow modes of the settled chain.
    pub(super) fn modes(&self, cell: &Cell, settled: &Settled, modes: &mut Rows) -> Result<(), RunError> {
        let count = self.question.modes as usize;
        let unit = self.problem.time_step().unwrap_or(1.0);
        let found: Vec<(f64, f64)> = match &settled.chain {
            Chain::InTime(rates) => {
                let found = spectrum(rates, &self.problem.solver, count)?;
                found.modes.iter().map(|mode| (mode.decay, mode.frequency)).collect()
            }
            Chain::InSteps(transition) => {
                let closed = usize::from(settled.rate.is_none());
                let found = transition.slowest_modes(count + closed)?;
                // λ = e^{−(decay + i frequency)·steps}.
                let rates = |mode: &StepMode| {
                    let [real, imaginary] = mode.eigenvalue();
                    let decay = if imaginary == 0.0 {
                        -(-mode.decay[0]).ln_1p()
                    } else {
                        -real.hypot(imaginary).ln()
                    };
                    (decay / unit, imaginary.atan2(real).abs() / unit)
                };
                found.iter().skip(closed).map(rates).collect()
            }
        };
        for (number, (decay, frequency)) in found.into_iter().enumerate() {
            let mut row = Row::default();
            row.count("cell", cell.index as u64).count("mode", number as u64 + 1);
            row.number("decay", decay).number("frequency", frequency);
            modes.push(row);
        }
        Ok(())
    }

    /// The loss at the centre of each cell, where there is one and every coordinate of the grid is one of it.
    pub(super) fn losses(&self, grid: &Grid) -> Option<Vec<f64>> {
        let field = self.setting.field().filter(|field| field.dimension() == grid.dimension())?;
        field.loss.as_ref()?;
        let mut centre = vec![0.0; grid.dimension()];
        (0..grid.cells())
            .map(|cell| {
                grid.centre(cell, &mut centre);
                field.loss_at(&centre)
            })
            .collect()
    }

    /// The nearest Gibbs law, of a law that has a density.
    pub(super) fn gibbs(&self, settled: &Settled) -> Option<GibbsFit> {
        if !self.problem.refines() {
            return None;
        }
        let losses = self.losses(&settled.grid)?;
        let volumes: Vec<f64> = (0..settled.grid.cells()).map(|cell| settled.grid.volume(cell)).collect();
        fit_gibbs(&settled.masses, &volumes, &losses).ok()
    }

    /// Noise D = T·L + f makes the density a power of L + f/T: its exponent, and what theory says.
    pub(super) fn power_law(&self, cell: &Cell, settled: &Settled, row: &mut Row) {
        const LEAST_MASS: f64 = 1e-13;
        let (Some(Noise::LossProportional { scale, floor }), Some(process)) =
            (&cell.description.noise, self.problem.process())
        else {
            return;
        };
        if settled.grid.dimension() != 1 || settled.rate.is_some() {
            return;
        }
        let Some(losses) = self.losses(&settled.grid) else { return };
        let offset = floor / scale;
        let (x, y): (Vec<f64>, Vec<f64>) = settled
            .masses
            .iter()
            .enumerate()
            .filter(|&(cell, &mass)| mass > LEAST_MASS && losses[cell] > 0.0)
            .map(|(cell, mass)| ((losses[cell] + offset).ln(), (mass / settled.grid.volume(cell)).ln()))
            .unzip();
        let slope = linear_fit(&x, &y, 0.95).ok().map(|fit| -fit.slope.value);
        // D(x) = T (L + f/T) at any place gives T.
        let centre = [settled.grid.axes()[0].centre(0)];
        let temperature = process.tensor_at(&centre)[0] / (losses[0] + offset);
        row.maybe("power_law_exponent", slope);
        row.maybe("power_law_exponent_exact", density_exponent(temperature).ok());
    }
}
