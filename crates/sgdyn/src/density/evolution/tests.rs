use super::super::sample_chains::{birth_death, diffusion, moved};
use super::super::{DenseSolver, RatesBuilder};
use super::*;
use faer::Side;
use proptest::prelude::*;

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum()
}

/// What every evolution must keep.
fn check_masses(evolution: &Evolution<'_>) {
    assert!(evolution.masses().iter().all(|&mass| mass >= 0.0), "a negative mass");
    assert!(evolution.left() >= 0.0);
    let total = evolution.masses().iter().sum::<f64>() + evolution.left();
    assert!((total - 1.0).abs() < 1e-12, "mass {total}");
}

fn gaussian(centres: &[f64], mean: f64, variance: f64) -> Vec<f64> {
    let mut masses: Vec<f64> =
        centres.iter().map(|x| (-(x - mean).powi(2) / (2.0 * variance)).exp()).collect();
    let total: f64 = masses.iter().sum();
    for mass in &mut masses {
        *mass /= total;
    }
    masses
}

#[test]
fn steps_are_of_second_order() {
    // From a smooth law: 8 to 128 equal steps over one relaxation time, against the matrix exponential.
    let (chain, centres) = diffusion(60, 5.0, 1.0, |x| 0.5 * x * x);
    let start = gaussian(&centres, 0.5, 0.6);
    let exact = moved(&chain, &start, 1.0);
    let mut errors = Vec::new();
    for steps in [8, 16, 32, 64, 128] {
        let mut ladder = Ladder::new(&chain, &DenseSolver);
        let mut masses = start.clone();
        for _ in 0..steps {
            let tried = step::step(&chain, &mut ladder, 1.0 / f64::from(steps), &masses).unwrap();
            masses = tried.masses;
            assert!(masses.iter().all(|&mass| mass >= 0.0));
        }
        assert!((masses.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        errors.push(distance(&masses, &exact));
    }
    let orders: Vec<f64> = errors.windows(2).map(|pair| (pair[0] / pair[1]).log2()).collect();
    println!("errors {errors:?}, orders {orders:?}");
    assert!((orders[3] - 2.0).abs() < 0.02, "{orders:?}");
}

#[test]
fn the_estimate_bounds_a_steps_error() {
    let (chain, centres) = diffusion(60, 5.0, 1.0, |x| 0.5 * x * x);
    let start = gaussian(&centres, 0.5, 0.6);
    for length in [0.5, 0.1, 0.02] {
        let mut ladder = Ladder::new(&chain, &DenseSolver);
        let tried = step::step(&chain, &mut ladder, length, &start).unwrap();
        let error = distance(&tried.masses, &moved(&chain, &start, length));
        println!("step {length}: error {error:.3e}, estimate {:.3e}, mend {:.1e}", tried.error, tried.mend);
        assert!(error < 1.5 * tried.error && tried.error < 4.0 * error);
    }
}

#[test]
fn an_ornstein_uhlenbeck_law_relaxes() {
    // dx = −λx dt + √(2D) dW from one cell: S(t) = (D/λ)(1 − exp(−2λt)). On the grid rates are lower by λΔx²/(6D)
    // relatively (see the spectrum's tests): 1.6e-3 here.
    let (rate, d) = (2.0, 0.5);
    let (chain, centres) = diffusion(161, 4.0, d, |x| 0.5 * rate * x * x);
    let mut start = vec![0.0; 161];
    start[80] = 1.0;
    for tolerance in [1e-4, 1e-6] {
        let mut evolution = Evolution::new(&chain, &DenseSolver, &start, tolerance).unwrap();
        for time in [0.01, 0.1, 0.25, 0.5, 1.0, 4.0] {
            evolution.advance(time).unwrap();
            check_masses(&evolution);
            let exact = d / rate * (1.0 - (-2.0 * rate * time).exp());
            let variance: f64 = evolution.masses().iter().zip(&centres).map(|(mass, x)| mass * x * x).sum();
            let error = distance(evolution.masses(), &moved(&chain, &start, time));
            assert!((variance / exact - 1.0).abs() < 3e-3, "{time}: {variance} for {exact}");
            assert!(error < evolution.estimated_error(), "{error:e}");
        }
        println!(
            "tolerance {tolerance:e}: estimated error {:.2e}, {:?}",
            evolution.estimated_error(),
            evolution.counts()
        );
    }
}

#[test]
fn a_law_that_contracts_stays_positive() {
    // Uniform over the box, tails that empty by many decades: where differences go negative first.
    let (chain, _) = diffusion(120, 6.0, 0.5, |x| 4.0 * x * x);
    let start = vec![1.0 / 120.0; 120];
    let mut evolution = Evolution::new(&chain, &DenseSolver, &start, 1e-6).unwrap();
    for time in [0.01, 0.03, 0.1, 0.3, 1.0] {
        evolution.advance(time).unwrap();
        check_masses(&evolution);
        let error = distance(evolution.masses(), &moved(&chain, &start, time));
        assert!(error < evolution.estimated_error(), "{error:e}");
    }
    println!("estimated error {:.2e}, {:?}", evolution.estimated_error(), evolution.counts());
}

#[test]
fn steps_too_long_are_mended() {
    // From one cell the second-order step alone is negative near the start once h is a few times the cell's own life.
    let (chain, centres) = diffusion(41, 4.0, 1.0, |x| 0.5 * x * x);
    let exits = chain.killed(0.1);
    for chain in [&chain, &exits] {
        for length in [0.01, 0.1, 1.0, 10.0, 1e6] {
            for cell in [0, 20, 40] {
                let mut start = vec![0.0; centres.len()];
                start[cell] = 1.0;
                let mut ladder = Ladder::new(chain, &DenseSolver);
                let tried = step::step(chain, &mut ladder, length, &start).unwrap();
                assert!(tried.masses.iter().all(|&mass| mass >= 0.0) && tried.left >= 0.0);
                assert!((tried.masses.iter().sum::<f64>() + tried.left - 1.0).abs() < 1e-13);
                let error = distance(&tried.masses, &moved(chain, &start, length.min(20.0)));
                assert!(error < tried.error || length > 20.0, "{length} {cell}: {error} {}", tried.error);
                assert!(tried.mend > 0.9 || cell == 20 || !(1.0..100.0).contains(&length));
            }
        }
    }
    let mut start = vec![0.0; 41];
    start[40] = 1.0;
    let mut evolution = Evolution::new(&chain, &DenseSolver, &start, 0.05).unwrap();
    evolution.advance(3.0).unwrap();
    check_masses(&evolution);
    println!("{:?}", evolution.counts());
    let error = distance(evolution.masses(), &moved(&chain, &start, 3.0));
    assert!(error < evolution.estimated_error());
}

#[test]
fn ten_thousand_steps_keep_the_mass() {
    let (chain, centres) = diffusion(24, 3.0, 0.3, |x| (x * x - 1.0).powi(2));
    let mut ladder = Ladder::new(&chain, &DenseSolver);
    let mut masses = gaussian(&centres, -1.0, 0.1);
    let total: f64 = masses.iter().sum();
    let mut defect: f64 = 0.0;
    for _ in 0..10_000 {
        let tried = step::step(&chain, &mut ladder, 0.01, &masses).unwrap();
        masses = tried.masses;
        defect = defect.max(tried.defect);
    }
    let drift = (masses.iter().sum::<f64>() - total).abs();
    println!("largest defect of a solve {defect:.1e}, drift of mass {drift:.1e}");
    assert!(drift < 1e-13 && masses.iter().all(|&mass| mass >= 0.0));
}

#[test]
fn any_horizon_ends_in_the_stationary_law() {
    // A double well whose barrier is 25 temperatures: e^25 = 7e10 times slower than the wells.
    let (chain, centres) = diffusion(80, 1.8, 0.01, |x| 0.25 * (x * x - 1.0).powi(2) + 0.01 * x);
    let start = gaussian(&centres, 1.0, 0.005);
    let stationary = DenseSolver.stationary(&chain).unwrap();
    let mut evolution = Evolution::new(&chain, &DenseSolver, &start, 1e-6).unwrap();
    evolution.advance(1e-6).unwrap();
    check_masses(&evolution);
    evolution.advance(100.0).unwrap();
    check_masses(&evolution);
    let crossed: f64 = evolution.masses()[..40].iter().sum();
    assert!(crossed < 1e-6, "{crossed:e}");
    evolution.advance(1e17).unwrap();
    check_masses(&evolution);
    let off = distance(evolution.masses(), &stationary);
    println!("{off:e} from stationary, {:?}", evolution.counts());
    assert!(off < 1e-9);
}

/// `S(t)` of a birth–death chain as a sum of exponentials, by the eigenvalues of the symmetrised generator.
fn exponentials(up: &[f64], down: &[f64], start: usize) -> (Vec<f64>, Vec<f64>) {
    let states = up.len();
    let mut weight = vec![1.0; states];
    for i in 1..states {
        weight[i] = weight[i - 1] * up[i - 1] / down[i];
    }
    let mut symmetric = faer::Mat::<f64>::zeros(states, states);
    for i in 0..states {
        symmetric[(i, i)] = up[i] + down[i];
        if i + 1 < states {
            let off = -(up[i] * down[i + 1]).sqrt();
            symmetric[(i, i + 1)] = off;
            symmetric[(i + 1, i)] = off;
        }
    }
    let eigen = symmetric.self_adjoint_eigen(Side::Lower).unwrap();
    let rates: Vec<f64> = eigen.S().column_vector().iter().copied().collect();
    let parts = (0..states)
        .map(|k| {
            let column = eigen.U().col(k);
            let all: f64 = (0..states).map(|i| column[i] * weight[i].sqrt()).sum();
            all * column[start] / weight[start].sqrt()
        })
        .collect();
    (rates, parts)
}

#[test]
fn survival_is_the_sum_of_its_exponentials_at_any_time() {
    // 30 states, drifting against the exit: mean life about 2,000 relaxation times.
    let (up, mut down) = (vec![1.0; 30], vec![1.3; 30]);
    down[0] = 0.0;
    let chain = birth_death(&up, &down);
    let (rates, parts) = exponentials(&up, &down, 3);
    let mut start = vec![0.0; 30];
    start[3] = 1.0;
    let life = 1.0 / rates[0];
    let times: Vec<f64> = [1e-6, 1e-4, 1e-2, 0.1, 1.0, 3.0, 10.0, 300.0, 1e9].map(|t| t * life).to_vec();
    let tolerance = 1e-7;
    let survival = survival(&chain, &DenseSolver, &start, &times, tolerance).unwrap();
    println!("{:?} {:?} {:e}", survival.switch, survival.counts, survival.estimated_error);
    assert!((survival.rate.unwrap() / rates[0] - 1.0).abs() < 1e-9);
    for at in &survival.curve {
        let terms = || rates.iter().zip(&parts);
        let (mut left, mut density) = (0.0, 0.0);
        for (rate, part) in terms() {
            left -= part * (-rate * at.time).exp_m1();
            density += part * rate * (-rate * at.time).exp();
        }
        // The yardstick's smallest eigenvalue is exact to 1e-15 of the largest: 1e-10 of itself, times t in exponents.
        let off = 1e-10 * (at.time / life).max(1.0);
        let logarithm = parts[0].ln() - rates[0] * at.time;
        assert!((at.surviving + at.left - 1.0).abs() < 1e-6);
        assert!((at.left - left).abs() < survival.estimated_error.max(1e-12));
        if at.time > 0.1 * life {
            assert!((at.logarithm - logarithm).abs() < off, "{at:?} {logarithm}");
            assert!((at.exit_density - density).abs() <= 2.0 * off * density);
        }
    }
    let switch = survival.switch.unwrap();
    assert!(switch.distance <= tolerance && switch.drift < survival.estimated_error);
}

#[test]
fn survival_without_one_slowest_rate_is_stepped() {
    // Two parts that leave at rates 1 and 1 + 1e-9: S is between their exponentials.
    let mut builder = RatesBuilder::new();
    for (state, exit) in [(0, 1.0), (1, 1.0 + 1e-9)] {
        builder.exit(exit);
        builder.finish_state([state, 0, 0]);
    }
    let chain = builder.finish().unwrap();
    let curve = survival(&chain, &DenseSolver, &[0.5, 0.5], &[0.0, 1.0, 5.0], 1e-8).unwrap();
    for at in curve.curve {
        assert!((at.surviving / (-at.time).exp() - 1.0).abs() < 1e-5, "{at:?}");
    }
}

#[test]
fn what_cannot_be_evolved_is_refused() {
    let chain = birth_death(&[1.0, 1.0], &[0.0, 1.0]);
    let start = [1.0, 0.0];
    let out_of_range = |error| matches!(error, Err(DensityError::OutOfRange { .. }));
    assert!(out_of_range(Evolution::new(&chain, &DenseSolver, &[1.0], 1e-6).map(|_| ())));
    assert!(out_of_range(Evolution::new(&chain, &DenseSolver, &start, 0.0).map(|_| ())));
    let mut evolution = Evolution::new(&chain, &DenseSolver, &start, 1e-6).unwrap();
    evolution.advance(1.0).unwrap();
    for time in [0.5, f64::NAN, f64::INFINITY] {
        assert!(out_of_range(evolution.advance(time)));
    }
    assert!(out_of_range(survival(&chain, &DenseSolver, &start, &[2.0, 1.0], 1e-6).map(|_| ())));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn random_chains_follow_the_matrix_exponential(
        states in 2_usize..7,
        logarithms in prop::collection::vec(-5.0_f64..3.0, 49),
        times in prop::collection::vec(-3.0_f64..2.0, 3),
        open in any::<bool>(),
    ) {
        let mut builder = RatesBuilder::new();
        for from in 0..states {
            for to in (0..states).filter(|&to| to != from) {
                builder.rate(to, logarithms[from * 7 + to].exp());
            }
            if open && from == 0 {
                builder.exit(logarithms[48].exp());
            }
            builder.finish_state([from as u32, 0, 0]);
        }
        let chain = builder.finish().unwrap();
        let mut start = vec![0.0; states];
        start[states - 1] = 1.0;
        let mut evolution = Evolution::new(&chain, &DenseSolver, &start, 1e-6).unwrap();
        let mut time = 0.0;
        for logarithm in times {
            time += logarithm.exp();
            evolution.advance(time).unwrap();
            check_masses(&evolution);
            let error = distance(evolution.masses(), &moved(&chain, &start, time));
            prop_assert!(error <= evolution.estimated_error() + 1e-12, "{error:e} {:e}", evolution.estimated_error());
        }
        // Each step's error is relative to the mass then there: over a long decay they add up.
        let steps = evolution.counts().steps as f64;
        prop_assert!(evolution.estimated_error() <= 1e-6 * steps * (1.0 + 1e-12));
    }
}
