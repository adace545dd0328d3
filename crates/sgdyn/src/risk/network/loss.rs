//! Losses of the outputs of a network, their derivatives and the products of these.

use super::error::NetworkError;
use super::product::PANEL;
use super::softmax::softmax_errors;
use crate::lanes::{Real, lane_kernel};
use crate::risk::{Dataset, Labels};

/// The loss ℓ(z, y) of the outputs z of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// ln Σₖ exp(zₖ) − z_y: minus the log-likelihood of class y.
    SoftmaxCrossEntropy,
    /// ½|z − y|²; of classes, y is 1 for the class and 0 elsewhere. Minus the log-likelihood, up to a constant, of a
    /// normal law with variance 1. (PyTorch's `MSELoss` is 2/K of its mean.)
    Squared,
}

/// What the outputs of each sample are compared with.
#[derive(Clone, Debug)]
pub(super) enum Goals<R> {
    /// The class of each sample, `[samples]`: softmax cross-entropy.
    Classes(Vec<u32>),
    /// Rows as the outputs have them, `[samples × stride]`, padded with 0: the squared loss.
    Values(Vec<R>),
}

/// Which samples the rows of a piece are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Selection<'i> {
    /// From this one on.
    From(usize),
    /// The lane's part of a batch: the sample of row `s` is `indices[s · lanes + lane]`.
    Batch { indices: &'i [u32], lanes: usize, lane: usize },
}

impl Selection<'_> {
    #[inline(always)]
    pub(super) fn sample(self, row: usize) -> usize {
        match self {
            Self::From(first) => first + row,
            Self::Batch { indices, lanes, lane } => indices[row * lanes + lane] as usize,
        }
    }
}

impl<R: Real> Goals<R> {
    /// The labels of `data` for a network whose outputs lie in rows of `stride` values.
    pub(super) fn new(data: &Dataset, loss: Loss, stride: usize) -> Result<Self, NetworkError> {
        match (loss, data.labels()) {
            (Loss::SoftmaxCrossEntropy, Labels::Classes { of_sample, .. }) => {
                Ok(Self::Classes(of_sample.clone()))
            }
            (Loss::SoftmaxCrossEntropy, Labels::Targets(_)) => {
                Err(NetworkError::Targets { data: data.name().to_owned() })
            }
            (Loss::Squared, labels) => {
                let mut values = vec![R::ZERO; data.samples() * stride];
                for (sample, row) in values.chunks_exact_mut(stride).enumerate() {
                    match labels {
                        Labels::Classes { of_sample, .. } => row[of_sample[sample] as usize] = R::ONE,
                        Labels::Targets(targets) => row[0] = R::from_f64(targets[sample]),
                    }
                }
                Ok(Self::Values(values))
            }
        }
    }

    /// Writes ∂ℓ/∂z, `[rows × stride]`, of outputs z with `width` values in a row; 0 behind them.
    pub(super) fn errors(
        &self,
        selection: Selection<'_>,
        width: usize,
        stride: usize,
        outputs: &[R],
        errors: &mut [R],
    ) {
        match self {
            Self::Classes(classes) => softmax_errors(classes, selection, width, stride, outputs, errors),
            Self::Values(values) => squared_errors(values, selection, stride, outputs, errors),
        }
    }

    /// Writes (∂²ℓ/∂z²)ż, from ∂ℓ/∂z and ż; all `[rows × stride]`.
    pub(super) fn curved(
        &self,
        selection: Selection<'_>,
        stride: usize,
        errors: &[R],
        tangents: &[R],
        out: &mut [R],
    ) {
        match self {
            Self::Classes(classes) => softmax_curved(classes, selection, stride, errors, tangents, out),
            Self::Values(_) => out.copy_from_slice(tangents),
        }
    }

    /// The class of a sample: where a row of unit vectors has its 1.
    fn class(&self, sample: usize, stride: usize) -> usize {
        match self {
            Self::Classes(classes) => classes[sample] as usize,
            Self::Values(values) => {
                let row = &values[sample * stride..][..stride];
                row.iter().position(|&value| value == R::ONE).unwrap_or(0)
            }
        }
    }

    /// Whether the first of the largest outputs is that of the sample's class.
    pub(super) fn is_right(&self, sample: usize, stride: usize, outputs: &[f64]) -> bool {
        let largest = outputs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        outputs.iter().position(|&output| output == largest) == Some(self.class(sample, stride))
    }

    /// ℓ of one sample.
    pub(super) fn loss(&self, sample: usize, stride: usize, outputs: &[f64]) -> f64 {
        match self {
            Self::Classes(classes) => {
                let largest = outputs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                // Less its largest term, which is 1: a loss next to 0 keeps its digits.
                let place = outputs.iter().position(|&output| output == largest).unwrap_or(0);
                let others = outputs.iter().enumerate().filter(|&(other, _)| other != place);
                let sum: f64 = others.map(|(_, output)| Real::exp(output - largest)).sum();
                Real::ln_1p(sum) + (largest - outputs[classes[sample] as usize])
            }
            Self::Values(values) => {
                let goals = &values[sample * stride..][..outputs.len()];
                0.5 * outputs.iter().zip(goals).map(|(z, y)| (z - y.to_f64()).powi(2)).sum::<f64>()
            }
        }
    }
}

lane_kernel! {
    /// (diag p − ppᵀ)ż. It does not change if a number is added to all of ż: with ż_y taken as this number, nothing
    /// cancels where p_y is close to 1.
    fn softmax_curved<R: Real>(
        classes: &[u32],
        selection: Selection<'_>,
        stride: usize,
        errors: &[R],
        tangents: &[R],
        out: &mut [R],
    ) {
        let rows = errors.chunks_exact(stride).zip(tangents.chunks_exact(stride));
        for (row, (out, (errors, tangents))) in out.chunks_exact_mut(stride).zip(rows).enumerate() {
            let class = classes[selection.sample(row)] as usize;
            let own = tangents[class];
            for ((out, &error), &tangent) in out.iter_mut().zip(errors).zip(tangents) {
                *out = error * (tangent - own);
            }
            let mean = joined(out.as_chunks::<PANEL>().0, |one, other| one + other);
            for (out, &error) in out.iter_mut().zip(errors) {
                *out = (-error).mul_add(mean, *out);
            }
            out[class] = -(R::ONE + errors[class]) * mean;
        }
    }
}

lane_kernel! {
    fn squared_errors<R: Real>(
        goals: &[R],
        selection: Selection<'_>,
        stride: usize,
        outputs: &[R],
        errors: &mut [R],
    ) {
        for (row, (errors, outputs)) in
            errors.chunks_exact_mut(stride).zip(outputs.chunks_exact(stride)).enumerate()
        {
            let goals = &goals[selection.sample(row) * stride..][..stride];
            for ((error, &output), &goal) in errors.iter_mut().zip(outputs).zip(goals) {
                *error = output - goal;
            }
        }
    }
}

/// All values of some panels joined to one: panel by panel, then halves with halves.
#[inline(always)]
pub(super) fn joined<R: Real>(panels: &[[R; PANEL]], join: impl Fn(R, R) -> R) -> R {
    let mut parts = panels[0];
    for panel in &panels[1..] {
        for part in 0..PANEL {
            parts[part] = join(parts[part], panel[part]);
        }
    }
    let eight: [R; 8] = std::array::from_fn(|part| join(parts[part], parts[part + 8]));
    let four: [R; 4] = std::array::from_fn(|part| join(eight[part], eight[part + 4]));
    join(join(four[0], four[2]), join(four[1], four[3]))
}
