//! The heavy ball in continuous time: which friction and temperature its momentum stands for.

use super::TheoryError;
use super::error::{check_not_negative, check_positive};

/// Underdamped Langevin dynamics that the heavy ball follows for small η and 1 − µ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeavyBallLimit {
    /// The friction γ = (1−µ)/√η, per unit of the time k√η.
    pub friction: f64,
    /// The temperature kT = ηC/(2(1−µ)), in units of the loss.
    pub temperature: f64,
    /// A unit of the time k√η in units of t = ηk: √η.
    pub time_unit: f64,
    /// The standard deviation √(kT/η) of the optimiser's momentum m in a landscape without slope.
    pub momentum_deviation: f64,
    /// The standard deviation √C of the noise of a step.
    pub noise_deviation: f64,
}

/// The limit of `m' = µm + g + √C z`, `θ' = θ − ηm'`.
///
/// With v = −ηm the ball makes `v' = µv − ηg − η√C z`, `θ' = θ + v'`. In the time s = k√η and with the velocity p = v/√η,
/// a step ds = √η gives `dθ = p ds` and `dp = −g ds − γp ds + √(√η C) dW` with γ = (1−µ)/√η. The noise is that of a bath,
/// 2γkT = √η C, so `kT = ηC/(2(1−µ))`: that of SGD at the learning rate η/(1−µ). Relative errors are of order 1−µ and √η.
///
/// # Errors
/// η not positive, µ outside [0, 1), C negative.
/// ```
/// use sgdyn::theory::heavy_ball_limit;
/// let limit = heavy_ball_limit(0.01, 0.9, 4.0)?;
/// assert!((limit.friction - 1.0).abs() < 1e-12 && (limit.temperature - 0.2).abs() < 1e-12);
/// # Ok::<(), sgdyn::theory::TheoryError>(())
/// ```
pub fn heavy_ball_limit(
    learning_rate: f64,
    momentum: f64,
    noise_variance: f64,
) -> Result<HeavyBallLimit, TheoryError> {
    check_positive("learning_rate", learning_rate)?;
    check_not_negative("noise_variance", noise_variance)?;
    if !(0.0..1.0).contains(&momentum) {
        let allowed = "0 ≤ µ < 1";
        return Err(TheoryError::OutOfRange { name: "momentum", value: momentum, allowed });
    }
    let temperature = learning_rate * noise_variance / (2.0 * (1.0 - momentum));
    Ok(HeavyBallLimit {
        friction: (1.0 - momentum) / learning_rate.sqrt(),
        temperature,
        time_unit: learning_rate.sqrt(),
        momentum_deviation: (temperature / learning_rate).sqrt(),
        noise_deviation: noise_variance.sqrt(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exact stationary covariance of the discrete heavy ball on ½hθ² is kT/h up to orders of η and 1 − µ:
    /// S = ηC(1+µ)/(h(1−µ)[2(1+µ) − ηh]).
    #[test]
    fn the_temperature_is_that_of_the_discrete_ball() {
        let (h, c) = (3.0, 2.0);
        for (eta, mu) in [(1e-3, 0.9), (1e-4, 0.99)] {
            let limit = heavy_ball_limit(eta, mu, c).unwrap();
            let exact = eta * c * (1.0 + mu) / (h * (1.0 - mu) * (2.0 * (1.0 + mu) - eta * h));
            assert!((limit.temperature / h / exact - 1.0).abs() < eta * h);
        }
        assert!(heavy_ball_limit(0.1, 1.0, 1.0).is_err());
        assert!(heavy_ball_limit(0.0, 0.5, 1.0).is_err());
    }
}
