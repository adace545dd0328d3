//! Where replicas start.

use crate::lanes::Block;
use crate::random::{Address, Purpose, Seed, SequentialGenerator, Variate};

/// The law of the starting point.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// All at one point, `[d]`.
    Point(Vec<f64>),
    /// Normal around `mean` with covariance `root rootᵀ`, `root` being `[d × d]` row-major.
    Normal {
        /// The mean.
        mean: Vec<f64>,
        /// A root of the covariance.
        root: Vec<f64>,
    },
    /// Each coordinate uniform between `centre` ± `half_width`, independent; both `[d]`.
    Uniform {
        /// The mean.
        centre: Vec<f64>,
        /// The distance from the mean to either end, at least 0.
        half_width: Vec<f64>,
    },
}

impl Start {
    /// The number of coordinates.
    pub fn dimension(&self) -> usize {
        match self {
            Self::Point(point) => point.len(),
            Self::Normal { mean, .. } => mean.len(),
            Self::Uniform { centre, .. } => centre.len(),
        }
    }

    /// Puts `replica` into `lane` at its starting point.
    pub fn place<R: Variate>(&self, seed: Seed, replica: u64, lane: usize, block: &mut Block<R>) {
        match self {
            Self::Point(point) => {
                for (coordinate, &value) in point.iter().enumerate() {
                    block.set(coordinate, lane, R::from_f64(value));
                }
            }
            Self::Normal { mean, root } => {
                let dimension = mean.len();
                let mut generator = SequentialGenerator::new(seed, replica, 0, Purpose::Start);
                let mut z = Vec::with_capacity(dimension + 1);
                while z.len() < dimension {
                    z.extend(generator.normal_pair());
                }
                for (coordinate, row) in root.chunks_exact(dimension).enumerate() {
                    let offset: f64 = row.iter().zip(&z).map(|(entry, z)| entry * z).sum();
                    block.set(coordinate, lane, R::from_f64(mean[coordinate] + offset));
                }
            }
            Self::Uniform { centre, half_width } => {
                for (pair, (centre, half_width)) in centre.chunks(2).zip(half_width.chunks(2)).enumerate() {
                    let purpose = Purpose::InitialParameters;
                    let address = Address { replica, chunk: 0, coordinate: pair as u32, purpose };
                    let uniforms = address.uniforms(seed);
                    for (place, ((centre, half_width), u)) in
                        centre.iter().zip(half_width).zip(uniforms).enumerate()
                    {
                        block.set(2 * pair + place, lane, R::from_f64(half_width * (2.0 * u - 1.0) + centre));
                    }
                }
            }
        }
    }
}
