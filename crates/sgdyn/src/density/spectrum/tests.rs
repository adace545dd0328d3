use super::super::sample_chains::{birth_death, diffusion, generator};
use super::super::{DenseSolver, RatesBuilder};
use super::*;
use proptest::prelude::*;

/// `Σ u_a v_b = δ_ab`, and each mode is one of the generator.
fn check_modes(chain: &Rates, spectrum: &Spectrum, tolerance: f64) {
    let complex = |re: &[f64], im: &[f64]| -> Vec<c64> {
        let im = im.iter().copied().chain(std::iter::repeat(0.0));
        re.iter().zip(im).map(|(&re, im)| c64::new(re, im)).collect()
    };
    for (a, mode) in spectrum.modes.iter().enumerate() {
        assert!(mode.residual < 1e-9, "residual {:e}", mode.residual);
        let left = complex(&mode.left, &mode.left_imaginary);
        for (b, other) in spectrum.modes.iter().enumerate() {
            let right = complex(&other.right, &other.right_imaginary);
            let overlap = left.iter().zip(&right).fold(c64::new(0.0, 0.0), |sum, (u, v)| sum + *u * *v);
            let expected = f64::from(u8::from(a == b));
            assert!((overlap - c64::new(expected, 0.0)).norm() < tolerance, "{a} {b} {overlap}");
        }
        let rate = c64::new(mode.decay, mode.frequency);
        let right = complex(&mode.right, &mode.right_imaginary);
        let matrix = generator(chain);
        let fastest = (0..chain.states()).map(|state| chain.departure(state)).fold(0.0, f64::max);
        for i in 0..chain.states() {
            let mut backward = rate * right[i];
            let mut forward = rate * left[i];
            for j in 0..chain.states() {
                backward += right[j] * matrix[(i, j)];
                forward += left[j] * matrix[(j, i)];
            }
            let root = spectrum.weights[i].sqrt();
            assert!(backward.norm() * root < tolerance * fastest, "{backward} {a} at {i}");
            assert!(forward.norm() < tolerance * fastest * root.max(1e-8), "{forward} {a} at {i}");
        }
    }
}

#[test]
fn a_three_cycle_turns() {
    // Rates 2 around: eigenvalues 2(ω − 1) with ω³ = 1: decay 3, frequency √3.
    let mut builder = RatesBuilder::new();
    for state in 0_usize..3 {
        builder.rate((state + 1) % 3, 2.0);
        builder.finish_state([state as u32, 0, 0]);
    }
    let chain = builder.finish().unwrap();
    for count in [1, 2] {
        let spectrum = spectrum(&chain, &DenseSolver, count).unwrap();
        assert!(!spectrum.reversible);
        let [mode] = &spectrum.modes[..] else { panic!("{} modes", spectrum.modes.len()) };
        assert!((mode.decay - 3.0).abs() < 1e-13 && (mode.frequency - 3.0_f64.sqrt()).abs() < 1e-13);
        check_modes(&chain, &spectrum, 1e-13);
    }
    assert!(spectrum(&chain, &DenseSolver, 3).is_err() && spectrum(&chain, &DenseSolver, 0).is_err());
}

#[test]
fn a_walk_between_two_exits_has_cosines() {
    // λ_k = 2(1 − cos(πk/N)) = 4 sin²(πk/2N).
    let chain = birth_death(&[1.0; 199], &[1.0; 199]);
    let spectrum = spectrum(&chain, &DenseSolver, 8).unwrap();
    assert!(spectrum.reversible);
    for (k, mode) in spectrum.modes.iter().enumerate() {
        let exact = 4.0 * (std::f64::consts::PI * (k + 1) as f64 / 400.0).sin().powi(2);
        assert!((mode.decay / exact - 1.0).abs() < 1e-11, "{k}: {:e}", mode.decay / exact - 1.0);
    }
    check_modes(&chain, &spectrum, 1e-9);
}

#[test]
fn ornstein_uhlenbeck_has_multiples_of_its_rate() {
    // λ_k = kλ up to O(Δx²): halving the cells quarters the error.
    let mut errors = Vec::new();
    for cells in [140, 280] {
        let (chain, _) = diffusion(cells, 7.0, 1.0, |x| 0.5 * x * x);
        let spectrum = spectrum(&chain, &DenseSolver, 6).unwrap();
        check_modes(&chain, &spectrum, 1e-9);
        assert!(spectrum.reversible && (spectrum.gap().unwrap() - 1.0).abs() < 5e-3);
        let off = |(k, mode): (usize, &Mode)| (mode.decay / (k + 1) as f64 - 1.0).abs();
        errors.push(spectrum.modes.iter().enumerate().take(3).map(off).collect::<Vec<_>>());
    }
    println!("relative errors {errors:?}");
    for (k, (coarse, fine)) in errors[0].iter().zip(&errors[1]).enumerate() {
        let order = (coarse / fine).log2();
        assert!((order - 2.0).abs() < 0.1, "mode {k}: order {order}");
    }
}

