//! Adaptive multilevel splitting: the lowest paths are replaced by copies of higher ones.

use rayon::prelude::*;

use super::super::EscapeError;
use super::estimate::{Finished, RareEventEstimate, at_least, joined};
use super::event::{Path, PathEnd, PathRequest, PathSource, PathStart};
use crate::random::{Purpose, Seed, SequentialGenerator};

/// The size of a splitting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SplittingOptions {
    /// The number of paths n of one run.
    pub paths: usize,
    /// How many paths at least are replaced at a time (more where levels are tied).
    pub replaced: usize,
    /// Independent runs: their spread gives the standard error.
    pub runs: usize,
    /// The confidence of the interval.
    pub confidence: f64,
    /// The most steps of all paths of one run.
    pub steps: u64,
}

impl Default for SplittingOptions {
    /// 20 runs of 1000 paths, 50 replaced at a time, 95 %, 1e9 steps a run.
    fn default() -> Self {
        Self { paths: 1000, replaced: 50, runs: 20, confidence: 0.95, steps: 1_000_000_000 }
    }
}

/// The probability of `event` by adaptive multilevel splitting (F. Cérou and A. Guyader, *Stoch. Anal. Appl.* 25, 417 (2007)), in the
/// form that is unbiased also for chains in discrete time, where paths jump over levels and tie (C.-E. Bréhier, M. Gazeau,
/// L. Goudenège, T. Lelièvre and M. Rousset, *Ann. Appl. Probab.* 26, 3559 (2016)).
///
/// n paths run until they end. Each generation takes as level z the `replaced`-th smallest of the paths' highest levels, kills
/// all K paths that never were above z (ties included), multiplies the estimate by 1 − K/n, and replaces every killed one by a copy
/// of a survivor up to its first state above z, continued with fresh noise. It ends when the z-th path has succeeded, and the share of successful
/// paths is the last factor. Runs are independent and parallel; the bits do not depend on the number of threads.
///
/// # Errors
/// Numbers out of range: at least 2 paths and runs, fewer replaced than paths; [`EscapeError::BudgetSpent`] where a run
/// spends its steps, with the level reached; [`EscapeError::Extinct`] where all runs ended with every path at one level.
/// ```
/// use sgdyn::escape::{Progress, RareEvent, SplittingOptions, multilevel_splitting};
/// use sgdyn::random::{Seed, SequentialGenerator};
///
/// /// A walk on the integers, up with probability ¼, from 1: does it reach 10 before 0?
/// struct Walk;
/// impl RareEvent for Walk {
///     type State = i32;
///     fn start(&self, _: &mut SequentialGenerator) -> (i32, f64) {
///         (1, 1.0)
///     }
///     fn step(&self, at: &mut i32, generator: &mut SequentialGenerator) -> Progress {
///         *at += if generator.below(4) == 0 { 1 } else { -1 };
///         match *at {
///             0 => Progress::Failed,
///             10 => Progress::Reached,
///             level => Progress::Level(f64::from(level)),
///         }
///     }
/// }
/// let options = SplittingOptions { paths: 500, replaced: 20, runs: 10, ..SplittingOptions::default() };
/// let estimate = multilevel_splitting(&Walk, Seed::new(1, 0), &options)?;
/// // Gambler's ruin: (3 − 1)/(3¹⁰ − 1).
/// assert!(estimate.probability.z_score(2.0 / 59048.0).abs() < 4.0);
/// # Ok::<(), sgdyn::escape::EscapeError>(())
/// ```
pub fn multilevel_splitting<E: PathSource>(
    event: &E,
    seed: Seed,
    options: &SplittingOptions,
) -> Result<RareEventEstimate, EscapeError> {
    options.check()?;
    let run = |run: u64| {
        let seed = seed.part(run);
        let starts: Vec<(E::State, f64)> =
            (0..options.paths as u64).map(|stream| event.start(seed, stream)).collect();
        Population::new(event, seed, options).run(&starts)
    };
    let finished: Result<Vec<Finished>, EscapeError> =
        (0..options.runs as u64).into_par_iter().map(run).collect();
    joined(&finished?, options.paths, None, options.confidence)
}

impl SplittingOptions {
    pub(super) fn check(&self) -> Result<(), EscapeError> {
        at_least("paths", self.paths, 2, "at least 2")?;
        at_least("runs", self.runs, 2, "at least 2: their spread is the error")?;
        at_least("replaced", self.replaced, 1, "at least 1")?;
        at_least("paths − replaced", self.paths, self.replaced + 1, "fewer replaced than paths")
    }
}

