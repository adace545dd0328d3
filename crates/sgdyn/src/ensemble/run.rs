//! The scheduler: units over threads, progress, checkpoints, a clean stop.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{LEAF, Merge, MergeTree};

/// How replicas are grouped into units of work; no choice here changes a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Units {
    /// The number of replicas of the ensemble.
    pub replicas: u64,
    /// A unit holds `LEAF · 2^level` replicas.
    pub level: u32,
}

impl Units {
    /// Units of at least `smallest` replicas (rounded up to a power of two of leaves).
    pub fn new(replicas: u64, smallest: u64) -> Self {
        let mut level = 0;
        while LEAF << level < smallest.min(replicas) {
            level += 1;
        }
        Self { replicas, level }
    }

    /// The replicas of a full unit.
    pub fn size(self) -> u64 {
        LEAF << self.level
    }

    /// The number of units.
    pub fn count(self) -> u64 {
        self.replicas.div_ceil(self.size())
    }

    /// The replicas of unit `index`.
    pub fn range(self, index: u64) -> std::ops::Range<u64> {
        let first = index * self.size();
        first..(first + self.size()).min(self.replicas)
    }
}

/// What is done with one unit of replicas.
pub trait UnitProgram: Sync {
    /// A unit in flight, as it is saved between steps.
    type State: Serialize + DeserializeOwned + Send;
    /// What a finished unit gives.
    type Summary: Merge + Serialize + DeserializeOwned + Send;

    /// A unit that has not begun.
    fn begin(&self, replicas: std::ops::Range<u64>) -> Self::State;
    /// Advances a unit until it is finished, or `None` where `control` asked it to stop; then `state` is up to date.
    fn advance(&self, state: &mut Self::State, control: &Control<'_>) -> Option<Self::Summary>;
}

/// What a unit asks while it runs.
pub struct Control<'a> {
    plan: &'a Plan<'a>,
    progress: &'a AtomicU64,
    failed: &'a AtomicBool,
    due: Mutex<Instant>,
}

impl Control<'_> {
    /// Reports work done (in steps of replicas) and says whether to go on.
    pub fn report(&self, steps: u64) -> bool {
        let done = self.progress.fetch_add(steps, Ordering::Relaxed) + steps;
        if let Some(progress) = self.plan.progress {
            progress(done);
        }
        !self.plan.stop.load(Ordering::Relaxed) && !self.failed.load(Ordering::Relaxed) && !self.is_due()
    }

    /// Whether it is time to save a unit in flight.
    fn is_due(&self) -> bool {
        self.due.lock().map_or(true, |due| Instant::now() >= *due)
    }
}

/// How to run.
pub struct Plan<'a> {
    /// The number of threads.
    pub threads: usize,
    /// Set to end cleanly.
    pub stop: &'a AtomicBool,
    /// Called with the work done so far, from any thread, often.
    pub progress: Option<&'a (dyn Fn(u64) + Sync)>,
    /// Where finished work is kept.
    pub store: Option<&'a dyn Store>,
    /// How often it is kept.
    pub save_every: Duration,
}

/// A place for checkpoints: named pieces of bytes that are replaced as a whole.
pub trait Store: Sync {
    /// Saves a piece so that after a crash the old or the new one is there.
    ///
    /// # Errors
    /// What the medium says.
    fn save(&self, name: &str, bytes: &[u8]) -> std::io::Result<()>;
    /// The piece called `name`, if it was saved.
    ///
    /// # Errors
    /// What the medium says.
    fn load(&self, name: &str) -> std::io::Result<Option<Vec<u8>>>;
    /// Forgets a piece.
    ///
    /// # Errors
    /// What the medium says.
    fn remove(&self, name: &str) -> std::io::Result<()>;
}

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<BTreeMap<String, Vec<u8>>>);

