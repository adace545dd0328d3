//! Random numbers that are addressed, not drawn: a pure function of (seed, replica, chunk of steps, coordinate, purpose).
//!
//! [`philox4x32_10`] turns an [`Address`] into bits. For the noise of a simulation it keys a cheaper generator, one
//! for each replica and chunk of [`CHUNK_STEPS`] steps, which a [`LaneStream`] then runs for a block of replicas at once.
//! A replica's numbers depend on nothing but its address: not on the lane it sits in, the block, the thread
//! or the instruction set.

mod address;
mod draws;
mod generator;
mod law;
mod minibatch;
mod normal;
mod philox;
mod stream;
mod variate;

pub use address::{Address, Purpose, Seed};
pub use draws::{DrawDemand, Draws, StepDraws};
pub use generator::SequentialGenerator;
pub use law::Law;
pub use minibatch::{MinibatchStream, Sampling};
pub use philox::philox4x32_10;
pub use stream::{CHUNK_STEPS, Demand, LaneStream};
pub use variate::Variate;
