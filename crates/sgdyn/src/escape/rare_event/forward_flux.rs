//! Forward flux sampling: a chain of interfaces, each reached from states at the one before.

use rayon::prelude::*;

use super::super::EscapeError;
use super::estimate::{Finished, RareEventEstimate, at_least, joined};
use super::event::{Path, PathEnd, PathRequest, PathSource};
use super::pool::Pool;
use crate::random::{Purpose, Seed, SequentialGenerator};

/// The size of a forward flux sampling.
#[derive(Clone, Debug, PartialEq)]
pub struct ForwardFluxOptions {
    /// The trials of every stage of a run.
    pub paths: usize,
    /// Independent runs: their spread gives the standard error.
    pub runs: usize,
    /// The levels of the interfaces, ascending; without them a pilot run places each where `fraction` of its paths get.
    pub interfaces: Option<Vec<f64>>,
    /// The share of paths that is to pass from one interface to the next.
    pub fraction: f64,
    /// The confidence of the interval.
    pub confidence: f64,
    /// The most steps of all paths of one run.
    pub steps: u64,
}

impl Default for ForwardFluxOptions {
    /// 20 runs of 1000 trials a stage, interfaces by a pilot with a share of 0.2, 95 %, 1e9 steps a run.
    fn default() -> Self {
        let (paths, runs, steps) = (1000, 20, 1_000_000_000);
        Self { paths, runs, interfaces: None, fraction: 0.2, confidence: 0.95, steps }
    }
}

/// A pilot that placed so many interfaces places no more.
const MOST_INTERFACES: usize = 10_000;

/// The probability of `event` by forward flux sampling (R. J. Allen, C. Valeriani and P. R. ten Wolde, *J. Phys.: Condens.
/// Matter* 21, 463102 (2009)): the product over interfaces of the share of trials that get from one to the next before they fail.
///
/// Trials start at states drawn with replacement from those at which the stage before passed its interface, so the product
/// is unbiased for any interfaces. A path that jumps over several passes all of them. The interfaces come from a pilot with noise of its own:
/// given them the runs are independent, and their spread is the honest error, correlations between stages included.
///
/// # Errors
/// Numbers out of range, interfaces that do not ascend; [`EscapeError::BudgetSpent`] where a run spends its steps;
/// [`EscapeError::Extinct`] where no run got to the end, or the pilot's paths are all at one level.
pub fn forward_flux<E: PathSource>(
    event: &E,
    seed: Seed,
    options: &ForwardFluxOptions,
) -> Result<RareEventEstimate, EscapeError> {
    options.check()?;
    let starts = |seed: Seed| -> Vec<(E::State, f64)> {
        (0..options.paths as u64).map(|stream| event.start(seed, stream)).collect()
    };
    // Runs are numbered from 0; the pilot is none of them.
    let pilot_seed = seed.part(u64::MAX);
    let mut pilot = Stages::new(event, pilot_seed, options);
    let interfaces = match &options.interfaces {
        Some(interfaces) => interfaces.clone(),
        None => pilot.place_interfaces(starts(pilot_seed))?,
    };
    let run = |run: u64| {
        let seed = seed.part(run);
        Stages::new(event, seed, options).run(starts(seed), &interfaces)
    };
    let finished: Result<Vec<Finished>, EscapeError> =
        (0..options.runs as u64).into_par_iter().map(run).collect();
    joined(&finished?, options.paths, Some(&pilot.finished), options.confidence)
}

impl ForwardFluxOptions {
    pub(super) fn check(&self) -> Result<(), EscapeError> {
        at_least("paths", self.paths, 2, "at least 2")?;
        at_least("runs", self.runs, 2, "at least 2: their spread is the error")?;
        if !(self.fraction > 0.0 && self.fraction < 1.0) {
            let allowed = "a share between 0 and 1";
            return Err(EscapeError::OutOfRange { name: "fraction", value: self.fraction, allowed });
        }
        let unordered = |pair: &&[f64]| pair[0].partial_cmp(&pair[1]) != Some(std::cmp::Ordering::Less);
        match self.interfaces.iter().flat_map(|levels| levels.windows(2)).find(unordered) {
            Some(pair) => Err(EscapeError::OutOfRange {
                name: "an interface",
                value: pair[1],
                allowed: "levels that ascend",
            }),
            None => Ok(()),
        }
    }
}

