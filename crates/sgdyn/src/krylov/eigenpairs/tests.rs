//! Eigenpairs against dense decompositions.

use faer::{Mat, Side};

use super::*;
use crate::krylov::{SymmetricMatrix, VectorProduct};

/// A symmetric matrix: six outer products of sines, and a diagonal of both signs that decays, so that the eigenvalues
/// lie apart at both ends.
fn matrix(dimension: usize) -> Vec<f64> {
    let entry = |i: usize, j: usize| ((i + 1) as f64 * 0.618 * (j + 3) as f64).sin();
    let element = |i: usize, j: usize| {
        let term = |k: usize| entry(i, k) * entry(j, k) / if k == 2 { -3.0 } else { (k + 1) as f64 };
        let diagonal = if i.is_multiple_of(2) { 3.0 } else { -3.0 } / (i + 1) as f64;
        (0..6).map(term).sum::<f64>() + if i == j { diagonal } else { 0.0 }
    };
    (0..dimension * dimension).map(|place| element(place / dimension, place % dimension)).collect()
}

fn dense(values: &[f64], dimension: usize) -> Vec<f64> {
    let matrix = Mat::from_fn(dimension, dimension, |i, j| values[i * dimension + j]);
    matrix.self_adjoint_eigenvalues(Side::Lower).unwrap()
}

#[test]
fn eigenpairs_are_those_of_a_dense_decomposition() {
    let dimension = 150;
    let values = matrix(dimension);
    let reference = dense(&values, dimension);
    for which in [Which::Largest, Which::Smallest, Which::LargestMagnitude] {
        for (block, largest_basis) in [(1, 200), (3, 200), (1, 24), (4, 30)] {
            let lanczos = Lanczos { which, tolerance: 1e-9, block, largest_basis, ..Lanczos::largest(12) };
            let operator = SymmetricMatrix::new(&values, dimension, dimension, 1.0).unwrap();
            let pairs = lanczos.run(operator).unwrap();
            let mut expected = reference.clone();
            match which {
                Which::Largest => expected.reverse(),
                Which::Smallest => {}
                Which::LargestMagnitude => expected.sort_by(|a, b| b.abs().total_cmp(&a.abs())),
            }
            for (index, (value, expected)) in pairs.values.iter().zip(&expected).enumerate() {
                // The error is quadratic in a residual of at most 1e-9 · |λ|.
                assert!(
                    (value - expected).abs() < 1e-11 * reference[149],
                    "{which:?} {block} {index}: {value}"
                );
            }
            for (i, one) in pairs.vectors.chunks_exact(dimension).enumerate() {
                for (j, other) in pairs.vectors.chunks_exact(dimension).enumerate() {
                    let expected = f64::from(u8::from(i == j));
                    assert!((dot(one, other) - expected).abs() < 1e-12);
                }
            }
            assert!(pairs.residuals.iter().all(|&residual| residual < 1e-9 * reference[149]));
        }
    }
}

#[test]
fn residuals_are_those_of_the_vectors_returned() {
    let dimension = 80;
    let values = matrix(dimension);
    let narrow: Vec<f32> = values.iter().map(|&value| value as f32).collect();
    let operator = SymmetricMatrix::new(&narrow, dimension, dimension, 1.0).unwrap();
    let pairs = Lanczos { tolerance: 1e-4, ..Lanczos::largest(5) }.run(operator).unwrap();
    for (index, vector) in pairs.vectors.chunks_exact(dimension).enumerate() {
        let product = |i: usize| -> f64 {
            (0..dimension).map(|j| f64::from(narrow[i * dimension + j]) * f64::from(vector[j])).sum()
        };
        let square: f64 =
            (0..dimension).map(|i| (product(i) - pairs.values[index] * f64::from(vector[i])).powi(2)).sum();
        // Both with the rounding of products in f32.
        assert!((square.sqrt() - pairs.residuals[index]).abs() < 1e-5, "{square}");
    }
}

#[test]
fn repeated_eigenvalues_and_all_of_a_small_matrix() {
    // 5 three times, 1 otherwise: the Krylov space of one vector has dimension 2.
    let dimension = 12;
    let operator = || {
        VectorProduct::new(dimension, |vector: &[f64], out: &mut [f64]| {
            for (i, (out, value)) in out.iter_mut().zip(vector).enumerate() {
                *out = if i % 4 == 0 { 5.0 * value } else { *value };
            }
        })
    };
    let all = Lanczos::largest(dimension).run(operator()).unwrap();
    let expected: Vec<f64> = (0..12).map(|i| if i < 3 { 5.0 } else { 1.0 }).collect();
    assert!(all.values.iter().zip(&expected).all(|(value, expected)| (value - expected).abs() < 1e-13));
    let block = Lanczos { block: 3, ..Lanczos::largest(3) }.run(operator()).unwrap();
    assert!(block.values.iter().all(|value| (value - 5.0).abs() < 1e-13));
    let zero = VectorProduct::new(5, |_: &[f64], out: &mut [f64]| out.fill(0.0));
    assert_eq!(Lanczos::largest(2).run(zero).unwrap().values, [0.0, 0.0]);
}

#[test]
fn what_cannot_be_had_is_refused() {
    let identity = |dimension| {
        VectorProduct::new(dimension, |vector: &[f64], out: &mut [f64]| out.copy_from_slice(vector))
    };
    let error = Lanczos::largest(4).run(identity(3)).unwrap_err().to_string();
    assert_eq!(error, "count = 4 is out of range: give from 1 to the dimension of the operator, 3");
    let values = matrix(100);
    let operator = SymmetricMatrix::new(&values, 100, 100, 1.0).unwrap();
    let few = Lanczos { largest_products: 15, tolerance: 1e-12, ..Lanczos::largest(10) };
    let error = few.run(operator).unwrap_err();
    let KrylovError::EigenpairsNotConverged(found) = &error else { panic!("{error}") };
    assert!(found.asked == 10 && found.products == 25 && found.worst > 1e-12, "{error}");
    assert!(error.to_string().contains("after 25 products; the worst has "), "{error}");
    // Four products hold four pairs.
    let operator = SymmetricMatrix::new(&values, 100, 100, 1.0).unwrap();
    let error = Lanczos { largest_products: 4, ..few }.run(operator).unwrap_err();
    let KrylovError::EigenpairsNotConverged(found) = &error else { panic!("{error}") };
    assert!(found.worst.is_infinite() && found.products == 8, "{error}");
    assert!(error.to_string().contains("after 8 products: allow more products"), "{error}");
    let nan = VectorProduct::new(30, |_: &[f64], out: &mut [f64]| out.fill(f64::NAN));
    assert!(matches!(Lanczos::largest(2).run(nan), Err(KrylovError::NotFinite { product: 1, .. })));
}