#[test]
fn a_slow_rate_keeps_its_digits() {
    // 0 ⇄ 1 ⇄ 2, in at 1 and out at ε: antisymmetric mode ε, symmetric 2 + ε.
    for exponent in [1.0, 10.0, 25.0, 60.0] {
        let slow = f64::exp(-exponent);
        let chain = birth_death(&[slow, 1.0, 0.0], &[0.0, 1.0, slow]);
        let spectrum = spectrum(&chain, &DenseSolver, 2).unwrap();
        for (mode, exact) in spectrum.modes.iter().zip([slow, 2.0 + slow]) {
            assert!((mode.decay / exact - 1.0).abs() < 1e-13, "{exponent}: {}", mode.decay / exact - 1.0);
        }
    }
}

#[test]
fn two_wells_have_the_rate_of_the_closed_kernel() {
    // A symmetric double well of N cells: its slowest mode is antisymmetric, so it is that of the half chain which is left
    // over the middle face at twice the rate. That chain's resolvent is known in sums of positive terms,
    // G_ij = π_j Σ_{k ≤ min(i,j)} 1/(π_k d_k) from the exit at state 0, and 1/λ is its largest eigenvalue.
    let half = 60;
    for barrier in [5.0, 15.0, 25.0] {
        let d = 0.25 / barrier;
        let (chain, centres) = diffusion(2 * half, 1.7, d, |x| 0.25 * (x * x - 1.0).powi(2));
        let slowest = spectrum(&chain, &DenseSolver, 2).unwrap();
        let weight = |x: f64| (-0.25 * (x * x - 1.0).powi(2) / d).exp();
        let down = |state: usize| {
            let (targets, rates) = chain.row(half + state);
            let rate = rates[targets.iter().position(|&to| to as usize == half + state - 1).unwrap()];
            if state == 0 { 2.0 * rate } else { rate }
        };
        let resistance: Vec<f64> = (0..half)
            .scan(0.0, |sum, k| {
                *sum += 1.0 / (weight(centres[half + k]) * down(k));
                Some(*sum)
            })
            .collect();
        let (mut mode, mut value) = (vec![1.0; half], 0.0);
        for _ in 0..60 {
            let next: Vec<f64> = (0..half)
                .map(|i| {
                    let term = |j: usize| weight(centres[half + j]) * resistance[i.min(j)] * mode[j];
                    (0..half).map(term).sum()
                })
                .collect();
            value = next.iter().fold(0.0, |largest: f64, &x| largest.max(x));
            mode = next.iter().map(|x| x / value).collect();
        }
        let gap = slowest.gap().unwrap();
        println!("barrier {barrier}: gap {gap:.15e}, relative difference {:.1e}", gap * value - 1.0);
        assert!((gap * value - 1.0).abs() < 1e-12);
        // Inside the wells all is of order 1, and found at its own scale.
        assert!(slowest.modes[1].decay > 0.5 && slowest.modes[1].residual < 1e-10);
    }
}

/// Independent chains side by side: eigenvalues add.
fn product(factors: &[Rates]) -> Rates {
    let states: usize = factors.iter().map(Rates::states).product();
    let mut builder = RatesBuilder::new();
    for state in 0..states {
        let mut stride = 1;
        for factor in factors {
            let digit = state / stride % factor.states();
            let (targets, rates) = factor.row(digit);
            for (&target, &rate) in targets.iter().zip(rates) {
                builder.rate(state - digit * stride + target as usize * stride, rate);
            }
            builder.exit(factor.exits()[digit]);
            stride *= factor.states();
        }
        builder.finish_state([state as u32, 0, 0]);
    }
    builder.finish().unwrap()
}

#[test]
fn rates_over_many_decades_keep_their_digits() {
    // Three independent switches at rates k both ways: eigenvalues are sums of the 2k.
    let switch = |rate: f64| birth_death(&[rate, 0.0], &[0.0, rate]);
    let chain = product(&[switch(1e-13), switch(1e-5), switch(1.0)]);
    let found = spectrum(&chain, &DenseSolver, 7).unwrap();
    let exact = [2e-13, 2e-5, 2e-5 + 2e-13, 2.0, 2.0 + 2e-13, 2.0 + 2e-5, 2.0 + 2e-5 + 2e-13];
    assert_eq!(found.modes.len(), 7);
    for (mode, exact) in found.modes.iter().zip(exact) {
        assert!((mode.decay / exact - 1.0).abs() < 1e-11, "{} for {exact}", mode.decay);
    }
    // The same with an exit of 1e-9 from everywhere.
    let found = spectrum(&chain.killed(1e-9), &DenseSolver, 8).unwrap();
    assert!((found.gap().unwrap() / 1e-9 - 1.0).abs() < 1e-13);
    for (mode, exact) in found.modes[1..].iter().zip(exact) {
        assert!((mode.decay / (exact + 1e-9) - 1.0).abs() < 1e-11, "{} for {exact}", mode.decay);
    }
}

