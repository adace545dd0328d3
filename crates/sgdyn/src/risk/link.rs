//! Links between the outputs of a linear model and its loss: squared error, logistic and softmax.

use crate::lanes::Real;

/// Which generalised linear model: the loss ℓ(z, y) of the outputs z = Wᵀx of a sample with label y.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// ½(z − y)², one output, a real target.
    Linear,
    /// ln(1 + eᶻ) − yz, one output, y = 0 or 1: minus the log-likelihood of class 1 with probability 1/(1 + e⁻ᶻ).
    Logistic,
    /// ln Σₖ exp(zₖ) − z_y, one output per class.
    Softmax,
}

impl Link {
    /// The name in a study and in errors.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Logistic => "logistic",
            Self::Softmax => "softmax",
        }
    }

    /// ℓ(z, y).
    pub(super) fn loss(self, outputs: &[f64], label: f64) -> f64 {
        let z = outputs[0];
        match self {
            Self::Linear => 0.5 * (z - label).powi(2),
            // max(z, 0) + ln(1 + e^−|z|) neither overflows nor cancels.
            Self::Logistic => z.max(0.0) + ln_1p(exp(-z.abs())) - label * z,
            Self::Softmax => {
                let largest = outputs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = outputs.iter().map(|output| exp(output - largest)).sum();
                ln(sum) + (largest - outputs[label as usize])
            }
        }
    }

    /// Replaces the outputs by ∂ℓ/∂z and writes A = ∂²ℓ/∂z², `[outputs × outputs]`.
    pub(super) fn differentiate(self, outputs: &mut [f64], label: f64, curvature: &mut [f64]) {
        let classes = outputs.len();
        match self {
            Self::Linear => {
                outputs[0] -= label;
                curvature[0] = 1.0;
            }
            Self::Logistic => {
                let (one, zero) = (1.0 / (1.0 + exp(-outputs[0])), 1.0 / (1.0 + exp(outputs[0])));
                outputs[0] = if label == 1.0 { -zero } else { one };
                curvature[0] = one * zero;
            }
            Self::Softmax => {
                let largest = outputs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let mut sum = 0.0;
                for output in outputs.iter_mut() {
                    *output = exp(*output - largest);
                    sum += *output;
                }
                for output in outputs.iter_mut() {
                    *output /= sum;
                }
                for row in 0..classes {
                    for column in 0..classes {
                        let diagonal = if row == column { outputs[row] } else { 0.0 };
                        curvature[row * classes + column] = diagonal - outputs[row] * outputs[column];
                    }
                }
                outputs[label as usize] -= 1.0;
            }
        }
    }
}

// The functions of `std` would be those of the machine's library, whose bits differ.
fn exp(x: f64) -> f64 {
    Real::exp(x)
}

fn ln(x: f64) -> f64 {
    Real::ln(x)
}

/// ln(1 + x) for x ≥ 0, corrected for the rounding of 1 + x (Higham, Accuracy and Stability, 2002, section 1.14.1).
fn ln_1p(x: f64) -> f64 {
    let sum = 1.0 + x;
    if sum == 1.0 { x } else { ln(sum) * (x / (sum - 1.0)) }
}
