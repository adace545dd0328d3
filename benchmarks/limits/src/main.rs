//! What the machine gives: the benchmark cases as plain loops over arrays of fixed size, for the one processor that
//! they are compiled on, without units of work, checkpoints, addresses of random numbers or a choice of problem. Beside
//! them the same cases as scalar Rust with `rand` and `rand_distr`.
//!
//! `limits [--threads T] [--scalar]` reads requests `CASE PRECISION REPLICAS STEPS`, one a line, and answers each with a
//! line of JSON, as the throughput example of sgdyn does.

use std::io::{BufRead, Write};
use std::time::Instant;

use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand_distr::{Distribution, StandardNormal};

/// β, Δt and the threshold of the double-well case.
const BETA: f64 = 3.0;
const TIME_STEP: f64 = 0.005;
const TARGET: f64 = -0.5;
/// The learning rate and the standard deviation of the gradient noise of the Ornstein–Uhlenbeck case.
const LEARNING_RATE: f64 = 0.1;
const NOISE: f64 = 0.5;

/// Replicas advanced together, and steps whose noise is made at a time: both arrays stay in the first-level cache.
const LANES: usize = 128;
const FILL: usize = 16;

/// Sums over replicas.
#[derive(Clone, Copy, Default)]
struct Sums {
    steps: f64,
    count: f64,
    first: f64,
    second: f64,
}

impl Sums {
    fn push(&mut self, value: f64) {
        self.count += 1.0;
        self.first += value;
        self.second += value * value;
    }

    fn join(self, other: Self) -> Self {
        Self {
            steps: self.steps + other.steps,
            count: self.count + other.count,
            first: self.first + other.first,
            second: self.second + other.second,
        }
    }

    fn mean(self) -> f64 {
        self.first / self.count
    }

    fn variance(self) -> f64 {
        self.second / self.count - self.mean() * self.mean()
    }
}

