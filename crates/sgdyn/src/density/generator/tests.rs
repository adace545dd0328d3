//! Chains against Gibbs laws, closed forms and quadrature.

use super::super::{Axis, DenseElimination, DenseSolver, Face, Resolvent, Solver};
use super::*;
use crate::theory::{
    FarSide, Process, first_passage_time, interval_exit_time, irreversibility, stationary_covariance,
};

fn quartic(x: f64) -> f64 {
    x.powi(4) - 2.0 * x * x
}

fn double_well(temperature: f64) -> DiffusionProcess {
    DiffusionProcess::gibbs(1, |x| quartic(x[0]), |x, g| g[0] = 4.0 * x[0].powi(3) - 4.0 * x[0], temperature)
        .unwrap()
}

pub(in crate::density) fn stationary(chain: &Rates) -> Vec<f64> {
    DenseSolver.stationary(chain).unwrap()
}

pub(super) fn mean_times(chain: &Rates) -> Vec<f64> {
    let mut times = vec![0.0; chain.states()];
    let ones = vec![1.0; chain.states()];
    DenseElimination::new(chain).unwrap().backward(&ones, &mut times).unwrap();
    times
}

/// The largest |p_i r_ij/(p_j r_ji) − 1| for given masses.
fn imbalance(chain: &Rates, mass: impl Fn(usize) -> f64) -> f64 {
    let mut worst = 0.0_f64;
    for state in 0..chain.states() {
        let (targets, values) = chain.row(state);
        for (&target, &value) in targets.iter().zip(values) {
            let (back, rates) = chain.row(target as usize);
            let reverse = rates[back.iter().position(|&to| to as usize == state).unwrap()];
            let ratio = (mass(state) / mass(target as usize)) * (value / reverse);
            worst = worst.max((ratio - 1.0).abs());
        }
    }
    worst
}

fn stretched(lower: f64, upper: f64, cells: usize) -> Axis {
    let faces = (0..=cells)
        .map(|k| {
            let u = k as f64 / cells as f64;
            lower + (upper - lower) * (u + 0.08 * (std::f64::consts::TAU * u).sin())
        })
        .collect();
    Axis::stretched(faces)
}

#[test]
fn a_known_potential_makes_an_exact_gibbs_law_on_cells_of_any_widths() {
    let potential = |x: &[f64]| quartic(x[0]) + 0.5 * (x[1] - x[0] * x[0]).powi(2);
    let gradient = |x: &[f64], g: &mut [f64]| {
        g[1] = x[1] - x[0] * x[0];
        g[0] = 4.0 * x[0].powi(3) - 4.0 * x[0] - 2.0 * x[0] * g[1];
    };
    let process = DiffusionProcess::gibbs(2, potential, gradient, 0.2).unwrap();
    let grid = Grid::new(vec![stretched(-1.6, 1.7, 21), stretched(-1.0, 3.0, 17)]).unwrap();
    let chain = generator(&process, &grid, Interpretation::Ito).unwrap();
    let mass = |cell: usize| grid.volume(cell) * (-potential(&coefficients::centre(&grid, cell)) / 0.2).exp();
    let worst = imbalance(&chain, mass);
    assert!(worst < 1e-12, "{worst:e}");
    assert!(chain.exits().iter().all(|&exit| exit == 0.0));
    let total: f64 = (0..grid.cells()).map(mass).sum();
    for (cell, got) in stationary(&chain).iter().enumerate() {
        assert!((got * total / mass(cell) - 1.0).abs() < 1e-11);
    }
}

