//! Nanoseconds per value of the elementary functions at every SIMD level, beside the standard library's.
//!
//! `cargo run --release --package sgdyn --example elementary_speed`

use std::hint::black_box;
use std::time::Instant;

use sgdyn::lanes::{Real, SimdLevel, force_simd_level, lanewise, simd_level};

/// Values per call: an array of f64 that fits in the first-level cache.
const VALUES: usize = 1024;
const CALLS: usize = 200;
/// The fastest of so many repetitions is reported: the others were disturbed.
const REPETITIONS: usize = 9;

fn nanoseconds_per_value<R: Real>(source: &[R], mut evaluate: impl FnMut(&mut [R])) -> f64 {
    let mut values = source.to_vec();
    (0..REPETITIONS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..CALLS {
                values.copy_from_slice(source);
                evaluate(black_box(&mut values));
            }
            start.elapsed().as_secs_f64() * 1e9 / (CALLS * source.len()) as f64
        })
        .fold(f64::INFINITY, f64::min)
}

fn print_row(name: &str, nanoseconds: &[f64]) {
    print!("{name:<8}");
    for value in nanoseconds {
        print!("{value:>9.2}");
    }
    println!();
}

/// Arguments in shuffled order, so that no branch of the standard library is predicted.
fn arguments(low: f64, high: f64) -> Vec<f64> {
    (0..VALUES).map(|i| low + (high - low) * (i * 7919 % VALUES) as f64 / VALUES as f64).collect()
}

macro_rules! time {
    ($name:ident, $low:expr, $high:expr) => {
        time!($name, $low, $high, f64::$name, f32::$name)
    };
    ($name:ident, $low:expr, $high:expr, $f64:expr, $f32:expr $(, $exponent:literal)?) => {{
        let doubles = arguments($low, $high);
        let singles: Vec<f32> = doubles.iter().map(|&x| x as f32).collect();
        $(
            let double_exponents = [$exponent; VALUES];
            let single_exponents = [$exponent; VALUES];
        )?
        let mut row = Vec::new();
        for level in levels() {
            force_simd_level(level).expect("the machine has every level up to its best");
            row.push(nanoseconds_per_value(&doubles, |values| {
                time!(@call $name, values $(, $exponent, &double_exponents)?);
            }));
            row.push(nanoseconds_per_value(&singles, |values| {
                time!(@call $name, values $(, $exponent, &single_exponents)?);
            }));
        }
        row.push(nanoseconds_per_value(&doubles, |values| values.iter_mut().for_each(|x| *x = $f64(*x))));
        row.push(nanoseconds_per_value(&singles, |values| values.iter_mut().for_each(|x| *x = $f32(*x))));
        print_row(stringify!($name), &row);
    }};
    (@call $name:ident, $values:ident) => { lanewise::$name($values) };
    (@call $name:ident, $values:ident, $exponent:literal, $exponents:expr) => {
        lanewise::$name($values, $exponents)
    };
}

/// The levels of this machine, the best first.
fn levels() -> Vec<SimdLevel> {
    [SimdLevel::Avx512, SimdLevel::Avx2, SimdLevel::Portable]
        .into_iter()
        .filter(|&level| force_simd_level(level).is_ok())
        .collect()
}

fn main() {
    let best = simd_level();
    print!("{:<8}", "ns/value");
    for name in levels().into_iter().map(SimdLevel::name).chain(["std"]) {
        print!("{name:>9}{:>9}", "(f32)");
    }
    println!();
    time!(exp, -10.0, 10.0);
    time!(exp_m1, -10.0, 10.0);
    time!(ln, 0.01, 10.0);
    time!(ln_1p, -0.9, 9.0);
    time!(powf, 0.1, 6.0, |x: f64| x.powf(black_box(1.5)), |x: f32| x.powf(black_box(1.5)), 1.5);
    time!(sin, -10.0, 10.0);
    time!(cos, -10.0, 10.0);
    time!(tan, -10.0, 10.0);
    time!(tanh, -3.0, 3.0);
    // The stable standard library has no error function; statrs has one in f64.
    time!(erf, -3.0, 3.0, statrs::function::erf::erf, |x: f32| statrs::function::erf::erf(x.into()) as f32);
    force_simd_level(best).expect("it was in use");
}
