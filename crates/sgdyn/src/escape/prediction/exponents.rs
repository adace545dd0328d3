//! The exponents of predicted times, and their first correction at a finite barrier.

use super::{EscapeCase, EscapeTheory, NEGLIGIBLE, is_regular};
use crate::escape::vectors::{dot, plus};
use crate::escape::{CriticalPoint, PassPath, Surface};

impl EscapeCase {
    /// E for each gate, where the predicted time through it is a prefactor times exp(E).
    pub fn exponents(&self, theory: EscapeTheory) -> Vec<f64> {
        let of_gate = |way: &PassPath| match theory {
            EscapeTheory::EyringKramers { inverse_temperature }
            | EscapeTheory::KramersLanger { inverse_temperature, .. } => inverse_temperature * way.barrier(),
            EscapeTheory::Sgld { diffusion } => way.barrier() / diffusion,
            EscapeTheory::LossProportional { temperature } => {
                (way.saddle.loss / way.minimum.loss).ln() / temperature
            }
            EscapeTheory::Sgd { learning_rate, batch_size, .. } => {
                let (s, h) = (way.switch_share(), -way.saddle.eigenvalues[0]);
                2.0 * batch_size * way.barrier() / learning_rate * (s / way.curvatures[0] + (1.0 - s) / h)
            }
        };
        self.gates().iter().map(of_gate).collect()
    }

    /// The first correction at a finite barrier for each gate, c in `τ (1 + c + …)`: Laplace's integrals along the way, at
    /// the minimum with the diffusion there and at the saddle with the diffusion there, of relative order 1/E.
    ///
    /// Known where the way is one-dimensional: in one dimension, and where it is straight and the curvatures across it are
    /// the same at both ends. `None` elsewhere, and for the power law.
    pub fn finite_barrier_corrections(&self, theory: EscapeTheory) -> Option<Vec<f64>> {
        let of_gate = |way: &PassPath| -> Option<f64> {
            if !is_regular(way) || !is_one_dimensional(way) {
                return None;
            }
            let (at_minimum, at_saddle) = match theory {
                EscapeTheory::EyringKramers { inverse_temperature }
                | EscapeTheory::KramersLanger { inverse_temperature, .. } => {
                    (1.0 / inverse_temperature, 1.0 / inverse_temperature)
                }
                EscapeTheory::Sgld { diffusion } => (diffusion, diffusion),
                EscapeTheory::Sgd { learning_rate, batch_size, .. } => {
                    let noise = 0.5 * learning_rate / batch_size;
                    (noise * way.curvatures[0], -noise * way.saddle.eigenvalues[0])
                }
                EscapeTheory::LossProportional { .. } => return None,
            };
            let length = way.arc[way.arc.len() - 1];
            let leaving = &way.minimum.eigenvectors[way.leaving_mode()];
            let crossing = &way.saddle.eigenvectors[0];
            Some(
                at_minimum * laplace_correction(&self.surface, &way.minimum, leaving, length)
                    + at_saddle * laplace_correction(&self.surface, &way.saddle, crossing, length),
            )
        };
        self.gates().iter().map(of_gate).collect()
    }
}

/// Whether nothing across the way changes along it.
fn is_one_dimensional(way: &PassPath) -> bool {
    if way.straightness() < 1.0 - NEGLIGIBLE {
        return false;
    }
    let leaving = way.leaving_mode();
    let at_minimum = way.minimum.eigenvalues.iter().enumerate().filter(|(mode, _)| *mode != leaving);
    let at_saddle = way.saddle.eigenvalues.iter().skip(1);
    at_minimum.zip(at_saddle).all(|((_, a), b)| (a / b - 1.0).abs() <= NEGLIGIBLE)
}

