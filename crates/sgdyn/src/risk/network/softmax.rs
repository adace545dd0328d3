//! The derivative of softmax cross-entropy by the outputs.

use super::loss::{Selection, joined};
use super::product::PANEL;
use crate::lanes::{Real, lane_kernel};

lane_kernel! {
    /// p − e_y with p = softmax z. The component of the class is minus the sum of the others, so that it keeps its
    /// digits where the others are small.
    pub(super) fn softmax_errors<R: Real>(
        classes: &[u32],
        selection: Selection<'_>,
        width: usize,
        stride: usize,
        outputs: &[R],
        errors: &mut [R],
    ) {
        let masks = Masks::new(width);
        // A length that is known makes one straight line of the usual case.
        if stride == PANEL {
            passes(&masks, classes, selection, PANEL, outputs, errors);
        } else {
            passes(&masks, classes, selection, stride, outputs, errors);
        }
    }
}

/// Vectors of 0 and 1 that choose values of a panel, as windows on longer ones: comparisons of indices would be made
/// one by one, and a value that is stored alone has to reach memory before its panel can be read.
struct Masks<R> {
    width: usize,
    /// 1, …, 1, 0, …, 0.
    begins: [R; 2 * PANEL],
    /// A 1 among 0s.
    single: [R; 3 * PANEL],
}

impl<R: Real> Masks<R> {
    #[inline(always)]
    fn new(width: usize) -> Self {
        let (mut begins, mut single) = ([R::ZERO; 2 * PANEL], [R::ZERO; 3 * PANEL]);
        begins[..PANEL].fill(R::ONE);
        single[2 * PANEL - 1] = R::ONE;
        Self { width, begins, single }
    }

    /// 1 for outputs, 0 behind the last.
    #[inline(always)]
    fn inside(&self, panel: usize) -> [R; PANEL] {
        window(&self.begins, PANEL - PANEL.min(self.width - panel * PANEL))
    }

    /// 1 for the class alone.
    #[inline(always)]
    fn only(&self, class: usize, panel: usize) -> [R; PANEL] {
        window(&self.single, if class / PANEL == panel { 2 * PANEL - 1 - class % PANEL } else { 0 })
    }
}

#[inline(always)]
fn window<R: Real>(values: &[R], begin: usize) -> [R; PANEL] {
    let mut window = [R::ZERO; PANEL];
    window.copy_from_slice(&values[begin..begin + PANEL]);
    window
}

/// In passes: each is short enough for the processor to work on several samples at once.
#[inline(always)]
fn passes<R: Real>(
    masks: &Masks<R>,
    classes: &[u32],
    selection: Selection<'_>,
    stride: usize,
    outputs: &[R],
    errors: &mut [R],
) {
    for (errors, outputs) in errors.chunks_exact_mut(stride).zip(outputs.chunks_exact(stride)) {
        let (outputs, _) = outputs.as_chunks::<PANEL>();
        let (errors, _) = errors.as_chunks_mut::<PANEL>();
        // Behind the last output the first one, which changes no maximum.
        let first = outputs[0][0];
        let mut largest = [first; PANEL];
        for (panel, outputs) in outputs.iter().enumerate() {
            let inside = masks.inside(panel);
            for part in 0..PANEL {
                // Chosen, and not computed from differences, whose rounding outputs of 10⁹ would not survive.
                let output = if inside[part] > R::ZERO { outputs[part] } else { first };
                largest[part] = if largest[part] < output { output } else { largest[part] };
            }
        }
        let largest = joined(&[largest], |one, other| if one < other { other } else { one });
        for (panel, (errors, outputs)) in errors.iter_mut().zip(outputs).enumerate() {
            let inside = masks.inside(panel);
            for part in 0..PANEL {
                errors[part] = (outputs[part] - largest) * inside[part];
            }
        }
    }
    for value in errors.iter_mut() {
        *value = value.exp();
    }
    for (row, errors) in errors.chunks_exact_mut(stride).enumerate() {
        let class = classes[selection.sample(row)] as usize;
        let own = errors[class];
        let (errors, _) = errors.as_chunks_mut::<PANEL>();
        let mut others = [R::ZERO; PANEL];
        for (panel, errors) in errors.iter_mut().enumerate() {
            let (inside, only) = (masks.inside(panel), masks.only(class, panel));
            for part in 0..PANEL {
                errors[part] *= inside[part] - only[part];
                others[part] += errors[part];
            }
        }
        let others = joined(&[others], |one, other| one + other);
        let inverse = R::ONE / (others + own);
        let of_class = -others * inverse;
        for (panel, errors) in errors.iter_mut().enumerate() {
            let only = masks.only(class, panel);
            for part in 0..PANEL {
                errors[part] = only[part].mul_add(of_class, errors[part] * inverse);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest output comes after one that is much larger in size; on one panel, and on two.
    fn large_outputs_are_compared_exactly<R: Real>(size: f64) {
        for width in [3_usize, 20] {
            let stride = width.next_multiple_of(PANEL);
            let mut outputs = vec![R::ZERO; stride];
            outputs[..width].fill(R::from_f64(-size));
            outputs[width - 1] = R::from_f64(0.3 * size);
            for (class, at_class, at_largest) in [(0, -1.0, 1.0), (width - 1, 0.0, 0.0)] {
                let mut errors = vec![R::ZERO; stride];
                let classes = [class as u32];
                softmax_errors(&classes, Selection::From(0), width, stride, &outputs, &mut errors);
                let mut expected = vec![0.0; stride];
                expected[width - 1] = at_largest;
                expected[class] = at_class;
                let found: Vec<f64> = errors.iter().map(|error| error.to_f64()).collect();
                assert_eq!(found, expected, "{width} outputs of ±{size}, class {class}");
            }
        }
    }

    #[test]
    fn outputs_of_any_size_have_probabilities() {
        for size in [1e3, 1e12, 1e30] {
            large_outputs_are_compared_exactly::<f32>(size);
            large_outputs_are_compared_exactly::<f64>(size);
        }
    }
}
