//! The laws of random variates and minibatches, their independence over every part of their address, and their bits.
//!
//! Significance is 10⁻⁶ for each comparison; seeds are fixed.

mod common;

use std::f64::consts::{PI, SQRT_2};

use common::Claim;
use sgdyn::random::{
    CHUNK_STEPS, Demand, LaneStream, Law, MinibatchStream, Purpose, Sampling, Seed, Variate,
};
use sgdyn::statistics::{chi_square_goodness_of_fit, kolmogorov_smirnov_test};
use statrs::function::erf::erfc;
use statrs::function::gamma::gamma_ur;

const SIGNIFICANCE: f64 = 1e-6;
const LANES: usize = 128;
const FILL: usize = 16;

/// `LANES · steps` variates, `[steps][lanes]`.
fn variates<R: Variate>(law: Law, seed: Seed, steps: u64) -> Vec<f64> {
    let mut stream = LaneStream::<R>::new(Demand::new(Purpose::GradientNoise, law, 1), LANES, FILL);
    let replicas: Vec<u64> = (0..LANES as u64).collect();
    let mut all = Vec::with_capacity(LANES * steps as usize);
    for fill in 0..steps / FILL as u64 {
        stream.fill(seed, &replicas, &[fill * FILL as u64; LANES]);
        for step in 0..FILL {
            all.extend(stream.step(step).iter().map(|value| value.to_f64()));
        }
    }
    all
}

/// 2²⁰ variates of a law with the claim that goes with them.
fn sample<R: Variate>(law: Law, oracle: &'static str, seed: u64) -> (Vec<f64>, Claim) {
    let steps = 8192;
    let claim = Claim { oracle, significance: SIGNIFICANCE, samples: LANES as u64 * steps, seed };
    (variates::<R>(law, claim.seed(), steps), claim)
}

fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x / SQRT_2)
}

/// Student's distribution function for ν = 3 and 10 (Abramowitz and Stegun 26.7.3 and 26.7.4).
fn student_3_cdf(t: f64) -> f64 {
    let x = t / 3f64.sqrt();
    0.5 + (x / (1.0 + x * x) + x.atan()) / PI
}

fn student_10_cdf(t: f64) -> f64 {
    let c = 10.0 / (10.0 + t * t);
    let series = 1.0 + c * (1.0 / 2.0 + c * (3.0 / 8.0 + c * (5.0 / 16.0 + c * 35.0 / 128.0)));
    0.5 + 0.5 * t / (10.0 + t * t).sqrt() * series
}