impl Store for MemoryStore {
    fn save(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        if let Ok(mut pieces) = self.0.lock() {
            pieces.insert(name.to_owned(), bytes.to_vec());
        }
        Ok(())
    }
    fn load(&self, name: &str) -> std::io::Result<Option<Vec<u8>>> {
        Ok(self.0.lock().ok().and_then(|pieces| pieces.get(name).cloned()))
    }
    fn remove(&self, name: &str) -> std::io::Result<()> {
        if let Ok(mut pieces) = self.0.lock() {
            pieces.remove(name);
        }
        Ok(())
    }
}

/// A run that could not go on; what was finished stays in the store.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A checkpoint could not be written or read.
    #[error("cannot {action} checkpoint `{name}`: {source}")]
    Store {
        /// What was tried.
        action: &'static str,
        /// Which piece.
        name: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A checkpoint is not what this study writes.
    #[error(
        "checkpoint `{name}` cannot be read ({reason}): it is damaged or from another version; remove it to start this cell anew"
    )]
    Damaged {
        /// Which piece.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The threads could not be started.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// How many.
        threads: usize,
        /// Why not.
        reason: String,
    },
}

/// How a run ended.
#[derive(Debug)]
pub enum Outcome<S> {
    /// All units are in.
    Finished(S),
    /// Stopped on request; what is finished is in the store. The count of finished replicas.
    Stopped(u64),
}

#[derive(Serialize, Deserialize)]
#[serde(bound(serialize = "S: Serialize", deserialize = "S: DeserializeOwned"))]
struct Finished<S> {
    units: Grouping,
    done: Vec<(u64, u64)>,
    tree: MergeTree<S>,
}

/// `Units` as saved: a resumed run keeps the grouping it began with.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Grouping {
    replicas: u64,
    level: u32,
}

impl<S> Finished<S> {
    fn is_done(&self, unit: u64) -> bool {
        let after = self.done.partition_point(|range| range.0 <= unit);
        after > 0 && unit < self.done[after - 1].1
    }

    /// Marks a unit, keeping the list of ranges sorted and joined.
    fn mark(&mut self, unit: u64) {
        let at = self.done.partition_point(|range| range.0 <= unit);
        self.done.insert(at, (unit, unit + 1));
        if at + 1 < self.done.len() && self.done[at].1 == self.done[at + 1].0 {
            self.done[at].1 = self.done.remove(at + 1).1;
        }
        if at > 0 && self.done[at - 1].1 == self.done[at].0 {
            self.done[at - 1].1 = self.done.remove(at).1;
        }
    }

    fn finished_units(&self) -> u64 {
        self.done.iter().map(|range| range.1 - range.0).sum()
    }
}

/// What is finished, and which units are not yet on record as such.
struct Kept<S> {
    finished: Finished<S>,
    saved: Instant,
    unsaved: Vec<u64>,
}

impl<S: Serialize> Kept<S> {
    /// Puts all that is finished on record; only then are the checkpoints of its units of no more use.
    fn save(&mut self, plan: &Plan<'_>) -> Result<(), Failure> {
        save(plan, FINISHED, &self.finished)?;
        self.saved = Instant::now();
        for unit in self.unsaved.drain(..) {
            if let Some(store) = plan.store {
                // Left behind it would only be skipped on resume.
                let _ = store.remove(&unit_name(unit));
            }
        }
        Ok(())
    }
}

const FINISHED: &str = "finished";

fn unit_name(unit: u64) -> String {
    format!("unit-{unit}")
}

