//! Rare events by adaptive multilevel splitting: probabilities that no brute force reaches.

use rayon::prelude::*;

use super::EscapeError;
use crate::random::{Purpose, Seed, SequentialGenerator};
use crate::statistics::{Estimate, Interval, student_interval};

/// What became of a path at a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Progress {
    /// It goes on; its level after the step.
    Level(f64),
    /// It came back: this path will not succeed.
    Failed,
    /// It reached the rare event.
    Reached,
}

/// A Markov chain that ends either in failure or in a rare event, with a level that grows towards the latter.
///
/// The estimate is unbiased for any level; its spread depends on it and is least for the committor. A level that jumps
/// over others in one step costs efficiency, not correctness.
pub trait RareEvent: Sync {
    /// A state.
    type State: Clone + Send;
    /// The state at the start, and its level.
    fn start(&self, generator: &mut SequentialGenerator) -> (Self::State, f64);
    /// Advances by one step.
    fn step(&self, state: &mut Self::State, generator: &mut SequentialGenerator) -> Progress;
}

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

/// An estimated probability of a rare event.
#[derive(Clone, Debug, PartialEq)]
pub struct SplittingEstimate {
    /// The mean over the runs, with its standard error.
    pub probability: Estimate,
    /// Student's interval over the runs; its lower end is cut at 0.
    pub interval: Interval,
    /// The estimate of every run.
    pub runs: Vec<f64>,
    /// The steps of all paths.
    pub steps: u64,
    /// How often paths were replaced, over all runs.
    pub generations: u64,
    /// Runs in which every path was at the same level, which ends them with probability 0: more paths or another level.
    pub extinct: usize,
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
/// Numbers out of range: at least 2 paths and runs, fewer replaced than paths; [`EscapeError::NotConverged`] where a run
/// spends its steps, with the level reached.
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
pub fn multilevel_splitting<E: RareEvent>(
    event: &E,
    seed: Seed,
    options: &SplittingOptions,
) -> Result<SplittingEstimate, EscapeError> {
    let least = |name: &'static str, value: usize, least: usize, allowed: &'static str| {
        if value >= least {
            return Ok(());
        }
        Err(EscapeError::OutOfRange { name, value: value as f64, allowed })
    };
    least("paths", options.paths, 2, "at least 2")?;
    least("runs", options.runs, 2, "at least 2: their spread is the error")?;
    least("replaced", options.replaced, 1, "at least 1")?;
    least("paths − replaced", options.paths, options.replaced + 1, "fewer replaced than paths")?;
    let finished: Result<Vec<Finished>, EscapeError> = (0..options.runs as u64)
        .into_par_iter()
        .map(|run| Population::new(event, seed, run, options).run())
        .collect();
    let finished = finished?;
    let runs: Vec<f64> = finished.iter().map(|run| run.probability).collect();
    let count = runs.len() as f64;
    let mean = runs.iter().sum::<f64>() / count;
    let variance = runs.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let probability = Estimate { value: mean, stderr: (variance / count).sqrt(), n: runs.len() as u64 };
    let mut interval = student_interval(probability, options.confidence)?;
    interval.lower = interval.lower.max(0.0);
    Ok(SplittingEstimate {
        probability,
        interval,
        steps: finished.iter().map(|run| run.steps).sum(),
        generations: finished.iter().map(|run| run.generations).sum(),
        extinct: finished.iter().filter(|run| run.extinct).count(),
        runs,
    })
}

struct Finished {
    probability: f64,
    steps: u64,
    generations: u64,
    extinct: bool,
}

/// A path as later copies need it: the states at which its level was higher than ever before.
struct Path<S> {
    records: Vec<(f64, S)>,
    /// The highest level; infinite once the event was reached.
    highest: f64,
}

struct Population<'a, E: RareEvent> {
    event: &'a E,
    seed: Seed,
    run: u64,
    options: &'a SplittingOptions,
    /// Streams used so far: every path has its own.
    streams: u64,
    steps: u64,
}

impl<'a, E: RareEvent> Population<'a, E> {
    fn new(event: &'a E, seed: Seed, run: u64, options: &'a SplittingOptions) -> Self {
        Self { event, seed, run, options, streams: 0, steps: 0 }
    }

    fn stream(&mut self, purpose: Purpose) -> SequentialGenerator {
        self.streams += 1;
        SequentialGenerator::new(self.seed, self.run, self.streams, purpose)
    }

