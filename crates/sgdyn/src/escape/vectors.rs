//! Vectors as slices.

/// `Σ aᵢbᵢ`.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The Euclidean length.
pub(super) fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// The Euclidean distance.
pub(super) fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

/// `a + factor · b`.
pub(super) fn plus(a: &[f64], factor: f64, b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + factor * b).collect()
}

/// `out ← out + factor · a`.
pub(super) fn add(factor: f64, a: &[f64], out: &mut [f64]) {
    for (out, a) in out.iter_mut().zip(a) {
        *out += factor * a;
    }
}

/// `a ← factor · a`.
pub(super) fn scale(factor: f64, a: &mut [f64]) {
    for a in a {
        *a *= factor;
    }
}

/// Takes the components along orthonormal `directions` out of `a`, twice, so that rounding leaves none.
pub(super) fn remove_components(directions: &[Vec<f64>], a: &mut [f64]) {
    for _ in 0..2 {
        for direction in directions {
            add(-dot(direction, a), direction, a);
        }
    }
}

/// A unit vector without preferred direction, the same for the same `number`: the additive recurrence of the square
/// roots of primes, centred.
pub(super) fn generic_direction(dimension: usize, number: usize) -> Vec<f64> {
    let mut vector: Vec<f64> = (0..dimension)
        .map(|coordinate| {
            let phase =
                (coordinate as f64 + 1.0) * 2f64.sqrt() + (coordinate * coordinate) as f64 * 3f64.sqrt();
            (phase + (number as f64 + 1.0) * (coordinate as f64 + 0.7) * 5f64.sqrt()).fract() - 0.5
        })
        .collect();
    let length = norm(&vector);
    if length == 0.0 {
        vector[0] = 1.0;
    } else {
        scale(1.0 / length, &mut vector);
    }
    vector
}
