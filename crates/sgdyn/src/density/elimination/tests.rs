//! Answers held against closed forms, recursions and the full elimination.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::density::{DenseElimination, Method, RatesBuilder, Solver, SparseSolver};
use crate::lanes::{SimdLevel, force_simd_level, simd_level};
use crate::theory::{FarSide, Process, first_passage_time};

fn stationary(chain: &Rates) -> Result<Vec<f64>, DensityError> {
    SparseSolver::new(Method::Direct, usize::MAX).stationary(chain)
}

/// Scharfetter–Gummel rates of a potential in units of temperature, from each cell to the one before and the one after.
fn steps(potential: &[f64], diffusion: f64, width: f64) -> Vec<[f64; 2]> {
    let bernoulli = |rise: f64| if rise == 0.0 { 1.0 } else { rise / rise.exp_m1() };
    let rate =
        |from: usize, to: usize| diffusion / (width * width) * bernoulli(potential[to] - potential[from]);
    let down = |cell: usize| if cell > 0 { rate(cell, cell - 1) } else { 0.0 };
    let up = |cell: usize| if cell + 1 < potential.len() { rate(cell, cell + 1) } else { 0.0 };
    (0..potential.len()).map(|cell| [down(cell), up(cell)]).collect()
}

/// The chain whose coordinates move independently, x slow and y fast in the numbering; x leaves from its first cell at
/// `exit`.
fn product_chain(x: &[[f64; 2]], y: &[[f64; 2]], exit: f64) -> Rates {
    let mut builder = RatesBuilder::new();
    for (i, &[x_down, x_up]) in x.iter().enumerate() {
        for (j, &[y_down, y_up]) in y.iter().enumerate() {
            let state = i * y.len() + j;
            if i > 0 {
                builder.rate(state - y.len(), x_down);
            } else {
                builder.exit(exit);
            }
            if i + 1 < x.len() {
                builder.rate(state + y.len(), x_up);
            }
            if j > 0 {
                builder.rate(state - 1, y_down);
            }
            if j + 1 < y.len() {
                builder.rate(state + 1, y_up);
            }
            builder.finish_state([i as u32, j as u32, 0]);
        }
    }
    builder.finish().unwrap()
}

/// The mean times to leave below the first cell: sums of the times to the cell before, which follow one another from the
/// last by positive terms alone.
fn passage_times(steps: &[[f64; 2]], exit: f64) -> Vec<f64> {
    let mut hop = vec![0.0; steps.len()];
    for cell in (0..steps.len()).rev() {
        let down = if cell > 0 { steps[cell][0] } else { exit };
        let onward = if cell + 1 < steps.len() { steps[cell][1] * hop[cell + 1] } else { 0.0 };
        hop[cell] = (1.0 + onward) / down;
    }
    hop.iter()
        .scan(0.0, |sum: &mut f64, hop| {
            *sum += hop;
            Some(*sum)
        })
        .collect()
}

fn quartic(x: f64) -> f64 {
    x.powi(4) / 4.0 - x * x / 2.0
}

fn off(found: f64, exact: f64) -> f64 {
    (found - exact).abs() / exact.abs()
}

