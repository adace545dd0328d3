//! `study = "density"`: stationary densities and densities over time on a grid, what flows in them, and how far from a
//! Gibbs law they are.

use super::RunError;
use super::cell::CellRun;
use super::density_exact::{Exact, exact};
use super::density_table::density_rows;
use super::escape::describe;
use super::first_passage::extrapolated;
use super::grid_setting::{Chain, GridProblem};
use super::interpolation::Weights;
use super::lanes_for;
use super::orders::orders;
use super::rows::{Row, Rows};
use super::setting::Setting;
use super::unfit;
use crate::density::master::{GridMoments, grid_moments};
use crate::density::{
    Evolution, Face, GibbsFit, Grid, ProbabilityCurrent, QuasiStationary, Rates, Solver, edge_mass,
    entropy_production, fit_gibbs, spectrum,
};
use crate::ensemble::horizon::{HorizonProgram, HorizonSummary, Observations};
use crate::ensemble::{Start, Units};
use crate::observe::{Bins, Projection};
use crate::random::Seed;
use crate::statistics::{ChiSquareTest, chi_square_goodness_of_fit, linear_fit};
use crate::study::{Cell, Density as Question, Noise};
use crate::theory::density_exponent;

/// The error of each step of time, in probability.
const TOLERANCE: f64 = 1e-7;
/// Bins of a histogram along each coordinate, at most.
const MOST_BINS: [usize; 3] = [60, 24, 10];
/// Bins in which fewer counts are expected are joined.
const FEWEST_EXPECTED: f64 = 10.0;

/// A density cell, ready to run.
pub(super) struct DensityCell {
    problem: GridProblem,
    setting: Setting<f64>,
    question: Question,
    /// The times, or steps, at which the density is wanted.
    times: Vec<f64>,
}

/// The tables of a density study.
pub(super) struct Tables<'a> {
    pub rows: &'a mut Rows,
    pub densities: &'a mut Rows,
    pub modes: &'a mut Rows,
    pub orders: &'a mut Rows,
}

/// The law that a chain settles to on one grid.
struct Settled {
    grid: Grid,
    chain: Chain,
    masses: Vec<f64>,
    /// The rate of leaving; none if nothing leaves and the law is stationary.
    rate: Option<f64>,
    moments: GridMoments,
    flow: Option<Flow>,
    /// What the box holds back: the most mass next to a face, or the mass that a step would carry out of it.
    edge_mass: f64,
}

/// What flows in a stationary law.
struct Flow {
    current: ProbabilityCurrent,
    largest: f64,
    production: f64,
}

impl DensityCell {
    pub(super) fn new(cell: &Cell, setting: Setting<f64>, question: &Question) -> Result<Self, RunError> {
        let times = if question.steps.is_empty() { &question.times } else { &question.steps };
        let key = if question.steps.is_empty() { "density.times" } else { "density.steps" };
        if question.start.is_none() && !times.is_empty() {
            return Err(unfit(
                "density.start",
                "absent",
                format!("`{key}` needs a point where all mass starts"),
            ));
        }
        if let Some((earlier, later)) =
            times.iter().zip(times.iter().skip(1)).find(|(earlier, later)| earlier >= later)
        {
            return Err(unfit(key, format!("{earlier} then {later}"), "they must ascend"));
        }
        if let Some(step) = question.steps.iter().find(|step| step.fract() != 0.0 || **step > 1e12) {
            return Err(unfit("density.steps", step, "steps are whole numbers up to 10¹²"));
        }
        let problem = GridProblem::new(&cell.description, &setting, question.start.as_deref(), &[])?;
        if question.ensemble && times.is_empty() {
            return Err(unfit("density.ensemble", "true", format!("it is compared at times: give `{key}`")));
        }
        Ok(Self { problem, setting, question: question.clone(), times: times.clone() })
    }

    /// The number of cells, of dimensions, and about how many solves they take.
    pub(super) fn size(&self) -> Result<(usize, usize, f64), RunError> {
        let grid = self.problem.grid(1)?;
        let solves = 1.0 + 30.0 * self.times.len() as f64 + self.question.modes as f64;
        Ok((grid.cells(), grid.dimension(), solves))
    }

    /// Solves the cell; `false` if the ensemble was stopped.
    pub(super) fn run(
        &self,
        run: &CellRun<'_>,
        cell: &Cell,
        seed: Seed,
        tables: &mut Tables<'_>,
    ) -> Result<bool, RunError> {
        if !self.question.approximations.is_empty() {
            return self.approximations(cell, tables).map(|()| true);
        }
        let fine = self.settled(1)?;
        let coarse = if self.problem.refines() { self.settled(2).ok() } else { None };
        self.check_stability(&fine)?;
        self.settled_row(cell, &fine, coarse.as_ref(), tables);
        if self.question.modes > 0 {
            self.modes(cell, &fine, tables.modes)?;
        }
        if self.times.is_empty() {
            return Ok(true);
        }
        let bins = bins(&fine.grid);
        let ensemble = if self.question.ensemble {
            let Some(summary) = self.ensemble(run, cell, &bins, seed)? else { return Ok(false) };
            Some(summary)
        } else {
            None
        };
        self.transient(cell, &fine, &bins, ensemble.as_ref(), tables)?;
        Ok(true)
    }

