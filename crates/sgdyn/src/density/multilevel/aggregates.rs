//! Aggregates: which states move together on the next level.

use super::matrix::Conductances;

/// Which aggregate each state belongs to; `u32::MAX` where a state is left to the smoother.
#[derive(Clone, Debug)]
pub(super) struct Aggregates {
    pub(super) of: Vec<u32>,
    pub(super) members: Vec<Vec<u32>>,
}

/// The bound on the quality of a pair: about the condition number that the pair may cost (Napov and Notay take 8).
const QUALITY: f64 = 8.0;
/// States whose excess exceeds this many times their conductances are left to the smoother.
const DOMINANT: f64 = 5.0;

impl Aggregates {
    /// Aggregates of up to `2^passes` states by repeated pairing (Y. Notay, *SIAM J. Sci. Comput.* 34, A2288 (2012)):
    /// `symmetric` must be so. Where hardly
    /// a pair is good enough the best ones are taken all the same: the chain has to become small.
    pub(super) fn pairwise(symmetric: &Conductances, passes: usize) -> Self {
        let good = Self::repeated(symmetric, passes, QUALITY);
        if good.members.len() * 4 <= symmetric.states() * 3 {
            return good;
        }
        Self::repeated(symmetric, passes, f64::INFINITY)
    }

    fn repeated(symmetric: &Conductances, passes: usize, bound: f64) -> Self {
        let mut of = Self::pairs(symmetric, true, bound);
        let mut coarse = symmetric.aggregated(&of.of, &of.members);
        for pass in 1..passes {
            let next = Self::pairs(&coarse, false, bound);
            if pass + 1 < passes {
                coarse = coarse.aggregated(&next.of, &next.members);
            }
            of = of.merged(&next);
        }
        of
    }

    fn merged(&self, next: &Self) -> Self {
        let of = self
            .of
            .iter()
            .map(|&pair| if pair == u32::MAX { pair } else { next.of[pair as usize] })
            .collect();
        let members = next
            .members
            .iter()
            .map(|pairs| pairs.iter().flat_map(|&pair| self.members[pair as usize].clone()).collect())
            .collect();
        Self { of, members }
    }

    /// Pairs each state with the free neighbour of best quality
    /// `2 (1/a_ii + 1/a_jj)⁻¹ / (c_ij + (1/k_i + 1/k_j)⁻¹)`,
    /// the condition number of the pair against its diagonal; alone where that reaches `bound`.
    fn pairs(matrix: &Conductances, leave_out: bool, bound: f64) -> Self {
        const FREE: u32 = u32::MAX - 1;
        let (excess, diagonal) = (matrix.excess(), matrix.diagonal());
        let mut of = vec![FREE; matrix.states()];
        let mut members: Vec<Vec<u32>> = Vec::with_capacity(matrix.states() / 2 + 1);
        if leave_out {
            for (state, aggregate) in of.iter_mut().enumerate() {
                if excess[state] > DOMINANT * (diagonal[state] - excess[state]) {
                    *aggregate = u32::MAX;
                }
            }
        }
        for state in 0..matrix.states() {
            if of[state] != FREE {
                continue;
            }
            let (targets, values) = matrix.row(state);
            let mut best = (bound, None);
            for (&target, &value) in targets.iter().zip(values) {
                let other = target as usize;
                if of[other] != FREE {
                    continue;
                }
                let smoothed = 2.0 * harmonic(diagonal[state], diagonal[other]);
                let quality = smoothed / (value + harmonic(excess[state], excess[other]));
                if quality < best.0 {
                    best = (quality, Some(other));
                }
            }
            let aggregate = members.len() as u32;
            of[state] = aggregate;
            let mut pair = vec![state as u32];
            if let Some(other) = best.1 {
                of[other] = aggregate;
                pair.push(other as u32);
            }
            members.push(pair);
        }
        Self { of, members }
    }
}

/// `(1/a + 1/b)⁻¹`.
fn harmonic(a: f64, b: f64) -> f64 {
    let sum = a + b;
    if sum > 0.0 { a / sum * b } else { 0.0 }
}
