//! What statistics refuse, with the value and the remedy.

/// A statistic cannot be computed from what was given.
#[derive(Debug, thiserror::Error, Clone, PartialEq)]
pub enum StatisticsError {
    /// Fewer data than the statistic needs.
    #[error("{what} needs at least {needed} values, got {got}: collect more")]
    TooFew {
        /// The statistic.
        what: &'static str,
        /// The smallest number that works.
        needed: usize,
        /// What was given.
        got: usize,
    },
    /// A number lies outside its range.
    #[error("{name} = {value} is out of range: give {allowed}")]
    OutOfRange {
        /// The argument.
        name: &'static str,
        /// The offending value.
        value: f64,
        /// The allowed range, in words.
        allowed: &'static str,
    },
    /// A datum is out of range.
    #[error("{name}[{index}] = {value} is out of range: give {allowed}")]
    BadDatum {
        /// The array.
        name: &'static str,
        /// The position of the offending value.
        index: usize,
        /// The offending value.
        value: f64,
        /// The allowed range, in words.
        allowed: &'static str,
    },
    /// Two arrays must have one length.
    #[error("{first} has {first_length} values, {second} has {second_length}: give one of each per datum")]
    LengthMismatch {
        /// The first array.
        first: &'static str,
        /// Its length.
        first_length: usize,
        /// The second array.
        second: &'static str,
        /// Its length.
        second_length: usize,
    },
    /// All abscissas coincide, so no slope exists.
    #[error("all x equal {x}: a slope needs at least two distinct x")]
    NoSpread {
        /// The common abscissa.
        x: f64,
    },
}

/// Refuses a confidence level outside (0, 1).
pub(super) fn check_confidence(confidence: f64) -> Result<(), StatisticsError> {
    if confidence > 0.0 && confidence < 1.0 {
        return Ok(());
    }
    Err(StatisticsError::OutOfRange {
        name: "confidence",
        value: confidence,
        allowed: "a number between 0 and 1, both excluded, such as 0.95",
    })
}

/// Refuses NaN and infinite data.
pub(super) fn check_finite(name: &'static str, values: &[f64]) -> Result<(), StatisticsError> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => {
            Err(StatisticsError::BadDatum { name, index, value: values[index], allowed: "finite numbers" })
        }
    }
}

/// Refuses samples smaller than `needed`.
pub(super) fn check_count(what: &'static str, needed: usize, got: usize) -> Result<(), StatisticsError> {
    if got >= needed { Ok(()) } else { Err(StatisticsError::TooFew { what, needed, got }) }
}
