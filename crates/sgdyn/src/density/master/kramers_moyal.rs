//! Master equations cut off at second moments: the discrete Fokker–Planck equation and its relatives.

use super::elimination::stationary_by_elimination;
use crate::density::{DensityError, Grid, Rates, RatesBuilder};

/// `p_{n+1} − p_n = −∂(a p) + ½ ∂²(b p)` in one dimension, with a(x) the mean of a step and b(x) its second moment: the
/// expansion of the master equation by H. A. Kramers (*Physica* 7, 284 (1940)) and J. E. Moyal, cut off at order 2.
///
/// For SGD with gradient g, minibatch covariance C and curvature H:
/// - a = −ηg, b = η²(C + g²): the discrete Fokker–Planck equation to order η². C alone would be the covariance of a
///   step about its mean, not its second moment.
/// - a = −ηg, b = η²C: Langevin's equation, its time counted in steps.
/// - a = −ηg − ½η²Hg, b = η²C: the generator whose drift matches the map to order η².
///
/// Finite volumes with exponential fitting: mass moves only between neighbours, conserved by construction, all rates are
/// positive, and the stationary law of a flux-free equation, ∝ (1/b) exp ∫2a/b, is met with order 2 in the width (exactly
/// where 2a/b is linear and b even).
#[derive(Clone, Debug, PartialEq)]
pub struct KramersMoyal {
    rates: Rates,
}

impl KramersMoyal {
    /// The equation on a one-dimensional grid with reflecting ends; `mean` and `second_moment` take a place.
    ///
    /// # Errors
    /// A grid of another dimension; a moment that is not finite, a second moment that is not positive at a face or centre.
    pub fn new(
        grid: &Grid,
        mean: impl Fn(f64) -> f64,
        second_moment: impl Fn(f64) -> f64,
    ) -> Result<Self, DensityError> {
        let [axis] = grid.axes() else {
            let given = grid.dimension();
            return Err(DensityError::WrongDimension {
                what: "a Kramers–Moyal expansion", needed: 1, given
            });
        };
        let mut builder = RatesBuilder::new();
        let cells = axis.cells();
        for cell in 0..cells {
            let here = second_moment(axis.centre(cell));
            for (target, face, sign) in [(cell.wrapping_sub(1), cell, -1.0), (cell + 1, cell + 1, 1.0)] {
                if target >= cells {
                    continue;
                }
                let place = axis.faces()[face];
                let (drift, at_face) = (mean(place), second_moment(place));
                if !(drift.is_finite() && here > 0.0 && at_face > 0.0 && (here + at_face).is_finite()) {
                    return Err(DensityError::Step { cell, centre: drift, scale: at_face.min(here) });
                }
                let distance = (axis.centre(target) - axis.centre(cell)).abs();
                let ratio = -sign * 2.0 * drift * distance / at_face;
                let fitted = if ratio == 0.0 { 1.0 } else { ratio / ratio.exp_m1() };
                builder.rate(target, 0.5 * here / (distance * axis.width(cell)) * fitted);
            }
            builder.finish_state([cell as u32, 0, 0]);
        }
        Ok(Self { rates: builder.finish()? })
    }

    /// The equation's rates, per **step**: as a chain in continuous time its law at time n is the solution of
    /// `dp/dn = −∂(ap) + ½∂²(bp)`.
    pub fn rates(&self) -> &Rates {
        &self.rates
    }

    /// The stationary masses, `[cells]`.
    ///
    /// # Errors
    /// Rates so small that parts of the chain do not reach each other.
    pub fn stationary(&self) -> Result<Vec<f64>, DensityError> {
        stationary_by_elimination(&self.rates)
    }

    /// The law after `steps` steps of the difference equation as it is written, from `masses`, `[cells]`.
    ///
    /// A step I + A multiplies a ripple of wavelength 2w by 1 − 2b/w²: on cells w narrower than √b, the length of a step,
    /// the equation amplifies rounding without bound. It is an expansion for densities that are smooth on that length and
    /// no evolution law of its own; nothing is clipped to make it one.
    ///
    /// # Errors
    /// [`DensityError::Negative`], with the step and cell, once a mass is below −1e-12.
    pub fn iterate(&self, masses: &[f64], steps: u64) -> Result<Vec<f64>, DensityError> {
        let mut masses = masses.to_vec();
        let mut next = masses.clone();
        for step in 1..=steps {
            next.copy_from_slice(&masses);
            for (cell, &mass) in masses.iter().enumerate() {
                let (targets, rates) = self.rates.row(cell);
                for (&target, rate) in targets.iter().zip(rates) {
                    next[target as usize] += mass * rate;
                    next[cell] -= mass * rate;
                }
            }
            std::mem::swap(&mut masses, &mut next);
            if let Some(cell) = masses.iter().position(|&mass| mass < -1e-12 || mass.is_nan()) {
                return Err(DensityError::Negative { step, cell, mass: masses[cell] });
            }
        }
        Ok(masses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::Axis;
    use crate::density::master::grid_moments;

    /// The discrete Fokker–Planck equation is exact for means and covariances of a linear gradient: ηC/(h(2 − ηh));
    /// Langevin has ηC/2h, the corrected drift alone ηC/(2h + ηh²).
    #[test]
    fn stationary_variances_of_the_linear_problem() {
        let (eta, h, c) = (0.1, 1.0, 1.0);
        let variance = |mean: &dyn Fn(f64) -> f64, second: &dyn Fn(f64) -> f64| {
            let values: Vec<f64> = [2000, 4000]
                .into_iter()
                .map(|cells| {
                    let grid = Grid::new(vec![Axis::uniform(-4.0, 4.0, cells)]).unwrap();
                    let equation = KramersMoyal::new(&grid, mean, second).unwrap();
                    grid_moments(&grid, &equation.stationary().unwrap()).covariance[0]
                })
                .collect();
            (4.0 * values[1] - values[0]) / 3.0
        };
        for (got, want) in [
            (variance(&|x| -eta * h * x, &|x| eta * eta * (c + h * h * x * x)), 0.0526315789473684),
            (variance(&|x| -eta * h * x, &|_| eta * eta * c), 0.05),
            (variance(&|x| -(eta * h + 0.5 * eta * eta * h * h) * x, &|_| eta * eta * c), 0.0476190476190476),
        ] {
            assert!((got / want - 1.0).abs() < 1e-6, "{got} {want}");
        }
    }

    /// On cells wider than a step the difference equation conserves mass and moves its mean as the linear map does, to the
    /// second order of the width (here w² = 0.016); on narrow cells it goes negative and says where.
    #[test]
    fn the_literal_iteration_conserves_or_says_where_it_breaks() {
        let eta = 0.1;
        let equation = |cells: usize| {
            let grid = Grid::new(vec![Axis::uniform(-4.0, 4.0, cells)]).unwrap();
            (KramersMoyal::new(&grid, |x| -eta * x, |_| eta * eta).unwrap(), grid)
        };
        let (wide, grid) = equation(64);
        let mut start = vec![0.0; 64];
        start[34] = 1.0;
        let after = wide.iterate(&start, 5).unwrap();
        assert!((after.iter().sum::<f64>() - 1.0).abs() < 1e-14);
        let mean = grid_moments(&grid, &after).mean[0];
        assert!((mean - 0.3125 * 0.9_f64.powi(5)).abs() < 1e-2, "{mean}");
        let (narrow, _) = equation(400);
        let mut start = vec![0.0; 400];
        start[250] = 1.0;
        assert!(matches!(narrow.iterate(&start, 30), Err(DensityError::Negative { .. })));
    }
}
