//! Selling's decomposition: a diffusion tensor as non-negative weights on steps between cells.

use super::small_symmetric::Matrix;

/// A step in cells along each axis, and its weight.
pub(super) type WeightedStep = ([i32; 3], f64);

/// The longest step in cells that is looked for.
const MOST_CELLS: f64 = 1e5;
/// Vectors whose product is below this share of their lengths times the trace are at right angles up to rounding.
const RIGHT_ANGLE: f64 = 4e-15;

/// `D = Σ w_k e_k e_kᵀ` with w_k > 0 and integer e_k, one of each pair ±e: at most 1, 3 or 6 steps in 1, 2 or 3
/// dimensions, the shortest that keep all weights non-negative.
///
/// E. Selling, *J. reine angew. Math.* 77, 143 (1874); J. Fehrenbach and J.-M. Mirebeau, *J. Math. Imaging Vision* 49,
/// 123 (2014). A base b_0 … b_d with Σ b_k = 0 is changed until all b_i·D b_j ≤ 0 (it is then obtuse); each change lowers
/// Σ b_i·D b_i. A singular D ends at steps along its range if these are rational, else at steps without bound.
pub(super) fn decompose(matrix: &Matrix, dimension: usize) -> Vec<WeightedStep> {
    let trace: f64 = (0..dimension).map(|k| matrix[k][k]).sum();
    let mut steps = match dimension {
        1 => vec![([1, 0, 0], matrix[0][0])],
        2 => plane(matrix, RIGHT_ANGLE * trace),
        _ => space(matrix, RIGHT_ANGLE * trace),
    };
    steps.retain(|step| step.1 > 1e-14 * trace);
    for (step, _) in &mut steps {
        // One sign for each pair, so that neighbours name an edge alike.
        if step.iter().find(|&&entry| entry != 0).is_some_and(|&first| first < 0) {
            *step = step.map(|entry| -entry);
        }
    }
    steps
}

type Vector = [f64; 3];

fn product(matrix: &Matrix, left: &Vector, right: &Vector) -> f64 {
    (0..3).map(|row| left[row] * (0..3).map(|k| matrix[row][k] * right[k]).sum::<f64>()).sum()
}

/// Whether the angle between two vectors is below a right one.
fn is_acute(matrix: &Matrix, tolerance: f64, left: &Vector, right: &Vector) -> bool {
    let length = |vector: &Vector| vector.iter().map(|entry| entry * entry).sum::<f64>().sqrt();
    product(matrix, left, right) > tolerance * length(left) * length(right)
}

fn too_long(base: &[Vector]) -> bool {
    base.iter().flatten().any(|entry| entry.abs() > MOST_CELLS)
}

fn plane(matrix: &Matrix, tolerance: f64) -> Vec<WeightedStep> {
    let flat = [[matrix[0][0], matrix[0][1], 0.0], [matrix[1][0], matrix[1][1], 0.0], [0.0; 3]];
    let mut base = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-1.0, -1.0, 0.0]];
    let pairs = [(0, 1, 2), (0, 2, 1), (1, 2, 0)];
    while let Some(&(i, j, _)) =
        pairs.iter().find(|(i, j, _)| is_acute(&flat, tolerance, &base[*i], &base[*j]))
    {
        let (u, v) = (base[i], base[j]);
        base = [[-u[0], -u[1], 0.0], v, [u[0] - v[0], u[1] - v[1], 0.0]];
        if too_long(&base) {
            break;
        }
    }
    pairs
        .iter()
        .map(|&(i, j, k)| {
            let across = base[k];
            ([-across[1] as i32, across[0] as i32, 0], -product(&flat, &base[i], &base[j]))
        })
        .collect()
}

fn space(matrix: &Matrix, tolerance: f64) -> Vec<WeightedStep> {
    let mut base = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [-1.0, -1.0, -1.0]];
    let pairs = [(0, 1, 2, 3), (0, 2, 1, 3), (0, 3, 1, 2), (1, 2, 0, 3), (1, 3, 0, 2), (2, 3, 0, 1)];
    while let Some(&(i, _, k, l)) =
        pairs.iter().find(|(i, j, _, _)| is_acute(matrix, tolerance, &base[*i], &base[*j]))
    {
        let turned = base[i];
        base[i] = turned.map(|entry| -entry);
        for other in [k, l] {
            base[other] = std::array::from_fn(|axis| base[other][axis] + turned[axis]);
        }
        if too_long(&base) {
            break;
        }
    }
    pairs
        .iter()
        .map(|&(i, j, k, l)| {
            let (u, v) = (base[k], base[l]);
            let across = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
            (across.map(|entry| entry as i32), -product(matrix, &base[i], &base[j]))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restored(steps: &[WeightedStep]) -> Matrix {
        let mut matrix = [[0.0; 3]; 3];
        for (step, weight) in steps {
            for row in 0..3 {
                for column in 0..3 {
                    matrix[row][column] += weight * f64::from(step[row]) * f64::from(step[column]);
                }
            }
        }
        matrix
    }

    /// Deterministic tensors LLᵀ with one direction stretched, of condition up to 1e4.
    fn tensor(seed: usize, dimension: usize) -> Matrix {
        let entry = |k: usize| (((seed * 7919 + k * 104729) % 2003) as f64 / 1001.5 - 1.0) * 3.0;
        let mut root = [[0.0; 3]; 3];
        for (row, entries) in root.iter_mut().enumerate().take(dimension) {
            for (column, value) in entries.iter_mut().enumerate().take(row + 1) {
                *value = entry(row * 3 + column);
            }
            entries[row] = 0.05 + entry(row * 3 + row).abs();
        }
        std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| root[i][k] * root[j][k]).sum()))
    }

    #[test]
    fn weights_are_positive_and_restore_the_tensor() {
        for dimension in 2..=3 {
            for seed in 0..400 {
                let matrix = tensor(seed, dimension);
                let steps = decompose(&matrix, dimension);
                assert!(steps.iter().all(|step| step.1 > 0.0));
                assert!(steps.len() <= dimension * (dimension + 1) / 2);
                let scale: f64 = (0..dimension).map(|k| matrix[k][k]).sum();
                let back = restored(&steps);
                for row in 0..dimension {
                    for column in 0..dimension {
                        let error = (back[row][column] - matrix[row][column]).abs();
                        assert!(error < 1e-11 * scale, "{matrix:?} {steps:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn diagonal_and_rational_rank_one_tensors_need_only_their_own_steps() {
        let diagonal = [[2.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 5.0]];
        let mut steps = decompose(&diagonal, 3);
        steps.sort_by(|a, b| a.1.total_cmp(&b.1));
        assert_eq!(steps, vec![([1, 0, 0], 2.0), ([0, 1, 0], 3.0), ([0, 0, 1], 5.0)]);
        for direction in [[1.0, 2.0, -3.0], [2.0, -5.0, 1.0], [0.0, 3.0, 1.0]] {
            let matrix = std::array::from_fn(|i| std::array::from_fn(|j| direction[i] * direction[j]));
            let steps = decompose(&matrix, 3);
            assert_eq!(steps.len(), 1, "{steps:?}");
            let sign = if direction[0] < 0.0 { -1.0 } else { 1.0 };
            assert_eq!(steps[0].0.map(|entry| f64::from(entry) * sign), direction);
        }
        // An irrational direction never ends: the steps say so.
        let slope = 2.0_f64.sqrt();
        let steps = decompose(&[[1.0, slope, 0.0], [slope, 2.0, 0.0], [0.0; 3]], 2);
        assert!(steps.iter().flat_map(|step| step.0).any(|entry| entry.abs() > 1000));
    }
}