#[test]
fn state_dependent_noise_has_its_density_under_each_interpretation() {
    // D = 0.1 + x², b = −x: e^{∫b/D} = D^{−1/2}, and the density is D^{α − 1} times that.
    let process =
        DiffusionProcess::from_functions(1, |x, b| b[0] = -x[0], |x, d| d[0] = 0.1 + x[0] * x[0]).unwrap();
    for (interpretation, power) in
        [(Interpretation::Ito, -1.5), (Interpretation::Stratonovich, -1.0), (Interpretation::AntiIto, -0.5)]
    {
        let grid = Grid::new(vec![stretched(-4.0, 5.0, 400)]).unwrap();
        let chain = generator(&process, &grid, interpretation).unwrap();
        let mass = |cell: usize| {
            let x = grid.axes()[0].centre(cell);
            grid.volume(cell) * (0.1 + x * x).powf(power)
        };
        // What is left is Gauss's rule with three nodes on ∫ x/(0.1 + x²).
        assert!(imbalance(&chain, mass) < 1e-8, "{interpretation:?}");
    }
}

#[test]
fn noise_that_jumps_keeps_its_equilibria() {
    // Switching diffusion on a periodic ring, no drift: Dp is constant for Itô, p for anti-Itô.
    let jump = |x: &[f64], d: &mut [f64]| d[0] = if x[0] < 0.5 { 1.0 } else { 9.0 };
    let process = DiffusionProcess::from_functions(1, |_, b| b[0] = 0.0, jump).unwrap();
    let axis = Axis::uniform(0.0, 1.0, 30).ending(Face::Periodic, Face::Periodic);
    let grid = Grid::new(vec![axis]).unwrap();
    for (interpretation, ratio) in
        [(Interpretation::Ito, 9.0), (Interpretation::Stratonovich, 3.0), (Interpretation::AntiIto, 1.0)]
    {
        let masses = stationary(&generator(&process, &grid, interpretation).unwrap());
        assert!((masses[3] / masses[20] / ratio - 1.0).abs() < 1e-12, "{interpretation:?}");
    }
}

/// Φ with mixed terms of degree four, its gradient, and a tensor with strong cross terms.
fn crossed(dimension: usize) -> (DiffusionProcess, impl Fn(&[f64]) -> f64) {
    let phi = |x: &[f64]| {
        let sum: f64 = x.iter().sum();
        x.iter().map(|x| 0.25 * x.powi(4)).sum::<f64>() + 0.5 * sum * sum - x[0]
    };
    let gradient =
        |x: &[f64], k: usize| x[k].powi(3) + x.iter().sum::<f64>() - if k == 0 { 1.0 } else { 0.0 };
    let tensor = [[1.0, 0.9, 0.2], [0.9, 1.1, 0.4], [0.2, 0.4, 0.7]];
    let drift = move |x: &[f64], b: &mut [f64]| {
        for row in 0..x.len() {
            b[row] = -(0..x.len()).map(|k| tensor[row][k] * gradient(x, k)).sum::<f64>();
        }
    };
    let entries = move |x: &[f64], d: &mut [f64]| {
        for row in 0..x.len() {
            for column in 0..x.len() {
                d[row * x.len() + column] = tensor[row][column];
            }
        }
    };
    (DiffusionProcess::from_functions(dimension, drift, entries).unwrap(), phi)
}

#[test]
fn cross_terms_keep_gibbs_laws_exact_in_two_and_three_dimensions() {
    for dimension in 2..=3 {
        let (process, phi) = crossed(dimension);
        let axes = [(2.0, 14), (2.2, 11), (1.9, 9)].map(|(end, cells)| Axis::uniform(-end, end + 0.3, cells));
        let grid = Grid::new(axes[..dimension].to_vec()).unwrap();
        let chain = generator(&process, &grid, Interpretation::Ito).unwrap();
        let mass = |cell: usize| (-phi(&coefficients::centre(&grid, cell))).exp();
        let worst = imbalance(&chain, mass);
        assert!(worst < 1e-11, "{worst:e}");
    }
}

