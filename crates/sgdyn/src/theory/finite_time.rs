//! The covariance of SGD on a quadratic after a finite number of steps.

use super::TheoryError;
use super::error::check_positive;
use super::symmetric::{Eigenbasis, check_symmetric};
use faer::{Mat, MatRef};

/// `S_k` of `S_{n+1} = (I−ηH)S_n(I−ηH)ᵀ + η²C` from `S_0 = initial`, in closed form for any k `steps`.
///
/// In H's eigenbasis S_ij(k) = r^k S_ij(0) + η²C_ij (1−r^k)/(1−r), r = (1−ηh_i)(1−ηh_j). Flat, weakly curved and
/// unstable modes are all included: at r = 1 the sum is k, the plain diffusion of a flat mode.
///
/// # Errors
/// Shapes, asymmetry, or η ≤ 0.
pub fn covariance_after(
    hessian: MatRef<'_, f64>,
    noise: MatRef<'_, f64>,
    initial: MatRef<'_, f64>,
    learning_rate: f64,
    steps: u64,
) -> Result<Mat<f64>, TheoryError> {
    check_positive("learning_rate", learning_rate)?;
    let basis = Eigenbasis::of("hessian", hessian)?;
    let d = basis.dimension();
    check_symmetric("noise", noise, d)?;
    check_symmetric("initial", initial, d)?;
    let (noise, initial) = (basis.rotated(noise), basis.rotated(initial));
    let modal = Mat::from_fn(d, d, |i, j| {
        let (x, y) = (learning_rate * basis.values[i], learning_rate * basis.values[j]);
        let (power, sum) = geometric(x + y - x * y, steps);
        power * initial[(i, j)] + learning_rate * learning_rate * sum * noise[(i, j)]
    });
    Ok(basis.restored(modal.as_ref()))
}

/// `(1−q)^k` and `Σ_{m<k} (1−q)^m`, without cancellation for small q.
fn geometric(q: f64, steps: u64) -> (f64, f64) {
    let k = steps as f64;
    if q == 0.0 {
        return (1.0, k);
    }
    if q < 1.0 {
        let exponent = k * (-q).ln_1p();
        return (exponent.exp(), -exponent.exp_m1() / q);
    }
    let magnitude = (q - 1.0).powf(k);
    let power = if steps.is_multiple_of(2) { magnitude } else { -magnitude };
    (power, (1.0 - power) / q)
}

#[cfg(test)]
mod tests {
    use super::super::symmetric::testing::{largest_difference, positive_definite};
    use super::*;

    #[test]
    fn matches_the_recursion() {
        let d = 4;
        let shifted = positive_definite(d, 0.0, 6.0, 0.4);
        // Eigenvalues −0.5, 1.5, 3.5, 5.5: one unstable, one beyond 1/η, and none that commutes with C.
        let h = Mat::from_fn(d, d, |i, j| shifted[(i, j)] - if i == j { 0.5 } else { 0.0 });
        let (c, start) = (positive_definite(d, 0.2, 1.0, 3.0), positive_definite(d, 0.1, 2.0, 5.0));
        let eta = 0.3;
        let step = Mat::from_fn(d, d, |i, j| f64::from(u8::from(i == j)) - eta * h[(i, j)]);
        let mut s = start.clone();
        for _ in 0..17 {
            s = &step * (&s * step.transpose()) + faer::Scale(eta * eta) * &c;
        }
        let got = covariance_after(h.as_ref(), c.as_ref(), start.as_ref(), eta, 17).unwrap();
        assert!(largest_difference(&got, &s) < 1e-11 * s[(0, 0)].abs().max(1.0));
    }

    #[test]
    fn flat_and_nearly_flat_modes_diffuse() {
        for h in [0.0, 1e-18, 1e-12] {
            let zero = faer::mat![[0.0]];
            let got = covariance_after(
                faer::mat![[h]].as_ref(),
                faer::mat![[2.0]].as_ref(),
                zero.as_ref(),
                0.1,
                1000,
            )
            .unwrap();
            assert!((got[(0, 0)] - 20.0).abs() < 1e-7);
        }
    }
}
