//! Why the stationary state of SGD is not a Gibbs state: currents and entropy production near a minimum.

use super::symmetric::Eigenbasis;
use super::{LinearDynamics, TheoryError, stationary_covariance};
use faer::{Mat, MatRef};

/// The irreversible part of the linear stochastic differential equation dθ = −Hθ dt + √(2D) dW, D = ηC/2.
#[derive(Clone, Debug)]
pub struct Irreversibility {
    /// Q = D − HS, antisymmetric `[d × d]`: the stationary current is j = QS⁻¹θ p.
    pub circulation: Mat<f64>,
    /// The entropy production Tr(S⁻¹QᵀD⁻¹Q) per unit of time; 0 iff HC = CH (detailed balance).
    pub entropy_production: f64,
    /// ‖HC − CH‖/(‖H‖‖C‖) in Frobenius norms.
    pub commutator: f64,
}

/// The circulation and the entropy production for Hessian H and minibatch covariance C, positive definite `[d × d]`.
///
/// In H's eigenbasis Q_ij = ½(h_j − h_i)S_ij with S_ij = ηC_ij/(h_i + h_j).
///
/// # Errors
/// As [`stationary_covariance`], and [`TheoryError::NotPositive`] for a singular C.
pub fn irreversibility(
    hessian: MatRef<'_, f64>,
    noise: MatRef<'_, f64>,
    learning_rate: f64,
) -> Result<Irreversibility, TheoryError> {
    let s = stationary_covariance(hessian, noise, learning_rate, LinearDynamics::FirstOrderSde)?.covariance;
    let inverse_s = inverse("the stationary covariance", s.as_ref())?;
    let inverse_c = inverse("noise", noise)?;
    let product = hessian * &s;
    let d = s.nrows();
    // D = (HS + SH)/2, so Q = (SH − HS)/2 without the rounding of D − HS.
    let circulation = Mat::from_fn(d, d, |i, j| 0.5 * (product[(j, i)] - product[(i, j)]));
    let dissipation = &inverse_s * (circulation.transpose() * (&inverse_c * &circulation));
    let trace: f64 = (0..d).map(|i| dissipation[(i, i)]).sum();
    let (hc, ch) = (hessian * noise, noise * hessian);
    Ok(Irreversibility {
        circulation,
        entropy_production: trace * 2.0 / learning_rate,
        commutator: (hc - ch).norm_l2() / (hessian.norm_l2() * noise.norm_l2()),
    })
}

fn inverse(name: &'static str, matrix: MatRef<'_, f64>) -> Result<Mat<f64>, TheoryError> {
    let basis = Eigenbasis::of(name, matrix)?;
    let smallest = basis.values.first().copied().unwrap_or(1.0);
    if smallest <= basis.flat_tolerance() {
        return Err(TheoryError::NotPositive { name, eigenvalue: smallest, needed: "positive definite" });
    }
    let d = basis.dimension();
    let diagonal = Mat::from_fn(d, d, |i, j| if i == j { 1.0 / basis.values[i] } else { 0.0 });
    Ok(basis.restored(diagonal.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::super::symmetric::testing::{largest_difference, positive_definite};
    use super::*;

    #[test]
    fn two_modes_by_hand() {
        // H = diag(a, b), C = [[1, c], [c, 1]], η = 2 (D = C): S = [[1/a, 2c/(a+b)], [·, 1/b]], Q₁₂ = c(b − a)/(a+b) = q.
        let (a, b, c) = (1.0, 3.0, 0.5);
        let h = faer::mat![[a, 0.0], [0.0, b]];
        let noise = faer::mat![[1.0, c], [c, 1.0]];
        let got = irreversibility(h.as_ref(), noise.as_ref(), 2.0).unwrap();
        let q = c * (b - a) / (a + b);
        assert!((got.circulation[(0, 1)] - q).abs() < 1e-15);
        let off = 2.0 * c / (a + b);
        let determinant = 1.0 / (a * b) - off * off;
        // RᵀC⁻¹R = C/det C for the rotation R, hence q² Tr(S⁻¹C)/det C.
        let trace = (1.0 / b + 1.0 / a - 2.0 * off * c) / determinant;
        let want = q * q * trace / (1.0 - c * c);
        assert!((got.entropy_production / want - 1.0).abs() < 1e-13);
    }

    #[test]
    fn entropy_production_is_the_power_of_the_current() {
        // The other formula, Tr(HᵀD⁻¹HS) − Tr H, from the mean of |drift|² minus its divergence.
        let (h, c) = (positive_definite(4, 0.3, 3.0, 0.1), positive_definite(4, 0.5, 2.0, 2.3));
        let eta = 0.2;
        let got = irreversibility(h.as_ref(), c.as_ref(), eta).unwrap();
        let s = stationary_covariance(h.as_ref(), c.as_ref(), eta, LinearDynamics::FirstOrderSde).unwrap();
        let inverse_c = inverse("c", c.as_ref()).unwrap();
        let power = &h * (&inverse_c * (&h * &s.covariance));
        let want: f64 = (0..4).map(|i| 2.0 / eta * power[(i, i)] - h[(i, i)]).sum();
        assert!((got.entropy_production / want - 1.0).abs() < 1e-11);
        assert!(got.commutator > 0.01);
        let antisymmetric = -got.circulation.transpose();
        assert!(largest_difference(&got.circulation, &antisymmetric.to_owned()) < 1e-15);
        let balanced = irreversibility(h.as_ref(), h.as_ref(), eta).unwrap();
        assert!(balanced.entropy_production.abs() < 1e-20 && balanced.commutator < 1e-15);
    }
}
