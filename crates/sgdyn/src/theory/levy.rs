//! Exits driven by α-stable noise, in the convention E exp(ik·L_1) = exp(−|k|^α).

use super::TheoryError;
use super::error::check_positive;
use statrs::function::gamma::gamma;
use std::f64::consts::PI;

fn check_index(alpha: f64) -> Result<(), TheoryError> {
    if alpha > 0.0 && alpha < 2.0 {
        return Ok(());
    }
    let allowed = "0 < α < 2 (α = 2 is Gaussian, and exits follow Kramers)";
    Err(TheoryError::OutOfRange { name: "alpha", value: alpha, allowed })
}

/// `c_α = Γ(1+α) sin(πα/2)/π`: jumps beyond u have the rate `c_α u^(−α)/α` on either side.
///
/// # Errors
/// α outside (0, 2).
pub fn levy_exit_constant(alpha: f64) -> Result<f64, TheoryError> {
    check_index(alpha)?;
    Ok(gamma(1.0 + alpha) * (0.5 * PI * alpha).sin() / PI)
}

/// The mean exit time from (−b, a) around a minimum at 0 under dX = −∇U dt + ε dL^α for small ε:
/// `Eτ → α/(c_α ε^α (a^−α + b^−α))` (P. Imkeller and I. Pavlyukevich, *Stoch. Process. Appl.* 116, 611 (2006)), in
/// units of time.
///
/// One jump does it: the time is a power of 1/ε and of the distances, blind to the height of the barrier.
///
/// # Errors
/// α outside (0, 2), or ε, a, b not positive. Infinite distances are allowed: an exit on one side only.
pub fn levy_exit_time(alpha: f64, noise_scale: f64, below: f64, above: f64) -> Result<f64, TheoryError> {
    let constant = levy_exit_constant(alpha)?;
    check_positive("noise_scale", noise_scale)?;
    for (name, distance) in [("below", below), ("above", above)] {
        if distance.is_nan() || distance <= 0.0 {
            let allowed = "a positive distance, or ∞";
            return Err(TheoryError::OutOfRange { name, value: distance, allowed });
        }
    }
    let jumps = below.powf(-alpha) + above.powf(-alpha);
    Ok(alpha / (constant * noise_scale.powf(alpha) * jumps))
}

/// The exact mean exit time `(1−x²)^{α/2}/Γ(1+α)` of the free process dX = dL^α from (−1, 1) (R. K. Getoor, *Trans. Am.
/// Math. Soc.* 101, 75 (1961)); an interval of half-width r multiplies it by r^α. α = 2 is √2 W.
///
/// # Errors
/// α outside (0, 2\], or |x| > 1.
pub fn stable_interval_exit_time(alpha: f64, start: f64) -> Result<f64, TheoryError> {
    if alpha != 2.0 {
        check_index(alpha)?;
    }
    if start.is_nan() || start.abs() > 1.0 {
        let allowed = "a point of [−1, 1]";
        return Err(TheoryError::OutOfRange { name: "start", value: start, allowed });
    }
    Ok((1.0 - start * start).powf(0.5 * alpha) / gamma(1.0 + alpha))
}

#[cfg(test)]
mod tests {
    use super::super::{Process, interval_exit_time};
    use super::*;

    #[test]
    fn known_cases() {
        // α = 1: the Cauchy process, c₁ = 1/π, and (1 − x²)^{1/2} from (−1, 1).
        assert!((levy_exit_constant(1.0).unwrap() * PI - 1.0).abs() < 1e-14);
        assert!((stable_interval_exit_time(1.0, 0.6).unwrap() - 0.8).abs() < 1e-14);
        // α = 2 is dX = √2 dW: D = 1 in the diffusion's solver.
        let free = Process::gibbs(|_| 0.0, 1.0).unwrap();
        let diffusion = interval_exit_time(&free, 0.3, -1.0, 1.0).unwrap().mean;
        assert!((stable_interval_exit_time(2.0, 0.3).unwrap() / diffusion - 1.0).abs() < 1e-12);
        // Tails of the Cauchy law: P(L_1 > u) → 1/(πu), the rate of jumps beyond u.
        let time = levy_exit_time(1.0, 0.01, f64::INFINITY, 2.0).unwrap();
        assert!((time - PI * 2.0 / 0.01).abs() < 1e-9);
        // ε^−α.
        let ratio =
            levy_exit_time(1.5, 0.01, 1.0, 2.0).unwrap() / levy_exit_time(1.5, 0.02, 1.0, 2.0).unwrap();
        assert!((ratio - 2f64.powf(1.5)).abs() < 1e-12);
    }

    #[test]
    fn jump_rate_normalises_the_exponent() {
        // ∫ (1 − cos u) c_α |u|^{−1−α} du = 1 over the line: the Lévy–Khinchin exponent at k = 1. By parts and
        // quadrature: 2c_α ∫₀^∞ (1 − cos u)u^{−1−α} du, with the closed form −Γ(−α)cos(πα/2) = π/(2Γ(1+α)sin(πα/2)).
        for alpha in [0.5f64, 1.3, 1.9] {
            let minus_gamma = gamma(1.0 - alpha) / alpha; // −Γ(−α)
            let integral = minus_gamma * (0.5 * PI * alpha).cos();
            assert!((2.0 * levy_exit_constant(alpha).unwrap() * integral - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn refuses_nonsense() {
        assert!(levy_exit_constant(2.0).is_err());
        assert!(levy_exit_time(1.5, 0.0, 1.0, 1.0).is_err());
        assert!(levy_exit_time(1.5, 0.1, -1.0, 1.0).is_err());
        assert!(stable_interval_exit_time(1.5, 1.1).is_err());
    }
}
