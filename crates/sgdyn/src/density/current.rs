//! What flows in a stationary state, and what it dissipates.

use super::generator::solve_symmetric;
use super::{DensityError, DiffusionProcess, Face, Grid, Rates};
use crate::lanes::{Block, Real, Scratch};

/// The probability current `J = b p − ∇·(D p)` at the centres of cells, per unit of time and of area across it.
///
/// From net fluxes between cells, `J(x_i) = Σ_j (p_i r_ij − p_j r_ji)(x_j − x_i)/(2 V_i)` with masses p and volumes V:
/// order 2 in space. What leaves the chain has no direction and is not counted.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbabilityCurrent {
    dimension: usize,
    vectors: Vec<f64>,
}

impl ProbabilityCurrent {
    /// The current of masses `[states]` under a chain on `grid`.
    ///
    /// # Errors
    /// Masses that are not one for each state.
    pub fn new(chain: &Rates, grid: &Grid, masses: &[f64]) -> Result<Self, DensityError> {
        check_masses(chain.states(), masses)?;
        let dimension = grid.dimension();
        let cells: Vec<usize> =
            chain.places().iter().map(|place| grid.number(place.map(|index| index as usize))).collect();
        let mut vectors = vec![0.0; grid.cells() * dimension];
        for (state, &cell) in cells.iter().enumerate() {
            let (targets, rates) = chain.row(state);
            for (&target, &rate) in targets.iter().zip(rates) {
                let there = cells[target as usize];
                let flux = 0.5 * masses[state] * rate;
                let step = displacement(grid, cell, there);
                for end in [cell, there] {
                    let volume = grid.volume(end);
                    for (axis, length) in step[..dimension].iter().enumerate() {
                        vectors[end * dimension + axis] += flux * length / volume;
                    }
                }
            }
        }
        Ok(Self { dimension, vectors })
    }

    /// All vectors, `[cells × d]`.
    pub fn vectors(&self) -> &[f64] {
        &self.vectors
    }

    /// The vector at a cell's centre, `[d]`.
    pub fn at(&self, cell: usize) -> &[f64] {
        &self.vectors[cell * self.dimension..(cell + 1) * self.dimension]
    }

    /// The largest magnitude, and its cell: the top of the parabolas through the cell's neighbours along each axis, as the
    /// largest magnitude at a centre would depend on where centres happen to lie.
    pub fn largest(&self, grid: &Grid) -> (f64, usize) {
        let magnitude = |cell: usize| self.at(cell).iter().map(|entry| entry * entry).sum::<f64>().sqrt();
        let cells = self.vectors.len() / self.dimension;
        let (cell, most) = (0..cells)
            .map(|cell| (cell, magnitude(cell)))
            .fold((0, 0.0), |best, next| if next.1 > best.1 { next } else { best });
        let place = grid.place(cell);
        let mut top = most;
        for (axis, line) in grid.axes().iter().enumerate() {
            if place[axis] == 0 || place[axis] + 1 == line.cells() {
                continue;
            }
            let beside = |step: usize| {
                let mut place = place;
                place[axis] = place[axis] + step - 1;
                magnitude(grid.number(place))
            };
            let (below, above) = (beside(0), beside(2));
            let bend = 2.0 * most - below - above;
            if bend > 0.0 {
                top += (above - below).powi(2) / (8.0 * bend);
            }
        }
        (top, cell)
    }

    /// `∫ JᵀD⁻¹J/p dx`, the entropy production of the diffusion itself, for masses `[cells]` per unit of time (D⁻¹ in the
    /// range of D): finite also where a chain has one-way rates.
    ///
    /// # Errors
    /// Masses that are not one for each cell.
    pub fn dissipation(
        &self,
        process: &DiffusionProcess,
        grid: &Grid,
        masses: &[f64],
    ) -> Result<f64, DensityError> {
        check_masses(grid.cells(), masses)?;
        let mut scratch = Scratch::new();
        let mut point = vec![0.0; self.dimension];
        let mut tensor = vec![0.0; self.dimension * self.dimension];
        let mut sum = 0.0;
        for (cell, &mass) in masses.iter().enumerate().filter(|(_, mass)| **mass > 0.0) {
            grid.centre(cell, &mut point);
            process.tensor(&Block::point(&point), &mut scratch, &mut tensor);
            let current = self.at(cell);
            let force = solve_symmetric(&tensor, current);
            let power: f64 = force.iter().zip(current).map(|(force, current)| force * current).sum();
            sum += power * grid.volume(cell).powi(2) / mass;
        }
        Ok(sum)
    }
}

