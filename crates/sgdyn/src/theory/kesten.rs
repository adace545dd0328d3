//! Power-law tails of θ' = Aθ + b with random A: Lyapunov exponents and Kesten's tail exponent.

use super::TheoryError;
use super::error::check_positive;
use super::quadrature::double_exponential;
use statrs::function::gamma::ln_gamma;
use std::f64::consts::PI;

/// The law of the random multiplier A of one mode.
#[derive(Clone, Debug, PartialEq)]
pub enum RandomMultiplier {
    /// A ~ N(mean, standard_deviation²): a Gaussian fluctuation of the curvature.
    Gaussian {
        /// E A.
        mean: f64,
        /// √Var A.
        standard_deviation: f64,
    },
    /// A = 1 − (η/B) Σ x_b² with B standard Gaussian x: one-dimensional least squares.
    LeastSquares {
        /// η, in units in which x has variance 1.
        learning_rate: f64,
        /// B.
        batch_size: u64,
    },
    /// Finitely many values with probabilities: a finite set of minibatches.
    Discrete {
        /// The values `[n]`.
        values: Vec<f64>,
        /// Their probabilities `[n]`; any positive weights.
        weights: Vec<f64>,
    },
}

/// What the stationary law of θ' = Aθ + b looks like far out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TailLaw {
    /// P(|θ| > x) ~ x^−κ. The variance is finite iff κ > 2.
    PowerLaw {
        /// κ.
        exponent: f64,
    },
    /// |A| ≤ 1 surely: the tail is that of b, not a power law of A's making.
    NoPowerLaw,
    /// E ln|A| ≥ 0: there is no stationary law.
    NoStationaryLaw {
        /// E ln|A|.
        lyapunov_exponent: f64,
    },
}

impl RandomMultiplier {
    /// `E ln|A|`, the growth rate of a typical path per step; −∞ if A vanishes with positive probability.
    pub fn lyapunov_exponent(&self) -> f64 {
        if let Self::Discrete { values, weights } = self {
            let total: f64 = weights.iter().sum();
            return values.iter().zip(weights).map(|(a, w)| w * a.abs().ln()).sum::<f64>() / total;
        }
        let (sum, shift) = self.integrate(0.0, |log_magnitude| log_magnitude);
        sum * shift.exp()
    }

    /// `ln E|A|^κ` for κ ≥ 0.
    pub fn log_absolute_moment(&self, kappa: f64) -> f64 {
        if let Self::Discrete { values, weights } = self {
            let total: f64 = weights.iter().sum();
            let logs = values.iter().map(|a| kappa * a.abs().ln());
            let high = logs.clone().fold(f64::NEG_INFINITY, f64::max);
            if high == f64::NEG_INFINITY {
                return high;
            }
            return high + (logs.zip(weights).map(|(l, w)| w * (l - high).exp()).sum::<f64>() / total).ln();
        }
        let (sum, shift) = self.integrate(kappa, |_| 1.0);
        sum.ln() + shift
    }

