//! Linear drifts that need not be gradients: dX = −A X dt + √(2D) dW.

use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef};

use super::TheoryError;

/// e^{−½}.
const INVERSE_ROOT_E: f64 = 0.606_530_659_712_633_4;

/// The stationary law of a linear drift.
#[derive(Clone, Debug)]
pub struct LinearDrift {
    /// S of `A S + S Aᵀ = 2 D`, `[d × d]`.
    pub covariance: Mat<f64>,
    /// `Tr(D⁻¹ A S Aᵀ) − Tr A` per unit of time: `∫ JᵀD⁻¹J/p` with the current `J = (D S⁻¹ − A) x p`; 0 iff A D is symmetric.
    pub entropy_production: f64,
    /// The largest magnitude of the current, `max |(D S⁻¹ − A) x| p(x)`: reached at `|S^{-1/2}x| = 1` along the leading
    /// singular vector.
    pub largest_current: f64,
}

/// The stationary covariance, entropy production and current of `dX = −A X dt + √(2D) dW`, for D positive definite
/// `[d × d]`, by the d² linear equations of Lyapunov (H. Risken, *The Fokker–Planck Equation*, 2nd ed. 1989, ch. 6.5).
///
/// # Errors
/// Matrices of unequal or no size; an A with an eigenvalue whose real part is not positive, or a D that is not positive
/// definite: S then is not positive definite.
/// ```
/// use faer::mat;
/// use sgdyn::theory::linear_drift;
/// // A rotation by ω adds no variance, and produces 2ω² of entropy per unit of time.
/// let law = linear_drift(mat![[1.0, -2.0], [2.0, 1.0]].as_ref(), mat![[0.5, 0.0], [0.0, 0.5]].as_ref())?;
/// assert!((law.covariance[(0, 0)] - 0.5).abs() < 1e-14 && (law.entropy_production - 8.0).abs() < 1e-12);
/// # Ok::<(), sgdyn::theory::TheoryError>(())
/// ```
pub fn linear_drift(drift: MatRef<'_, f64>, diffusion: MatRef<'_, f64>) -> Result<LinearDrift, TheoryError> {
    let d = drift.nrows();
    for (name, matrix) in [("the drift", drift), ("the diffusion", diffusion)] {
        if matrix.nrows() != d || matrix.ncols() != d || d == 0 {
            let (rows, columns) = (matrix.nrows(), matrix.ncols());
            return Err(TheoryError::Shape { name, rows, columns, expected: d });
        }
    }
    let index = |i: usize, j: usize| i * d + j;
    let mut system = Mat::<f64>::zeros(d * d, d * d);
    let mut right = Mat::<f64>::zeros(d * d, 1);
    for i in 0..d {
        for j in 0..d {
            right[(index(i, j), 0)] = 2.0 * diffusion[(i, j)];
            for k in 0..d {
                system[(index(i, j), index(k, j))] += drift[(i, k)];
                system[(index(i, j), index(i, k))] += drift[(j, k)];
            }
        }
    }
    let solution = system.partial_piv_lu().solve(&right);
    let covariance =
        Mat::from_fn(d, d, |i, j| 0.5 * (solution[(index(i, j), 0)] + solution[(index(j, i), 0)]));
    let (values, vectors) = super::eigenbasis(covariance.as_ref())?;
    if values[0] <= 0.0 {
        return Err(TheoryError::NotPositive {
            name: "the stationary covariance",
            eigenvalue: values[0],
            needed: "positive: every eigenvalue of the drift needs a positive real part, and D must be positive definite",
        });
    }
    let identity = Mat::<f64>::identity(d, d);
    let inverse_diffusion = diffusion.partial_piv_lu().solve(&identity);
    let product = &inverse_diffusion * (drift * &covariance * drift.transpose());
    let trace = |matrix: &dyn Fn(usize) -> f64| (0..d).map(matrix).sum::<f64>();
    let entropy_production = trace(&|i| product[(i, i)]) - trace(&|i| drift[(i, i)]);
    let inverse = covariance.partial_piv_lu().solve(&identity);
    let circulation = diffusion * &inverse - drift;
    // With x = S^{1/2}u the current is |M S^{1/2} u| e^{−u²/2} times the density at 0.
    let root = Mat::from_fn(d, d, |i, j| {
        (0..d).map(|k| vectors[(i, k)] * values[k].sqrt() * vectors[(j, k)]).sum::<f64>()
    });
    let spread = &circulation * &root;
    let gram = spread.transpose() * &spread;
    let gram = Mat::from_fn(d, d, |i, j| 0.5 * (gram[(i, j)] + gram[(j, i)]));
    let largest = super::eigenbasis(gram.as_ref())?.0[d - 1].max(0.0).sqrt();
    let determinant: f64 = values.iter().product();
    let at_centre = 1.0 / ((2.0 * std::f64::consts::PI).powi(d as i32) * determinant).sqrt();
    let largest_current = largest * at_centre * INVERSE_ROOT_E;
    Ok(LinearDrift { covariance, entropy_production, largest_current })
}

#[cfg(test)]
mod tests {
    use faer::mat;

    use super::super::irreversibility;
    use super::linear_drift;

    #[test]
    fn gradients_agree_with_the_formula_for_hessians() {
        let hessian = mat![[2.0, 0.3], [0.3, 0.7]];
        let noise = mat![[1.0, 0.4], [0.4, 2.0]];
        let learning_rate = 0.1;
        let diffusion = mat![[0.05, 0.02], [0.02, 0.1]];
        let known = irreversibility(hessian.as_ref(), noise.as_ref(), learning_rate).unwrap();
        let law = linear_drift(hessian.as_ref(), diffusion.as_ref()).unwrap();
        assert!((law.entropy_production / known.entropy_production - 1.0).abs() < 1e-12);
        let balanced = linear_drift(hessian.as_ref(), mat![[0.5, 0.0], [0.0, 0.5]].as_ref()).unwrap();
        assert!(balanced.entropy_production.abs() < 1e-14 && balanced.largest_current < 1e-15);
    }

    #[test]
    fn an_unstable_drift_has_no_law() {
        assert!(
            linear_drift(mat![[-1.0, 0.0], [0.0, 1.0]].as_ref(), mat![[1.0, 0.0], [0.0, 1.0]].as_ref())
                .is_err()
        );
    }
}
