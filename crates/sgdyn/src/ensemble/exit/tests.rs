//! Exits that end at the horizon, in lanes that are given away many times.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::{ExitProgram, ExitSummary, HalfSpace, Side, Targets};
use crate::ensemble::{Outcome, Plan, Start, Units, run};
use crate::landscape::named;
use crate::random::Seed;
use crate::rule::continuous::{Diffusion, Equation, EulerMaruyama};

fn escapes(lanes: usize, most_steps: u64, unit: u64) -> ExitSummary {
    let drift = named::<f64>("double-well", &BTreeMap::new()).expect("it is in the catalogue").drift;
    let rule = EulerMaruyama::new(Equation { drift, diffusion: Diffusion::Isotropic(1.0) }, 0.01);
    let half = |threshold| HalfSpace { coordinate: 0, threshold, side: Side::Below };
    let program = ExitProgram {
        rule: &rule,
        start: &Start::Point(vec![1.0]),
        targets: &Targets::nested(&[half(0.0), half(-0.5)]).expect("they are nested"),
        correct_crossings: true,
        most_steps,
        seed: Seed::new(7, 0),
        lanes,
    };
    let stop = AtomicBool::new(false);
    let plan =
        Plan { threads: 2, stop: &stop, progress: None, store: None, save_every: Duration::from_secs(30) };
    let Ok(Outcome::Finished(summary)) = run(&program, Units::new(2000, unit), &plan) else {
        panic!("nothing stops the run")
    };
    summary
}

/// A horizon between two fills (300 is no multiple of 16) that about half of the replicas live to see.
#[test]
fn the_horizon_ends_every_replica_whatever_lane_it_is_in() {
    let summary = escapes(64, 300, 512);
    for (passage, corrected) in summary.at_steps.iter().zip(&summary.corrected) {
        assert_eq!(passage.time.count() + passage.censored, 2000);
        assert_eq!(corrected.time.count() + corrected.censored, 2000);
        assert!(passage.censored > 500 && passage.censored < 1900, "{}", passage.censored);
        assert!(passage.time_at_risk <= 2000.0 * 3.0 + 1e-9);
    }
    let bits = |summary: &ExitSummary| format!("{summary:?}");
    // 40 lanes are no multiple of the groups that lanes are looked at in; 320 are more than one strip.
    for (lanes, unit) in [(16, 64), (40, 512), (320, 2000)] {
        assert_eq!(bits(&escapes(lanes, 300, unit)), bits(&summary), "{lanes} lanes");
    }
}
