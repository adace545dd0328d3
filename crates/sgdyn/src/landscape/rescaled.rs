//! A landscape seen through a magnifying glass: sharper or flatter wells at the same heights.

use super::{Drift, Field, HessianProduct, Landscape};
use crate::lanes::{Block, Real, Scratch};

/// The field of `L_k(θ) = L(√k θ)`: the same heights, every curvature k times as large, the minimum of L at x moved to
/// x/√k (Z. Xie, I. Sato and M. Sugiyama, ICLR 2021, section 5). Drift `√k b(√k θ)`, Hessian `k H(√k θ)`.
///
/// A field of sharpness k = 1 is returned as it is.
/// ```
/// use sgdyn::landscape::{named, rescaled};
/// let well = named::<f64>("double-well", &Default::default())?;
/// let sharp = rescaled(well.clone(), 4.0);
/// assert_eq!(sharp.loss_at(&[0.3]), well.loss_at(&[0.6]));
/// assert_eq!(sharp.gradient_at(&[0.3])[0], 2.0 * well.gradient_at(&[0.6])[0]);
/// # Ok::<(), sgdyn::landscape::LandscapeError>(())
/// ```
pub fn rescaled<R: Real>(field: Field<R>, sharpness: f64) -> Field<R> {
    if sharpness == 1.0 {
        return field;
    }
    let root = R::from_f64(sharpness.sqrt());
    let shared = std::sync::Arc::new(Rescaled { field, root });
    Field {
        drift: shared.clone(),
        loss: shared.field.loss.is_some().then(|| shared.clone() as std::sync::Arc<dyn Landscape<R>>),
        hessian: shared
            .field
            .hessian
            .is_some()
            .then(|| shared.clone() as std::sync::Arc<dyn HessianProduct<R>>),
    }
}

struct Rescaled<R: Real> {
    field: Field<R>,
    /// √k.
    root: R,
}

impl<R: Real> Rescaled<R> {
    fn multiply(&self, values: &mut [R]) {
        for value in values {
            *value *= self.root;
        }
    }

    /// √k θ, in a borrowed block.
    fn place(&self, at: &Block<R>, scratch: &mut Scratch<R>) -> Block<R> {
        let mut place = scratch.take_like(at);
        for (place, &at) in place.values_mut().iter_mut().zip(at.values()) {
            *place = at * self.root;
        }
        place
    }
}

impl<R: Real> Drift<R> for Rescaled<R> {
    fn dimension(&self) -> usize {
        self.field.dimension()
    }
    fn drift(&self, at: &Block<R>, scratch: &mut Scratch<R>, out: &mut Block<R>) {
        let place = self.place(at, scratch);
        self.field.drift.drift(&place, scratch, out);
        scratch.give(place.into_values());
        self.multiply(out.values_mut());
    }
}

impl<R: Real> Landscape<R> for Rescaled<R> {
    fn loss(&self, at: &Block<R>, scratch: &mut Scratch<R>, out: &mut [R]) {
        match &self.field.loss {
            Some(loss) => {
                let place = self.place(at, scratch);
                loss.loss(&place, scratch, out);
                scratch.give(place.into_values());
            }
            None => out.fill(R::from_f64(f64::NAN)),
        }
    }
}

impl<R: Real> HessianProduct<R> for Rescaled<R> {
    fn hessian_product(
        &self,
        at: &Block<R>,
        direction: &Block<R>,
        scratch: &mut Scratch<R>,
        out: &mut Block<R>,
    ) {
        match &self.field.hessian {
            Some(hessian) => {
                let place = self.place(at, scratch);
                hessian.hessian_product(&place, direction, scratch, out);
                scratch.give(place.into_values());
                self.multiply(out.values_mut());
                self.multiply(out.values_mut());
            }
            None => out.values_mut().fill(R::from_f64(f64::NAN)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{formula_field, named};
    use super::*;
    use crate::lanes::Layout;

    #[test]
    fn heights_stay_and_curvatures_grow_by_k_on_every_lane() {
        // Oracle: the same landscape written with √k θ in the place of its variables.
        let text = "0.5*((s*x)^4 - 16*(s*x)^2 + 5*s*x) + 0.5*((s*y)^4 - 16*(s*y)^2 + 5*s*y)";
        let parameters = BTreeMap::from([("s".to_owned(), 1.7f64.sqrt())]);
        let written = formula_field::<f64>(text, None, &parameters).unwrap().0;
        let sharp = rescaled(named::<f64>("styblinski-tang", &BTreeMap::new()).unwrap(), 1.7);
        let lanes = 5;
        let mut at = Block::zeros(2, lanes, Layout::CoordinateMajor);
        let mut direction = at.zeros_like();
        for lane in 0..lanes {
            at.set(0, lane, -2.0 + 0.9 * lane as f64);
            at.set(1, lane, 1.5 - 0.7 * lane as f64);
            direction.set(0, lane, 1.0);
            direction.set(1, lane, -0.3 * lane as f64);
        }
        let close =
            |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12 * (1.0 + b.abs()));
        let mut scratch = Scratch::new();
        let (mut a, mut b) = (at.zeros_like(), at.zeros_like());
        sharp.drift.drift(&at, &mut scratch, &mut a);
        written.drift.drift(&at, &mut scratch, &mut b);
        assert!(close(a.values(), b.values()));
        let product = |field: &Field<f64>, out: &mut Block<f64>, scratch: &mut Scratch<f64>| {
            field.hessian.as_ref().unwrap().hessian_product(&at, &direction, scratch, out);
        };
        product(&sharp, &mut a, &mut scratch);
        product(&written, &mut b, &mut scratch);
        assert!(close(a.values(), b.values()));
        let (mut a, mut b) = ([0.0; 5], [0.0; 5]);
        sharp.loss.as_ref().unwrap().loss(&at, &mut scratch, &mut a);
        written.loss.as_ref().unwrap().loss(&at, &mut scratch, &mut b);
        assert!(close(&a, &b));
    }

    #[test]
    fn what_is_no_gradient_stays_without_a_loss() {
        let field = rescaled(named::<f64>("maier-stein", &BTreeMap::new()).unwrap(), 2.0);
        assert!(field.loss.is_none() && field.hessian.is_some());
        // The rest point (1, 0) moves to (1/√2, 0).
        let gradient = field.gradient_at(&[0.5f64.sqrt(), 0.0]);
        assert!(gradient.iter().all(|entry| entry.abs() < 1e-14));
    }
}
