//! Measures the iterative resolvent: a separable double well in two or three dimensions against the one-dimensional solve.
//!
//! `density_iterative CELLS BETA [TARGET] [TURN] [DIMENSION]`: cells per axis, inverse temperature, where the target begins, the
//! strength of a rotation of the last two axes that breaks detailed balance, 2 or 3 dimensions.

use std::time::Instant;

use sgdyn::density::{
    DenseElimination, IterativeResolvent, Rates, RatesBuilder, Resolvent, stationary_iteratively,
};

/// x/(eˣ − 1).
fn bernoulli(x: f64) -> f64 {
    if x.abs() < 1e-12 { 1.0 - 0.5 * x } else { x / x.exp_m1() }
}

/// Scharfetter–Gummel rates of dX = −∇U dt + turn·(0, −z, y) dt + √(2/β) dW on [−2, 2]ᵈ.
fn chain(cells: usize, dimension: usize, beta: f64, turn: f64) -> Rates {
    let width = 4.0 / cells as f64;
    let centre = |index: usize| -2.0 + width * (index as f64 + 0.5);
    let well = |x: f64| x * x * x * x - 2.0 * x * x;
    let potential = |axis: usize, x: f64| if axis == 0 { well(x) } else { 0.5 * (axis as f64) * x * x };
    let states = cells.pow(dimension as u32);
    let diffusion = 1.0 / (beta * width * width);
    let mut builder = RatesBuilder::new();
    for state in 0..states {
        let mut place = [0_usize; 3];
        let mut rest = state;
        for axis in (0..dimension).rev() {
            place[axis] = rest % cells;
            rest /= cells;
        }
        let mut stride = states;
        for axis in 0..dimension {
            stride /= cells;
            let drift = match axis {
                1 if dimension == 3 => -turn * centre(place[2]),
                2 => turn * centre(place[1]),
                _ => 0.0,
            };
            let here = potential(axis, centre(place[axis]));
            if place[axis] > 0 {
                let rise = potential(axis, centre(place[axis] - 1)) - here + drift * width;
                builder.rate(state - stride, diffusion * bernoulli(beta * rise));
            }
            if place[axis] + 1 < cells {
                let rise = potential(axis, centre(place[axis] + 1)) - here - drift * width;
                builder.rate(state + stride, diffusion * bernoulli(beta * rise));
            }
        }
        builder.finish_state(place.map(|place| place as u32));
    }
    builder.finish().unwrap()
}

fn main() {
    let arguments: Vec<f64> = std::env::args().skip(1).map(|value| value.parse().unwrap()).collect();
    let cells = arguments[0] as usize;
    let beta = arguments[1];
    let target = arguments.get(2).copied().unwrap_or(0.5);
    let turn = arguments.get(3).copied().unwrap_or(0.0);
    let dimension = arguments.get(4).map_or(3, |&value| value as usize);
    let first = ((target + 2.0) / 4.0 * cells as f64).ceil() as usize;
    let line = chain(cells, 1, beta, 0.0).restricted(|state| state < first).0;
    let mut exact = vec![0.0; first];
    DenseElimination::new(&line).unwrap().backward(&vec![1.0; first], &mut exact).unwrap();
    let layer = cells.pow(dimension as u32 - 1);
    let begin = Instant::now();
    let full = chain(cells, dimension, beta, turn);
    let (kept, _) = full.restricted(|state| state / layer < first);
    println!("chain of {} states, {:.2} s", kept.states(), begin.elapsed().as_secs_f64());
    let begin = Instant::now();
    let solver = IterativeResolvent::new(&kept, 1e-10).unwrap();
    println!(
        "levels {:?}, reversible {}, {:.2} s",
        solver.levels(),
        solver.reversible(),
        begin.elapsed().as_secs_f64()
    );
    let mut times = vec![0.0; kept.states()];
    let begin = Instant::now();
    let convergence = solver.solve_backward(&vec![1.0; kept.states()], &mut times).unwrap();
    println!("{convergence:?}, {:.2} s", begin.elapsed().as_secs_f64());
    let worst = times
        .iter()
        .enumerate()
        .map(|(state, time)| (time / exact[state / layer] - 1.0).abs())
        .fold(0.0, f64::max);
    println!("from the first cell {:.9e}, exact {:.9e}, worst relative {worst:.2e}", times[0], exact[0]);
    let mut source = vec![0.0; kept.states()];
    source[0] = 1.0;
    let begin = Instant::now();
    let convergence = solver.solve_forward(&source, &mut times).unwrap();
    let total: f64 = times.iter().sum();
    println!("{convergence:?}, {:.2} s", begin.elapsed().as_secs_f64());
    println!("total occupation {total:.9e}, relative {:.2e}", total / exact[0] - 1.0);
    let begin = Instant::now();
    let masses = stationary_iteratively(&full, 1e-10).unwrap();
    let seconds = begin.elapsed().as_secs_f64();
    // The first axis is independent of the others, circulating or not: its marginal is the law of Gibbs.
    let gibbs = stationary_iteratively(&chain(cells, 1, beta, 0.0), 1e-10).unwrap();
    let marginals = masses.chunks(layer).map(|slice| slice.iter().sum::<f64>());
    let worst =
        marginals.zip(&gibbs).map(|(marginal, exact)| (marginal / exact - 1.0).abs()).fold(0.0, f64::max);
    println!("stationary law in {seconds:.2} s, worst marginal {worst:.2e}");
}