#[test]
fn the_double_well_of_64000_cells_keeps_its_digits() {
    // V = x⁴/4 − x²/2, diffusion ε = 0.0125: the passage from 1 to −1 takes some 1e9 units; ordinary LU is 7 % off here.
    let (cells, epsilon, lower, upper) = (64_000, 0.0125, -1.0, 3.0);
    let width = (upper - lower) / cells as f64;
    let centre = |cell: usize| lower + width * (cell as f64 + 0.5);
    let potential: Vec<f64> = (0..cells).map(|cell| quartic(centre(cell)) / epsilon).collect();
    let x = steps(&potential, epsilon, width);
    let edge = (quartic(lower) / epsilon) - potential[0];
    let exit = 2.0 * epsilon / (width * width) * edge / edge.exp_m1();
    let chain = product_chain(&x, &[[0.0; 2]], exit);
    let mut times = vec![0.0; cells];
    Elimination::new(&chain).unwrap().backward(&vec![1.0; cells], &mut times).unwrap();
    // Another order of the same positive terms: rounding alone, 64,000 of them one after the other at random.
    let worst = times.iter().zip(passage_times(&x, exit)).map(|(&a, b)| off(a, b)).fold(0.0, f64::max);
    assert!(worst < 1e-11, "{worst:e}");
    let process = Process::gibbs(quartic, epsilon).unwrap();
    let exact = first_passage_time(&process, 1.0, -1.0, FarSide::Infinite).unwrap().mean;
    // The grid errs by O(h²).
    let time = times[cells / 2 - 1].midpoint(times[cells / 2]);
    assert!(off(time, exact) < 1e-7, "{time:e} for {exact:e}");
}

#[test]
fn a_metastable_product_has_the_passage_times_and_the_law_of_its_factors() {
    // Barriers of 20 and 60 temperatures; masses down to 1e-100 and below.
    for (barrier, cells) in [(20.0, 96), (60.0, 130)] {
        let temperature = 0.25 / barrier;
        let along = |cells: usize| move |cell: usize| -2.0 + 4.0 * (cell as f64 + 0.5) / cells as f64;
        let (x_cells, y_cells) = (cells, cells - 17);
        let x_potential: Vec<f64> =
            (0..x_cells).map(along(x_cells)).map(|x| quartic(x) / temperature).collect();
        let y_potential: Vec<f64> =
            (0..y_cells).map(along(y_cells)).map(|y| 0.5 * y * y / temperature).collect();
        let x = steps(&x_potential, temperature, 4.0 / x_cells as f64);
        let y = steps(&y_potential, temperature, 4.0 / y_cells as f64);

        let law = stationary(&product_chain(&x, &y, 0.0)).unwrap();
        let weights = |potential: &[f64]| {
            let weights: Vec<f64> =
                potential.iter().map(|v| (-0.25 * temperature.recip() - v).exp()).collect();
            let total: f64 = weights.iter().sum();
            weights.into_iter().map(move |weight| weight / total).collect::<Vec<f64>>()
        };
        let (x_law, y_law) = (weights(&x_potential), weights(&y_potential));
        let mut least = 1.0_f64;
        for (i, x) in x_law.iter().enumerate() {
            for (j, y) in y_law.iter().enumerate() {
                let exact = x * y;
                least = least.min(exact);
                let found = law[i * y_cells + j];
                // Beyond the smallest normal number digits are lost by representation.
                assert!(exact < 1e-290 || off(found, exact) < 1e-10, "{i} {j}: {found:e} for {exact:e}");
            }
        }
        assert!(barrier < 60.0 || least < 1e-100, "{least:e}");

        let half = &x[x_cells / 4..];
        let exit = x[x_cells / 4][0];
        let chain = product_chain(half, &y, exit);
        let mut times = vec![0.0; chain.states()];
        Elimination::new(&chain).unwrap().backward(&vec![1.0; chain.states()], &mut times).unwrap();
        for (i, exact) in passage_times(half, exit).into_iter().enumerate() {
            for &time in &times[i * y_cells..(i + 1) * y_cells] {
                assert!(off(time, exact) < 1e-10, "{i}: {time:e} for {exact:e}");
            }
        }
    }
}

/// Hopping on a torus with a drift round it, to neighbours and by (2, 1).
fn torus(sides: [usize; 2]) -> Rates {
    let mut builder = RatesBuilder::new();
    for i in 0..sides[0] {
        for j in 0..sides[1] {
            for (di, dj, rate) in
                [(1, 0, 5.0), (sides[0] - 1, 0, 1.0), (0, 1, 2.0), (0, sides[1] - 1, 3.0), (2, 1, 0.5)]
            {
                builder.rate((i + di) % sides[0] * sides[1] + (j + dj) % sides[1], rate);
            }
            builder.finish_state([i as u32, j as u32, 0]);
        }
    }
    builder.finish().unwrap()
}

