//! A network at a point, and the products with its curvature there.

use rayon::prelude::*;

use super::error::NetworkError;
use super::model::{Network, PIECE};
use super::pass::{Curvature, Direction, Samples, Trace};
use super::product::PANEL;
use crate::lanes::{Real, add_scaled, lane_kernel};
use crate::risk::empirical::{EmpiricalRisk, Workspace};

/// Beyond this many bytes the traces of the samples are not kept, but made again for each product.
const LARGEST_KEPT: usize = 1 << 30;

/// Sums over samples are made of at most this many partial sums, whatever the number of threads.
const GROUPS: usize = 8;

/// A network at a point θ: activations a and back-propagated errors δ = ∂ℓ/∂z of all samples, once for all
/// products.
///
/// Everything about one sample follows from these: with aₗ the inputs of layer l and δₗ its errors,
/// ∂ℓᵢ/∂Wₗ = δₗaₗᵀ and ∂ℓᵢ/∂bₗ = δₗ. Products with vectors cost a few passes through the network, exactly (nothing is
/// a difference quotient): Pearlmutter (Neural Computation 1994), Schraudolph (Neural Computation 2002).
///
/// The bits of a result do not depend on threads. If the pool that calls has more than one, they share the samples.
#[derive(Debug)]
pub struct Evaluation<'n, R> {
    pub(super) network: &'n Network<R>,
    pub(super) at: Vec<R>,
    padded: Vec<R>,
    /// One per piece of samples; none if they would not fit.
    kept: Vec<Trace<Vec<R>>>,
}

impl<R: Real> Network<R> {
    /// The network at the point θ = `at`, `[d]`.
    ///
    /// # Errors
    /// [`NetworkError::Length`] and [`NetworkError::Parameter`] if `at` is no point; [`NetworkError::NotFinite`], with
    /// layer and sample, where a number leaves the range of the format.
    pub fn evaluate(&self, at: &[R]) -> Result<Evaluation<'_, R>, NetworkError> {
        self.evaluate_within(at, LARGEST_KEPT)
    }

    pub(super) fn evaluate_within(&self, at: &[R], bytes: usize) -> Result<Evaluation<'_, R>, NetworkError> {
        let expected = self.plan.parameters();
        if at.len() != expected {
            return Err(NetworkError::Length { what: "parameters", expected, found: at.len() });
        }
        if let Some(index) = at.iter().position(|value| !value.to_f64().is_finite()) {
            let layer = self.plan.layer_of(index);
            return Err(NetworkError::Parameter { index, layer, value: at[index].to_f64() });
        }
        self.follow(at, bytes, |first, rows, trace| self.check(first, rows, trace))
    }

    /// The network at a point, whatever its numbers: what is not finite stays so.
    pub(super) fn evaluate_unchecked(&self, at: &[R]) -> Evaluation<'_, R> {
        match self.follow(at, LARGEST_KEPT, |_, _, _| Ok::<(), std::convert::Infallible>(())) {
            Ok(evaluation) => evaluation,
            Err(never) => match never {},
        }
    }

    /// Traces all samples, keeps the traces if they fit in `bytes`, and shows them to `check` with their first sample
    /// and their number.
    fn follow<E: Send>(
        &self,
        at: &[R],
        bytes: usize,
        check: impl Fn(usize, usize, &Trace<Vec<R>>) -> Result<(), E> + Sync,
    ) -> Result<Evaluation<'_, R>, E> {
        let mut padded = vec![R::ZERO; self.plan.padded()];
        self.plan.pad(at, &mut padded);
        let mut evaluation = Evaluation { network: self, at: at.to_vec(), padded, kept: Vec::new() };
        let keeps = Trace::<&mut [R]>::length(&self.plan, self.samples()) * size_of::<R>() <= bytes;
        let traced = |piece: usize| {
            let samples = evaluation.samples(piece);
            let mut trace = Trace::<Vec<R>>::zeros(&self.plan, samples.rows);
            evaluation.follow(samples, &mut trace.as_mut());
            check(piece * PIECE, samples.rows, &trace)?;
            Ok(keeps.then_some(trace))
        };
        let kept: Vec<Option<_>> = if rayon::current_num_threads() > 1 {
            (0..evaluation.pieces()).into_par_iter().map(traced).collect::<Result<_, E>>()?
        } else {
            (0..evaluation.pieces()).map(traced).collect::<Result<_, E>>()?
        };
        evaluation.kept = kept.into_iter().flatten().collect();
        Ok(evaluation)
    }

    /// Finds what is not finite: the first layer forwards, then the last backwards.
    fn check(&self, first: usize, rows: usize, trace: &Trace<Vec<R>>) -> Result<(), NetworkError> {
        if are_finite(&trace.outputs) && are_finite(&trace.errors) {
            return Ok(());
        }
        let places = || self.plan.places.iter().enumerate();
        let forwards = places().map(|place| ("outputs", &trace.outputs, place));
        let backwards = places().rev().map(|place| ("errors", &trace.errors, place));
        for (what, values, (layer, place)) in forwards.chain(backwards) {
            let mut rows = place.outputs(values, rows).chunks_exact(place.output_stride);
            if let Some(row) = rows.position(|row| !are_finite(row)) {
                let (layer, sample) = (layer + 1, first + row);
                return Err(NetworkError::NotFinite { what, layer, sample, format: R::NAME });
            }
        }
        Ok(())
    }
}

