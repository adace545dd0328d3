//! What every statistical test states: its oracle, its significance, its sample size and its seed.
#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod study;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use sgdyn::ensemble::{Outcome, Plan, UnitProgram, Units, run};
use sgdyn::landscape::{Field, named};
use sgdyn::random::{Seed, Variate};
use sgdyn::statistics::{Estimate, normal_quantile};
use statrs::distribution::{DiscreteCDF, Poisson};

/// One statistical claim; all randomness is fixed by the seed, so that a claim once seen to hold stays so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    /// Where the exact value comes from.
    pub(crate) oracle: &'static str,
    /// The probability that one comparison rejects a program that is right.
    pub(crate) significance: f64,
    /// The number of independent data.
    pub(crate) samples: u64,
    /// The study's seed.
    pub(crate) seed: u64,
}

impl Claim {
    /// The seed of the ensemble.
    pub(crate) fn seed(&self) -> Seed {
        Seed::new(self.seed, 0)
    }

    /// How many standard errors the significance allows on either side.
    pub(crate) fn standard_errors(&self) -> f64 {
        normal_quantile(1.0 - 0.5 * self.significance)
    }

    /// An estimate agrees with `exact`.
    pub(crate) fn agrees(&self, what: &str, estimate: Estimate, exact: f64) {
        self.agrees_within(what, estimate, exact, 0.0);
    }

    /// An estimate agrees with `exact` up to a systematic error of at most `bias`, for which the caller has a reason.
    pub(crate) fn agrees_within(&self, what: &str, estimate: Estimate, exact: f64, bias: f64) {
        let allowed = self.standard_errors() * estimate.stderr + bias;
        assert!(
            (estimate.value - exact).abs() <= allowed,
            "{what}: measured {estimate}, exact {exact}, allowed difference {allowed:.3e} ({self:?})"
        );
    }

    /// The mean of data of known standard deviation agrees with `exact`.
    pub(crate) fn mean_agrees(&self, what: &str, mean: f64, exact: f64, deviation: f64) {
        let stderr = deviation / (self.samples as f64).sqrt();
        self.agrees(what, Estimate { value: mean, stderr, n: self.samples }, exact);
    }

    /// A test's p-value is not below the significance.
    pub(crate) fn not_rejected(&self, what: &str, p_value: f64) {
        assert!(p_value >= self.significance, "{what}: p = {p_value:.3e} ({self:?})");
    }

    /// A count of rare events agrees with its Poisson law.
    pub(crate) fn count_agrees(&self, what: &str, count: u64, expected: f64) {
        let law = Poisson::new(expected).expect("a positive mean");
        let below = law.cdf(count);
        let above = if count == 0 { 1.0 } else { law.sf(count - 1) };
        let p_value = (2.0 * below.min(above)).min(1.0);
        assert!(
            p_value >= self.significance,
            "{what}: {count} events, expected {expected:.2}, p = {p_value:.3e} ({self:?})"
        );
    }
}

/// Runs an ensemble to its end on one thread.
pub(crate) fn finish<P: UnitProgram>(program: &P, replicas: u64) -> P::Summary {
    let stop = AtomicBool::new(false);
    let plan =
        Plan { threads: 1, stop: &stop, progress: None, store: None, save_every: Duration::from_secs(3600) };
    match run(program, Units::new(replicas, 4096), &plan) {
        Ok(Outcome::Finished(summary)) => summary,
        Ok(Outcome::Stopped(done)) => panic!("stopped after {done} replicas without being asked"),
        Err(error) => panic!("{error}"),
    }
}

/// A landscape of the catalogue.
pub(crate) fn landscape<R: Variate>(name: &str, parameters: &[(&str, &[f64])]) -> Field<R> {
    let parameters: BTreeMap<String, Vec<f64>> =
        parameters.iter().map(|&(name, values)| (name.to_owned(), values.to_vec())).collect();
    named(name, &parameters).expect("a landscape of the catalogue")
}
