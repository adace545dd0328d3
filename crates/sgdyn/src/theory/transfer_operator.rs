//! The exact discrete chain in one dimension: first-passage steps of x' = x + a(x) + s(x)·z with Gaussian z.

use super::TheoryError;
use super::quadrature::{COLLOCATION, NODES};
use crate::statistics::normal_survival;
use std::f64::consts::PI;

/// Where the chain stops; exits are seen at steps only.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ChainTarget {
    /// Every x below this.
    Below(f64),
    /// Every x above this.
    Above(f64),
    /// Every x outside (lower, upper).
    Outside {
        /// The lower end.
        lower: f64,
        /// The upper end.
        upper: f64,
    },
}

/// The law of the number of steps until the chain is seen in its target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChainExit {
    /// The mean number of **steps**, at least 1. Times the step size it is a time.
    pub mean_steps: f64,
    /// The standard deviation of the number of steps.
    pub standard_deviation_steps: f64,
    /// The relative change of the mean between two resolutions and two truncations, and rounding.
    pub relative_error: f64,
    /// The number of nodes of the finest discretisation.
    pub nodes: usize,
}

const MOST_NODES: usize = 20_000;
/// Standard deviations beyond which a Gaussian step is dropped: it has probability 1e-28.
const REACH: f64 = 11.0;

/// The mean first passage of x' = x + step(x) + deviation(x)·z, z ~ N(0,1), from `start` to `target`.
///
/// Solves τ(x) = 1 + ∫_alive p(x→y) τ(y) dy by Gauss–Legendre panels (Nyström's method, spectrally accurate since the
/// kernel is smooth where the chain lives) and an elimination without subtractions (W. K. Grassmann, M. I. Taksar
/// and D. P. Heyman, *Oper. Res.* 33, 1107 (1985)) with the exit probabilities taken from the Gaussian tail, so
/// that rare exits keep their digits. An Euler–Maruyama step of length dt has step −U'dt and deviation √(2 dt/β).
///
/// # Errors
/// A start inside the target, [`TheoryError::BadFunction`], [`TheoryError::Unbounded`] if the chain runs away,
/// [`TheoryError::TooFine`] if the deviation is too small for the domain.
/// ```
/// use sgdyn::theory::{ChainTarget, chain_first_passage};
/// let dt = 0.01;
/// let step = |x: f64| -dt * (4.0 * x.powi(3) - 4.0 * x);
/// let exit = chain_first_passage(step, |_| (2.0 * dt).sqrt(), 1.0, ChainTarget::Below(-0.5))?;
/// assert!((exit.mean_steps * dt - 2.84652).abs() < 1e-5);
/// # Ok::<(), sgdyn::theory::TheoryError>(())
/// ```
pub fn chain_first_passage(
    step: impl Fn(f64) -> f64,
    deviation: impl Fn(f64) -> f64,
    start: f64,
    target: ChainTarget,
) -> Result<ChainExit, TheoryError> {
    let noise = |x: f64, y: f64| {
        let deviation = deviation(x);
        ((y - x - step(x)) / deviation, 1.0 / deviation)
    };
    Chain { step: &step, deviation: &deviation, noise: &noise }.first_passage(start, target)
}

