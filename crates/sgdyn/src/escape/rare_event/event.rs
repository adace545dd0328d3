//! What a rare event is, and the paths that look for it.

use crate::random::{Purpose, Seed, SequentialGenerator};

/// What became of a path at a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Progress {
    /// It goes on; its level after the step.
    Level(f64),
    /// It came back: this path will not succeed.
    Failed,
    /// It reached the rare event.
    Reached,
}

/// A Markov chain that ends either in failure or in a rare event, with a level that grows towards the latter.
///
/// Estimates are unbiased for any level; their spread depends on it and is least for the committor. A level that jumps
/// over others in one step costs efficiency, not correctness.
pub trait RareEvent: Sync {
    /// A state.
    type State: Clone + Send + Sync;
    /// The state at the start, and its level.
    fn start(&self, generator: &mut SequentialGenerator) -> (Self::State, f64);
    /// Advances by one step.
    fn step(&self, state: &mut Self::State, generator: &mut SequentialGenerator) -> Progress;
}

/// How a path ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathEnd {
    /// In failure.
    Failed,
    /// In the event.
    Reached,
    /// Above the level at which it was to stop.
    Above,
    /// Nowhere: its state is no longer finite, which counts as failure.
    Diverged,
}

/// A path that is to be run.
#[derive(Clone, Copy, Debug)]
pub struct PathStart<'a, S> {
    /// Where it starts.
    pub state: &'a S,
    /// The level there.
    pub level: f64,
    /// The stream of its noise, below 2⁴⁰; each path of a run has its own.
    pub stream: u64,
}

/// What is asked of paths.
#[derive(Clone, Copy, Debug)]
pub struct PathRequest {
    /// The seed of the run.
    pub seed: Seed,
    /// Paths stop above this level; infinite where they are to end by themselves.
    pub until: f64,
    /// Whether the states at which a path was higher than ever before are kept.
    pub record: bool,
    /// The most steps of all paths together.
    pub most_steps: u64,
}

/// A path that was run.
#[derive(Clone, Debug)]
pub struct Path<S> {
    /// The states at which its level was higher than ever before, the start first, where they are recorded.
    pub records: Vec<(f64, S)>,
    /// Its last state.
    pub last: S,
    /// Its highest level, infinite once the event was reached.
    pub highest: f64,
    /// How it ended.
    pub end: PathEnd,
    /// Its steps.
    pub steps: u64,
}

/// Whatever runs the paths of a rare event, many at a time; every [`RareEvent`] does.
pub trait PathSource: Sync {
    /// A state, with all that a path remembers.
    type State: Clone + Send + Sync;
    /// The start of the path with noise `stream`, and its level.
    fn start(&self, seed: Seed, stream: u64) -> (Self::State, f64);
    /// Runs paths independently of each other, in the order given; `None` where together they take more steps than
    /// [`PathRequest::most_steps`].
    fn run(
        &self,
        starts: &[PathStart<'_, Self::State>],
        request: &PathRequest,
    ) -> Option<Vec<Path<Self::State>>>;
}

impl<E: RareEvent> PathSource for E {
    type State = E::State;

    fn start(&self, seed: Seed, stream: u64) -> (E::State, f64) {
        RareEvent::start(self, &mut SequentialGenerator::new(seed, stream, 0, Purpose::PathStart))
    }

    fn run(&self, starts: &[PathStart<'_, E::State>], request: &PathRequest) -> Option<Vec<Path<E::State>>> {
        let mut left = request.most_steps;
        let mut one = |start: &PathStart<'_, E::State>| {
            let mut generator = SequentialGenerator::new(request.seed, start.stream, 0, Purpose::PathNoise);
            let mut path = Path::begin(start, request);
            while path.end.is_none() {
                left = left.checked_sub(1)?;
                let progress = self.step(&mut path.state, &mut generator);
                path.after(progress, request, E::State::clone);
            }
            Some(path.finish())
        };
        starts.iter().map(&mut one).collect()
    }
}

/// A path on its way, whose state lies elsewhere or in `state`.
pub(super) struct Travel<S, At = S> {
    pub state: At,
    records: Vec<(f64, S)>,
    highest: f64,
    pub end: Option<PathEnd>,
    pub steps: u64,
}

impl<S: Clone> Path<S> {
    fn begin(start: &PathStart<'_, S>, request: &PathRequest) -> Travel<S> {
        Travel::new(start.state.clone(), start.state, start.level, request)
    }
}

impl<S: Clone, At> Travel<S, At> {
    pub(super) fn new(at: At, state: &S, level: f64, request: &PathRequest) -> Self {
        let records = if request.record { vec![(level, state.clone())] } else { Vec::new() };
        let end = (level > request.until).then_some(PathEnd::Above);
        Self { state: at, records, highest: level, end, steps: 0 }
    }

    /// Takes note of a step; `copy` gives the state where it is to be recorded.
    pub(super) fn after(&mut self, progress: Progress, request: &PathRequest, copy: impl FnOnce(&At) -> S) {
        self.steps += 1;
        match progress {
            Progress::Failed => self.end = Some(PathEnd::Failed),
            Progress::Reached => {
                self.end = Some(PathEnd::Reached);
                self.highest = f64::INFINITY;
            }
            Progress::Level(level) if level.is_nan() => self.end = Some(PathEnd::Diverged),
            Progress::Level(level) if level > self.highest => {
                self.highest = level;
                if request.record {
                    self.records.push((level, copy(&self.state)));
                }
                if level > request.until {
                    self.end = Some(PathEnd::Above);
                }
            }
            Progress::Level(_) => {}
        }
    }

    pub(super) fn finish_at(self, last: S) -> Path<S> {
        let end = self.end.unwrap_or(PathEnd::Diverged);
        Path { records: self.records, last, highest: self.highest, end, steps: self.steps }
    }
}

impl<S: Clone> Travel<S> {
    fn finish(self) -> Path<S> {
        let end = self.end.unwrap_or(PathEnd::Diverged);
        Path { records: self.records, last: self.state, highest: self.highest, end, steps: self.steps }
    }
}
