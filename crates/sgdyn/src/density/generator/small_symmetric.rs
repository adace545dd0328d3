//! Symmetric matrices of up to three rows: eigenvalues, and solutions in the range.

/// A symmetric matrix; only its leading `dimension` rows and columns count.
pub(super) type Matrix = [[f64; 3]; 3];

/// Eigenvalues below this share of the largest count as zero.
pub(super) const FLAT: f64 = 1e-11;

/// Eigenvalues and eigenvectors, in columns, by cyclic Jacobi rotations.
pub(super) fn eigen(mut matrix: Matrix, dimension: usize) -> ([f64; 3], Matrix) {
    let mut vectors = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    for _ in 0..32 {
        let mut rotated = false;
        for p in 0..dimension {
            for q in p + 1..dimension {
                let off = matrix[p][q];
                if off.abs() <= 1e-17 * (matrix[p][p].abs() + matrix[q][q].abs()) {
                    continue;
                }
                rotated = true;
                let theta = (matrix[q][q] - matrix[p][p]) / (2.0 * off);
                let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
                let cosine = 1.0 / t.hypot(1.0);
                rotate(&mut matrix, &mut vectors, (p, q), (cosine, t * cosine));
            }
        }
        if !rotated {
            break;
        }
    }
    (std::array::from_fn(|index| matrix[index][index]), vectors)
}

fn rotate(matrix: &mut Matrix, vectors: &mut Matrix, (p, q): (usize, usize), (c, s): (f64, f64)) {
    for row in &mut *matrix {
        (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
    }
    for k in 0..3 {
        let (pk, qk) = (matrix[p][k], matrix[q][k]);
        (matrix[p][k], matrix[q][k]) = (c * pk - s * qk, s * pk + c * qk);
        let (kp, kq) = (vectors[k][p], vectors[k][q]);
        (vectors[k][p], vectors[k][q]) = (c * kp - s * kq, s * kp + c * kq);
    }
}

/// The smallest and the largest eigenvalue.
pub(super) fn extreme_eigenvalues(matrix: &Matrix, dimension: usize) -> (f64, f64) {
    let (values, _) = eigen(*matrix, dimension);
    values[..dimension]
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)))
}

/// The shortest a with `matrix · a` as near to `right` as can be: the solution, where the matrix is regular.
pub(super) fn solve_in_range(matrix: &Matrix, dimension: usize, right: &[f64; 3]) -> [f64; 3] {
    if dimension == 2 {
        let [[xx, xy, _], [_, yy, _], _] = *matrix;
        let determinant = xx * yy - xy * xy;
        // Regular beyond doubt: Cramer's rule.
        if determinant > 1e-6 * (xx + yy) * (xx + yy) {
            let x = (right[0] * yy - right[1] * xy) / determinant;
            return [x, (right[1] * xx - right[0] * xy) / determinant, 0.0];
        }
    }
    let (values, vectors) = eigen(*matrix, dimension);
    let largest = values[..dimension].iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    let mut solution = [0.0; 3];
    for mode in 0..dimension {
        if values[mode] <= FLAT * largest {
            continue;
        }
        let along: f64 = (0..dimension).map(|k| vectors[k][mode] * right[k]).sum::<f64>() / values[mode];
        for k in 0..dimension {
            solution[k] += along * vectors[k][mode];
        }
    }
    solution
}

/// [`solve_in_range`] for a matrix `[d × d]` and a vector `[d]`.
pub(in crate::density) fn solve_symmetric(matrix: &[f64], right: &[f64]) -> [f64; 3] {
    let dimension = right.len();
    let (mut full, mut vector) = ([[0.0; 3]; 3], [0.0; 3]);
    for (row, values) in matrix.chunks_exact(dimension).enumerate() {
        full[row][..dimension].copy_from_slice(values);
    }
    vector[..dimension].copy_from_slice(right);
    solve_in_range(&full, dimension, &vector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solutions_solve_and_singular_directions_are_left_out() {
        let matrix = [[2.0, 0.3, -0.5], [0.3, 1.0, 0.2], [-0.5, 0.2, 4.0]];
        for dimension in 1..=3 {
            let right = [1.0, -2.0, 0.5];
            let solution = solve_in_range(&matrix, dimension, &right);
            for row in 0..dimension {
                let product: f64 = (0..dimension).map(|k| matrix[row][k] * solution[k]).sum();
                assert!((product - right[row]).abs() < 1e-14);
            }
        }
        // v vᵀ with v = (1, 2, 0): the part of (3, 1, 7) along v is v, and v vᵀ (v/5) = v.
        let singular = [[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0; 3]];
        let solution = solve_in_range(&singular, 3, &[3.0, 1.0, 7.0]);
        for (got, want) in solution.iter().zip([0.2, 0.4, 0.0]) {
            assert!((got - want).abs() < 1e-15, "{solution:?}");
        }
        let (low, high) = extreme_eigenvalues(&singular, 3);
        assert!(low.abs() < 1e-15 && (high - 5.0).abs() < 1e-14);
    }
}
