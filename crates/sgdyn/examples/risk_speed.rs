//! How fast minibatch gradients and Hessians are on one core.
//!
//! `cargo run --release -p sgdyn --example risk_speed [portable|avx2|avx512]`

use std::hint::black_box;
use std::time::Instant;

use sgdyn::lanes::{Block, Real, force_simd_level, simd_level};
use sgdyn::risk::{
    ConstantFeatures, Dataset, EmpiricalRisk, GeneralisedLinear, Link, SampleCurvature, Workspace, minimise,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if let Some(level) = std::env::args().nth(1) {
        force_simd_level(level.parse()?)?;
    }
    println!("SIMD level {}", simd_level().name());

    let banknote = Dataset::ready("banknote")?.standardised(ConstantFeatures::Error)?.with_intercept();
    for batch_size in [1, 8, 64] {
        gradients(
            "banknote logistic",
            &GeneralisedLinear::<f64>::new(Link::Logistic, &banknote, 0.01)?,
            256,
            batch_size,
        );
        gradients(
            "banknote logistic",
            &GeneralisedLinear::<f32>::new(Link::Logistic, &banknote, 0.01)?,
            256,
            batch_size,
        );
    }
    let digits = Dataset::ready("digits")?.divided_by(16.0)?.with_intercept();
    gradients("digits softmax", &GeneralisedLinear::<f32>::new(Link::Softmax, &digits, 0.01)?, 16, 32);
    gradients("digits softmax", &GeneralisedLinear::<f64>::new(Link::Softmax, &digits, 0.01)?, 16, 32);

    let risk = GeneralisedLinear::<f64>::new(Link::Softmax, &digits, 0.01)?;
    let begin = Instant::now();
    let minimum = minimise(&risk, &vec![0.0; risk.dimension()], 1e-12)?;
    println!(
        "digits softmax minimum: {:.2?}, {} iterations, |gradient| {:e}",
        begin.elapsed(),
        minimum.iterations,
        minimum.gradient_norm
    );
    let begin = Instant::now();
    let covariance = risk.gradient_covariance(&minimum.at);
    println!("digits softmax gradient covariance: {:.2?}", begin.elapsed());
    let begin = Instant::now();
    black_box(risk.fluctuation(&minimum.at, covariance.as_ref()));
    println!("digits softmax fluctuation: {:.2?}", begin.elapsed());
    Ok(())
}

/// Prints the shortest of 200 repetitions: other work on the machine only ever adds.
fn gradients<R: Real>(name: &str, risk: &GeneralisedLinear<R>, lanes: usize, batch_size: usize) {
    let mut at = Block::zeros(risk.dimension(), lanes, risk.layout());
    for (place, value) in at.values_mut().iter_mut().enumerate() {
        *value = R::from_f64((place as f64 * 0.7).sin() * 0.1);
    }
    let mut out = at.clone();
    let mut workspace = Workspace::new();
    let calls = 4_000_000 / (lanes * batch_size * risk.dimension()).max(1) + 1;
    let indices: Vec<Vec<u32>> = (0..calls)
        .map(|call| {
            let sample = |place: usize| ((place + call * 7919) * 2_654_435_761 % risk.samples()) as u32;
            (0..lanes * batch_size).map(sample).collect()
        })
        .collect();
    let best = (0..200)
        .map(|_| {
            let begin = Instant::now();
            for indices in &indices {
                risk.minibatch_gradient(black_box(&at), indices, batch_size, &mut workspace, &mut out);
            }
            black_box(&out);
            begin.elapsed().as_secs_f64() / calls as f64
        })
        .fold(f64::INFINITY, f64::min);
    println!(
        "{name}, {}, batch {batch_size}, {lanes} lanes: {:.1} ns per replica, {:.2} ns per sample",
        R::NAME,
        best * 1e9 / lanes as f64,
        best * 1e9 / (lanes * batch_size) as f64
    );
}
