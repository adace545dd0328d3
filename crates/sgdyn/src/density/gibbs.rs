//! How far a law is from the nearest Gibbs law.

use super::DensityError;
use crate::lanes::Real;

/// The Gibbs law `e^{−L/T}/Z` nearest to a given one, and what divides them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GibbsFit {
    /// T, in units of the loss; infinite or negative where the law prefers no loss, or high ones.
    pub temperature: f64,
    /// 1/T.
    pub inverse_temperature: f64,
    /// KL(π ‖ Gibbs) in nats, at its least over T; rounding leaves about 1e-16.
    pub divergence: f64,
    /// Half of Σ |π − Gibbs|: the largest difference of two probabilities.
    pub total_variation: f64,
    /// The variance of L under the fitted law.
    pub loss_variance: f64,
}

/// Fits T so that KL(π ‖ e^{−L/T}/Z) is least, for masses π, volumes and losses, `[cells]` each.
///
/// The divergence is convex in 1/T and least where the fitted law has the mean loss of π. Cells without mass and with
/// an infinite loss are left out.
///
/// # Errors
/// Slices of unequal lengths; a mass or volume that is not a number ≥ 0, or masses that do not sum to something
/// positive; a loss that is NaN, or infinite where there is mass; one loss everywhere, which no temperature fits.
/// ```
/// let losses: Vec<f64> = (0..200).map(|k| (0.05 * k as f64 - 5.0).powi(2)).collect();
/// let masses: Vec<f64> = losses.iter().map(|loss| f64::exp(-loss / 0.7)).collect();
/// let fit = sgdyn::density::fit_gibbs(&masses, &[0.05; 200], &losses)?;
/// assert!((fit.temperature - 0.7).abs() < 1e-12 && fit.divergence < 1e-14);
/// # Ok::<(), sgdyn::density::DensityError>(())
/// ```
pub fn fit_gibbs(masses: &[f64], volumes: &[f64], losses: &[f64]) -> Result<GibbsFit, DensityError> {
    let cells = Cells::new(masses, volumes, losses)?;
    let wanted = cells.mean_loss();
    // Newton on ⟨L⟩_λ = ⟨L⟩_π, which falls in λ = 1/T, between bounds that are found first.
    let scale = 1.0 / cells.range;
    let (mut low, mut high) = (-scale, scale);
    while cells.gibbs(high).mean > wanted {
        (low, high) = (high, 4.0 * high);
        if !high.is_finite() {
            return Err(out_of_range("mean loss", wanted));
        }
    }
    while cells.gibbs(low).mean < wanted {
        (low, high) = (4.0 * low, low);
        if !low.is_finite() {
            return Err(out_of_range("mean loss", wanted));
        }
    }
    let mut inverse_temperature = 0.5 * (low + high);
    for _ in 0..200 {
        let state = cells.gibbs(inverse_temperature);
        if state.mean > wanted {
            low = inverse_temperature;
        } else {
            high = inverse_temperature;
        }
        let newton = inverse_temperature + (state.mean - wanted) / state.variance;
        let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        let moved = (next - inverse_temperature).abs();
        inverse_temperature = next;
        if moved <= 4.0 * f64::EPSILON * inverse_temperature.abs() {
            break;
        }
    }
    Ok(cells.fit(inverse_temperature))
}

fn out_of_range(name: &'static str, value: f64) -> DensityError {
    let allowed = "masses and volumes ≥ 0 with a positive sum, losses that are numbers, differ, and are finite where \
                   there is mass; all of one length";
    DensityError::OutOfRange { name, value, allowed }
}

/// Mass, volume and loss above the least of each cell that counts.
struct Cells {
    cells: Vec<[f64; 3]>,
    range: f64,
}

struct GibbsState {
    /// `Σ v e^{−λ L}` over its largest factor, whose exponent is `shift`.
    partition: f64,
    shift: f64,
    mean: f64,
    variance: f64,
}

impl Cells {
    fn new(masses: &[f64], volumes: &[f64], losses: &[f64]) -> Result<Self, DensityError> {
        if masses.len() != volumes.len() || masses.len() != losses.len() {
            return Err(out_of_range("the number of losses", losses.len() as f64));
        }
        let total: f64 = masses.iter().sum();
        if !(total > 0.0 && total.is_finite()) {
            return Err(out_of_range("sum of masses", total));
        }
        let mut cells = Vec::with_capacity(masses.len());
        for ((&mass, &volume), &loss) in masses.iter().zip(volumes).zip(losses) {
            if mass.is_nan() || mass < 0.0 {
                return Err(out_of_range("mass", mass));
            }
            if !(volume > 0.0 && volume.is_finite()) {
                return Err(out_of_range("volume", volume));
            }
            if loss == f64::INFINITY && mass == 0.0 {
                continue;
            }
            if !loss.is_finite() {
                return Err(out_of_range("loss", loss));
            }
            cells.push([mass / total, volume, loss]);
        }
        let least = cells.iter().fold(f64::INFINITY, |least, cell| least.min(cell[2]));
        let mut range = 0.0_f64;
        for cell in &mut cells {
            cell[2] -= least;
            range = range.max(cell[2]);
        }
        if range > 0.0 {
            return Ok(Self { cells, range });
        }
        Err(out_of_range("range of losses", range))
    }

