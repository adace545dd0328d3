//! Studies: one TOML description, its cells, the tables and verdicts that come of them, and the directory of a run.

mod atomic_file;
mod csv;
mod datum;
pub(crate) mod description;
mod error;
mod manifest;
mod parquet;
pub mod ready;
mod run;
mod run_directory;
mod sweep;
mod table;
mod verdict;

pub use datum::{ColumnKind, Datum};
pub use description::{
    Approximation, Architecture, Cell, Coordinate, CriticalPoints, Curvature, CurvatureObservable, Data,
    Density, Description, DescriptionError, Diffusion, Ensemble, Escape, EscapeSolver, FirstPassage, Formula,
    Grid, GridMethod, Integration, Integrator, Interpretation, Label, Landscape, LawAbscissa, LawOrdinate,
    Laws, Model, Named, NamedStart, Network, Noise, Observable, Occupation, OccupiedRegion, Overrides, Panel,
    Parameter, PassageObservable, Place, Precision, Question, RareEvent, RareMethod, RareQuantity, Risk,
    Rule, Sampling, Schedule, Simulate, Split, Start, Stationary, StationaryTheory, Step, Study, Subset,
    SubsetBy, Supervised, TextWindows, TheoryOfEscape, Train, TrainObservable, reference,
};
pub use error::StudyError;
pub use manifest::{Machine, Manifest, Status};
pub use run::{
    CellPlan, Conditions, Ground, Progress, Results, RunError, Walker, Walkers, check_walkers, plan, run,
    walkers,
};
pub use run_directory::{Existing, RunDirectory, RunDirectoryError, read_run};
pub use sweep::MOST_CELLS;
pub use table::{Column, Table, TableError, Values};
pub use verdict::{Holds, StudyOutput, Verdict};
