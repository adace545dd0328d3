//! Chains small enough for elimination, and a separable one that is not.

use super::super::{DenseElimination, DensityError, Rates, RatesBuilder, Resolvent};
use super::{IterativeResolvent, stationary_iteratively};

/// A Scharfetter–Gummel chain on `[−2, 2]³` (or fewer axes) with links along any offsets.
struct Process {
    cells: [usize; 3],
    beta: f64,
    potential: fn([f64; 3]) -> f64,
    /// A drift beside the gradient.
    circulation: fn([f64; 3]) -> [f64; 3],
    /// Steps between cells and the diffusion along each: Selling's decomposition of a tensor.
    links: Vec<([i32; 3], f64)>,
    absorbing: bool,
}

fn axes() -> Vec<([i32; 3], f64)> {
    vec![([1, 0, 0], 1.0), ([0, 1, 0], 1.0), ([0, 0, 1], 1.0)]
}

impl Process {
    fn well(cells: [usize; 3], beta: f64) -> Self {
        Self { cells, beta, potential: separable, circulation: |_| [0.0; 3], links: axes(), absorbing: false }
    }

    fn centre(&self, place: [usize; 3]) -> [f64; 3] {
        std::array::from_fn(|axis| -2.0 + 4.0 * (place[axis] as f64 + 0.5) / self.cells[axis] as f64)
    }

    fn chain(&self, keep: impl Fn([f64; 3]) -> bool) -> Rates {
        let [nx, ny, nz] = self.cells;
        let place = |state: usize| [state / (ny * nz), state / nz % ny, state % nz];
        let widths = self.cells.map(|cells| 4.0 / cells as f64);
        let mut builder = RatesBuilder::new();
        for state in 0..nx * ny * nz {
            let here = place(state);
            let x = self.centre(here);
            for &(offset, diffusion) in &self.links {
                for sign in [-1, 1] {
                    let there: [i32; 3] = std::array::from_fn(|axis| here[axis] as i32 + sign * offset[axis]);
                    let inside = (0..3).all(|axis| (0..self.cells[axis] as i32).contains(&there[axis]));
                    let width = widths[0];
                    let scale = diffusion / (self.beta * width * width);
                    if inside {
                        let there = there.map(|index| index as usize);
                        let y = self.centre(there);
                        let middle: [f64; 3] = std::array::from_fn(|axis| 0.5 * (x[axis] + y[axis]));
                        let push = (self.circulation)(middle);
                        let work: f64 = (0..3).map(|axis| push[axis] * (y[axis] - x[axis])).sum();
                        let rise = self.beta * ((self.potential)(y) - (self.potential)(x) - work);
                        builder.rate((there[0] * ny + there[1]) * nz + there[2], scale * bernoulli(rise));
                    } else if self.absorbing && offset == [1, 0, 0] {
                        builder.exit(2.0 * scale);
                    }
                }
            }
            builder.finish_state(here.map(|index| index as u32));
        }
        let full = builder.finish().unwrap();
        full.restricted(|state| keep(self.centre(place(state)))).0
    }
}

fn separable([x, y, z]: [f64; 3]) -> f64 {
    x.powi(4) - 2.0 * x * x + 0.5 * y * y + z * z
}

fn tilted([x, y, z]: [f64; 3]) -> f64 {
    separable([x, y, z]) + 0.25 * x + 0.3 * x * y
}

/// x/(eˣ − 1).
fn bernoulli(x: f64) -> f64 {
    if x.abs() < 1e-12 { 1.0 - 0.5 * x } else { x / x.exp_m1() }
}

fn worst_ratio(values: &[f64], exact: &[f64]) -> f64 {
    values.iter().zip(exact).map(|(value, exact)| (value / exact - 1.0).abs()).fold(0.0, f64::max)
}

/// The mean time to leave against elimination.
fn times_agree_with_elimination(chain: &Rates, reversible: bool) {
    let iterative = IterativeResolvent::new(chain, 1e-11).unwrap();
    assert_eq!(iterative.reversible(), reversible);
    let states = chain.states();
    let (mut values, mut exact) = (vec![0.0; states], vec![0.0; states]);
    let convergence = iterative.solve_backward(&vec![1.0; states], &mut values).unwrap();
    DenseElimination::new(chain).unwrap().backward(&vec![1.0; states], &mut exact).unwrap();
    assert!(convergence.bound <= 1e-11, "{convergence:?}");
    assert!(worst_ratio(&values, &exact) < 1e-11, "{:e}", worst_ratio(&values, &exact));
}

