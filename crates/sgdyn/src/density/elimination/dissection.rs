//! The order of an elimination and the fronts it will have, found before anything large is allocated.

use super::cut::{Knife, Part};
use super::front::Stretch;
use super::pattern::Pattern;
use crate::density::{DensityError, Rates};

/// Sets of more states than this are worked on by two threads.
pub(super) const WORTH_THREADS: usize = 1 << 11;

/// The order in which the states of a chain are eliminated: nested dissection by their places (A. George, *SIAM J. Numer.
/// Anal.* 10, 345 (1973)).
///
/// The states are cut in two at the middle of their longest side; those on one side of the cut that have a rate from or to
/// the other separate the two, whatever the stencil and wherever the box is joined to itself. They are eliminated last,
/// each part before in the same way. On n cells, the elimination stores about 8 n log₂ n values in two dimensions and
/// takes of the order of n^1.5 operations; n^4/3 and n² in three.
///
/// One dissection serves all chains with rates at the same places, such as [`Rates::killed`] ones.
#[derive(Clone, Debug)]
pub struct Dissection {
    pub(super) pattern: Pattern,
    /// The states in the order of elimination.
    pub(super) order: Vec<u32>,
    /// The place of each state in that order.
    pub(super) positions: Vec<u32>,
    pub(super) root: Branch,
    dimension: usize,
}

/// A front to be, and those before it.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    /// The states of the whole branch: its children's, then its own pivots.
    pub(super) states: usize,
    /// The position of the first pivot.
    pub(super) first: usize,
    pub(super) pivots: usize,
    /// The positions, ascending, of the later states that the branch has rates from or to when its turn comes.
    pub(super) border: Vec<u32>,
    pub(super) children: Vec<Child>,
    /// Values that the factors of the whole branch hold.
    factors: usize,
    /// The most values that fronts in work and remainders hold at once, when both children run at the same time.
    active: usize,
}

/// A branch and where its border lies in its parent.
#[derive(Clone, Debug)]
pub(super) struct Child {
    pub(super) branch: Branch,
    pub(super) map: Vec<Stretch>,
}

impl Dissection {
    /// Finds an order and the fronts that follow from it.
    ///
    /// # Errors
    /// An empty chain, or one with more than 2³¹ rates.
    pub fn new(chain: &Rates) -> Result<Self, DensityError> {
        let allowed = "a chain of at least 1 state and at most 2³¹ rates";
        if chain.states() == 0 {
            return Err(DensityError::OutOfRange { name: "states", value: 0.0, allowed });
        }
        if chain.entries() > 1 << 31 || chain.states() > 1 << 31 {
            let value = chain.entries().max(chain.states()) as f64;
            return Err(DensityError::OutOfRange { name: "rates", value, allowed });
        }
        let pattern = Pattern::new(chain);
        let mut order: Vec<u32> = (0..chain.states() as u32).collect();
        let part = Knife::new(chain, &pattern).divide(&mut order, 0);
        let mut positions = vec![0; order.len()];
        for (position, &state) in order.iter().enumerate() {
            positions[state as usize] = position as u32;
        }
        let find = BranchFinder { chain, pattern: &pattern, order: &order, positions: &positions };
        let root = find.branch(&part, 0);
        let places = chain.places();
        let dimension =
            (0..3).filter(|&axis| places.iter().any(|place| place[axis] != places[0][axis])).count();
        Ok(Self { pattern, order, positions, root, dimension })
    }

    /// The number of states.
    pub fn states(&self) -> usize {
        self.order.len()
    }

    /// Whether a chain has rates between the same states as the one dissected.
    pub fn serves(&self, chain: &Rates) -> bool {
        self.pattern.is_of(chain)
    }

    /// The number of values that an elimination keeps.
    pub fn factor_values(&self) -> usize {
        self.root.factors
    }

    /// The most bytes that an elimination takes while it runs, the chain itself not counted.
    pub fn bytes_needed(&self) -> usize {
        8 * (self.root.factors + self.root.active)
            + self.pattern.bytes()
            + 8 * self.order.len()
            + self.root.bytes()
    }

