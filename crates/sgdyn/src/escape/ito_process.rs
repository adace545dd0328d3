//! What a path's action needs of a process: its drift and diffusion tensor at a point, in any number of dimensions.

use crate::density::DiffusionProcess;
use crate::landscape::Field;
use crate::lanes::{Block, Scratch};

/// `dX = b(X) dt + √(2 D(X)) dW`.
pub trait ItoProcess: Send + Sync {
    /// The number of coordinates d.
    fn dimension(&self) -> usize;
    /// Writes b(x), `[d]`.
    fn drift(&self, point: &[f64], out: &mut [f64]);
    /// Writes D(x), `[d × d]`, symmetric.
    fn tensor(&self, point: &[f64], out: &mut [f64]);

    /// tᵀD(x)t, t the unit vector along `direction`, `[d]`.
    fn tensor_along(&self, point: &[f64], direction: &[f64]) -> f64 {
        let dimension = self.dimension();
        let mut tensor = vec![0.0; dimension * dimension];
        self.tensor(point, &mut tensor);
        let product = |row: &[f64]| row.iter().zip(direction).map(|(entry, t)| entry * t).sum::<f64>();
        let square: f64 = direction.iter().map(|t| t * t).sum();
        tensor.chunks_exact(dimension).zip(direction).map(|(row, t)| t * product(row)).sum::<f64>() / square
    }
}

impl ItoProcess for DiffusionProcess {
    fn dimension(&self) -> usize {
        Self::dimension(self)
    }
    fn drift(&self, point: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&self.drift_at(point));
    }
    fn tensor(&self, point: &[f64], out: &mut [f64]) {
        Self::tensor(self, &Block::point(point), &mut Scratch::new(), out);
    }
}

/// A process from functions of a point.
pub struct ItoFunctions<B, T> {
    /// The number of coordinates d.
    pub dimension: usize,
    /// `drift(x, b)` writes b, `[d]`.
    pub drift: B,
    /// `tensor(x, D)` writes D, `[d × d]`.
    pub tensor: T,
}

impl<B, T> ItoProcess for ItoFunctions<B, T>
where
    B: Fn(&[f64], &mut [f64]) + Send + Sync,
    T: Fn(&[f64], &mut [f64]) + Send + Sync,
{
    fn dimension(&self) -> usize {
        self.dimension
    }
    fn drift(&self, point: &[f64], out: &mut [f64]) {
        (self.drift)(point, out);
    }
    fn tensor(&self, point: &[f64], out: &mut [f64]) {
        (self.tensor)(point, out);
    }
}

/// A field in white noise, `dX = b dt + √(2T) dW`, in any number of dimensions: SGLD at D = T.
#[derive(Clone)]
pub struct WhiteNoise {
    /// The field.
    pub field: Field<f64>,
    /// The diffusion coefficient T = 1/β.
    pub diffusion: f64,
}

impl ItoProcess for WhiteNoise {
    fn dimension(&self) -> usize {
        self.field.dimension()
    }
    fn drift(&self, point: &[f64], out: &mut [f64]) {
        for (out, gradient) in out.iter_mut().zip(self.field.gradient_at(point)) {
            *out = -gradient;
        }
    }
    fn tensor(&self, point: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        for entry in out.iter_mut().step_by(point.len() + 1) {
            *entry = self.diffusion;
        }
    }
}
