//! Moments of masses on a grid.

use crate::density::Grid;

/// Mean, `[d]`, and covariance, `[d × d]` row-major, of masses on a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct GridMoments {
    /// The mean, `[d]`.
    pub mean: Vec<f64>,
    /// The covariance, `[d × d]`, with the w²/12 of the even law inside each cell.
    pub covariance: Vec<f64>,
}

/// The moments of the density that is even in each cell of `grid` and has there the mass `masses`, `[cells]`, scaled to
/// sum to 1.
pub fn grid_moments(grid: &Grid, masses: &[f64]) -> GridMoments {
    let dimension = grid.dimension();
    let total: f64 = masses.iter().sum();
    let mut centre = vec![0.0; dimension];
    let mut mean = vec![0.0; dimension];
    for (cell, mass) in masses.iter().enumerate() {
        grid.centre(cell, &mut centre);
        for (mean, value) in mean.iter_mut().zip(&centre) {
            *mean += mass / total * value;
        }
    }
    let mut covariance = vec![0.0; dimension * dimension];
    for (cell, mass) in masses.iter().enumerate() {
        grid.centre(cell, &mut centre);
        let place = grid.place(cell);
        for i in 0..dimension {
            for j in 0..dimension {
                let product = (centre[i] - mean[i]) * (centre[j] - mean[j]);
                covariance[i * dimension + j] += mass / total * product;
            }
            covariance[i * dimension + i] += mass / total * grid.axes()[i].width(place[i]).powi(2) / 12.0;
        }
    }
    GridMoments { mean, covariance }
}
