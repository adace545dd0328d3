//! The description of a study: one TOML file, checked key by key against one table, turned into types.
//!
//! The way of a study: text → [`Template`](template::Template) (a flat list of keys, with the place of each, after
//! `--quick` and `--set`) → [`Sweep`](super::sweep::Sweep) (lists in the place of values) → one
//! [`CellTemplate`](resolve::CellTemplate) per cell, checked against the [table of keys](keys::all) → [`Cell`].

mod cell;
pub(crate) mod check;
mod critical_points;
mod curvature;
mod data;
mod ensemble;
mod error;
mod grid;
pub(crate) mod keys;
mod landscape;
mod laws;
pub(crate) mod near_miss;
mod network;
mod noise;
mod occupation;
mod panels;
mod place;
mod question;
mod rare_event;
mod reference;
mod rescaled;
mod resolve;
mod rule;
pub(crate) mod schema;
mod study;
pub(crate) mod template;
mod train;
pub(crate) mod value;

pub use cell::{Cell, Coordinate, Description};
pub use critical_points::CriticalPoints;
pub use curvature::{Curvature, CurvatureObservable};
pub use data::{Data, Split, Subset, SubsetBy, TextWindows};
pub use ensemble::{Ensemble, Precision};
pub use error::DescriptionError;
pub use grid::{Grid, GridMethod};
pub use landscape::{Formula, Label, Landscape, Model, Named, Parameter, Risk, Supervised};
pub use laws::{LawAbscissa, LawOrdinate, Laws, Panel};
pub use network::{Architecture, Network};
pub use noise::Noise;
pub use occupation::{Occupation, OccupiedRegion};
pub use place::Place;
pub use question::{
    Approximation, Density, Escape, EscapeSolver, FirstPassage, NamedStart, Observable, PassageObservable,
    Question, Simulate, Start, Stationary, StationaryTheory, TheoryOfEscape,
};
pub use rare_event::{RareEvent, RareMethod, RareQuantity};
pub use reference::reference;
pub use rule::{Diffusion, Integration, Integrator, Interpretation, Rule, Sampling, Schedule, Step};
pub use study::Study;
pub use template::Overrides;
pub use train::{Train, TrainObservable};
