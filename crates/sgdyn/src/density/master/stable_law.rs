//! The distribution function of symmetric α-stable laws.

use std::f64::consts::{FRAC_PI_2, PI};
use std::sync::Arc;

use rayon::prelude::*;
use statrs::function::gamma::gamma;

use super::chebyshev::Chebyshev;
use crate::density::DensityError;

/// The symmetric α-stable law with `E exp(ikZ) = exp(−|k|^α)`, 0.1 ≤ α < 2.
///
/// With an angle V uniform in (−π/2, π/2) and W exponential, Z = sin(αV) cos(V)^(−1/α) (cos((1−α)V)/W)^((1−α)/α) (J. M.
/// Chambers, C. L. Mallows and B. W. Stuck, *JASA* 71, 340 (1976)) rises with V, so that `P(Z > z) = E φ(W)/π` where φ is
/// the distance from π/2 of the angle at which Z = z: a smooth positive integral over ln W, equal to that of V. M.
/// Zolotarev (*One-dimensional Stable Distributions*, 1986, §2.2) after an integration by parts. It has no cancellation
/// in the tail and no singular case at α = 1. Its logarithm is tabulated in ln z by piecewise Chebyshev polynomials;
/// linear below the table, Bergström's tail series above.
#[derive(Clone, Debug)]
pub struct StableLaw {
    alpha: f64,
    table: Arc<Table>,
}

#[derive(Debug)]
struct Table {
    /// ln z where the table begins.
    first: f64,
    panels: Vec<Chebyshev>,
    density_at_zero: f64,
    tail: Vec<(f64, f64)>,
}

/// Width of a panel in ln z.
const PANEL: f64 = 0.25;

impl StableLaw {
    /// Tabulates the law of index α.
    ///
    /// # Errors
    /// α outside \[0.1, 2).
    pub fn new(alpha: f64) -> Result<Self, DensityError> {
        if !(0.1..2.0).contains(&alpha) {
            let allowed = "0.1 ≤ α < 2 (α = 2 is normal with variance 2)";
            return Err(DensityError::OutOfRange { name: "alpha", value: alpha, allowed });
        }
        // ½ − f(0)z + f''z³/6…: below `first` the cubic term is under 1e-17.
        let first = ((6e-17 * PI / gamma(1.0 + 3.0 / alpha)).ln() / 3.0).min(-12.0);
        // Above `last` six terms of the series in z^−α leave less than rounding.
        let last = 12.0_f64.max(9.0 / alpha + 2.0);
        let count = ((last - first) / PANEL).ceil() as usize;
        let panels = (0..count)
            .into_par_iter()
            .map(|panel| {
                let lower = first + PANEL * panel as f64;
                Chebyshev::fit(lower, lower + PANEL, 20, |log| integral(alpha, log).ln())
            })
            .collect();
        let tail = (1..=6)
            .map(|k| {
                let order = k as f64;
                let sign = if k % 2 == 1 { 1.0 } else { -1.0 };
                let factor = gamma(alpha * order) * (order * FRAC_PI_2 * alpha).sin() / gamma(order + 1.0);
                (sign * factor / PI, -alpha * order)
            })
            .collect();
        let density_at_zero = gamma(1.0 + 1.0 / alpha) / PI;
        Ok(Self { alpha, table: Arc::new(Table { first, panels, density_at_zero, tail }) })
    }

    /// The index α.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// `P(Z > z)`, to about 1e-13 relative for z ≥ 0; 1e-9 for α above 1.96, where the table bends sharply.
    pub fn survival(&self, z: f64) -> f64 {
        if z < 0.0 {
            return 1.0 - self.survival(-z);
        }
        let table = &*self.table;
        let log = z.ln();
        if log <= table.first {
            return 0.5 - table.density_at_zero * z;
        }
        let panel = ((log - table.first) / PANEL) as usize;
        match table.panels.get(panel) {
            Some(panel) => panel.value(log).exp(),
            None => table.tail.iter().map(|&(factor, power)| factor * z.powf(power)).sum(),
        }
    }
}

