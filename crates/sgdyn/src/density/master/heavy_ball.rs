//! The heavy ball in phase space, as a chain between cells of (θ, m).

use super::gauss;
use super::line::check_memory;
use super::sgd::{SgdStep, check_learning_rate, stability_limit};
use super::symmetric_law::{SymmetricLaw, Window, between};
use super::transition::{Outside, Row, Transition};
use crate::density::{Axis, DensityError, Grid};
use crate::random::Law;

/// m' = μm + g(θ) + σ(θ)z, θ' = θ − ηm' for a field in one coordinate: SGD with momentum as deep-learning frameworks
/// define it.
#[derive(Clone, Copy)]
pub struct HeavyBallStep<'a> {
    /// Field, noise and η.
    pub sgd: SgdStep<'a>,
    /// μ, in \[0, 1).
    pub momentum: f64,
}

impl HeavyBallStep<'_> {
    /// The exact transition between the cells of a grid whose axes are θ and m.
    ///
    /// The noise is degenerate: once m' is drawn, θ' is certain. A cell of m' is cut where θ − ηm' crosses the faces of θ,
    /// so that each cell's probability is a difference of distribution functions of m'; it is averaged over the cell of
    /// departure by Gauss rules between the places where those cuts enter or leave it. Mass beyond the box of m is put
    /// (or lost) at its outermost face.
    ///
    /// # Errors
    /// η ≤ 0, μ outside \[0, 1), a grid that is not two-dimensional or a field that is not one-dimensional, noise that is
    /// neither normal nor absent, a step that is not finite, memory.
    pub fn transition(&self, grid: &Grid, outside: Outside) -> Result<Transition, DensityError> {
        self.check()?;
        let dimension = self.sgd.field.dimension();
        if dimension != 1 {
            return Err(DensityError::WrongDimension { what: "the heavy ball", needed: 1, given: dimension });
        }
        let [places, momenta] = grid.axes() else {
            let given = grid.dimension();
            return Err(DensityError::WrongDimension { what: "phase space", needed: 2, given });
        };
        match self.sgd.noise.map(crate::noise::Noise::law) {
            None | Some(Law::Normal) => {}
            Some(law) => return Err(DensityError::StepLaw { law: format!("{law:?}"), dimension: 2 }),
        }
        let (_, scale) = self.gradients(&[places.centre(places.cells() / 2)])?;
        let widest = momenta.width(0).max(f64::MIN_POSITIVE);
        let rows = (24.0 * scale[0] / widest).min(momenta.cells() as f64) + 1.0;
        let columns = 1.0 + self.sgd.learning_rate * widest / places.width(0);
        check_memory(grid.cells(), 2.0 * rows * columns)?;
        Transition::assemble(grid, |cell| {
            let [place, momentum, _] = grid.place(cell);
            Departure { step: self, places, momenta, outside }.row(cell, place, momentum)
        })
    }

    /// The largest stable learning rate 2(1 + μ)/h at a minimum of curvature h.
    ///
    /// # Errors
    /// [`DensityError::Unstable`] if η reaches it; μ outside \[0, 1).
    pub fn stability_limit(&self, minimum: f64) -> Result<f64, DensityError> {
        self.check()?;
        match self.sgd.field.hessian_at(&[minimum]).as_deref() {
            Some([curvature]) => stability_limit(self.sgd.learning_rate, *curvature, self.momentum),
            _ => Ok(f64::INFINITY),
        }
    }

    fn check(&self) -> Result<(), DensityError> {
        check_learning_rate(self.sgd.learning_rate)?;
        if (0.0..1.0).contains(&self.momentum) {
            return Ok(());
        }
        Err(DensityError::OutOfRange { name: "momentum", value: self.momentum, allowed: "0 ≤ μ < 1" })
    }

    /// g and the deviation of the gradient at places.
    fn gradients(&self, at: &[f64]) -> Result<(Vec<f64>, Vec<f64>), DensityError> {
        let mut deviations = vec![0.0; at.len()];
        let columns = self.sgd.columns(&super::sgd::block(at, 1))?;
        for (lane, deviation) in deviations.iter_mut().enumerate() {
            *deviation = columns.iter().map(|column| column[lane].powi(2)).sum::<f64>().sqrt();
        }
        Ok((self.sgd.gradients(at), deviations))
    }
}

struct Departure<'a> {
    step: &'a HeavyBallStep<'a>,
    places: &'a Axis,
    momenta: &'a Axis,
    outside: Outside,
}

