//! The rate of leaving a metastable basin: how often paths leave its core, times the probability that one gets through.

use rayon::prelude::*;

use super::super::EscapeError;
use super::boundary::Sight;
use super::estimate::{Finished, mean};
use super::event::{PathEnd, PathRequest, PathSource, PathStart};
use super::forward_flux::{ForwardFluxOptions, Stages};
use super::rule_event::{RuleEvent, RuleEventParts};
use super::rule_paths::RuleState;
use super::splitting::{Population, SplittingOptions};
use crate::random::Seed;
use crate::statistics::{Estimate, Interval, student_interval};

/// How the probability to get through is found.
#[derive(Clone, Debug, PartialEq)]
pub enum ProbabilityMethod {
    /// By multilevel splitting.
    Splitting(SplittingOptions),
    /// By forward flux sampling.
    ForwardFlux(ForwardFluxOptions),
}

/// The rate of leaving a basin.
#[derive(Clone, Debug, PartialEq)]
pub struct FluxRateEstimate {
    /// Exits per unit of time: the mean over the runs, with its standard error.
    pub rate: Estimate,
    /// Student's interval over the runs; its lower end is cut at 0.
    pub interval: Interval,
    /// The mean time from one passage of the first interface to the next, by way of the core.
    pub cycle_time: Estimate,
    /// The probability to reach the target from the first interface before the core.
    pub probability: Estimate,
    /// The level of the first interface.
    pub interface: f64,
    /// The steps of all paths.
    pub steps: u64,
    /// Runs without a success.
    pub extinct: usize,
}

/// A basin that is to be left: its core is the failure of a [`RuleEvent`] that starts in it.
pub struct BasinExit<'a> {
    /// From the core on, until the target or a level.
    leave: RuleEvent<'a>,
    /// Until outside of the core.
    outside: RuleEvent<'a>,
    /// Back to the core, where the target is failure.
    back: RuleEvent<'a>,
    /// The target before the core.
    event: RuleEvent<'a>,
    time_step: f64,
}

impl<'a> BasinExit<'a> {
    /// The exit from the region of `core`, in which `parts.start` lies, to `parts.target`; `parts.failure` and `parts.horizon`
    /// are of no meaning.
    ///
    /// Only the target is seen inside steps: the core and the interfaces cut one path into pieces, at whatever steps.
    ///
    /// # Errors
    /// As [`RuleEvent::new`], and a start outside of the core or in the target.
    pub fn new(parts: RuleEventParts<'a>, core: &'a super::Boundary) -> Result<Self, EscapeError> {
        let refused = |place| Err(EscapeError::BadStart { start: parts.start.to_vec(), place });
        let parts = RuleEventParts { horizon: None, ..parts };
        let leave = RuleEvent::anywhere(RuleEventParts { failure: None, ..parts })?;
        if core.level_at(parts.start) > 0.0 {
            return refused("outside of the core: a rate is that of leaving the core; start in it");
        }
        if parts.target.level_at(parts.start) <= 0.0 {
            return refused("in the target: nothing is left to reach");
        }
        let mut outside = RuleEvent::anywhere(RuleEventParts { failure: None, target: core, ..parts })?;
        (outside.target.sight, outside.target.sign) = (Sight::AtSteps, -1.0);
        let mut back =
            RuleEvent::anywhere(RuleEventParts { target: core, failure: Some(parts.target), ..parts })?;
        back.target.sight = Sight::AtSteps;
        let mut event = RuleEvent::anywhere(RuleEventParts { failure: Some(core), ..parts })?;
        if let Some(failure) = &mut event.failure {
            failure.sight = Sight::AtSteps;
        }
        Ok(Self { leave, outside, back, event, time_step: parts.rule.time_step() })
    }
}

/// Cycles of each path before anything is measured, and those that are.
const WARM_UP: usize = 2;
const CYCLES: usize = 4;