/// `P(Z > e^log)` by the trapezoidal rule in y = ln W.
///
/// φ(y) solves `(α−1) y = α ln z + α ln(sin φ/sin αθ) + (α−1) ln(cos((α−1)θ)/sin φ)`, θ = π/2 − φ: nearly linear in
/// w = ln(φ/θ), so that Newton steps from the neighbour's w converge at once.
fn integral(alpha: f64, log: f64) -> f64 {
    // Towards α = 2 the smallest g of all angles is no longer 0 and φ(y) bends sharply where it begins.
    let per_unit: i32 = match alpha {
        ..=1.7 => 16,
        ..=1.9 => 32,
        ..=1.96 => 64,
        _ => 160,
    };
    let spacing = f64::from(per_unit).recip();
    let excess = alpha - 1.0;
    let mut sum = 0.0;
    // Large z: φ small; small z: φ near π/2.
    let mut w = -log;
    let mut index = 4 * per_unit;
    loop {
        let y = spacing * f64::from(index);
        let mut phi = 0.0;
        for _ in 0..60 {
            phi = FRAC_PI_2 / (1.0 + (-w).exp());
            let theta = FRAC_PI_2 / (1.0 + w.exp());
            let miss = alpha * (log + (phi.sin() / (alpha * theta).sin()).ln())
                + excess * (((excess * theta).cos() / phi.sin()).ln() - y);
            let slope = alpha * (1.0 / phi.tan() + alpha / (alpha * theta).tan())
                + excess * (excess * (excess * theta).tan() - 1.0 / phi.tan());
            // dφ/dw = φθ/(π/2).
            let step = (miss / (slope * phi * theta / FRAC_PI_2)).clamp(-4.0, 4.0);
            w -= step;
            if step.abs() < 1e-13 * (1.0 + w.abs()) {
                break;
            }
        }
        let term = phi * (y - y.exp()).exp();
        sum += term;
        index -= 1;
        if y < 0.0 && term < 1e-18 * sum {
            return sum * spacing / PI;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::StableLaw;

    /// mpmath at 30 digits, Zolotarev's integral split at its transition; scipy 1.x's levy_stable.sf agrees to its 1e-13.
    #[test]
    fn tails_are_those_of_thirty_digit_quadrature() {
        let places = [0.01, 0.5, 2.0, 10.0, 1000.0];
        for (alpha, tails) in [
            (
                0.3,
                [
                    0.4771430177052732,
                    0.323722738925612,
                    0.2501547390583901,
                    0.1748729371699147,
                    0.05149456557745575,
                ],
            ),
            (
                0.5,
                [
                    0.4936463494683597,
                    0.3313095500007581,
                    0.2139281622753837,
                    0.1112853896890811,
                    0.01245755889425802,
                ],
            ),
            (
                1.05,
                [
                    0.496878128280678,
                    0.3538462879296566,
                    0.1424229641162103,
                    0.02765380059206356,
                    0.000218712185321838,
                ],
            ),
            (
                1.5,
                [
                    0.4971265078527522,
                    0.3605957735187284,
                    0.1050398296548292,
                    0.006639809197768471,
                    6.308149628734965e-6,
                ],
            ),
            (
                1.8,
                [
                    0.4971693390205775,
                    0.3617170884930194,
                    0.087703372452913,
                    0.001547907036374214,
                    3.647268367420382e-7,
                ],
            ),
            (
                1.95,
                [
                    0.4971775402270935,
                    0.3618376774663692,
                    0.0807569419230735,
                    0.0002930844189540106,
                    3.456765471877379e-8,
                ],
            ),
            (
                1.99,
                [
                    0.4971788087510771,
                    0.3618383632571645,
                    0.07906339544938419,
                    5.436908907378441e-5,
                    5.334979851298515e-9,
                ],
            ),
        ] {
            let law = StableLaw::new(alpha).unwrap();
            for (place, tail) in places.into_iter().zip(tails) {
                let got = law.survival(place);
                let tolerance = if alpha > 1.96 { 1e-9 } else { 3e-13 };
                assert!(
                    (got / tail - 1.0).abs() < tolerance,
                    "α = {alpha}, z = {place}: {got:e} against {tail:e}"
                );
            }
        }
    }

    #[test]
    fn index_one_is_cauchy() {
        let law = StableLaw::new(1.0).unwrap();
        for z in [1e-9, 1e-3, 0.3, 1.0, 7.0, 1e4, 1e9] {
            let exact = (1.0_f64 / z).atan() / std::f64::consts::PI;
            assert!((law.survival(z) / exact - 1.0).abs() < 1e-13, "{z}");
            assert!((law.survival(-z) + law.survival(z) - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn the_table_joins_both_ends() {
        for alpha in [0.1, 0.5, 1.2, 1.9] {
            let law = StableLaw::new(alpha).unwrap();
            let (first, last) =
                (law.table.first, law.table.first + super::PANEL * law.table.panels.len() as f64);
            for join in [first, last] {
                let (before, after) = (law.survival((join - 1e-9).exp()), law.survival((join + 1e-9).exp()));
                assert!((before / after - 1.0).abs() < 1e-8, "{alpha}: {before:e} {after:e}");
            }
        }
        assert!(StableLaw::new(2.0).is_err() && StableLaw::new(f64::NAN).is_err());
    }
}
