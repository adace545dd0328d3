//! Hessians of generalised linear models through their structure Hᵢ = xᵢxᵢᵀ ⊗ Aᵢ + λI.
//!
//! With F features and K outputs a Hessian has (FK)² entries, but is a sum of products of a number that depends on
//! two features (xᵢf xᵢg) and one that depends on two outputs (Aᵢkl). Both are symmetric: over pairs f ≤ g and
//! k ≤ l, sums over samples become products of `[pairs of features × N]` and `[N × pairs of outputs]` matrices.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

use super::curvature::{SampleCurvature, symmetric_part};
use super::empirical::EmpiricalRisk;
use super::generalised_linear::{GeneralisedLinear, apply_weights};

/// Samples per matrix product: their pairs of features fit in L2.
const PIECE: usize = 64;

impl SampleCurvature for GeneralisedLinear<f64> {
    fn sample_gradient(&self, at: &[f64], sample: usize, out: &mut [f64]) {
        let mut link = LinkDerivatives::new(self.outputs());
        let (row, _) = link.evaluate(self, at, sample);
        let outputs = out.chunks_exact_mut(self.outputs()).zip(at.chunks_exact(self.outputs()));
        for (&feature, (out, at)) in row.iter().zip(outputs) {
            for ((out, &residual), &theta) in out.iter_mut().zip(&link.slope).zip(at) {
                *out = self.l2().mul_add(theta, feature * residual);
            }
        }
    }

    fn hessian(&self, at: &[f64]) -> Mat<f64> {
        let mut hessian = mean_over_samples(self, at, |_, _| {});
        for i in 0..self.dimension() {
            hessian[(i, i)] += self.l2();
        }
        hessian
    }

    fn hessian_vector(&self, at: &[f64], vector: &[f64], out: &mut [f64]) {
        let outputs = self.outputs();
        let mut link = LinkDerivatives::new(outputs);
        let mut along = vec![0.0; outputs];
        let mut bent = vec![0.0; outputs];
        out.fill(0.0);
        for sample in 0..self.samples() {
            let (row, _) = link.evaluate(self, at, sample);
            apply_weights(vector, row, &mut along);
            apply_weights(&link.curvature, &along, &mut bent);
            for (&feature, out) in row.iter().zip(out.chunks_exact_mut(outputs)) {
                for (out, &value) in out.iter_mut().zip(&bent) {
                    *out += feature * value;
                }
            }
        }
        for (out, &value) in out.iter_mut().zip(vector) {
            *out = self.l2().mul_add(value, *out / self.samples() as f64);
        }
    }

    /// (xxᵀ⊗A) V (xxᵀ⊗A) = xxᵀ ⊗ (A M A) with M = Σ_fg x_f x_g V_fg, `[K × K]`; the penalty adds λ(HV + VH) + λ²V with
    /// H the Hessian without it.
    fn fluctuation(&self, at: &[f64], covariance: MatRef<'_, f64>) -> Mat<f64> {
        let (features, outputs) = (self.features(), self.outputs());
        let covariance = symmetric_part(covariance);
        let feature_pairs = pairs(features);
        let output_pairs = pairs(outputs);
        // M of all samples is one product with V, folded over f ≤ g.
        let folded = Mat::from_fn(feature_pairs.len(), output_pairs.len(), |row, column| {
            let ((f, g), (k, l)) = (feature_pairs[row], output_pairs[column]);
            let one = covariance[(f * outputs + k, g * outputs + l)];
            if f == g { one } else { one + covariance[(g * outputs + k, f * outputs + l)] }
        });
        let mut product = vec![0.0; outputs * outputs];
        let mut second = mean_over_samples(self, at, |products, curvatures| {
            let mut middles = Mat::<f64>::zeros(products.nrows(), output_pairs.len());
            matmul(middles.as_mut(), Accum::Replace, products, folded.as_ref(), 1.0, Par::Seq);
            let mut middle = vec![0.0; outputs * outputs];
            for (sample, curvature) in curvatures.iter_mut().enumerate() {
                for (pair, &(k, l)) in output_pairs.iter().enumerate() {
                    middle[k * outputs + l] = middles[(sample, pair)];
                    middle[l * outputs + k] = middles[(sample, pair)];
                }
                multiply(curvature, &middle, &mut product);
                let outer = std::mem::take(curvature);
                *curvature = vec![0.0; outputs * outputs];
                multiply(&product, &outer, curvature);
            }
        });
        let l2 = self.l2();
        if l2 > 0.0 {
            let hessian = mean_over_samples(self, at, |_, _| {});
            let mut crossed = Mat::zeros(self.dimension(), self.dimension());
            matmul(crossed.as_mut(), Accum::Replace, hessian.as_ref(), covariance.as_ref(), l2, Par::Seq);
            for i in 0..self.dimension() {
                for j in 0..self.dimension() {
                    second[(i, j)] += crossed[(i, j)] + crossed[(j, i)] + l2 * l2 * covariance[(i, j)];
                }
            }
        }
        second
    }
}