    /// The tail of the stationary law (H. Kesten, *Acta Math.* 131, 207 (1973); C. Goldie, *Ann. Appl. Probab.* 1, 126
    /// (1991)): the κ > 0 with `E|A|^κ = 1`.
    ///
    /// # Errors
    /// [`TheoryError::OutOfRange`] for parameters without meaning.
    /// ```
    /// use sgdyn::theory::{RandomMultiplier, TailLaw};
    /// let multiplier = RandomMultiplier::LeastSquares { learning_rate: 2.0 / 3.0, batch_size: 1 };
    /// let TailLaw::PowerLaw { exponent } = multiplier.tail()? else { panic!() };
    /// assert!((exponent - 2.0).abs() < 1e-10);
    /// # Ok::<(), sgdyn::theory::TheoryError>(())
    /// ```
    pub fn tail(&self) -> Result<TailLaw, TheoryError> {
        self.check()?;
        if let Self::Discrete { values, .. } = self
            && values.iter().all(|a| a.abs() <= 1.0)
        {
            let all_one = values.iter().all(|a| a.abs() == 1.0);
            let lost = TailLaw::NoStationaryLaw { lyapunov_exponent: 0.0 };
            return Ok(if all_one { lost } else { TailLaw::NoPowerLaw });
        }
        let lyapunov_exponent = self.lyapunov_exponent();
        if lyapunov_exponent >= 0.0 {
            return Ok(TailLaw::NoStationaryLaw { lyapunov_exponent });
        }
        // ln E|A|^κ is convex, 0 at κ = 0 with a negative slope, and +∞ in the end since P(|A| > 1) > 0.
        let (mut low, mut high) = (0.0, 1.0);
        while self.log_absolute_moment(high) <= 0.0 {
            low = high;
            high *= 2.0;
            if high > 1e6 {
                return Ok(TailLaw::NoPowerLaw);
            }
        }
        if low == 0.0 {
            low = high;
            while self.log_absolute_moment(low) > 0.0 {
                high = low;
                low *= 0.5;
            }
        }
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high || high - low < 1e-14 * high {
                break;
            }
            if self.log_absolute_moment(middle) <= 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(TailLaw::PowerLaw { exponent: 0.5 * (low + high) })
    }

    fn check(&self) -> Result<(), TheoryError> {
        match self {
            Self::Gaussian { mean, standard_deviation } => {
                check_positive("standard_deviation", *standard_deviation)?;
                if mean.is_finite() {
                    return Ok(());
                }
                Err(TheoryError::OutOfRange { name: "mean", value: *mean, allowed: "a finite number" })
            }
            Self::LeastSquares { learning_rate, batch_size } => {
                check_positive("learning_rate", *learning_rate)?;
                check_positive("batch_size", *batch_size as f64)
            }
            Self::Discrete { values, weights } => {
                for weight in weights {
                    check_positive("weight", *weight)?;
                }
                if let Some(value) = values.iter().find(|a| !a.is_finite()) {
                    let allowed = "finite numbers";
                    return Err(TheoryError::OutOfRange { name: "values", value: *value, allowed });
                }
                if values.is_empty() || values.len() != weights.len() {
                    let value = weights.len() as f64;
                    let allowed = "as many weights as values, at least one";
                    return Err(TheoryError::OutOfRange { name: "the number of weights", value, allowed });
                }
                Ok(())
            }
        }
    }

    /// `e^{−shift} E[|A|^κ g(ln|A|)]` and the shift, for the continuous laws.
    ///
    /// Panels end where A = 0 and where densities are singular; the double-exponential rule takes both.
    fn integrate(&self, kappa: f64, g: impl Fn(f64) -> f64) -> (f64, f64) {
        match *self {
            Self::Gaussian { mean, standard_deviation } => {
                // A = mean + s z; both sides of the zero of A, as functions of the distance r = |A|.
                let s = standard_deviation;
                if s == 0.0 {
                    let log = mean.abs().ln();
                    return (g(log), kappa * log);
                }
                let log_density = |r: f64, side: f64| {
                    let z = (side * r - mean) / s;
                    -0.5 * z * z - (s * (2.0 * PI).sqrt()).ln()
                };
                let peak = |side: f64| {
                    // κ/r = (r − side·mean)/s²
                    let m = side * mean;
                    0.5 * (m + (m * m + 4.0 * kappa * s * s).sqrt())
                };
                let sides = [1.0, -1.0].map(|side| Side {
                    log_weight: Box::new(move |r: f64, _| (r.ln(), log_density(r, side))),
                    peak: peak(side).max(0.0),
                    width: s,
                    end: f64::INFINITY,
                });
                integrate_sides(&sides, kappa, g)
            }
            Self::LeastSquares { learning_rate, batch_size } => {
                // v = Σx²: density v^{B/2−1} e^{−v/2}/(2^{B/2} Γ(B/2)), A = 1 − (η/B)v, zero at v₀ = B/η.
                let half = 0.5 * batch_size as f64;
                let rate = learning_rate / batch_size as f64;
                let zero = 1.0 / rate;
                let constant = -half * std::f64::consts::LN_2 - ln_gamma(half);
                let log_density = move |v: f64| (half - 1.0) * v.ln() - 0.5 * v + constant;
                let width = (2.0 * batch_size as f64).sqrt();
                // The peak of κ ln r + ln density(v₀ + r) solves r² + pr − 2κv₀ = 0.
                let b = half - 1.0;
                let p = zero - 2.0 * (kappa + b);
                let above = 0.5 * ((p * p + 8.0 * kappa * zero).sqrt() - p);
                let below = zero - 2.0 * b.max(0.0);
                let sides = [
                    Side {
                        log_weight: Box::new(move |r: f64, _| ((rate * r).ln(), log_density(zero + r))),
                        peak: above.max(0.0),
                        width: width.max(2.0 * kappa.sqrt()),
                        end: f64::INFINITY,
                    },
                    Side {
                        log_weight: Box::new(move |r: f64, left: f64| ((rate * r).ln(), log_density(left))),
                        peak: below.max(0.0),
                        width,
                        end: zero,
                    },
                ];
                integrate_sides(&sides, kappa, g)
            }
            Self::Discrete { .. } => (f64::NAN, 0.0),
        }
    }
}