fn follows_its_distribution_function<R: Variate>() {
    type Case = (Law, &'static str, fn(f64) -> f64);
    let cases: [Case; 9] = [
        (Law::Normal, "½ erfc(−x/√2)", normal_cdf),
        (Law::Uniform, "x", |x| x),
        (Law::Exponential, "1 − e⁻ˣ", |x| -(-x).exp_m1()),
        (Law::Stable { alpha: 1.0 }, "Cauchy: ½ + atan(x)/π", |x| 0.5 + x.atan() / PI),
        (Law::Stable { alpha: 2.0 }, "normal of variance 2", |x| normal_cdf(x / SQRT_2)),
        (Law::PositiveStable { alpha: 0.5 }, "Lévy of scale ½: erfc(1/(2√x))", |x| erfc(0.5 / x.sqrt())),
        (Law::StudentT { degrees: 1.0 }, "Cauchy", |x| 0.5 + x.atan() / PI),
        (Law::StudentT { degrees: 3.0 }, "Student's closed form, ν = 3", student_3_cdf),
        (Law::StudentT { degrees: 10.0 }, "Student's closed form, ν = 10", student_10_cdf),
    ];
    for (index, (law, oracle, cdf)) in cases.into_iter().enumerate() {
        let (data, claim) = sample::<R>(law, oracle, 100 + index as u64);
        let test = kolmogorov_smirnov_test(&data, cdf).expect("finite data");
        claim.not_rejected(&format!("{} {law:?}", R::NAME), test.p_value);
    }
}

#[test]
fn laws_follow_their_distribution_functions_in_f64() {
    follows_its_distribution_function::<f64>();
}

#[test]
fn laws_follow_their_distribution_functions_in_f32() {
    follows_its_distribution_function::<f32>();
}

/// Raw moments `E xᵏ` for k = 1, 2, …; the variance of a mean of xᵏ is `(E x²ᵏ − (E xᵏ)²)/n`, exactly.
fn moments_agree<R: Variate>() {
    let normal = vec![0.0, 1.0, 0.0, 3.0, 0.0, 15.0, 0.0, 105.0];
    let cases: [(Law, &'static str, Vec<f64>); 8] = [
        (Law::Normal, "0, 1, 0, 3, …", normal.clone()),
        (Law::Uniform, "1/(k + 1)", (1..=8).map(|k| 1.0 / f64::from(k + 1)).collect()),
        (Law::Rademacher, "0, 1, 0, 1, …", vec![0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0]),
        (
            Law::ThreePoint,
            "those of the normal law up to the fifth, then 9",
            vec![0.0, 1.0, 0.0, 3.0, 0.0, 9.0, 0.0, 27.0, 0.0, 81.0],
        ),
        (Law::Exponential, "k!", vec![1.0, 2.0, 6.0, 24.0, 120.0, 720.0, 5040.0, 40320.0]),
        (
            Law::Stable { alpha: 2.0 },
            "normal of variance 2",
            normal.iter().enumerate().map(|(k, moment)| moment * SQRT_2.powi(k as i32 + 1)).collect(),
        ),
        (Law::StudentT { degrees: 3.0 }, "0, ν/(ν − 2)", vec![0.0, 3.0]),
        // E x² = ν/(ν−2), E x⁴ = 3ν²/((ν−2)(ν−4)).
        (Law::StudentT { degrees: 10.0 }, "0, ν/(ν − 2), …", vec![0.0, 1.25, 0.0, 6.25]),
    ];
    for (index, (law, oracle, exact)) in cases.into_iter().enumerate() {
        let (data, claim) = sample::<R>(law, oracle, 200 + index as u64);
        for k in 1..=exact.len() / 2 {
            let mean = data.iter().map(|x| x.powi(k as i32)).sum::<f64>() / data.len() as f64;
            let deviation = (exact[2 * k - 1] - exact[k - 1] * exact[k - 1]).sqrt();
            // √3 is rounded in the three-point law: its moments are off by some units in the last place of the scalar.
            let rounding = if R::NAME == "f32" { 1e-6 } else { 1e-14 };
            let estimate = sgdyn::statistics::Estimate {
                value: mean,
                stderr: deviation / (claim.samples as f64).sqrt(),
                n: claim.samples,
            };
            claim.agrees_within(&format!("{} {law:?} E x^{k}", R::NAME), estimate, exact[k - 1], rounding);
        }
    }
}

#[test]
fn moments_agree_in_f64() {
    moments_agree::<f64>();
}

#[test]
fn moments_agree_in_f32() {
    moments_agree::<f32>();
}

#[test]
fn discrete_laws_take_their_values_with_their_probabilities() {
    fn counts<R: Variate>(law: Law, values: &[f64], probabilities: &[f64], seed: u64) {
        let (data, claim) = sample::<R>(law, "the law's probabilities (χ²)", seed);
        let mut observed = vec![0; values.len()];
        for x in data {
            let cell = values.iter().position(|&value| (x - value).abs() < 1e-6).expect("a value of the law");
            observed[cell] += 1;
        }
        let test = chi_square_goodness_of_fit(&observed, probabilities, 0).expect("cells");
        claim.not_rejected(&format!("{} {law:?}", R::NAME), test.p_value);
    }
    let root = 3f64.sqrt();
    counts::<f64>(Law::Rademacher, &[-1.0, 1.0], &[0.5, 0.5], 300);
    counts::<f32>(Law::Rademacher, &[-1.0, 1.0], &[0.5, 0.5], 301);
    counts::<f64>(Law::ThreePoint, &[-root, 0.0, root], &[1.0 / 6.0, 2.0 / 3.0, 1.0 / 6.0], 302);
    counts::<f32>(Law::ThreePoint, &[-root, 0.0, root], &[1.0 / 6.0, 2.0 / 3.0, 1.0 / 6.0], 303);
}

/// `E cos kX = exp(−|k|^α)`, with variance `½(1 + φ(2k)) − φ(k)²`; `E sin kX = 0` with variance `½(1 − φ(2k))`.
fn characteristic_function_agrees<R: Variate>() {
    for (index, alpha) in [0.5, 1.0, 1.5, 1.9, 2.0].into_iter().enumerate() {
        let (data, claim) = sample::<R>(Law::Stable { alpha }, "exp(−|k|^α)", 400 + index as u64);
        let exact = |k: f64| (-k.powf(alpha)).exp();
        for k in [0.2, 0.7, 1.5, 3.0] {
            let (mut cosine, mut sine) = (0.0, 0.0);
            for x in &data {
                let (s, c) = (k * x).sin_cos();
                cosine += c;
                sine += s;
            }
            let n = data.len() as f64;
            let what = format!("{} α = {alpha}, k = {k}", R::NAME);
            let spread = 0.5 * (1.0 + exact(2.0 * k)) - exact(k).powi(2);
            claim.mean_agrees(&format!("{what}, even part"), cosine / n, exact(k), spread.sqrt());
            let spread = 0.5 * (1.0 - exact(2.0 * k));
            claim.mean_agrees(&format!("{what}, odd part"), sine / n, 0.0, spread.sqrt());
        }
    }
}

#[test]
fn stable_laws_have_their_characteristic_function_in_f64() {
    characteristic_function_agrees::<f64>();
}

#[test]
fn stable_laws_have_their_characteristic_function_in_f32() {
    characteristic_function_agrees::<f32>();
}

/// `E exp(−sX) = exp(−s^α)`, with variance `exp(−(2s)^α) − exp(−2s^α)`.
#[test]
fn positive_stable_laws_have_their_laplace_transform() {
    fn agrees<R: Variate>() {
        for (index, alpha) in [0.25, 0.5, 0.75, 0.95].into_iter().enumerate() {
            let (data, claim) = sample::<R>(Law::PositiveStable { alpha }, "exp(−s^α)", 500 + index as u64);
            assert!(data.iter().all(|&x| x > 0.0), "{} α = {alpha}: a variate is not positive", R::NAME);
            for s in [0.1, 0.5, 1.0, 2.0] {
                let mean = data.iter().map(|x| (-s * x).exp()).sum::<f64>() / data.len() as f64;
                let exact = (-f64::powf(s, alpha)).exp();
                let spread = (-(2.0 * s).powf(alpha)).exp() - exact * exact;
                let what = format!("{} α = {alpha}, s = {s}", R::NAME);
                claim.mean_agrees(&what, mean, exact, spread.sqrt());
            }
        }
        // At α = 1 the variate is 1; near the ends of the angle's range its sine keeps an absolute, not a relative error.
        let (data, _) = sample::<R>(Law::PositiveStable { alpha: 1.0 }, "1", 510);
        let error = data.iter().map(|x| (x - 1.0).abs()).sum::<f64>() / data.len() as f64;
        assert!(error < if R::NAME == "f32" { 1e-5 } else { 1e-13 }, "{}: {error}", R::NAME);
    }
    agrees::<f64>();
    agrees::<f32>();
}

/// Counts beyond thresholds on both sides among 2²⁷ normal variates, against `erfc` and the Poisson law.
fn tails_agree<R: Variate>(seed: u64) {
    const BLOCK: usize = 256;
    let fills = (1u64 << 27) / (BLOCK * FILL) as u64;
    let samples = fills * (BLOCK * FILL) as u64;
    let claim = Claim { oracle: "½ erfc(x/√2)", significance: SIGNIFICANCE, samples, seed };
    let demand = Demand::new(Purpose::GradientNoise, Law::Normal, 1);
    let mut stream = LaneStream::<R>::new(demand, BLOCK, FILL);
    let replicas: Vec<u64> = (0..BLOCK as u64).collect();
    let thresholds = [3.0, 4.0, 5.0, 6.0];
    let mut counts = [[0u64; 4]; 2];
    for fill in 0..fills {
        stream.fill(claim.seed(), &replicas, &[fill * FILL as u64; BLOCK]);
        for step in 0..FILL {
            let row = stream.step(step);
            for (cell, threshold) in thresholds.iter().enumerate() {
                let threshold = R::from_f64(*threshold);
                counts[0][cell] += row.iter().map(|&z| u64::from(z > threshold)).sum::<u64>();
                counts[1][cell] += row.iter().map(|&z| u64::from(z < -threshold)).sum::<u64>();
            }
        }
    }
    for (cell, threshold) in thresholds.into_iter().enumerate() {
        let expected = samples as f64 * 0.5 * erfc(threshold / SQRT_2);
        for (side, name) in ["above", "below −"].into_iter().enumerate() {
            claim.count_agrees(&format!("{} {name}{threshold}", R::NAME), counts[side][cell], expected);
        }
    }
}

#[test]
fn normal_tails_agree_in_f64() {
    tails_agree::<f64>(600);
}

#[test]
fn normal_tails_agree_in_f32() {
    tails_agree::<f32>(601);
}

/// Normal variates `[lanes][variates][steps]` from a given first replica, seed and purpose.
fn paths<R: Variate>(
    seed: Seed,
    first: u64,
    purpose: Purpose,
    lanes: usize,
    steps: usize,
) -> Vec<[Vec<f64>; 2]> {
    let mut stream = LaneStream::<R>::new(Demand::new(purpose, Law::Normal, 2), lanes, FILL);
    let replicas: Vec<u64> = (0..lanes as u64).map(|lane| first + lane).collect();
    let mut all = vec![[Vec::with_capacity(steps), Vec::with_capacity(steps)]; lanes];
    for fill in 0..steps / FILL {
        stream.fill(seed, &replicas, &vec![(fill * FILL) as u64; lanes]);
        for step in 0..FILL {
            let row = stream.step(step);
            for (lane, path) in all.iter_mut().enumerate() {
                path[0].push(row[lane].to_f64());
                path[1].push(row[lanes + lane].to_f64());
            }
        }
    }
    all
}

/// Products of independent normals: xy, (x² − 1)(y² − 1)/2, sign x sign y and x(y² − 1)/√2 all have mean 0 and variance 1.
fn are_independent<'a>(claim: Claim, what: &str, pairs: impl Iterator<Item = (&'a f64, &'a f64)>) {
    let (mut n, mut sums) = (0u64, [0.0; 5]);
    for (&x, &y) in pairs {
        let (u, v) = (x * x - 1.0, y * y - 1.0);
        for (sum, product) in
            sums.iter_mut().zip([x * y, 0.5 * u * v, (x * y).signum(), x * v / SQRT_2, y * u / SQRT_2])
        {
            *sum += product;
        }
        n += 1;
    }
    let claim = Claim { samples: n, ..claim };
    for (sum, name) in sums.into_iter().zip(["xy", "(x²−1)(y²−1)/2", "signs", "x(y²−1)/√2", "y(x²−1)/√2"])
    {
        claim.mean_agrees(&format!("{what}: {name}"), sum / n as f64, 0.0, 1.0);
    }
}

/// 256 replicas × 2048 steps × 2 coordinates; products between every two neighbours in address.
fn addresses_are_independent<R: Variate>(seed: u64) {
    let (lanes, steps) = (256, 2048);
    let oracle = "independent normals";
    let claim = Claim { oracle, significance: SIGNIFICANCE, samples: 0, seed };
    let gather = |seed, first, purpose| paths::<R>(seed, first, purpose, lanes, steps);
    let all = gather(claim.seed(), 0, Purpose::GradientNoise);
    let name = |what: &str| format!("{} {what}", R::NAME);

    let neighbours = all.windows(2).flat_map(|pair| pair[0][0].iter().zip(&pair[1][0]));
    are_independent(claim, &name("neighbouring replicas"), neighbours);
    let coordinates = all.iter().flat_map(|path| path[0].iter().zip(&path[1]));
    are_independent(claim, &name("coordinates of one step"), coordinates);
    for lag in [1, 2, 3, 4, 16, 511, 512, 513, 1024] {
        let lagged = all.iter().flat_map(|path| path[0].iter().zip(&path[0][lag..]));
        are_independent(claim, &name(&format!("steps {lag} apart")), lagged);
    }
    // A pair of steps shares its words: the two members are looked at apart from the others.
    let pairs = all.iter().flat_map(|path| path[0].chunks_exact(2).map(|pair| (&pair[0], &pair[1])));
    are_independent(claim, &name("the two steps of one pair"), pairs);
    let chunk = CHUNK_STEPS as usize;
    let boundaries = all.iter().flat_map(|path| {
        (chunk..steps)
            .step_by(chunk)
            .flat_map(move |first| [0, 1].map(|v| (&path[v][first - 1], &path[v][first])))
    });
    are_independent(claim, &name("across the chunk boundary"), boundaries);

    for (what, other) in [
        ("purposes", gather(claim.seed(), 0, Purpose::SecondGradientNoise)),
        ("neighbouring seeds", gather(Seed::new(seed + 1, 0), 0, Purpose::GradientNoise)),
        ("neighbouring cells", gather(Seed::new(seed, 1), 0, Purpose::GradientNoise)),
        ("replicas 2³² apart", gather(claim.seed(), 1 << 32, Purpose::GradientNoise)),
    ] {
        let across = all.iter().zip(&other).flat_map(|(path, other)| path[0].iter().zip(&other[0]));
        are_independent(claim, &name(what), across);
    }

    // Runs: in n independent signs the number of changes has mean (n − 1)/2 and variance (n − 1)/4.
    let changes: u64 = all
        .iter()
        .map(|path| path[0].windows(2).filter(|pair| (pair[0] < 0.0) != (pair[1] < 0.0)).count() as u64)
        .sum();
    let trials = (lanes * (steps - 1)) as u64;
    let claim = Claim { oracle: "runs of fair signs", samples: trials, ..claim };
    claim.mean_agrees(&name("changes of sign"), changes as f64 / trials as f64, 0.5, 0.5);

    // Portmanteau: n r² summed over 64 lags is χ²(64).
    let lags = 64;
    let statistic: f64 = (1..=lags)
        .map(|lag| {
            let mut sum = 0.0;
            for path in &all {
                sum += path[1].iter().zip(&path[1][lag..]).map(|(x, y)| x * y).sum::<f64>();
            }
            sum * sum / (lanes * (steps - lag)) as f64
        })
        .sum();
    let claim = Claim { oracle: "χ²(64)", ..claim };
    claim.not_rejected(&name("64 autocorrelations"), gamma_ur(0.5 * lags as f64, 0.5 * statistic));
}

#[test]
fn numbers_at_neighbouring_addresses_are_independent_in_f64() {
    addresses_are_independent::<f64>(700);
}

#[test]
fn numbers_at_neighbouring_addresses_are_independent_in_f32() {
    addresses_are_independent::<f32>(710);
}

/// A lane that is handed to a replica in the middle of its chunk continues that replica's numbers, for every law.
#[test]
fn a_lane_may_be_taken_over_at_any_fill() {
    let laws = [
        Law::Normal,
        Law::Uniform,
        Law::Rademacher,
        Law::ThreePoint,
        Law::Exponential,
        Law::Stable { alpha: 1.5 },
        Law::PositiveStable { alpha: 0.75 },
        Law::StudentT { degrees: 3.0 },
    ];
    let seed = Seed::new(800, 0);
    for law in laws {
        for finer_steps in [1, 4] {
            let demand = Demand { finer_steps, ..Demand::new(Purpose::GradientNoise, law, 3) };
            let mut whole = LaneStream::<f64>::new(demand, 5, FILL);
            let replicas = [7, 8, 9, 10, 11];
            let mut rows = Vec::new();
            for fill in 0..64u64 {
                whole.fill(seed, &replicas, &[fill * FILL as u64; 5]);
                rows.extend((0..FILL).map(|step| whole.step(step).to_vec()));
            }
            for first in [16u64, 112, 128, 496, 512, 528] {
                let mut other = LaneStream::<f64>::new(demand, 1, FILL);
                other.restart(seed, 0, 9, first);
                for fill in 0..4 {
                    let start = first + fill * FILL as u64;
                    other.fill(seed, &[9], &[start]);
                    for step in 0..FILL {
                        for variate in 0..3 {
                            let expected = rows[start as usize + step][variate * 5 + 2];
                            assert_eq!(other.step(step)[variate], expected, "{law:?} from step {first}");
                        }
                    }
                }
            }
        }
    }
}

/// A coarse step is the sum of its finer ones over √(their number): the same Brownian path at every step size.
#[test]
fn coarse_increments_are_sums_of_fine_ones() {
    let seed = Seed::new(810, 0);
    let (lanes, finer) = (4, 8);
    let replicas = [0, 1, 2, 3];
    let demand = Demand::new(Purpose::GradientNoise, Law::Normal, 2);
    let mut fine = LaneStream::<f64>::new(demand, lanes, FILL);
    let mut coarse = LaneStream::<f64>::new(Demand { finer_steps: finer, ..demand }, lanes, FILL);
    let mut increments = Vec::new();
    for fill in 0..(16 * finer) as u64 {
        fine.fill(seed, &replicas, &[fill * FILL as u64; 4]);
        increments.extend((0..FILL).map(|step| fine.step(step).to_vec()));
    }
    for fill in 0..16u64 {
        coarse.fill(seed, &replicas, &[fill * FILL as u64; 4]);
        for step in 0..FILL {
            let first = (fill as usize * FILL + step) * finer;
            for (index, &value) in coarse.step(step).iter().enumerate() {
                let sum: f64 = increments[first..first + finer].iter().map(|row| row[index]).sum();
                // Eight roundings of numbers of order 1.
                assert!((value - sum / (finer as f64).sqrt()).abs() < 1e-14);
            }
        }
    }
}

/// The minibatches of 64 replicas, `[lanes][steps][batch]`.
fn batches(sampling: Sampling, samples: usize, batch: usize, seed: Seed, steps: usize) -> Vec<Vec<Vec<u32>>> {
    let lanes = 64;
    let mut stream = MinibatchStream::new(Purpose::Minibatch, samples, batch, sampling, lanes, FILL);
    let replicas: Vec<u64> = (0..lanes as u64).collect();
    let mut all = vec![Vec::new(); lanes];
    for fill in 0..steps / FILL {
        stream.fill(seed, &replicas, &vec![(fill * FILL) as u64; lanes]);
        for step in 0..FILL {
            let row = stream.step(step);
            for (lane, drawn) in all.iter_mut().enumerate() {
                drawn.push((0..batch).map(|sample| row[sample * lanes + lane]).collect());
            }
        }
    }
    all
}

/// χ² of `cells` equally likely outcomes.
fn equally_likely(claim: Claim, what: &str, cells: usize, outcomes: impl Iterator<Item = usize>) {
    let mut observed = vec![0u64; cells];
    for outcome in outcomes {
        observed[outcome] += 1;
    }
    let claim = Claim { samples: observed.iter().sum(), ..claim };
    let test = chi_square_goodness_of_fit(&observed, &vec![1.0; cells], 0).expect("cells");
    claim.not_rejected(what, test.p_value);
}

/// Ordered pairs, subsets and permutations of few samples: every outcome is as likely as any other. 64 replicas × 4096
/// steps.
#[test]
fn minibatches_are_uniform_over_outcomes() {
    let claim =
        Claim { oracle: "equally likely outcomes (χ²)", significance: SIGNIFICANCE, samples: 0, seed: 900 };
    let steps = 4096;
    let chunk = CHUNK_STEPS as usize;

    let drawn = batches(Sampling::WithReplacement, 6, 3, claim.seed(), steps);
    let number = |batch: &[u32]| batch.iter().fold(0, |number, &index| number * 6 + index as usize);
    let triples = drawn.iter().flatten().map(|batch| number(batch));
    equally_likely(claim, "with replacement: ordered triples", 216, triples);
    let joints = drawn.iter().flat_map(|path| path.windows(2).map(|w| (w[0][2] * 6 + w[1][0]) as usize));
    equally_likely(claim, "with replacement: last and next first", 36, joints);
    let boundaries = drawn.iter().flat_map(|path| {
        (chunk..steps).step_by(chunk).map(move |first| (path[first - 1][0] * 6 + path[first][0]) as usize)
    });
    equally_likely(claim, "with replacement: across the chunk boundary", 36, boundaries);

    let drawn = batches(Sampling::WithoutReplacement, 6, 3, claim.seed(), steps);
    let subsets: Vec<u32> = (0u32..64).filter(|set| set.count_ones() == 3).collect();
    let set = |batch: &[u32]| batch.iter().fold(0u32, |set, &index| set | 1 << index);
    let cell = |batch: &[u32]| subsets.binary_search(&set(batch)).expect("three distinct samples");
    equally_likely(claim, "without replacement: subsets", 20, drawn.iter().flatten().map(|b| cell(b)));
    let joints = drawn.iter().flat_map(|path| path.windows(2).map(|w| cell(&w[0]) * 20 + cell(&w[1])));
    equally_likely(claim, "without replacement: successive subsets", 400, joints);

    let drawn = batches(Sampling::Reshuffled, 4, 2, claim.seed(), steps);
    let mut orders = Vec::new();
    for number in 0..256u32 {
        let order = [number >> 6, number >> 4 & 3, number >> 2 & 3, number & 3];
        if (0..4).all(|index| order.contains(&index)) {
            orders.push(order);
        }
    }
    let permutation = |epoch: &[Vec<u32>]| {
        let order: Vec<u32> = epoch.iter().flatten().copied().collect();
        orders.iter().position(|other| other[..] == order[..]).expect("a permutation")
    };
    let epochs = drawn.iter().flat_map(|path| path.chunks_exact(2).map(permutation));
    equally_likely(claim, "reshuffled: permutations", 24, epochs);
    let joints = drawn
        .iter()
        .flat_map(|path| path.chunks_exact(4).map(|w| permutation(&w[..2]) * 24 + permutation(&w[2..])));
    equally_likely(claim, "reshuffled: successive epochs", 576, joints);
    let replicas = drawn.chunks_exact(2).flat_map(|pair| {
        pair[0]
            .chunks_exact(2)
            .zip(pair[1].chunks_exact(2))
            .map(|(a, b)| permutation(a) * 24 + permutation(b))
    });
    equally_likely(claim, "reshuffled: neighbouring replicas", 576, replicas);
}

/// The bits at fixed addresses. A change here changes every result of every study: it must be deliberate and logged.
#[test]
fn bits_at_fixed_addresses_are_pinned() {
    /// Two variates of replica 41 at its own steps 0 and 1, and at 512, the first of the next chunk.
    fn draw<R: Variate>(law: Law) -> Vec<R> {
        let mut stream = LaneStream::<R>::new(Demand::new(Purpose::GradientNoise, law, 2), 1, FILL);
        let mut all = Vec::new();
        for (first, rows) in [(0, 2), (CHUNK_STEPS, 1)] {
            stream.fill(Seed::new(2024, 7), &[41], &[first]);
            all.extend((0..rows).flat_map(|row| stream.step(row).to_vec()));
        }
        all
    }
    let pinned: [(Law, [u64; 6], [u32; 6]); 8] = [
        (
            Law::Normal,
            [
                0xbfe294c37569610e,
                0x3fe3305c4dbee273,
                0x3fe8ca3a7316c5aa,
                0x3ff654d320bbf816,
                0x3fe929c7b416d71a,
                0xbff54edbf1db6379,
            ],
            [0x3e0c7705, 0x3e77ef13, 0x3ee3172c, 0x3f87665f, 0x3fd8c185, 0x3f3bd80c],
        ),
        (
            Law::Uniform,
            [
                0x3fe406ecbe61580f,
                0x3fd430218d332212,
                0x3fd172c6596aebe2,
                0x3fdc2225eedc3322,
                0x3fb8ae737c4a2f78,
                0x3fd9eab7a2c8a2e2,
            ],
            [0x3f65d86f, 0x3f0e1437, 0x3e9870fa, 0x3e9255f6, 0x3e52eaac, 0x3f41eba1],
        ),
        (
            Law::Rademacher,
            [
                0xbff0000000000000,
                0x3ff0000000000000,
                0x3ff0000000000000,
                0x3ff0000000000000,
                0x3ff0000000000000,
                0x3ff0000000000000,
            ],
            [0xbf800000, 0xbf800000, 0x3f800000, 0x3f800000, 0x3f800000, 0xbf800000],
        ),
        (
            Law::ThreePoint,
            [
                0x0000000000000000,
                0x0000000000000000,
                0x0000000000000000,
                0x0000000000000000,
                0xbffbb67ae8584caa,
                0x0000000000000000,
            ],
            [0x3fddb3d7, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000],
        ),
        (
            Law::Exponential,
            [
                0x3fddfe6527b86766,
                0x3ff275f0d370d21b,
                0x3ff4cb51ddfdf9b5,
                0x3fea4d3790a9b0ad,
                0x4002b6876f43d075,
                0x3feced7aba4c0344,
            ],
            [0x3ddcb6b3, 0x3f16bb3c, 0x3f9b13e7, 0x3fa04f53, 0x3fca3db9, 0x3e8e3291],
        ),
        (
            Law::Stable { alpha: 1.5 },
            [
                0x3fe4b9a3466df74b,
                0x3fcd595ebd8ada3a,
                0xbfea2b2ac23300bf,
                0xbfeaff81e013e1eb,
                0xbff56dd15d1bbaf5,
                0xbfd591dfdce65f6e,
            ],
            [0x4016a246, 0x3fda5691, 0x3e8f087c, 0x3f334011, 0xbfd62f4a, 0xbfc81a78],
        ),
        (
            Law::PositiveStable { alpha: 0.75 },
            [
                0x3fe94adf38efbf2f,
                0x3fe1bb3d53860e4d,
                0x3fe25b0d992802f2,
                0x3fe8e5ffe4dfec9e,
                0x3fe9ff4757d7a1c9,
                0x3fea9b8bac27ed21,
            ],
            [0x404ee850, 0x4026c51f, 0x3f2f83a0, 0x3f904de6, 0x3ed9ea9e, 0x3f12c879],
        ),
        (
            Law::StudentT { degrees: 3.0 },
            [
                0xbfc306cd911b5fb2,
                0x3fed8f8717f613b6,
                0xbffbb3034468684f,
                0x3fc32dc2ffadec5c,
                0x3ff5926b6afbbedf,
                0xbfdac65156cdffab,
            ],
            [0xbe0f06ab, 0xbf0b84ea, 0xbe89301f, 0xbf71ccbb, 0x3f384e05, 0xc02e1b23],
        ),
    ];
    for (law, double, single) in pinned {
        assert_eq!(draw::<f64>(law).into_iter().map(f64::to_bits).collect::<Vec<_>>(), double, "{law:?}");
        assert_eq!(draw::<f32>(law).into_iter().map(f32::to_bits).collect::<Vec<_>>(), single, "{law:?}");
    }
}

/// The minibatches at fixed addresses, under each sampling scheme.
#[test]
fn minibatches_at_fixed_addresses_are_pinned() {
    let draw = |sampling| {
        let mut stream = MinibatchStream::new(Purpose::Minibatch, 100, 3, sampling, 1, FILL);
        stream.fill(Seed::new(2024, 7), &[41], &[0]);
        [stream.step(0).to_vec(), stream.step(1).to_vec()].concat()
    };
    assert_eq!(draw(Sampling::WithReplacement), [19, 12, 95, 94, 19, 61]);
    assert_eq!(draw(Sampling::WithoutReplacement), [19, 11, 95, 92, 18, 61]);
    assert_eq!(draw(Sampling::Reshuffled), [95, 60, 46, 64, 23, 66]);
}
