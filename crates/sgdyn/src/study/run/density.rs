//! `study = "density"`: stationary densities and densities over time on a grid, what flows in them, and how far from a
//! Gibbs law they are.

mod columns;
mod ensemble;
mod exact;
mod table;

use self::ensemble::{bins, compare};
use self::exact::exact;
pub(super) use self::exact::noise_variance_at;
use self::table::density_rows;
use super::cell::CellRun;
use super::escape::describe;
use super::first_passage::extrapolated;
use super::grid_setting::{Chain, GridProblem};
use super::interpolation::Weights;
use super::orders::orders;
use super::rows::{Row, Rows};
use super::setting::Setting;
use super::{RunError, unfit};
use crate::density::master::{GridMoments, SgdStep, grid_moments};
use crate::density::{
    Evolution, Face, Grid, ProbabilityCurrent, QuasiStationary, Rates, Solver, edge_mass, entropy_production,
};
use crate::ensemble::horizon::HorizonSummary;
use crate::random::Seed;
use crate::study::{Cell, Density as Question};

/// The error of each step of time, in probability.
const TOLERANCE: f64 = 1e-7;

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
                (law.masses, Some(-(-law.rate).ln_1p() / self.problem.time_step().unwrap_or(1.0)))
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
        let step = SgdStep { field, noise: None, learning_rate: self.problem.time_step().unwrap_or(1.0) };
        step.stability_limit(&minimum[..field.dimension()])?;
        Ok(())
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