/// The paths of one run.
pub(super) struct Population<'a, E: PathSource> {
    event: &'a E,
    seed: Seed,
    options: &'a SplittingOptions,
    /// Streams used so far: every path has its own.
    streams: u64,
    finished: Finished,
    /// The last level that paths were replaced at.
    level: f64,
}

impl<'a, E: PathSource> Population<'a, E> {
    pub(super) fn new(event: &'a E, seed: Seed, options: &'a SplittingOptions) -> Self {
        let finished = Finished { probability: 1.0, ..Finished::default() };
        Self { event, seed, options, streams: 0, finished, level: f64::NEG_INFINITY }
    }

    /// From one start for each path.
    pub(super) fn run(mut self, starts: &[(E::State, f64)]) -> Result<Finished, EscapeError> {
        let count = starts.len();
        let mut paths = self.continued(starts.iter().map(|(state, level)| (state, *level)))?;
        self.finished.plain.paths = count as u64;
        self.finished.plain.steps = self.finished.steps;
        let mut choices = SequentialGenerator::new(self.seed, 0, 0, Purpose::Resampling);
        let mut order: Vec<f64> = Vec::with_capacity(count);
        loop {
            order.clear();
            order.extend(paths.iter().map(|path| path.highest));
            let (_, &mut level, _) = order.select_nth_unstable_by(self.options.replaced - 1, f64::total_cmp);
            if level == f64::INFINITY {
                let reached = paths.iter().filter(|path| path.end == PathEnd::Reached).count();
                self.finished.probability *= reached as f64 / count as f64;
                return Ok(self.finished);
            }
            let (killed, survivors): (Vec<usize>, Vec<usize>) =
                (0..count).partition(|&path| paths[path].highest <= level);
            if survivors.is_empty() {
                return Ok(Finished { probability: 0.0, extinct: true, ..self.finished });
            }
            self.level = level;
            self.finished.probability *= survivors.len() as f64 / count as f64;
            self.finished.stages += 1;
            let parents: Vec<&Path<E::State>> = killed
                .iter()
                .map(|_| &paths[survivors[choices.below(survivors.len() as u32) as usize]])
                .collect();
            // A copy follows its parent up to the first state above the level, and keeps of it that state alone: levels
            // only rise. A parent that reached the event from below has none, and is copied as a success.
            let above = |parent: &&Path<E::State>| {
                let first = parent.records.partition_point(|(record, _)| *record <= level);
                parent.records.get(first).map(|(level, state)| (state.clone(), *level))
            };
            let branches: Vec<Option<(E::State, f64)>> = parents.iter().map(above).collect();
            let last: Vec<E::State> = parents.iter().map(|parent| parent.last.clone()).collect();
            let branching = branches.iter().flatten().map(|(state, level)| (state, *level));
            let mut continued = self.continued(branching)?.into_iter();
            for ((path, branch), last) in killed.into_iter().zip(&branches).zip(last) {
                let next = if branch.is_some() { continued.next() } else { None };
                paths[path] = next.unwrap_or(Path {
                    records: Vec::new(),
                    last,
                    highest: f64::INFINITY,
                    end: PathEnd::Reached,
                    steps: 0,
                });
            }
        }
    }

    /// Runs paths to their ends.
    fn continued<'s>(
        &mut self,
        starts: impl Iterator<Item = (&'s E::State, f64)>,
    ) -> Result<Vec<Path<E::State>>, EscapeError>
    where
        E::State: 's,
    {
        let starts: Vec<PathStart<'_, E::State>> = starts
            .map(|(state, level)| {
                let stream = self.streams;
                self.streams += 1;
                PathStart { state, level, stream }
            })
            .collect();
        let left = self.options.steps.saturating_sub(self.finished.steps);
        let request = PathRequest { seed: self.seed, until: f64::INFINITY, record: true, most_steps: left };
        let Some(paths) = self.event.run(&starts, &request) else {
            return Err(EscapeError::BudgetSpent {
                steps: self.options.steps,
                level: self.level,
                probability: self.finished.probability,
            });
        };
        self.finished.count(&paths);
        Ok(paths)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DriftingBrownianMotion, Progress, RareEvent};
    use super::*;

    fn motion(upper: f64, time_step: f64) -> DriftingBrownianMotion {
        DriftingBrownianMotion { start: 1.0, drift: -1.0, deviation: 1.0, lower: 0.0, upper, time_step }
    }

