//! The function that fits a flux to an exponential.

use crate::lanes::Real;

/// `B(x) = x/(eˣ − 1)`: with Δ = ∫ b/D along an edge of unit length, rates D·B(−Δ) forth and D·B(Δ) back have the ratio
/// e^Δ and the difference D·Δ (D. L. Scharfetter and H. K. Gummel, *IEEE Trans. Electron Devices* 16, 64 (1969)).
pub(super) fn bernoulli(x: f64) -> f64 {
    if x == 0.0 {
        1.0
    } else if x > 800.0 {
        // Below the smallest number; infinity over infinity must not become a NaN.
        0.0
    } else {
        x / Real::exp_m1(x)
    }
}

#[cfg(test)]
mod tests {
    use super::bernoulli;

    #[test]
    fn ratio_and_difference_hold_to_rounding() {
        for x in [1e-300, 1e-12, 1e-3, 0.7, 5.0, 40.0, 300.0] {
            let (forth, back) = (bernoulli(-x), bernoulli(x));
            assert!((forth - back - x).abs() <= 4e-16 * forth.max(1.0), "{x}");
            assert!((back / forth * x.exp() - 1.0).abs() < 1e-13 * x.max(1.0), "{x}");
        }
        assert_eq!((bernoulli(0.0), bernoulli(f64::INFINITY)), (1.0, 0.0));
        assert_eq!(bernoulli(-1e300), 1e300);
    }
}
