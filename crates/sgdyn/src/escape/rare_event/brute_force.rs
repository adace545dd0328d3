//! Brute force: paths from the start to their ends, counted.

use rayon::prelude::*;

use super::super::EscapeError;
use super::estimate::{Finished, PlainPaths, at_least};
use super::event::{Path, PathEnd, PathRequest, PathSource, PathStart};
use crate::random::Seed;
use crate::statistics::{Estimate, Interval, binomial_interval};

/// The size of a brute-force estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BruteForceOptions {
    /// How many paths.
    pub paths: usize,
    /// The confidence of the interval.
    pub confidence: f64,
    /// The most steps of all paths.
    pub steps: u64,
}

/// A share of paths that reached the event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BruteForceEstimate {
    /// The share, with its binomial standard error.
    pub probability: Estimate,
    /// The exact interval of Clopper and Pearson.
    pub interval: Interval,
    /// How many paths reached the event.
    pub reached: u64,
    /// The paths that were run to their ends, and their steps.
    pub plain: PlainPaths,
    /// Paths that left for infinity; they count as failures.
    pub diverged: u64,
    /// Whether the steps were spent before all paths had ended: then the share is that of the paths run until then.
    pub spent: bool,
}

/// Paths are run in pieces of so many, and so many pieces between two looks at the budget.
const PIECE: u64 = 1024;
const PIECES: u64 = 32;

/// The probability of `event` as the share of independent paths that reach it.
///
/// # Errors
/// No paths; [`EscapeError::BudgetSpent`] where the steps do not suffice for the first 32,768 of them.
pub fn brute_force<E: PathSource>(
    event: &E,
    seed: Seed,
    options: &BruteForceOptions,
) -> Result<BruteForceEstimate, EscapeError> {
    at_least("paths", options.paths, 1, "at least 1")?;
    let (mut total, mut reached, mut spent) = (Finished::default(), 0, false);
    let paths = options.paths as u64;
    for wave in (0..paths).step_by((PIECE * PIECES) as usize) {
        let most_steps = options.steps.saturating_sub(total.steps);
        let request = PathRequest { seed, until: f64::INFINITY, record: false, most_steps };
        let piece = |first: u64| {
            let states: Vec<(E::State, f64)> =
                (first..(first + PIECE).min(paths)).map(|stream| event.start(seed, stream)).collect();
            let starts: Vec<PathStart<'_, E::State>> = (first..)
                .zip(&states)
                .map(|(stream, (state, level))| PathStart { state, level: *level, stream })
                .collect();
            event.run(&starts, &request)
        };
        let last = (wave + PIECE * PIECES).min(paths);
        let pieces: Option<Vec<Vec<Path<E::State>>>> =
            (wave..last).step_by(PIECE as usize).collect::<Vec<u64>>().into_par_iter().map(piece).collect();
        let steps = |pieces: &Vec<Vec<Path<E::State>>>| -> u64 {
            pieces.iter().flatten().map(|path| path.steps).sum()
        };
        let Some(pieces) = pieces.filter(|pieces| steps(pieces) <= most_steps) else {
            spent = true;
            break;
        };
        for paths in pieces {
            reached += paths.iter().filter(|path| path.end == PathEnd::Reached).count() as u64;
            total.count_plain(&paths);
        }
    }
    let count = total.plain.paths;
    if count == 0 {
        let (level, probability) = (f64::NEG_INFINITY, 1.0);
        return Err(EscapeError::BudgetSpent { steps: options.steps, level, probability });
    }
    let value = reached as f64 / count as f64;
    let stderr = (value * (1.0 - value) / count as f64).sqrt();
    Ok(BruteForceEstimate {
        probability: Estimate { value, stderr, n: count },
        interval: binomial_interval(reached, count, options.confidence)?,
        reached,
        plain: total.plain,
        diverged: total.diverged,
        spent,
    })
}

#[cfg(test)]
mod tests {
    use super::super::DriftingBrownianMotion;
    use super::*;

    #[test]
    fn the_share_of_a_drifting_motion() {
        // Oracle: (e² − 1)/(e⁴ − 1), 40,000 paths: the exact interval at 99.99 %, seed 2.
        let motion = DriftingBrownianMotion {
            start: 1.0,
            drift: -1.0,
            deviation: 1.0,
            lower: 0.0,
            upper: 2.0,
            time_step: 0.1,
        };
        let options = BruteForceOptions { paths: 40_000, confidence: 0.9999, steps: 1_000_000_000 };
        let estimate = brute_force(&motion, Seed::new(2, 0), &options).unwrap();
        assert!(estimate.interval.contains(2f64.exp_m1() / 4f64.exp_m1()), "{estimate:?}");
        assert!(!estimate.spent && estimate.plain.paths == 40_000);
        let few = BruteForceOptions { steps: estimate.plain.steps - 1, ..options };
        let cut = brute_force(&motion, Seed::new(2, 0), &few).unwrap();
        assert!(cut.spent && cut.plain.paths == PIECE * PIECES);
        let none = BruteForceOptions { steps: 10, ..options };
        assert!(matches!(brute_force(&motion, Seed::new(2, 0), &none), Err(EscapeError::BudgetSpent { .. })));
    }
}