/// The mean first passage of the chain that stochastic Heun makes of `dX = b dt + s dW`:
/// `x' = x + ½(b(x) + b(x + b(x)Δ + s√Δ z))Δ + s√Δ z`, exits seen at steps. `slope` is b'.
///
/// The map rises with z wherever `1 + ½Δ b' > 0`, so that the density of x' is that of z times dz/dx'; beyond, where a
/// step this long is of no use, the rise is taken as a twentieth. Otherwise as [`chain_first_passage`].
///
/// # Errors
/// As [`chain_first_passage`].
pub fn heun_first_passage(
    drift: impl Fn(f64) -> f64,
    slope: impl Fn(f64) -> f64,
    amplitude: f64,
    step_size: f64,
    start: f64,
    target: ChainTarget,
) -> Result<ChainExit, TheoryError> {
    const LEAST_RISE: f64 = 0.05;
    const FARTHEST: f64 = 40.0;
    let spread = amplitude * step_size.sqrt();
    let rise = |at: f64| (1.0 + 0.5 * step_size * slope(at)).max(LEAST_RISE);
    // The mean and the deviation of a step to first order, for the mesh alone.
    let step = |x: f64| step_size * 0.5 * (drift(x) + drift(x + step_size * drift(x)));
    let deviation = |x: f64| spread * rise(x + step_size * drift(x));
    let noise = |x: f64, y: f64| {
        let (here, centre) = (drift(x), x + step_size * drift(x));
        let mut z = ((y - x - step(x)) / deviation(x)).clamp(-FARTHEST, FARTHEST);
        for _ in 0..60 {
            let ahead = centre + spread * z;
            let miss = x + 0.5 * step_size * (here + drift(ahead)) + spread * z - y;
            let change = miss / (spread * rise(ahead));
            // Beyond forty deviations nothing has weight, and the map need not rise there.
            z = (z - change).clamp(-FARTHEST, FARTHEST);
            if change.abs() <= 1e-14 * (1.0 + z.abs()) || z.abs() == FARTHEST {
                break;
            }
        }
        (z, 1.0 / (spread * rise(centre + spread * z)))
    };
    Chain { step: &step, deviation: &deviation, noise: &noise }.first_passage(start, target)
}

impl Chain<'_> {
    fn first_passage(&self, start: f64, target: ChainTarget) -> Result<ChainExit, TheoryError> {
        let chain = self;
        let (lower, upper) = match target {
            ChainTarget::Below(lower) => (Some(lower), None),
            ChainTarget::Above(upper) => (None, Some(upper)),
            ChainTarget::Outside { lower, upper } => (Some(lower), Some(upper)),
        };
        if !(start.is_finite() && lower.is_none_or(|l| l < start) && upper.is_none_or(|u| start < u)) {
            let allowed = "a finite point outside the target";
            return Err(TheoryError::OutOfRange { name: "start", value: start, allowed });
        }
        let solve = |reach: f64, width: f64| {
            let low = lower.unwrap_or(start - reach);
            let high = upper.unwrap_or(start + reach);
            chain.solve(start, (low, lower.is_some()), (high, upper.is_some()), width)
        };
        let mut truncation = 0.0;
        let mut reach = 0.0;
        if lower.is_none() || upper.is_none() {
            // Far enough is where going farther changes nothing.
            reach = chain.first_reach(start, if lower.is_none() { -1.0 } else { 1.0 })?;
            let mut previous = solve(reach, 4.0)?.mean;
            let mut settled = false;
            for _ in 0..24 {
                reach *= 1.25;
                let current = solve(reach, 4.0)?.mean;
                truncation = (current / previous - 1.0).abs();
                previous = current;
                settled = truncation < 1e-12 * (1.0 + 1e-3 * current);
                if settled || !current.is_finite() {
                    break;
                }
            }
            if !settled {
                let towards = if lower.is_none() { f64::NEG_INFINITY } else { f64::INFINITY };
                return Err(TheoryError::Unbounded { towards, reached: start + reach.copysign(towards) });
            }
        }
        let coarse = solve(reach, 3.0)?;
        let fine = solve(reach, 2.0)?;
        Ok(ChainExit {
            mean_steps: fine.mean,
            standard_deviation_steps: (fine.second_moment - fine.mean * fine.mean).max(0.0).sqrt(),
            relative_error: (coarse.mean / fine.mean - 1.0).abs() + truncation + 1e-15 * fine.nodes as f64,
            nodes: fine.nodes,
        })
    }
}

struct Chain<'a> {
    step: &'a dyn Fn(f64) -> f64,
    deviation: &'a dyn Fn(f64) -> f64,
    /// The z that leads from x to y, and dz/dy > 0.
    noise: &'a dyn Fn(f64, f64) -> (f64, f64),
}

struct Solution {
    mean: f64,
    second_moment: f64,
    nodes: usize,
}