    fn settled(&self, coarser: usize) -> Result<Settled, RunError> {
        let grid = self.problem.grid(coarser)?;
        let chain = self.problem.chain(&grid)?;
        let open = chain.rates().exits().iter().any(|&exit| exit > 0.0);
        let solver = &self.problem.solver;
        let (masses, rate) = match &chain {
            Chain::InTime(rates) if open => {
                let law = QuasiStationary::new(rates, &*solver.resolvent(rates)?)?;
                (law.masses, Some(law.rate))
            }
            Chain::InTime(rates) => (solver.stationary(rates)?, None),
            Chain::InSteps(transition) if open => {
                let law = transition.quasi_stationary()?;
                (law.masses, Some(-(-law.exit_probability).ln_1p() / self.problem.time_step().unwrap_or(1.0)))
            }
            Chain::InSteps(transition) => (transition.stationary()?, None),
        };
        let flow = match &chain {
            Chain::InTime(rates) => self.flow(rates, &grid, &masses)?,
            Chain::InSteps(_) => None,
        };
        let moments = grid_moments(&grid, &masses);
        let edge_mass = match &chain {
            Chain::InTime(_) => {
                edge_mass(&grid, &masses).iter().flatten().fold(0.0, |most, &mass| f64::max(most, mass))
            }
            Chain::InSteps(transition) => transition.mass_beyond(&masses),
        };
        Ok(Settled { grid, chain, masses, rate, moments, flow, edge_mass })
    }

    /// Currents of a diffusion; Lévy flights jump and have none, and on a line that does not close nothing flows.
    fn flow(&self, rates: &Rates, grid: &Grid, masses: &[f64]) -> Result<Option<Flow>, RunError> {
        let ring = grid.axes().iter().any(|axis| axis.ends().0 == Face::Periodic);
        let Some(process) = self.problem.process().filter(|_| ring || grid.dimension() > 1) else {
            return Ok(None);
        };
        let current = ProbabilityCurrent::new(rates, grid, masses)?;
        let mut production = entropy_production(rates, masses)?;
        if !production.is_finite() {
            production = current.dissipation(process, grid, masses)?;
        }
        let largest = current.largest(grid).0;
        Ok(Some(Flow { current, largest, production }))
    }

    /// Refuses a learning rate at which the reflecting box alone keeps SGD near its minimum.
    fn check_stability(&self, settled: &Settled) -> Result<(), RunError> {
        const KEPT_BY_THE_BOX: f64 = 1e-6;
        let (Chain::InSteps(_), Some(field)) = (&settled.chain, self.setting.field()) else { return Ok(()) };
        if settled.rate.is_some() || settled.edge_mass < KEPT_BY_THE_BOX {
            return Ok(());
        }
        let losses = self.losses(&settled.grid);
        let Some(least) = losses
            .as_ref()
            .and_then(|losses| (0..losses.len()).min_by(|&a, &b| losses[a].total_cmp(&losses[b])))
        else {
            return Ok(());
        };
        let mut minimum = vec![0.0; settled.grid.dimension()];
        settled.grid.centre(least, &mut minimum);
        let step = crate::density::master::SgdStep {
            field,
            noise: None,
            learning_rate: self.problem.time_step().unwrap_or(1.0),
        };
        step.stability_limit(&minimum[..field.dimension()])?;
        Ok(())
    }