fn mix(seed: u64) -> u64 {
    let z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Sum of a polynomial, its coefficients from the highest power down.
macro_rules! polynomial {
    ($x:expr; $highest:expr $(, $coefficient:expr)*) => {{
        let x = $x;
        [$($coefficient),*].into_iter().fold($highest, |sum, coefficient| x.mul_add(sum, coefficient))
    }};
}

/// Box and Muller with series on reduced ranges; two words give two normal variates.
#[inline(always)]
fn pair_f64(radius: u64, angle: u64) -> (f64, f64) {
    let u = f64::from_bits((radius >> 12) | 0x3FF0 << 48) - (1.0 - f64::EPSILON / 2.0);
    // u = m 2^k with m in [¾, 1½); k is made a float through the mantissa of 2⁵², which needs no conversion.
    let shifted = u.to_bits().wrapping_sub(0x3FE8 << 48).wrapping_add(0x4000 << 48) >> 52;
    let k = f64::from_bits(0x4330 << 48 | shifted) - ((1u64 << 52) as f64 + 1024.0);
    let m = f64::from_bits(u.to_bits().wrapping_sub(shifted.wrapping_sub(1024) << 52));
    let s = (m - 1.0) / (m + 1.0);
    let q = s * s;
    let ln =
        polynomial!(q; 2.0 / 15.0, 2.0 / 13.0, 2.0 / 11.0, 2.0 / 9.0, 2.0 / 7.0, 0.4, 2.0 / 3.0, 2.0) * s;
    let length = (-2.0 * ln - k * (2.0 * std::f64::consts::LN_2)).sqrt();
    let f = f64::from_bits((angle << 2 >> 12) | 0x4000 << 48) - 3.0;
    let x = f * std::f64::consts::FRAC_PI_4;
    let y = x * x;
    let sine = x
        * polynomial!(y; 1.0 / 6227020800.0, -1.0 / 39916800.0, 1.0 / 362880.0, -1.0 / 5040.0, 1.0 / 120.0, -1.0 / 6.0, 1.0);
    let cosine = polynomial!(y; 1.0 / 479001600.0, -1.0 / 3628800.0, 1.0 / 40320.0, -1.0 / 720.0, 1.0 / 24.0, -0.5, 1.0);
    let signed = f64::from_bits(length.to_bits() ^ (angle & 1 << 63));
    if angle & 1 << 62 == 0 { (signed * cosine, signed * sine) } else { (signed * sine, signed * cosine) }
}

#[inline(always)]
fn pair_f32(radius: u32, angle: u32) -> (f32, f32) {
    let u = ((radius >> 1) as i32 as f32 + 0.5) * (0.5f32).powi(31);
    let k = u.to_bits().wrapping_sub(0x3F40_0000) as i32 >> 23;
    let t = f32::from_bits(u.to_bits().wrapping_sub((k << 23) as u32)) - 1.0;
    // ln(1 + t)/t on [−¼, ½], interpolated at Chebyshev points: relative error 3e-8.
    let ln = t
        * polynomial!(t; 0.05425946, -0.12091521, 0.14996833, -0.16822815, 0.19975554, -0.24993263, 0.33333603,
            -0.50000066, 1.0);
    let length = (-2.0 * ln - k as f32 * (2.0 * std::f32::consts::LN_2)).sqrt();
    let x = (angle << 2) as i32 as f32 * (std::f32::consts::FRAC_PI_4 * (0.5f32).powi(31));
    let y = x * x;
    let sine = x * polynomial!(y; -1.0 / 5040.0, 1.0 / 120.0, -1.0 / 6.0, 1.0);
    let cosine = polynomial!(y; 1.0 / 40320.0, -1.0 / 720.0, 1.0 / 24.0, -0.5, 1.0);
    let signed = f32::from_bits(length.to_bits() ^ (angle & 1 << 31));
    if angle & 1 << 30 == 0 { (signed * cosine, signed * sine) } else { (signed * sine, signed * cosine) }
}

/// The three loops in one precision.
macro_rules! loops {
    ($room:ident, $float:ty, $word:ty, $pair:ident, $shift:literal, $output:literal, $rotate:literal) => {
        mod $room {
            use super::{BETA, FILL, LANES, LEARNING_RATE, NOISE, Sums, TARGET, TIME_STEP, mix, $pair};

            type Row = [$float; LANES];

            /// One xoshiro++ a lane (Blackman and Vigna 2021).
            struct Noise {
                state: [[$word; LANES]; 4],
                rows: [Row; FILL],
            }

            impl Noise {
                fn new(seed: u64) -> Self {
                    let word = |place: usize| mix(seed << 20 | (place as u64 + 1)) as $word;
                    let state = std::array::from_fn(|w| std::array::from_fn(|lane| word(w * LANES + lane)));
                    Self { state, rows: [[0.0; LANES]; FILL] }
                }

                #[inline(always)]
                fn fill(&mut self) {
                    let [a, b, c, d] = &mut self.state;
                    for rows in self.rows.as_chunks_mut::<2>().0 {
                        let [even, odd] = rows;
                        for lane in 0..LANES {
                            let mut next = || {
                                let (s0, s1, s2, s3) = (a[lane], b[lane], c[lane], d[lane]);
                                let (t2, t3) = (s2 ^ s0, s3 ^ s1);
                                (a[lane], b[lane]) = (s0 ^ t3, s1 ^ t2);
                                (c[lane], d[lane]) = (t2 ^ (s1 << $shift), t3.rotate_left($rotate));
                                s0.wrapping_add(s3).rotate_left($output).wrapping_add(s0)
                            };
                            let radius = next();
                            (even[lane], odd[lane]) = $pair(radius, next());
                        }
                    }
                }
            }

            pub fn normals(seed: u64, fills: u64) -> Sums {
                let mut noise = Noise::new(seed);
                let mut sums = Sums::default();
                for _ in 0..fills {
                    noise.fill();
                    let z = std::hint::black_box(&noise.rows)[0][0] as f64;
                    sums.push((-0.5 * z * z).exp());
                }
                sums.steps = (fills as usize * FILL * LANES) as f64;
                sums
            }

            pub fn ornstein_uhlenbeck(seed: u64, replicas: u64, steps: u64) -> Sums {
                let (keep, add) = ((1.0 - LEARNING_RATE) as $float, (-LEARNING_RATE * NOISE) as $float);
                let mut noise = Noise::new(seed);
                let mut sums = Sums::default();
                for _ in 0..replicas.div_ceil(LANES as u64) {
                    let mut x: Row = [1.0; LANES];
                    for _ in 0..steps.div_ceil(FILL as u64) {
                        noise.fill();
                        for z in &noise.rows {
                            for lane in 0..LANES {
                                x[lane] = add.mul_add(z[lane], keep * x[lane]);
                            }
                        }
                    }
                    x.iter().for_each(|&x| sums.push(x as f64));
                }
                sums.steps = sums.count * steps.next_multiple_of(FILL as u64) as f64;
                sums
            }

            pub fn double_well(seed: u64, replicas: u64) -> Sums {
                let (step, four) = (TIME_STEP as $float, 4.0 as $float);
                let spread = (2.0 * TIME_STEP / BETA).sqrt() as $float;
                // A lane without a replica waits for a target that is never reached.
                let mut targets: Row = [TARGET as $float; LANES];
                let (mut x, mut began): (Row, [u64; LANES]) = ([1.0; LANES], [0; LANES]);
                let (mut noise, mut sums) = (Noise::new(seed), Sums::default());
                let (mut waiting, mut live) =
                    (replicas.saturating_sub(LANES as u64), replicas.min(LANES as u64));
                targets[live as usize..].fill(<$float>::NEG_INFINITY);
                let mut time = 0;
                while live > 0 {
                    noise.fill();
                    for z in &noise.rows {
                        time += 1;
                        let mut hit = 0;
                        for lane in 0..LANES {
                            let drift = (four - four * x[lane] * x[lane]) * x[lane];
                            x[lane] = spread.mul_add(z[lane], step.mul_add(drift, x[lane]));
                            hit |= (x[lane] <= targets[lane]) as u32;
                        }
                        if hit == 0 {
                            continue;
                        }
                        for lane in 0..LANES {
                            if x[lane] <= targets[lane] {
                                sums.push((time - began[lane]) as f64);
                                (x[lane], began[lane]) = (1.0, time);
                                if waiting > 0 {
                                    waiting -= 1;
                                } else {
                                    targets[lane] = <$float>::NEG_INFINITY;
                                    live -= 1;
                                }
                            }
                        }
                    }
                }
                sums.steps = sums.first;
                sums
            }
        }
    };
}
loops!(double, f64, u64, pair_f64, 17, 23, 45);
loops!(single, f32, u32, pair_f32, 9, 7, 11);

/// The cases one replica after the other.
mod scalar {
    use super::{
        BETA, Distribution, LEARNING_RATE, NOISE, SeedableRng, SmallRng, StandardNormal, Sums, TARGET,
        TIME_STEP,
    };

    pub fn normals(seed: u64, count: u64) -> Sums {
        let mut generator = SmallRng::seed_from_u64(seed);
        let mut sums = Sums::default();
        for number in 0..count {
            let z: f64 = std::hint::black_box(StandardNormal.sample(&mut generator));
            if number % 64 == 0 {
                sums.push((-0.5 * z * z).exp());
            }
        }
        sums.steps = count as f64;
        sums
    }

    pub fn ornstein_uhlenbeck(seed: u64, replicas: u64, steps: u64) -> Sums {
        let mut generator = SmallRng::seed_from_u64(seed);
        let mut sums = Sums::default();
        for _ in 0..replicas {
            let mut x: f64 = 1.0;
            for _ in 0..steps {
                let z: f64 = StandardNormal.sample(&mut generator);
                x -= LEARNING_RATE * (x + NOISE * z);
            }
            sums.push(x);
        }
        sums.steps = sums.count * steps as f64;
        sums
    }

    pub fn double_well(seed: u64, replicas: u64) -> Sums {
        let mut generator = SmallRng::seed_from_u64(seed);
        let spread = (2.0 * TIME_STEP / BETA).sqrt();
        let mut sums = Sums::default();
        for _ in 0..replicas {
            let (mut x, mut steps): (f64, u64) = (1.0, 0);
            while x > TARGET {
                let z: f64 = StandardNormal.sample(&mut generator);
                x += (4.0 * x - 4.0 * x * x * x) * TIME_STEP + spread * z;
                steps += 1;
            }
            sums.push(steps as f64);
        }
        sums.steps = sums.first;
        sums
    }
}

/// So many fused multiply-adds on registers alone: twelve chains of 16 values side by side, more than the units' latency.
fn fused_multiply_adds(count: u64) -> Sums {
    type Chain = [f32; 16];
    #[inline(always)]
    fn next(chain: &mut Chain, factor: &Chain, term: &Chain) {
        for ((value, &factor), &term) in chain.iter_mut().zip(factor).zip(term) {
            *value = value.mul_add(factor, term);
        }
    }
    let (factor, term) = (std::hint::black_box([0.999; 16]), std::hint::black_box([0.001; 16]));
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h, mut i, mut j, mut k, mut l] =
        std::hint::black_box([[1.0; 16]; 12]);
    let rounds = count.div_ceil(16 * 12);
    for _ in 0..rounds {
        // By name: an array of chains would be kept in memory.
        next(&mut a, &factor, &term);
        next(&mut b, &factor, &term);
        next(&mut c, &factor, &term);
        next(&mut d, &factor, &term);
        next(&mut e, &factor, &term);
        next(&mut f, &factor, &term);
        next(&mut g, &factor, &term);
        next(&mut h, &factor, &term);
        next(&mut i, &factor, &term);
        next(&mut j, &factor, &term);
        next(&mut k, &factor, &term);
        next(&mut l, &factor, &term);
    }
    let mut sums = Sums::default();
    let chains = std::hint::black_box([a, b, c, d, e, f, g, h, i, j, k, l]);
    chains.as_flattened().iter().for_each(|&value| sums.push(f64::from(value)));
    sums.steps = (rounds * 16 * 12) as f64;
    sums
}

