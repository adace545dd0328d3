//! From a diffusion process and a grid to a chain of rates.

mod bernoulli;
mod coefficients;
mod collocation;
mod increment;
mod nodal;
mod path;
mod rows;
mod selling;
mod small_symmetric;
#[cfg(test)]
pub(super) mod tests;

use rayon::prelude::*;

use super::{DensityError, DiffusionProcess, Grid, Rates, RatesBuilder, Target};
use crate::theory::Interpretation;
use coefficients::{CHUNK, Coefficients, Steps};
use increment::Increments;
pub use nodal::nodal_chain;
use path::path;
use rows::Stencil;
pub(super) use small_symmetric::solve_symmetric;

/// The chain of a diffusion process between the cells of a grid: state i is cell i.
///
/// Rates are fitted to exponentials (D. L. Scharfetter and H. K. Gummel, 1969; J. S. Chang and G. Cooper, *J. Comput.
/// Phys.* 6, 1 (1970)): from i to j at a distance of e cells `w_e B(−Δ)`, back `w_e B(Δ)`, with `B(x) = x/(eˣ − 1)` and
/// `Δ = ∫ D⁻¹b·dx` along the edge. So rates are never negative, masses are conserved, and a density without current,
/// `p ∝ e^{∫D⁻¹b·dx}` times a power of D, is stationary exactly: a Gibbs law to rounding where the potential is known.
/// Order 2 in space.
///
/// - Diagonal D: steps to nearest neighbours, cells of any widths. Itô's `∂²(Dp)` is the flux of D p; Stratonovich
///   and anti-Itô weigh both ends.
/// - D with cross terms: steps by Selling's decomposition of D, at equal widths. `interpretation` then adds the drift
///   α ∂_jD_ij (anti-Itô: ∇·D∇p), α = 0, ½, 1; the noise of a Stratonovich equation whose root is not diagonal differs from
///   it by a part that D does not determine.
/// - Singular D: what of the drift is outside D's range goes upwind (order 1 there).
///
/// A step that would leave through a reflecting face is dropped, which keeps equilibria exact; one through an
/// absorbing face leaves the chain where it meets the face.
///
/// # Errors
/// Another dimension than the grid's, a D that is not positive semidefinite or not finite
/// ([`DensityError::NotPositive`]), cross terms on unequal cells ([`DensityError::Stretched`]) or with steps out of reach
/// ([`DensityError::Reach`]), a drift that is not finite ([`DensityError::Rate`]).
/// ```
/// use sgdyn::density::{Axis, DiffusionProcess, Grid, generator};
/// use sgdyn::theory::Interpretation;
///
/// let process = DiffusionProcess::gibbs(1, |x| 0.5 * x[0] * x[0], |x, g| g[0] = x[0], 1.0)?;
/// let grid = Grid::new(vec![Axis::uniform(-5.0, 5.0, 100)])?;
/// let chain = generator(&process, &grid, Interpretation::Ito)?;
/// // Detailed balance: the rates up and down an edge are as the Gibbs weights of its ends.
/// let (up, down) = (chain.row(80).1[1], chain.row(81).1[0]);
/// let weight = |cell| f64::exp(-0.5 * grid.axes()[0].centre(cell).powi(2));
/// assert!((up / down * weight(80) / weight(81) - 1.0).abs() < 1e-12);
/// # Ok::<(), sgdyn::density::DensityError>(())
/// ```
pub fn generator(
    process: &DiffusionProcess,
    grid: &Grid,
    interpretation: Interpretation,
) -> Result<Rates, DensityError> {
    Ok(assemble(process, grid, interpretation, None)?.0)
}

/// The chain up to the first visit of a target: its cells are out, and steps into it leave the chain where they cross
/// its boundary. Also returns the cell of each state, `[states]`.
///
/// # Errors
/// As [`generator`], and a target that covers no cell, or all.
pub fn generator_until(
    process: &DiffusionProcess,
    grid: &Grid,
    interpretation: Interpretation,
    target: &Target,
) -> Result<(Rates, Vec<usize>), DensityError> {
    assemble(process, grid, interpretation, Some(target))
}

/// α, the point of a step at which the noise is evaluated.
pub(super) fn evaluation_point(interpretation: Interpretation) -> f64 {
    match interpretation {
        Interpretation::Ito => 0.0,
        Interpretation::Stratonovich => 0.5,
        Interpretation::AntiIto => 1.0,
    }
}

