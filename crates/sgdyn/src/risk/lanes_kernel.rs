//! Minibatch gradients of a small generalised linear model: loops over lanes, coordinate-major.

use super::generalised_linear::{Batch, Samples};
use super::link::Link;
use crate::lanes::{Real, lane_kernel};

/// Lanes that are worked on together: several vectors of any instruction set, so that the gathered features of one
/// vector are written while another is read.
const WIDTH: usize = 32;

/// Values of a row that are transposed together; its stride is a multiple of this.
pub(super) const QUARTET: usize = 4;

type Lanes<R> = [R; WIDTH];

/// The number of scratch values of [`lanes_gradient`].
pub(super) fn lanes_scratch(features: usize, stride: usize, outputs: usize) -> usize {
    WIDTH * (2 * features * outputs + stride + outputs)
}

lane_kernel! {
    /// The mean gradient of each lane's batch plus `l2`·θ; `at` and `out` are `[features × outputs × lanes]`.
    pub(super) fn lanes_gradient<R: Real>(
        link: Link,
        samples: Samples<'_, R>,
        batch: Batch<'_>,
        outputs: usize,
        l2: R,
        at: &[R],
        scratch: &mut [R],
        out: &mut [R],
    ) {
        let (features, lanes) = (samples.features, batch.lanes);
        let dimension = features * outputs;
        let inverse = R::ONE / R::from_f64(batch.size as f64);
        let (rows, _) = samples.rows.as_chunks::<QUARTET>();
        let (scratch, _) = scratch.as_chunks_mut::<WIDTH>();
        let (weights, scratch) = scratch.split_at_mut(dimension);
        let (gradient, scratch) = scratch.split_at_mut(dimension);
        let (row, residuals) = scratch.split_at_mut(samples.stride);
        let residuals = &mut residuals[..outputs];
        for begin in (0..lanes).step_by(WIDTH) {
            let active = WIDTH.min(lanes - begin);
            for (coordinate, weight) in weights.iter_mut().enumerate() {
                let source = &at[coordinate * lanes + begin..][..active];
                // Lanes beyond the last compute with sample 0 and whatever weights were here before; nobody reads
                // their result.
                weight[..active].copy_from_slice(source);
            }
            gradient.fill([R::ZERO; WIDTH]);
            let mut chosen = [0_u32; WIDTH];
            for sample in 0..batch.size {
                chosen[..active].copy_from_slice(&batch.indices[sample * lanes + begin..][..active]);
                gather(rows, &chosen, row);
                let (label, row) = (row[features], &row[..features]);
                match link {
                    Link::Linear => {
                        let mut residual = [outputs_of_one(row, weights)];
                        subtract(&mut residual[0], &label);
                        add_outer(row, &residual, gradient);
                    }
                    Link::Logistic => {
                        let mut residual = [outputs_of_one(row, weights)];
                        logistic(&mut residual[0]);
                        subtract(&mut residual[0], &label);
                        add_outer(row, &residual, gradient);
                    }
                    Link::Softmax => {
                        outputs_of_all(row, weights, residuals);
                        softmax(residuals);
                        subtract_class(residuals, &label);
                        add_outer(row, residuals, gradient);
                    }
                }
            }
            for (coordinate, (gradient, weight)) in gradient.iter().zip(weights.iter()).enumerate() {
                let target = &mut out[coordinate * lanes + begin..][..active];
                for ((out, &sum), &weight) in target.iter_mut().zip(gradient).zip(weight) {
                    *out = l2.mul_add(weight, sum * inverse);
                }
            }
        }
    }
}

/// Transposes the rows of the lanes' samples to `[stride]` of lanes, in blocks of four values of four lanes: whole
/// loads and stores with shuffles between them.
#[inline(always)]
fn gather<R: Real>(rows: &[[R; QUARTET]], chosen: &[u32; WIDTH], row: &mut [Lanes<R>]) {
    let (targets, _) = row.as_chunks_mut::<QUARTET>();
    let quartets = targets.len();
    for (quartet, target) in targets.iter_mut().enumerate() {
        let source = |lane: usize| rows[chosen[lane] as usize * quartets + quartet];
        for lane in (0..WIDTH).step_by(QUARTET) {
            let (first, second, third, fourth) =
                (source(lane), source(lane + 1), source(lane + 2), source(lane + 3));
            for part in 0..QUARTET {
                let four = [first[part], second[part], third[part], fourth[part]];
                target[part][lane..lane + QUARTET].copy_from_slice(&four);
            }
        }
    }
}

#[inline(always)]
fn outputs_of_one<R: Real>(row: &[Lanes<R>], weights: &[Lanes<R>]) -> Lanes<R> {
    let mut output = [R::ZERO; WIDTH];
    for (features, weights) in row.iter().zip(weights) {
        for lane in 0..WIDTH {
            output[lane] = features[lane].mul_add(weights[lane], output[lane]);
        }
    }
    output
}

#[inline(always)]
fn outputs_of_all<R: Real>(row: &[Lanes<R>], weights: &[Lanes<R>], outputs: &mut [Lanes<R>]) {
    outputs.fill([R::ZERO; WIDTH]);
    for (features, weights) in row.iter().zip(weights.chunks_exact(outputs.len())) {
        for (output, weights) in outputs.iter_mut().zip(weights) {
            for lane in 0..WIDTH {
                output[lane] = features[lane].mul_add(weights[lane], output[lane]);
            }
        }
    }
}

/// 1/(1 + e⁻ᶻ): the exponential may overflow to infinity, whose inverse is the right 0.
#[inline(always)]
fn logistic<R: Real>(outputs: &mut Lanes<R>) {
    for output in outputs {
        *output = R::ONE / (R::ONE + R::exp(-*output));
    }
}

#[inline(always)]
fn subtract<R: Real>(outputs: &mut Lanes<R>, labels: &Lanes<R>) {
    for (output, &label) in outputs.iter_mut().zip(labels) {
        *output -= label;
    }
}

#[inline(always)]
fn softmax<R: Real>(outputs: &mut [Lanes<R>]) {
    let mut largest = outputs[0];
    for output in outputs.iter() {
        for lane in 0..WIDTH {
            largest[lane] = if output[lane] > largest[lane] { output[lane] } else { largest[lane] };
        }
    }
    let mut sum = [R::ZERO; WIDTH];
    for output in outputs.iter_mut() {
        for lane in 0..WIDTH {
            output[lane] = R::exp(output[lane] - largest[lane]);
            sum[lane] += output[lane];
        }
    }
    for sum in &mut sum {
        *sum = R::ONE / *sum;
    }
    for output in outputs {
        for lane in 0..WIDTH {
            output[lane] *= sum[lane];
        }
    }
}

#[inline(always)]
fn subtract_class<R: Real>(outputs: &mut [Lanes<R>], labels: &Lanes<R>) {
    for (class, output) in outputs.iter_mut().enumerate() {
        let class = R::from_f64(class as f64);
        for lane in 0..WIDTH {
            output[lane] -= if labels[lane] == class { R::ONE } else { R::ZERO };
        }
    }
}

/// `gradient += x rᵀ`, lane by lane.
#[inline(always)]
fn add_outer<R: Real>(row: &[Lanes<R>], residuals: &[Lanes<R>], gradient: &mut [Lanes<R>]) {
    for (features, gradient) in row.iter().zip(gradient.chunks_exact_mut(residuals.len())) {
        for (residual, gradient) in residuals.iter().zip(gradient) {
            for lane in 0..WIDTH {
                gradient[lane] = features[lane].mul_add(residual[lane], gradient[lane]);
            }
        }
    }
}
