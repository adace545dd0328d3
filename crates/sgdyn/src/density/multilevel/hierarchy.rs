//! Levels of ever coarser chains, and the cycle through them.

use super::super::{DenseElimination, DensityError, RatesBuilder, Resolvent};
use super::aggregates::Aggregates;
use super::matrix::Conductances;
use super::vectors::{add_scaled, dot, scale};

/// Chains this small are eliminated.
pub(super) const COARSEST: usize = 300;
/// A second inner step is taken where the first left more than this of the residual.
const INNER_REDUCTION: f64 = 0.25;

#[derive(Debug)]
struct Level {
    matrix: Conductances,
    /// Absent where the matrix is symmetric.
    transposed: Option<Conductances>,
    aggregates: Aggregates,
}

/// Which of the two systems is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// With the matrix.
    Backward,
    /// With its transpose.
    Forward,
}

/// A multigrid preconditioner: aggregation with constants, one Gauss–Seidel sweep before and one after, K-cycles
/// (Y. Notay, *Electron. Trans. Numer. Anal.* 37, 123 (2010)), elimination without subtractions at the end.
#[derive(Debug)]
pub(super) struct Hierarchy {
    levels: Vec<Level>,
    coarsest: Coarsest,
}

#[derive(Debug)]
struct Coarsest {
    elimination: DenseElimination,
    states: usize,
}

impl Hierarchy {
    /// Coarsens `matrix`, which must have some excess, until it can be eliminated.
    pub(super) fn new(matrix: Conductances, symmetric: bool) -> Result<Self, DensityError> {
        let mut levels = Vec::new();
        let mut matrix = matrix;
        let mut transposed = (!symmetric).then(|| matrix.transposed());
        while matrix.states() > COARSEST {
            let aggregates = match &transposed {
                None => Aggregates::pairwise(&matrix, 2),
                Some(other) => Aggregates::pairwise(&matrix.symmetric_part(other), 2),
            };
            let coarse = matrix.aggregated(&aggregates.of, &aggregates.members);
            if coarse.states() * 10 > matrix.states() * 9 {
                return Err(DensityError::NotConverged {
                    what: "coarsening of the chain",
                    reached: coarse.states() as f64 / matrix.states() as f64,
                    iterations: levels.len(),
                    remedy: "use a direct solver, or a grid of more even cells",
                });
            }
            let coarse_transposed =
                transposed.as_ref().map(|other| other.aggregated(&aggregates.of, &aggregates.members));
            levels.push(Level { matrix, transposed, aggregates });
            (matrix, transposed) = (coarse, coarse_transposed);
        }
        let coarsest = Coarsest::new(&matrix)?;
        Ok(Self { levels, coarsest })
    }

    pub(super) fn sizes(&self) -> Vec<usize> {
        self.levels.iter().map(|level| level.matrix.states()).chain([self.coarsest.states]).collect()
    }

    fn matrix(&self, level: usize, side: Side) -> &Conductances {
        let level = &self.levels[level];
        match (side, &level.transposed) {
            (Side::Forward, Some(transposed)) => transposed,
            _ => &level.matrix,
        }
    }

    /// The matrix of the finest level, if it is not eliminated at once.
    pub(super) fn finest(&self, side: Side) -> Option<&Conductances> {
        (!self.levels.is_empty()).then(|| self.matrix(0, side))
    }

    /// Writes an approximate solution from zero: one cycle.
    pub(super) fn precondition(&self, side: Side, right: &[f64], x: &mut [f64]) -> Result<(), DensityError> {
        self.cycle(0, side, right, x)
    }

    fn cycle(&self, number: usize, side: Side, right: &[f64], x: &mut [f64]) -> Result<(), DensityError> {
        let Some(level) = self.levels.get(number) else {
            return self.coarsest.solve(side, right, x);
        };
        let matrix = self.matrix(number, side);
        matrix.sweep_forward(right, x);
        let mut residual = vec![0.0; x.len()];
        matrix.residual(right, x, &mut residual);
        let members = &level.aggregates.members;
        let coarse_right: Vec<f64> = members
            .iter()
            .map(|members| members.iter().map(|&member| residual[member as usize]).sum())
            .collect();
        let mut coarse = vec![0.0; members.len()];
        self.inner_steps(number + 1, side, coarse_right, &mut coarse)?;
        for (value, &aggregate) in x.iter_mut().zip(&level.aggregates.of) {
            if aggregate != u32::MAX {
                *value += coarse[aggregate as usize];
            }
        }
        matrix.residual(right, x, &mut residual);
        matrix.sweep_backward(&mut residual, x);
        Ok(())
    }

    /// One or two steps of the Galerkin iteration on a coarse level, preconditioned by its own cycle.
    fn inner_steps(
        &self,
        number: usize,
        side: Side,
        mut right: Vec<f64>,
        x: &mut [f64],
    ) -> Result<(), DensityError> {
        self.cycle(number, side, &right, x)?;
        if number >= self.levels.len() {
            return Ok(());
        }
        let matrix = self.matrix(number, side);
        let mut image = vec![0.0; x.len()];
        matrix.apply(x, &mut image);
        let (energy, load) = (dot(x, &image), dot(x, &right));
        let start = dot(&right, &right);
        if !(energy > 0.0 && load.is_finite()) {
            return Ok(());
        }
        let first = load / energy;
        add_scaled(-first, &image, &mut right);
        if dot(&right, &right) <= INNER_REDUCTION * INNER_REDUCTION * start {
            scale(first, x);
            return Ok(());
        }
        let mut second = vec![0.0; x.len()];
        self.cycle(number, side, &right, &mut second)?;
        let mut second_image = vec![0.0; x.len()];
        matrix.apply(&second, &mut second_image);
        let overlap = dot(x, &second_image) / energy;
        add_scaled(-overlap, x, &mut second);
        add_scaled(-overlap, &image, &mut second_image);
        let second_energy = dot(&second, &second_image);
        let step = dot(&second, &right) / second_energy;
        let step = if second_energy > 0.0 && step.is_finite() { step } else { 0.0 };
        scale(first, x);
        add_scaled(step, &second, x);
        Ok(())
    }
}

impl Coarsest {
    fn new(matrix: &Conductances) -> Result<Self, DensityError> {
        let mut builder = RatesBuilder::new();
        for state in 0..matrix.states() {
            let (targets, values) = matrix.row(state);
            targets.iter().zip(values).for_each(|(&target, &value)| builder.rate(target as usize, value));
            builder.exit(matrix.excess()[state]);
            builder.finish_state([0; 3]);
        }
        Ok(Self { elimination: DenseElimination::new(&builder.finish()?)?, states: matrix.states() })
    }

    fn solve(&self, side: Side, right: &[f64], x: &mut [f64]) -> Result<(), DensityError> {
        match side {
            Side::Backward => self.elimination.backward(right, x),
            Side::Forward => self.elimination.forward(right, x),
        }
    }
}
