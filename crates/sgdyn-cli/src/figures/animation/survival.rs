//! The survival curve of the whole ensemble, drawn up to a time, beside exponential laws.

use super::rows_of;
use crate::figures::{BARS, labels};
use sgdyn::study::{Question, Results, Study};
use sgdyn_report::{Axis, Dash, Panel, Series};

/// The lowest fraction on a logarithmic axis.
pub(super) const LOWEST: f64 = 0.02;

/// Survival of a cell's ensemble at its last target, with what theory says.
pub(super) struct Survival {
    times: Vec<f64>,
    values: Vec<f64>,
    errors: Vec<f64>,
    /// Mean escape times and what they come from.
    means: Vec<(f64, String)>,
}

impl Survival {
    /// Nothing if the cell has not been run.
    pub(super) fn of(study: &Study, results: &Results, cell: usize) -> Option<Self> {
        let Question::Escape(question) = study.cell(cell).ok()?.description.question else { return None };
        let target = question.target.last()?;
        let rows = rows_of(study, &results.rows, cell, target)?;
        let known = |column: &str, name: String| Some((rows.first_number(column)?, name));
        let exact = known("escape_time_exact", "exact".to_owned())
            .or_else(|| known("escape_time_exact_chain", "exact".to_owned()));
        let predicted = rows.columns().filter_map(|column| {
            let theory = column.strip_prefix("escape_time_predicted_")?;
            known(column, labels::theory(theory))
        });
        let mut means: Vec<_> = exact.into_iter().chain(predicted.take(1)).collect();
        if means.is_empty() {
            means.extend(known("escape_time", "measured".to_owned()));
        }
        means.retain(|(mean, _)| mean.is_finite() && *mean > 0.0);
        let mut survival = Self { times: vec![0.0], values: vec![1.0], errors: vec![0.0], means };
        let table = results.details.iter().find(|table| table.name() == "survival");
        if let Some(curve) = table.and_then(|table| rows_of(study, table, cell, target)) {
            let curve = curve.sorted_by("time");
            survival.times.extend(curve.numbers("time")?);
            survival.values.extend(curve.numbers("survival")?);
            survival.errors.extend(curve.numbers("survival_stderr")?);
        }
        (survival.times.len() > 1 || !survival.means.is_empty()).then_some(survival)
    }

    /// When only this share is left; the last time known if that never comes.
    pub(super) fn time_when_left(&self, share: f64) -> f64 {
        let after = self.values.iter().position(|value| *value <= share);
        let last = self.times.iter().copied().fold(0.0, f64::max);
        let seen = after.map_or(last, |index| self.times[index]);
        if seen > 0.0 { seen } else { self.means.first().map_or(1.0, |mean| mean.0) }
    }

    /// The curve up to `time`, and the laws as a whole up to `end`.
    pub(super) fn panel(&self, time: f64, end: f64, label: &str, log: bool) -> Panel {
        let axis = if log {
            Axis::log("S(t), logarithmic").range(LOWEST, 1.0)
        } else {
            Axis::linear("fraction not escaped, S(t)").range(0.0, 1.02)
        };
        let mut panel = Panel::new(Axis::linear(label).range(0.0, end), axis);
        let dashes = [Dash::Dashed, Dash::Dotted];
        for ((mean, name), dash) in self.means.iter().zip(dashes) {
            let at = |index: u32| end * f64::from(index) / 100.0;
            let times: Vec<f64> = (0..=100).map(at).collect();
            let law = times.iter().map(|time| (-time / mean).exp()).collect::<Vec<_>>();
            let law = Series::line(times, law).ink().dash(dash);
            panel = panel.series(if log { law } else { law.label(format!("exponential, {name} mean")) });
        }
        let seen = self.times.partition_point(|other| *other <= time);
        let floor = if log { LOWEST } else { 0.0 };
        let edge = |sign: f64| -> Vec<f64> {
            let pairs = self.values.iter().zip(&self.errors).take(seen);
            pairs.map(|(value, error)| (value + sign * BARS * error).clamp(floor, 1.0)).collect()
        };
        let mut times = self.times[..seen].to_vec();
        panel = panel.series(Series::band(times.clone(), edge(-1.0), edge(1.0)).color(0));
        let mut values = self.values[..seen].to_vec();
        let now = values.last().copied().unwrap_or(1.0);
        times.push(time);
        values.push(now);
        let curve = Series::steps(times, values).color(0).heavy();
        panel = panel.series(if log { curve } else { curve.label("all replicas") });
        panel.series(Series::points([time], [now.max(floor)]).color(0))
    }
}