/// The rate at which a rule leaves a metastable basin (R. J. Allen, C. Valeriani and P. R. ten Wolde, 2009; F. Cérou,
/// A. Guyader, T. Lelièvre and D. Pommier, *J. Chem. Phys.* 134, 054108 (2011)): the flux through the first interface, 1 over the
/// mean time of a cycle from the interface to the core and back to the interface, times the probability to reach the target from
/// the interface before the core.
///
/// The mean first-passage time is 1/rate up to the ratio of the time of relaxation to it. The first interface is the level
/// that half of the excursions from the core get to. In each run `paths` paths make two cycles unseen and four that are
/// measured, and the states in which they pass the interface are the starts of the splitting.
///
/// # Errors
/// As [`multilevel_splitting`](super::multilevel_splitting) and [`forward_flux`](super::forward_flux()).
pub fn flux_rate(
    exit: &BasinExit<'_>,
    seed: Seed,
    method: &ProbabilityMethod,
) -> Result<FluxRateEstimate, EscapeError> {
    let (paths, runs, steps, confidence) = match method {
        ProbabilityMethod::Splitting(options) => {
            options.check()?;
            (options.paths, options.runs, options.steps, options.confidence)
        }
        ProbabilityMethod::ForwardFlux(options) => {
            options.check()?;
            (options.paths, options.runs, options.steps, options.confidence)
        }
    };
    let pilot_seed = seed.part(u64::MAX);
    let mut pilot = Cycles::new(exit, pilot_seed, paths, steps);
    let interface = pilot.first_interface()?;
    let mut spent = pilot.steps;
    let interfaces = match method {
        ProbabilityMethod::Splitting(_) => Vec::new(),
        ProbabilityMethod::ForwardFlux(options) => {
            let entries = pilot.entries(interface)?;
            let mut stages = Stages::new(&exit.event, pilot_seed.part(0), options);
            let interfaces = match &options.interfaces {
                Some(interfaces) => interfaces.clone(),
                None => stages.place_interfaces(entries)?,
            };
            spent = pilot.steps + stages.finished.steps;
            interfaces
        }
    };
    let run = |run: u64| -> Result<(f64, Finished, u64), EscapeError> {
        let seed = seed.part(run);
        let mut cycles = Cycles::new(exit, seed, paths, steps);
        let entries = cycles.entries(interface)?;
        let through = seed.part(0);
        let finished = match method {
            ProbabilityMethod::Splitting(options) => {
                Population::new(&exit.event, through, options).run(&entries)?
            }
            ProbabilityMethod::ForwardFlux(options) => {
                Stages::new(&exit.event, through, options).run(entries, &interfaces)?
            }
        };
        Ok((cycles.mean_time(), finished, cycles.steps))
    };
    let runs: Result<Vec<_>, EscapeError> = (0..runs as u64).into_par_iter().map(run).collect();
    let runs = runs?;
    let extinct = runs.iter().filter(|(_, finished, _)| finished.extinct).count();
    if extinct == runs.len() {
        return Err(EscapeError::Extinct { runs: extinct });
    }
    let over_runs = |value: fn(&(f64, Finished, u64)) -> f64| -> Estimate {
        mean(&runs.iter().map(value).collect::<Vec<f64>>())
    };
    let rate = over_runs(|(time, finished, _)| finished.probability / time);
    let mut interval = student_interval(rate, confidence)?;
    interval.lower = interval.lower.max(0.0);
    Ok(FluxRateEstimate {
        rate,
        interval,
        cycle_time: over_runs(|(time, _, _)| *time),
        probability: over_runs(|(_, finished, _)| finished.probability),
        interface,
        steps: spent + runs.iter().map(|(_, finished, cycles)| finished.steps + cycles).sum::<u64>(),
        extinct,
    })
}

/// The cycles of one run between core and first interface.
struct Cycles<'a, 'e> {
    exit: &'a BasinExit<'e>,
    seed: Seed,
    paths: usize,
    most_steps: u64,
    steps: u64,
    streams: u64,
    /// Steps and number of the cycles that were measured.
    measured: (u64, u64),
}

