//! Crossings inside a step: the Brownian bridge between two points that an integrator visits.
//!
//! Over one step a path from distance p to distance q of a boundary is taken as Brownian motion of variance v, tied at
//! both ends. Its least distance is `½(p + q − √((p − q)² − 2v ln u))` with u uniform, and below 0 with probability
//! `exp(−2pq/v)` if both ends are outside. One u serves all nested boundaries, so that they are crossed in order.

use crate::lanes::{Real, lane_kernel};
use crate::random::{Address, Purpose, Seed};

/// Beyond `pq > 18 v` a crossing has probability below e⁻³⁶ and is not looked for.
pub(crate) const REACH: f64 = 18.0;

/// The random part of one replica's path inside one step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InsideStep {
    seed: Seed,
    replica: u64,
    step: u64,
    /// `−ln u`.
    exponential: f64,
}

#[inline(always)]
fn exponential(seed: Seed, replica: u64, step: u64) -> f64 {
    let [uniform, _] =
        Address { replica, chunk: step, coordinate: 0, purpose: Purpose::Crossing }.uniforms(seed);
    -Real::ln(uniform)
}

lane_kernel! {
    /// For each lane of a group whether a path from `sign · before` to `sign · after` reached its threshold inside the
    /// step, as bits.
    pub(super) fn crossed_lanes<R: Real>(
        seed: Seed,
        replicas: &[u64],
        steps: &[u64],
        sign: R,
        before: &[R],
        after: &[R],
        thresholds: &[R],
        variance: f64,
    ) -> u32 {
        let mut crossed = 0;
        let lanes = replicas.len();
        let (steps, before, after) = (&steps[..lanes], &before[..lanes], &after[..lanes]);
        let thresholds = &thresholds[..lanes];
        for lane in 0..lanes {
            let threshold = thresholds[lane].to_f64();
            let (p, q) = ((sign * before[lane]).to_f64() - threshold, (sign * after[lane]).to_f64() - threshold);
            let reach = 0.5 * variance * exponential(seed, replicas[lane], steps[lane]);
            crossed |= u32::from(p * q <= reach) << lane;
        }
        crossed
    }
}

impl InsideStep {
    pub(super) fn new(seed: Seed, replica: u64, step: u64) -> Self {
        Self { seed, replica, step, exponential: exponential(seed, replica, step) }
    }

    /// The same and one for a boundary on another side, taken as independent: that one step reaches both is rarer than
    /// either by far.
    pub(crate) fn both_sides(seed: Seed, replica: u64, step: u64) -> [Self; 2] {
        let address = Address { replica, chunk: step, coordinate: 0, purpose: Purpose::Crossing };
        address.uniforms(seed).map(|uniform| Self { seed, replica, step, exponential: -Real::ln(uniform) })
    }

    /// Whether a path from distance `before > 0` to `after` reached 0, for a step of variance `variance`: its least
    /// distance is at most 0 where `pq ≤ −½ v ln u`.
    pub(crate) fn crosses(self, before: f64, after: f64, variance: f64) -> bool {
        before * after <= 0.5 * variance * self.exponential
    }

    /// The fraction of the step at which distance 0 is first reached, given that it is reached: with
    /// `f = ζ/(1 + ζ)`, ζ is inverse Gaussian with mean `p/|q|` and shape `p²/v`.
    ///
    /// The variate comes from Michael, Schucany and Haas (American Statistician 1976).
    pub(super) fn fraction(self, before: f64, after: f64, variance: f64, boundary: u32) -> f64 {
        let address = Address {
            replica: self.replica,
            chunk: self.step,
            coordinate: 1 + boundary,
            purpose: Purpose::Crossing,
        };
        let [first, second] = address.uniforms(self.seed);
        let third = Address { coordinate: (1 << 31) + boundary, ..address }.uniforms(self.seed)[0];
        let radius = -2.0 * Real::ln(first);
        let cosine = Real::cos(std::f64::consts::TAU * second);
        let chi_square = radius * cosine * cosine;
        // With y = chi²: the smaller root of the quadratic in 1/ζ, stable also for mean → ∞ (q = 0).
        let shape = before * before / variance;
        let inverse_mean = after.abs() / before;
        let a = chi_square / (2.0 * shape);
        let inverse_root = inverse_mean + a + (a * (2.0 * inverse_mean + a)).sqrt();
        // The two roots multiply to mean², and the smaller ζ = 1/inverse_root is taken with probability mean/(mean + ζ).
        let small = 1.0 / inverse_root;
        let take_small = third * (1.0 + small * inverse_mean) <= 1.0;
        if take_small {
            small / (1.0 + small)
        } else {
            // ζ = mean²/small, so ζ/(1 + ζ) = 1/(1 + small/mean²).
            1.0 / (1.0 + small * inverse_mean * inverse_mean)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::InsideStep;
    use crate::random::{Seed, SequentialGenerator};

    /// Against bridges simulated with 4,000 sub-steps. Probability of crossing: exact `exp(−2pq/v)`, 10⁶ draws, 5
    /// standard errors. Mean and mean square of the crossing time: 20,000 fine bridges (their grid is late by about
    /// 0.58 √(v/4000), corrected by shifting the boundary), seed 7, bound 0.008 ≈ 4 standard errors of 0.002.
    #[test]
    fn crossing_probability_and_time_match_fine_bridges() {
        for (p, q, v) in [(0.5, 0.3, 1.0), (0.4, -0.6, 0.5), (1.0, 0.0, 1.0)] {
            let n = 1_000_000;
            let (mut hits, mut sum, mut square) = (0u64, 0.0, 0.0);
            for replica in 0..n {
                let inside = InsideStep::new(Seed::new(7, 0), replica, 3);
                if inside.crosses(p, q, v) {
                    hits += 1;
                    let fraction = inside.fraction(p, q, v, 0);
                    sum += fraction;
                    square += fraction * fraction;
                }
            }
            let exact = if q > 0.0 { f64::exp(-2.0 * p * q / v) } else { 1.0 };
            let measured = hits as f64 / n as f64;
            let error = (exact * (1.0 - exact) / n as f64).sqrt();
            assert!((measured - exact).abs() <= 5.0 * error + 1e-12, "{measured} {exact}");
            let (mean, mean_square) = (sum / hits as f64, square / hits as f64);

            let mut generator =
                SequentialGenerator::new(Seed::new(7, 1), 0, 0, crate::random::Purpose::Start);
            let (steps, bridges) = (4_000usize, 20_000);
            let scale = (v / steps as f64).sqrt();
            let boundary = 0.5826 * scale;
            let (mut count, mut fine, mut fine_square) = (0.0, 0.0, 0.0);
            for _ in 0..bridges {
                let (mut x, mut crossed) = (p, None);
                for step in 0..steps {
                    let left = (steps - step) as f64;
                    let z = generator.normal_pair()[0];
                    x += (q - x) / left + scale * ((left - 1.0) / left).sqrt() * z;
                    if x <= boundary {
                        crossed = Some((step as f64 + 1.0) / steps as f64);
                        break;
                    }
                }
                if let Some(time) = crossed {
                    count += 1.0;
                    fine += time;
                    fine_square += time * time;
                }
            }
            assert!((mean - fine / count).abs() < 0.008, "{p} {q}: {mean} {}", fine / count);
            assert!((mean_square - fine_square / count).abs() < 0.008);
        }
    }
}
