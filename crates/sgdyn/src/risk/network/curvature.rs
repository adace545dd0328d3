//! What theories ask of a network at one point.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

use super::model::Network;
use super::pass::{Curvature, Direction, Trace};
use crate::risk::curvature::{SampleCurvature, symmetric_part};
use crate::risk::empirical::{EmpiricalRisk, Workspace};

/// For small networks: matrices `[d × d]` are formed, and the fluctuation takes the Hessian of every sample, N·d products
/// of the size of one sample. Larger networks have [`Network::evaluate`].
impl SampleCurvature for Network<f64> {
    fn sample_gradient(&self, at: &[f64], sample: usize, out: &mut [f64]) {
        let plan = &self.plan;
        let mut padded = vec![0.0; plan.padded()];
        plan.pad(at, &mut padded);
        let samples = self.samples_from(sample, 1);
        let mut trace = Trace::<Vec<f64>>::zeros(plan, 1);
        plan.forward(&padded, samples.features, 1, &mut trace.as_mut());
        plan.backward(&padded, samples, &mut trace.as_mut());
        let mut sums = vec![0.0; plan.summed()];
        plan.add_gradient(samples.features, 1, &trace.outputs, &trace.errors, &mut sums);
        plan.unpad(&sums, 1.0, self.l2(), at, out);
    }

    fn hessian(&self, at: &[f64]) -> Mat<f64> {
        let dimension = self.dimension();
        let evaluation = self.evaluate_unchecked(at);
        let mut workspace = Workspace::new();
        let mut hessian = Mat::zeros(dimension, dimension);
        let (mut unit, mut column) = (vec![0.0; dimension], vec![0.0; dimension]);
        for index in 0..dimension {
            unit[index] = 1.0;
            evaluation.curvature_product(Curvature::Hessian, &unit, &mut workspace, &mut column);
            unit[index] = 0.0;
            for (row, &value) in column.iter().enumerate() {
                hessian[(row, index)] = value;
            }
        }
        symmetric_part(hessian.as_ref())
    }

    fn hessian_vector(&self, at: &[f64], vector: &[f64], out: &mut [f64]) {
        let evaluation = self.evaluate_unchecked(at);
        evaluation.curvature_product(Curvature::Hessian, vector, &mut Workspace::new(), out);
    }

    fn fluctuation(&self, at: &[f64], covariance: MatRef<'_, f64>) -> Mat<f64> {
        let (plan, dimension) = (&self.plan, self.dimension());
        let covariance = symmetric_part(covariance);
        let mut padded = vec![0.0; plan.padded()];
        plan.pad(at, &mut padded);
        let mut directions = vec![vec![0.0; plan.padded()]; dimension];
        for (index, along) in directions.iter_mut().enumerate() {
            let mut unit = vec![0.0; dimension];
            unit[index] = 1.0;
            plan.pad(&unit, along);
        }
        let mut memory = vec![0.0; plan.curvature_memory(1)];
        let mut sums = vec![0.0; plan.summed()];
        let mut trace = Trace::<Vec<f64>>::zeros(plan, 1);
        let (mut column, nothing) = (vec![0.0; dimension], vec![0.0; dimension]);
        let mut hessian = Mat::<f64>::zeros(dimension, dimension);
        let mut product = Mat::<f64>::zeros(dimension, dimension);
        let mut mean = Mat::<f64>::zeros(dimension, dimension);
        let weight = 1.0 / self.samples() as f64;
        for sample in 0..self.samples() {
            let samples = self.samples_from(sample, 1);
            plan.forward(&padded, samples.features, 1, &mut trace.as_mut());
            plan.backward(&padded, samples, &mut trace.as_mut());
            for (index, along) in directions.iter().enumerate() {
                let direction = Direction { at: &padded, along };
                sums.fill(0.0);
                plan.add_curvature(
                    Curvature::Hessian,
                    direction,
                    samples,
                    &trace.as_ref(),
                    &mut memory,
                    &mut sums,
                );
                plan.unpad(&sums, 1.0, 0.0, &nothing, &mut column);
                for (row, &value) in column.iter().enumerate() {
                    hessian[(row, index)] = value;
                }
                hessian[(index, index)] += self.l2();
            }
            matmul(product.as_mut(), Accum::Replace, hessian.as_ref(), covariance.as_ref(), weight, Par::Seq);
            matmul(mean.as_mut(), Accum::Add, product.as_ref(), hessian.as_ref(), 1.0, Par::Seq);
        }
        symmetric_part(mean.as_ref())
    }
}
