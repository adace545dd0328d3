//! Fractional Fokker–Planck: a drift with symmetric α-stable jumps, as a chain of rates.

use super::{DensityError, Face, Grid, Rates, RatesBuilder};
use crate::theory::levy_exit_constant;

/// dX = b(X) dt + ε dL^α in one dimension, `E exp(ikL_1) = exp(−|k|^α)`: `∂_t p = −∂(bp) − ε^α (−∂²)^{α/2} p`.
pub struct LevyFlight<'a> {
    /// The drift b, −U' of a landscape.
    pub drift: &'a (dyn Fn(f64) -> f64 + Sync),
    /// α in (0, 2).
    pub alpha: f64,
    /// ε > 0.
    pub noise_scale: f64,
}

/// Cells at most: every cell leads to every other.
const MOST_CELLS: usize = 6000;

impl LevyFlight<'_> {
    /// The chain of jumps between the centres of cells, with rates per unit of **time**.
    ///
    /// Jumps have the Lévy density ν(y) = ε^α c_α/|y|^{1+α}. Those beyond the nearest centre go to the two centres
    /// around their landing place, in shares linear in the place (Y. Huang and A. Oberman, *SIAM J. Numer. Anal.* 52, 3056
    /// (2014)); shorter ones become a diffusion of the variance that all jumps on the grid have, less what the linear
    /// shares made too much of, as far out as it stays positive. All rates are integrals of positive functions, each
    /// first and second moment of a jump is exact, and drift joins the diffusion by exponential fitting.
    ///
    /// At a [`Face::Absorbing`] end what lands outside exits, with its exact rate; at a [`Face::Reflecting`] one it stays
    /// in the outermost cell. The order in the width is 2 for smooth solutions on even cells, and 1 (measured for exit
    /// times) where they vanish like dist^{α/2} at an absorbing end. Where a drift beats the diffusion of a cell, as in far
    /// tails and for α < 1, it is upwinded, with order 1: halve the cells and extrapolate.
    ///
    /// # Errors
    /// A grid that is not one-dimensional or is periodic, has fewer than 3 or more than 6000 cells; α outside (0, 2); ε not
    /// positive; a drift that is not finite.
    pub fn rates(&self, grid: &Grid) -> Result<Rates, DensityError> {
        let [axis] = grid.axes() else {
            let given = grid.dimension();
            return Err(DensityError::WrongDimension { what: "a Lévy flight", needed: 1, given });
        };
        let out_of_range = |name, value, allowed| DensityError::OutOfRange { name, value, allowed };
        let constant = levy_exit_constant(self.alpha)
            .map_err(|_| out_of_range("alpha", self.alpha, "0 < α < 2 (α = 2 is a diffusion)"))?;
        if !(self.noise_scale > 0.0 && self.noise_scale.is_finite()) {
            return Err(out_of_range("noise_scale", self.noise_scale, "a positive, finite number"));
        }
        let cells = axis.cells();
        if cells < 3 {
            return Err(out_of_range("cells", cells as f64, "at least 3"));
        }
        if cells > MOST_CELLS {
            let bytes = |cells: usize| (cells * cells * 12) >> 20;
            return Err(DensityError::Memory {
                what: "a chain of jumps from every cell to every other",
                cells,
                needed_mebibytes: bytes(cells),
                allowed_mebibytes: bytes(MOST_CELLS),
                fitting_cells: MOST_CELLS,
            });
        }
        if axis.ends().0 == Face::Periodic {
            return Err(DensityError::HalfPeriodic { axis: 0 });
        }
        let density = Density { alpha: self.alpha, factor: constant * self.noise_scale.powf(self.alpha) };
        let mut builder = RatesBuilder::new();
        // Where jumps can land: outer faces and centres; the faces are exits, or stand for the outermost cells.
        let mut nodes = vec![axis.faces()[0]];
        nodes.extend((0..cells).map(|cell| axis.centre(cell)));
        nodes.push(axis.faces()[cells]);
        for node in 1..=cells {
            let row = self.row(&density, &nodes, node)?;
            for (target, rate) in row.into_iter().enumerate() {
                let (end, inside) = match target {
                    0 => (axis.ends().0, 0),
                    target if target > cells => (axis.ends().1, cells - 1),
                    target => (Face::Reflecting, target - 1),
                };
                match end {
                    Face::Absorbing => builder.exit(rate),
                    _ if inside + 1 != node => builder.rate(inside, rate),
                    _ => {}
                }
            }
            builder.finish_state([node as u32 - 1, 0, 0]);
        }
        builder.finish()
    }

    /// Rates from one node to all.
    fn row(&self, density: &Density, nodes: &[f64], node: usize) -> Result<Vec<f64>, DensityError> {
        let here = nodes[node];
        let mut row = vec![0.0; nodes.len()];
        let (to_left, to_right) = (here - nodes[node - 1], nodes[node + 1] - here);
        let nearest = to_left.min(to_right);
        // From the nearest node on; on the longer side the first panel begins inside.
        let mut excesses = Vec::with_capacity(nodes.len());
        for side in [-1, 1] {
            let mut near = node;
            while let Some(far) = near.checked_add_signed(side).filter(|&far| far < nodes.len()) {
                let (from, to) = ((nodes[near] - here).abs(), (nodes[far] - here).abs());
                let begin = from.max(nearest);
                if begin < to {
                    let panel = density.panel(begin, from, to);
                    row[near] += panel.near;
                    row[far] += panel.far;
                    excesses.push((to, panel.excess));
                }
                near = far;
            }
            row[near] += density.beyond((nodes[near] - here).abs());
        }
        row[node] = 0.0;
        excesses.sort_by(|one, other| one.0.total_cmp(&other.0));
        let short_jumps = density.variance_within(nearest);
        let mut variance = short_jumps;
        for (_, excess) in excesses {
            // A tenth is left, so that the drift is not upwinded for the sake of a correction.
            if variance - excess < 0.1 * short_jumps {
                break;
            }
            variance -= excess;
        }
        let diffusion = 0.5 * variance;
        for (target, distance, sign) in [(node - 1, to_left, -1.0), (node + 1, to_right, 1.0)] {
            let face = 0.5 * (here + nodes[target]);
            let drift = (self.drift)(face);
            if !drift.is_finite() {
                return Err(DensityError::Rate { from: node - 1, to: node - 1, value: drift });
            }
            let ratio = -sign * drift * distance / diffusion;
            row[target] += 2.0 * diffusion / (distance * (to_left + to_right)) * bernoulli(ratio);
        }
        Ok(row)
    }
}