impl Chain<'_> {
    /// The mean and the deviation of the next position.
    fn next(&self, x: f64) -> Result<(f64, f64), TheoryError> {
        let (step, deviation) = ((self.step)(x), (self.deviation)(x));
        if !step.is_finite() {
            let allowed = "a finite number";
            return Err(TheoryError::BadFunction { name: "step", x, value: step, allowed });
        }
        if !(deviation > 0.0 && deviation.is_finite()) {
            let allowed = "positive and finite";
            return Err(TheoryError::BadFunction { name: "deviation", x, value: deviation, allowed });
        }
        Ok((x + step, deviation))
    }

    /// How far to look first: where the diffusion with the same drift and noise has weight e^{−40} of its largest.
    fn first_reach(&self, start: f64, direction: f64) -> Result<f64, TheoryError> {
        let (mut x, mut exponent, mut lowest) = (start, 0.0f64, 0.0f64);
        for _ in 0..100_000 {
            let (next, deviation) = self.next(x)?;
            let width = 0.5 * deviation;
            exponent -= 2.0 * (next - x) * direction / (deviation * deviation) * width;
            lowest = lowest.min(exponent);
            x += direction * width;
            if exponent > lowest + 40.0 {
                return Ok((x - start).abs());
            }
        }
        Err(TheoryError::Unbounded { towards: direction * f64::INFINITY, reached: x })
    }

    /// The first number behind a jump of the deviation inside (left, right), if its ends differ and halving does not
    /// smoothe that.
    fn jump(&self, left: f64, right: f64) -> Result<Option<f64>, TheoryError> {
        const JUMP: f64 = 0.01;
        let deviation = |x: f64| self.next(x).map(|(_, deviation)| deviation);
        let (mut low, mut high) = (left, right);
        let (mut at_low, mut at_high) = (deviation(low)?, deviation(high)?);
        loop {
            if (at_low / at_high - 1.0).abs() <= JUMP {
                return Ok(None);
            }
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                return Ok((high < right && high > left).then_some(high));
            }
            let at_middle = deviation(middle)?;
            if (at_low / at_middle - 1.0).abs() >= (at_middle / at_high - 1.0).abs() {
                (high, at_high) = (middle, at_middle);
            } else {
                (low, at_low) = (middle, at_middle);
            }
        }
    }

    /// Nodes and weights on panels `width` deviations wide.
    fn nodes(&self, low: f64, high: f64, width: f64) -> Result<(Vec<f64>, Vec<f64>), TheoryError> {
        let rule = &*COLLOCATION;
        let (mut nodes, mut weights) = (Vec::new(), Vec::new());
        let mut left = low;
        while left < high {
            let (_, at_left) = self.next(left)?;
            let (_, ahead) = self.next((left + width * at_left).min(high))?;
            let mut right = left + width * at_left.min(ahead);
            // No sliver at the end.
            if right + 0.3 * (right - left) > high {
                right = high;
            }
            // The time until the exit jumps where the noise does: panels end there.
            if let Some(jump) = self.jump(left, right)? {
                right = jump;
            }
            let half = 0.5 * (right - left);
            for j in 0..NODES {
                nodes.push(left + half * (1.0 + rule.nodes[j]));
                weights.push(half * rule.weights[j]);
            }
            if nodes.len() > MOST_NODES || right <= left {
                return Err(TheoryError::TooFine {
                    what: "the transfer operator",
                    limit: MOST_NODES,
                    remedy: "steps this small are a diffusion: use first_passage_time",
                });
            }
            left = right;
        }
        Ok((nodes, weights))
    }

    /// Each end comes with whether it absorbs. What jumps beyond a reflecting end stays at the outermost node.
    fn solve(
        &self,
        start: f64,
        low: (f64, bool),
        high: (f64, bool),
        width: f64,
    ) -> Result<Solution, TheoryError> {
        let (nodes, weights) = self.nodes(low.0, high.0, width)?;
        let n = nodes.len();
        let row = |x: f64| -> Result<Row, TheoryError> {
            let (mean, deviation) = self.next(x)?;
            let first = nodes.partition_point(|y| *y < mean - REACH * deviation);
            let last = nodes.partition_point(|y| *y <= mean + REACH * deviation);
            let density = |j: usize| {
                let (z, rise) = (self.noise)(x, nodes[j]);
                weights[j] * (-0.5 * z * z).exp() * rise / (2.0 * PI).sqrt()
            };
            let below = normal_survival(-(self.noise)(x, low.0).0);
            let above = normal_survival((self.noise)(x, high.0).0);
            let mut exit = 0.0;
            let mut kept: (usize, Vec<f64>) = (first, (first..last).map(density).collect());
            for (absorbs, probability, node) in [(low.1, below, 0), (high.1, above, n - 1)] {
                if absorbs {
                    exit += probability;
                } else if let Some(entry) = node.checked_sub(kept.0).and_then(|j| kept.1.get_mut(j)) {
                    *entry += probability;
                } else if probability > 0.5 {
                    // The step overshoots the truncated line as a whole and lands at its end.
                    kept = (node, vec![probability]);
                }
            }
            Ok(Row { first: kept.0, entries: kept.1, exit })
        };
        let rows = nodes.iter().map(|&x| row(x)).collect::<Result<Vec<_>, _>>()?;
        let system = Eliminated::new(&rows);
        let mean = system.solve(&vec![1.0; n]);
        let source: Vec<f64> = mean.iter().map(|tau| 2.0 * tau - 1.0).collect();
        let second = system.solve(&source);
        let from_start = row(start)?;
        let continued = |values: &[f64]| -> f64 {
            let after = &values[from_start.first..from_start.first + from_start.entries.len()];
            from_start.entries.iter().zip(after).map(|(p, v)| p * v).sum()
        };
        let mean_at_start = 1.0 + continued(&mean);
        Ok(Solution {
            mean: mean_at_start,
            second_moment: 2.0 * mean_at_start - 1.0 + continued(&second),
            nodes: n,
        })
    }
}