    fn mean_loss(&self) -> f64 {
        self.cells.iter().map(|[mass, _, loss]| mass * loss).sum()
    }

    fn gibbs(&self, inverse_temperature: f64) -> GibbsState {
        // The largest factor is 1: at the least loss, or at the highest for a negative temperature.
        let shift = if inverse_temperature < 0.0 { -inverse_temperature * self.range } else { 0.0 };
        let weight = |[_, volume, loss]: &[f64; 3]| volume * Real::exp(-inverse_temperature * loss - shift);
        let partition: f64 = self.cells.iter().map(weight).sum();
        let mean = self.cells.iter().map(|cell| weight(cell) * cell[2]).sum::<f64>() / partition;
        let variance =
            self.cells.iter().map(|cell| weight(cell) * (cell[2] - mean).powi(2)).sum::<f64>() / partition;
        GibbsState { partition, shift, mean, variance }
    }

    fn fit(&self, inverse_temperature: f64) -> GibbsFit {
        let state = self.gibbs(inverse_temperature);
        let (mut divergence, mut variation) = (0.0, 0.0);
        for [mass, volume, loss] in &self.cells {
            let log = Real::ln(volume / state.partition) - inverse_temperature * loss - state.shift;
            let gibbs = Real::exp(log);
            variation += 0.5 * (mass - gibbs).abs();
            // Both sum to 1, so each term may be completed to one that is not negative: no cancellation between cells.
            divergence += if *mass > 0.0 { mass * (Real::ln(*mass) - log) - mass + gibbs } else { gibbs };
        }
        GibbsFit {
            temperature: 1.0 / inverse_temperature,
            inverse_temperature,
            divergence: divergence.max(0.0),
            total_variation: variation,
            loss_variance: state.variance,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fit_gibbs;

    #[test]
    fn two_gaussians_have_the_closed_divergence() {
        // π normal with variances a, b; L = (x² + y²)/2: T = (a + b)/2, KL = ½ ln(T²/(ab)).
        let (a, b) = (0.8, 1.4);
        let (mut masses, mut losses) = (Vec::new(), Vec::new());
        for i in 0..241 {
            for j in 0..241 {
                let (x, y) = (0.1 * (i as f64 - 120.0), 0.1 * (j as f64 - 120.0));
                masses.push((-0.5 * (x * x / a + y * y / b)).exp());
                losses.push(0.5 * (x * x + y * y) - 3.0);
            }
        }
        let fit = fit_gibbs(&masses, &vec![0.01; masses.len()], &losses).unwrap();
        // Sums over an infinite grid of Gaussians this wide are integrals to e^{−2π²σ²/h²}: to rounding.
        assert!((fit.temperature - 1.1).abs() < 1e-10, "{fit:?}");
        assert!((fit.divergence - 0.5 * (1.21_f64 / (a * b)).ln()).abs() < 1e-10);
        assert!((fit.loss_variance - 1.21).abs() < 1e-8);
        // Pinsker: 2 TV² ≤ KL.
        assert!(2.0 * fit.total_variation.powi(2) < fit.divergence && fit.total_variation > 0.05);
    }

    #[test]
    fn low_negative_and_no_temperatures() {
        let losses: Vec<f64> = (0..100).map(f64::from).collect();
        let volumes = [1.0; 100];
        for inverse in [30.0, 2.0, 1e-6, -0.3, -3.0] {
            let masses: Vec<f64> = losses
                .iter()
                .map(|loss| f64::exp(-inverse * if inverse > 0.0 { *loss } else { loss - 99.0 }))
                .collect();
            let fit = fit_gibbs(&masses, &volumes, &losses).unwrap();
            assert!((fit.inverse_temperature / inverse - 1.0).abs() < 1e-9, "{inverse}: {fit:?}");
            assert!(fit.divergence < 1e-13);
        }
        assert!(fit_gibbs(&volumes, &volumes, &[2.0; 100]).is_err());
        assert!(fit_gibbs(&volumes, &volumes, &losses[1..]).is_err());
        assert!(fit_gibbs(&[0.0; 100], &volumes, &losses).is_err());
        // All mass at the least loss: any low temperature fits, none best.
        let mut cold = [0.0; 100];
        cold[0] = 1.0;
        assert!(fit_gibbs(&cold, &volumes, &losses).unwrap().divergence < 1e-13);
    }
}
