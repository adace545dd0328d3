//! The grid of a cell.

use serde::Deserialize;

/// `[grid]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grid {
    /// The lower ends of the box; none: found.
    pub lower: Option<Vec<f64>>,
    /// The upper ends of the box; none: found.
    pub upper: Option<Vec<f64>>,
    /// Cells along each coordinate; none: by dimension.
    pub cells: Option<Vec<f64>>,
    /// One word for all faces, or two for each coordinate.
    pub faces: Vec<String>,
    /// How much wider cells are at the ends; 0 is even.
    pub stretch: f64,
    /// How chains are solved.
    pub method: GridMethod,
    /// The memory that a solve may take, in GiB.
    pub memory: f64,
}

/// How chains are solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GridMethod {
    /// By elimination where its factors fit.
    Automatic,
    /// By elimination.
    Direct,
    /// By iteration.
    Iterative,
}
