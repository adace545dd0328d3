//! The laws that variates can have.

use super::Variate;

/// The law of the variates of a [`super::LaneStream`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Law {
    /// Standard normal.
    Normal,
    /// Uniform in (0, 1).
    Uniform,
    /// −1 or 1, each with probability ½.
    Rademacher,
    /// −√3, 0 or √3 with probabilities ⅙, ⅔, ⅙: the moments of a standard normal up to the fifth.
    ThreePoint,
    /// Exponential with mean 1.
    Exponential,
    /// Symmetric α-stable with `E exp(ikX) = exp(−|k|^α)`; variance 2 at α = 2. Chambers, Mallows and Stuck (JASA 1976).
    Stable {
        /// The index, in (0, 2].
        alpha: f64,
    },
    /// Positive stable with `E exp(−sX) = exp(−s^α)`: what turns a Gaussian into an isotropic stable vector.
    /// Kanter (Annals of Probability 1975).
    PositiveStable {
        /// The index, in (0, 1].
        alpha: f64,
    },
    /// Student's t with ν degrees of freedom; variance ν/(ν − 2) where ν > 2. Bailey (Mathematics of Computation 1994).
    StudentT {
        /// The degrees of freedom ν > 0.
        degrees: f64,
    },
}

/// A law with its constants in the scalar type, for one compiled loop.
pub(super) trait Transform<R: Variate>: Copy {
    /// Two independent variates from two or four words.
    fn pair(self, next: impl FnMut() -> R::Word) -> (R, R);
}

#[derive(Clone, Copy)]
pub(super) struct Normal;
impl<R: Variate> Transform<R> for Normal {
    #[inline(always)]
    fn pair(self, mut next: impl FnMut() -> R::Word) -> (R, R) {
        let radius = next();
        R::normal_pair(radius, next())
    }
}

#[derive(Clone, Copy)]
pub(super) struct Uniform;
impl<R: Variate> Transform<R> for Uniform {
    #[inline(always)]
    fn pair(self, mut next: impl FnMut() -> R::Word) -> (R, R) {
        (R::unit(next()), R::unit(next()))
    }
}

#[derive(Clone, Copy)]
pub(super) struct Rademacher;
impl<R: Variate> Transform<R> for Rademacher {
    #[inline(always)]
    fn pair(self, mut next: impl FnMut() -> R::Word) -> (R, R) {
        (R::sign(next()), R::sign(next()))
    }
}

#[derive(Clone, Copy)]
pub(super) struct ThreePoint<R> {
    sixth: R,
    root_three: R,
}
impl<R: Variate> ThreePoint<R> {
    pub(super) fn new() -> Self {
        Self { sixth: R::from_f64(1.0 / 6.0), root_three: R::from_f64(3.0_f64.sqrt()) }
    }
    #[inline(always)]
    fn one(self, word: R::Word) -> R {
        let u = R::unit(word);
        let low = if u < self.sixth { -self.root_three } else { R::ZERO };
        if R::ONE - u < self.sixth { self.root_three } else { low }
    }
}
impl<R: Variate> Transform<R> for ThreePoint<R> {
    #[inline(always)]
    fn pair(self, mut next: impl FnMut() -> R::Word) -> (R, R) {
        (self.one(next()), self.one(next()))
    }
}

#[derive(Clone, Copy)]
pub(super) struct Exponential;
impl<R: Variate> Transform<R> for Exponential {
    #[inline(always)]
    fn pair(self, mut next: impl FnMut() -> R::Word) -> (R, R) {
        (-R::unit(next()).ln(), -R::unit(next()).ln())
    }
}