/// A half-line (or segment) of distances r = |A|·const from the zero of A.
struct Side<'a> {
    /// (ln|A|, ln density) at distance r from the zero and distance `end − r` from the other end.
    log_weight: Box<dyn Fn(f64, f64) -> (f64, f64) + 'a>,
    peak: f64,
    width: f64,
    end: f64,
}

fn integrate_sides(sides: &[Side<'_>], kappa: f64, g: impl Fn(f64) -> f64) -> (f64, f64) {
    let exponent = |side: &Side<'_>, r: f64| {
        let (log_magnitude, log_density) = (side.log_weight)(r, side.end - r);
        kappa * log_magnitude + log_density
    };
    // Edges spread out from the peak: the integrand is smooth between them and gone beyond the last.
    let edges = |side: &Side<'_>| {
        let mut edges = vec![0.0];
        for k in (0..8).rev() {
            edges.push(side.peak - side.width * f64::from(1 << k));
        }
        edges.push(side.peak);
        for k in 0..11 {
            edges.push(side.peak + side.width * f64::from(1 << k));
        }
        edges.retain(|edge| *edge >= 0.0 && *edge < side.end);
        if side.end.is_finite() {
            edges.push(side.end);
        }
        edges.dedup_by(|a, b| (*a - *b).abs() <= 1e-12 * side.width);
        edges
    };
    let mut shift = f64::NEG_INFINITY;
    for side in sides {
        for pair in edges(side).windows(2) {
            for t in [0.02, 0.25, 0.5, 0.75, 0.98] {
                let value = exponent(side, pair[0] + t * (pair[1] - pair[0]));
                if value.is_finite() {
                    shift = shift.max(value);
                }
            }
        }
    }
    let mut sum = 0.0;
    for side in sides {
        let edges = edges(side);
        for (panel, pair) in edges.windows(2).enumerate() {
            let last = side.end.is_finite() && panel + 2 == edges.len();
            sum += double_exponential(pair[1] - pair[0], |left, right| {
                let to_end = if last { right } else { side.end - (pair[0] + left) };
                let (log_magnitude, log_density) = (side.log_weight)(pair[0] + left, to_end);
                let weight = (kappa * log_magnitude + log_density - shift).exp();
                if weight == 0.0 { 0.0 } else { weight * g(log_magnitude) }
            });
        }
    }
    (sum, shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn least_squares(learning_rate: f64, batch_size: u64) -> RandomMultiplier {
        RandomMultiplier::LeastSquares { learning_rate, batch_size }
    }

    #[test]
    fn moments_in_closed_form() {
        // E (1 − ηv/B)² = 1 − 2η + η²(1 + 2/B); E (…)⁴ from the moments B(B+2)… of χ².
        for (eta, batch) in [(0.5, 1), (0.1, 1), (1.5, 1), (0.7, 2), (0.3, 16), (0.9, 200)] {
            let b = batch as f64;
            let multiplier = least_squares(eta, batch);
            let second = 1.0 - 2.0 * eta + eta * eta * (1.0 + 2.0 / b);
            assert!(
                (multiplier.log_absolute_moment(2.0).exp() / second - 1.0).abs() < 1e-11,
                "{eta} {batch}"
            );
            assert!(multiplier.log_absolute_moment(0.0).abs() < 1e-11);
            let m = [1.0, b, b * (b + 2.0), b * (b + 2.0) * (b + 4.0), b * (b + 2.0) * (b + 4.0) * (b + 6.0)];
            let r = -eta / b;
            let fourth =
                1.0 + 4.0 * r * m[1] + 6.0 * r * r * m[2] + 4.0 * r.powi(3) * m[3] + r.powi(4) * m[4];
            assert!((multiplier.log_absolute_moment(4.0).exp() / fourth - 1.0).abs() < 1e-11);
        }
        let gaussian = RandomMultiplier::Gaussian { mean: 0.4, standard_deviation: 1.2 };
        assert!((gaussian.log_absolute_moment(2.0).exp() - 1.6).abs() < 1e-12);
    }

    #[test]
    fn lyapunov_exponents() {
        // h = 1, s = 4, η = 1: A = −4z, ln 4 − (γ + ln 2)/2. And h = 1, s = 2, η = 0.6: −0.39832.
        let growing = RandomMultiplier::Gaussian { mean: 0.0, standard_deviation: 4.0 };
        let euler = 0.577215664901532861;
        let want = 4f64.ln() - 0.5 * (euler + std::f64::consts::LN_2);
        assert!((growing.lyapunov_exponent() - want).abs() < 1e-12 && (want - 0.75111).abs() < 1e-5);
        let shrinking = RandomMultiplier::Gaussian { mean: 0.4, standard_deviation: 1.2 };
        assert!((shrinking.lyapunov_exponent() + 0.39832).abs() < 1e-5);
        assert!(matches!(growing.tail().unwrap(), TailLaw::NoStationaryLaw { .. }));
        // The variance is infinite (E A² = 1.6) though the law exists: 0 < κ < 2.
        let TailLaw::PowerLaw { exponent } = shrinking.tail().unwrap() else { panic!() };
        assert!(exponent > 0.0 && exponent < 2.0);
        // mpmath.quad of ln|1 − ηx²|.
        assert!((least_squares(2.0 / 3.0, 1).lyapunov_exponent() + 0.486440414478169174).abs() < 1e-11);
    }

    #[test]
    fn tail_exponents() {
        let exponent = |multiplier: &RandomMultiplier| match multiplier.tail().unwrap() {
            TailLaw::PowerLaw { exponent } => exponent,
            other => panic!("{other:?}"),
        };
        assert!((exponent(&least_squares(2.0 / 3.0, 1)) - 2.0).abs() < 1e-10);
        // κ = 2 at η = 2B/(B + 2).
        assert!((exponent(&least_squares(20.0 / 12.0, 10)) - 2.0).abs() < 1e-9);
        // mpmath.findroot on mpmath.quad.
        assert!((exponent(&least_squares(0.2, 1)) / 8.3025940723322136 - 1.0).abs() < 1e-9);
        // ½·2^κ + ½·2^{−2κ} = 1: with u = 2^κ, u³ − 2u² + 1 = (u − 1)(u² − u − 1), the golden ratio.
        let golden = RandomMultiplier::Discrete { values: vec![-2.0, 0.25], weights: vec![1.0, 1.0] };
        let ratio = f64::midpoint(1.0, 5f64.sqrt());
        assert!((exponent(&golden) - ratio.log2()).abs() < 1e-12);
        let bounded = RandomMultiplier::Discrete { values: vec![0.9, -0.5], weights: vec![0.5, 0.5] };
        assert_eq!(bounded.tail().unwrap(), TailLaw::NoPowerLaw);
        assert!(matches!(least_squares(5.0, 1).tail().unwrap(), TailLaw::NoStationaryLaw { .. }));
        assert!(least_squares(0.0, 1).tail().is_err());
        assert!(RandomMultiplier::Discrete { values: vec![1.0], weights: vec![] }.tail().is_err());
    }
}