#[test]
fn the_divergence_form_with_cross_terms_that_vary_keeps_gibbs_laws() {
    // ∇·D(∇p + p∇Φ) with Φ = |x|²/2: b = −Dx in the anti-Itô sense.
    let entries = |x: &[f64]| {
        let (s, c) = (x[0] + 0.5 * x[1]).sin_cos();
        [1.0 + 0.9 * c * c, 0.9 * s * c, 0.9 * s * c, 0.3 + 0.9 * s * s]
    };
    let process = DiffusionProcess::from_functions(
        2,
        move |x, b| {
            let d = entries(x);
            (b[0], b[1]) = (-d[0] * x[0] - d[1] * x[1], -d[2] * x[0] - d[3] * x[1]);
        },
        move |x, d| d.copy_from_slice(&entries(x)),
    )
    .unwrap();
    let grid = Grid::new(vec![Axis::uniform(-3.0, 3.0, 23), Axis::uniform(-3.0, 3.0, 31)]).unwrap();
    let chain = generator(&process, &grid, Interpretation::AntiIto).unwrap();
    let mass = |cell: usize| {
        let x = coefficients::centre(&grid, cell);
        (-0.5 * (x[0] * x[0] + x[1] * x[1])).exp()
    };
    let worst = imbalance(&chain, mass);
    assert!(worst < 1e-12, "{worst:e}");
}

/// −H, D of a linear process in two dimensions whose H and C do not commute.
pub(in crate::density) fn non_commuting() -> (faer::Mat<f64>, faer::Mat<f64>, DiffusionProcess) {
    let h = faer::mat![[1.0, 0.3], [0.3, 2.0]];
    let d = faer::mat![[0.5, 0.35], [0.35, 0.4]];
    let process = DiffusionProcess::from_functions(
        2,
        |x, b| (b[0], b[1]) = (-x[0] - 0.3 * x[1], -0.3 * x[0] - 2.0 * x[1]),
        |_, d| d.copy_from_slice(&[0.5, 0.35, 0.35, 0.4]),
    )
    .unwrap();
    (h, d, process)
}

/// `log₂` of the ratio of two errors at a halving.
fn order(coarse: f64, fine: f64) -> f64 {
    (coarse / fine).log2()
}

#[test]
fn a_current_carrying_gaussian_is_met_to_second_order() {
    let (h, d, process) = non_commuting();
    let two_d = &d * 2.0;
    let s =
        stationary_covariance(h.as_ref(), two_d.as_ref(), 1.0, crate::theory::LinearDynamics::FirstOrderSde)
            .unwrap()
            .covariance;
    assert!(irreversibility(h.as_ref(), two_d.as_ref(), 1.0).unwrap().entropy_production > 0.01);
    let errors: Vec<f64> = [18, 36]
        .into_iter()
        .map(|cells| {
            let axes = vec![Axis::uniform(-3.6, 3.6, cells), Axis::uniform(-2.7, 2.7, cells)];
            let grid = Grid::new(axes).unwrap();
            let masses = stationary(&generator(&process, &grid, Interpretation::Ito).unwrap());
            let mut got = [0.0; 3];
            for (cell, mass) in masses.iter().enumerate() {
                let x = coefficients::centre(&grid, cell);
                for (sum, value) in got.iter_mut().zip([x[0] * x[0], x[0] * x[1], x[1] * x[1]]) {
                    *sum += mass * value;
                }
            }
            let want = [s[(0, 0)], s[(0, 1)], s[(1, 1)]];
            got.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        })
        .collect();
    let order = order(errors[0], errors[1]);
    println!("covariance of a current-carrying Gaussian: errors {errors:?}, order {order:.3}");
    assert!((order - 2.0).abs() < 0.2 && errors[1] < 5e-3);
}