impl<R: Real> Evaluation<'_, R> {
    /// The point, `[d]`.
    pub fn at(&self) -> &[R] {
        &self.at
    }

    /// Writes the gradient ∇L(θ), `[d]`, penalty included.
    ///
    /// # Errors
    /// [`NetworkError::Length`].
    pub fn gradient(&self, workspace: &mut Workspace<R>, out: &mut [R]) -> Result<(), NetworkError> {
        self.check_lengths(&[("the gradient", out.len())])?;
        let plan = &self.network.plan;
        let sums = self.sum_over_pieces(workspace, 0, &|samples, trace, _, sums| {
            plan.add_gradient(samples.features, samples.rows, trace.outputs, trace.errors, sums);
        });
        plan.unpad(sums, self.inverse(), self.l2(), &self.at, out);
        Ok(())
    }

    /// Writes Hv, `[d]`, with the Hessian H = ∇²L(θ), penalty included.
    ///
    /// Where an activation has a kink, its second derivative counts as 0: the Hessian almost everywhere.
    ///
    /// # Errors
    /// [`NetworkError::Length`].
    pub fn hessian_vector(
        &self,
        vector: &[R],
        workspace: &mut Workspace<R>,
        out: &mut [R],
    ) -> Result<(), NetworkError> {
        self.curvature_vector(Curvature::Hessian, vector, workspace, out)
    }

    /// Writes Gv, `[d]`, with the Gauss–Newton matrix G = (1/N) Σ JᵢᵀAᵢJᵢ + λI, Jᵢ = ∂f(xᵢ)/∂θ, Aᵢ = ∂²ℓ/∂f²: positive
    /// semidefinite, and what is left of H without the curvature of f.
    ///
    /// Both losses are minus log-likelihoods of an exponential family in its natural parameters. Hence G − λI is also
    /// the Fisher matrix F = (1/N) Σᵢ E[∇ ln p(y|xᵢ) ∇ ln p(y|xᵢ)ᵀ], y drawn from the *model*: Martens (JMLR 2020).
    ///
    /// # Errors
    /// [`NetworkError::Length`].
    pub fn gauss_newton_vector(
        &self,
        vector: &[R],
        workspace: &mut Workspace<R>,
        out: &mut [R],
    ) -> Result<(), NetworkError> {
        self.curvature_vector(Curvature::GaussNewton, vector, workspace, out)
    }

    fn curvature_vector(
        &self,
        curvature: Curvature,
        vector: &[R],
        workspace: &mut Workspace<R>,
        out: &mut [R],
    ) -> Result<(), NetworkError> {
        self.check_lengths(&[("the vector", vector.len()), ("the product", out.len())])?;
        self.curvature_product(curvature, vector, workspace, out);
        Ok(())
    }

    /// Writes the product of either matrix with a vector.
    pub(super) fn curvature_product(
        &self,
        curvature: Curvature,
        vector: &[R],
        workspace: &mut Workspace<R>,
        out: &mut [R],
    ) {
        let plan = &self.network.plan;
        let mut along = vec![R::ZERO; plan.padded()];
        plan.pad(vector, &mut along);
        let direction = Direction { at: &self.padded, along: &along };
        let sums =
            self.sum_over_pieces(workspace, plan.curvature_memory(PIECE), &|samples, trace, memory, sums| {
                plan.add_curvature(curvature, direction, samples, trace, memory, sums);
            });
        plan.unpad(sums, self.inverse(), self.l2(), vector, out);
    }

    /// Writes ∇ℓᵢ·v of each sample, `[samples]`, penalty included: the product J v with the per-sample gradients as
    /// the rows of J.
    ///
    /// # Errors
    /// [`NetworkError::Length`].
    pub fn directional_derivatives(&self, vector: &[R], out: &mut [R]) -> Result<(), NetworkError> {
        self.check_lengths(&[("the vector", vector.len())])?;
        self.check_samples("the derivatives", out.len())?;
        self.data_derivatives(vector, out);
        if self.network.l2() > 0.0 {
            let product = self.l2() * R::from_f64(dot(&self.at, vector));
            for value in out {
                *value += product;
            }
        }
        Ok(())
    }

    /// As [`Evaluation::directional_derivatives`], without the penalty.
    pub(super) fn data_derivatives(&self, vector: &[R], out: &mut [R]) {
        let plan = &self.network.plan;
        let mut along = vec![R::ZERO; plan.padded()];
        plan.pad(vector, &mut along);
        let direction = Direction { at: &self.padded, along: &along };
        let last = &plan.places[plan.places.len() - 1];
        self.for_pieces(out, 1, 2 * plan.values_per_sample() * PIECE, &|samples, trace, memory, out| {
            let rows = samples.rows;
            let (tangents, pushed) = memory.split_at_mut(plan.values_per_sample() * rows);
            plan.forward_along(direction, samples.features, rows, trace, tangents, pushed);
            let (errors, tangents) = (last.outputs(trace.errors, rows), last.outputs(tangents, rows));
            row_products(errors, tangents, last.output_stride, out);
        });
    }

    /// Writes Σ wᵢ∇ℓᵢ, `[d]`, of weights w, `[samples]`, penalty included: the product Jᵀw with the per-sample
    /// gradients as the rows of J.
    ///
    /// # Errors
    /// [`NetworkError::Length`].
    pub fn weighted_gradient(
        &self,
        weights: &[R],
        workspace: &mut Workspace<R>,
        out: &mut [R],
    ) -> Result<(), NetworkError> {
        self.check_lengths(&[("the gradient", out.len())])?;
        self.check_samples("the weights", weights.len())?;
        let plan = &self.network.plan;
        let length = plan.values_per_sample() * PIECE;
        let sums = self.sum_over_pieces(workspace, length, &|samples, trace, memory, sums| {
            let weights = &weights[samples.selection.sample(0)..][..samples.rows];
            for place in &plan.places {
                let errors = place.outputs(trace.errors, samples.rows);
                let out = place.outputs_mut(memory, samples.rows);
                scale_rows(errors, weights, place.output_stride, out);
            }
            plan.add_gradient(samples.features, samples.rows, trace.outputs, memory, sums);
        });
        let total: f64 = weights.iter().map(|weight| weight.to_f64()).sum();
        plan.unpad(sums, R::ONE, R::from_f64(self.network.l2() * total), &self.at, out);
        Ok(())
    }

    /// Writes Fv, `[d]`, with the *empirical* Fisher matrix F = (1/N) Σ ∇ℓᵢ∇ℓᵢᵀ, penalty included: the raw second moment
    /// of the per-sample gradients. With `centred` it is their covariance Σ = F − ∇L∇Lᵀ.
    ///
    /// # Errors
    /// [`NetworkError::Length`].
    pub fn empirical_fisher_vector(
        &self,
        vector: &[R],
        centred: bool,
        workspace: &mut Workspace<R>,
        out: &mut [R],
    ) -> Result<(), NetworkError> {
        let mut products = vec![R::ZERO; self.network.samples()];
        self.directional_derivatives(vector, &mut products)?;
        let samples = self.network.samples() as f64;
        let mean =
            if centred { products.iter().map(|value| value.to_f64()).sum::<f64>() / samples } else { 0.0 };
        for product in &mut products {
            // Centred before they are multiplied: the difference of two second moments would cancel.
            *product = R::from_f64((product.to_f64() - mean) / samples);
        }
        self.weighted_gradient(&products, workspace, out)
    }

    pub(super) fn pieces(&self) -> usize {
        self.network.samples().div_ceil(PIECE)
    }

    pub(super) fn samples(&self, piece: usize) -> Samples<'_, R> {
        let first = piece * PIECE;
        self.network.samples_from(first, PIECE.min(self.network.samples() - first))
    }

    fn follow(&self, samples: Samples<'_, R>, trace: &mut Trace<&mut [R]>) {
        self.network.plan.forward(&self.padded, samples.features, samples.rows, trace);
        self.network.plan.backward(&self.padded, samples, trace);
    }

    /// The length of memory that [`Evaluation::trace`] takes from what it is given.
    pub(super) fn trace_memory(&self) -> usize {
        if self.kept.is_empty() { Trace::<&mut [R]>::length(&self.network.plan, PIECE) } else { 0 }
    }

    /// The trace of a piece, kept or made again at the beginning of `memory`.
    pub(super) fn trace<'t>(&'t self, piece: usize, memory: &'t mut [R]) -> Trace<&'t [R]> {
        if let Some(trace) = self.kept.get(piece) {
            return trace.as_ref();
        }
        let samples = self.samples(piece);
        let mut trace = Trace::within(&self.network.plan, samples.rows, memory);
        self.follow(samples, &mut trace);
        let Trace { outputs, errors, slopes, bent } = trace;
        Trace { outputs, errors, slopes, bent }
    }

    /// Padded sums over all samples of what `add` adds for each piece, with `length` values of memory.
    ///
    /// Groups of consecutive pieces have their own sums, which are added in their order.
    fn sum_over_pieces<'w>(
        &self,
        workspace: &'w mut Workspace<R>,
        length: usize,
        add: &(impl Fn(Samples<'_, R>, &Trace<&[R]>, &mut [R], &mut [R]) + Sync),
    ) -> &'w [R] {
        let summed = self.network.plan.summed();
        let traced = self.trace_memory();
        let groups = GROUPS.min(self.pieces());
        let add_group = |group: usize, memory: &mut [R], sums: &mut [R]| {
            let (trace_memory, memory) = memory.split_at_mut(traced);
            for piece in group * self.pieces() / groups..(group + 1) * self.pieces() / groups {
                add(self.samples(piece), &self.trace(piece, trace_memory), memory, sums);
            }
        };
        let parallel = rayon::current_num_threads() > 1 && groups > 1;
        let memory = workspace.scratch(2 * summed + if parallel { 0 } else { traced + length });
        let (total, memory) = memory.split_at_mut(summed);
        total.fill(R::ZERO);
        if parallel {
            let sums: Vec<Vec<R>> = (0..groups)
                .into_par_iter()
                .map(|group| {
                    let mut sums = vec![R::ZERO; summed];
                    add_group(group, &mut vec![R::ZERO; traced + length], &mut sums);
                    sums
                })
                .collect();
            for sums in sums {
                add_scaled(R::ONE, &sums, total);
            }
        } else {
            let (sums, memory) = memory.split_at_mut(summed);
            for group in 0..groups {
                sums.fill(R::ZERO);
                add_group(group, memory, sums);
                add_scaled(R::ONE, sums, total);
            }
        }
        total
    }

    /// Calls `write` for each piece with its part of `out`, `width` values per sample, and `length` values of memory.
    pub(super) fn for_pieces(
        &self,
        out: &mut [R],
        width: usize,
        length: usize,
        write: &(impl Fn(Samples<'_, R>, &Trace<&[R]>, &mut [R], &mut [R]) + Sync),
    ) {
        let traced = self.trace_memory();
        let write_piece = |memory: &mut Vec<R>, piece: usize, out: &mut [R]| {
            memory.resize(traced + length, R::ZERO);
            let (trace_memory, memory) = memory.split_at_mut(traced);
            write(self.samples(piece), &self.trace(piece, trace_memory), memory, out);
        };
        if rayon::current_num_threads() > 1 {
            out.par_chunks_mut(PIECE * width)
                .enumerate()
                .for_each_init(Vec::new, |memory, (piece, out)| write_piece(memory, piece, out));
        } else {
            let mut memory = Vec::new();
            for (piece, out) in out.chunks_mut(PIECE * width).enumerate() {
                write_piece(&mut memory, piece, out);
            }
        }
    }

    fn inverse(&self) -> R {
        R::ONE / R::from_f64(self.network.samples() as f64)
    }

    pub(super) fn l2(&self) -> R {
        R::from_f64(self.network.l2())
    }

    fn check_lengths(&self, arrays: &[(&'static str, usize)]) -> Result<(), NetworkError> {
        let expected = self.network.plan.parameters();
        match arrays.iter().find(|(_, found)| *found != expected) {
            Some(&(what, found)) => Err(NetworkError::Length { what, expected, found }),
            None => Ok(()),
        }
    }

    pub(super) fn check_samples(&self, what: &'static str, found: usize) -> Result<(), NetworkError> {
        let expected = self.network.samples();
        if found == expected { Ok(()) } else { Err(NetworkError::Length { what, expected, found }) }
    }
}

/// x·y, in `f64`.
pub(super) fn dot<R: Real>(x: &[R], y: &[R]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x.to_f64() * y.to_f64()).sum()
}

lane_kernel! {
    pub(super) fn are_finite<R: Real>(values: &[R]) -> bool {
        // 0 where a value is finite, NaN where not; a fixed number of sums, so that the loop vectorises.
        let mut sums = [R::ZERO; PANEL];
        let (panels, rest) = values.as_chunks::<PANEL>();
        for panel in panels {
            for (sum, &value) in sums.iter_mut().zip(panel) {
                *sum += value * R::ZERO;
            }
        }
        let rest: R = rest.iter().map(|&value| value * R::ZERO).sum();
        sums.iter().copied().sum::<R>() + rest == R::ZERO
    }
}

lane_kernel! {
    /// `out[r] = left[r] · right[r]`, rows of whole panels.
    pub(super) fn row_products<R: Real>(left: &[R], right: &[R], stride: usize, out: &mut [R]) {
        let rows = left.chunks_exact(stride).zip(right.chunks_exact(stride));
        for (out, (left, right)) in out.iter_mut().zip(rows) {
            *out = super::factors::row_dot(left, right);
        }
    }
}

lane_kernel! {
    pub(super) fn scale_rows<R: Real>(from: &[R], weights: &[R], stride: usize, out: &mut [R]) {
        let rows = from.chunks_exact(stride).zip(out.chunks_exact_mut(stride));
        for ((from, out), &weight) in rows.zip(weights) {
            for (out, &value) in out.iter_mut().zip(from) {
                *out = weight * value;
            }
        }
    }
}
