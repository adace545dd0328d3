//! A layered network at a point, and the products with its curvature there.

use super::error::LayerError;
use super::memory::{Memory, Ways};
use super::model::LayeredNetwork;
use super::operation::Parameters;
use super::pieces::Piece;
use super::tape::Tangent;
use crate::lanes::{Real, add_scaled};
use crate::risk::empirical::{EmpiricalRisk, Workspace};
use crate::risk::network::evaluation::{dot, row_products, scale_rows};
use crate::risk::network::factors::Gram;
use crate::risk::network::pass::Curvature;
use crate::risk::network::{NetworkError, NetworkPoint};

/// A layered network at a point θ, with its gradient there.
///
/// Products are exact. The values of the layers are made again for each, some samples at a time: a product takes
/// twice the memory of these values, and little more. Along a direction v, the ways forwards and back are
/// differentiated as they are: Pearlmutter (Neural Computation 1994).
///
/// The bits of a result do not depend on threads. If the pool that calls has more than one, they share the samples.
#[derive(Debug)]
pub struct LayeredPoint<'n, R> {
    pub(super) network: &'n LayeredNetwork<R>,
    at: Vec<R>,
    pub(super) padded: Vec<R>,
    /// ∇L without the penalty.
    gradient: Vec<R>,
}

impl<'n, R: Real> LayeredPoint<'n, R> {
    pub(super) fn new(network: &'n LayeredNetwork<R>, at: &[R]) -> Result<Self, NetworkError> {
        let expected = network.tape.parameters;
        if at.len() != expected {
            return Err(NetworkError::Length { what: "parameters", expected, found: at.len() });
        }
        if let Some(index) = at.iter().position(|value| !value.to_f64().is_finite()) {
            let tensor = network.tape.tensors.iter().find(|tensor| tensor.range.contains(&index));
            let tensor = tensor.map_or_else(String::new, |tensor| tensor.name.clone());
            return Err(LayerError::Parameter { index, tensor, value: at[index].to_f64() }.into());
        }
        let padded = network.padded(at);
        let mut point = Self { network, at: at.to_vec(), padded, gradient: Vec::new() };
        let mut workspace = Workspace::new();
        let mut gradient = vec![R::ZERO; expected];
        let checked = |piece: Piece, memory: &mut Memory<'_, R>, sums: &mut [R]| {
            point.forward(piece, memory);
            point.check_values(piece, memory)?;
            point.pull_back_checked(piece, memory, sums)
        };
        let sums = point.sum_over_pieces(&mut workspace, Ways::Gradient, &checked)?;
        network.tape.unpad(sums, point.inverse(), R::ZERO, &[], &mut gradient);
        point.gradient = gradient;
        Ok(point)
    }

    /// The point, `[d]`.
    pub fn at(&self) -> &[R] {
        &self.at
    }

    /// Writes ∇ℓᵢ, `[samples × d]`, of all samples, penalty included.
    ///
    /// # Errors
    /// [`NetworkError::Length`].
    pub fn per_sample_gradients(&self, out: &mut [R]) -> Result<(), NetworkError> {
        let tape = &self.network.tape;
        let (samples, dimension) = (self.network.samples(), tape.parameters);
        let (expected, found) = (samples * dimension, out.len());
        if found != expected {
            return Err(NetworkError::Length { what: "the per-sample gradients", expected, found });
        }
        self.for_pieces(out, dimension, Ways::Gradient, &|piece, memory, sums, out| {
            self.forward(piece, memory);
            self.each_sample_gradient(piece, memory, sums, |row, node, gradient| {
                let out = &mut out[row * dimension..][..dimension];
                node.operation.unpad(gradient, &mut out[node.parameters.clone()]);
            });
            if self.network.l2() > 0.0 {
                for out in out.chunks_exact_mut(dimension) {
                    add_scaled(self.l2(), &self.at, out);
                }
            }
        });
        Ok(())
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

    /// As [`LayeredPoint::directional_derivatives`], without the penalty.
    pub(super) fn data_derivatives(&self, vector: &[R], out: &mut [R]) {
        let along = self.direction(vector);
        self.for_pieces(out, 1, Ways::Fisher, &|piece, memory, _, out| {
            self.forward(piece, memory);
            self.push_forward(piece, &along, memory);
            self.sample_derivatives(piece, memory, out);
        });
    }

    fn curvature_vector(
        &self,
        curvature: Curvature,
        vector: &[R],
        workspace: &mut Workspace<R>,
        out: &mut [R],
    ) -> Result<(), NetworkError> {
        self.check_lengths(&[("the vector", vector.len()), ("the product", out.len())])?;
        let tape = &self.network.tape;
        let along = self.direction(vector);
        // Gauss–Newton goes back as a gradient does, from other derivatives by the outputs.
        let ways = if curvature == Curvature::Hessian { Ways::Curvature } else { Ways::Fisher };
        let add = |piece: Piece, memory: &mut Memory<'_, R>, sums: &mut [R]| {
            self.forward(piece, memory);
            self.push_forward(piece, &along, memory);
            self.output_errors(piece, memory);
            self.bend_outputs(curvature, piece, memory);
            let trace = self.trace(piece, memory.values);
            if curvature == Curvature::GaussNewton {
                let errors = &mut memory.errors;
                tape.pull_back(trace, errors, memory.scratch, |node, here, errors, scratch| {
                    node.operation.add_gradient(here, errors, &mut sums[node.summed.clone()], scratch);
                });
                return Ok(());
            }
            let tangent = Tangent { weights: &along, values: memory.tangents };
            let (errors, bent) = (&mut memory.errors, &mut memory.bent);
            tape.pull_back_along(
                trace,
                tangent,
                errors,
                bent,
                memory.scratch,
                |node, here, along, errors, scratch| {
                    let sums = &mut sums[node.summed.clone()];
                    node.operation.add_gradient_along(here, along, errors, sums, scratch);
                },
            );
            Ok(())
        };
        let sums = self.sum_over_pieces(workspace, ways, &add)?;
        tape.unpad(sums, self.inverse(), self.l2(), vector, out);
        Ok(())
    }

    fn inverse(&self) -> R {
        R::ONE / R::from_f64(self.network.samples() as f64)
    }

    fn l2(&self) -> R {
        R::from_f64(self.network.l2())
    }

    /// λ∇ℓᵢ·θ of all samples, without the penalty in ∇ℓᵢ, and λ²|θ|²; none without penalty.
    pub(super) fn penalty_terms(&self) -> Option<(Vec<R>, R)> {
        let l2 = self.network.l2();
        if l2 == 0.0 {
            return None;
        }
        let mut derivatives = vec![R::ZERO; self.network.samples()];
        self.data_derivatives(&self.at, &mut derivatives);
        for derivative in &mut derivatives {
            *derivative *= self.l2();
        }
        Some((derivatives, R::from_f64(l2 * l2 * dot(&self.at, &self.at))))
    }

    fn check_lengths(&self, arrays: &[(&'static str, usize)]) -> Result<(), NetworkError> {
        let expected = self.network.tape.parameters;
        match arrays.iter().find(|(_, found)| *found != expected) {
            Some(&(what, found)) => Err(NetworkError::Length { what, expected, found }),
            None => Ok(()),
        }
    }

    fn check_samples(&self, what: &'static str, found: usize) -> Result<(), NetworkError> {
        let expected = self.network.samples();
        if found == expected { Ok(()) } else { Err(NetworkError::Length { what, expected, found }) }
    }
}

impl<R: Real> NetworkPoint<R> for LayeredPoint<'_, R> {
    fn samples(&self) -> usize {
        self.network.samples()
    }

    fn dimension(&self) -> usize {
        self.network.tape.parameters
    }

    fn gradient(&self, _workspace: &mut Workspace<R>, out: &mut [R]) -> Result<(), NetworkError> {
        self.check_lengths(&[("the gradient", out.len())])?;
        out.copy_from_slice(&self.gradient);
        add_scaled(self.l2(), &self.at, out);
        Ok(())
    }

    fn hessian_vector(
        &self,
        vector: &[R],
        workspace: &mut Workspace<R>,
        out: &mut [R],
    ) -> Result<(), NetworkError> {
        self.curvature_vector(Curvature::Hessian, vector, workspace, out)
    }

    fn gauss_newton_vector(
        &self,
        vector: &[R],
        workspace: &mut Workspace<R>,
        out: &mut [R],
    ) -> Result<(), NetworkError> {
        self.curvature_vector(Curvature::GaussNewton, vector, workspace, out)
    }

    /// In one way through the network: the mean of ∇ℓᵢ·v is known beforehand, ∇L·v.
    fn empirical_fisher_vector(
        &self,
        vector: &[R],
        centred: bool,
        workspace: &mut Workspace<R>,
        out: &mut [R],
    ) -> Result<(), NetworkError> {
        self.check_lengths(&[("the vector", vector.len()), ("the product", out.len())])?;
        let tape = &self.network.tape;
        let along = self.direction(vector);
        let stride = tape.last().shape.stride();
        // Centred, the penalty cancels.
        let mean = R::from_f64(dot(&self.gradient, vector));
        let penalty = self.l2() * R::from_f64(dot(&self.at, vector));
        let shift = if centred { -mean } else { penalty };
        let add = |piece: Piece, memory: &mut Memory<'_, R>, sums: &mut [R]| {
            self.forward(piece, memory);
            self.push_forward(piece, &along, memory);
            let mut weights = vec![R::ZERO; piece.samples];
            self.sample_derivatives(piece, memory, &mut weights);
            for weight in &mut weights {
                *weight += shift;
            }
            let length = piece.samples * stride;
            let errors = &mut memory.errors[tape.first_buffer()][..length];
            let own = errors.to_vec();
            scale_rows(&own, &weights, stride, errors);
            let trace = self.trace(piece, memory.values);
            tape.pull_back(trace, &mut memory.errors, memory.scratch, |node, here, errors, scratch| {
                node.operation.add_gradient(here, errors, &mut sums[node.summed.clone()], scratch);
            });
            Ok(())
        };
        let sums = self.sum_over_pieces(workspace, Ways::Fisher, &add)?;
        // The sum of the weights times the penalty in each gradient.
        let l2 = if centred { R::ZERO } else { self.l2() * (mean + penalty) };
        tape.unpad(sums, self.inverse(), l2, &self.at, out);
        Ok(())
    }

    fn squared_norms(&self, out: &mut [R]) -> Result<(), NetworkError> {
        self.check_samples("the norms", out.len())?;
        self.for_pieces(out, 1, Ways::Gradient, &|piece, memory, sums, out| {
            out.fill(R::ZERO);
            self.forward(piece, memory);
            self.each_sample_gradient(piece, memory, sums, |row, _, gradient| {
                let mut square = [R::ZERO];
                row_products(gradient, gradient, gradient.len(), &mut square);
                out[row] += square[0];
            });
        });
        if let Some((derivatives, square)) = self.penalty_terms() {
            let two = R::ONE + R::ONE;
            for (out, derivative) in out.iter_mut().zip(derivatives) {
                *out += two.mul_add(derivative, square);
            }
        }
        Ok(())
    }

    fn gram(&self) -> Gram<R> {
        let mut gram = self.data_gram();
        if let Some((derivatives, square)) = self.penalty_terms() {
            gram.add_penalty(&derivatives, square);
        }
        gram
    }
}