/// `5L'''²/(24|L''|³) ∓ L''''/(8L''²)` along a direction, minus at a minimum and plus at a saddle: the coefficient of the
/// temperature in the next order of Laplace's integral.
pub(super) fn laplace_correction(
    surface: &Surface,
    point: &CriticalPoint,
    direction: &[f64],
    length: f64,
) -> f64 {
    let step = 1e-3 * length;
    let curvature = |offset: f64| {
        let place = plus(&point.position, offset, direction);
        dot(direction, &surface.hessian_times(&place, direction))
    };
    let (up, at, down) = (curvature(step), curvature(0.0), curvature(-step));
    let (third, fourth) = ((up - down) / (2.0 * step), (up - 2.0 * at + down) / (step * step));
    5.0 * third * third / (24.0 * at.abs().powi(3)) - at.signum() * fourth / (8.0 * at * at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::escape::{Basin, SearchOptions};
    use crate::landscape::named;
    use crate::theory::{FarSide, Process, SgdPrefactor, first_passage_time};

    fn case(name: &str, start: &[f64]) -> EscapeCase {
        let surface = Surface::of(&named(name, &std::collections::BTreeMap::new()).unwrap()).unwrap();
        let ways = Basin::around(&surface, start, &SearchOptions::default()).unwrap().ways().unwrap();
        EscapeCase::over_gates(&surface, ways).unwrap()
    }

    #[test]
    fn corrected_times_come_near_the_exact_ones_of_switching_diffusion() {
        // Oracle: quadrature of x⁴ − 2x² with D = (η/2B)·8 beyond 1/√3 and (η/2B)·4 before, to −0.7. The error that is left
        // falls faster than 1/E: beyond the first correction only D² and the e^{−0.29 E} of the well's rim are missing.
        let case = case("double-well", &[1.0]);
        let inflection = 1.0 / 3f64.sqrt();
        let mut left = Vec::new();
        for exponent in [8.0, 16.0, 32.0] {
            let learning_rate = 2.0 * (4.0 / 9.0 / 8.0 + 5.0 / 9.0 / 4.0) / exponent;
            let prefactor = SgdPrefactor::ContinuousFlux;
            let theory = EscapeTheory::Sgd { learning_rate, batch_size: 1.0, prefactor };
            assert!((case.exponents(theory)[0] / exponent - 1.0).abs() < 1e-6);
            let diffusion = |x: f64| 0.5 * learning_rate * if x > inflection { 8.0 } else { 4.0 };
            let process = Process::state_dependent(|x| 4.0 * x.powi(3) - 4.0 * x, diffusion);
            let exact = first_passage_time(&process, 1.0, -0.7, FarSide::Infinite).unwrap();
            let predicted = case.predict(theory, None).unwrap().time.log_to_far_well;
            let correction = case.finite_barrier_corrections(theory).unwrap()[0];
            let plain = (exact.log_mean - predicted).abs();
            left.push((exact.log_mean - predicted - correction.ln_1p()).abs());
            assert!(left[left.len() - 1] < 0.25 * plain, "E = {exponent}: {plain} {left:?}");
        }
        assert!(left[1] < left[0] / 4.0 && left[2] < left[1] / 3.0, "{left:?}");
    }

    #[test]
    fn known_across_dimensions_where_nothing_changes_across_the_way() {
        let theory = EscapeTheory::Sgld { diffusion: 2.0 };
        let plane = case("styblinski-tang", &[-2.9, -2.9]).finite_barrier_corrections(theory).unwrap();
        // By hand from ½(x⁴ − 16x² + 5x): L'' = 6x² − 16, L''' = 12x, L'''' = 12.
        let part = |x: f64| {
            let curvature = 6.0 * x * x - 16.0;
            5.0 * (12.0 * x).powi(2) / (24.0 * curvature.abs().powi(3))
                - curvature.signum() * 12.0 / (8.0 * curvature * curvature)
        };
        let by_hand = 2.0 * (part(-2.903_534_027_771_177) + part(0.156_731_251_068_784));
        assert_eq!(plane.len(), 2);
        assert!(
            plane.iter().all(|correction| (correction / by_hand - 1.0).abs() < 1e-5),
            "{plane:?} {by_hand}"
        );
        assert!(case("curved-channel", &[1.0, 0.0]).finite_barrier_corrections(theory).is_none());
    }
}
