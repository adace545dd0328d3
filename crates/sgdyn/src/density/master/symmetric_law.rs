//! Symmetric laws of noise by their survival function, which keeps its digits in the tails.

use std::f64::consts::{PI, SQRT_2};
use std::sync::LazyLock;

use super::StableLaw;
use super::chebyshev::Chebyshev;
use crate::statistics::normal_survival;

/// The law of a symmetric variate Z of unit scale.
#[derive(Clone, Debug)]
pub enum SymmetricLaw {
    /// Standard normal.
    Normal,
    /// Symmetric α-stable, `E exp(ikZ) = exp(−|k|^α)`.
    Stable(StableLaw),
}

impl SymmetricLaw {
    /// `P(Z > z)` for z ≥ 0, to about 1e-13 relative.
    pub fn survival(&self, z: f64) -> f64 {
        match self {
            Self::Normal => fast_normal_survival(z),
            Self::Stable(law) => law.survival(z),
        }
    }

    /// The tail on z's own side of 0, and whether that is the lower one.
    pub(super) fn tail(&self, z: f64) -> (f64, bool) {
        (self.survival(z.abs()), z < 0.0)
    }

    /// Beyond this, what is left (below 1e-32) is nowhere counted but as an exit.
    pub(super) fn reach(&self) -> f64 {
        match self {
            Self::Normal => 12.0,
            Self::Stable(_) => f64::INFINITY,
        }
    }

    /// Adds `weight · P(centre + scale·Z in cell j)` to `window[j − first]` for the cells between `faces[first..]`
    /// that are in reach, and gives what lies below the first and above the last of all `faces`, times `weight`.
    pub(super) fn spread(
        &self,
        faces: &[f64],
        centre: f64,
        scale: f64,
        weight: f64,
        row: &mut Window,
    ) -> (f64, f64) {
        let reach = self.reach();
        let last_face = faces.len() - 1;
        let (first, last) = if reach.is_finite() {
            let first = faces.partition_point(|&face| face <= centre - reach * scale);
            let last = faces.partition_point(|&face| face < centre + reach * scale);
            (first.clamp(1, last_face) - 1, last.min(last_face))
        } else {
            (0, last_face)
        };
        row.cover(first, last);
        let tail = |face: usize| self.tail((faces[face] - centre) / scale);
        let mut before = tail(first);
        for face in first + 1..=last {
            let after = tail(face);
            row.add(face - 1, weight * between(before, after));
            before = after;
        }
        let (below, above) = (tail(0), tail(last_face));
        (
            weight * if below.1 { below.0 } else { 1.0 - below.0 },
            weight * if above.1 { 1.0 - above.0 } else { above.0 },
        )
    }
}

/// The probability between two places with these tails, the first not above the second.
pub(super) fn between(before: (f64, bool), after: (f64, bool)) -> f64 {
    let probability = match (before.1, after.1) {
        (true, true) => after.0 - before.0,
        (false, _) => before.0 - after.0,
        (true, false) => 1.0 - before.0 - after.0,
    };
    probability.max(0.0)
}

/// Probabilities of a contiguous run of cells, grown as needed.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    pub(super) first: usize,
    pub(super) values: Vec<f64>,
}

impl Window {
    /// Makes room for the cells `first..last`.
    pub(super) fn cover(&mut self, first: usize, last: usize) {
        if last <= first {
            return;
        }
        if self.values.is_empty() {
            self.first = first;
        } else if first < self.first {
            let missing = self.first - first;
            self.values.splice(0..0, std::iter::repeat_n(0.0, missing));
            self.first = first;
        }
        if last > self.first + self.values.len() {
            self.values.resize(last - self.first, 0.0);
        }
    }

    pub(super) fn add(&mut self, cell: usize, value: f64) {
        self.values[cell - self.first] += value;
    }
}

/// `P(Z > z)` for z ≥ 0 and standard normal Z: `½ t e^{−z²/2} e^{p(t)}`, t = 2/(2 + z/√2), p by Chebyshev polynomials.
fn fast_normal_survival(z: f64) -> f64 {
    static SHAPE: LazyLock<Chebyshev> = LazyLock::new(|| {
        Chebyshev::fit(0.0, 1.0, 40, |t| {
            let x = 2.0 / t - 2.0;
            let scaled = if x < 3.0 {
                2.0 * normal_survival(SQRT_2 * x) * (x * x).exp()
            } else {
                // The continued fraction: e^{x²} would cost digits.
                let fraction = (1..=100).rev().fold(x, |below, k| x + 0.5 * f64::from(k) / below);
                1.0 / (fraction * PI.sqrt())
            };
            (scaled / t).ln()
        })
    });
    let t = 2.0 / (2.0 + z / SQRT_2);
    0.5 * t * (SHAPE.value(t) - 0.5 * z * z).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_tail_has_its_digits() {
        // mpmath: erfc(z/√2)/2.
        for (z, want) in [
            (0.0, 0.5),
            (1e-3, 0.4996010577860889),
            (0.7, 0.241963652223073),
            (3.0, 0.00134989803163009),
            (8.0, 6.22096057427178e-16),
            (20.0, 2.753624118606234e-89),
            (35.0, 1.124910706472406e-268),
        ] {
            let got = SymmetricLaw::Normal.survival(z);
            assert!((got / want - 1.0).abs() < 1e-13, "{z}: {got:e} {want:e}");
        }
    }

    #[test]
    fn a_spread_variate_is_somewhere() {
        let faces: Vec<f64> = (0..=50).map(|face| -1.0 + 0.05 * face as f64).collect();
        for law in [SymmetricLaw::Normal, SymmetricLaw::Stable(StableLaw::new(1.5).unwrap())] {
            for (centre, scale) in [(0.0, 0.1), (1.49, 0.01), (-3.0, 0.2), (9.0, 1.0), (0.31, 1e-5)] {
                let mut row = Window::default();
                let (below, above) = law.spread(&faces, centre, scale, 1.0, &mut row);
                let total = below + above + row.values.iter().sum::<f64>();
                assert!((total - 1.0).abs() < 1e-14, "{centre} {scale}: {total}");
            }
        }
    }
}