#[derive(Clone, Copy)]
pub(super) struct Stable<R> {
    alpha: R,
    inverse_alpha: R,
    excess: R,
    half_pi: R,
    pi: R,
}
impl<R: Variate> Stable<R> {
    pub(super) fn new(alpha: f64) -> Self {
        Self {
            alpha: R::from_f64(alpha),
            inverse_alpha: R::from_f64(1.0 / alpha),
            excess: R::from_f64((1.0 - alpha) / alpha),
            half_pi: R::from_f64(std::f64::consts::FRAC_PI_2),
            pi: R::from_f64(std::f64::consts::PI),
        }
    }
    /// `sin(αV) cos(V)^(−1/α) (cos((1 − α)V)/W)^((1 − α)/α)`, V uniform in (−π/2, π/2), W exponential.
    #[inline(always)]
    fn one(self, angle: R::Word, exponential: R::Word) -> R {
        let u = R::unit(angle);
        let v = self.pi.mul_add(u, -self.half_pi);
        let w = -R::unit(exponential).ln();
        // cos V = sin(πu) keeps its relative accuracy at both ends.
        let end = if u < R::ONE - u { u } else { R::ONE - u };
        let cosine = (self.pi * end).sin();
        let tilted = ((R::ONE - self.alpha) * v).cos();
        let exponent = self.excess.mul_add(tilted.ln() - w.ln(), -self.inverse_alpha * cosine.ln());
        (self.alpha * v).sin() * exponent.exp()
    }
}
impl<R: Variate> Transform<R> for Stable<R> {
    #[inline(always)]
    fn pair(self, mut next: impl FnMut() -> R::Word) -> (R, R) {
        let (a, b) = (next(), next());
        let (c, d) = (next(), next());
        (self.one(a, b), self.one(c, d))
    }
}

#[derive(Clone, Copy)]
pub(super) struct PositiveStable<R> {
    alpha: R,
    rest: R,
    inverse_alpha: R,
    pi: R,
}
impl<R: Variate> PositiveStable<R> {
    pub(super) fn new(alpha: f64) -> Self {
        Self {
            alpha: R::from_f64(alpha),
            rest: R::from_f64(1.0 - alpha),
            inverse_alpha: R::from_f64(1.0 / alpha),
            pi: R::from_f64(std::f64::consts::PI),
        }
    }
    /// `sin(αV) (sin((1 − α)V)/W)^{(1−α)/α} / sin(V)^{1/α}`, V uniform in (0, π), W exponential.
    #[inline(always)]
    fn one(self, angle: R::Word, exponential: R::Word) -> R {
        let u = R::unit(angle);
        let v = self.pi * u;
        let w = -R::unit(exponential).ln();
        let end = if u < R::ONE - u { u } else { R::ONE - u };
        let sine = (self.pi * end).sin();
        let tilted = (self.rest * v).sin() / w;
        // At α = 1 the variate is 1 and the tilted part has power 0; 0·ln 0 must not become a NaN.
        let tilted = if self.rest > R::ZERO { self.rest * tilted.ln() } else { R::ZERO };
        (self.alpha * v).sin() * (self.inverse_alpha * (tilted - sine.ln())).exp()
    }
}
impl<R: Variate> Transform<R> for PositiveStable<R> {
    #[inline(always)]
    fn pair(self, mut next: impl FnMut() -> R::Word) -> (R, R) {
        let (a, b) = (next(), next());
        let (c, d) = (next(), next());
        (self.one(a, b), self.one(c, d))
    }
}

#[derive(Clone, Copy)]
pub(super) struct StudentT<R> {
    degrees: R,
    exponent: R,
    two_pi: R,
}
impl<R: Variate> StudentT<R> {
    pub(super) fn new(degrees: f64) -> Self {
        Self {
            degrees: R::from_f64(degrees),
            exponent: R::from_f64(-2.0 / degrees),
            two_pi: R::from_f64(std::f64::consts::TAU),
        }
    }
    #[inline(always)]
    fn one(self, radius: R::Word, angle: R::Word) -> R {
        let spread = (self.exponent * R::unit(radius).ln()).exp_m1();
        (self.degrees * spread).sqrt() * (self.two_pi * R::unit(angle)).cos()
    }
}
impl<R: Variate> Transform<R> for StudentT<R> {
    #[inline(always)]
    fn pair(self, mut next: impl FnMut() -> R::Word) -> (R, R) {
        let (a, b) = (next(), next());
        let (c, d) = (next(), next());
        (self.one(a, b), self.one(c, d))
    }
}