    /// The loss at the centre of each cell, where there is one and every coordinate of the grid is one of it.
    fn losses(&self, grid: &Grid) -> Option<Vec<f64>> {
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

    fn settled_row(&self, cell: &Cell, fine: &Settled, coarse: Option<&Settled>, tables: &mut Tables<'_>) {
        let mut row = Row::of(cell);
        describe(cell, &mut row);
        row.text("law", if fine.rate.is_some() { "quasi-stationary" } else { "stationary" });
        let known = exact(&self.problem, &self.setting, &cell.description);
        self.moment_columns(&fine.moments, coarse.map(|coarse| &coarse.moments), known.as_ref(), &mut row);
        if let Some(rate) = fine.rate {
            let (rate, error) = extrapolated(rate, coarse.and_then(|coarse| coarse.rate));
            row.number("rate", rate).maybe("rate_error", error);
        }
        if let Some(flow) = &fine.flow {
            let before = coarse.and_then(|coarse| coarse.flow.as_ref());
            let (production, error) = extrapolated(flow.production, before.map(|flow| flow.production));
            row.number("entropy_production", production).maybe("entropy_production_error", error);
            row.maybe("entropy_production_exact", known.as_ref().and_then(|known| known.entropy_production));
            let (largest, error) = extrapolated(flow.largest, before.map(|flow| flow.largest));
            row.number("largest_current", largest).maybe("largest_current_error", error);
            row.maybe("largest_current_exact", known.as_ref().and_then(|known| known.largest_current));
        }
        if let Some(fit) = self.gibbs(fine) {
            row.number("gibbs_temperature", fit.temperature).number("gibbs_divergence", fit.divergence);
            row.number("gibbs_total_variation", fit.total_variation);
        }
        self.power_law(cell, fine, &mut row);
        row.number("edge_mass", fine.edge_mass).count("cells", fine.grid.cells() as u64);
        tables.rows.push(row);
        let current = fine.flow.as_ref().map(|flow| &flow.current);
        density_rows(cell, &self.problem, &fine.grid, None, &fine.masses, current, None, tables.densities);
    }

    /// The nearest Gibbs law, of a law that has a density.
    fn gibbs(&self, settled: &Settled) -> Option<GibbsFit> {
        if !self.problem.refines() {
            return None;
        }
        let losses = self.losses(&settled.grid)?;
        let volumes: Vec<f64> = (0..settled.grid.cells()).map(|cell| settled.grid.volume(cell)).collect();
        fit_gibbs(&settled.masses, &volumes, &losses).ok()
    }

    /// Noise D = T·L + f makes the density a power of L + f/T: its exponent, and what theory says.
    fn power_law(&self, cell: &Cell, settled: &Settled, row: &mut Row) {
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

    /// Means and variances of the coordinates, extrapolated, and their covariances.
    fn moment_columns(
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

    fn modes(&self, cell: &Cell, settled: &Settled, modes: &mut Rows) -> Result<(), RunError> {
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
                let rates = |mode: &crate::density::master::StepMode| {
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

    fn ensemble(
        &self,
        run: &CellRun<'_>,
        cell: &Cell,
        bins: &[Vec<usize>],
        seed: Seed,
    ) -> Result<Option<HorizonSummary>, RunError> {
        let rule = &*self.setting.rule;
        let dimension = rule.dimension();
        if dimension != self.problem.variables.len() {
            let remedy = "an ensemble is compared where the grid has the landscape's own coordinates";
            return Err(unfit("density.ensemble", "true", remedy));
        }
        if self.problem.grid(1)?.axes().iter().any(|axis| {
            let ends = axis.ends();
            ends.0 == Face::Periodic || ends.1 == Face::Absorbing || ends.0 == Face::Absorbing
        }) {
            let remedy =
                "replicas know no walls: compare them in a box with reflecting faces that nothing reaches";
            return Err(unfit("grid.faces", "absorbing or periodic", remedy));
        }
        let grid = self.problem.grid(1)?;
        let edges = grid
            .axes()
            .iter()
            .zip(bins)
            .map(|(axis, bins)| bins.iter().map(|&face| axis.faces()[face]).collect());
        let step = rule.time_step();
        let in_steps = self.problem.time_step().is_some();
        let steps = |time: &f64| if in_steps { *time as u64 } else { (time / step).round() as u64 };
        let snapshots: Vec<u64> = self.times.iter().map(steps).collect();
        let off = self
            .times
            .iter()
            .zip(&snapshots)
            .find(|(time, steps)| !in_steps && (**steps as f64 * step / **time - 1.0).abs() > 1e-9);
        if let Some((time, _)) = off {
            let remedy =
                format!("times that an ensemble is compared at are multiples of rule.step_size = {step}");
            return Err(unfit("density.times", time, remedy));
        }
        let ensemble = &cell.description.ensemble;
        let last = snapshots.last().copied().unwrap_or(0);
        let observations = Observations {
            projection: Projection::coordinates(vec![0.0; dimension]),
            snapshots,
            covariance: false,
            displacement: false,
            logarithms: false,
            quantiles: false,
            histogram: Some(Bins::new(edges.collect())),
            average: None,
            paths: 0,
        };
        let start = Start::Point(self.question.start.clone().unwrap_or_default());
        let program = HorizonProgram { rule, start: &start, steps: last, observations: &observations, seed };
        let lanes = lanes_for::<f64>(dimension, rule.memory_blocks(), ensemble.lanes);
        run.run(&program, Units::new(ensemble.replicas, lanes as u64))
    }

    /// The density at the times asked for.
    fn transient(
        &self,
        cell: &Cell,
        settled: &Settled,
        bins: &[Vec<usize>],
        ensemble: Option<&HorizonSummary>,
        tables: &mut Tables<'_>,
    ) -> Result<(), RunError> {
        let Some(start) = &self.question.start else { return Ok(()) };
        let grid = &settled.grid;
        let cells: Vec<usize> = (0..grid.cells()).collect();
        let start = Weights::at(grid, start, &cells).law(grid.cells());
        let mut evolution = match &settled.chain {
            Chain::InTime(rates) => Some(Evolution::new(rates, &self.problem.solver, &start, TOLERANCE)?),
            Chain::InSteps(_) => None,
        };
        let (mut masses, mut done) = (start.clone(), 0);
        for (index, &time) in self.times.iter().enumerate() {
            let mut row = Row::of(cell);
            describe(cell, &mut row);
            row.text("law", "transient");
            match (&mut evolution, &settled.chain) {
                (Some(evolution), _) => {
                    evolution.advance(time)?;
                    masses.copy_from_slice(evolution.masses());
                    row.number("time", time).number("time_error", evolution.estimated_error());
                }
                (None, Chain::InSteps(transition)) => {
                    let steps = time as u64;
                    masses = transition.after(&masses, steps - done)?.masses;
                    done = steps;
                    row.count("steps", steps);
                    row.number("time", time * self.problem.time_step().unwrap_or(1.0));
                }
                (None, Chain::InTime(_)) => {}
            }
            row.number("surviving", masses.iter().sum());
            self.moment_columns(&grid_moments(grid, &masses), None, None, &mut row);
            let counts = ensemble.and_then(|summary| summary.snapshots.get(index));
            let counts = counts.map(|snapshot| &snapshot.histogram[..]);
            if let Some(test) = counts.and_then(|counts| compare(grid, bins, &masses, counts)) {
                row.number("chi_square", test.statistic).count("degrees_of_freedom", test.degrees_of_freedom);
                row.number("p_value", test.p_value);
            }
            row.count("cells", grid.cells() as u64);
            tables.rows.push(row);
            let histogram = counts.map(|counts| (bins, counts));
            density_rows(cell, &self.problem, grid, Some(time), &masses, None, histogram, tables.densities);
        }
        Ok(())
    }

    fn approximations(&self, cell: &Cell, tables: &mut Tables<'_>) -> Result<(), RunError> {
        let Some(step) = self.problem.sgd() else {
            let remedy = "approximations are compared for sgd with Gaussian noise in one dimension";
            return Err(unfit(
                "density.approximations",
                format!("{:?}", self.question.approximations),
                remedy,
            ));
        };
        orders(&self.problem, step, &self.question, |mut row| {
            let mut full = Row::of(cell);
            describe(cell, &mut full);
            full.append(&mut row);
            tables.rows.push(full.clone());
            tables.orders.push(full);
        })
    }
}

/// Bins of whole cells.
fn bins(grid: &Grid) -> Vec<Vec<usize>> {
    let most = MOST_BINS[grid.dimension() - 1];
    let line = |cells: usize| {
        let stride = cells.div_ceil(most);
        (0..cells).step_by(stride).chain([cells]).collect()
    };
    grid.axes().iter().map(|axis| line(axis.cells())).collect()
}

/// The χ² test of counts in bins against masses; `None` where too few counts are expected anywhere.
fn compare(grid: &Grid, bins: &[Vec<usize>], masses: &[f64], counts: &[u64]) -> Option<ChiSquareTest> {
    let expected = binned(grid, bins, masses);
    let total: u64 = counts.iter().sum();
    // What is rare, and what lies outside the box, is one bin.
    let (mut observed, mut probabilities) = (vec![0], vec![0.0]);
    for (&count, &mass) in counts.iter().zip(&expected) {
        if mass * total as f64 >= FEWEST_EXPECTED {
            observed.push(count);
            probabilities.push(mass);
        } else {
            observed[0] += count;
            probabilities[0] += mass;
        }
    }
    observed[0] += counts.last().copied().unwrap_or(0);
    if probabilities[0] * total as f64 <= 1.0 {
        let (count, mass) = (observed.remove(0), probabilities.remove(0));
        *observed.last_mut()? += count;
        *probabilities.last_mut()? += mass;
    }
    chi_square_goodness_of_fit(&observed, &probabilities, 0).ok()
}

/// The mass of each bin.
pub(super) fn binned(grid: &Grid, bins: &[Vec<usize>], masses: &[f64]) -> Vec<f64> {
    let counts: Vec<usize> = bins.iter().map(|bins| bins.len() - 1).collect();
    let mut sums = vec![0.0; counts.iter().product()];
    for (cell, &mass) in masses.iter().enumerate() {
        let place = grid.place(cell);
        let bin = bins.iter().zip(&counts).zip(place).fold(0, |bin, ((bins, count), index)| {
            bin * count + bins.partition_point(|&face| face <= index) - 1
        });
        sums[bin] += mass;
    }
    sums
}
