//! What independent runs of a splitting say together.

use super::super::EscapeError;
use super::event::{Path, PathEnd};
use crate::statistics::{Estimate, Interval, binomial_interval, student_interval};

/// An estimated probability of a rare event.
#[derive(Clone, Debug, PartialEq)]
pub struct RareEventEstimate {
    /// The mean over the runs, with its standard error.
    pub probability: Estimate,
    /// Student's interval over the runs, its lower end cut at 0; the exact binomial one where no run had to split.
    pub interval: Interval,
    /// The estimate of every run.
    pub runs: Vec<f64>,
    /// The steps of all paths, those of a pilot included.
    pub steps: u64,
    /// How often paths were replaced, or the number of stages, over all runs.
    pub stages: u64,
    /// Runs that ended with probability 0 because no path passed a level: more paths, or another coordinate.
    pub extinct: usize,
    /// Paths that were run from the start to their ends, as brute force does; none in forward flux with given interfaces.
    pub plain: PlainPaths,
    /// Paths that left for infinity; they count as failures.
    pub diverged: u64,
}

/// Paths as brute force runs them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PlainPaths {
    /// How many.
    pub paths: u64,
    /// Their steps.
    pub steps: u64,
}

impl RareEventEstimate {
    /// Work of brute force at the same relative error over that of this estimate: (1 − p)/(p r²) paths of the mean number
    /// of steps of a plain path, for a relative standard error r, against the steps spent.
    /// NaN where no plain path was run.
    pub fn speed_up(&self) -> f64 {
        let (p, relative) = (self.probability.value, self.probability.stderr / self.probability.value);
        let mean_steps = self.plain.steps as f64 / self.plain.paths as f64;
        (1.0 - p) / (p * relative * relative) * mean_steps / self.steps as f64
    }
}

/// One run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Finished {
    pub probability: f64,
    pub steps: u64,
    pub stages: u64,
    pub extinct: bool,
    pub plain: PlainPaths,
    pub diverged: u64,
}

impl Finished {
    /// Counts paths that were run.
    pub(super) fn count<S>(&mut self, paths: &[Path<S>]) {
        self.steps += paths.iter().map(|path| path.steps).sum::<u64>();
        self.diverged += paths.iter().filter(|path| path.end == PathEnd::Diverged).count() as u64;
    }

    /// Counts paths that were run as brute force would.
    pub(super) fn count_plain<S>(&mut self, paths: &[Path<S>]) {
        self.count(paths);
        self.plain.paths += paths.len() as u64;
        self.plain.steps += paths.iter().map(|path| path.steps).sum::<u64>();
    }
}

/// The mean of runs of `paths` paths, its standard error and interval; a pilot may have been run before.
pub(super) fn joined(
    finished: &[Finished],
    paths: usize,
    pilot: Option<&Finished>,
    confidence: f64,
) -> Result<RareEventEstimate, EscapeError> {
    let extinct = finished.iter().filter(|run| run.extinct).count();
    if extinct == finished.len() {
        return Err(EscapeError::Extinct { runs: extinct });
    }
    let all = || finished.iter().chain(pilot);
    let runs: Vec<f64> = finished.iter().map(|run| run.probability).collect();
    let probability = mean(&runs);
    let stages: u64 = finished.iter().map(|run| run.stages).sum();
    let interval = if stages == 0 {
        let trials = (paths * runs.len()) as u64;
        binomial_interval((probability.value * trials as f64).round() as u64, trials, confidence)?
    } else {
        let mut interval = student_interval(probability, confidence)?;
        interval.lower = interval.lower.max(0.0);
        interval
    };
    Ok(RareEventEstimate {
        probability,
        interval,
        runs,
        steps: all().map(|run| run.steps).sum(),
        stages,
        extinct,
        plain: PlainPaths {
            paths: all().map(|run| run.plain.paths).sum(),
            steps: all().map(|run| run.plain.steps).sum(),
        },
        diverged: all().map(|run| run.diverged).sum(),
    })
}

/// The mean of independent values with its standard error.
pub(super) fn mean(values: &[f64]) -> Estimate {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    Estimate { value: mean, stderr: (variance / count).sqrt(), n: values.len() as u64 }
}

/// Refuses counts below their least.
pub(super) fn at_least(
    name: &'static str,
    value: usize,
    least: usize,
    allowed: &'static str,
) -> Result<(), EscapeError> {
    if value >= least {
        return Ok(());
    }
    Err(EscapeError::OutOfRange { name, value: value as f64, allowed })
}
