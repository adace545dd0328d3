//! Linear noise theory along the mean path: what to compare an ensemble of copies with first.

use super::TheoryError;
use super::error::check_positive;
use super::symmetric::{check_symmetric, symmetrized};
use faer::{Mat, MatRef};

/// The gradient-descent path and the covariance around it, at the recorded steps.
#[derive(Clone, Debug)]
pub struct MeanPath {
    /// The recorded steps, ascending, `[r]`; the first is 0.
    pub steps: Vec<u64>,
    /// The mean path θ_n, `[r][d]`.
    pub means: Vec<Vec<f64>>,
    /// The covariances S_n, `[r]` of `[d × d]`.
    pub covariances: Vec<Mat<f64>>,
}

/// Iterates θ_{n+1} = θ_n − ηg(θ_n) and `S_{n+1} = (I−ηH_n)S_n(I−ηH_n)ᵀ + η²C_n`, H_n and C_n at θ_n.
///
/// H and C are evaluated every `refresh` steps and kept in between: a handful of evaluations along the path suffices.
/// The mean is the deterministic path: corrections of order S to it are not included.
///
/// - `start` θ₀ `[d]`, `initial` S₀ `[d × d]`; `gradient` → g `[d]`, `hessian`, `noise` → `[d × d]` (C of a minibatch);
/// - recorded at 0, every `record` steps, and at the end.
///
/// # Errors
/// η ≤ 0, `refresh` or `record` 0, shapes, matrices that are not symmetric, or a gradient that is not finite.
pub fn linear_noise_along_path(
    start: &[f64],
    initial: MatRef<'_, f64>,
    learning_rate: f64,
    steps: u64,
    (refresh, record): (u64, u64),
    mut gradient: impl FnMut(&[f64]) -> Vec<f64>,
    mut hessian: impl FnMut(&[f64]) -> Mat<f64>,
    mut noise: impl FnMut(&[f64]) -> Mat<f64>,
) -> Result<MeanPath, TheoryError> {
    check_positive("learning_rate", learning_rate)?;
    check_positive("refresh", refresh as f64)?;
    check_positive("record", record as f64)?;
    let d = start.len();
    check_symmetric("initial", initial, d)?;
    let (mut mean, mut covariance) = (start.to_vec(), initial.to_owned());
    let mut path = MeanPath { steps: vec![], means: vec![], covariances: vec![] };
    let (mut contraction, mut kick) = (Mat::zeros(d, d), Mat::zeros(d, d));
    for n in 0..=steps {
        if n % record == 0 || n == steps {
            path.steps.push(n);
            path.means.push(mean.clone());
            path.covariances.push(covariance.clone());
        }
        if n == steps {
            break;
        }
        if n % refresh == 0 {
            let (h, c) = (hessian(&mean), noise(&mean));
            check_symmetric("hessian", h.as_ref(), d)?;
            check_symmetric("noise", c.as_ref(), d)?;
            contraction = Mat::from_fn(d, d, |i, j| f64::from(u8::from(i == j)) - learning_rate * h[(i, j)]);
            kick = faer::Scale(learning_rate * learning_rate) * c;
        }
        let next = &contraction * (&covariance * contraction.transpose()) + &kick;
        covariance = symmetrized(next.as_ref());
        let slope = gradient(&mean);
        if slope.len() != d {
            return Err(TheoryError::Shape { name: "gradient", rows: slope.len(), columns: 1, expected: d });
        }
        for (value, g) in mean.iter_mut().zip(slope) {
            *value -= learning_rate * g;
            if !value.is_finite() {
                let (x, allowed) = (n as f64, "finite at every step");
                return Err(TheoryError::BadFunction {
                    name: "mean path at step",
                    x,
                    value: *value,
                    allowed,
                });
            }
        }
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::super::covariance_after;
    use super::super::symmetric::testing::{largest_difference, positive_definite};
    use super::*;

    #[test]
    fn a_quadratic_has_the_closed_form() {
        let (h, c) = (positive_definite(3, 0.1, 3.0, 0.1), positive_definite(3, 0.5, 2.0, 2.3));
        let initial = positive_definite(3, 0.1, 0.4, 7.0);
        let eta = 0.2;
        let multiply = |m: &Mat<f64>, v: &[f64]| -> Vec<f64> {
            (0..3).map(|i| (0..3).map(|j| m[(i, j)] * v[j]).sum()).collect()
        };
        let path = linear_noise_along_path(
            &[1.0, -2.0, 0.5],
            initial.as_ref(),
            eta,
            25,
            (10, 7),
            |x| multiply(&h, x),
            |_| h.clone(),
            |_| c.clone(),
        )
        .unwrap();
        assert_eq!(path.steps, [0, 7, 14, 21, 25]);
        for (k, got) in path.steps.iter().zip(&path.covariances) {
            let want = covariance_after(h.as_ref(), c.as_ref(), initial.as_ref(), eta, *k).unwrap();
            assert!(largest_difference(got, &want) < 1e-13);
        }
    }

    #[test]
    fn follows_a_curved_path() {
        // L = x⁴/4 from 1, C = x²: one step by hand. H = 3, S₁ = (1 − 0.3)²·0.01 + 0.01·1; then θ = 0.9, H = 2.43, C = 0.81.
        let path = linear_noise_along_path(
            &[1.0],
            faer::mat![[0.01]].as_ref(),
            0.1,
            2,
            (1, 1),
            |x| vec![x[0].powi(3)],
            |x| faer::mat![[3.0 * x[0] * x[0]]],
            |x| faer::mat![[x[0] * x[0]]],
        )
        .unwrap();
        let first = 0.49 * 0.01 + 0.01;
        assert!((path.covariances[1][(0, 0)] - first).abs() < 1e-16);
        let second = (1.0f64 - 0.243).powi(2) * first + 0.01 * 0.81;
        assert!((path.covariances[2][(0, 0)] - second).abs() < 1e-16);
        assert!((path.means[2][0] - (0.9 - 0.1 * 0.729)).abs() < 1e-15);
    }

    #[test]
    fn refuses_nonsense() {
        let run = |rate, every, gradient: fn(&[f64]) -> Vec<f64>| {
            linear_noise_along_path(
                &[1.0],
                faer::mat![[0.0]].as_ref(),
                rate,
                3,
                (every, 1),
                gradient,
                |_| faer::mat![[1.0]],
                |_| faer::mat![[1.0]],
            )
        };
        assert!(run(0.0, 1, <[f64]>::to_vec).is_err());
        assert!(run(0.1, 0, <[f64]>::to_vec).is_err());
        assert!(run(0.1, 1, |_| vec![]).is_err());
        assert!(matches!(run(0.1, 1, |_| vec![f64::NAN]), Err(TheoryError::BadFunction { .. })));
    }
}
