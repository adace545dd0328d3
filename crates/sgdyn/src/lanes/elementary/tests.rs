//! The elementary functions held against mpmath, the standard library, a series and their own identities.

use super::lanewise;
use crate::lanes::{Real, SimdLevel, force_simd_level, simd_level};

/// Bits of arguments and exact results, the worst of millions of random arguments and the hard ones of each algorithm.
const TABLE: &str = include_str!("../../../tests/data/elementary_f64.txt");

/// SplitMix64: arguments that any reader can regenerate.
struct Arguments(u64);

impl Arguments {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * ((self.bits() >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

/// The distance from `value` to the next number away from 0 in f64.
fn ulp(value: f64) -> f64 {
    let magnitude = value.abs().min(f64::MAX.next_down());
    magnitude.next_up() - magnitude
}

/// The same in f32, for an exact result in f64.
fn ulp_f32(exact: f64) -> f64 {
    let magnitude = (exact.abs() as f32).min(f32::MAX.next_down());
    let magnitude = if f64::from(magnitude) > exact.abs() { magnitude.next_down() } else { magnitude };
    f64::from(magnitude.next_up()) - f64::from(magnitude)
}

/// A function, its counterpart from elsewhere in f64, and the interval of the dense comparison.
struct Compared {
    name: &'static str,
    f64: fn(f64) -> f64,
    f32: fn(f32) -> f32,
    reference: fn(f64) -> f64,
    low: f64,
    high: f64,
    /// The largest f32 argument with an answer.
    largest_f32: f32,
}

macro_rules! compared {
    ($($name:ident, $reference:expr, $low:expr, $high:expr, $largest_f32:expr;)+) => {
        [$(Compared {
            name: stringify!($name),
            f64: <f64 as Real>::$name,
            f32: <f32 as Real>::$name,
            reference: $reference,
            low: $low,
            high: $high,
            largest_f32: $largest_f32,
        }),+]
    };
}

const COMPARED: [Compared; 9] = compared! {
    exp, f64::exp, -745.0, 709.0, f32::INFINITY;
    exp_m1, f64::exp_m1, -40.0, 40.0, f32::INFINITY;
    ln, f64::ln, 0.0, 4.0, f32::INFINITY;
    ln_1p, f64::ln_1p, -1.0, 3.0, f32::INFINITY;
    sin, f64::sin, -1e5, 1e5, 1_048_576.0;
    cos, f64::cos, -1e5, 1e5, 1_048_576.0;
    tan, f64::tan, -1e5, 1e5, 1_048_576.0;
    tanh, f64::tanh, -20.0, 20.0, f32::INFINITY;
    erf, erf_by_series, -6.0, 6.0, f32::INFINITY;
};

/// `2/√π e^{−x²} Σ 2ⁿ x^{2n+1}/(2n+1)!!`, whose terms have one sign (statrs's erf is off by 10⁻¹³ near 2.5).
fn erf_by_series(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    let magnitude = x.abs().min(6.0);
    let (mut sum, mut term, mut odd) = (0.0, magnitude, 1.0);
    while term > 1e-17 * sum {
        sum += term;
        odd += 2.0;
        term *= 2.0 * magnitude * magnitude / odd;
    }
    (std::f64::consts::FRAC_2_SQRT_PI * (-magnitude * magnitude).exp() * sum).copysign(x)
}

fn function_named(name: &str) -> fn(f64) -> f64 {
    COMPARED.iter().find(|compared| compared.name == name).expect("the table names known functions").f64
}

#[test]
fn f64_is_within_one_ulp_of_the_exact_results() {
    let from_bits = |field: &str| f64::from_bits(u64::from_str_radix(field, 16).unwrap());
    let mut rows = 0;
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split(' ').collect();
        let (computed, expected, residual) = match fields[..] {
            ["powf", base, exponent, expected, residual] => {
                (Real::powf(from_bits(base), from_bits(exponent)), expected, residual)
            }
            [name, argument, expected, residual] => {
                (function_named(name)(from_bits(argument)), expected, residual)
            }
            _ => panic!("not a row of the table: {line}"),
        };
        let expected = from_bits(expected);
        let error = (computed - expected) / ulp(expected) - residual.parse::<f64>().unwrap();
        assert!(error.abs() <= 1.0, "{line}: {computed:e} is off by {error:.3} ulp");
        rows += 1;
    }
    assert_eq!(rows, 1189);
}

#[test]
fn f64_agrees_with_other_implementations() {
    let mut arguments = Arguments(1);
    for function in &COMPARED {
        for _ in 0..50_000 {
            let x = arguments.uniform(function.low, function.high);
            let (computed, expected) = ((function.f64)(x), (function.reference)(x));
            let error = ((computed - expected) / ulp(expected)).abs();
            // Both are within 1 ulp of the exact result; the largest term of the series has about x² factors of two
            // roundings each, the exponential and the sum take as many again.
            let bound = if function.name == "erf" { 10.0 + 4.0 * x * x } else { 2.0 };
            assert!(error <= bound, "{}({x:e}) = {computed:e}, not {expected:e}", function.name);
        }
    }
}

#[test]
fn f32_is_within_one_ulp_over_all_bit_patterns() {
    for function in &COMPARED {
        for bits in (0..=u32::MAX).step_by(40_009) {
            let x = f32::from_bits(bits);
            if x.abs() > function.largest_f32 {
                continue;
            }
            let (computed, exact) = ((function.f32)(x), (function.reference)(f64::from(x)));
            let rounded = exact as f32;
            if rounded.is_finite() && computed.is_finite() {
                let error = ((f64::from(computed) - exact) / ulp_f32(exact)).abs();
                assert!(error <= 1.0, "{}({x:e}) = {computed:e}, off by {error:.3} ulp", function.name);
                assert_eq!(
                    computed.is_sign_negative(),
                    rounded.is_sign_negative(),
                    "{}({x:e})",
                    function.name
                );
            } else {
                assert!(same(computed.into(), rounded.into()), "{}({x:e}) = {computed}", function.name);
            }
        }
    }
}

#[test]
fn powf_agrees_with_other_implementations() {
    let mut arguments = Arguments(2);
    for _ in 0..200_000 {
        // Results over the whole range, subnormal ones and overflow included.
        let base = f64::from_bits(arguments.bits() >> 1);
        let exponent = arguments.uniform(-760.0, 720.0) / base.ln();
        if base.is_finite() && exponent.is_finite() {
            let (computed, expected) = (Real::powf(base, exponent), base.powf(exponent));
            let close = (computed - expected).abs() <= 2.0 * ulp(expected);
            assert!(close || computed == expected, "{base:e}^{exponent:e} = {computed:e}, not {expected:e}");
        }

        let base = f32::from_bits((arguments.bits() >> 33) as u32);
        let exponent = (arguments.uniform(-106.0, 90.0) / f64::from(base).ln()) as f32;
        if base.is_finite() && exponent.is_finite() {
            let exact = f64::from(base).powf(f64::from(exponent));
            let computed = Real::powf(base, exponent);
            let close = (f64::from(computed) - exact).abs() <= 0.51 * ulp_f32(exact);
            assert!(close || computed == exact as f32, "{base:e}^{exponent:e} = {computed:e}, not {exact:e}");
        }
    }
}

/// Equal with the same sign of 0, or both NaN.
fn same(computed: f64, expected: f64) -> bool {
    computed.to_bits() == expected.to_bits() || (computed.is_nan() && expected.is_nan())
}

/// A function and its results at special arguments.
type SpecialValues<R> = (&'static str, fn(R) -> R, Vec<(f64, f64)>);

fn special_values<R: Real>(smallest: f64, largest: f64, too_large_to_reduce: f64) {
    const INFINITY: f64 = f64::INFINITY;
    const NAN: f64 = f64::NAN;
    let cases: [SpecialValues<R>; 9] = [
        (
            "exp",
            R::exp,
            vec![
                (0.0, 1.0),
                (-0.0, 1.0),
                (INFINITY, INFINITY),
                (-INFINITY, 0.0),
                (largest, INFINITY),
                (-largest, 0.0),
                (smallest, 1.0),
            ],
        ),
        (
            "exp_m1",
            R::exp_m1,
            vec![
                (0.0, 0.0),
                (-0.0, -0.0),
                (INFINITY, INFINITY),
                (-INFINITY, -1.0),
                (largest, INFINITY),
                (-largest, -1.0),
                (smallest, smallest),
                (-smallest, -smallest),
            ],
        ),
        (
            "ln",
            R::ln,
            vec![
                (1.0, 0.0),
                (0.0, -INFINITY),
                (-0.0, -INFINITY),
                (INFINITY, INFINITY),
                (-INFINITY, NAN),
                (-1.0, NAN),
                (-smallest, NAN),
            ],
        ),
        (
            "ln_1p",
            R::ln_1p,
            vec![
                (0.0, 0.0),
                (-0.0, -0.0),
                (-1.0, -INFINITY),
                (INFINITY, INFINITY),
                (-INFINITY, NAN),
                (-2.0, NAN),
                (smallest, smallest),
                (-smallest, -smallest),
            ],
        ),
        (
            "sin",
            R::sin,
            vec![
                (0.0, 0.0),
                (-0.0, -0.0),
                (INFINITY, NAN),
                (-INFINITY, NAN),
                (smallest, smallest),
                (-smallest, -smallest),
                (too_large_to_reduce, NAN),
                (largest, NAN),
            ],
        ),
        (
            "cos",
            R::cos,
            vec![
                (0.0, 1.0),
                (-0.0, 1.0),
                (INFINITY, NAN),
                (-INFINITY, NAN),
                (smallest, 1.0),
                (too_large_to_reduce, NAN),
                (-largest, NAN),
            ],
        ),
        (
            "tan",
            R::tan,
            vec![
                (0.0, 0.0),
                (-0.0, -0.0),
                (INFINITY, NAN),
                (-INFINITY, NAN),
                (smallest, smallest),
                (-smallest, -smallest),
                (too_large_to_reduce, NAN),
                (largest, NAN),
            ],
        ),
        (
            "tanh",
            R::tanh,
            vec![
                (0.0, 0.0),
                (-0.0, -0.0),
                (INFINITY, 1.0),
                (-INFINITY, -1.0),
                (largest, 1.0),
                (smallest, smallest),
                (-smallest, -smallest),
            ],
        ),
        (
            "erf",
            R::erf,
            vec![
                (0.0, 0.0),
                (-0.0, -0.0),
                (INFINITY, 1.0),
                (-INFINITY, -1.0),
                (largest, 1.0),
                (smallest, smallest),
                (-smallest, -smallest),
            ],
        ),
    ];
    for (name, function, values) in cases {
        for (argument, expected) in values.into_iter().chain([(NAN, NAN)]) {
            let computed = function(R::from_f64(argument)).to_f64();
            assert!(same(computed, expected), "{} {name}({argument}) = {computed}, not {expected}", R::NAME);
        }
    }
}

#[test]
fn special_values_are_those_of_c99() {
    special_values::<f64>(5e-324, f64::MAX, 35_184_372_088_832.0_f64.next_up());
    special_values::<f32>(1.401298464324817e-45, f64::from(f32::MAX), f64::from(1_048_576.0_f32.next_up()));
}

#[test]
fn special_powers_are_those_of_c99() {
    let bases = [0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 1e30, f64::INFINITY, f64::NAN];
    let exponents = [
        0.0,
        0.25,
        0.5,
        1.0,
        1.5,
        2.0,
        3.0,
        4.0,
        8_388_607.0,
        16_777_215.0,
        16_777_216.0,
        1e30,
        f64::INFINITY,
        f64::NAN,
    ];
    let signed = |values: &[f64]| values.iter().flat_map(|&value| [value, -value]).collect::<Vec<f64>>();
    for base in signed(&bases) {
        for exponent in signed(&exponents) {
            // Where C99 fixes the result, so does the standard library; elsewhere both are within 1 ulp.
            let expected = base.powf(exponent);
            let computed = Real::powf(base, exponent);
            let close = (computed - expected).abs() <= ulp(expected) && expected != 0.0;
            assert!(close || same(computed, expected), "{base}^{exponent} = {computed}, not {expected}");

            let (base, exponent) = (base as f32, exponent as f32);
            let expected = base.powf(exponent);
            let computed = Real::powf(base, exponent);
            let close = (computed - expected).abs() <= 2.0 * f32::EPSILON * expected.abs() && expected != 0.0;
            assert!(
                close || same(computed.into(), expected.into()),
                "{base}^{exponent} = {computed}, not {expected}"
            );
        }
    }
    let largest_odd = 9_007_199_254_740_991.0;
    assert_eq!(Real::powf(-1.0, largest_odd), -1.0_f64);
    assert_eq!(Real::powf(-1.0, largest_odd + 1.0), 1.0);
    assert_eq!(Real::powf(-1.0, 4_503_599_627_370_497.0), -1.0);
    assert!(Real::powf(-1.0_f64, 2_251_799_813_685_248.5).is_nan());
}

#[test]
fn symmetries_hold_to_the_bit() {
    let mut arguments = Arguments(3);
    for _ in 0..20_000 {
        let x = arguments.uniform(-30.0, 30.0);
        for odd in ["sin", "tan", "tanh", "erf"].map(function_named) {
            assert_eq!(odd(-x), -odd(x));
        }
        assert_eq!(Real::cos(-x), Real::cos(x));
        assert_eq!(Real::sin_cos(x), (Real::sin(x), Real::cos(x)));
        // Squaring is exact enough: three roundings of 2^−53, an ulp in each factor.
        let (sine, cosine) = Real::sin_cos(x);
        assert!((sine.mul_add(sine, cosine * cosine) - 1.0).abs() < 4.0 * f64::EPSILON);
    }
}

#[test]
fn increasing_functions_increase_on_a_grid() {
    for (name, low, high) in [
        ("exp", -708.0, 709.0),
        ("exp_m1", -3.0, 3.0),
        ("ln", 0.1, 10.0),
        ("ln_1p", -0.9, 3.0),
        ("tanh", -3.0, 3.0),
        ("erf", -3.0, 3.0),
    ] {
        let function = function_named(name);
        // Neighbours of the grid are so far apart that an ulp in each cannot reverse them.
        let values: Vec<f64> =
            (0..=100_000).map(|i| function(low + (high - low) * f64::from(i) / 1e5)).collect();
        assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "{name} does not increase");
    }
}

/// Every function at `count` arguments, in f64 and f32: bits, with one for all NaN.
fn all_results(count: usize) -> Vec<Vec<u64>> {
    let mut arguments = Arguments(4);
    let doubles: Vec<f64> = (0..count)
        .map(|i| if i % 2 == 0 { arguments.uniform(-40.0, 40.0) } else { f64::from_bits(arguments.bits()) })
        .collect();
    let singles: Vec<f32> = doubles
        .iter()
        .map(|&x| if x.abs() < 40.0 { x as f32 } else { f32::from_bits((x.to_bits() >> 32) as u32) })
        .collect();
    let mut results = Vec::new();
    macro_rules! evaluate {
        ($($name:ident $(with $exponents:ident)?),+) => {
            $(
                let mut values = doubles.clone();
                lanewise::$name(&mut values $(, &reversed(&$exponents!(doubles)))?);
                results.push(values.iter().map(|x| if x.is_nan() { 1 } else { x.to_bits() }).collect());
                let mut values = singles.clone();
                lanewise::$name(&mut values $(, &reversed(&$exponents!(singles)))?);
                results.push(values.iter().map(|x| if x.is_nan() { 1 } else { u64::from(x.to_bits()) }).collect());
            )+
        };
    }
    macro_rules! arguments_too {
        ($values:ident) => {
            $values
        };
    }
    evaluate!(exp, exp_m1, ln, ln_1p, sin, cos, tan, tanh, erf, powf with arguments_too);
    results
}

fn reversed<R: Real>(values: &[R]) -> Vec<R> {
    values.iter().rev().copied().collect()
}

#[test]
fn bits_do_not_depend_on_the_simd_level() {
    let best = simd_level();
    force_simd_level(SimdLevel::Portable).expect("every machine has it");
    let portable = all_results(100_000);
    for level in [SimdLevel::Avx2, SimdLevel::Avx512] {
        if force_simd_level(level).is_ok() {
            for (index, (portable, wide)) in portable.iter().zip(all_results(100_000)).enumerate() {
                assert_eq!(*portable, wide, "function {index} at level {}", level.name());
            }
        }
    }
    force_simd_level(best).expect("it was in use");
}