/// The paths of a stage, and how many of its trials had reached the event before.
type Passed<E> = (Vec<Path<<E as PathSource>::State>>, usize);

/// The stages of one run.
pub(super) struct Stages<'a, E: PathSource> {
    event: &'a E,
    seed: Seed,
    options: &'a ForwardFluxOptions,
    choices: SequentialGenerator,
    streams: u64,
    level: f64,
    pub(super) finished: Finished,
}

impl<'a, E: PathSource> Stages<'a, E> {
    pub(super) fn new(event: &'a E, seed: Seed, options: &'a ForwardFluxOptions) -> Self {
        let choices = SequentialGenerator::new(seed, 0, 0, Purpose::Resampling);
        let finished = Finished { probability: 1.0, ..Finished::default() };
        Self { event, seed, options, choices, streams: 0, level: f64::NEG_INFINITY, finished }
    }

    /// From interface to interface, and from the last to the event.
    pub(super) fn run(
        mut self,
        starts: Vec<(E::State, f64)>,
        interfaces: &[f64],
    ) -> Result<Finished, EscapeError> {
        let mut pool = Pool::of(starts);
        for &until in interfaces.iter().chain([&f64::INFINITY]) {
            let (paths, reached) = self.stage(&pool, until, false)?;
            pool = Pool::of_ends(&paths, reached);
            self.finished.probability *= pool.len() as f64 / self.options.paths as f64;
            self.finished.stages += u64::from(until < f64::INFINITY);
            if pool.len() == 0 {
                return Ok(Finished { extinct: true, ..self.finished });
            }
            self.level = until;
        }
        Ok(self.finished)
    }

    /// The interfaces of a pilot: each at the level that the wanted share of its paths exceed.
    pub(super) fn place_interfaces(&mut self, starts: Vec<(E::State, f64)>) -> Result<Vec<f64>, EscapeError> {
        let mut pool = Pool::of(starts);
        let mut interfaces = Vec::new();
        let wanted = (self.options.fraction * self.options.paths as f64).ceil() as usize;
        while interfaces.len() < MOST_INTERFACES {
            let (paths, reached) = self.stage(&pool, f64::INFINITY, true)?;
            if interfaces.is_empty() {
                self.finished.plain.paths = paths.len() as u64;
                self.finished.plain.steps = self.finished.steps;
            }
            let mut highest: Vec<f64> = paths.iter().map(|path| path.highest).collect();
            highest.resize(self.options.paths, f64::INFINITY);
            highest.sort_unstable_by(f64::total_cmp);
            let level = highest[self.options.paths - wanted.clamp(1, self.options.paths - 1) - 1];
            if level == f64::INFINITY {
                return Ok(interfaces);
            }
            pool = Pool::above(&paths, reached, level);
            if pool.len() == 0 {
                return Err(EscapeError::Extinct { runs: 1 });
            }
            self.finished.probability *= pool.len() as f64 / self.options.paths as f64;
            self.level = level;
            interfaces.push(level);
        }
        Err(EscapeError::BudgetSpent {
            steps: self.finished.steps,
            level: self.level,
            probability: self.finished.probability,
        })
    }

    /// Runs one stage from states of `pool`.
    fn stage(&mut self, pool: &Pool<E::State>, until: f64, record: bool) -> Result<Passed<E>, EscapeError> {
        let trials = pool.draw(self.options.paths, &mut self.choices);
        let starts = trials.paths(self.streams);
        self.streams += starts.len() as u64;
        let most_steps = self.options.steps.saturating_sub(self.finished.steps);
        let request = PathRequest { seed: self.seed, until, record, most_steps };
        let Some(paths) = self.event.run(&starts, &request) else {
            return Err(EscapeError::BudgetSpent {
                steps: self.options.steps,
                level: self.level,
                probability: self.finished.probability,
            });
        };
        self.finished.count(&paths);
        debug_assert!(record || paths.iter().all(|path| path.end != PathEnd::Above || path.highest > until));
        Ok((paths, trials.reached))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DriftingBrownianMotion, Progress, RareEvent};
    use super::*;