#[test]
fn equal_eigenvalues_are_all_found() {
    // Two equal cycles side by side: each complex pair of one stands twice, with duals.
    let mut builder = RatesBuilder::new();
    for state in 0_usize..5 {
        builder.rate((state + 1) % 5, 1.0);
        builder.rate((state + 4) % 5, 0.2);
        builder.finish_state([state as u32, 0, 0]);
    }
    let cycle = builder.finish().unwrap();
    let chain = product(&[cycle.clone(), cycle]);
    let spectrum = spectrum(&chain, &DenseSolver, 4).unwrap();
    let angle = std::f64::consts::TAU / 5.0;
    assert_eq!(spectrum.modes.len(), 2);
    for mode in &spectrum.modes {
        assert!((mode.decay - 1.2 * (1.0 - angle.cos())).abs() < 1e-12);
        assert!((mode.frequency - 0.8 * angle.sin()).abs() < 1e-12);
    }
    check_modes(&chain, &spectrum, 1e-11);
    // A symmetric square of reversible walks.
    let walk = birth_death(&[1.0, 1.0, 1.0, 0.0], &[0.0, 1.0, 1.0, 1.0]);
    let chain = product(&[walk.clone(), walk]);
    let spectrum = super::spectrum(&chain, &DenseSolver, 3).unwrap();
    let one = 2.0 - 2.0_f64.sqrt();
    for (mode, exact) in spectrum.modes.iter().zip([one, one, 2.0 * one]) {
        assert!((mode.decay - exact).abs() < 1e-12, "{}", mode.decay);
    }
    check_modes(&chain, &spectrum, 1e-11);
}

#[test]
fn a_rotating_ornstein_uhlenbeck_process_turns() {
    // dx = −x dt + ωJx dt + √2 dW in two dimensions: eigenvalues 1 ± iω, then 2 ± 2iω and 2. The chain is Scharfetter and
    // Gummel's, with the drift at each face; 28² cells of width 9/28 leave errors of O(Δx²).
    let (cells, omega) = (28_usize, 1.5);
    let width = 9.0 / cells as f64;
    let centre = |index: usize| -4.5 + width * (index as f64 + 0.5);
    let bernoulli = |x: f64| if x == 0.0 { 1.0 } else { x / x.exp_m1() };
    let mut builder = RatesBuilder::new();
    for state in 0..cells * cells {
        let (i, j) = (state / cells, state % cells);
        let (x, y) = (centre(i), centre(j));
        let mut jump = |inside: bool, to: usize, drift: f64| {
            if inside {
                builder.rate(to, bernoulli(-drift * width) / (width * width));
            }
        };
        let half = 0.5 * width;
        jump(i + 1 < cells, state + cells, -(x + half) - omega * y);
        jump(i > 0, state.wrapping_sub(cells), (x - half) + omega * y);
        jump(j + 1 < cells, state + 1, -(y + half) + omega * x);
        jump(j > 0, state.wrapping_sub(1), (y - half) - omega * x);
        builder.finish_state([i as u32, j as u32, 0]);
    }
    let chain = builder.finish().unwrap();
    let found = spectrum(&chain, &DenseSolver, 2).unwrap();
    let [mode] = &found.modes[..] else { panic!("{} modes", found.modes.len()) };
    println!("λ = {} ± {}i, residual {:.1e}", mode.decay, mode.frequency, mode.residual);
    assert!((mode.decay - 1.0).abs() < 0.05 && (mode.frequency - omega).abs() < 0.05);
    assert!(!found.reversible && mode.residual < 1e-11);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn random_chains_have_the_eigenvalues_of_their_matrix(
        states in 3_usize..9,
        logarithms in prop::collection::vec(-3.0_f64..2.0, 73),
        open in any::<bool>(),
    ) {
        let mut builder = RatesBuilder::new();
        for from in 0..states {
            for to in (0..states).filter(|&to| to != from) {
                builder.rate(to, logarithms[from * 9 + to].exp());
            }
            if open && from == 0 {
                builder.exit(logarithms[72].exp());
            }
            builder.finish_state([from as u32, 0, 0]);
        }
        let chain = builder.finish().unwrap();
        let count = states - usize::from(!open);
        let found = spectrum(&chain, &DenseSolver, count).unwrap();
        let mut exact: Vec<c64> = generator(&chain).eigenvalues().unwrap();
        let mut total = 0;
        for mode in &found.modes {
            total += mode.multiplicity();
            // The nearest eigenvalue is taken out, so that none stands for two.
            for sign in &[1.0, -1.0][..mode.multiplicity()] {
                let value = c64::new(-mode.decay, sign * mode.frequency);
                let nearest = (0..exact.len())
                    .min_by(|&a, &b| (exact[a] - value).norm().total_cmp(&(exact[b] - value).norm()))
                    .unwrap();
                let off = (exact.swap_remove(nearest) - value).norm();
                // Eigenvalues of a non-normal matrix of this size lose a few digits on either side.
                prop_assert!(off < 1e-7, "{value} is off by {off:e}");
            }
        }
        prop_assert_eq!(total, count);
    }
}