fn assemble(
    process: &DiffusionProcess,
    grid: &Grid,
    interpretation: Interpretation,
    target: Option<&Target>,
) -> Result<(Rates, Vec<usize>), DensityError> {
    if process.dimension() != grid.dimension() {
        return Err(DensityError::Shape {
            what: "the process",
            dimension: process.dimension(),
            grid: grid.dimension(),
        });
    }
    check_size(grid)?;
    let coefficients = Coefficients::new(process, grid)?;
    let evaluation_point = evaluation_point(interpretation);
    let mut steps = if coefficients.diagonal { None } else { Some(coefficients.steps(grid)?) };
    if let (Some(Steps::Each(steps)), true) = (&mut steps, evaluation_point > 0.0) {
        close_under_reversal(grid, steps);
    }
    let increments = if !coefficients.diagonal {
        Increments::Full
    } else if process.potential().is_some() && process.constant_tensor().is_some() {
        Increments::Potential
    } else {
        Increments::Axes
    };
    let slopes = if coefficients.diagonal { Vec::new() } else { coefficients.slopes(grid) };
    let kept: Vec<usize> = match target {
        None => (0..grid.cells()).collect(),
        Some(target) => {
            let covers = target.cover(grid)?;
            (0..grid.cells()).filter(|&cell| !covers[cell]).collect()
        }
    };
    let stencil =
        Stencil { process, grid, target, coefficients, steps, slopes, increments, evaluation_point };
    let runs: Vec<_> = kept.par_chunks(CHUNK).map(|cells| stencil.entries(cells)).collect();
    let mut number = vec![0_u32; grid.cells()];
    for (state, &cell) in kept.iter().enumerate() {
        number[cell] = state as u32;
    }
    let mut builder = RatesBuilder::new();
    for (mut entries, cells) in runs.into_iter().zip(kept.chunks(CHUNK)) {
        entries.sort_by_key(|entry| entry.row);
        let mut rest = entries.as_slice();
        for (row, &cell) in cells.iter().enumerate() {
            let (own, others) = rest.split_at(rest.partition_point(|entry| entry.row == row));
            rest = others;
            for entry in own {
                match entry.to {
                    Some(to) => builder.rate(number[to] as usize, entry.rate),
                    None => builder.exit(entry.rate),
                }
            }
            builder.finish_state(grid.place(cell).map(|index| index as u32));
        }
    }
    Ok((builder.finish()?, kept))
}

/// What a generator takes at its peak in bytes, estimated before anything is allocated: coefficients, the rates in pieces
/// and the chain; `crossed` where D has cross terms.
pub fn generator_bytes(grid: &Grid, crossed: bool) -> usize {
    let dimension = grid.dimension();
    let steps = if crossed { dimension * (dimension + 1) } else { 2 * dimension };
    let coefficients = 8 * (dimension + dimension * dimension + if crossed { 3 + 2 * steps } else { 0 });
    // A rate is held once in pieces, with its row and target, and once in the chain, whose arrays may double.
    grid.cells().saturating_mul(coefficients + steps * (32 + 2 * 12) + 64)
}

/// States are numbered by 32 bits.
fn check_size(grid: &Grid) -> Result<(), DensityError> {
    let (cells, most) = (grid.cells(), u32::MAX as usize);
    if cells < most {
        return Ok(());
    }
    let per_cell = generator_bytes(grid, false) / cells;
    Err(DensityError::Memory {
        what: "a chain",
        cells,
        needed_mebibytes: cells.saturating_mul(per_cell) >> 20,
        allowed_mebibytes: most.saturating_mul(per_cell) >> 20,
        fitting_cells: most - 1,
    })
}

/// Lets every cell know the steps by which others reach it, with weight 0: anti-Itô weighs an edge by both ends.
fn close_under_reversal(grid: &Grid, steps: &mut [Vec<selling::WeightedStep>]) {
    for cell in 0..steps.len() {
        for index in 0..steps[cell].len() {
            let offset = steps[cell][index].0;
            for signed in [offset, offset.map(|entry| -entry)] {
                let there = path(grid, None, cell, signed).and_then(|path| path.cell);
                if let Some(there) = there
                    && !steps[there].iter().any(|step| step.0 == offset)
                {
                    steps[there].push((offset, 0.0));
                }
            }
        }
    }
}