    fn motion(upper: f64) -> DriftingBrownianMotion {
        DriftingBrownianMotion { start: 1.0, drift: -1.0, deviation: 1.0, lower: 0.0, upper, time_step: 0.1 }
    }

    #[test]
    fn drifting_motion_with_found_and_with_given_interfaces() {
        // Oracle: (e² − 1)/(e^{2u} − 1). z bounded at 4 (significance 6e-5), 20 runs of 500 trials a stage, seed 4.
        for (upper, interfaces) in
            [(4.0, None), (12.0, None), (4.0, Some(vec![1.5, 2.0, 2.001, 3.9])), (4.0, Some(Vec::new()))]
        {
            let options = ForwardFluxOptions { paths: 500, interfaces, ..ForwardFluxOptions::default() };
            let estimate = forward_flux(&motion(upper), Seed::new(4, 0), &options).unwrap();
            let exact = 2f64.exp_m1() / (2.0 * upper).exp_m1();
            let z = estimate.probability.z_score(exact);
            assert!(z.abs() < 4.0 && estimate.probability.stderr < 0.5 * exact, "{upper}: {estimate:?}");
        }
    }

    /// A walk on the integers that jumps by two, up with probability ¼: interfaces are jumped over.
    struct Jumper;

    impl RareEvent for Jumper {
        type State = i32;
        fn start(&self, _: &mut SequentialGenerator) -> (i32, f64) {
            (2, 2.0)
        }
        fn step(&self, at: &mut i32, generator: &mut SequentialGenerator) -> Progress {
            *at += if generator.below(4) == 0 { 2 } else { -2 };
            match *at {
                ..=0 => Progress::Failed,
                10.. => Progress::Reached,
                level => Progress::Level(f64::from(level)),
            }
        }
    }

    #[test]
    fn jumps_over_interfaces_keep_it_unbiased() {
        // Gambler's ruin of 1 against 5: (3 − 1)/(3⁵ − 1). 4000 runs of 8 trials, many of them extinct. z below 4, seed 6.
        let interfaces = Some(vec![2.5, 3.0, 4.5, 9.0]);
        let options =
            ForwardFluxOptions { paths: 8, runs: 4000, interfaces, ..ForwardFluxOptions::default() };
        let estimate = forward_flux(&Jumper, Seed::new(6, 0), &options).unwrap();
        assert!(estimate.probability.z_score(2.0 / 242.0).abs() < 4.0, "{}", estimate.probability);
        assert!(estimate.extinct > 100);
    }

    #[test]
    fn intervals_cover() {
        // 200 seeds, p = (e² − 1)/(e¹⁰ − 1): a 95 % interval covers 180 to 198 times but for a probability of 0.004 (binomial).
        let options = ForwardFluxOptions { paths: 100, runs: 20, ..ForwardFluxOptions::default() };
        let exact = 2f64.exp_m1() / 10f64.exp_m1();
        let covers = |seed: &u64| {
            forward_flux(&motion(5.0), Seed::new(*seed, 0), &options).unwrap().interval.contains(exact)
        };
        let covered = (0..200).filter(covers).count();
        assert!((180..=198).contains(&covered), "{covered}");
    }

    #[test]
    fn the_bits_do_not_depend_on_threads() {
        let options = ForwardFluxOptions { paths: 50, runs: 6, ..ForwardFluxOptions::default() };
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| forward_flux(&motion(3.0), Seed::new(9, 0), &options).unwrap())
        };
        assert_eq!(with(1), with(3));
    }

    #[test]
    fn budgets_and_ranges() {
        let refused = |options: ForwardFluxOptions| forward_flux(&motion(20.0), Seed::new(1, 0), &options);
        let few = ForwardFluxOptions { steps: 5000, ..ForwardFluxOptions::default() };
        assert!(matches!(refused(few), Err(EscapeError::BudgetSpent { .. })));
        let unordered = Some(vec![2.0, 1.0]);
        assert!(
            refused(ForwardFluxOptions { interfaces: unordered, ..ForwardFluxOptions::default() }).is_err()
        );
        assert!(refused(ForwardFluxOptions { fraction: 1.0, ..ForwardFluxOptions::default() }).is_err());
    }
}