/// Runs `program` on all units. Results are the same for every number of threads, grouping, stop and resume.
///
/// # Errors
/// [`Failure`] if a checkpoint cannot be kept or read.
pub fn run<P: UnitProgram>(
    program: &P,
    units: Units,
    plan: &Plan<'_>,
) -> Result<Outcome<P::Summary>, Failure> {
    let finished: Finished<P::Summary> = match load(plan, FINISHED)? {
        Some(finished) => finished,
        None => Finished {
            units: Grouping { replicas: units.replicas, level: units.level },
            done: Vec::new(),
            tree: MergeTree::default(),
        },
    };
    if finished.units.replicas != units.replicas {
        let reason = format!("it is for {} replicas, not {}", finished.units.replicas, units.replicas);
        return Err(Failure::Damaged { name: FINISHED.to_owned(), reason });
    }
    let units = Units { replicas: units.replicas, level: finished.units.level };
    let progress = AtomicU64::new(0);
    let next = AtomicU64::new(0);
    let failed = AtomicBool::new(false);
    let shared = Mutex::new(Kept { finished, saved: Instant::now(), unsaved: Vec::new() });
    let failure = Mutex::new(None);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(plan.threads)
        .build()
        .map_err(|error| Failure::Threads { threads: plan.threads, reason: error.to_string() })?;
    pool.broadcast(|_| {
        let work = || -> Result<(), Failure> {
            loop {
                let unit = next.fetch_add(1, Ordering::Relaxed);
                if unit >= units.count()
                    || plan.stop.load(Ordering::Relaxed)
                    || failed.load(Ordering::Relaxed)
                {
                    return Ok(());
                }
                if lock(&shared).finished.is_done(unit) {
                    continue;
                }
                let Some(summary) = advance_unit(program, units, unit, plan, &progress, &failed)? else {
                    return Ok(());
                };
                let mut kept = lock(&shared);
                kept.finished.tree.insert(units.level, unit, summary);
                kept.finished.mark(unit);
                kept.unsaved.push(unit);
                if kept.saved.elapsed() >= plan.save_every {
                    kept.save(plan)?;
                }
            }
        };
        if let Err(error) = work() {
            failed.store(true, Ordering::Relaxed);
            lock(&failure).get_or_insert(error);
        }
    });
    let mut kept = shared.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let saved = kept.save(plan);
    if let Some(error) = lock(&failure).take() {
        return Err(error);
    }
    saved?;
    let finished = kept.finished;
    if finished.finished_units() == units.count() {
        return Ok(match finished.tree.root() {
            Some(summary) => Outcome::Finished(summary),
            None => Outcome::Stopped(0),
        });
    }
    Ok(Outcome::Stopped((finished.finished_units() * units.size()).min(units.replicas)))
}

/// One unit from its beginning or its checkpoint; `None` if it was told to stop.
fn advance_unit<P: UnitProgram>(
    program: &P,
    units: Units,
    unit: u64,
    plan: &Plan<'_>,
    progress: &AtomicU64,
    failed: &AtomicBool,
) -> Result<Option<P::Summary>, Failure> {
    let name = unit_name(unit);
    let mut state = match load(plan, &name)? {
        Some(state) => state,
        None => program.begin(units.range(unit)),
    };
    let control = Control { plan, progress, failed, due: Mutex::new(Instant::now() + plan.save_every) };
    loop {
        if let Some(summary) = program.advance(&mut state, &control) {
            return Ok(Some(summary));
        }
        save(plan, &name, &state)?;
        if plan.stop.load(Ordering::Relaxed) || failed.load(Ordering::Relaxed) {
            return Ok(None);
        }
        *lock(&control.due) = Instant::now() + plan.save_every;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn load<T: DeserializeOwned>(plan: &Plan<'_>, name: &str) -> Result<Option<T>, Failure> {
    let Some(store) = plan.store else { return Ok(None) };
    let bytes = store.load(name).map_err(|source| Failure::Store {
        action: "read",
        name: name.to_owned(),
        source,
    })?;
    bytes
        .map(|bytes| {
            postcard::from_bytes(&bytes)
                .map_err(|error| Failure::Damaged { name: name.to_owned(), reason: error.to_string() })
        })
        .transpose()
}

fn save<T: Serialize>(plan: &Plan<'_>, name: &str, value: &T) -> Result<(), Failure> {
    let Some(store) = plan.store else { return Ok(()) };
    let bytes = postcard::to_stdvec(value)
        .map_err(|error| Failure::Damaged { name: name.to_owned(), reason: error.to_string() })?;
    store.save(name, &bytes).map_err(|source| Failure::Store {
        action: "save",
        name: name.to_owned(),
        source,
    })
}