    /// (e² − 1)/(e^{2u} − 1).
    fn exact(upper: f64) -> f64 {
        2f64.exp_m1() / (2.0 * upper).exp_m1()
    }

    #[test]
    fn one_in_1e17() {
        // Oracle: the closed form. z is bounded at 4 (significance 6e-5), 10 runs of 1000 paths, seed 11.
        let options = SplittingOptions { runs: 10, ..SplittingOptions::default() };
        let estimate = multilevel_splitting(&motion(20.0, 0.2), Seed::new(11, 0), &options).unwrap();
        let wanted = exact(20.0);
        assert!(estimate.probability.z_score(wanted).abs() < 4.0, "{estimate:?}");
        assert!(estimate.probability.stderr < 0.12 * wanted && estimate.extinct == 0);
    }

    #[test]
    fn unbiased_with_few_paths_long_steps_and_ties() {
        // Runs of 8 paths, with steps so long that levels are jumped over; the mean must still be exact. Significance 6e-5,
        // seed 3.
        for (time_step, runs) in [(0.02, 4000), (1.0, 40_000)] {
            let options = SplittingOptions { paths: 8, replaced: 2, runs, ..SplittingOptions::default() };
            let estimate = multilevel_splitting(&motion(4.0, time_step), Seed::new(3, 0), &options).unwrap();
            assert!(
                estimate.probability.z_score(exact(4.0)).abs() < 4.0,
                "{time_step}: {}",
                estimate.probability
            );
            assert!(estimate.probability.stderr < 0.04 * exact(4.0), "{}", estimate.probability);
        }
    }

    /// A walk on the integers, up with probability ¼: all levels are tied.
    struct Walk(i32);

    impl RareEvent for Walk {
        type State = i32;
        fn start(&self, _: &mut SequentialGenerator) -> (i32, f64) {
            (1, 1.0)
        }
        fn step(&self, at: &mut i32, generator: &mut SequentialGenerator) -> Progress {
            *at += if generator.below(4) == 0 { 1 } else { -1 };
            match *at {
                0 => Progress::Failed,
                up if up == self.0 => Progress::Reached,
                level => Progress::Level(f64::from(level)),
            }
        }
    }

    #[test]
    fn ties_are_handled() {
        // Gambler's ruin, (3 − 1)/(3^u − 1). Four paths often tie and then die out: that is part of the mean. Seed 5.
        let options = SplittingOptions { paths: 4, replaced: 1, runs: 20_000, ..SplittingOptions::default() };
        let estimate = multilevel_splitting(&Walk(4), Seed::new(5, 0), &options).unwrap();
        assert!(estimate.probability.z_score(2.0 / 80.0).abs() < 4.0, "{}", estimate.probability);
        assert!(estimate.extinct > 100);
    }

    #[test]
    fn intervals_cover() {
        // 200 seeds, p = (e² − 1)/(e¹⁰ − 1): a 95 % interval covers 180 to 198 times but for a probability of 0.004 (binomial).
        let options = SplittingOptions { paths: 100, replaced: 5, runs: 10, ..SplittingOptions::default() };
        let covered = (0..200)
            .filter(|&seed| {
                let estimate = multilevel_splitting(&motion(5.0, 0.2), Seed::new(seed, 0), &options).unwrap();
                estimate.interval.contains(exact(5.0))
            })
            .count();
        assert!((180..=198).contains(&covered), "{covered}");
    }

    #[test]
    fn the_bits_do_not_depend_on_threads() {
        let options = SplittingOptions { paths: 50, replaced: 5, runs: 6, ..SplittingOptions::default() };
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| multilevel_splitting(&motion(4.0, 0.1), Seed::new(9, 0), &options).unwrap())
        };
        assert_eq!(with(1), with(3));
    }

    #[test]
    fn budgets_and_ranges() {
        let few = SplittingOptions { steps: 1000, ..SplittingOptions::default() };
        let error = multilevel_splitting(&motion(20.0, 0.2), Seed::new(1, 0), &few);
        assert!(matches!(error, Err(EscapeError::BudgetSpent { .. })), "{error:?}");
        let all = SplittingOptions { replaced: 1000, ..SplittingOptions::default() };
        assert!(multilevel_splitting(&motion(20.0, 0.2), Seed::new(1, 0), &all).is_err());
        let one = SplittingOptions { runs: 1, ..SplittingOptions::default() };
        assert!(multilevel_splitting(&motion(20.0, 0.2), Seed::new(1, 0), &one).is_err());
    }
}