/// Both sides against elimination, which has 13 digits: every entry, of which the smallest occupations are 1e-20.
fn agrees_with_elimination(chain: &Rates, reversible: bool) {
    times_agree_with_elimination(chain, reversible);
    let iterative = IterativeResolvent::new(chain, 1e-11).unwrap();
    assert!(iterative.levels().len() > 1);
    let dense = DenseElimination::new(chain).unwrap();
    let states = chain.states();
    let (mut values, mut exact) = (vec![0.0; states], vec![0.0; states]);
    let mut source = vec![0.0; states];
    source[states / 3] = 1.0;
    iterative.forward(&source, &mut values).unwrap();
    dense.forward(&source, &mut exact).unwrap();
    assert!(worst_ratio(&values, &exact) < 1e-11, "{:e}", worst_ratio(&values, &exact));
    // A right side with zeros: the committor's.
    iterative.backward(&source, &mut values).unwrap();
    dense.backward(&source, &mut exact).unwrap();
    assert!(worst_ratio(&values, &exact) < 1e-11, "{:e}", worst_ratio(&values, &exact));
}

#[test]
fn a_separable_well_escapes_as_its_axis_does() {
    // 19,200 states of which the first axis alone decides; at β = 20 the mean time is 5e8 and 1e-16 of it times the
    // departure rate exceeds the right side a thousandfold.
    for beta in [1.0, 5.0, 20.0] {
        let cells = [40, 25, 25];
        let chain = Process::well(cells, beta).chain(|x| x[0] < 0.0);
        let line = Process { links: vec![([1, 0, 0], 1.0)], ..Process::well([40, 1, 1], beta) };
        let line = line.chain(|x| x[0] < 0.0);
        let mut exact = vec![0.0; line.states()];
        DenseElimination::new(&line).unwrap().backward(&vec![1.0; line.states()], &mut exact).unwrap();
        let solver = IterativeResolvent::new(&chain, 1e-10).unwrap();
        let mut times = vec![0.0; chain.states()];
        let convergence = solver.solve_backward(&vec![1.0; chain.states()], &mut times).unwrap();
        assert!(convergence.bound <= 1e-10, "{convergence:?}");
        for (state, time) in times.iter().enumerate() {
            assert!((time / exact[state / 625] - 1.0).abs() < 1e-12, "β = {beta}, state {state}");
        }
        // Occupations add up to the mean time.
        let mut occupation = vec![0.0; chain.states()];
        let mut source = vec![0.0; chain.states()];
        source[5000] = 1.0;
        solver.forward(&source, &mut occupation).unwrap();
        assert!((occupation.iter().sum::<f64>() / times[5000] - 1.0).abs() < 1e-10);
    }
}

#[test]
fn tilted_wells_with_a_ball_as_target_agree_with_elimination() {
    let process = Process { potential: tilted, ..Process::well([12, 12, 12], 8.0) };
    let ball = |x: [f64; 3]| (x[0] - 1.0).powi(2) + x[1] * x[1] + x[2] * x[2] > 0.35;
    agrees_with_elimination(&process.chain(ball), true);
}

#[test]
fn circulation_agrees_with_elimination() {
    let process = Process {
        potential: tilted,
        circulation: |[x, y, z]| [-2.0 * y, 2.0 * x - 3.0 * z, 3.0 * y],
        ..Process::well([12, 12, 12], 4.0)
    };
    agrees_with_elimination(&process.chain(|x| x[0] < 0.7), false);
}

#[test]
fn long_links_and_absorbing_faces_agree_with_elimination() {
    // Links over two cells and along a diagonal, as Selling's decomposition gives for an oblique tensor.
    let links =
        vec![([1, 0, 0], 0.1), ([0, 1, 0], 0.1), ([0, 0, 1], 0.02), ([2, 1, 0], 0.4), ([1, 1, 1], 0.2)];
    let process = Process { links, absorbing: true, ..Process::well([12, 12, 12], 3.0) };
    agrees_with_elimination(&process.chain(|_| true), true);
    let stirred = Process { circulation: |[x, y, _]| [-y, x, 0.5], ..process };
    agrees_with_elimination(&stirred.chain(|_| true), false);
}

#[test]
fn chains_that_fall_apart_agree_with_elimination() {
    // A slab as target leaves two parts; noise in one direction only leaves 144 lines.
    let process = Process { circulation: |[_, y, z]| [0.0, -z, y], ..Process::well([12, 12, 12], 4.0) };
    times_agree_with_elimination(&process.chain(|x| x[0].abs() > 0.4), false);
    let lines = Process { links: vec![([1, 0, 0], 1.0)], ..Process::well([12, 12, 12], 4.0) };
    times_agree_with_elimination(&lines.chain(|x| x[0] < 0.4), true);
}

#[test]
fn rates_that_lead_one_way_agree_with_elimination() {
    // A circulation so fast that hardly a link has a rate back.
    let process =
        Process { circulation: |[_, y, z]| [0.0, -1e4 * z, 1e4 * y], ..Process::well([12, 12, 12], 4.0) };
    times_agree_with_elimination(&process.chain(|x| x[0] < 0.4), false);
    // Dominoes: each leads to the next only, so that what lies before the source is never visited.
    let mut builder = RatesBuilder::new();
    for state in 0_usize..2000 {
        if state < 1999 {
            builder.rate(state + 1, 2.0);
        }
        builder.exit(if state == 1999 { 2.0 } else { 0.5 });
        builder.finish_state([state as u32, 0, 0]);
    }
    let chain = builder.finish().unwrap();
    times_agree_with_elimination(&chain, false);
    let mut source = vec![0.0; 2000];
    source[1000] = 1.0;
    let mut occupation = vec![0.0; 2000];
    IterativeResolvent::new(&chain, 1e-11).unwrap().forward(&source, &mut occupation).unwrap();
    for (state, &time) in occupation.iter().enumerate() {
        // A fraction 2/2.5 goes on from each.
        let exact = if state < 1000 { 0.0 } else { 0.4 * 0.8_f64.powi(state as i32 - 1000) };
        let exact = if state == 1999 { exact * 1.25 } else { exact };
        assert!((time - exact).abs() <= 1e-10 * exact, "{state}: {time} {exact}");
    }
}

