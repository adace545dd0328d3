//! The pieces that a run's time goes into, one core, at the SIMD level of the machine.
//!
//! `cargo bench -p sgdyn`, or with part of a name behind `--`: `cargo bench -p sgdyn -- variates`.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use sgdyn::landscape::{formula_field, named};
use sgdyn::lanes::{Block, Layout, Real, Scratch};
use sgdyn::random::{Demand, Draws, LaneStream, Law, Purpose, Seed, Variate};
use sgdyn::risk::{Dataset, EmpiricalRisk, GeneralisedLinear, Link, Workspace};
use sgdyn::rule::continuous::{Diffusion, Equation, EulerMaruyama, Heun};
use sgdyn::rule::{Rule, State};

/// Replicas advanced together, and steps whose noise is made at a time.
const LANES: usize = 256;
const FILL: usize = 16;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = |name: &str, work: u64, fill: &dyn Fn(&mut BenchmarkGroup<'_, WallTime>)| {
        let mut group = criterion.benchmark_group(name);
        group
            .sample_size(20)
            .warm_up_time(Duration::from_millis(300))
            .measurement_time(Duration::from_secs(1));
        group.throughput(Throughput::Elements(work));
        fill(&mut group);
        group.finish();
    };
    group("variates", (LANES * FILL) as u64, &|group| {
        variates::<f64>(group);
        variates::<f32>(group);
    });
    group("double-well drift", LANES as u64, &|group| {
        drifts::<f64>(group);
        drifts::<f32>(group);
    });
    group("double-well step", (LANES * FILL) as u64, &|group| {
        steps::<f64>(group);
        steps::<f32>(group);
    });
    group("minibatch gradient", 16, &|group| {
        gradients::<f64>(group);
        gradients::<f32>(group);
    });
    criterion.final_summary();
}

/// Filling the variates of a block, each at its replica's address.
fn variates<R: Variate>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let replicas: Vec<u64> = (0..LANES as u64).collect();
    for (name, law) in
        [("normal", Law::Normal), ("uniform", Law::Uniform), ("stable 1.5", Law::Stable { alpha: 1.5 })]
    {
        let mut stream = LaneStream::<R>::new(Demand::new(Purpose::GradientNoise, law, 1), LANES, FILL);
        let mut step = 0;
        group.bench_function(format!("{name} {}", R::NAME), |bencher| {
            bencher.iter(|| {
                stream.fill(Seed::new(1, 0), &replicas, &[step; LANES]);
                step += FILL as u64;
                black_box(stream.step(0));
            });
        });
    }
}

fn places<R: Real>() -> Block<R> {
    let mut at = Block::zeros(1, LANES, Layout::CoordinateMajor);
    for (lane, value) in at.values_mut().iter_mut().enumerate() {
        *value = R::from_f64(lane as f64 / 128.0 - 1.0);
    }
    at
}

/// The drift of one block, by hand and from a typed formula.
fn drifts<R: Real>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let by_hand = named::<R>("double-well", &BTreeMap::new()).expect("it is in the catalogue").drift;
    let typed = formula_field::<R>("x^4 - 2*x^2", None, &BTreeMap::new()).expect("it is a formula").0.drift;
    let at = places::<R>();
    for (name, drift) in [("by hand", by_hand), ("typed", typed)] {
        let (mut scratch, mut out) = (Scratch::new(), at.zeros_like());
        group.bench_function(format!("{name} {}", R::NAME), |bencher| {
            bencher.iter(|| drift.drift(black_box(&at), &mut scratch, &mut out));
        });
    }
}

/// Sixteen steps of a block with the noise that they take.
fn steps<R: Variate>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let drift = named::<R>("double-well", &BTreeMap::new()).expect("it is in the catalogue").drift;
    let equation = Equation { drift, diffusion: Diffusion::Isotropic(0.8) };
    let rules: [(&str, Box<dyn Rule<R>>); 2] = [
        ("Euler-Maruyama", Box::new(EulerMaruyama::new(equation.clone(), 0.005))),
        ("Heun", Box::new(Heun::new(equation, 0.005))),
    ];
    let replicas: Vec<u64> = (0..LANES as u64).collect();
    for (name, rule) in rules {
        let mut draws = Draws::new(Seed::new(1, 0), &rule.demands(), LANES);
        let mut state = State { position: places::<R>(), memory: Vec::new() };
        let (mut scratch, mut begin) = (Scratch::new(), 0);
        group.bench_function(format!("{name} {}", R::NAME), |bencher| {
            bencher.iter(|| {
                for _ in 0..FILL / draws.fill_steps() {
                    draws.fill(&replicas, &[begin; LANES]);
                    for step in 0..draws.fill_steps() {
                        rule.advance(begin + step as u64, &mut state, draws.step(step), &mut scratch);
                    }
                    begin += draws.fill_steps() as u64;
                }
            });
        });
    }
}

/// Gradients of 16 softmax regressions of the digits, batches of 32.
fn gradients<R: Real>(group: &mut BenchmarkGroup<'_, WallTime>) {
    const MODELS: usize = 16;
    const BATCH: usize = 32;
    let digits = Dataset::ready("digits").and_then(|digits| digits.divided_by(16.0)).expect("it is ready");
    let risk =
        GeneralisedLinear::<R>::new(Link::Softmax, &digits.with_intercept(), 0.0).expect("it has classes");
    let at = Block::<R>::zeros(risk.dimension(), MODELS, risk.layout());
    let mut out = at.zeros_like();
    let samples = risk.samples() as u32;
    let batch: Vec<u32> = (0..(MODELS * BATCH) as u32).map(|place| place * 7919 % samples).collect();
    let mut workspace = Workspace::new();
    group.bench_function(R::NAME, |bencher| {
        bencher.iter(|| risk.minibatch_gradient(black_box(&at), &batch, BATCH, &mut workspace, &mut out));
    });
}
