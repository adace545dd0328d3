//! Speed of double-well escapes by Euler–Maruyama and of an Ornstein–Uhlenbeck ensemble, on one or more threads.
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use sgdyn::ensemble::exit::{ExitProgram, HalfSpace, Side, Targets};
use sgdyn::ensemble::{Outcome, Plan, Start, Units, run};
use sgdyn::landscape::named;
use sgdyn::random::{Seed, Variate};
use sgdyn::rule::Rule;
use sgdyn::rule::continuous::{Diffusion, Equation, EulerMaruyama, Heun};

fn escape<R: Variate>(beta: f64, heun: bool, correct: bool, threads: usize, lanes: usize, n: u64) {
    let field = named::<R>("double-well", &std::collections::BTreeMap::new()).expect("known");
    let equation =
        Equation { drift: field.drift.clone(), diffusion: Diffusion::Isotropic((2.0 / beta).sqrt()) };
    let rule: Arc<dyn Rule<R>> =
        if heun { Arc::new(Heun::new(equation, 0.01)) } else { Arc::new(EulerMaruyama::new(equation, 0.01)) };
    let half = |threshold| HalfSpace { coordinate: 0, threshold, side: Side::Below };
    let targets = if correct {
        Targets::nested(&[half(0.0), half(-0.5), half(-1.0)])
    } else {
        Targets::nested(&[half(-0.5)])
    }
    .expect("nested");
    let start = Start::Point(vec![1.0]);
    let program = ExitProgram {
        rule: &*rule,
        start: &start,
        targets: &targets,
        correct_crossings: correct,
        most_steps: 1 << 39,
        seed: Seed::new(1, 0),
        lanes,
    };
    let stop = AtomicBool::new(false);
    let plan =
        Plan { threads, stop: &stop, progress: None, store: None, save_every: Duration::from_secs(30) };
    let t = Instant::now();
    let Ok(Outcome::Finished(summary)) = run(&program, Units::new(n, 128 * 64), &plan) else { return };
    let s = t.elapsed().as_secs_f64();
    print!(
        "{} beta {beta} heun {heun} correct {correct} threads {threads} lanes {lanes}: {:.3e} steps/s {:.2}s",
        R::NAME,
        summary.steps as f64 / s,
        s
    );
    for p in &summary.at_steps {
        let m = p.time.mean();
        print!("  {:.4}({:.4})", m.value, m.stderr);
    }
    print!(" |");
    for p in &summary.corrected {
        let m = p.time.mean();
        print!("  {:.4}({:.4})", m.value, m.stderr);
    }
    println!();
}

fn main() {
    escape::<f64>(3.0, false, false, 1, 128, 300_000);
    escape::<f32>(3.0, false, false, 1, 128, 300_000);
    escape::<f64>(3.0, false, true, 1, 128, 100_000);
    escape::<f64>(1.0, true, true, 2, 128, 1_000_000);
    escape::<f64>(3.0, true, true, 2, 128, 300_000);
}
