//! `study = "laws"`: escape times along several sweeps, each held against a law and against exact times.

use super::RunError;
use super::cell::CellRun;
use super::escape::{EscapeCell, describe};
use super::law_theory::{LawTheory, log_on_grid};
use super::one_dimension::Line;
use super::rows::{Row, Rows};
use super::setting::Setting;
use crate::ensemble::exit::ExitSummary;
use crate::random::{Seed, Variate};
use crate::statistics::Estimate;
use crate::study::{Cell, LawAbscissa, LawOrdinate, Laws, Rule};

/// Where the exact law is looked at besides the cell's own noise: exponents as many times as large.
const COLDER: f64 = 4.0;

/// A point of a law, ready to be measured.
pub(super) struct LawCell<R: Variate> {
    escape: EscapeCell<R>,
    theory: LawTheory,
    precise: Setting<f64>,
    question: Laws,
    x: f64,
}

impl<R: Variate> LawCell<R> {
    pub(super) fn new(
        cell: &Cell,
        setting: Setting<R>,
        precise: Setting<f64>,
        question: &Laws,
    ) -> Result<Self, RunError> {
        let x = abscissa(cell, question.panel.x)?;
        let theory = LawTheory::new(cell, &precise, question)?;
        let escape = EscapeCell::new(setting, &question.escape_from(theory.minimum.clone()))?;
        // Beyond a pass a step more or less is nothing, and bridges in noise that depends on the place are slow.
        let escape = if theory.noise_depends_on_state() { escape.seen_at_steps() } else { escape };
        Ok(Self { escape, theory, precise, question: question.clone(), x })
    }

    pub(super) fn run(
        &self,
        run: &CellRun<'_>,
        replicas: u64,
        lanes: Option<u64>,
        seed: Seed,
    ) -> Result<Option<ExitSummary>, RunError> {
        self.escape.run(run, replicas, lanes, seed)
    }

    pub(super) fn dimension(&self) -> usize {
        self.precise.dimension()
    }

    /// A guess of the steps of one replica, from the prediction.
    pub(super) fn expected_steps(&self) -> Option<f64> {
        let predicted = self.theory.predicted(1.0).ok()?;
        Some((predicted.exponent + predicted.log_prefactor).exp() / self.precise.rule.time_step())
    }

    /// Adds the row of a finished cell.
    pub(super) fn report(&self, cell: &Cell, summary: &ExitSummary, rows: &mut Rows) -> Result<(), RunError> {
        let passages = if summary.corrected.is_empty() { &summary.at_steps } else { &summary.corrected };
        let Some(passage) = passages.first() else { return Ok(()) };
        let predicted = self.theory.predicted(1.0)?;
        let cold = self.theory.predicted(COLDER)?;
        // The mean of exponential times of which some are cut off: total time over exits.
        let (mean, exits) = (passage.time.mean(), passage.time.count());
        let time = if passage.censored + summary.diverged == 0 {
            mean
        } else {
            let value = passage.time_at_risk / exits as f64;
            Estimate { value, stderr: value / (exits as f64).sqrt(), n: exits }
        };
        let subtracted = |predicted: super::law_theory::Predicted| match self.question.panel.y {
            LawOrdinate::Exponent => predicted.log_prefactor,
            LawOrdinate::Time => 0.0,
            LawOrdinate::Prefactor => predicted.exponent,
        };
        let removed = subtracted(predicted);
        let exact = self.theory.log_exact(1.0, false);
        let exact = exact.or_else(|| log_on_grid(cell, &self.question, &self.theory.minimum));
        let mut row = Row::of(cell);
        row.text("panel", &self.question.panel.name);
        row.text("x_name", self.question.panel.x.symbol()).text("y_name", self.question.panel.y.symbol());
        row.number("x", self.x);
        row.number("y", time.value.ln() - removed).number("y_stderr", time.stderr / time.value);
        row.number("y_predicted", predicted.exponent + predicted.log_prefactor - removed);
        row.maybe("y_exact", exact.map(|log| log - removed));
        row.maybe("y_exact_chain", self.log_chain(cell).map(|log| log - removed));
        if self.question.panel.y == LawOrdinate::Exponent {
            let colder = self.theory.log_exact(COLDER, false).map(|log| (log - cold.log_prefactor) / COLDER);
            row.maybe("y_exact_colder", colder);
        }
        if self.question.panel.y == LawOrdinate::Prefactor {
            row.maybe("y_exact_other", self.theory.log_exact(1.0, true).map(|log| log - removed));
            row.truth("is_ito", self.theory.is_ito());
            let other = self.theory.other_prefactor();
            row.maybe("y_predicted_other", other.map(|ratio| predicted.log_prefactor + ratio));
        }
        row.number("confidence", self.question.confidence);
        describe(cell, &mut row);
        row.number("sharpness", cell.description.sharpness);
        row.estimate("escape_time", time);
        row.number("escape_time_predicted", (predicted.exponent + predicted.log_prefactor).exp());
        row.maybe("escape_time_exact", exact.map(f64::exp));
        row.number("exponent_predicted", predicted.exponent);
        row.number("log_prefactor_predicted", predicted.log_prefactor);
        let broken = self.theory.broken(cell.description.noise.as_ref());
        row.text("broken", &broken.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "));
        row.count("exits", exits).count("censored", passage.censored).count("diverged", summary.diverged);
        rows.push(row);
        Ok(())
    }

    /// ln of the exact mean time of the chain that a discrete rule is, in one dimension.
    fn log_chain(&self, cell: &Cell) -> Option<f64> {
        let discrete = matches!(cell.description.rule, Rule::Sgd { .. } | Rule::Sgld { .. });
        let line = Line::new(cell, &self.precise).filter(|_| discrete)?;
        let target = self.precise.condition("laws.target", self.question.target.first()?).ok()?;
        line.chain(self.theory.minimum[0], &target.half_space()?).map(f64::ln)
    }
}

/// What the law is linear in, in a cell.
fn abscissa(cell: &Cell, x: LawAbscissa) -> Result<f64, RunError> {
    let sharpness = cell.description.sharpness;
    let (rate, batch) = match &cell.description.rule {
        Rule::Sgd { step, .. } | Rule::Sgld { step, .. } => {
            (Some(step.learning_rate), Some(step.batch_size as f64))
        }
        Rule::Sde { diffusion, .. } => (Some(diffusion.learning_rate), Some(diffusion.batch_size as f64)),
        _ => (None, None),
    };
    let beta = match &cell.description.rule {
        Rule::Langevin { beta, .. } | Rule::Sgld { beta, .. } => Some(*beta),
        _ => None,
    };
    let value = match x {
        LawAbscissa::InverseSharpness => Some(1.0 / sharpness),
        LawAbscissa::LogSharpness => Some(sharpness.ln()),
        LawAbscissa::BatchSize => batch,
        LawAbscissa::InverseLearningRate => rate.map(|rate| 1.0 / rate),
        LawAbscissa::InverseDiffusion => beta,
        LawAbscissa::NoiseScale => rate.zip(batch).map(|(rate, batch)| rate / batch),
    };
    value.ok_or_else(|| {
        let remedy =
            "the rule of this panel has none: B and η belong to sgd, sgld and sde, 1/D to langevin and sgld";
        super::unfit("panel.x", x.symbol(), remedy)
    })
}

#[cfg(test)]
mod tests;
