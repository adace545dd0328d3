//! What a landscape can do, each capability a trait of its own.

use crate::lanes::{Block, Real, Scratch};

/// A deterministic velocity field `b(x)`; for a landscape `b = −∇L`.
pub trait Drift<R: Real>: Send + Sync {
    /// The number of coordinates d.
    fn dimension(&self) -> usize;
    /// Writes `b(x)` of every lane of `at` (`[d × lanes]`, coordinate-major) to `out`.
    fn drift(&self, at: &Block<R>, scratch: &mut Scratch<R>, out: &mut Block<R>);
    /// The same drift inside a loop over steps, where it is simple enough that a call per step would cost more than b.
    fn walk(&self) -> Option<&dyn Walk<R>> {
        None
    }
}

/// A drift that takes many steps of additive noise in one call.
pub trait Walk<R: Real>: Send + Sync {
    /// `x ← x + h b(x) + s z` for each `[d × lanes]` slice of `z` in turn, with `x` `[d × lanes]`, coordinate-major; the
    /// arithmetic of every step is that of [`Drift::drift`] and two fused multiply-adds.
    fn walk(&self, stride: Stride<R>, z: &[R], x: &mut [R], guard: Guard<'_, R>, alarms: &mut [u32]);
}

/// The factors of a step `x + h b(x) + s z`.
#[derive(Clone, Copy, Debug)]
pub struct Stride<R> {
    /// The factor h of the drift.
    pub drift: R,
    /// The factor s of the noise.
    pub noise: R,
}

/// A boundary on one coordinate that a walk reports: `alarms[lane]` becomes 1 if after any step `sign · x` is at or
/// below the lane's threshold, or if the step came near its other threshold.
#[derive(Clone, Copy, Debug)]
pub struct Guard<'a, R> {
    /// The coordinate.
    pub coordinate: usize,
    /// 1 where the boundary is below, −1 where it is above.
    pub sign: R,
    /// The threshold of each lane for `sign · x` at steps, `[lanes]`.
    pub at_steps: &'a [R],
    /// What counts as near: a step from p to q, both measured from the lane's other threshold, with `p q ≤ reach`.
    pub near: Option<Nearness<'a, R>>,
}

/// When a step from one side of a threshold may have crossed it on the way.
#[derive(Clone, Copy, Debug)]
pub struct Nearness<'a, R> {
    /// The bound on the product of the distances before and after.
    pub reach: R,
    /// The threshold of each lane, `[lanes]`.
    pub thresholds: &'a [R],
}

/// A drift that descends a loss: `b = −∇L`.
pub trait Landscape<R: Real>: Drift<R> {
    /// Writes `L(x)` of every lane to `out`, `[lanes]`.
    fn loss(&self, at: &Block<R>, scratch: &mut Scratch<R>, out: &mut [R]);
}

/// Second derivatives, as products.
pub trait HessianProduct<R: Real>: Send + Sync {
    /// Writes `H(x) v = −(∂b/∂x) v` of every lane to `out`.
    fn hessian_product(
        &self,
        at: &Block<R>,
        direction: &Block<R>,
        scratch: &mut Scratch<R>,
        out: &mut Block<R>,
    );
}

/// A field with whatever it offers, shared between the rooms that need it.
#[derive(Clone)]
pub struct Field<R: Real> {
    /// The drift.
    pub drift: std::sync::Arc<dyn Drift<R>>,
    /// The loss, unless the drift is no gradient.
    pub loss: Option<std::sync::Arc<dyn Landscape<R>>>,
    /// Products with the Hessian (minus the drift's Jacobian).
    pub hessian: Option<std::sync::Arc<dyn HessianProduct<R>>>,
}

impl<R: Real> Field<R> {
    /// A landscape that offers everything.
    pub fn landscape<L: Landscape<R> + HessianProduct<R> + 'static>(landscape: L) -> Self {
        let shared = std::sync::Arc::new(landscape);
        Self { drift: shared.clone(), loss: Some(shared.clone()), hessian: Some(shared) }
    }

    /// A drift that is not a gradient.
    pub fn drift<D: Drift<R> + HessianProduct<R> + 'static>(drift: D) -> Self {
        let shared = std::sync::Arc::new(drift);
        Self { drift: shared.clone(), loss: None, hessian: Some(shared) }
    }

    /// The number of coordinates.
    pub fn dimension(&self) -> usize {
        self.drift.dimension()
    }
}

impl Field<f64> {
    /// `−b(x)`, the gradient, at one point.
    pub fn gradient_at(&self, point: &[f64]) -> Vec<f64> {
        let at = Block::point(point);
        let mut out = at.zeros_like();
        self.drift.drift(&at, &mut Scratch::new(), &mut out);
        out.values().iter().map(|value| -value).collect()
    }

    /// `L(x)` at one point, if there is a loss.
    pub fn loss_at(&self, point: &[f64]) -> Option<f64> {
        let mut out = [0.0];
        self.loss.as_ref()?.loss(&Block::point(point), &mut Scratch::new(), &mut out);
        Some(out[0])
    }

    /// The Hessian at one point, `[d × d]` row-major, if there is one.
    pub fn hessian_at(&self, point: &[f64]) -> Option<Vec<f64>> {
        let hessian = self.hessian.as_ref()?;
        let (at, dimension) = (Block::point(point), point.len());
        let mut rows = vec![0.0; dimension * dimension];
        let (mut out, mut scratch) = (at.zeros_like(), Scratch::new());
        for column in 0..dimension {
            let mut direction = at.zeros_like();
            direction.set(column, 0, 1.0);
            hessian.hessian_product(&at, &direction, &mut scratch, &mut out);
            for row in 0..dimension {
                rows[row * dimension + column] = out.get(row, 0);
            }
        }
        Some(rows)
    }
}
