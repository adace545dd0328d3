//! The jump chain of a diffusion on a line: exact at the centres of cells.

use super::collocation::{COLLOCATION, NODES};
use super::evaluation_point;
use super::path::least_share;
use crate::density::{Axis, DensityError, DiffusionProcess, Face, Grid, Rates, RatesBuilder, Target};
use crate::lanes::{Block, Layout, Real, Scratch};
use crate::theory::Interpretation;

/// The chain of a one-dimensional diffusion watched at the centres of the cells: mean first-passage times between centres,
/// targets and absorbing faces are the diffusion's, to the accuracy of quadrature, on any grid.
///
/// With scale density `s = e^Φ D^{−α}`, speed density `m = e^{−Φ} D^{α−1}`, `Φ' = −b/D` and A the integral of s between neighbours, a
/// rate from i is `1/(A M_i)`, `M_i = ∫ h_i m` with the hat function h_i that is linear in the scale: its probabilities
/// to go up or down, and its mean times to do so, are those of the diffusion (K. Itô and H. P. McKean, *Diffusion
/// Processes and their Sample Paths*, 1965, ch. 4). Stationary masses are `∫ h_i p`. Each interval is halved until eight
/// Gauss nodes give all digits; equilibria and detailed balance are exact as for [`generator`](super::generator).
///
/// Returns the cell of each state too: all but those in `target`.
///
/// # Errors
/// Another dimension than 1, a target that covers no centre or all, a D that is not positive and finite
/// ([`DensityError::NotPositive`]), a drift that is not finite or changes the density beyond all numbers within a cell
/// ([`DensityError::Rate`]).
/// ```
/// use sgdyn::density::{Axis, DenseElimination, DiffusionProcess, Grid, Resolvent, Target, nodal_chain};
/// use sgdyn::theory::Interpretation;
///
/// let slope = |x: &[f64], g: &mut [f64]| g[0] = 4.0 * x[0].powi(3) - 4.0 * x[0];
/// let well = DiffusionProcess::gibbs(1, |x| x[0].powi(4) - 2.0 * x[0] * x[0], slope, 1.0 / 3.0)?;
/// let grid = Grid::new(vec![Axis::uniform(-3.5, 3.5, 35)])?;
/// let target = Target::half_space(vec![1.0], -0.5);
/// let (chain, cells) = nodal_chain(&well, &grid, Interpretation::Ito, Some(&target))?;
/// let mut times = vec![0.0; chain.states()];
/// DenseElimination::new(&chain)?.backward(&vec![1.0; chain.states()], &mut times)?;
/// let start = cells.iter().position(|&cell| cell == 22).unwrap();
/// // From 1, by nested quadrature: 24.389763.
/// assert!((times[start] - 24.389763).abs() < 1e-6);
/// # Ok::<(), sgdyn::density::DensityError>(())
/// ```
pub fn nodal_chain(
    process: &DiffusionProcess,
    grid: &Grid,
    interpretation: Interpretation,
    target: Option<&Target>,
) -> Result<(Rates, Vec<usize>), DensityError> {
    let (dimension, what) = (process.dimension(), "the process");
    if dimension != 1 || grid.dimension() != 1 {
        return Err(DensityError::Shape { what, dimension, grid: grid.dimension() });
    }
    let axis = &grid.axes()[0];
    let cells = axis.cells();
    let covers = match target {
        Some(target) => target.cover(grid)?,
        None => vec![false; cells],
    };
    let mut number = vec![0; cells];
    let mut kept = Vec::new();
    for cell in (0..cells).filter(|&cell| !covers[cell]) {
        number[cell] = kept.len();
        kept.push(cell);
    }
    let mut line =
        Line { process, evaluation_point: evaluation_point(interpretation), scratch: Scratch::new() };
    let mut builder = RatesBuilder::new();
    for &cell in &kept {
        let sides = [Side::of(axis, cell, -1, &covers), Side::of(axis, cell, 1, &covers)];
        let mut load = 0.0;
        let mut conductances = [0.0; 2];
        for (side, conductance) in sides.iter().zip(&mut conductances) {
            let (from, to) = side.cut(axis.centre(cell), target);
            let integrals = line.adaptive(from, to, cell)?;
            if matches!(side.end, End::Wall) {
                load += integrals.speed;
            } else {
                load += integrals.speed_by_scale_ahead / integrals.scale;
                *conductance = 1.0 / integrals.scale;
            }
        }
        for (side, conductance) in sides.iter().zip(conductances) {
            match side.end {
                End::Cell(there) => builder.rate(number[there], conductance / load),
                End::Exit | End::Target => builder.exit(conductance / load),
                End::Wall => {}
            }
        }
        builder.finish_state([cell as u32, 0, 0]);
    }
    Ok((builder.finish()?, kept))
}

