//! A number with its standard error and the number of independent data behind it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An estimate: no Monte Carlo number leaves the library without its standard error.
///
/// It prints in the metrologists' concise form: two digits of the standard error (one if it starts with 3 or
/// more), in units of the last printed place of the value.
/// ```
/// use sgdyn::statistics::Estimate;
/// assert_eq!(Estimate { value: 1.23361, stderr: 0.00512, n: 100 }.to_string(), "1.234(5)");
/// assert_eq!(Estimate { value: -0.5, stderr: 0.0123, n: 9 }.to_string(), "-0.500(12)");
/// assert_eq!(Estimate { value: 2.4e9, stderr: 3.1e7, n: 9 }.to_string(), "2.40(3)e9");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The estimate, in the unit of what is estimated.
    pub value: f64,
    /// Its standard error, in the same unit; NaN when the data do not determine one.
    pub stderr: f64,
    /// The number of independent data.
    pub n: u64,
}

impl Estimate {
    /// A number known without sampling: standard error 0.
    pub fn exact(value: f64) -> Self {
        Self { value, stderr: 0.0, n: 0 }
    }

    /// `stderr/|value|`, and 0 for what is known exactly, 0 too.
    pub fn relative_error(&self) -> f64 {
        if self.stderr == 0.0 { 0.0 } else { self.stderr / self.value.abs() }
    }

    /// `(value − reference)/stderr`: the distance from a reference in standard errors.
    pub fn z_score(&self, reference: f64) -> f64 {
        (self.value - reference) / self.stderr
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, stderr) = (self.value, self.stderr);
        if !value.is_finite() || !stderr.is_finite() {
            return write!(
                formatter,
                "{value}({})",
                if stderr.is_nan() { "?".into() } else { stderr.to_string() }
            );
        }
        if stderr <= 0.0 {
            return write!(formatter, "{value}");
        }
        // `{:e}` rounds correctly and carries (9.96 → 1.0e1), which log10 and floor would have to redo by hand.
        let two = format!("{stderr:.1e}");
        let digits = usize::from(two.as_bytes()[0] < b'3');
        let rounded = format!("{stderr:.digits$e}");
        let (mantissa, error_exponent) = rounded.split_once('e').unwrap_or((&rounded, "0"));
        let error_exponent: i32 = error_exponent.parse().unwrap_or(0);
        let error_digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
        let last_place = error_exponent - digits as i32;

        let leading = if value == 0.0 { error_exponent } else { value.abs().log10().floor() as i32 };
        let leading = leading.max(error_exponent);
        if last_place <= 0 && (-5..8).contains(&leading) {
            let places = (-last_place) as usize;
            return write!(formatter, "{value:.places$}({error_digits})");
        }
        let places = (leading - last_place).max(0) as usize;
        let scaled = value / 10f64.powi(leading);
        write!(formatter, "{scaled:.places$}({error_digits})e{leading}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: f64, stderr: f64) -> String {
        Estimate { value, stderr, n: 10 }.to_string()
    }

    #[test]
    fn concise_notation() {
        assert_eq!(shown(1.2345, 0.0049), "1.234(5)");
        assert_eq!(shown(2.703769, 0.00996), "2.704(10)");
        assert_eq!(shown(0.0, 0.02), "0.000(20)");
        assert_eq!(shown(12345.6, 250.0), "1.235(25)e4");
        assert_eq!(shown(1.0e-9, 4.0e-11), "1.00(4)e-9");
        assert_eq!(shown(0.001, 5.0), "0(5)");
        assert_eq!(shown(3.5, 0.0), "3.5");
        assert_eq!(shown(3.5, f64::NAN), "3.5(?)");
    }

    #[test]
    fn relative_errors_are_positive() {
        assert_eq!(Estimate { value: -4.0, stderr: 1.0, n: 2 }.relative_error(), 0.25);
        assert_eq!(Estimate::exact(0.0).relative_error(), 0.0);
        assert!(Estimate { value: 0.0, stderr: 1.0, n: 2 }.relative_error().is_infinite());
    }

    #[test]
    fn survives_a_checkpoint() {
        let estimate = Estimate { value: 0.1, stderr: 1e-17, n: 3 };
        let bytes = postcard::to_stdvec(&estimate).unwrap();
        assert_eq!(postcard::from_bytes::<Estimate>(&bytes).unwrap(), estimate);
    }
}