    /// Refuses an elimination that would take more than `allowed_bytes`.
    ///
    /// # Errors
    /// [`DensityError::Memory`], with the number of cells that would fit in a box of the same shape.
    pub fn fit(&self, allowed_bytes: usize) -> Result<(), DensityError> {
        let (needed, cells) = (self.bytes_needed(), self.states());
        if needed <= allowed_bytes {
            return Ok(());
        }
        // Memory grows as n in one dimension, n log n in two, n^4/3 in three.
        let power = [1.0, 1.0, 0.9, 0.75][self.dimension];
        let fitting_cells = (cells as f64 * (allowed_bytes as f64 / needed as f64).powf(power)) as usize;
        Err(DensityError::Memory {
            what: "elimination",
            cells,
            needed_mebibytes: needed.div_ceil(1 << 20),
            allowed_mebibytes: allowed_bytes >> 20,
            fitting_cells,
        })
    }
}

impl Branch {
    /// The number of bytes that the tree itself takes.
    fn bytes(&self) -> usize {
        let children: usize = self
            .children
            .iter()
            .map(|child| child.branch.bytes() + size_of::<Child>() + size_of_val(child.map.as_slice()))
            .sum();
        4 * self.border.len() + children
    }

    /// Whether its children are worth a thread each.
    pub(super) fn forks(&self) -> bool {
        self.states > WORTH_THREADS && self.children.len() == 2
    }
}

struct BranchFinder<'a> {
    chain: &'a Rates,
    pattern: &'a Pattern,
    order: &'a [u32],
    positions: &'a [u32],
}

impl BranchFinder<'_> {
    fn branch(&self, part: &Part, begin: usize) -> Branch {
        let children: Vec<Branch> = match part.parts.as_deref() {
            None => Vec::new(),
            Some((left, right)) => {
                let (on_left, on_right) =
                    (|| self.branch(left, begin), || self.branch(right, begin + left.states));
                let (left, right) = if part.states > WORTH_THREADS {
                    rayon::join(on_left, on_right)
                } else {
                    (on_left(), on_right())
                };
                vec![left, right]
            }
        };
        let (end, pivots) = (begin + part.states, part.own);
        let mut border: Vec<u32> = Vec::new();
        for &state in &self.order[end - pivots..end] {
            let later = |&position: &u32| position as usize >= end;
            let neighbours = self.pattern.neighbours(self.chain, state);
            border.extend(neighbours.map(|other| self.positions[other as usize]).filter(later));
        }
        for child in &children {
            let first = child.border.partition_point(|&position| (position as usize) < end);
            border.extend(&child.border[first..]);
        }
        border.sort_unstable();
        border.dedup();
        let front = pivots * (pivots + 2 * border.len() + 1);
        let remainder = border.len() * (border.len() + 1);
        let left_by = |child: &Branch| child.border.len() * (child.border.len() + 1);
        let beside: usize = children.iter().map(left_by).sum::<usize>() + remainder;
        let active = beside.max(children.iter().map(|child| child.active).sum());
        let factors = front + children.iter().map(|child| child.factors).sum::<usize>();
        let place = |branch: Branch| {
            let map = stretches(&branch.border, end - pivots..end, &border);
            Child { branch, map }
        };
        let children = children.into_iter().map(place).collect();
        Branch { states: part.states, first: end - pivots, pivots, border, children, factors, active }
    }
}

/// Where the states of `child` lie among `pivots` and then `border`, by stretches.
fn stretches(child: &[u32], pivots: std::ops::Range<usize>, border: &[u32]) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    let mut next = 0;
    for (number, &position) in child.iter().enumerate() {
        let parent = if (position as usize) < pivots.end {
            position as usize - pivots.start
        } else {
            next += border[next..].partition_point(|&other| other < position);
            pivots.len() + next
        };
        match found.last_mut() {
            // A stretch ends where the border begins: pivots and border are stored apart.
            Some(last) if last.parent + last.length == parent && parent != pivots.len() => last.length += 1,
            _ => found.push(Stretch { child: number, parent, length: 1 }),
        }
    }
    found
}