impl Departure<'_> {
    fn row(&self, cell: usize, place: usize, momentum: usize) -> Result<Row, DensityError> {
        let (left, right) = (self.places.faces()[place], self.places.faces()[place + 1]);
        let (low, high) = (self.momenta.faces()[momentum], self.momenta.faces()[momentum + 1]);
        let (inertia, rate) = (self.step.momentum, self.step.sgd.learning_rate);
        let ends = [left, 0.5 * (left + right), right];
        let (gradients, deviations) = self.step.gradients(&ends)?;
        for (&gradient, &deviation) in gradients.iter().zip(&deviations) {
            if !(gradient.is_finite() && deviation.is_finite()) {
                return Err(DensityError::Step { cell, centre: gradient, scale: deviation });
            }
        }
        let widest = deviations.iter().copied().fold(0.0, f64::max);
        let slack = 12.0 * widest + (gradients[2] - gradients[0]).abs();
        let least = inertia * low + gradients.iter().copied().fold(f64::INFINITY, f64::min) - slack;
        let most = inertia * high + gradients.iter().copied().fold(f64::NEG_INFINITY, f64::max) + slack;
        let faces = self.momenta.faces();
        let last = self.momenta.cells();
        let first_cell = faces.partition_point(|&face| face <= least).clamp(1, last) - 1;
        let last_cell = faces.partition_point(|&face| face < most).clamp(first_cell + 1, last);

        let mut landing = Landing {
            axis: self.places,
            outside: self.outside,
            rows: vec![Window::default(); last],
            exit: 0.0,
            beyond: 0.0,
        };
        let narrowest = deviations.iter().copied().fold(f64::INFINITY, f64::min).max(f64::MIN_POSITIVE);
        let pieces = (2.0 * inertia * (high - low) / narrowest).ceil().clamp(1.0, 8.0) as usize;
        let mut momentum_nodes = Vec::new();
        gauss::average_coarsely(low, high, pieces, |m, weight| momentum_nodes.push((inertia * m, weight)));
        for target in first_cell..last_cell {
            let (from, to) = (faces[target], faces[target + 1]);
            let nodes = self.nodes(left, right, rate * from, rate * to);
            let at: Vec<f64> = nodes.iter().map(|node| node.0).collect();
            let (gradients, deviations) = self.step.gradients(&at)?;
            for ((&(theta, weight), &gradient), &deviation) in nodes.iter().zip(&gradients).zip(&deviations) {
                let deviation = deviation.max(f64::MIN_POSITIVE);
                for &(kept, share) in &momentum_nodes {
                    let tail = |m: f64| SymmetricLaw::Normal.tail((m - kept - gradient) / deviation);
                    landing.cut(target, theta, rate, [from, to], weight * share, &tail);
                    if target == 0 {
                        let (below, lower) = tail(from);
                        let mass = weight * share * if lower { below } else { 1.0 - below };
                        landing.beyond_momentum(0, theta - rate * from, mass);
                    }
                    if target + 1 == last {
                        let (above, lower) = tail(to);
                        let mass = weight * share * if lower { 1.0 - above } else { above };
                        landing.beyond_momentum(last - 1, theta - rate * to, mass);
                    }
                }
            }
        }
        Ok(landing.row(last))
    }

    /// Nodes of θ in a cell, between the places where a cut θ − ηm' = face enters or leaves a cell of m'.
    fn nodes(&self, left: f64, right: f64, near: f64, far: f64) -> Vec<(f64, f64)> {
        let faces = self.places.faces();
        let mut ends = vec![left, right];
        for shift in [near, far] {
            let first = faces.partition_point(|&face| face + shift <= left);
            let last = faces.partition_point(|&face| face + shift < right);
            ends.extend(faces[first..last].iter().map(|face| face + shift));
        }
        ends.sort_by(f64::total_cmp);
        let mut nodes = Vec::new();
        for pair in ends.windows(2) {
            let share = (pair[1] - pair[0]) / (right - left);
            if share > 0.0 {
                gauss::average_coarsely(pair[0], pair[1], 1, |theta, weight| {
                    nodes.push((theta, share * weight));
                });
            }
        }
        nodes
    }
}

/// The cells that a cell leads to, by cells of m'.
struct Landing<'a> {
    axis: &'a Axis,
    outside: Outside,
    rows: Vec<Window>,
    exit: f64,
    beyond: f64,
}

impl Landing<'_> {
    /// Divides the probability of m' between two faces among the cells of θ' = θ − ηm'.
    fn cut(
        &mut self,
        target: usize,
        theta: f64,
        rate: f64,
        [from, to]: [f64; 2],
        weight: f64,
        tail: &dyn Fn(f64) -> (f64, bool),
    ) {
        let faces = self.axis.faces();
        // m' rises while θ' falls.
        let upper = faces.partition_point(|&face| face < theta - rate * from);
        let lower = faces.partition_point(|&face| face <= theta - rate * to);
        let mut before = tail(from);
        for index in (lower..=upper).rev() {
            let after = if index == lower { tail(to) } else { tail((theta - faces[index - 1]) / rate) };
            self.put(target, index, weight * between(before, after));
            before = after;
        }
    }

    /// Adds mass below face `index` of θ and above the one before it.
    fn put(&mut self, target: usize, index: usize, mass: f64) {
        let cells = self.axis.cells();
        let outside = index == 0 || index > cells;
        if outside {
            self.beyond += mass;
        }
        if outside && self.outside == Outside::Lost {
            self.exit += mass;
            return;
        }
        let column = index.clamp(1, cells) - 1;
        let window = &mut self.rows[target];
        window.cover(column, column + 1);
        window.add(column, mass);
    }

    fn beyond_momentum(&mut self, target: usize, place: f64, mass: f64) {
        self.beyond += mass;
        match self.outside {
            Outside::Lost => self.exit += mass,
            Outside::Reflected => {
                let counted = self.beyond;
                let index = self.axis.faces().partition_point(|&face| face < place);
                self.put(target, index, mass);
                self.beyond = counted;
            }
        }
    }

    fn row(self, stride: usize) -> Row {
        let landings = self.rows.iter().enumerate().flat_map(|(target, window)| {
            let first = window.first;
            window
                .values
                .iter()
                .enumerate()
                .map(move |(index, &mass)| (((first + index) * stride + target) as u32, mass))
        });
        Row { landings: landings.collect(), exit: self.exit, beyond: self.beyond }
    }
}
