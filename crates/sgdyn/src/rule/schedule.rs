//! Learning rates that change from step to step.

/// A learning rate as a function of the step k, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Schedule {
    /// The same at every step.
    Constant,
    /// `η · factor^⌊k / every⌋`.
    Step {
        /// Steps between changes.
        every: u64,
        /// The factor of each change.
        factor: f64,
    },
    /// `η · factor^k`.
    Exponential {
        /// The factor of each step.
        factor: f64,
    },
    /// `f + (η − f)(1 + cos(πk/n))/2` for k ≤ n, then f. Loshchilov and Hutter (ICLR 2017) without restarts.
    Cosine {
        /// The number of steps n.
        steps: u64,
        /// The final rate f.
        last: f64,
    },
    /// `η · min(1, (k + 1)/n)`.
    Warmup {
        /// The number of steps n.
        steps: u64,
    },
}

impl Schedule {
    /// The learning rate at step `step` where the first one is `base`.
    pub fn rate(self, base: f64, step: u64) -> f64 {
        let k = step as f64;
        match self {
            Self::Constant => base,
            Self::Step { every, factor } => base * power((step / every) as f64, factor),
            Self::Exponential { factor } => base * power(k, factor),
            Self::Cosine { steps, last } => {
                let phase = (k / steps as f64).min(1.0) * std::f64::consts::PI;
                last + (base - last) * 0.5 * (1.0 + crate::lanes::Real::cos(phase))
            }
            Self::Warmup { steps } => base * ((k + 1.0) / steps as f64).min(1.0),
        }
    }

    /// Whether the rate changes at all.
    pub fn is_constant(self) -> bool {
        self == Self::Constant
    }
}

/// `factor^exponent` for a positive factor, from functions whose bits do not depend on the machine.
fn power(exponent: f64, factor: f64) -> f64 {
    crate::lanes::Real::exp(exponent * crate::lanes::Real::ln(factor))
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn rates_follow_their_formulas() {
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-14, "{a} {b}");
        close(Schedule::Constant.rate(0.3, 1000), 0.3);
        close(Schedule::Step { every: 10, factor: 0.5 }.rate(0.4, 25), 0.1);
        close(Schedule::Exponential { factor: 0.9 }.rate(1.0, 2), 0.81);
        close(Schedule::Cosine { steps: 100, last: 0.0 }.rate(1.0, 50), 0.5);
        close(Schedule::Cosine { steps: 100, last: 0.1 }.rate(1.0, 500), 0.1);
        close(Schedule::Warmup { steps: 4 }.rate(1.0, 1), 0.5);
    }
}