    fn run(mut self) -> Result<Finished, EscapeError> {
        let count = self.options.paths;
        let mut paths = Vec::with_capacity(count);
        for _ in 0..count {
            let mut generator = self.stream(Purpose::GradientNoise);
            let (state, level) = self.event.start(&mut generator);
            paths.push(self.continued(vec![(level, state)], &mut generator)?);
        }
        let (mut probability, mut generations) = (1.0, 0);
        let mut choices = self.stream(Purpose::Start);
        let mut order: Vec<f64> = Vec::with_capacity(count);
        loop {
            order.clear();
            order.extend(paths.iter().map(|path| path.highest));
            let (_, &mut level, _) = order.select_nth_unstable_by(self.options.replaced - 1, f64::total_cmp);
            if level == f64::INFINITY {
                let reached = paths.iter().filter(|path| path.highest == f64::INFINITY).count();
                let probability = probability * reached as f64 / count as f64;
                return Ok(Finished { probability, steps: self.steps, generations, extinct: false });
            }
            let (killed, survivors): (Vec<usize>, Vec<usize>) =
                (0..count).partition(|&path| paths[path].highest <= level);
            if survivors.is_empty() {
                return Ok(Finished { probability: 0.0, steps: self.steps, generations, extinct: true });
            }
            probability *= survivors.len() as f64 / count as f64;
            generations += 1;
            for path in killed {
                let parent = &paths[survivors[choices.below(survivors.len() as u32) as usize]].records;
                // Up to the first state above the level, which every survivor has, unless it reached the event from
                // below: then it is copied whole.
                let until = parent.partition_point(|(record, _)| *record <= level);
                let copied = parent[..(until + 1).min(parent.len())].to_vec();
                paths[path] = if until == parent.len() {
                    Path { records: copied, highest: f64::INFINITY }
                } else {
                    let mut generator = self.stream(Purpose::GradientNoise);
                    self.continued(copied, &mut generator)?
                };
            }
        }
    }

    /// Runs a path from its last record to its end.
    fn continued(
        &mut self,
        mut records: Vec<(f64, E::State)>,
        generator: &mut SequentialGenerator,
    ) -> Result<Path<E::State>, EscapeError> {
        let (mut highest, mut state) = records[records.len() - 1].clone();
        loop {
            self.steps += 1;
            if self.steps > self.options.steps {
                return Err(EscapeError::NotConverged {
                    what: "a run of multilevel splitting",
                    reached: highest,
                    iterations: self.steps as usize,
                    remedy: "the highest level of its last path is shown: paths must end, in failure or in the event; give more steps",
                });
            }
            match self.event.step(&mut state, generator) {
                Progress::Failed => return Ok(Path { records, highest }),
                Progress::Reached => return Ok(Path { records, highest: f64::INFINITY }),
                Progress::Level(level) if level > highest => {
                    highest = level;
                    records.push((level, state.clone()));
                }
                Progress::Level(_) => {}
            }
        }
    }
}

/// Brownian motion with drift, `dX = v dt + s dW`, that is to reach `upper` before `lower`, both seen also inside a step.
///
/// The increments are exact, and so is whether the Brownian bridge between two steps crosses a boundary, by its extreme drawn from
/// one uniform; that it crosses both in one step is neglected, and has a probability of about exp(−2(upper − lower)²/s²Δt). The level
/// is the place at the end of a step: measured twice as efficient as the bridge's highest point, after which the path may have fallen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DriftingBrownianMotion {
    /// The start.
    pub start: f64,
    /// v.
    pub drift: f64,
    /// s.
    pub deviation: f64,
    /// The boundary of failure, below the start.
    pub lower: f64,
    /// The boundary of the event, above the start.
    pub upper: f64,
    /// Δt.
    pub time_step: f64,
}

impl RareEvent for DriftingBrownianMotion {
    type State = f64;

    fn start(&self, _: &mut SequentialGenerator) -> (f64, f64) {
        (self.start, self.start)
    }

    fn step(&self, state: &mut f64, generator: &mut SequentialGenerator) -> Progress {
        let [normal, _] = generator.normal_pair();
        let variance = self.deviation * self.deviation * self.time_step;
        let before = *state;
        let after = before + self.drift * self.time_step + variance.sqrt() * normal;
        *state = after;
        let uniforms =
            [generator.next_word(), generator.next_word()].map(<f64 as crate::random::Variate>::unit);
        // The bridge's extreme on the side of `boundary`; beyond pq > 18 s²Δt it is reached with a probability below e⁻³⁶.
        let crossed = |boundary: f64, sign: f64, uniform: f64| {
            let (p, q) = (sign * (before - boundary), sign * (after - boundary));
            p * q <= 18.0 * variance && {
                let log = crate::lanes::Real::ln(uniform);
                p + q <= ((q - p).powi(2) - 2.0 * variance * log).sqrt()
            }
        };
        if crossed(self.lower, 1.0, uniforms[0]) {
            return Progress::Failed;
        }
        if crossed(self.upper, -1.0, uniforms[1]) { Progress::Reached } else { Progress::Level(after) }
    }
}

#[cfg(test)]
mod tests {
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
        assert!(matches!(error, Err(EscapeError::NotConverged { .. })), "{error:?}");
        let all = SplittingOptions { replaced: 1000, ..SplittingOptions::default() };
        assert!(multilevel_splitting(&motion(20.0, 0.2), Seed::new(1, 0), &all).is_err());
        let one = SplittingOptions { runs: 1, ..SplittingOptions::default() };
        assert!(multilevel_splitting(&motion(20.0, 0.2), Seed::new(1, 0), &one).is_err());
    }
}
