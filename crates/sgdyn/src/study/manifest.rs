//! What a run says about itself: version, machine, times, status.

use crate::lanes::simd_level;
use serde::{Deserialize, Serialize};
use std::time::{SystemTime, UNIX_EPOCH};

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is being worked on, or was when its process died.
    Running,
    /// All its tables are there.
    Finished,
    /// It was stopped, and can be resumed.
    Interrupted,
}

impl std::fmt::Display for Status {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Interrupted => "interrupted",
        })
    }
}

/// The machine that a run was made on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The model of the processor, or the architecture where the system does not tell.
    pub cpu: String,
    /// The number of cores that the process may use.
    pub cores: usize,
    /// The instruction set of the kernels.
    pub simd: String,
    /// The operating system.
    pub system: String,
}

impl Machine {
    /// The machine that this process runs on.
    pub fn here() -> Self {
        Self {
            cpu: processor().unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            simd: simd_level().name().to_owned(),
            system: std::env::consts::OS.to_owned(),
        }
    }
}

/// The content of `manifest.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of sgdyn; another version may give other bits.
    pub version: String,
    /// The name of the study.
    pub study: String,
    /// Its seed.
    pub seed: u64,
    /// The number of cells of its sweep.
    pub cells: usize,
    /// How far the run has come.
    pub status: Status,
    /// When it was first started, RFC 3339, UTC.
    pub started: String,
    /// When it was finished or last interrupted.
    pub finished: Option<String>,
    /// Seconds of work, over all resumptions.
    pub wall_seconds: f64,
    /// The number of threads of the last process that worked on it.
    pub threads: usize,
    /// The machine of that process.
    pub machine: Machine,
}

/// The time now, RFC 3339, UTC, in whole seconds.
pub(crate) fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |duration| duration.as_secs());
    timestamp(seconds)
}

/// Seconds since 1970 as a date and time, by Howard Hinnant's days-to-civil algorithm
/// (<https://howardhinnant.github.io/date_algorithms.html>).
fn timestamp(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, model)| model.trim().to_owned()).filter(|model| !model.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_agree_with_a_calendar() {
        // Values of `date -u -d @SECONDS +%FT%TZ` (GNU coreutils).
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_735_689_600, "2025-01-01T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(timestamp(seconds), expected);
        }
    }

    #[test]
    fn the_machine_is_described() {
        let machine = Machine::here();
        assert!(!machine.cpu.is_empty() && machine.cores >= 1);
        assert_eq!(machine.simd, simd_level().name());
    }
}
