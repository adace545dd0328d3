//! Gauss–Legendre nodes with the integrals up to each node.

use std::sync::LazyLock;

/// The number of nodes: integrals are exact up to the power 15.
pub(super) const NODES: usize = 8;

/// Nodes and weights on (0, 1), and the matrix of `∫₀^{x_j}` of the polynomial through the values at the nodes.
pub(super) struct Collocation {
    pub(super) nodes: [f64; NODES],
    pub(super) weights: [f64; NODES],
    pub(super) until: [[f64; NODES]; NODES],
    /// What the polynomial through the values at the nodes is at 0; mirrored, at 1.
    at_start: [f64; NODES],
}

pub(super) static COLLOCATION: LazyLock<Collocation> = LazyLock::new(Collocation::new);

/// P_0 … P_8 at x in (−1, 1), and beyond them P_9.
fn legendre(x: f64) -> [f64; NODES + 2] {
    let mut values = [1.0; NODES + 2];
    values[1] = x;
    for n in 1..=NODES {
        let order = n as f64;
        values[n + 1] = ((2.0 * order + 1.0) * x * values[n] - order * values[n - 1]) / (order + 1.0);
    }
    values
}

impl Collocation {
    fn new() -> Self {
        let mut collocation = Self {
            nodes: [0.0; NODES],
            weights: [0.0; NODES],
            until: [[0.0; NODES]; NODES],
            at_start: [1.0; NODES],
        };
        let mut roots = [0.0; NODES];
        for (index, root) in roots.iter_mut().enumerate() {
            let mut x = -(std::f64::consts::PI * (index as f64 + 0.75) / (NODES as f64 + 0.5)).cos();
            for _ in 0..50 {
                let values = legendre(x);
                let slope = NODES as f64 * (x * values[NODES] - values[NODES - 1]) / (x * x - 1.0);
                x -= values[NODES] / slope;
            }
            *root = x;
            let values = legendre(x);
            let slope = NODES as f64 * (x * values[NODES] - values[NODES - 1]) / (x * x - 1.0);
            collocation.nodes[index] = 0.5 * (1.0 + x);
            collocation.weights[index] = 1.0 / ((1.0 - x * x) * slope * slope);
        }
        // The polynomial is Σ_n (2n + 1)/2 Σ_k w_k P_n(x_k) f_k P_n, and ∫_{−1}^x P_n = (P_{n+1} − P_{n−1})/(2n + 1).
        for (j, &upper) in roots.iter().enumerate() {
            let at = legendre(upper);
            for (k, &root) in roots.iter().enumerate() {
                let there = legendre(root);
                let mut sum = 0.5 * (upper + 1.0);
                for n in 1..NODES {
                    sum += 0.5 * there[n] * (at[n + 1] - at[n - 1]);
                }
                collocation.until[j][k] = collocation.weights[k] * sum;
            }
        }
        for (j, value) in collocation.at_start.iter_mut().enumerate() {
            for (_, &root) in roots.iter().enumerate().filter(|&(k, _)| k != j) {
                *value *= (-1.0 - root) / (roots[j] - root);
            }
        }
        collocation
    }

    /// Whether values at the nodes, then at 0 and 1, lie on one smooth curve.
    pub(super) fn continues(&self, values: &[f64]) -> bool {
        let inner = &values[..NODES];
        let start: f64 = inner.iter().zip(&self.at_start).map(|(value, weight)| value * weight).sum();
        let end: f64 = inner.iter().rev().zip(&self.at_start).map(|(value, weight)| value * weight).sum();
        let scale = inner.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        (start - values[NODES]).abs() <= 1e-8 * scale && (end - values[NODES + 1]).abs() <= 1e-8 * scale
    }
}

#[cfg(test)]
mod tests {
    use super::{COLLOCATION, NODES};

    #[test]
    fn powers_are_integrated_exactly() {
        for power in 0..8 {
            let values = COLLOCATION.nodes.map(|x| x.powi(power));
            let exact = 1.0 / f64::from(power + 1);
            let whole: f64 = (0..NODES).map(|k| COLLOCATION.weights[k] * values[k]).sum();
            assert!((whole - exact).abs() < 1e-15);
            for j in 0..NODES {
                let part: f64 = (0..NODES).map(|k| COLLOCATION.until[j][k] * values[k]).sum();
                assert!((part - exact * COLLOCATION.nodes[j].powi(power + 1)).abs() < 1e-15);
            }
        }
    }
}
