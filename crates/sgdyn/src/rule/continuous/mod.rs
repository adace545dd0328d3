//! Stochastic differential equations and their integrators; time is `t`, not steps.

mod diffusion;
mod euler_maruyama;
mod heun;
mod levy;
mod modified;
mod weak_second_order;

pub use diffusion::{Diffusion, Equation};
pub use euler_maruyama::EulerMaruyama;
pub use heun::Heun;
pub use levy::{LevyDriven, LevyJumps};
pub use modified::ModifiedDrift;
pub use weak_second_order::WeakSecondOrder;
