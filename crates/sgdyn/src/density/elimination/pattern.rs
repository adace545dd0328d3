//! Which states lead to a state: the transposed pattern of a chain.

use crate::density::Rates;

/// For each state the states that lead to it, and where their rates stand.
#[derive(Clone, Debug)]
pub(in crate::density) struct Pattern {
    starts: Vec<u32>,
    /// The state that leads here and the number of the rate in its row.
    sources: Vec<(u32, u32)>,
}

impl Pattern {
    pub(in crate::density) fn new(chain: &Rates) -> Self {
        let states = chain.states();
        let mut starts = vec![0_u32; states + 2];
        for state in 0..states {
            for &target in chain.row(state).0 {
                starts[target as usize + 2] += 1;
            }
        }
        for state in 2..starts.len() {
            starts[state] += starts[state - 1];
        }
        let mut sources = vec![(0, 0); chain.entries()];
        for state in 0..states {
            for (slot, &target) in chain.row(state).0.iter().enumerate() {
                let next = &mut starts[target as usize + 1];
                sources[*next as usize] = (state as u32, slot as u32);
                *next += 1;
            }
        }
        starts.pop();
        Self { starts, sources }
    }

    /// Whether it is the pattern of a chain.
    pub(in crate::density) fn is_of(&self, chain: &Rates) -> bool {
        let states = self.starts.len() - 1;
        let stands = |state: u32, &(source, slot): &(u32, u32)| {
            chain.row(source as usize).0.get(slot as usize) == Some(&state)
        };
        chain.states() == states
            && chain.entries() == self.sources.len()
            && (0..states as u32).all(|state| self.sources(state).iter().all(|entry| stands(state, entry)))
    }

    /// The states that lead to a state, and the numbers of the rates in their rows.
    pub(in crate::density) fn sources(&self, state: u32) -> &[(u32, u32)] {
        &self.sources[self.starts[state as usize] as usize..self.starts[state as usize + 1] as usize]
    }

    /// The states that a state leads to, and those that lead to it; some come twice.
    pub(in crate::density) fn neighbours<'a>(
        &'a self,
        chain: &'a Rates,
        state: u32,
    ) -> impl Iterator<Item = u32> + 'a {
        let targets = chain.row(state as usize).0.iter().copied();
        targets.chain(self.sources(state).iter().map(|&(source, _)| source))
    }

    pub(in crate::density) fn bytes(&self) -> usize {
        4 * self.starts.len() + 8 * self.sources.len()
    }
}
