//! What a formula costs on a block of 256 lanes, against the same gradient written as a loop in Rust.
//!
//! The loop gets the instructions that it is built for, the formula those that it finds at run time; a fair race is
//! `cargo rustc -p sgdyn --release --example formula_cost -- -Ctarget-cpu=native`, then
//! `target/release/examples/formula_cost`.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use sgdyn::landscape::formula::{CompiledFormulas, Formula, FormulaWorkspace};
use sgdyn::lanes::{Block, Layout, Real};

const LANES: usize = 256;

/// Müller and Brown (1979): amplitudes, quadratic forms (a, b, c) and centres (x, y).
const MUELLER_BROWN: [(f64, [f64; 3], [f64; 2]); 4] = [
    (-200.0, [-1.0, 0.0, -10.0], [1.0, 0.0]),
    (-100.0, [-1.0, 0.0, -10.0], [0.0, 0.5]),
    (-170.0, [-6.5, 11.0, -6.5], [-0.5, 1.5]),
    (15.0, [0.7, 0.6, 0.7], [-1.0, 1.0]),
];

/// The best time of many, in nanoseconds per call.
fn best(mut call: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..200 {
        let start = Instant::now();
        for _ in 0..200 {
            call();
        }
        best = best.min(start.elapsed().as_secs_f64() / 200.0 * 1e9);
    }
    best
}

fn compare(
    name: &str,
    text: &str,
    by_hand: impl Fn(&[f64], &mut [f64]),
) -> Result<(), Box<dyn std::error::Error>> {
    let formula = Formula::parse(text, None, &BTreeMap::new())?;
    let compiled = CompiledFormulas::<f64>::compile(&formula.gradient()?)?;
    let dimension = formula.dimension();
    let mut at = Block::zeros(dimension, LANES, Layout::CoordinateMajor);
    for (index, value) in at.values_mut().iter_mut().enumerate() {
        *value = (index as f64 * 0.61803).fract() * 2.0 - 1.0;
    }
    let mut outputs = vec![0.0; dimension * LANES];
    let mut expected = outputs.clone();
    let mut workspace = FormulaWorkspace::default();
    let formula_time = best(|| compiled.evaluate(black_box(&at), &mut workspace, black_box(&mut outputs)));
    let loop_time = best(|| by_hand(black_box(at.values()), black_box(&mut expected)));
    let scale = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let difference = outputs.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / scale;
    println!(
        "{name:20} formula {formula_time:8.1} ns   loop {loop_time:8.1} ns   ratio {:5.2}   relative difference {difference:.1e}",
        formula_time / loop_time
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    compare("double well", "x^4 - 2*x^2", |x, slope| {
        for (slope, &x) in slope.iter_mut().zip(x) {
            *slope = 4.0 * x * (x * x - 1.0);
        }
    })?;
    let styblinski_tang = "0.5*(x^4 - 16*x^2 + 5*x) + 0.5*(y^4 - 16*y^2 + 5*y)";
    compare("Styblinski–Tang 2-D", styblinski_tang, |x, slope| {
        for (slope, &x) in slope.iter_mut().zip(x) {
            *slope = 2.0 * x * x * x - 16.0 * x + 2.5;
        }
    })?;
    let terms: Vec<String> = MUELLER_BROWN
        .iter()
        .map(|(amplitude, [a, b, c], [x, y])| {
            format!("{amplitude}*exp({a}*(x - {x})^2 + {b}*(x - {x})*(y - {y}) + {c}*(y - {y})^2)")
        })
        .map(|term| term.replace("- -", "+ "))
        .collect();
    compare("Müller–Brown", &terms.join(" + "), |at, slope| {
        let (x, y) = at.split_at(LANES);
        let (slope_x, slope_y) = slope.split_at_mut(LANES);
        for (((slope_x, slope_y), &x), &y) in slope_x.iter_mut().zip(slope_y).zip(x).zip(y) {
            (*slope_x, *slope_y) = (0.0, 0.0);
            for (amplitude, [a, b, c], [x0, y0]) in MUELLER_BROWN {
                let (u, v) = (x - x0, y - y0);
                let value = amplitude * Real::exp(a * u * u + b * u * v + c * v * v);
                *slope_x += value * (2.0 * a * u + b * v);
                *slope_y += value * (b * u + 2.0 * c * v);
            }
        }
    })?;
    Ok(())
}
