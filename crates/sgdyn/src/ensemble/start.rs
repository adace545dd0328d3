//! Where replicas start.

use crate::lanes::Block;
use crate::random::{Address, Purpose, Seed, SequentialGenerator, Variate};
use crate::risk::network::{InitialDistribution, InitialParameters};

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
    /// The law that the parameters of a network begin with.
    Parameters(Vec<InitialParameters>),
}

impl Start {
    /// The number of coordinates.
    pub fn dimension(&self) -> usize {
        match self {
            Self::Point(point) => point.len(),
            Self::Normal { mean, .. } => mean.len(),
            Self::Parameters(parameters) => parameters.last().map_or(0, |last| last.range.end),
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
            Self::Parameters(parameters) => {
                let purpose = Purpose::InitialParameters;
                for (index, InitialParameters { range, law }) in parameters.iter().enumerate() {
                    let mut put =
                        |coordinate: usize, value: f64| block.set(coordinate, lane, R::from_f64(value));
                    match *law {
                        InitialDistribution::Uniform { bound } => {
                            for coordinate in range.clone() {
                                let pair = (coordinate / 2) as u32;
                                let address = Address { replica, chunk: 0, coordinate: pair, purpose };
                                let uniform = address.uniforms(seed)[coordinate % 2];
                                put(coordinate, bound * (2.0 * uniform - 1.0));
                            }
                        }
                        InitialDistribution::Normal { deviation } => {
                            let mut generator =
                                SequentialGenerator::new(seed, replica, 1 + index as u64, purpose);
                            for first in range.clone().step_by(2) {
                                let pair = generator.normal_pair();
                                for (coordinate, z) in (first..range.end).zip(pair) {
                                    put(coordinate, deviation * z);
                                }
                            }
                        }
                        InitialDistribution::Constant(value) => {
                            range.clone().for_each(|coordinate| put(coordinate, value));
                        }
                    }
                }
            }
        }
    }
}
