//! The largest eigenvalues of an operator that can only be applied: block Arnoldi in a weighted inner product.

use super::super::{DensityError, sums};
use faer::{Mat, Side};

/// Writes the operator's product with the first vector to the second.
pub(in super::super) type Apply<'a> = &'a dyn Fn(&[f64], &mut [f64]) -> Result<(), DensityError>;

/// What is known of the operator in the weighted inner product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Kind {
    /// Nothing: eigenvalues may be complex.
    General,
    /// Self-adjoint.
    SelfAdjoint,
}

/// An eigenvalue μ and its vector; of a complex pair the one with `Im μ < 0`.
#[derive(Clone, Debug)]
pub(in super::super) struct Pair {
    pub(in super::super) value: [f64; 2],
    pub(in super::super) real: Vec<f64>,
    /// Empty for a real eigenvalue.
    pub(in super::super) imaginary: Vec<f64>,
}

/// Eigenpairs of largest modulus, in descending order, and what they cost.
pub(in super::super) struct Ritz {
    pub(in super::super) pairs: Vec<Pair>,
    pub(in super::super) solves: usize,
}

/// Restarts from the best vectors found.
const RESTARTS: usize = 12;
/// Eigenvalues of moduli this close, relatively, belong together and are found together.
const CLUSTER: f64 = 1e-7;

/// At least `wanted` eigenvalues of largest modulus (a complex pair counts twice; a cluster that begins is finished), each
/// with a residual below `tolerance` relative to its modulus in the norm of `weights`.
///
/// As many start vectors as the multiplicity that is to be found. Y. Saad, *Numerical Methods for Large Eigenvalue
/// Problems*, 2nd ed., SIAM 2011, chapters 6 and 7.
pub(in super::super) fn largest(
    apply: Apply<'_>,
    weights: &[f64],
    mut start: Vec<Vec<f64>>,
    wanted: usize,
    tolerance: f64,
    kind: Kind,
) -> Result<Ritz, DensityError> {
    let longest = (4 * wanted + 40 + 4 * start.len()).min(weights.len());
    let (mut solves, mut reached) = (0, f64::INFINITY);
    for _ in 0..RESTARTS {
        let mut space = Space::new(weights);
        for vector in start.drain(..) {
            // What remains of a start vector is mostly rounding where it nearly depends on those before.
            space.add(vector, 1e-6);
        }
        let block = space.basis.len().max(1);
        loop {
            let done = space.columns.len() == space.basis.len();
            let full = space.columns.len() >= longest;
            if done
                || full
                || space.columns.len() >= wanted + block && space.columns.len().is_multiple_of(block)
            {
                let found = space.eigenpairs(wanted, kind)?;
                reached = found.iter().fold(0.0, |worst: f64, pair| worst.max(pair.residual));
                if done || reached <= tolerance {
                    let pairs = found.iter().map(|pair| space.expanded(pair)).collect();
                    return Ok(Ritz { pairs, solves });
                }
                if full {
                    for pair in found.iter().map(|pair| space.expanded(pair)) {
                        start.push(pair.real);
                        if !pair.imaginary.is_empty() {
                            start.push(pair.imaginary);
                        }
                    }
                    break;
                }
            }
            space.extend(apply)?;
            solves += 1;
        }
    }
    Err(DensityError::NotConverged {
        what: "the slowest modes",
        reached,
        iterations: solves,
        remedy: "ask for more modes, so that a cluster of close rates is not cut",
    })
}

/// An eigenpair in coordinates of the basis.
struct Small {
    value: [f64; 2],
    real: Vec<f64>,
    imaginary: Vec<f64>,
    residual: f64,
}

struct Space<'a> {
    weights: &'a [f64],
    basis: Vec<Vec<f64>>,
    /// Column j: the coordinates of the operator's product with basis vector j.
    columns: Vec<Vec<f64>>,
    /// The largest norm of a product.
    scale: f64,
}

impl<'a> Space<'a> {
    fn new(weights: &'a [f64]) -> Self {
        Self { weights, basis: Vec::new(), columns: Vec::new(), scale: 0.0 }
    }

    fn norm(&self, vector: &[f64]) -> f64 {
        sums::weighted_dot(self.weights, vector, vector).sqrt()
    }