#[test]
fn a_drift_round_a_torus_is_uniform() {
    for sides in [[3, 3], [40, 7], [31, 64]] {
        let law = stationary(&torus(sides)).unwrap();
        let exact = 1.0 / law.len() as f64;
        assert!(law.iter().all(|&mass| off(mass, exact) < 1e-12), "{sides:?}");
    }
}

#[test]
fn neither_threads_nor_instructions_change_a_bit() {
    let chain = torus([220, 310]).killed(1e-6);
    let right: Vec<f64> = (0..chain.states()).map(|state| (state % 7) as f64).collect();
    let solve = || {
        let solver = Elimination::new(&chain).unwrap();
        let (mut f, mut p) = (right.clone(), right.clone());
        solver.backward(&right, &mut f).unwrap();
        solver.forward(&right, &mut p).unwrap();
        f.extend(p);
        f.into_iter().map(f64::to_bits).collect::<Vec<u64>>()
    };
    let with = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(solve);
    let one = with(1);
    assert!(with(3) == one);
    let best = simd_level();
    if best > SimdLevel::Avx2 {
        force_simd_level(SimdLevel::Avx2).unwrap();
        let other = with(2);
        force_simd_level(best).unwrap();
        assert!(other == one);
    }
}

#[test]
fn one_dissection_serves_killed_chains() {
    let chain = torus([12, 20]).killed(0.1);
    let dissection = Arc::new(Dissection::new(&chain).unwrap());
    let other = chain.killed(0.4);
    let solver = Elimination::ordered(dissection.clone(), &other).unwrap();
    let mut times = vec![0.0; chain.states()];
    solver.backward(&vec![1.0; chain.states()], &mut times).unwrap();
    assert!(times.iter().all(|&time| off(time, 2.0) < 1e-12));
    assert!(matches!(
        Elimination::ordered(dissection, &torus([20, 12])),
        Err(DensityError::OutOfRange { .. })
    ));
}

#[test]
fn bad_chains_are_named() {
    assert!(matches!(
        stationary(&torus([5, 5]).killed(1.0)),
        Err(DensityError::OutOfRange { value: 1.0, .. })
    ));
    assert!(matches!(Elimination::new(&torus([30, 30])), Err(DensityError::Unreachable { .. })));
    assert!(matches!(
        Elimination::new(&RatesBuilder::new().finish().unwrap()),
        Err(DensityError::OutOfRange { .. })
    ));
    // 0 ⇄ 1 and 2 ⇄ 3, with a way from one pair to the other or without.
    let pairs = |joined: bool| {
        let mut builder = RatesBuilder::new();
        for state in 0_usize..4 {
            builder.rate(state ^ 1, 1.0 + (state % 2) as f64);
            if joined && state == 1 {
                builder.rate(2, 0.1);
            }
            builder.finish_state([state as u32, 0, 0]);
        }
        builder.finish().unwrap()
    };
    assert!(matches!(stationary(&pairs(false)), Err(DensityError::Unreachable { .. })));
    let law = stationary(&pairs(true)).unwrap();
    assert!(
        law[..2] == [0.0; 2] && off(law[2], 2.0 / 3.0) < 1e-15 && off(law[3], 1.0 / 3.0) < 1e-15,
        "{law:?}"
    );
    let open = torus([6, 6]).killed(1.0);
    let solver = Elimination::new(&open).unwrap();
    assert!(matches!(solver.backward(&[1.0], &mut [0.0]), Err(DensityError::OutOfRange { .. })));
    let dissection = Dissection::new(&open).unwrap();
    assert!(dissection.fit(dissection.bytes_needed()).is_ok());
    assert!(matches!(dissection.fit(1 << 10), Err(DensityError::Memory { fitting_cells: 1..36, .. })));
}