/// First and second derivative of one sample's loss with respect to its outputs.
struct LinkDerivatives {
    /// ∂ℓ/∂z, `[outputs]`.
    slope: Vec<f64>,
    /// A, `[outputs × outputs]`.
    curvature: Vec<f64>,
}

impl LinkDerivatives {
    fn new(outputs: usize) -> Self {
        Self { slope: vec![0.0; outputs], curvature: vec![0.0; outputs * outputs] }
    }

    fn evaluate<'m>(
        &mut self,
        model: &'m GeneralisedLinear<f64>,
        at: &[f64],
        sample: usize,
    ) -> (&'m [f64], f64) {
        let (row, label) = model.sample(sample);
        apply_weights(at, row, &mut self.slope);
        model.link().differentiate(&mut self.slope, label, &mut self.curvature);
        (row, label)
    }
}

/// (1/N) Σ xᵢxᵢᵀ ⊗ Bᵢ, `[d × d]`, where `transform` turns the Aᵢ of some samples into their Bᵢ, both symmetric; it is
/// also given the samples' products of features, `[samples × pairs f ≤ g]`.
fn mean_over_samples(
    model: &GeneralisedLinear<f64>,
    at: &[f64],
    mut transform: impl FnMut(MatRef<'_, f64>, &mut [Vec<f64>]),
) -> Mat<f64> {
    let (features, outputs, samples) = (model.features(), model.outputs(), model.samples());
    let feature_pairs = pairs(features);
    let output_pairs = pairs(outputs);
    let mut sums = Mat::<f64>::zeros(feature_pairs.len(), output_pairs.len());
    let mut link = LinkDerivatives::new(outputs);
    for begin in (0..samples).step_by(PIECE) {
        let size = PIECE.min(samples - begin);
        let mut columns = Mat::<f64>::zeros(size, features);
        let mut curvatures = Vec::with_capacity(size);
        for sample in 0..size {
            let (row, _) = link.evaluate(model, at, begin + sample);
            curvatures.push(link.curvature.clone());
            for (feature, &value) in row.iter().enumerate() {
                columns[(sample, feature)] = value;
            }
        }
        let mut products = Mat::<f64>::zeros(size, feature_pairs.len());
        for (pair, &(f, g)) in feature_pairs.iter().enumerate() {
            let factors = columns.col_as_slice(f).iter().zip(columns.col_as_slice(g));
            for (product, (one, other)) in products.col_as_slice_mut(pair).iter_mut().zip(factors) {
                *product = one * other;
            }
        }
        transform(products.as_ref(), &mut curvatures);
        let curvatures = Mat::from_fn(size, output_pairs.len(), |sample, pair| {
            let (k, l) = output_pairs[pair];
            curvatures[sample][k * outputs + l]
        });
        let weight = 1.0 / samples as f64;
        matmul(sums.as_mut(), Accum::Add, products.transpose(), curvatures.as_ref(), weight, Par::Seq);
    }
    let mut mean = Mat::zeros(features * outputs, features * outputs);
    for (column, &(k, l)) in output_pairs.iter().enumerate() {
        for (row, &(f, g)) in feature_pairs.iter().enumerate() {
            let value = sums[(row, column)];
            for (f, g) in [(f, g), (g, f)] {
                for (k, l) in [(k, l), (l, k)] {
                    mean[(f * outputs + k, g * outputs + l)] = value;
                }
            }
        }
    }
    mean
}

/// All (i, j) with i ≤ j < `count`.
fn pairs(count: usize) -> Vec<(usize, usize)> {
    (0..count).flat_map(|i| (i..count).map(move |j| (i, j))).collect()
}

/// The product of two small square matrices, row by row.
fn multiply(left: &[f64], right: &[f64], out: &mut [f64]) {
    let size = left.len().isqrt();
    for (left, out) in left.chunks_exact(size).zip(out.chunks_exact_mut(size)) {
        apply_weights(right, left, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::fixtures::{models, scattered};

    /// Hᵢ by its definition, xxᵀ ⊗ A + λI, entry by entry.
    fn sample_hessian(risk: &GeneralisedLinear<f64>, at: &[f64], sample: usize) -> Mat<f64> {
        let outputs = risk.outputs();
        let mut link = LinkDerivatives::new(outputs);
        let (row, _) = link.evaluate(risk, at, sample);
        Mat::from_fn(at.len(), at.len(), |i, j| {
            let penalty = if i == j { risk.l2() } else { 0.0 };
            let curvature = link.curvature[i % outputs * outputs + j % outputs];
            row[i / outputs] * row[j / outputs] * curvature + penalty
        })
    }

    fn difference(one: &Mat<f64>, other: &Mat<f64>) -> f64 {
        (one - other).norm_max()
    }

    #[test]
    fn hessians_are_means_of_sample_hessians_and_differences_of_gradients() {
        for risk in models::<f64>() {
            let dimension = risk.dimension();
            let at = scattered(dimension, 0.2);
            let hessian = risk.hessian(&at);
            let mut mean = Mat::zeros(dimension, dimension);
            for sample in 0..risk.samples() {
                mean += sample_hessian(&risk, &at, sample) * faer::Scale(1.0 / risk.samples() as f64);
            }
            // Up to 41 terms of order 1.
            assert!(difference(&hessian, &mean) < 1e-14, "{:?}", risk.link());

            let vector = scattered(dimension, 0.9);
            let mut product = vec![0.0; dimension];
            risk.hessian_vector(&at, &vector, &mut product);
            let step = 1e-5;
            let along = |sign: f64| -> Vec<f64> {
                let point: Vec<f64> = at.iter().zip(&vector).map(|(at, v)| at + sign * step * v).collect();
                let mut gradient = vec![0.0; dimension];
                risk.gradient_at(&point, &mut gradient);
                gradient
            };
            let (ahead, behind) = (along(1.0), along(-1.0));
            for row in 0..dimension {
                let dense: f64 = (0..dimension).map(|column| hessian[(row, column)] * vector[column]).sum();
                assert!((product[row] - dense).abs() < 1e-13);
                // Truncation ~ step²·|third derivative|·|v|², with |v|² up to 60.
                let difference = (ahead[row] - behind[row]) / (2.0 * step);
                assert!((product[row] - difference).abs() < 1e-8, "{:?} {row}", risk.link());
            }
        }
    }

    #[test]
    fn fluctuation_is_the_mean_of_dense_products() {
        for risk in models::<f64>() {
            let dimension = risk.dimension();
            let at = scattered(dimension, 0.4);
            let values = scattered(dimension * dimension, 0.6);
            let covariance =
                symmetric_part(Mat::from_fn(dimension, dimension, |i, j| values[i * dimension + j]).as_ref());
            let mut mean = Mat::zeros(dimension, dimension);
            for sample in 0..risk.samples() {
                let hessian = sample_hessian(&risk, &at, sample);
                mean += &hessian * &covariance * &hessian * faer::Scale(1.0 / risk.samples() as f64);
            }
            let scale = mean.norm_max();
            // Sums of d² products each, relative to the largest entry.
            assert!(difference(&risk.fluctuation(&at, covariance.as_ref()), &mean) < 1e-13 * scale);
        }
    }

    #[test]
    fn gradient_covariance_is_centred_and_divided_by_n() {
        for risk in models::<f64>() {
            let (dimension, samples) = (risk.dimension(), risk.samples());
            let at = scattered(dimension, 0.5);
            let gradients: Vec<Vec<f64>> = (0..samples)
                .map(|sample| {
                    let mut gradient = vec![0.0; dimension];
                    risk.sample_gradient(&at, sample, &mut gradient);
                    gradient
                })
                .collect();
            let mean = |f: &dyn Fn(&[f64]) -> f64| {
                gradients.iter().map(|gradient| f(gradient)).sum::<f64>() / samples as f64
            };
            let covariance = risk.gradient_covariance(&at);
            for (i, j) in [(0, 0), (0, dimension - 1), (dimension / 2, 1)] {
                let expected = mean(&|g| g[i] * g[j]) - mean(&|g| g[i]) * mean(&|g| g[j]);
                assert!((covariance[(i, j)] - expected).abs() < 1e-13);
            }
        }
    }
}
