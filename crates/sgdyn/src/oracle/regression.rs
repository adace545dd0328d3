//! Linear regression on fresh Gaussian inputs: the model of heavy tails from multiplicative noise.

use super::{GradientOracle, Slot};
use crate::lanes::{Block, Scratch, lane_kernel};
use crate::random::{Demand, DrawDemand, Law, Purpose, StepDraws, Variate};

/// `ℓ = ½(w·x − ε)²` with fresh `x ~ N(0, diag a)`, label noise `ε ~ N(0, σ²)` and a batch of B; w is measured from the
/// optimum, so that `ĝ = (1/B) Σ x (x·w − ε)`.
#[derive(Clone, Debug)]
pub struct GaussianRegression<R> {
    deviations: Vec<R>,
    label_deviation: R,
    batch_size: usize,
}

impl<R: Variate> GaussianRegression<R> {
    /// From the variances a of the inputs, the standard deviation σ of the labels and the batch size.
    pub fn new(input_variances: &[f64], label_deviation: f64, batch_size: usize) -> Self {
        let deviations = input_variances.iter().map(|variance| R::from_f64(variance.sqrt())).collect();
        Self { deviations, label_deviation: R::from_f64(label_deviation), batch_size }
    }
}

impl<R: Variate> GradientOracle<R> for GaussianRegression<R> {
    fn dimension(&self) -> usize {
        self.deviations.len()
    }

    fn demands(&self, slot: Slot) -> Vec<DrawDemand> {
        let (inputs, labels) = match slot {
            Slot::First => (Purpose::Inputs, Purpose::LabelNoise),
            Slot::Second => (Purpose::SecondGradientNoise, Purpose::SecondMinibatch),
        };
        let inputs = Demand::new(inputs, Law::Normal, self.batch_size * self.deviations.len());
        let labels = Demand::new(labels, Law::Normal, self.batch_size);
        vec![DrawDemand::Variates(inputs), DrawDemand::Variates(labels)]
    }

    fn descent(&self, at: &Block<R>, draws: StepDraws<'_, R>, scratch: &mut Scratch<R>, out: &mut Block<R>) {
        let lanes = at.lanes();
        let (inputs, labels) = (draws.variates(0), draws.variates(1));
        let mut residual = scratch.take(lanes);
        out.values_mut().fill(R::ZERO);
        let share = R::ONE / R::from_f64(self.batch_size as f64);
        for (inputs, labels) in
            inputs.chunks_exact(self.deviations.len() * lanes).zip(labels.chunks_exact(lanes))
        {
            for (residual, &label) in residual.iter_mut().zip(labels) {
                *residual = self.label_deviation * label;
            }
            for ((input, w), &deviation) in
                inputs.chunks_exact(lanes).zip(at.values().chunks_exact(lanes)).zip(&self.deviations)
            {
                accumulate(-deviation, input, w, &mut residual);
            }
            for ((input, out), &deviation) in
                inputs.chunks_exact(lanes).zip(out.values_mut().chunks_exact_mut(lanes)).zip(&self.deviations)
            {
                accumulate(share * deviation, input, &residual, out);
            }
        }
        scratch.give(residual);
    }
}

lane_kernel! {
    /// `to += factor · a · b`.
    fn accumulate<R: Variate>(factor: R, a: &[R], b: &[R], to: &mut [R]) {
        for ((to, &a), &b) in to.iter_mut().zip(a).zip(b) {
            *to = (factor * a).mul_add(b, *to);
        }
    }
}
