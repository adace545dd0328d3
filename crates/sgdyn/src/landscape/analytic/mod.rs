//! The test landscapes of the field, one file each.

mod curved_channel;
mod double_well;
mod flat_valley;
mod maier_stein;
mod muller_brown;
mod piecewise;
mod quadratic;
mod rastrigin;
mod ring_of_gates;
mod rotating;
mod styblinski_tang;
mod two_valleys;

pub use curved_channel::CurvedChannel;
pub use double_well::DoubleWell;
pub use flat_valley::FlatValley;
pub use maier_stein::MaierStein;
pub use muller_brown::MullerBrown;
pub use piecewise::TwoParabolas;
pub use quadratic::{DiagonalQuadratic, FullQuadratic};
pub use rastrigin::Rastrigin;
pub use ring_of_gates::RingOfGates;
pub use rotating::Rotating;
pub use styblinski_tang::StyblinskiTang;
pub use two_valleys::TwoValleys;