#[test]
fn first_passage_on_a_line_is_of_second_order_wherever_the_target_lies() {
    let oracle = Process::gibbs(quartic, 1.0 / 3.0).unwrap();
    for target in [0.0, -0.5, -0.9137] {
        let want = first_passage_time(&oracle, 1.0, target, FarSide::Infinite).unwrap().mean;
        let errors: Vec<f64> = [101, 201, 401, 801]
            .into_iter()
            .map(|cells| {
                // Centred so that 1 is a centre; where the target falls between centres changes with the grid.
                let width = 4.0 / cells as f64;
                let lower = 1.0 - width * (0.5 + (cells * 3 / 4) as f64);
                let grid = Grid::new(vec![Axis::uniform(lower, lower + 4.0, cells)]).unwrap();
                let region = Target::half_space(vec![1.0], target);
                let process = double_well(1.0 / 3.0);
                let (chain, kept) = generator_until(&process, &grid, Interpretation::Ito, &region).unwrap();
                let start = kept.iter().position(|&cell| cell == cells * 3 / 4).unwrap();
                (mean_times(&chain)[start] / want - 1.0).abs()
            })
            .collect();
        // The coarsest may be lucky.
        let order = order(errors[1], errors[3]) / 2.0;
        println!("first passage to {target}: relative errors {errors:?}, mean order {order:.3}");
        assert!(order > 1.8 && errors[3] < 1e-4, "{target}: {errors:?}");
    }
}

#[test]
fn absorbing_faces_and_state_dependent_noise_exit_to_second_order() {
    // Itô, D = 0.2 + 0.1 sin 3x, out of (−1, 1.5).
    let oracle = Process::state_dependent(|x| x, |x| 0.2 + 0.1 * (3.0 * x).sin());
    let want = interval_exit_time(&oracle, 0.25, -1.0, 1.5).unwrap().mean;
    let process = DiffusionProcess::from_functions(
        1,
        |x, b| b[0] = -x[0],
        |x, d| d[0] = 0.2 + 0.1 * (3.0 * x[0]).sin(),
    )
    .unwrap();
    let errors: Vec<f64> = [51, 101, 201, 401]
        .into_iter()
        .map(|cells| {
            let axis = Axis::uniform(-1.0, 1.5, cells).ending(Face::Absorbing, Face::Absorbing);
            let chain = generator(&process, &Grid::new(vec![axis]).unwrap(), Interpretation::Ito).unwrap();
            (mean_times(&chain)[cells / 2] / want - 1.0).abs()
        })
        .collect();
    let order = order(errors[0], errors[3]) / 3.0;
    println!("exit from an interval: relative errors {errors:?}, mean order {order:.3}");
    assert!(order > 1.8 && errors[3] < 1e-4);
}

#[test]
fn exits_with_cross_terms_are_of_second_order() {
    // Diffusion LLᵀ out of the image of the unit disk, {|L⁻¹x| ≤ 1}: τ = (1 − |L⁻¹x|²)/4 for D = LLᵀ.
    let process = DiffusionProcess::from_functions(
        2,
        |_, b| b.fill(0.0),
        |_, d| d.copy_from_slice(&[1.0, 0.8, 0.8, 1.0]),
    )
    .unwrap();
    let radius_squared = |x: &[f64]| (x[0] * x[0] - 1.6 * x[0] * x[1] + x[1] * x[1]) / 0.36;
    let outside = Target::region(move |x| radius_squared(x) >= 1.0);
    let errors: Vec<f64> = [15, 29, 57]
        .into_iter()
        .map(|cells| {
            let grid = Grid::new(vec![Axis::uniform(-1.1, 1.1, cells); 2]).unwrap();
            let (chain, kept) = generator_until(&process, &grid, Interpretation::Ito, &outside).unwrap();
            mean_times(&chain)
                .iter()
                .zip(&kept)
                .map(|(time, &cell)| {
                    let x = coefficients::centre(&grid, cell);
                    (time - 0.25 * (1.0 - radius_squared(&x))).abs()
                })
                .fold(0.0, f64::max)
        })
        .collect();
    let order = order(errors[0], errors[2]) / 2.0;
    println!("exit from an ellipse: largest errors {errors:?}, mean order {order:.3}");
    assert!(order > 1.6 && errors[2] < 2e-3);
}