/// A box of cells, some taken out, joined to itself along some axes, with irreversible rates of 12 orders of magnitude to
/// cells up to `reach` away along each axis; from each cell at least to the next.
fn any_chain() -> impl Strategy<Value = Rates> {
    let sides = prop_oneof![
        (20_usize..300).prop_map(|side| [side, 1, 1]),
        (2_usize..18, 2_usize..18).prop_map(|(a, b)| [a, b, 1]),
        (2_usize..7, 2_usize..7, 2_usize..7).prop_map(|(a, b, c)| [a, b, c]),
    ];
    (sides, [any::<bool>(); 3], 0.0..0.3, 1_i64..4, 1_usize..8, any::<u64>()).prop_map(
        |(sides, wraps, holes, reach, links, seed)| {
            let mut state = seed;
            let mut uniform = move || {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (state >> 11) as f64 / (1_u64 << 53) as f64
            };
            let total = sides.iter().product::<usize>();
            let kept: Vec<usize> = (0..total).filter(|&cell| cell < 2 || uniform() > holes).collect();
            let place =
                |cell: usize| [cell / (sides[1] * sides[2]), cell / sides[2] % sides[1], cell % sides[2]];
            let mut builder = RatesBuilder::new();
            for (number, &cell) in kept.iter().enumerate() {
                builder.rate((number + 1) % kept.len(), 10_f64.powf(12.0 * uniform() - 6.0));
                for _ in 0..links {
                    let mut target = Some(0);
                    for axis in 0..3 {
                        let to =
                            place(cell)[axis] as i64 + ((2 * reach + 1) as f64 * uniform()) as i64 - reach;
                        let side = sides[axis] as i64;
                        let to = if wraps[axis] { to.rem_euclid(side) } else { to };
                        target = target.filter(|_| (0..side).contains(&to)).map(|t| t * side + to);
                    }
                    if let Some(target) = target.and_then(|cell| kept.binary_search(&(cell as usize)).ok()) {
                        builder.rate(target, 10_f64.powf(12.0 * uniform() - 6.0));
                    }
                }
                builder.finish_state(place(cell).map(|index| index as u32));
            }
            builder.finish().unwrap()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_full_elimination_agrees_on_any_chain(chain in any_chain(), exit in 1e-9..1.0_f64) {
        let agree = |found: &[f64], exact: &[f64]| {
            found.iter().zip(exact).all(|(&found, &exact)| off(found, exact) < 1e-11)
        };
        let states = chain.states();
        let open = chain.killed(exit);
        let right: Vec<f64> = (0..states).map(|state| 1.0 + (state % 5) as f64).collect();
        let (sparse, full) = (Elimination::new(&open).unwrap(), DenseElimination::new(&open).unwrap());
        let (mut found, mut exact) = (vec![0.0; states], vec![0.0; states]);
        sparse.backward(&right, &mut found).unwrap();
        full.backward(&right, &mut exact).unwrap();
        prop_assert!(agree(&found, &exact));
        sparse.forward(&right, &mut found).unwrap();
        full.forward(&right, &mut exact).unwrap();
        prop_assert!(agree(&found, &exact));

        // The stationary law by returns to state 0.
        let (away, _) = chain.restricted(|state| state != 0);
        let mut source = vec![0.0; states - 1];
        let (targets, values) = chain.row(0);
        for (&target, &value) in targets.iter().zip(values).filter(|&(&target, _)| target != 0) {
            source[target as usize - 1] = value;
        }
        let mut exact = vec![0.0; states];
        DenseElimination::new(&away).unwrap().forward(&source, &mut exact[1..]).unwrap();
        exact[0] = 1.0;
        let total: f64 = exact.iter().sum();
        for mass in &mut exact {
            *mass /= total;
        }
        prop_assert!(agree(&stationary(&chain).unwrap(), &exact));
    }
}
