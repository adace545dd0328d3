//! Quadrature rules: Gauss–Legendre panels with their integration matrix, and the double-exponential rule.

use std::f64::consts::PI;
use std::sync::LazyLock;

/// Nodes of a panel. Sixteen integrate e^{4x} over \[−1, 1\] to rounding and keep small matrices small.
pub(super) const NODES: usize = 16;

/// Values at the nodes of one panel.
pub(super) type PanelValues = [f64; NODES];

/// Gauss–Legendre collocation on \[−1, 1\].
pub(super) struct Collocation {
    pub(super) nodes: PanelValues,
    pub(super) weights: PanelValues,
    /// `∫_{−1}^{x_j} f = Σ_k from_left[j][k] f(x_k)`.
    pub(super) from_left: [PanelValues; NODES],
    /// `∫_{x_j}^{1} f = Σ_k from_right[j][k] f(x_k)`.
    pub(super) from_right: [PanelValues; NODES],
    /// Legendre coefficients of the two highest degrees: how much of f the panel does not resolve.
    highest: [PanelValues; 2],
}

pub(super) static COLLOCATION: LazyLock<Collocation> = LazyLock::new(Collocation::new);

/// `P_0(x) … P_n(x)`.
fn legendre(n: usize, x: f64) -> Vec<f64> {
    let mut values = vec![1.0, x];
    for k in 1..n {
        let k_real = k as f64;
        values.push(((2.0 * k_real + 1.0) * x * values[k] - k_real * values[k - 1]) / (k_real + 1.0));
    }
    values
}

impl Collocation {
    #[allow(clippy::needless_range_loop, reason = "matrices are filled entry by entry")]
    fn new() -> Self {
        let n = NODES as f64;
        let mut rule = Self {
            nodes: [0.0; NODES],
            weights: [0.0; NODES],
            from_left: [[0.0; NODES]; NODES],
            from_right: [[0.0; NODES]; NODES],
            highest: [[0.0; NODES]; 2],
        };
        for j in 0..NODES {
            let mut x = -(PI * (j as f64 + 0.75) / (n + 0.5)).cos();
            for _ in 0..100 {
                let p = legendre(NODES, x);
                let slope = n * (x * p[NODES] - p[NODES - 1]) / (x * x - 1.0);
                let step = p[NODES] / slope;
                x -= step;
                if step.abs() < 1e-16 {
                    break;
                }
            }
            let p = legendre(NODES, x);
            let slope = n * (x * p[NODES] - p[NODES - 1]) / (x * x - 1.0);
            rule.nodes[j] = x;
            rule.weights[j] = 2.0 / ((1.0 - x * x) * slope * slope);
        }
        let polynomials: Vec<Vec<f64>> = rule.nodes.iter().map(|&x| legendre(NODES, x)).collect();
        for j in 0..NODES {
            for k in 0..NODES {
                // ∫_{−1}^x P_m = (P_{m+1}(x) − P_{m−1}(x))/(2m+1), and x + 1 for m = 0.
                let mut sum = 0.5 * (rule.nodes[j] + 1.0);
                for m in 1..NODES {
                    let integral = polynomials[j][m + 1] - polynomials[j][m - 1];
                    sum += 0.5 * polynomials[k][m] * integral;
                }
                rule.from_left[j][k] = rule.weights[k] * sum;
                rule.from_right[j][k] = rule.weights[k] - rule.from_left[j][k];
            }
        }
        for (row, degree) in [NODES - 1, NODES - 2].into_iter().enumerate() {
            for k in 0..NODES {
                rule.highest[row][k] = (degree as f64 + 0.5) * rule.weights[k] * polynomials[k][degree];
            }
        }
        rule
    }

    /// The magnitude of the two highest Legendre coefficients of values at the nodes.
    pub(super) fn unresolved(&self, values: &PanelValues) -> f64 {
        self.highest.iter().map(|row| dot(row, values).abs()).sum()
    }
}

pub(super) fn dot(a: &PanelValues, b: &PanelValues) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `∫_0^length f dx` by the double-exponential rule (H. Takahasi and M. Mori, *Publ. RIMS* 9, 721 (1974)), to about
/// 1e-14 with integrable singularities at either end.
///
/// `f(distance from the left end, distance from the right end)`: near a singularity the smaller one has all its
/// digits.
pub(super) fn double_exponential(length: f64, f: impl Fn(f64, f64) -> f64) -> f64 {
    let term = |t: f64| {
        let s = 0.5 * PI * t.sinh();
        // 1/(1 + e^{±2s}): both distances without cancellation.
        let (left, right) = (1.0 / (1.0 + (-2.0 * s).exp()), 1.0 / (1.0 + (2.0 * s).exp()));
        let weight = PI * t.cosh() * left * right;
        let value = f(length * left, length * right);
        if weight == 0.0 || !value.is_finite() { 0.0 } else { weight * value }
    };
    // Weights fall below the smallest normal number at |t| = 6.1.
    let reach = 6.1;
    let mut step = 0.25;
    let mut sum = term(0.0);
    let mut t = step;
    while t < reach {
        sum += term(t) + term(-t);
        t += step;
    }
    let mut previous = sum * step;
    for _ in 0..6 {
        let mut t = 0.5 * step;
        while t < reach {
            sum += term(t) + term(-t);
            t += step;
        }
        step *= 0.5;
        let current = sum * step;
        if (current - previous).abs() <= 1e-15 * current.abs() {
            return current * length;
        }
        previous = current;
    }
    previous * length
}

/// `ln(e^a + e^b)`.
pub(super) fn log_add(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gauss_legendre_is_exact_for_polynomials() {
        let rule = &*COLLOCATION;
        for degree in 0..31 {
            let sum: f64 = (0..NODES).map(|k| rule.weights[k] * rule.nodes[k].powi(degree)).sum();
            let want = if degree % 2 == 0 { 2.0 / f64::from(degree + 1) } else { 0.0 };
            assert!((sum - want).abs() < 1e-15);
        }
        for j in 0..NODES {
            let cube: PanelValues = rule.nodes.map(|x| x.powi(7));
            let want = (rule.nodes[j].powi(8) - 1.0) / 8.0;
            assert!((dot(&rule.from_left[j], &cube) - want).abs() < 1e-15);
        }
        assert!(rule.unresolved(&rule.nodes.map(f64::exp)) < 1e-14);
        assert!(rule.unresolved(&rule.nodes.map(f64::abs)) > 1e-4);
    }

    #[test]
    fn double_exponential_takes_singular_ends() {
        assert!((double_exponential(2.0, |x, _| x.powf(-0.9)) / (2f64.powf(0.1) / 0.1) - 1.0).abs() < 1e-12);
        assert!((double_exponential(1.0, |_, r| r.ln()) + 1.0).abs() < 1e-14);
        assert!((double_exponential(3.0, |x, _| x.exp()) / 3f64.exp_m1() - 1.0).abs() < 1e-14);
    }
}
