//! The grid of a description: its cells, its faces, and the points that its box must hold.

use super::{RunError, unfit};
use crate::density::{Axis, Face};
use crate::landscape::formula::Condition;
use crate::study::Grid;

const DEFAULT_CELLS: [usize; 3] = [1000, 200, 60];
pub(super) const FEWEST_CELLS: usize = 4;

pub(super) fn cells(grid: &Grid, dimension: usize) -> Result<Vec<usize>, RunError> {
    let Some(cells) = &grid.cells else { return Ok(vec![DEFAULT_CELLS[dimension - 1]; dimension]) };
    let whole = |&count: &f64| count.fract() == 0.0 && (FEWEST_CELLS as f64..=1e8).contains(&count);
    if cells.len() != dimension || !cells.iter().all(whole) {
        let remedy =
            format!("give {dimension} whole number(s) of at least {FEWEST_CELLS}, one for each coordinate");
        return Err(unfit("grid.cells", format!("{cells:?}"), remedy));
    }
    Ok(cells.iter().map(|&count| count as usize).collect())
}

pub(super) fn faces(grid: &Grid, dimension: usize) -> Result<Vec<[Face; 2]>, RunError> {
    let words: Vec<Face> = grid
        .faces
        .iter()
        .map(|word| match word.as_str() {
            "reflecting" => Ok(Face::Reflecting),
            "absorbing" => Ok(Face::Absorbing),
            "periodic" => Ok(Face::Periodic),
            other => {
                Err(unfit("grid.faces", other, "a face is \"reflecting\", \"absorbing\" or \"periodic\""))
            }
        })
        .collect::<Result<_, _>>()?;
    match words[..] {
        [all] => Ok(vec![[all; 2]; dimension]),
        _ if words.len() == 2 * dimension => {
            Ok(words.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect())
        }
        _ => {
            let remedy = format!(
                "give one word for all faces, or {}: lower and upper of each coordinate",
                2 * dimension
            );
            Err(unfit("grid.faces", format!("{} words", words.len()), remedy))
        }
    }
}

pub(super) fn fixed_ends(grid: &Grid, dimension: usize) -> Result<Vec<[Option<f64>; 2]>, RunError> {
    let mut fixed = vec![[None; 2]; dimension];
    for (side, key, ends) in [(0, "grid.lower", &grid.lower), (1, "grid.upper", &grid.upper)] {
        let Some(ends) = ends else { continue };
        if ends.len() != dimension {
            let remedy = format!("give {dimension} number(s), one for each coordinate");
            return Err(unfit(key, format!("{ends:?}"), remedy));
        }
        for (fixed, &end) in fixed.iter_mut().zip(ends) {
            fixed[side] = Some(end);
        }
    }
    for ends in &fixed {
        if let [Some(lower), Some(upper)] = ends
            && lower >= upper
        {
            return Err(unfit("grid.upper", upper, format!("it must lie above grid.lower = {lower}")));
        }
    }
    Ok(fixed)
}

/// Points in a target, seen from `start`: just beyond the threshold of a half-space, else the nearest along each axis and
/// diagonal, as far as ten times the nearest of all.
pub(super) fn points_in(target: &Condition, start: &[f64]) -> Vec<Vec<f64>> {
    const INTO: f64 = 0.05;
    const NEAREST: f64 = 1e-2;
    const GROWTH: f64 = 1.05;
    const RADII: i32 = 200;
    if let Some(half) = target.half_space() {
        let mut point = start.to_vec();
        let Some(entry) = point.get_mut(half.coordinate) else { return Vec::new() };
        *entry = half.threshold + INTO * (half.threshold - *entry);
        return vec![point];
    }
    let dimension = start.len();
    let variables = target.variables().len();
    let mut found: Vec<(f64, Vec<f64>)> = Vec::new();
    for direction in 0..3_usize.pow(dimension as u32) {
        let signs: Vec<f64> =
            (0..dimension).map(|axis| (direction / 3_usize.pow(axis as u32) % 3) as f64 - 1.0).collect();
        let at = |radius: f64| -> Vec<f64> {
            start.iter().zip(&signs).map(|(x, sign)| x + radius * sign).collect()
        };
        let hit = (0..RADII)
            .map(|step| NEAREST * GROWTH.powi(step))
            .find(|&radius| target.contains(&at(radius)[..variables]));
        if let Some(radius) = hit {
            found.push((radius, at((1.0 + INTO) * radius)));
        }
    }
    let nearest = found.iter().map(|(radius, _)| *radius).fold(f64::INFINITY, f64::min);
    found.into_iter().filter(|(radius, _)| *radius <= 10.0 * nearest).map(|(_, point)| point).collect()
}

/// Cells that widen from the middle of the box to its ends: x = m + w·sinh(s u)/sinh(s) with u from −1 to 1 and s twice
/// the stretch.
pub(super) fn stretched(lower: f64, upper: f64, cells: usize, stretch: f64) -> Axis {
    use crate::lanes::Real;
    let sinh = |x: f64| 0.5 * (Real::exp(x) - Real::exp(-x));
    let (middle, half, s) = (0.5 * (lower + upper), 0.5 * (upper - lower), 1.5 * stretch);
    let face = |index: usize| {
        let u = 2.0 * index as f64 / cells as f64 - 1.0;
        middle + half * sinh(s * u) / sinh(s)
    };
    Axis::stretched((0..=cells).map(face).collect())
}