/// What lies at the end of the way to one side of a centre.
#[derive(Clone, Copy)]
enum End {
    Cell(usize),
    Target,
    Exit,
    Wall,
}

struct Side {
    end: End,
    place: f64,
}

impl Side {
    fn of(axis: &Axis, cell: usize, sign: i64, covers: &[bool]) -> Self {
        let (cells, faces) = (axis.cells(), axis.faces());
        let (ending, face, beyond) = if sign < 0 {
            (axis.ends().0, faces[0], faces[0] - faces[cells])
        } else {
            (axis.ends().1, faces[cells], faces[cells] - faces[0])
        };
        let index = cell as i64 + sign;
        let there = index.rem_euclid(cells as i64) as usize;
        let inside = index == there as i64;
        if !inside && ending != Face::Periodic {
            let end = if ending == Face::Absorbing { End::Exit } else { End::Wall };
            return Self { end, place: face };
        }
        let end = if covers[there] { End::Target } else { End::Cell(there) };
        Self { end, place: axis.centre(there) + if inside { 0.0 } else { beyond } }
    }

    /// From the centre to the end, or to where the target begins.
    fn cut(&self, centre: f64, target: Option<&Target>) -> (f64, f64) {
        let at = |share: f64| [centre + share * (self.place - centre), 0.0, 0.0];
        match (self.end, target) {
            (End::Target, Some(target)) => {
                let share = target.crossing(1.0, at, 1).max(least_share(centre, self.place));
                (centre, at(share)[0])
            }
            _ => (centre, self.place),
        }
    }
}

/// Integrals over the way from one point to another, with Φ = 0 at the first.
#[derive(Clone, Copy)]
struct Integrals {
    /// Φ at the end.
    rise: f64,
    /// ∫ s.
    scale: f64,
    /// ∫ m.
    speed: f64,
    /// ∫ m(z) ∫_z^end s dz.
    speed_by_scale_ahead: f64,
    /// Whether drift and diffusion at the ends continue what lies between them.
    continuous: bool,
}

impl Integrals {
    fn then(self, next: Self) -> Self {
        let (up, down) = (Real::exp(self.rise), Real::exp(-self.rise));
        Self {
            rise: self.rise + next.rise,
            scale: self.scale + up * next.scale,
            speed: self.speed + down * next.speed,
            speed_by_scale_ahead: self.speed_by_scale_ahead
                + self.speed * up * next.scale
                + next.speed_by_scale_ahead,
            continuous: self.continuous && next.continuous,
        }
    }

    fn agrees(self, other: Self) -> bool {
        let near = |a: f64, b: f64, size: f64| (a - b).abs() <= 1e-13 * size;
        near(self.scale, other.scale, other.scale)
            && near(self.speed, other.speed, other.speed)
            && near(self.speed_by_scale_ahead, other.speed_by_scale_ahead, other.speed_by_scale_ahead)
            && near(self.rise, other.rise, 1.0 + other.rise.abs())
    }
}

struct Line<'a> {
    process: &'a DiffusionProcess,
    evaluation_point: f64,
    scratch: Scratch<f64>,
}

