//! What of a state is observed: coordinates, or components along given directions.

use crate::lanes::{Block, Real};

/// `y = P (x − r)`; without directions `y = x − r`.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// The reference point r, `[d]`.
    pub reference: Vec<f64>,
    /// The directions, one row each, `[m × d]`; empty for the coordinates themselves.
    pub directions: Vec<f64>,
}

impl Projection {
    /// The coordinates relative to `reference`.
    pub fn coordinates(reference: Vec<f64>) -> Self {
        Self { reference, directions: Vec::new() }
    }

    /// The number m of observed components.
    pub fn components(&self) -> usize {
        if self.directions.is_empty() {
            self.reference.len()
        } else {
            self.directions.len() / self.reference.len()
        }
    }

    /// Writes the components of one lane to `out`, `[m]`; sums run over coordinates in order.
    pub fn apply<R: Real>(&self, block: &Block<R>, lane: usize, offset: &mut [f64], out: &mut [f64]) {
        let dimension = self.reference.len();
        for (coordinate, value) in offset.iter_mut().enumerate() {
            *value = block.get(coordinate, lane).to_f64() - self.reference[coordinate];
        }
        if self.directions.is_empty() {
            out.copy_from_slice(offset);
            return;
        }
        for (out, direction) in out.iter_mut().zip(self.directions.chunks_exact(dimension)) {
            *out = dot(direction, offset);
        }
    }
}

/// A sum in four interleaved parts, so that it vectorises in a fixed order.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut parts = [0.0; 4];
    let (a_chunks, b_chunks) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for part in 0..4 {
            parts[part] += a[part] * b[part];
        }
    }
    (parts[0] + parts[1]) + (parts[2] + parts[3]) + rest
}