/// Probabilities to go from one node to those from `first` on, and to exit.
struct Row {
    first: usize,
    entries: Vec<f64>,
    exit: f64,
}

/// `I − P` eliminated from the last node to the first, without a subtraction, in a band.
struct Eliminated {
    half_band: usize,
    /// Row i, column j at `i·(2·half_band+1) + j + half_band − i`.
    band: Vec<f64>,
    pivots: Vec<f64>,
}

impl Eliminated {
    fn new(rows: &[Row]) -> Self {
        let n = rows.len();
        let half_band = rows
            .iter()
            .enumerate()
            .map(|(i, row)| i.abs_diff(row.first).max((row.first + row.entries.len()).saturating_sub(i + 1)))
            .max()
            .unwrap_or(0)
            .min(n - 1);
        let width = 2 * half_band + 1;
        let mut band = vec![0.0; n * width];
        for (i, row) in rows.iter().enumerate() {
            let at = i * width + row.first + half_band - i;
            band[at..at + row.entries.len()].copy_from_slice(&row.entries);
        }
        let mut exits: Vec<f64> = rows.iter().map(|row| row.exit).collect();
        let mut pivots = vec![0.0; n];
        for k in (0..n).rev() {
            let first = k.saturating_sub(half_band);
            let (earlier, row) = band.split_at_mut(k * width);
            let to = &row[first + half_band - k..half_band];
            // 1 − P_kk is the probability to leave k towards earlier nodes or the exit.
            let pivot = to.iter().sum::<f64>() + exits[k];
            pivots[k] = pivot;
            for i in first..k {
                let probability = earlier[i * width + k + half_band - i];
                if probability == 0.0 {
                    continue;
                }
                let share = probability / pivot;
                let from = i * width + first + half_band - i;
                for (entry, to) in earlier[from..from + to.len()].iter_mut().zip(to) {
                    *entry += share * to;
                }
                exits[i] += share * exits[k];
            }
        }
        Self { half_band, band, pivots }
    }

