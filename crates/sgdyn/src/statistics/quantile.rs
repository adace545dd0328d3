//! Quantiles of the laws behind the intervals, polished to machine precision.

use statrs::distribution::{ChiSquared, Continuous, ContinuousCDF, StudentsT};
use statrs::function::{erf::erfc_inv, gamma::gamma_ur};
use std::f64::consts::{PI, SQRT_2};

/// Newton steps on the tail that holds the smaller probability, where the distribution function keeps its digits.
fn polish<D: Continuous<f64, f64> + ContinuousCDF<f64, f64>>(law: &D, probability: f64, start: f64) -> f64 {
    let mut x = start;
    for _ in 0..3 {
        let excess =
            if probability < 0.5 { law.cdf(x) - probability } else { (1.0 - probability) - law.sf(x) };
        let step = excess / law.pdf(x);
        if !step.is_finite() || step.abs() > 0.5 * x.abs().max(1e-3) {
            break;
        }
        x -= step;
        if step.abs() <= 4.0 * f64::EPSILON * x.abs() {
            break;
        }
    }
    x
}

/// The x with `P(Z ≤ x) = probability` for a standard normal Z. NaN outside (0, 1).
pub fn normal_quantile(probability: f64) -> f64 {
    if !(probability > 0.0 && probability < 1.0) {
        return f64::NAN;
    }
    let tail = probability.min(1.0 - probability);
    let mut x = SQRT_2 * erfc_inv(2.0 * tail);
    for _ in 0..3 {
        let density = (-0.5 * x * x).exp() / (2.0 * PI).sqrt();
        x += (normal_survival(x) - tail) / density;
    }
    if probability < 0.5 { -x } else { x }
}

/// `P(Z > x)` for a standard normal Z, to relative 1e-14 far into the tail.
///
/// Through the incomplete Γ function: the usual rational approximations of erfc stop at 1e-10.
pub fn normal_survival(x: f64) -> f64 {
    let half_square = 0.5 * x * x;
    let beyond = match half_square {
        square if square.is_nan() => return f64::NAN,
        0.0 => 1.0,
        // The incomplete Γ function takes numbers above 0 that are finite.
        f64::INFINITY => 0.0,
        square => gamma_ur(0.5, square),
    };
    if x > 0.0 { 0.5 * beyond } else { 1.0 - 0.5 * beyond }
}

/// The x with `P(χ²_k ≤ x) = probability` for `degrees` k > 0. NaN outside (0, 1) or for k ≤ 0.
pub fn chi_square_quantile(degrees: f64, probability: f64) -> f64 {
    if !(probability > 0.0 && probability < 1.0) {
        return f64::NAN;
    }
    ChiSquared::new(degrees).map_or(f64::NAN, |law| polish(&law, probability, law.inverse_cdf(probability)))
}

/// The x with `P(T_k ≤ x) = probability` for Student's law with `degrees` k > 0. NaN outside (0, 1) or for k ≤ 0.
pub fn student_quantile(degrees: f64, probability: f64) -> f64 {
    if !(probability > 0.0 && probability < 1.0) {
        return f64::NAN;
    }
    StudentsT::new(0.0, 1.0, degrees)
        .map_or(f64::NAN, |law| polish(&law, probability, law.inverse_cdf(probability)))
}
