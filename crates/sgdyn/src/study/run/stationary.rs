//! `study = "stationary"`: variances about a minimum, mode by mode, against linear predictions with nothing fitted.

use super::RunError;
use super::cell::CellRun;
use super::minimum::{Analysis, Predictions};
use super::rows::{Row, Rows};
use super::setting::Setting;
use super::{lanes_for, unfit};
use crate::ensemble::horizon::{Average, HorizonProgram, HorizonSummary, Observations};
use crate::ensemble::{Start, Units};
use crate::noise::cholesky;
use crate::observe::{Projection, TimeAverage, TimeHistogram};
use crate::random::{Seed, Variate};
use crate::statistics::Estimate;
use crate::study::{Cell, Description, Rule, Stationary, StationaryTheory};

/// Points of a tail that a table holds.
const TAIL_POINTS: usize = 300;
/// The shares of the largest values that a tail exponent is read from, the first that agrees with a tenth of itself.
const TAIL_SHARES: [f64; 4] = [1e-2, 3e-3, 1e-3, 3e-4];
/// Fewer values than this give no exponent.
const FEWEST_IN_TAIL: f64 = 100.0;

/// A stationary cell, ready to run.
pub(super) struct StationaryCell<R: Variate> {
    setting: Setting<R>,
    analysis: Analysis,
    predictions: Predictions,
    start: Start,
    observations: Observations,
    steps: u64,
    question: Stationary,
}

impl<R: Variate> StationaryCell<R> {
    pub(super) fn new(
        setting: Setting<R>,
        analysis: Analysis,
        description: &Description,
        question: &Stationary,
    ) -> Result<Self, RunError> {
        let predictions = analysis.predictions(description, &question.theories);
        let start = start(&analysis, &predictions, question)?;
        let observations = Observations {
            projection: Projection {
                reference: analysis.minimum.clone(),
                directions: analysis.directions.clone(),
            },
            snapshots: if question.tail { vec![question.burn_in + question.steps] } else { Vec::new() },
            covariance: false,
            displacement: false,
            logarithms: false,
            quantiles: question.tail,
            histogram: None,
            average: Some(Average { burn_in: question.burn_in, every: question.every }),
            paths: 0,
        };
        let steps = question.burn_in + question.steps;
        if steps >= 1 << 40 {
            return Err(unfit("stationary.steps", steps, "a replica can make 2⁴⁰ steps at most"));
        }
        Ok(Self { setting, analysis, predictions, start, observations, steps, question: question.clone() })
    }

    /// The number of coordinates.
    pub(super) fn dimension(&self) -> usize {
        self.setting.dimension()
    }

    /// The steps of each replica.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    pub(super) fn run(
        &self,
        run: &CellRun<'_>,
        replicas: u64,
        lanes: Option<u64>,
        seed: Seed,
    ) -> Result<Option<HorizonSummary>, RunError> {
        let lanes = lanes_for::<R>(self.setting.dimension(), self.setting.rule.memory_blocks(), lanes);
        let program = HorizonProgram {
            rule: &*self.setting.rule,
            start: &self.start,
            steps: self.steps,
            observations: &self.observations,
            seed,
        };
        run.run(&program, Units::new(replicas, lanes as u64))
    }

    /// Adds a row for each mode.
    pub(super) fn report(&self, cell: &Cell, summary: &HorizonSummary, rows: &mut Rows, tail: &mut Rows) {
        let slowest =
            self.analysis.eigenvalues.iter().copied().filter(|&h| h > 0.0).fold(f64::INFINITY, f64::min);
        let relaxation = 1.0 / (self.setting.rule.time_step() * slowest);
        for (mode, &eigenvalue) in self.analysis.eigenvalues.iter().enumerate() {
            let mut row = Row::of(cell);
            describe(&cell.description.rule, &mut row);
            row.count("mode", mode as u64).number("eigenvalue", eigenvalue);
            let missing = Estimate { value: f64::NAN, stderr: f64::NAN, n: 0 };
            let average = summary.averages.get(mode);
            row.estimate("variance", average.map_or(missing, TimeAverage::variance));
            for (theory, variances) in &self.predictions.variances {
                row.maybe(&format!("variance_predicted_{theory}"), variances.as_ref().map(|all| all[mode]));
            }
            row.estimate("mean_shift", average.map_or(missing, TimeAverage::mean));
            row.count("replicas", average.map_or(0, TimeAverage::count));
            row.count("diverged", summary.diverged);
            row.count("burn_in", self.question.burn_in);
            row.number("burn_in_relaxation_times", self.question.burn_in as f64 / relaxation);
            if self.question.tail {
                let sketch = summary.snapshots.first().and_then(|snapshot| snapshot.sketches.get(mode));
                let magnitudes = sketch.map(crate::observe::Sketch::magnitudes).unwrap_or_default();
                row.estimate("tail_exponent", tail_exponent(&magnitudes).unwrap_or(missing));
                row.maybe("tail_exponent_exact", self.predictions.tail_exponent);
                exceedance(cell.index, mode, &magnitudes, tail);
            }
            rows.push(row);
        }
    }
}