    /// The coordinates of `vector`; what is left of it becomes a basis vector where it exceeds `least` times its norm.
    fn add(&mut self, mut vector: Vec<f64>, least: f64) -> Vec<f64> {
        let before = self.norm(&vector);
        self.scale = self.scale.max(before);
        let mut coordinates = vec![0.0; self.basis.len()];
        // Twice is enough (L. Giraud et al., Numer. Math. 101, 87 (2005)).
        for _ in 0..2 {
            for (coordinate, with) in coordinates.iter_mut().zip(&self.basis) {
                let overlap = sums::weighted_dot(self.weights, with, &vector);
                sums::add_scaled(&mut vector, -overlap, with);
                *coordinate += overlap;
            }
        }
        let rest = self.norm(&vector);
        if rest > least * before.max(1e-2 * self.scale) {
            for value in &mut vector {
                *value /= rest;
            }
            self.basis.push(vector);
            coordinates.push(rest);
        }
        coordinates
    }

    fn extend(&mut self, apply: Apply<'_>) -> Result<(), DensityError> {
        let mut product = vec![0.0; self.weights.len()];
        apply(&self.basis[self.columns.len()], &mut product)?;
        let column = self.add(product, 1e-13);
        self.columns.push(column);
        Ok(())
    }

    fn entry(&self, row: usize, column: usize) -> f64 {
        self.columns[column].get(row).copied().unwrap_or(0.0)
    }

    fn eigenpairs(&self, wanted: usize, kind: Kind) -> Result<Vec<Small>, DensityError> {
        let size = self.columns.len();
        let projected = Mat::from_fn(size, size, |row, column| match kind {
            Kind::General => self.entry(row, column),
            Kind::SelfAdjoint => 0.5 * (self.entry(row, column) + self.entry(column, row)),
        });
        let failed = |_| DensityError::NotConverged {
            what: "the eigenvalues of a projected operator",
            reached: f64::NAN,
            iterations: size,
            remedy: "check that all rates are finite",
        };
        let mut pairs = Vec::new();
        match kind {
            Kind::SelfAdjoint => {
                let eigen = projected.self_adjoint_eigen(Side::Lower).map_err(|error| failed(Some(error)))?;
                for (column, &value) in eigen.S().column_vector().iter().enumerate() {
                    let real: Vec<f64> = eigen.U().col(column).iter().copied().collect();
                    pairs.push(self.small([value, 0.0], real, Vec::new()));
                }
            }
            Kind::General => {
                let eigen = projected.eigen().map_err(|error| failed(Some(error)))?;
                for (column, value) in eigen.S().column_vector().iter().enumerate() {
                    let real: Vec<f64> = eigen.U().col(column).iter().map(|entry| entry.re).collect();
                    let imaginary: Vec<f64> = eigen.U().col(column).iter().map(|entry| entry.im).collect();
                    // Close real eigenvalues come out as a pair split by rounding: its plane is real.
                    let near_real = value.im.abs() <= 1e-9 * value.re.abs();
                    pairs.push(match (near_real, value.im > 0.0, value.im < 0.0) {
                        (true, _, true) => self.small([value.re, 0.0], imaginary, Vec::new()),
                        (true, ..) => self.small([value.re, 0.0], real, Vec::new()),
                        _ => self.small([value.re, value.im], real, imaginary),
                    });
                }
            }
        }
        let modulus = |pair: &Small| pair.value[0].hypot(pair.value[1]);
        pairs.sort_by(|a, b| modulus(b).total_cmp(&modulus(a)));
        let mut count = wanted.min(pairs.len());
        while count > 0
            && count < pairs.len()
            && modulus(&pairs[count]) >= modulus(&pairs[count - 1]) * (1.0 - CLUSTER)
        {
            count += 1;
        }
        pairs.truncate(count);
        pairs.retain(|pair| pair.value[1] <= 0.0);
        Ok(pairs)
    }

    fn small(&self, value: [f64; 2], real: Vec<f64>, imaginary: Vec<f64>) -> Small {
        let norm = real.iter().chain(&imaginary).map(|x| x * x).sum::<f64>().sqrt();
        let scaled = |part: Vec<f64>| -> Vec<f64> { part.iter().map(|x| x / norm).collect() };
        let (real, imaginary) = (scaled(real), scaled(imaginary));
        let mut beyond = 0.0;
        for row in self.columns.len()..self.basis.len() {
            for part in [&real, &imaginary] {
                let outside: f64 =
                    part.iter().enumerate().map(|(column, x)| self.entry(row, column) * x).sum();
                beyond += outside * outside;
            }
        }
        Small { value, real, imaginary, residual: beyond.sqrt() / value[0].hypot(value[1]) }
    }

    fn expanded(&self, pair: &Small) -> Pair {
        let expand = |coordinates: &[f64]| {
            let mut vector = vec![0.0; if coordinates.is_empty() { 0 } else { self.weights.len() }];
            for (&coordinate, with) in coordinates.iter().zip(&self.basis) {
                sums::add_scaled(&mut vector, coordinate, with);
            }
            vector
        };
        Pair { value: pair.value, real: expand(&pair.real), imaginary: expand(&pair.imaginary) }
    }
}