impl<'a, 'e> Cycles<'a, 'e> {
    fn new(exit: &'a BasinExit<'e>, seed: Seed, paths: usize, most_steps: u64) -> Self {
        // The noise of the cycles is not that of the splitting, whose streams are numbered anew.
        let seed = seed.part(1);
        Self { exit, seed, paths, most_steps, steps: 0, streams: 0, measured: (0, 0) }
    }

    /// The mean time of a measured cycle.
    fn mean_time(&self) -> f64 {
        self.measured.0 as f64 / self.measured.1 as f64 * self.exit.time_step
    }

    fn run(
        &mut self,
        event: &RuleEvent<'_>,
        states: &[(RuleState, f64)],
        until: f64,
    ) -> Result<Vec<super::Path<RuleState>>, EscapeError> {
        let first = self.streams;
        self.streams += states.len() as u64;
        let starts: Vec<PathStart<'_, RuleState>> = (first..)
            .zip(states)
            .map(|(stream, (state, level))| PathStart { state, level: *level, stream })
            .collect();
        let most_steps = self.most_steps.saturating_sub(self.steps);
        let request = PathRequest { seed: self.seed, until, record: false, most_steps };
        let Some(paths) = event.run(&starts, &request) else {
            let (steps, probability) = (self.most_steps, 1.0);
            return Err(EscapeError::BudgetSpent { steps, level: f64::NEG_INFINITY, probability });
        };
        self.steps += paths.iter().map(|path| path.steps).sum::<u64>();
        Ok(paths)
    }

    fn at_start(&self) -> (RuleState, f64) {
        self.exit.leave.start(self.seed, 0)
    }

    /// The level that half of the excursions from the core get to.
    fn first_interface(&mut self) -> Result<f64, EscapeError> {
        let exit = self.exit;
        let starts = vec![self.at_start(); self.paths];
        let left = self.run(&exit.outside, &starts, f64::INFINITY)?;
        let states: Vec<(RuleState, f64)> = left
            .into_iter()
            .map(|path| {
                let level = exit.event.level_of(&path.last);
                (path.last, level)
            })
            .collect();
        let excursions = self.run(&exit.event, &states, f64::INFINITY)?;
        let mut highest: Vec<f64> = excursions.iter().map(|path| path.highest).collect();
        highest.sort_unstable_by(f64::total_cmp);
        let median = highest[highest.len() / 2];
        if median.is_finite() {
            return Ok(median);
        }
        let place = "in a core that most excursions leave for the target: that is no rare event; count escapes by an ensemble";
        let start = self.at_start().0.position(exit.leave.rule.dimension()).to_vec();
        Err(EscapeError::BadStart { start, place })
    }

    /// Makes the cycles, and gives the states of their last passages of the first interface.
    fn entries(&mut self, interface: f64) -> Result<Vec<(RuleState, f64)>, EscapeError> {
        let exit = self.exit;
        let mut states = vec![self.at_start(); self.paths];
        let mut steps_back = vec![0; self.paths];
        let mut entries = Vec::new();
        for cycle in 0..=WARM_UP + CYCLES {
            let crossed = self.run(&exit.leave, &states, interface)?;
            if cycle > WARM_UP {
                let above = crossed.iter().zip(&steps_back).filter(|(path, _)| path.end == PathEnd::Above);
                for (path, back) in above {
                    self.measured.0 += path.steps + back;
                    self.measured.1 += 1;
                }
            }
            // A path that reached the target begins again.
            entries = crossed
                .into_iter()
                .map(|path| match path.end {
                    PathEnd::Above => (path.last, path.highest),
                    _ => self.at_start(),
                })
                .collect();
            if cycle == WARM_UP + CYCLES {
                break;
            }
            let back = self.run(&exit.back, &entries, f64::INFINITY)?;
            for ((state, steps), path) in states.iter_mut().zip(&mut steps_back).zip(back) {
                *steps = path.steps;
                *state = match path.end {
                    PathEnd::Reached => {
                        let level = exit.event.level_of(&path.last);
                        (path.last, level)
                    }
                    _ => self.at_start(),
                };
            }
        }
        Ok(entries)
    }
}