#[test]
fn a_small_chain_is_eliminated_at_once() {
    let chain = Process::well([6, 5, 4], 2.0).chain(|x| x[0] < 0.5);
    let solver = IterativeResolvent::new(&chain, 1e-12).unwrap();
    let (mut times, mut exact) = (vec![0.0; chain.states()], vec![0.0; chain.states()]);
    solver.backward(&vec![1.0; chain.states()], &mut times).unwrap();
    DenseElimination::new(&chain).unwrap().backward(&vec![1.0; chain.states()], &mut exact).unwrap();
    assert!(worst_ratio(&times, &exact) < 1e-13);
}

#[test]
fn the_bits_do_not_depend_on_the_threads() {
    let process = Process { circulation: |[_, y, z]| [0.0, -z, y], ..Process::well([30, 25, 25], 4.0) };
    let chain = process.chain(|x| x[0] < 0.5);
    let solve = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut times = vec![0.0; chain.states()];
            let solver = IterativeResolvent::new(&chain, 1e-9).unwrap();
            solver.backward(&vec![1.0; chain.states()], &mut times).unwrap();
            times
        })
    };
    let alone = solve(1);
    for threads in [2, 3] {
        assert!(solve(threads).iter().zip(&alone).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
}

#[test]
fn stationary_laws_agree_with_detailed_balance_and_elimination() {
    let process = Process { potential: tilted, ..Process::well([12, 11, 10], 8.0) };
    let masses = stationary_iteratively(&process.chain(|_| true), 1e-12).unwrap();
    let mut gibbs: Vec<f64> = (0..1320)
        .map(|state| (-8.0 * tilted(process.centre([state / 110, state / 10 % 11, state % 10]))).exp())
        .collect();
    let total: f64 = gibbs.iter().sum();
    for mass in &mut gibbs {
        *mass /= total;
    }
    // Rounding of the potential, 1e-15 · β U with β U up to 100.
    assert!(worst_ratio(&masses, &gibbs) < 1e-12, "{:e}", worst_ratio(&masses, &gibbs));

    let stirred = Process { circulation: |[x, y, z]| [-2.0 * y, 2.0 * x - z, y], beta: 5.0, ..process };
    let chain = stirred.chain(|_| true);
    let masses = stationary_iteratively(&chain, 1e-11).unwrap();
    // The state left out feeds the others: p = p_last · (−L_rest)ᵀ⁻¹ r_last.
    let last = chain.states() - 1;
    let (rest, _) = chain.restricted(|state| state < last);
    let mut source = vec![0.0; last];
    let (targets, rates) = chain.row(last);
    targets.iter().zip(rates).for_each(|(&target, &rate)| source[target as usize] = rate);
    let mut exact = vec![0.0; last];
    DenseElimination::new(&rest).unwrap().forward(&source, &mut exact).unwrap();
    exact.push(1.0);
    let total: f64 = exact.iter().sum();
    for mass in &mut exact {
        *mass /= total;
    }
    assert!(worst_ratio(&masses, &exact) < 1e-11, "{:e}", worst_ratio(&masses, &exact));
}

#[test]
fn bad_input_is_named() {
    let process = Process::well([6, 5, 4], 2.0);
    let closed = process.chain(|_| true);
    let unreachable = IterativeResolvent::new(&closed, 1e-10).map(|_| ());
    assert!(matches!(unreachable, Err(DensityError::Unreachable { state: 0, .. })));
    let open = process.chain(|x| x[0] < 0.0);
    assert!(matches!(
        IterativeResolvent::new(&open, 0.0),
        Err(DensityError::OutOfRange { name: "tolerance", .. })
    ));
    assert!(matches!(
        stationary_iteratively(&open, 1e-9),
        Err(DensityError::OutOfRange { name: "exit", .. })
    ));
    let apart = Process { links: vec![([1, 0, 0], 1.0)], ..Process::well([6, 2, 1], 2.0) }.chain(|_| true);
    assert!(matches!(stationary_iteratively(&apart, 1e-9), Err(DensityError::Unreachable { .. })));
    let solver = IterativeResolvent::new(&open, 1e-10).unwrap();
    let mut out = vec![0.0; open.states()];
    assert!(solver.backward(&[1.0], &mut out).is_err());
    assert!(solver.backward(&vec![-1.0; open.states()], &mut out).is_err());
}