/// The entropy production of a chain, `Σ_{i<j} (p_i r_ij − p_j r_ji) ln(p_i r_ij/p_j r_ji)` per unit of time (J. Schnakenberg, *Rev. Mod.
/// Phys.* 48, 571 (1976)): 0 in detailed balance, infinite with a one-way rate, for which see
/// [`ProbabilityCurrent::dissipation`].
///
/// # Errors
/// Masses that are not one for each state.
pub fn entropy_production(chain: &Rates, masses: &[f64]) -> Result<f64, DensityError> {
    check_masses(chain.states(), masses)?;
    let mut sum = 0.0;
    for state in 0..chain.states() {
        let (targets, rates) = chain.row(state);
        for (&target, &rate) in targets.iter().zip(rates) {
            let there = target as usize;
            let (back, reverse) = chain.row(there);
            let forth = masses[state] * rate;
            match back.binary_search(&(state as u32)) {
                Ok(index) if there > state => {
                    let return_flux = masses[there] * reverse[index];
                    // Where both masses are below the smallest number nothing flows.
                    if forth > 0.0 || return_flux > 0.0 {
                        let net = forth - return_flux;
                        sum += net * Real::ln_1p(net / return_flux);
                    }
                }
                Err(_) if forth > 0.0 => return Ok(f64::INFINITY),
                Ok(_) | Err(_) => {}
            }
        }
    }
    Ok(sum)
}

fn check_masses(states: usize, masses: &[f64]) -> Result<(), DensityError> {
    if masses.len() == states {
        return Ok(());
    }
    let allowed = "one mass for each state";
    Err(DensityError::OutOfRange { name: "the number of masses", value: masses.len() as f64, allowed })
}

/// From centre to centre, the short way around a periodic axis.
fn displacement(grid: &Grid, from: usize, to: usize) -> [f64; 3] {
    let (here, there) = (grid.place(from), grid.place(to));
    let mut step = [0.0; 3];
    for (k, axis) in grid.axes().iter().enumerate() {
        step[k] = axis.centre(there[k]) - axis.centre(here[k]);
        let length = axis.faces()[axis.cells()] - axis.faces()[0];
        if axis.ends().0 == Face::Periodic && step[k].abs() > 0.5 * length {
            step[k] -= length.copysign(step[k]);
        }
    }
    step
}

#[cfg(test)]
mod tests {
    use super::super::generator::tests::{non_commuting, stationary};
    use super::super::{Axis, generator};
    use super::*;
    use crate::theory::{Interpretation, LinearDynamics, irreversibility, stationary_covariance};

    fn grid(x: f64, y: f64, cells: usize) -> Grid {
        Grid::new(vec![Axis::uniform(-x, x, cells), Axis::uniform(-y, y, cells)]).unwrap()
    }

    /// Relative errors of the current (over its largest), of the chain's entropy production and of the dissipation.
    fn errors(
        process: &DiffusionProcess,
        grid: &Grid,
        exact: impl Fn(&[f64]) -> [f64; 2],
        production: f64,
    ) -> [f64; 3] {
        let chain = generator(process, grid, Interpretation::Ito).unwrap();
        let masses = stationary(&chain);
        let current = ProbabilityCurrent::new(&chain, grid, &masses).unwrap();
        let largest = current.largest(grid).0;
        let mut worst = 0.0_f64;
        for cell in 0..grid.cells() {
            let mut centre = [0.0; 2];
            grid.centre(cell, &mut centre);
            let (got, want) = (current.at(cell), exact(&centre));
            worst = worst.max((got[0] - want[0]).hypot(got[1] - want[1]) / largest);
        }
        let dissipation = current.dissipation(process, grid, &masses).unwrap();
        [
            worst,
            (entropy_production(&chain, &masses).unwrap() / production - 1.0).abs(),
            (dissipation / production - 1.0).abs(),
        ]
    }