    /// `(I − P)τ = source` for a source that is nowhere negative.
    fn solve(&self, source: &[f64]) -> Vec<f64> {
        let (n, width) = (source.len(), 2 * self.half_band + 1);
        let mut values = source.to_vec();
        for k in (0..n).rev() {
            let share = values[k] / self.pivots[k];
            for (i, value) in values[..k].iter_mut().enumerate().skip(k.saturating_sub(self.half_band)) {
                *value += self.band[i * width + k + self.half_band - i] * share;
            }
        }
        for k in 0..n {
            let first = k.saturating_sub(self.half_band);
            let row = &self.band[k * width + first + self.half_band - k..k * width + self.half_band];
            let before: f64 = row.iter().zip(&values[first..k]).map(|(p, v)| p * v).sum();
            values[k] = (values[k] + before) / self.pivots[k];
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn double_well(dt: f64, beta: f64, start: f64, target: ChainTarget) -> ChainExit {
        let step = move |x: f64| -dt * (4.0 * x.powi(3) - 4.0 * x);
        chain_first_passage(step, |_| (2.0 * dt / beta).sqrt(), start, target).unwrap()
    }

    /// With a linear drift −kx Heun's map is x(1 − kΔ + ½k²Δ²) + s√Δ(1 − ½kΔ) z: the affine chain must give the same.
    #[test]
    fn noise_that_jumps_keeps_its_digits() {
        // Oracle: the same chain on panels half as wide again, which the relative error compares. With a panel across the jump
        // they differ by a per cent.
        let step = |x: f64| -0.0025 * (4.0 * x.powi(3) - 4.0 * x);
        let inflection = 1.0 / 3f64.sqrt();
        let deviation = |x: f64| 0.0025 * (400.0 / 14.0 * if x > inflection { 8.0_f64 } else { 4.0 }).sqrt();
        let exit = chain_first_passage(step, deviation, 1.0, ChainTarget::Below(-0.7)).unwrap();
        assert!(exit.relative_error < 1e-9, "{}", exit.relative_error);
    }

    #[test]
    fn heun_of_a_linear_drift_is_an_affine_chain() {
        let (k, dt, s) = (1.3, 0.1, 0.9);
        let heun = heun_first_passage(|x| -k * x, |_| -k, s, dt, 0.2, ChainTarget::Below(-1.0)).unwrap();
        let step = |x: f64| x * (-k * dt + 0.5 * k * k * dt * dt);
        let deviation = |_| s * f64::sqrt(dt) * (1.0 - 0.5 * k * dt);
        let affine = chain_first_passage(step, deviation, 0.2, ChainTarget::Below(-1.0)).unwrap();
        assert!((heun.mean_steps / affine.mean_steps - 1.0).abs() < 1e-10, "{heun:?} {affine:?}");
    }

    /// Against 10⁵ simulated chains (this crate's generator, seed 11): the well x⁴ − 2x² from 1 to the saddle at β = 1,
    /// Δ = 0.01, 4 standard errors; and no step of the solver leaves the numbers, whatever the target.
    #[test]
    fn heun_in_the_double_well_is_what_a_simulation_sees() {
        use crate::random::{Purpose, Seed, SequentialGenerator};
        let (drift, slope) = (|x: f64| 4.0 * x - 4.0 * x.powi(3), |x: f64| 4.0 - 12.0 * x * x);
        let (amplitude, dt) = (2.0_f64.sqrt(), 0.01);
        for target in [0.0, -0.5, -1.0] {
            let exit =
                heun_first_passage(drift, slope, amplitude, dt, 1.0, ChainTarget::Below(target)).unwrap();
            assert!(exit.mean_steps.is_finite() && exit.relative_error < 1e-8, "{exit:?}");
        }
        let exact = heun_first_passage(drift, slope, amplitude, dt, 1.0, ChainTarget::Below(0.0)).unwrap();
        let (mut sum, mut square, chains) = (0.0, 0.0, 100_000);
        for chain in 0..chains {
            let mut generator = SequentialGenerator::new(Seed::new(11, 0), chain, 0, Purpose::Start);
            let (mut x, mut steps) = (1.0, 0.0);
            'chain: loop {
                for z in generator.normal_pair() {
                    let spread = amplitude * f64::sqrt(dt) * z;
                    let ahead: f64 = x + dt * drift(x) + spread;
                    x += 0.5 * dt * (drift(x) + drift(ahead)) + spread;
                    steps += 1.0;
                    if x < 0.0 {
                        break 'chain;
                    }
                }
            }
            sum += steps;
            square += steps * steps;
        }
        let n = chains as f64;
        let (mean, stderr) = (sum / n, ((square / n - (sum / n).powi(2)) / n).sqrt());
        assert!((mean - exact.mean_steps).abs() < 4.0 * stderr, "{mean} ± {stderr}, {exact:?}");
    }

    #[test]
    fn euler_maruyama_in_the_double_well() {
        // numpy: dense Nyström with one 500-node Gauss rule on (−0.5, 3.5) and LAPACK's solve, whose
        // subtractions scatter the last figures by about 1e-9 of the mean at β = 5 (500 to 900 nodes).
        for (dt, beta, want, digit) in [
            (0.01, 1.0, 2.8465152575, 1e-9),
            (0.005, 1.0, 2.8123933974, 1e-9),
            (0.005, 3.0, 24.590023716, 1e-8),
            (0.005, 5.0, 177.33225063, 3e-7),
        ] {
            let exit = double_well(dt, beta, 1.0, ChainTarget::Below(-0.5));
            assert!((exit.mean_steps * dt - want).abs() < 0.6 * digit, "{dt} {beta}: {exit:?}");
            assert!(exit.relative_error < 1e-10, "{exit:?}");
            let mirrored = double_well(dt, beta, -1.0, ChainTarget::Above(0.5));
            assert!((mirrored.mean_steps / exit.mean_steps - 1.0).abs() < 1e-10);
        }
    }

    #[test]
    fn rare_exits_keep_their_digits() {
        // Two widths and the diffusion's exact time agree to the O(dt) of the chain at β = 20 (4e8 units of time).
        let exit = double_well(0.002, 20.0, 1.0, ChainTarget::Below(-1.0));
        assert!(exit.relative_error < 1e-9, "{exit:?}");
        let process = super::super::Process::gibbs(|x| x.powi(4) - 2.0 * x * x, 1.0 / 20.0).unwrap();
        let far = super::super::FarSide::Infinite;
        let exact = super::super::first_passage_time(&process, 1.0, -1.0, far).unwrap().mean;
        assert!((exit.mean_steps * 0.002 / exact - 1.0).abs() < 0.05);
        assert!((exit.standard_deviation_steps / exit.mean_steps - 1.0).abs() < 1e-4);
    }

    #[test]
    fn pure_noise_is_geometric() {
        // x' = z whatever x: each step leaves (−1, 1) with probability q, so the number of steps is geometric.
        let exit =
            chain_first_passage(|x| -x, |_| 1.0, 0.3, ChainTarget::Outside { lower: -1.0, upper: 1.0 })
                .unwrap();
        let q = 2.0 * normal_survival(1.0);
        assert!((exit.mean_steps * q - 1.0).abs() < 1e-12);
        assert!((exit.standard_deviation_steps * q / (1.0 - q).sqrt() - 1.0).abs() < 1e-12);
        let half = chain_first_passage(|x| -x, |_| 1.0, 0.3, ChainTarget::Below(-3.0)).unwrap();
        assert!((half.mean_steps * normal_survival(3.0) - 1.0).abs() < 1e-11);
    }

    #[test]
    fn strongly_oscillating_chain() {
        // x' = −0.9x + z has 5 times the variance that its drift suggests; the truncation must notice. Oracle: the
        // reflected chain x' = 0.9x + z leaves the symmetric interval after the same number of steps.
        let target = ChainTarget::Outside { lower: -6.0, upper: 6.0 };
        let a = chain_first_passage(|x| -1.9 * x, |_| 1.0, 0.5, target).unwrap();
        let b = chain_first_passage(|x| -0.1 * x, |_| 1.0, 0.5, target).unwrap();
        assert!((a.mean_steps / b.mean_steps - 1.0).abs() < 1e-11);
        let half = chain_first_passage(|x| -1.9 * x, |_| 1.0, 0.5, ChainTarget::Below(-6.0)).unwrap();
        assert!(half.mean_steps > a.mean_steps && half.relative_error < 1e-9);
    }

    #[test]
    fn refuses_what_has_no_answer() {
        let below = ChainTarget::Below(0.0);
        assert!(chain_first_passage(|_| 0.0, |_| 1.0, -1.0, below).is_err());
        assert!(matches!(
            chain_first_passage(|_| 0.1, |_| 1.0, 1.0, below),
            Err(TheoryError::Unbounded { .. })
        ));
        assert!(matches!(
            chain_first_passage(|x| -x, |_| 0.0, 1.0, below),
            Err(TheoryError::BadFunction { name: "deviation", .. })
        ));
        assert!(matches!(
            chain_first_passage(|x| -1e-6 * x, |_| 1e-6, 1.0, below),
            Err(TheoryError::TooFine { .. } | TheoryError::Unbounded { .. })
        ));
    }
}