#[test]
fn an_underdamped_particle_goes_upwind_and_converges() {
    // dx = v dt, dv = (−x − v) dt + √2 dW: the law is that of two standard normals, D = diag(0, 1).
    let process = DiffusionProcess::from_functions(
        2,
        |x, b| (b[0], b[1]) = (x[1], -x[0] - x[1]),
        |_, d| d.copy_from_slice(&[0.0, 0.0, 0.0, 1.0]),
    )
    .unwrap();
    let errors: Vec<f64> = [18, 36]
        .into_iter()
        .map(|cells| {
            let grid = Grid::new(vec![Axis::uniform(-5.0, 5.0, cells); 2]).unwrap();
            let masses = stationary(&generator(&process, &grid, Interpretation::Ito).unwrap());
            let variance: f64 = masses
                .iter()
                .enumerate()
                .map(|(cell, mass)| mass * coefficients::centre(&grid, cell)[0].powi(2))
                .sum();
            (variance - 1.0).abs()
        })
        .collect();
    let order = order(errors[0], errors[1]);
    println!("underdamped, upwind: errors of the variance {errors:?}, order {order:.3}");
    assert!(order > 0.8 && errors[1] < 0.5);
}

#[test]
fn noise_that_vanishes_lets_the_drift_through() {
    // D = x²/2 with b = 1 from 0 to the absorbing end 1: τ = 1 − x solves τ' + x²τ''/2 = −1.
    let process =
        DiffusionProcess::from_functions(1, |_, b| b[0] = 1.0, |x, d| d[0] = 0.5 * x[0] * x[0]).unwrap();
    let errors: Vec<f64> = [100, 400]
        .into_iter()
        .map(|cells| {
            let axis = Axis::uniform(0.0, 1.0, cells).ending(Face::Reflecting, Face::Absorbing);
            let chain = generator(&process, &Grid::new(vec![axis]).unwrap(), Interpretation::Ito).unwrap();
            (mean_times(&chain)[0] - 1.0 + 0.5 / cells as f64).abs()
        })
        .collect();
    println!("degenerate start: relative errors {errors:?}");
    assert!(errors[1] < 0.4 * errors[0] && errors[1] < 5e-3);
}

#[test]
fn what_cannot_be_says_where() {
    let with = |tensor: [f64; 4]| {
        DiffusionProcess::from_functions(2, |_, b| b.fill(0.0), move |_, d| d.copy_from_slice(&tensor))
            .unwrap()
    };
    let grid = Grid::new(vec![Axis::uniform(-1.0, 1.0, 20); 2]).unwrap();
    let got = |tensor, grid: &Grid| generator(&with(tensor), grid, Interpretation::Ito);
    match got([1.0, 2.0, 2.0, 1.0], &grid) {
        Err(DensityError::NotPositive { cell: 0, eigenvalue, .. }) => {
            assert!((eigenvalue + 1.0).abs() < 1e-14);
        }
        other => panic!("{other:?}"),
    }
    let slope = 2.0_f64.sqrt();
    assert!(matches!(got([1.0, slope, slope, 2.0], &grid), Err(DensityError::Reach { .. })));
    let uneven = Grid::new(vec![Axis::uniform(-1.0, 1.0, 20), stretched(-1.0, 1.0, 20)]).unwrap();
    assert!(matches!(got([1.0, 0.5, 0.5, 1.0], &uneven), Err(DensityError::Stretched { axis: 1, .. })));
    let line = Grid::new(vec![Axis::uniform(-1.0, 1.0, 20)]).unwrap();
    assert!(matches!(got([1.0, 0.5, 0.5, 1.0], &line), Err(DensityError::Shape { .. })));
    let target = Target::half_space(vec![1.0, 0.0], -5.0);
    let none = generator_until(&with([1.0, 0.0, 0.0, 1.0]), &grid, Interpretation::Ito, &target);
    assert!(matches!(none, Err(DensityError::Target { covered: 0, .. })));
    let huge = Grid::new(vec![Axis::uniform(-1.0, 1.0, 70_000); 2]).unwrap();
    assert!(matches!(got([1.0, 0.0, 0.0, 1.0], &huge), Err(DensityError::Memory { .. })));
    let broken = DiffusionProcess::from_functions(1, |_, b| b[0] = f64::NAN, |_, d| d[0] = 1.0).unwrap();
    assert!(matches!(generator(&broken, &line, Interpretation::Ito), Err(DensityError::Rate { .. })));
}