/// x/(e^x − 1).
fn bernoulli(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { x / x.exp_m1() }
}

/// `factor/|y|^{1+α}`.
struct Density {
    alpha: f64,
    factor: f64,
}

/// What jumps into the panel between two nodes become.
struct Panel {
    near: f64,
    far: f64,
    /// What the shares make too much of the second moment.
    excess: f64,
}

impl Density {
    /// The rate of jumps beyond a distance, on one side.
    fn beyond(&self, distance: f64) -> f64 {
        self.factor * distance.powf(-self.alpha) / self.alpha
    }

    /// The variance per time of jumps up to a distance, on both sides.
    fn variance_within(&self, distance: f64) -> f64 {
        2.0 * self.factor * distance.powf(2.0 - self.alpha) / (2.0 - self.alpha)
    }

    /// Jumps to distances from `begin` to `to`, in linear shares to `from` ≤ begin and `to`: Gauss rules of positive terms on
    /// pieces that a power law does not bend much on.
    fn panel(&self, begin: f64, from: f64, to: f64) -> Panel {
        // Six points, exact to degree 11: with to/begin ≤ 1.5 a piece, the error is below 1e-14.
        const NODES: [(f64, f64); 3] = [
            (0.238_619_186_083_196_9, 0.467_913_934_572_691),
            (0.661_209_386_466_264_5, 0.360_761_573_048_138_6),
            (0.932_469_514_203_152_1, 0.171_324_492_379_170_3),
        ];
        let pieces = ((to / begin).ln() / 1.3_f64.ln()).ceil().max(1.0);
        let ratio = (to / begin).powf(1.0 / pieces);
        let mut panel = Panel { near: 0.0, far: 0.0, excess: 0.0 };
        let mut left = begin;
        for piece in 1..=pieces as usize {
            let right = if piece == pieces as usize { to } else { left * ratio };
            let (middle, half) = (0.5 * (left + right), 0.5 * (right - left));
            for (node, weight) in NODES {
                for place in [middle - half * node, middle + half * node] {
                    let rate = self.factor * place.powf(-1.0 - self.alpha) * weight * half;
                    panel.near += rate * (to - place) / (to - from);
                    panel.far += rate * (place - from) / (to - from);
                    panel.excess += rate * (place - from) * (to - place);
                }
            }
            left = right;
        }
        panel
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::master::{BandElimination, StableLaw};
    use crate::density::{Axis, DenseElimination, Resolvent};
    use crate::theory::{levy_exit_time, stable_interval_exit_time};

    fn exit_times(flight: &LevyFlight<'_>, grid: &Grid) -> Vec<f64> {
        let solver = DenseElimination::new(&flight.rates(grid).unwrap()).unwrap();
        let mut times = vec![0.0; grid.cells()];
        solver.backward(&vec![1.0; grid.cells()], &mut times).unwrap();
        times
    }

    /// (1 − x²)^{α/2}/Γ(1 + α) in the middle of the free flight's interval: the order that the doc names, measured.
    #[test]
    fn the_free_flight_leaves_the_interval_in_its_closed_time() {
        for (alpha, least, tolerance) in
            [(0.5, 0.9, 2e-3), (1.0, 0.9, 2e-3), (1.5, 0.9, 2e-3), (1.8, 0.9, 2e-3)]
        {
            let flight = LevyFlight { drift: &|_| 0.0, alpha, noise_scale: 1.0 };
            let errors: Vec<f64> = [101, 201, 401]
                .into_iter()
                .map(|cells| {
                    let axis = Axis::uniform(-1.0, 1.0, cells).ending(Face::Absorbing, Face::Absorbing);
                    let times = exit_times(&flight, &Grid::new(vec![axis]).unwrap());
                    times[cells / 2] / stable_interval_exit_time(alpha, 0.0).unwrap() - 1.0
                })
                .collect();
            let order = (errors[1] / errors[2]).abs().log2();
            assert!(order > least, "α = {alpha}: {errors:?}, order {order}");
            assert!(errors[2].abs() < tolerance, "α = {alpha}: {errors:?}");
        }
    }

    /// dX = −λX dt + ε dL: the stationary law has the characteristic function exp(−ε^α|k|^α/(αλ)). Cells are a tenth and a
    /// twentieth of their place wide; out there the drift is upwinded, so that errors halve and two grids extrapolate (3 %
    /// where the law of α = 1.8 bends from a normal one to its tail).
    #[test]
    fn the_well_holds_a_stable_law() {
        let rate = 0.7;
        for alpha in [1.0, 1.5, 1.8] {
            let flight = LevyFlight { drift: &|x| -rate * x, alpha, noise_scale: 0.5 };
            let width = 0.5 / (alpha * rate).powf(1.0 / alpha);
            let exact = StableLaw::new(alpha).unwrap();
            // What lies beyond each face from 0 on, relative to the exact tail.
            let tails = [200, 400].map(|cells: usize| {
                let half = cells / 2;
                let face = |face: usize| 0.1 * (10.0 * (face as f64 / half as f64 - 1.0)).sinh();
                let faces: Vec<f64> = (0..=cells).map(face).collect();
                let grid = Grid::new(vec![Axis::stretched(faces.clone())]).unwrap();
                let chain = flight.rates(&grid).unwrap();
                // Killed rarely, the chain is found where it would stay.
                let solver = BandElimination::new(&chain.killed(1e-9)).unwrap();
                let mut law = vec![0.0; cells];
                solver.forward(&vec![1.0 / cells as f64; cells], &mut law).unwrap();
                let total: f64 = law.iter().sum();
                let beyond = |cell: usize| law[cell..].iter().sum::<f64>() / total;
                let scaled =
                    |cell: usize| (faces[cell] / width, beyond(cell) / exact.survival(faces[cell] / width));
                (half..cells).step_by(cells / 200).map(scaled).collect::<Vec<_>>()
            });
            for (&(place, coarse), &(_, fine)) in
                tails[0].iter().zip(&tails[1]).filter(|pair| pair.0.0 < 20.0)
            {
                assert!((fine - 1.0).abs() < 0.07, "α = {alpha}, {place}: {coarse} {fine}");
                assert!((2.0 * fine - coarse - 1.0).abs() < 0.03, "α = {alpha}, {place}: {coarse} {fine}");
            }
        }
    }

    /// Small noise: α/(c_α ε^α (a^−α + b^−α)), approached as ε falls and blind to the height of the well.
    #[test]
    fn weak_flights_leave_by_one_jump() {
        let alpha = 1.5;
        let mut before = f64::INFINITY;
        for noise_scale in [0.1, 0.03, 0.01] {
            let flight = LevyFlight { drift: &|x| -4.0 * x, alpha, noise_scale };
            let axis = Axis::uniform(-1.0, 1.5, 501).ending(Face::Absorbing, Face::Absorbing);
            let grid = Grid::new(vec![axis]).unwrap();
            let times = exit_times(&flight, &grid);
            let limit = levy_exit_time(alpha, noise_scale, 1.0, 1.5).unwrap();
            let miss = (times[grid.cell_of(&[0.0]).unwrap()] / limit - 1.0).abs();
            assert!(miss < before, "ε = {noise_scale}: {miss}");
            before = miss;
        }
        assert!(before < 2e-2, "{before}");
    }

    #[test]
    fn what_has_no_flight_is_refused() {
        let flight = LevyFlight { drift: &|_| 0.0, alpha: 2.0, noise_scale: 1.0 };
        let grid = Grid::new(vec![Axis::uniform(0.0, 1.0, 10)]).unwrap();
        assert!(matches!(flight.rates(&grid), Err(DensityError::OutOfRange { name: "alpha", .. })));
        let flight = LevyFlight { alpha: 1.0, noise_scale: -1.0, ..flight };
        assert!(matches!(flight.rates(&grid), Err(DensityError::OutOfRange { name: "noise_scale", .. })));
        let large = Grid::new(vec![Axis::uniform(0.0, 1.0, 10_000)]).unwrap();
        let flight = LevyFlight { noise_scale: 1.0, ..flight };
        assert!(matches!(flight.rates(&large), Err(DensityError::Memory { .. })));
    }
}