impl Line<'_> {
    /// Halves until halving changes nothing, at most so often that a jump inside is met to rounding.
    fn adaptive(&mut self, from: f64, to: f64, cell: usize) -> Result<Integrals, DensityError> {
        let whole = self.panel(from, to, cell)?;
        self.halved(from, to, whole, cell, 40)
    }

    fn halved(
        &mut self,
        from: f64,
        to: f64,
        whole: Integrals,
        cell: usize,
        depth: usize,
    ) -> Result<Integrals, DensityError> {
        let middle = 0.5 * (from + to);
        let (first, second) = (self.panel(from, middle, cell)?, self.panel(middle, to, cell)?);
        let both = first.then(second);
        // A jump between an end and the node next to it shows at the end only.
        if depth == 0 || (both.continuous && whole.agrees(both)) {
            return Ok(both);
        }
        let first = self.halved(from, middle, first, cell, depth - 1)?;
        Ok(first.then(self.halved(middle, to, second, cell, depth - 1)?))
    }

    fn panel(&mut self, from: f64, to: f64, cell: usize) -> Result<Integrals, DensityError> {
        let (rule, length, step) = (&*COLLOCATION, (to - from).abs(), to - from);
        // Both ends ride along, for differences of the potential.
        let mut at = Block::zeros(1, NODES + 2, Layout::CoordinateMajor);
        for (place, node) in at.values_mut().iter_mut().zip(rule.nodes.iter().copied().chain([0.0, 1.0])) {
            *place = from + node * step;
        }
        let (mut drift, mut diffusion) = (at.zeros_like(), [0.0; NODES + 2]);
        self.process.tensor(&at, &mut self.scratch, &mut diffusion);
        if let Some(node) = (0..NODES).find(|&node| !(diffusion[node] > 0.0 && diffusion[node].is_finite())) {
            let (point, eigenvalue) = (vec![at.get(0, node)], diffusion[node]);
            return Err(DensityError::NotPositive { cell, point, eigenvalue });
        }
        let mut continuous = rule.continues(&diffusion);
        let mut phi = [0.0; NODES];
        let known = self.process.potential().zip(self.process.constant_tensor());
        let rise = if let Some((potential, tensor)) = known {
            let mut values = [0.0; NODES + 2];
            potential.loss(&at, &mut self.scratch, &mut values);
            for (phi, value) in phi.iter_mut().zip(&values) {
                *phi = (value - values[NODES]) / tensor[0];
            }
            (values[NODES + 1] - values[NODES]) / tensor[0]
        } else {
            self.process.drift(&at, &mut self.scratch, &mut drift);
            let slopes: Vec<f64> = drift.values().iter().zip(&diffusion).map(|(b, d)| b / d).collect();
            continuous &= rule.continues(&slopes);
            let slope: [f64; NODES] = std::array::from_fn(|node| -slopes[node] * step);
            for (phi, until) in phi.iter_mut().zip(&rule.until) {
                *phi = dot(until, &slope);
            }
            dot(&rule.weights, &slope)
        };
        let alpha = self.evaluation_point;
        let weighted = |sign: f64, power: f64| -> [f64; NODES] {
            std::array::from_fn(|node| {
                let log = if power == 0.0 { 0.0 } else { power * Real::ln(diffusion[node]) };
                length * Real::exp(sign * phi[node] + log)
            })
        };
        let (scale, speed) = (weighted(1.0, -alpha), weighted(-1.0, alpha - 1.0));
        let total = dot(&rule.weights, &scale);
        let ahead: [f64; NODES] = std::array::from_fn(|node| total - dot(&rule.until[node], &scale));
        Ok(Integrals {
            rise,
            scale: total,
            speed: dot(&rule.weights, &speed),
            speed_by_scale_ahead: (0..NODES).map(|k| rule.weights[k] * speed[k] * ahead[k]).sum(),
            continuous,
        })
    }
}

