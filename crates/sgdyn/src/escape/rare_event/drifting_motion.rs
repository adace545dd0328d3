//! Brownian motion with drift between two boundaries: a rare event with a closed form.

use super::event::{Progress, RareEvent};
use crate::lanes::Real;
use crate::random::{SequentialGenerator, Variate};

/// Brownian motion with drift, `dX = v dt + s dW`, that is to reach `upper` before `lower`, both seen also inside a step.
///
/// The increments are exact, and so is whether the Brownian bridge between two steps crosses a boundary, by its extreme drawn from
/// one uniform; that it crosses both in one step is neglected, and has a probability of about exp(−2(upper − lower)²/s²Δt). The level
/// is the place at the end of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DriftingBrownianMotion {
    /// The start.
    pub start: f64,
    /// v.
    pub drift: f64,
    /// s.
    pub deviation: f64,
    /// The boundary of failure, below the start.
    pub lower: f64,
    /// The boundary of the event, above the start.
    pub upper: f64,
    /// Δt.
    pub time_step: f64,
}

impl RareEvent for DriftingBrownianMotion {
    type State = f64;

    fn start(&self, _: &mut SequentialGenerator) -> (f64, f64) {
        (self.start, self.start)
    }

    fn step(&self, state: &mut f64, generator: &mut SequentialGenerator) -> Progress {
        let [normal, _] = generator.normal_pair();
        let variance = self.deviation * self.deviation * self.time_step;
        let before = *state;
        let after = before + self.drift * self.time_step + variance.sqrt() * normal;
        *state = after;
        let uniforms = [generator.next_word(), generator.next_word()].map(<f64 as Variate>::unit);
        // The bridge's extreme on the side of `boundary`; beyond pq > 18 s²Δt it is reached with a probability below e⁻³⁶.
        let crossed = |boundary: f64, sign: f64, uniform: f64| {
            let (p, q) = (sign * (before - boundary), sign * (after - boundary));
            p * q <= 18.0 * variance && {
                let log = Real::ln(uniform);
                p + q <= ((q - p).powi(2) - 2.0 * variance * log).sqrt()
            }
        };
        if crossed(self.lower, 1.0, uniforms[0]) {
            return Progress::Failed;
        }
        if crossed(self.upper, -1.0, uniforms[1]) { Progress::Reached } else { Progress::Level(after) }
    }
}