fn describe(rule: &Rule, row: &mut Row) {
    row.text("rule", super::escape::rule_name(rule));
    match rule {
        Rule::Sgd { step, .. }
        | Rule::HeavyBall { step, .. }
        | Rule::Nesterov { step, .. }
        | Rule::Sgld { step, .. }
        | Rule::Svag { step, .. } => {
            row.number("learning_rate", step.learning_rate).count("batch_size", step.batch_size);
        }
        Rule::Sde { diffusion, integration } | Rule::Sme2 { diffusion, integration } => {
            row.number("learning_rate", diffusion.learning_rate).count("batch_size", diffusion.batch_size);
            row.number("step_size", integration.step_size);
        }
        Rule::Langevin { beta, integration } => {
            row.number("beta", *beta).number("step_size", integration.step_size);
        }
        Rule::GradientFlow {} => {}
        Rule::Levy { alpha, scale, integration, .. } => {
            row.number("alpha", *alpha).number("scale", *scale).number("step_size", integration.step_size);
        }
    }
}

/// A given point, or a draw from the best prediction that exists.
fn start(analysis: &Analysis, predictions: &Predictions, question: &Stationary) -> Result<Start, RunError> {
    match &question.start {
        crate::study::Start::At(point) => {
            if point.len() == analysis.minimum.len() {
                return Ok(Start::Point(point.clone()));
            }
            let remedy = format!("the landscape has {} coordinates", analysis.minimum.len());
            Err(unfit("stationary.start", format!("{point:?}"), remedy))
        }
        crate::study::Start::Named(_) => match &predictions.covariance {
            Some(covariance) => {
                let dimension = analysis.minimum.len();
                let entries: Vec<f64> = (0..dimension)
                    .flat_map(|row| (0..dimension).map(move |column| (row, column)))
                    .map(|(row, column)| 0.5 * (covariance[(row, column)] + covariance[(column, row)]))
                    .collect();
                Ok(Start::Normal { mean: analysis.minimum.clone(), root: cholesky(&entries, dimension)? })
            }
            None => Err(unfit(
                "stationary.start",
                "predicted",
                format!(
                    "no stationary covariance is predicted ({}): give a point to start from",
                    predictions.reason.as_deref().unwrap_or("no theory fits this rule")
                ),
            )),
        },
    }
}

/// Hill's estimate from binned magnitudes: from the largest share whose estimate is that of a tenth of it within two
/// standard errors, or from the smallest share with enough values.
fn tail_exponent(magnitudes: &TimeHistogram) -> Option<Estimate> {
    let mut last = None;
    for share in TAIL_SHARES {
        let (Some(wide), Some(narrow)) = (hill(magnitudes, share), hill(magnitudes, 0.1 * share)) else {
            break;
        };
        if (wide.value - narrow.value).abs() <= 2.0 * narrow.stderr {
            // The tenth's standard error bounds what bias could have hidden.
            return Some(Estimate { stderr: narrow.stderr, ..wide });
        }
        last = Some(narrow);
    }
    last.or_else(|| hill(magnitudes, TAIL_SHARES[0]))
}

/// Hill (Annals of Statistics 1975) from the bins that hold the largest `share`; each bin is one part in 64 wide, so that
/// its middle stands for its values.
fn hill(magnitudes: &TimeHistogram, share: f64) -> Option<Estimate> {
    let bins: Vec<_> = magnitudes.bins().collect();
    let wanted = share * magnitudes.total() as f64;
    let (mut count, mut sum) = (0.0, 0.0);
    let mut first = bins.len();
    while first > 0 && count < wanted {
        first -= 1;
        count += bins[first].2 as f64;
    }
    let threshold = bins.get(first)?.0;
    for &(low, high, inside) in &bins[first..] {
        sum += inside as f64 * ((low * high).sqrt() / threshold).ln();
    }
    let value = count / sum;
    (count >= FEWEST_IN_TAIL && value.is_finite()).then(|| Estimate {
        value,
        stderr: value / count.sqrt(),
        n: count as u64,
    })
}

/// The complementary distribution of magnitudes beyond the median.
fn exceedance(cell: usize, mode: usize, magnitudes: &TimeHistogram, tail: &mut Rows) {
    let total = magnitudes.total() as f64;
    let bins: Vec<_> = magnitudes.bins().collect();
    let mut above = 0.0;
    let mut points = Vec::new();
    for &(low, _, count) in bins.iter().rev() {
        above += count as f64;
        if above > 0.5 * total {
            break;
        }
        points.push((low, above));
    }
    let stride = points.len().div_ceil(TAIL_POINTS).max(1);
    for &(magnitude, above) in points.iter().step_by(stride) {
        let share = above / total;
        let mut row = Row::default();
        row.count("cell", cell as u64).count("mode", mode as u64).number("magnitude", magnitude);
        row.number("exceedance", share);
        row.number("exceedance_stderr", (share * (1.0 - share) / total).sqrt());
        tail.push(row);
    }
}

/// The name of a theory in column names.
pub(super) fn theory_name(theory: StationaryTheory) -> &'static str {
    match theory {
        StationaryTheory::Sde => "sde",
        StationaryTheory::Discrete => "discrete",
        StationaryTheory::Fluctuating => "fluctuating",
        StationaryTheory::Sme2 => "sme2",
    }
}
