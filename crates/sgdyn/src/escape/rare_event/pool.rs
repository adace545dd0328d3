//! The states at which paths passed an interface, from which the next stage starts.

use super::event::{Path, PathEnd, PathStart};
use crate::random::SequentialGenerator;

/// States above an interface; none for a path that reached the event without being seen above it.
pub(super) struct Pool<S>(Vec<Option<(S, f64)>>);

/// The starts of a stage.
pub(super) struct Trials<S> {
    /// Those that are to be run.
    pub starts: Vec<(S, f64)>,
    /// Those that reached the event already.
    pub reached: usize,
}

impl<S: Clone> Pool<S> {
    /// The states of starts.
    pub(super) fn of(starts: Vec<(S, f64)>) -> Self {
        Self(starts.into_iter().map(Some).collect())
    }

    /// The ends of paths that stopped above an interface or reached the event, with `reached` of an earlier stage.
    pub(super) fn of_ends(paths: &[Path<S>], reached: usize) -> Self {
        let state = |path: &Path<S>| match path.end {
            PathEnd::Above => Some(Some((path.last.clone(), path.highest))),
            PathEnd::Reached => Some(None),
            PathEnd::Failed | PathEnd::Diverged => None,
        };
        let mut states: Vec<Option<(S, f64)>> = paths.iter().filter_map(state).collect();
        states.resize(states.len() + reached, None);
        Self(states)
    }

    /// The first recorded states above `level` of paths that got there.
    pub(super) fn above(paths: &[Path<S>], reached: usize, level: f64) -> Self {
        let first = |path: &Path<S>| {
            let at = path.records.partition_point(|(record, _)| *record <= level);
            path.records.get(at).map(|(level, state)| (state.clone(), *level))
        };
        let mut states: Vec<Option<(S, f64)>> =
            paths.iter().filter(|path| path.highest > level).map(first).collect();
        states.resize(states.len() + reached, None);
        Self(states)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Draws with replacement.
    pub(super) fn draw(&self, count: usize, choices: &mut SequentialGenerator) -> Trials<S> {
        let mut trials = Trials { starts: Vec::with_capacity(count), reached: 0 };
        for _ in 0..count {
            match &self.0[choices.below(self.0.len() as u32) as usize] {
                Some(start) => trials.starts.push(start.clone()),
                None => trials.reached += 1,
            }
        }
        trials
    }
}

impl<S> Trials<S> {
    /// The trials as paths, with streams from `first` on.
    pub(super) fn paths(&self, first: u64) -> Vec<PathStart<'_, S>> {
        let numbered = (first..).zip(&self.starts);
        numbered.map(|(stream, (state, level))| PathStart { state, level: *level, stream }).collect()
    }
}