fn dot(left: &[f64; NODES], right: &[f64; NODES]) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::super::tests::mean_times;
    use super::*;
    use crate::theory::{FarSide, Process, first_passage_time, interval_exit_time};

    fn close(got: f64, want: f64, relative: f64) {
        assert!((got / want - 1.0).abs() < relative, "{got} against {want}");
    }

    /// A grid of which `start` is a centre.
    fn around(start: f64, lower: f64, upper: f64, cells: usize) -> (Grid, usize) {
        let width = (upper - lower) / cells as f64;
        let cell = ((start - lower) / width) as usize;
        let first = start - width * (cell as f64 + 0.5);
        (Grid::new(vec![Axis::uniform(first, first + width * cells as f64, cells)]).unwrap(), cell)
    }

    #[test]
    fn first_passage_times_have_eight_digits_on_any_grid() {
        let quartic = |x: f64| x.powi(4) - 2.0 * x * x;
        let mut worst = 0.0_f64;
        for beta in [1.0, 3.0, 5.0] {
            let oracle = Process::gibbs(quartic, 1.0 / beta).unwrap();
            let known = DiffusionProcess::gibbs(
                1,
                move |x| quartic(x[0]),
                |x, g| g[0] = 4.0 * x[0].powi(3) - 4.0 * x[0],
                1.0 / beta,
            )
            .unwrap();
            let by_drift = DiffusionProcess::from_functions(
                1,
                |x, b| b[0] = 4.0 * x[0] - 4.0 * x[0].powi(3),
                move |_, d| d[0] = 1.0 / beta,
            )
            .unwrap();
            for target in [0.0, -0.5, -1.0] {
                let want = first_passage_time(&oracle, 1.0, target, FarSide::Infinite).unwrap().mean;
                for cells in [20, 61, 400] {
                    // At 3.4 the density is below 1e-40 of its top.
                    let (grid, start) = around(1.0, -3.4, 3.4, cells);
                    let region = Target::half_space(vec![1.0], target);
                    for process in [&known, &by_drift] {
                        let (chain, kept) =
                            nodal_chain(process, &grid, Interpretation::Ito, Some(&region)).unwrap();
                        let state = kept.iter().position(|&cell| cell == start).unwrap();
                        let got = mean_times(&chain)[state];
                        worst = worst.max((got / want - 1.0).abs());
                    }
                }
            }
        }
        println!("nodal chain against quadrature: largest relative error {worst:e}");
        assert!(worst < 1e-10);
    }

    #[test]
    fn two_billion_time_units_keep_their_digits() {
        // V = x⁴/4 − x²/2 at ε = 0.0125; to the saddle 1099322196.6866 by mpmath with 20 digits.
        let process = DiffusionProcess::gibbs(
            1,
            |x| 0.25 * x[0].powi(4) - 0.5 * x[0] * x[0],
            |x, g| g[0] = x[0].powi(3) - x[0],
            0.0125,
        )
        .unwrap();
        let oracle = Process::gibbs(|x| x.powi(4) / 4.0 - x * x / 2.0, 0.0125).unwrap();
        let far = first_passage_time(&oracle, 1.0, -1.0, FarSide::Infinite).unwrap().mean;
        for (target, want) in [(0.0, 1099322196.6866), (-1.0, far)] {
            for cells in [60, 1200] {
                let (grid, start) = around(1.0, -1.9, 2.1, cells);
                let region = Target::half_space(vec![1.0], target);
                let (chain, kept) = nodal_chain(&process, &grid, Interpretation::Ito, Some(&region)).unwrap();
                let got = mean_times(&chain)[kept.iter().position(|&cell| cell == start).unwrap()];
                println!("to {target}, {cells} cells: {got}, relative error {:e}", got / want - 1.0);
                close(got, want, 1e-10);
            }
        }
    }

    #[test]
    fn state_dependent_noise_jumps_walls_and_faces() {
        for interpretation in [Interpretation::Ito, Interpretation::Stratonovich, Interpretation::AntiIto] {
            let noise = |x: f64| 0.2 + 0.1 * (3.0 * x).sin() + if x > 0.3333 { 0.15 } else { 0.0 };
            let oracle = Process::state_dependent(|x| x, noise).interpreted(interpretation);
            let process =
                DiffusionProcess::from_functions(1, |x, b| b[0] = -x[0], move |x, d| d[0] = noise(x[0]))
                    .unwrap();
            let axis = Axis::uniform(-1.0, 1.5, 25);
            let both = Grid::new(vec![axis.clone().ending(Face::Absorbing, Face::Absorbing)]).unwrap();
            let (chain, _) = nodal_chain(&process, &both, interpretation, None).unwrap();
            let want = interval_exit_time(&oracle, 0.25, -1.0, 1.5).unwrap().mean;
            close(mean_times(&chain)[12], want, 1e-9);
            let wall = Grid::new(vec![axis.ending(Face::Absorbing, Face::Reflecting)]).unwrap();
            let (chain, _) = nodal_chain(&process, &wall, interpretation, None).unwrap();
            let want = first_passage_time(&oracle, 0.25, -1.0, FarSide::Reflecting(1.5)).unwrap().mean;
            close(mean_times(&chain)[12], want, 1e-9);
        }
    }

    #[test]
    fn a_ring_is_left_alike_from_both_sides() {
        // Free diffusion, D = 1, on a ring of length 1 with the target [0.7, 0.8]: τ = (x − a)(b − x)/2 around the ring.
        let process = DiffusionProcess::gibbs(1, |_| 0.0, |_, g| g[0] = 0.0, 1.0).unwrap();
        let ring = Axis::uniform(0.0, 1.0, 20).ending(Face::Periodic, Face::Periodic);
        let grid = Grid::new(vec![ring]).unwrap();
        let target = Target::region(|x| (0.7..=0.8).contains(&x[0]));
        let (chain, kept) = nodal_chain(&process, &grid, Interpretation::Ito, Some(&target)).unwrap();
        for (time, &cell) in mean_times(&chain).iter().zip(&kept) {
            let x = grid.axes()[0].centre(cell);
            let x = if x > 0.8 { x - 1.0 } else { x };
            close(*time, 0.5 * (x + 0.2) * (0.7 - x), 1e-12);
        }
    }
}