    /// Errors fall with the square of the width: what they are at 200 × 200 follows from 40 × 40.
    fn check(name: &str, coarse: [f64; 3], fine: [f64; 3]) {
        println!("{name}: errors {coarse:?} then {fine:?} on 40 × 40; orders, and predicted at 200 × 200:");
        for (index, (coarse, fine)) in coarse.into_iter().zip(fine).enumerate() {
            let order = (coarse / fine).log2();
            println!("  order {order:.3}, {:.2e}", fine / 25.0);
            assert!(order > 1.7, "{name}: order {order}");
            // The dissipation, from averaged fluxes, is the least accurate of the three.
            assert!(fine / 25.0 < if index < 2 { 1e-3 } else { 2e-3 }, "{name}: {fine}");
        }
    }

    #[test]
    fn a_rotating_well_has_its_current_and_entropy_production() {
        // b = −(x − ωy, y + ωx), D = T: J = ω(y, −x) p with p Gaussian of variance T; production 2ω².
        let (omega, temperature) = (0.8, 0.5);
        let process = DiffusionProcess::from_functions(
            2,
            move |x, b| (b[0], b[1]) = (omega * x[1] - x[0], -omega * x[0] - x[1]),
            move |_, d| d.copy_from_slice(&[temperature, 0.0, 0.0, temperature]),
        )
        .unwrap();
        let exact = |x: &[f64]| {
            let density = (-0.5 * (x[0] * x[0] + x[1] * x[1]) / temperature).exp()
                / (std::f64::consts::TAU * temperature);
            [omega * x[1] * density, -omega * x[0] * density]
        };
        let at = |cells| errors(&process, &grid(3.6, 3.6, cells), exact, 2.0 * omega * omega);
        check("rotating", at(20), at(40));
    }

    #[test]
    fn curvature_and_noise_that_do_not_commute_have_theirs() {
        let (h, d, process) = non_commuting();
        let noise = &d * 2.0;
        let closed = irreversibility(h.as_ref(), noise.as_ref(), 1.0).unwrap();
        let s = stationary_covariance(h.as_ref(), noise.as_ref(), 1.0, LinearDynamics::FirstOrderSde)
            .unwrap()
            .covariance;
        let determinant = s[(0, 0)] * s[(1, 1)] - s[(0, 1)] * s[(1, 0)];
        let inverse = [
            [s[(1, 1)] / determinant, -s[(0, 1)] / determinant],
            [-s[(1, 0)] / determinant, s[(0, 0)] / determinant],
        ];
        let exact = |x: &[f64]| {
            let y = [0, 1].map(|row| inverse[row][0] * x[0] + inverse[row][1] * x[1]);
            let density =
                (-0.5 * (x[0] * y[0] + x[1] * y[1])).exp() / (std::f64::consts::TAU * determinant.sqrt());
            [0, 1].map(|row| {
                (closed.circulation[(row, 0)] * y[0] + closed.circulation[(row, 1)] * y[1]) * density
            })
        };
        let at = |cells| errors(&process, &grid(3.3, 2.4, cells), exact, closed.entropy_production);
        check("non-commuting", at(20), at(40));
    }

    #[test]
    fn a_driven_ring_carries_the_closed_current() {
        // dX = dt + √(2D) dW on a ring: p = 1, J = 1, production 1/D.
        let process = DiffusionProcess::from_functions(1, |_, b| b[0] = 1.0, |_, d| d[0] = 0.25).unwrap();
        let axis = Axis::uniform(0.0, 1.0, 40).ending(Face::Periodic, Face::Periodic);
        let grid = Grid::new(vec![axis]).unwrap();
        let chain = generator(&process, &grid, Interpretation::Ito).unwrap();
        let masses = vec![1.0 / 40.0; 40];
        let current = ProbabilityCurrent::new(&chain, &grid, &masses).unwrap();
        assert!(current.vectors().iter().all(|value| (value - 1.0).abs() < 1e-12));
        assert!((entropy_production(&chain, &masses).unwrap() - 4.0).abs() < 1e-11);
        assert!((current.dissipation(&process, &grid, &masses).unwrap() - 4.0).abs() < 1e-11);
        assert!(entropy_production(&chain, &masses[1..]).is_err());
    }
}
