//! Exits that end at the horizon, in lanes that are given away many times.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::summary::{PassageSummary, ReplicaExit, summarise};
use super::{ExitProgram, ExitSummary, Followed, HalfSpace, Home, Side, Targets};
use crate::ensemble::{LEAF, MergeTree, Outcome, Plan, Start, Units, run};
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

/// Langevin dynamics of V = (x² − 1)²/4 + y²/2 with a target half-space in x and one in y.
fn in_the_plane<T>(nested: bool, start: &Start, act: impl FnOnce(&ExitProgram<'_, f64>) -> T) -> T {
    let formula = "(x^2 - 1)^2/4 + y^2/2";
    let (field, _) = crate::landscape::formula_field::<f64>(formula, None, &BTreeMap::new()).unwrap();
    let equation = Equation { drift: field.drift, diffusion: Diffusion::Isotropic(1.0) };
    let rule = EulerMaruyama::new(equation, 0.02);
    let half = |coordinate, threshold| HalfSpace { coordinate, threshold, side: Side::Above };
    let targets = if nested {
        Targets::nested(&[half(0, 0.0), half(0, 0.5)]).unwrap()
    } else {
        let region = |text: &str| -> Box<dyn super::Region<f64>> {
            use crate::landscape::formula::Condition;
            let names = ["x".to_owned(), "y".to_owned()];
            let condition = Condition::parse(text, Some(&names), &BTreeMap::new()).unwrap();
            Box::new(super::ConditionRegion::new(&condition).unwrap())
        };
        Targets::Regions(vec![region("x >= 0"), region("x >= 0.5")])
    };
    act(&ExitProgram {
        rule: &rule,
        start,
        targets: &targets,
        correct_crossings: true,
        most_steps: 100_000,
        seed: Seed::new(11, 3),
        lanes: 32,
    })
}

fn ensemble(program: &ExitProgram<'_, f64>, replicas: u64) -> ExitSummary {
    let stop = AtomicBool::new(false);
    let plan =
        Plan { threads: 2, stop: &stop, progress: None, store: None, save_every: Duration::from_secs(30) };
    match run(program, Units::new(replicas, 64), &plan) {
        Ok(Outcome::Finished(summary)) => summary,
        _ => panic!("nothing stops the run"),
    }
}

/// The exits of replicas that were followed, summed up as a run does.
fn summed(followed: &[Followed], time_step: f64) -> ExitSummary {
    let exits: Vec<ReplicaExit> = followed
        .iter()
        .map(|one| ReplicaExit {
            at_steps: one.at_steps.clone(),
            corrected: one.corrected.clone(),
            places: one.places.clone(),
            corrected_places: one.corrected_places.clone(),
            end: one.at_steps.iter().copied().fold(0.0, f64::max),
            diverged: one.diverged,
        })
        .collect();
    let mut tree = MergeTree::default();
    for (index, leaf) in exits.chunks(LEAF as usize).enumerate() {
        tree.insert(0, index as u64, summarise(leaf, time_step));
    }
    tree.root().unwrap()
}

/// Bit for bit, whichever way targets are watched and in lanes that are given away in the run.
#[test]
fn replicas_that_are_followed_leave_as_in_the_run() {
    for nested in [true, false] {
        in_the_plane(nested, &Start::Point(vec![-1.0, 0.3]), |program| {
            let stop = AtomicBool::new(false);
            let home = Home { middle: vec![-1.0, 0.0], radius: 0.4, target: 0 };
            let moments = [0, 7, 1000];
            let followed = program.follow(0..100, &moments, Some(&home), &stop);
            let of_run = ensemble(program, 100);
            assert_eq!(
                format!("{:?}", summed(&followed, 0.02)),
                format!("{:?}", ExitSummary { steps: 0, ..of_run })
            );
            let alone = program.follow(40..41, &moments, Some(&home), &stop);
            assert_eq!(format!("{:?}", alone[0]), format!("{:?}", followed[40]));
            for one in &followed {
                assert_eq!(one.positions[..2], [-1.0, 0.3]);
                assert!((one.corrected_places[0]).abs() < 1e-15 && one.places[0] >= 0.0);
                let (first, rest) = (&one.way[..2], &one.way[2..]);
                let from_home = |p: &[f64]| (p[0] + 1.0).hypot(p[1]);
                assert!(from_home(first) <= 0.4 && rest.chunks(2).all(|point| from_home(point) > 0.4));
                assert_eq!(rest[rest.len() - 2..], one.corrected_places[..2]);
            }
        });
    }
}

/// V is a sum, so y is independent of x and of when x reaches the top: where it starts with its law N(0, ½), it leaves with it.
/// Oracle: the closed form; 20,000 exits, seed 11, 5 standard errors (significance 1e-6). Euler–Maruyama widens the variance of y
/// to ½/(1 − h/2), 1 %, and the mean place leaves out what the path does inside a step, less than h/6: 0.0033.
#[test]
fn exit_places_have_the_law_of_the_free_coordinate() {
    let settled = Start::Normal { mean: vec![-1.0, 0.0], root: vec![0.0, 0.0, 0.0, 0.5f64.sqrt()] };
    let summary = in_the_plane(true, &settled, |program| ensemble(program, 20_000));
    for (passage, on_border) in [(&summary.corrected[0], true), (&summary.at_steps[0], false)] {
        let place = passage.place.as_ref().unwrap();
        assert_eq!(place.count(), passage.time.count());
        let (x, y) = (place.mean(0).unwrap(), place.mean(1).unwrap());
        assert!(if on_border { x.value.abs() < 1e-15 } else { x.value > 0.0 && x.value < 0.15 });
        assert!(y.value.abs() < 5.0 * y.stderr, "{y:?}");
        let spread = place.gaussian_covariance(1, 1).unwrap();
        assert!((spread.value - 0.5).abs() < 5.0 * spread.stderr + 0.0085, "{spread:?}");
    }
}

/// Out of an interval through both ends, in steps long enough for the crossings inside them to matter. Oracle: quadrature
/// of the exact mean exit time. Significance 1e-4 for the corrected mean, seed (11, 5), 40,000 replicas.
#[test]
fn crossings_of_joined_comparisons_are_corrected() {
    use crate::landscape::formula::Condition;
    use crate::theory::{Process, interval_exit_time};

    let drift = named::<f64>("double-well", &BTreeMap::new()).unwrap().drift;
    let time_step = 0.005;
    let rule = EulerMaruyama::new(Equation { drift, diffusion: Diffusion::Isotropic(2.0) }, time_step);
    let process = Process::gibbs(|x| x * x * (x * x - 2.0), 2.0).unwrap();
    let exact = interval_exit_time(&process, 0.2, -0.9, 1.1).unwrap();
    for text in ["x <= -0.9 or x >= 1.1", "not (x > -0.9 and x < 1.1)"] {
        let condition = Condition::parse(text, Some(&["x".to_owned()]), &BTreeMap::new()).unwrap();
        let region = super::ConditionRegion::new(&condition).unwrap();
        let program = ExitProgram {
            rule: &rule,
            start: &Start::Point(vec![0.2]),
            targets: &Targets::Regions(vec![Box::new(region)]),
            correct_crossings: true,
            most_steps: 100_000,
            seed: Seed::new(11, 5),
            lanes: 64,
        };
        let summary = ensemble(&program, 40_000);
        let deviation = |passage: &PassageSummary| {
            let time = &passage.time;
            (time.mean().value - exact.mean) / time.mean().stderr
        };
        println!(
            "{text}: {} {} {exact:?}",
            deviation(&summary.at_steps[0]),
            deviation(&summary.corrected[0])
        );
    }
}
