//! The escape of a Lévy-driven process by one large jump.

use crate::study::Rule;
use crate::theory::levy_exit_time;

/// How far the border of a target is looked for along an axis, in powers of two from a thousandth.
const DOUBLINGS: i32 = 24;

/// The mean time of the exit by one jump along an axis, from the distances of the target's border, or why there is none;
/// `None` for other rules.
pub(super) fn one_jump(
    rule: &Rule,
    minimum: &[f64],
    in_target: &dyn Fn(&[f64]) -> bool,
) -> Option<Result<f64, &'static str>> {
    let Rule::Levy { alpha, scale, isotropic, .. } = *rule else { return None };
    if isotropic && minimum.len() > 1 {
        return Some(Err("isotropic jumps in several dimensions"));
    }
    let mut rate = 0.0;
    for axis in 0..minimum.len() {
        let [below, above] = [-1.0, 1.0].map(|sign| border(minimum, axis, sign, in_target));
        if below.is_finite() || above.is_finite() {
            rate += levy_exit_time(alpha, scale, below, above).map_or(0.0, |time| 1.0 / time);
        }
    }
    Some(if rate > 0.0 { Ok(1.0 / rate) } else { Err("no jump along an axis meets the target") })
}

/// The distance from a minimum to a target along an axis; infinite if none is met.
fn border(minimum: &[f64], axis: usize, sign: f64, in_target: &dyn Fn(&[f64]) -> bool) -> f64 {
    let meets = |distance: f64| {
        let mut point = minimum.to_vec();
        point[axis] += sign * distance;
        in_target(&point)
    };
    let Some(outer) = (0..DOUBLINGS).map(|power| 1e-3 * 2f64.powi(power)).find(|&distance| meets(distance))
    else {
        return f64::INFINITY;
    };
    let (mut inside, mut beyond) = (0.0, outer);
    for _ in 0..60 {
        let middle = f64::midpoint(inside, beyond);
        if meets(middle) { beyond = middle } else { inside = middle }
    }
    beyond
}
