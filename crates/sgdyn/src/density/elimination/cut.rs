//! Nested dissection: which states are eliminated when, found from where they lie and what they lead to.

use std::sync::atomic::{AtomicU32, Ordering};

use super::pattern::Pattern;
use crate::density::Rates;

/// Sets of no more states than this are eliminated as they are.
const LEAF: usize = 32;
/// Sets of more states than this are divided by two threads.
const WORTH_THREADS: usize = 1 << 13;
/// The label of states that separate others.
const SEPARATES: u32 = u32::MAX;

/// A set of states, consecutive in the order of elimination: two parts without a rate between them, then the states that
/// separate them.
#[derive(Debug)]
pub(super) struct Part {
    /// None for a set that is not divided.
    pub(super) parts: Option<Box<(Part, Part)>>,
    /// The states that separate the parts, or all.
    pub(super) own: usize,
    /// The states of the set.
    pub(super) states: usize,
}

/// Cuts sets of states in two.
pub(super) struct Knife<'a> {
    chain: &'a Rates,
    pattern: &'a Pattern,
    /// Where the set in which a state is begins in the order of elimination. Threads write to their own sets only; the
    /// answer to "is it in my set?" does not depend on what others write meanwhile.
    labels: Vec<AtomicU32>,
}

impl<'a> Knife<'a> {
    pub(super) fn new(chain: &'a Rates, pattern: &'a Pattern) -> Self {
        Self { chain, pattern, labels: (0..chain.states()).map(|_| AtomicU32::new(0)).collect() }
    }

    fn label(&self, state: u32) -> u32 {
        self.labels[state as usize].load(Ordering::Relaxed)
    }

    fn relabel(&self, state: u32, label: u32) {
        self.labels[state as usize].store(label, Ordering::Relaxed);
    }

    /// Puts `states`, which begin at `first` in the order of elimination, into that order.
    pub(super) fn divide(&self, states: &mut [u32], first: u32) -> Part {
        let size = states.len();
        let cut = if size > LEAF { self.cut(states, first) } else { None };
        let Some((lower, upper)) = cut else { return Part { parts: None, own: size, states: size } };
        let (left, rest) = states.split_at_mut(lower);
        let right = &mut rest[..upper];
        let divide_left = |states: &mut [u32]| self.divide(states, first);
        let divide_right = |states: &mut [u32]| self.divide(states, first + lower as u32);
        let parts = if size > WORTH_THREADS {
            rayon::join(|| divide_left(left), || divide_right(right))
        } else {
            (divide_left(left), divide_right(right))
        };
        Part { parts: Some(Box::new(parts)), own: size - lower - upper, states: size }
    }

    /// Sorts the states into a lower part, an upper part and those of the upper that touch the lower; answers the sizes of
    /// the parts. Tries the longest axis first; none if every cut would leave most states between the parts.
    fn cut(&self, states: &mut [u32], first: u32) -> Option<(usize, usize)> {
        let places = self.chain.places();
        let (mut least, mut most) = ([u32::MAX; 3], [0; 3]);
        for &state in &*states {
            for ((least, most), &index) in least.iter_mut().zip(&mut most).zip(&places[state as usize]) {
                *least = index.min(*least);
                *most = index.max(*most);
            }
        }
        let mut axes = [0, 1, 2];
        axes.sort_by_key(|&axis: &usize| std::cmp::Reverse(most[axis] - least[axis]));
        for axis in axes.into_iter().filter(|&axis| most[axis] > least[axis]) {
            let index = |state: u32| places[state as usize][axis];
            let at = median(states, index, least[axis], most[axis]);
            let begin = first + states.iter().filter(|&&state| index(state) < at).count() as u32;
            for &state in states.iter().filter(|&&state| index(state) >= at) {
                self.relabel(state, begin);
            }
            let (mut lower, mut upper, mut between) =
                (Vec::with_capacity(states.len()), Vec::new(), Vec::new());
            for &state in &*states {
                if index(state) < at {
                    lower.push(state);
                } else if self.pattern.neighbours(self.chain, state).any(|other| self.label(other) == first) {
                    between.push(state);
                } else {
                    upper.push(state);
                }
            }
            if 2 * between.len() > states.len() {
                for &state in &*states {
                    self.relabel(state, first);
                }
                continue;
            }
            for &state in &between {
                self.relabel(state, SEPARATES);
            }
            let sizes = (lower.len(), upper.len());
            lower.extend(upper);
            lower.extend(between);
            states.copy_from_slice(&lower);
            return Some(sizes);
        }
        None
    }
}

/// The index above `least` that leaves the numbers of states below it and from it on most alike.
fn median(states: &[u32], index: impl Fn(u32) -> u32, least: u32, most: u32) -> u32 {
    let mut indices: Vec<u32> = states.iter().map(|&state| index(state)).collect();
    let middle = indices.len() / 2;
    let at = *indices.select_nth_unstable(middle).1;
    let below = indices.iter().filter(|&&index| index < at).count();
    let up_to = indices.iter().filter(|&&index| index <= at).count();
    if at == least || (at < most && up_to - middle < middle - below) { at + 1 } else { at }
}
