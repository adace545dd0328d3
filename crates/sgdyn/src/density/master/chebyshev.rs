//! Chebyshev polynomials on an interval.

use std::f64::consts::PI;

/// `Σ c_k T_k`, T_k scaled to an interval.
#[derive(Clone, Debug)]
pub(super) struct Chebyshev {
    lower: f64,
    upper: f64,
    coefficients: Vec<f64>,
}

impl Chebyshev {
    /// Interpolates `function` at the `nodes` zeros of the next polynomial.
    pub(super) fn fit(lower: f64, upper: f64, nodes: usize, function: impl Fn(f64) -> f64) -> Self {
        let angle = |j: usize| PI * (j as f64 + 0.5) / nodes as f64;
        let values: Vec<f64> = (0..nodes)
            .map(|j| function(0.5 * (lower + upper) + 0.5 * (upper - lower) * angle(j).cos()))
            .collect();
        let mut coefficients: Vec<f64> = (0..nodes)
            .map(|k| {
                let sum: f64 = values.iter().enumerate().map(|(j, v)| v * (k as f64 * angle(j)).cos()).sum();
                sum * if k == 0 { 1.0 } else { 2.0 } / nodes as f64
            })
            .collect();
        // What is below rounding costs time alone.
        let largest = coefficients.iter().fold(0.0_f64, |most, c| most.max(c.abs()));
        while coefficients.len() > 1 && coefficients.last().is_some_and(|c| c.abs() < 1e-17 * largest) {
            coefficients.pop();
        }
        Self { lower, upper, coefficients }
    }

    /// The value at a point of the interval (Clenshaw).
    pub(super) fn value(&self, x: f64) -> f64 {
        let y = (2.0 * x - self.lower - self.upper) / (self.upper - self.lower);
        let (mut next, mut after) = (0.0, 0.0);
        for &coefficient in self.coefficients[1..].iter().rev() {
            (next, after) = (2.0 * y * next - after + coefficient, next);
        }
        y * next - after + self.coefficients[0]
    }
}