/// The work of one thread, or `None` for a case that is not here.
fn work(scalar: bool, case: &str, precision: &str, seed: u64, replicas: u64, steps: u64) -> Option<Sums> {
    let fills = (replicas * steps).div_ceil((LANES * FILL) as u64);
    Some(match (scalar, case, precision) {
        (_, "fused-multiply-add", "f32") => fused_multiply_adds(replicas * steps),
        (true, "normals", "f64") => scalar::normals(seed, replicas * steps),
        (true, "ou", "f64") => scalar::ornstein_uhlenbeck(seed, replicas, steps),
        (true, "double-well", "f64") => scalar::double_well(seed, replicas),
        (false, "normals", "f64") => double::normals(seed, fills),
        (false, "normals", "f32") => single::normals(seed, fills),
        (false, "ou", "f64") => double::ornstein_uhlenbeck(seed, replicas, steps),
        (false, "ou", "f32") => single::ornstein_uhlenbeck(seed, replicas, steps),
        (false, "double-well", "f64") => double::double_well(seed, replicas),
        (false, "double-well", "f32") => single::double_well(seed, replicas),
        _ => return None,
    })
}

fn answer(request: &str, threads: u64, scalar: bool, seed: u64) -> Option<String> {
    let [case, precision, replicas, steps] = request.split_whitespace().collect::<Vec<_>>()[..] else {
        return None;
    };
    let (replicas, steps) = (replicas.parse::<u64>().ok()?, steps.parse().ok()?);
    let begin = Instant::now();
    let parts: Vec<_> = std::thread::scope(|scope| {
        let part = |thread| {
            let share = replicas / threads + u64::from(thread < replicas % threads);
            scope.spawn(move || work(scalar, case, precision, seed * threads + thread, share, steps))
        };
        let running: Vec<_> = (0..threads).map(part).collect();
        running.into_iter().map(|thread| thread.join().ok().flatten()).collect()
    });
    let seconds = begin.elapsed().as_secs_f64();
    let sums = parts.into_iter().try_fold(Sums::default(), |sums, part| Some(sums.join(part?)))?;
    let (value, error) = match case {
        "double-well" => (sums.mean() * TIME_STEP, (sums.variance() / sums.count).sqrt() * TIME_STEP),
        "normals" => (sums.mean(), (sums.variance() / sums.count).sqrt()),
        _ => (sums.variance(), sums.variance() * (2.0 / sums.count).sqrt()),
    };
    let work = sums.steps;
    Some(format!("{{\"seconds\": {seconds}, \"work\": {work}, \"value\": {value}, \"stderr\": {error}}}"))
}

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| arguments.iter().position(|argument| argument == name).map(|place| place + 1);
    let threads = after("--threads").and_then(|place| arguments.get(place)?.parse().ok()).unwrap_or(1);
    let scalar = arguments.iter().any(|argument| argument == "--scalar");
    for (seed, request) in std::io::stdin().lock().lines().enumerate() {
        let text = answer(&request?, threads, scalar, seed as u64 + 1);
        println!("{}", text.unwrap_or_else(|| "{\"error\": \"no such case here\"}".to_owned()));
        std::io::stdout().flush()?;
    }
    Ok(())
}
