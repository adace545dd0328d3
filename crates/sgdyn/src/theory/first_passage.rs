//! Exact mean and variance of first-passage times of one-dimensional diffusions, by nested quadrature.

use super::TheoryError;
use super::mesh::{Mesh, combine};
use super::process::Process;
use super::quadrature::log_add;

/// What lies on the side of the start that is away from the target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FarSide {
    /// The line goes on; the process must be confined there.
    Infinite,
    /// A reflecting wall at this x.
    Reflecting(f64),
}

/// The law of a first-passage time, in units of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExitTime {
    /// The mean; infinite where it exceeds the largest number, see `log_mean`.
    pub mean: f64,
    /// The natural logarithm of the mean.
    pub log_mean: f64,
    /// The standard deviation over the mean: near 1 for an escape over a barrier.
    pub coefficient_of_variation: f64,
    /// The probability to leave through the upper end of an interval; 1 or 0 for a single target.
    pub upper_exit_probability: f64,
    /// The relative change of the mean when every panel of the mesh is halved, and rounding.
    pub relative_error: f64,
}

/// The first passage from `start` to `target` of a diffusion dX = −U' dt + √(2D) dW.
///
/// With scale density s = e^Φ, speed density m = e^{−Φ}/D, Φ' = U'/D (Itô), for a target below the start:
/// `τ = ∫_target^start s(y) ∫_y^far m(z) dz dy`, and `Var = ∫ s ∫ m·2Dτ'²` (C. Gardiner, *Stochastic Methods*, 4th
/// ed., section 5.5). Integrals run over adaptive panels in logarithms, so β may be several hundred.
///
/// # Errors
/// Start and target that coincide or are not finite, a wall that is not beyond the start,
/// [`TheoryError::Unbounded`], [`TheoryError::BadFunction`], [`TheoryError::TooFine`].
/// ```
/// use sgdyn::theory::{FarSide, Process, first_passage_time};
/// let well = Process::gibbs(|x| x.powi(4) - 2.0 * x * x, 1.0 / 5.0)?;
/// let time = first_passage_time(&well, 1.0, -1.0, FarSide::Infinite)?;
/// assert!((time.mean - 182.417673).abs() < 1e-6);
/// # Ok::<(), sgdyn::theory::TheoryError>(())
/// ```
pub fn first_passage_time(
    process: &Process<'_>,
    start: f64,
    target: f64,
    far: FarSide,
) -> Result<ExitTime, TheoryError> {
    check_point("start", start)?;
    check_point("target", target)?;
    if start == target {
        let allowed = "a target different from the start";
        return Err(TheoryError::OutOfRange { name: "target", value: target, allowed });
    }
    // In u = direction·x the target lies on the left.
    let direction = if target < start { 1.0 } else { -1.0 };
    let (left, from) = (direction * target, direction * start);
    let mut mesh = uniform_start(process, direction, left, from)?;
    let split = from;
    match far {
        FarSide::Infinite => mesh.extend_to_infinity(process, from - left)?,
        FarSide::Reflecting(wall) if !(direction * wall >= from && wall.is_finite()) => {
            let allowed = "a finite x beyond the start, seen from the target";
            return Err(TheoryError::OutOfRange { name: "wall", value: wall, allowed });
        }
        FarSide::Reflecting(wall) => {
            let wall = direction * wall;
            for k in 1..=8 {
                if wall > from {
                    let end = if k == 8 { wall } else { from + (wall - from) * f64::from(k) / 8.0 };
                    mesh.extend(process, end)?;
                }
            }
        }
    }
    let coarse = one_sided(&mesh, split);
    let fine = one_sided(&mesh.refined(process)?, split);
    let upper = if direction > 0.0 { 0.0 } else { 1.0 };
    Ok(exit_time(coarse.0, fine, upper))
}

/// The exit from the interval (lower, upper), absorbing at both ends, from `start` inside it.
///
/// `τ(x) = ∫ G(x,z) m(z) dz` with the Green function of the scale; all terms are positive. The probability to leave
/// above is `∫_lower^start s / ∫_lower^upper s`.
///
/// # Errors
/// A start that is not inside the interval, or as [`first_passage_time`].
pub fn interval_exit_time(
    process: &Process<'_>,
    start: f64,
    lower: f64,
    upper: f64,
) -> Result<ExitTime, TheoryError> {
    check_point("lower", lower)?;
    check_point("upper", upper)?;
    if !(lower < start && start < upper) {
        let allowed = "a point inside the interval";
        return Err(TheoryError::OutOfRange { name: "start", value: start, allowed });
    }
    let mut mesh = uniform_start(process, 1.0, lower, start)?;
    for k in 1..=8 {
        let end = if k == 8 { upper } else { start + (upper - start) * f64::from(k) / 8.0 };
        if !mesh.extend(process, end)? {
            return Err(wall_inside(end));
        }
    }
    let (coarse, _, _) = two_sided(&mesh, start);
    let (mean, deviation, probability) = two_sided(&mesh.refined(process)?, start);
    Ok(exit_time(coarse, (mean, deviation), probability))
}

fn wall_inside(x: f64) -> TheoryError {
    let allowed = "finite between start and target";
    TheoryError::BadFunction { name: "potential", x, value: f64::INFINITY, allowed }
}

fn check_point(name: &'static str, value: f64) -> Result<(), TheoryError> {
    if value.is_finite() {
        return Ok(());
    }
    Err(TheoryError::OutOfRange { name, value, allowed: "a finite number" })
}

/// A mesh from `left` to `from` that looks at no less than eight pieces, lest it miss a narrow barrier.
fn uniform_start(process: &Process<'_>, direction: f64, left: f64, from: f64) -> Result<Mesh, TheoryError> {
    let mut mesh = Mesh::new(direction, left);
    for k in 1..=8 {
        let end = if k == 8 { from } else { left + (from - left) * f64::from(k) / 8.0 };
        if !mesh.extend(process, end)? {
            return Err(wall_inside(direction * end));
        }
    }
    Ok(mesh)
}

fn exit_time(coarse_log_mean: f64, fine: (f64, f64), upper_exit_probability: f64) -> ExitTime {
    let (log_mean, log_variance) = fine;
    ExitTime {
        mean: log_mean.exp(),
        log_mean,
        coefficient_of_variation: (0.5 * log_variance - log_mean).exp(),
        upper_exit_probability,
        relative_error: (coarse_log_mean - log_mean).abs().exp_m1()
            + 4.0 * f64::EPSILON * (1.0 + log_mean.abs()),
    }
}

/// How many panels lie left of the edge at `split`.
fn panels_before(mesh: &Mesh, split: f64) -> usize {
    mesh.edges.partition_point(|edge| *edge < split)
}

/// ln mean and ln variance with absorption at the left end and reflection at the right.
fn one_sided(mesh: &Mesh, split: f64) -> (f64, f64) {
    let path = 0..panels_before(mesh, split);
    let log_slope = combine(&mesh.scale, &mesh.cumulative_from_right(&mesh.speed), |s, m| s + m);
    let log_mean = mesh.log_integral(&log_slope, path.clone());
    // m·2Dτ'² = 2τ'²/s: the variance solves the same equation with this source, without cancellation.
    let source = combine(&mesh.scale, &log_slope, |s, t| std::f64::consts::LN_2 + 2.0 * t - s);
    let integrand = combine(&mesh.scale, &mesh.cumulative_from_right(&source), |s, v| s + v);
    (log_mean, mesh.log_integral(&integrand, path))
}

/// ln mean, ln variance and the probability of the upper end, with absorption at both ends.
fn two_sided(mesh: &Mesh, split: f64) -> (f64, f64, f64) {
    let (before, all) = (panels_before(mesh, split), mesh.panels());
    let below = mesh.log_integral(&mesh.scale, 0..before);
    let above = mesh.log_integral(&mesh.scale, before..all);
    let total = log_add(below, above);
    let from_left = mesh.cumulative_from_left(&mesh.scale);
    let from_right = mesh.cumulative_from_right(&mesh.scale);
    let solve = |source: &[super::quadrature::PanelValues]| {
        let left = combine(&from_left, source, |a, b| a + b);
        let right = combine(&from_right, source, |a, b| a + b);
        let value = log_add(
            above - total + mesh.log_integral(&left, 0..before),
            below - total + mesh.log_integral(&right, before..all),
        );
        (value, left, right)
    };
    let (log_mean, left, right) = solve(&mesh.speed);
    let (pull_up, pull_down) = (mesh.cumulative_from_right(&right), mesh.cumulative_from_left(&left));
    let log_slope = combine(&pull_up, &pull_down, |a, b| {
        let (high, low) = if a > b { (a, b) } else { (b, a) };
        high + (-(low - high).exp_m1()).ln() - total
    });
    // |τ'| = s·(difference)/total and the source is 2τ'²/s.
    let source = combine(&mesh.scale, &log_slope, |s, t| std::f64::consts::LN_2 + 2.0 * t + s);
    let (log_variance, _, _) = solve(&source);
    (log_mean, log_variance, (below - total).exp())
}

#[cfg(test)]
mod tests {
    use super::super::process::Interpretation;
    use super::*;

    fn quartic(x: f64) -> f64 {
        x.powi(4) - 2.0 * x * x
    }

    fn close(got: f64, want: f64, relative: f64) {
        assert!((got / want - 1.0).abs() < relative, "{got} against {want}");
    }

    #[test]
    fn double_well_table() {
        // scipy.integrate.quad nested in itself (QUADPACK), to the printed digits.
        for (beta, want) in [
            (1.0, [1.435859, 2.703769, 3.569434]),
            (3.0, [12.698350, 24.389763, 26.640088]),
            (5.0, [90.475940, 177.370379, 182.417673]),
        ] {
            let process = Process::gibbs(quartic, 1.0 / beta).unwrap();
            let by_gradient = Process::state_dependent(|x| 4.0 * x.powi(3) - 4.0 * x, |_| 1.0 / beta);
            for (target, want) in [0.0, -0.5, -1.0].into_iter().zip(want) {
                let time = first_passage_time(&process, 1.0, target, FarSide::Infinite).unwrap();
                assert!((time.mean - want).abs() < 6e-7, "β {beta} to {target}: {}", time.mean);
                assert!(time.relative_error < 1e-11);
                let other = first_passage_time(&by_gradient, 1.0, target, FarSide::Infinite).unwrap();
                close(other.mean, time.mean, 1e-11);
                // Mirrored: from −1 up to −target.
                let mirrored = first_passage_time(&process, -1.0, -target, FarSide::Infinite).unwrap();
                close(mirrored.mean, time.mean, 1e-12);
            }
        }
    }

    #[test]
    fn a_jump_of_the_noise_in_closed_form() {
        // Constant slope g, D = D₁ beyond c and D₂ before, reflected at w, absorbed at 0, from a. By hand, with q =
        // e^{−g(w−c)/D₁}, the part beyond c is [(a − c) − (D₁/g)(e^{−g(w−a)/D₁} − q)]/g and the part before it
        // [c + (D₂/g)(1 − e^{−gc/D₂}) J]/g, with J = −q for Itô and J = (D₁/D₂)(1 − q) − 1 for anti-Itô.
        let (c, a, w, first, second) = (0.37, 0.8, 1.1, 0.31, 0.11);
        for g in [0.9_f64, -0.6] {
            let q = (-g * (w - c) / first).exp();
            let beyond = ((a - c) - first / g * ((-g * (w - a) / first).exp() - q)) / g;
            let rise = second / g * (1.0 - (-g * c / second).exp());
            for (meant, jump) in
                [(Interpretation::Ito, -q), (Interpretation::AntiIto, first / second * (1.0 - q) - 1.0)]
            {
                let process =
                    Process::state_dependent(move |_| g, move |x| if x > c { first } else { second })
                        .interpreted(meant);
                let time = first_passage_time(&process, a, 0.0, FarSide::Reflecting(w)).unwrap();
                close(time.mean, beyond + (c + rise * jump) / g, 1e-11);
            }
        }
    }

    #[test]
    fn low_temperature_ratio_and_exponential_law() {
        for beta in [50.0, 200.0, 800.0] {
            let process = Process::gibbs(quartic, 1.0 / beta).unwrap();
            let time = first_passage_time(&process, 1.0, -1.0, FarSide::Infinite).unwrap();
            let kramers = (std::f64::consts::PI / 8f64.sqrt()).ln() + beta;
            let ratio = (time.log_mean - kramers).exp();
            // 1 + 3/(8β) + c/β²; the next coefficient is below 2.
            assert!((ratio - 1.0 - 0.375 / beta).abs() < 2.0 / (beta * beta), "{beta}: {ratio}");
            close(time.coefficient_of_variation, 1.0, 1e-6);
        }
        // V = x⁴/4 − x²/2 at ε = 0.0125 to the saddle and beyond: about 2e9 time units.
        let shallow = Process::gibbs(|x| x.powi(4) / 4.0 - x * x / 2.0, 0.0125).unwrap();
        let time = first_passage_time(&shallow, 1.0, -1.0, FarSide::Infinite).unwrap();
        assert!(time.mean > 2.1e9 && time.mean < 2.3e9 && time.relative_error < 1e-10);
        // mpmath, nested quadrature with 20 digits.
        let half = first_passage_time(&shallow, 1.0, 0.0, FarSide::Infinite).unwrap();
        close(half.mean, 1099322196.6866, 1e-12);
    }

    #[test]
    fn brownian_closed_forms() {
        let free = Process::gibbs(|_| 0.0, 0.5).unwrap();
        // dX = dW on (0, 3) from 1: τ = x(3 − x), probability x/3; τ₂'' = −4τ gives E τ² = x⁴/3 − 2x³ + 9x.
        let time = interval_exit_time(&free, 1.0, 0.0, 3.0).unwrap();
        close(time.mean, 2.0, 1e-13);
        close(time.upper_exit_probability, 1.0 / 3.0, 1e-13);
        let second_moment = 1.0 / 3.0 - 2.0 + 9.0;
        close(time.coefficient_of_variation.powi(2), second_moment / 4.0 - 1.0, 1e-12);
        // Reflected at 2: τ = 2·2x − x² for dX = dW.
        let wall = first_passage_time(&free, 1.0, 0.0, FarSide::Reflecting(2.0)).unwrap();
        close(wall.mean, 3.0, 1e-13);
        // dX = −dt + dW from 1, 20 before 0.
        let drifting = Process::gibbs(|x| x, 0.5).unwrap();
        let exit = interval_exit_time(&drifting, 1.0, 0.0, 20.0).unwrap();
        close(exit.upper_exit_probability, 2f64.exp_m1() / 40f64.exp_m1(), 1e-11);
        // From x₀ to 0 with drift −1: mean x₀, variance x₀ (inverse Gaussian law).
        let down = first_passage_time(&drifting, 2.5, 0.0, FarSide::Infinite).unwrap();
        close(down.mean, 2.5, 1e-12);
        close((down.coefficient_of_variation * down.mean).powi(2), 2.5, 1e-12);
    }

    #[test]
    fn ornstein_uhlenbeck_closed_form() {
        // dX = −X dt + √2 dW: τ(2→0) = ∫₀² e^{y²/2}√(π/2) erfc(y/√2) dy, and erfc(−y/√2) upwards; mpmath, 30 digits.
        let process = Process::gibbs(|x| 0.5 * x * x, 1.0).unwrap();
        let time = first_passage_time(&process, 2.0, 0.0, FarSide::Infinite).unwrap();
        close(time.mean, 1.42520456553779972, 1e-12);
        let up = first_passage_time(&process, 0.0, 2.0, FarSide::Infinite).unwrap();
        close(up.mean, 10.428409397995949, 1e-12);
    }

    /// −U'τ' + Dτ'' = −1 on a uniform grid in conservative form: the generator as a birth–death chain.
    fn finite_volume(
        gradient: impl Fn(f64) -> f64,
        diffusion: impl Fn(f64) -> f64,
        start: f64,
        low: f64,
        high: f64,
        n: usize,
    ) -> f64 {
        let h = (high - low) / n as f64;
        let x = |i: usize| low + h * i as f64;
        // τ_i = α_i τ_{i−1} + γ_i eliminated from the reflecting end.
        let (mut alpha, mut gamma) = (vec![0.0; n + 1], vec![0.0; n + 1]);
        (alpha[n], gamma[n]) = (1.0, h * h / (2.0 * diffusion(x(n))));
        for i in (1..n).rev() {
            let (d, g) = (diffusion(x(i)), gradient(x(i)));
            let (up, down) = (d / (h * h) - g / (2.0 * h), d / (h * h) + g / (2.0 * h));
            let pivot = up * (1.0 - alpha[i + 1]) + down;
            (alpha[i], gamma[i]) = (down / pivot, (1.0 + up * gamma[i + 1]) / pivot);
        }
        let mut tau = 0.0;
        let last = ((start - low) / h).round() as usize;
        for i in 1..=last {
            tau = alpha[i] * tau + gamma[i];
        }
        tau
    }

    #[test]
    fn state_dependent_noise_matches_finite_volumes() {
        let gradient = |x: f64| 4.0 * x.powi(3) - 4.0 * x;
        let diffusion = |x: f64| 0.3 + 0.2 * x * x + 0.05 * (3.0 * x).sin();
        let process = Process::state_dependent(gradient, diffusion);
        let time = first_passage_time(&process, 1.0, -1.0, FarSide::Infinite).unwrap();
        let (coarse, fine) = (
            finite_volume(gradient, diffusion, 1.0, -1.0, 4.0, 20_000),
            finite_volume(gradient, diffusion, 1.0, -1.0, 4.0, 40_000),
        );
        // Second-order scheme: Richardson's extrapolation leaves 1e-9.
        close(time.mean, fine + (fine - coarse) / 3.0, 1e-8);
    }

    #[test]
    fn jumps_of_the_diffusion() {
        // U' = 0, D = 1 below 0.3 and 4 above, target 0, wall 1: Itô τ = ∫₀^x ∫_y^1 dz/D; anti-Itô τ = ∫₀^x (1 − y)/D.
        let diffusion = |x: f64| if x < 0.3 { 1.0 } else { 4.0 };
        let far = FarSide::Reflecting(1.0);
        let ito = Process::state_dependent(|_| 0.0, diffusion);
        let time = first_passage_time(&ito, 0.8, 0.0, far).unwrap();
        close(time.mean, 0.3 * (0.7 / 4.0) + 0.045 + (0.5 * 0.2 + 0.125) / 4.0, 1e-11);
        let anti = ito.interpreted(Interpretation::AntiIto);
        let time = first_passage_time(&anti, 0.8, 0.0, far).unwrap();
        close(time.mean, (0.3 - 0.045) + (0.5 * 0.2 + 0.125) / 4.0, 1e-11);
    }

    #[test]
    fn difficult_potentials() {
        // A tilted washboard, whose far wells are lower than the last barrier, by both descriptions.
        let washboard = Process::gibbs(|x: f64| 0.1 * x + (5.0 * x).sin(), 0.2).unwrap();
        let by_gradient = Process::state_dependent(|x: f64| 0.1 + 5.0 * (5.0 * x).cos(), |_| 0.2);
        let a = first_passage_time(&washboard, 10.0, -10.0, FarSide::Infinite).unwrap();
        let b = first_passage_time(&by_gradient, 10.0, -10.0, FarSide::Infinite).unwrap();
        close(a.mean, b.mean, 1e-11);
        // A well beyond a barrier of 40 temperatures that holds most of the weight must not be cut off.
        let hidden = |x: f64| {
            if x < 3.0 {
                10.0 * (x - 1.0).powi(2)
            } else {
                40.0 - 50.0 * (x - 3.0) + 10.0 * (x - 3.0).powi(2)
            }
        };
        let process = Process::gibbs(hidden, 1.0).unwrap();
        let open = first_passage_time(&process, 1.0, 0.0, FarSide::Infinite).unwrap();
        let walled = first_passage_time(&process, 1.0, 0.0, FarSide::Reflecting(20.0)).unwrap();
        close(open.mean, walled.mean, 1e-11);
        // A hard wall written as +∞, and a kink.
        let hard = Process::gibbs(|x: f64| if x > 2.0 { f64::INFINITY } else { x.abs() }, 0.5).unwrap();
        let soft = Process::gibbs(f64::abs, 0.5).unwrap();
        let a = first_passage_time(&hard, 1.0, -0.5, FarSide::Infinite).unwrap();
        let b = first_passage_time(&soft, 1.0, -0.5, FarSide::Reflecting(2.0)).unwrap();
        close(a.mean, b.mean, 1e-11);
        // An offset of 1e6 at temperature 1e-3 leaves rounding of 1e-7 in Φ: the answer says so.
        let offset = Process::gibbs(|x: f64| 0.5 * x * x + 1e6, 1e-3).unwrap();
        let plain = Process::gibbs(|x: f64| 0.5 * x * x, 1e-3).unwrap();
        let a = first_passage_time(&offset, 0.1, 0.0, FarSide::Infinite).unwrap();
        close(a.mean, first_passage_time(&plain, 0.1, 0.0, FarSide::Infinite).unwrap().mean, 1e-6);
    }

    #[test]
    fn refuses_what_has_no_answer() {
        let unbounded = Process::gibbs(|x| -x.powi(4), 1.0).unwrap();
        assert!(matches!(
            first_passage_time(&unbounded, 1.0, 0.0, FarSide::Infinite),
            Err(TheoryError::Unbounded { .. })
        ));
        let free = Process::gibbs(|_| 0.0, 1.0).unwrap();
        assert!(matches!(
            first_passage_time(&free, 1.0, 0.0, FarSide::Infinite),
            Err(TheoryError::Unbounded { .. })
        ));
        let broken = Process::gibbs(|x| (x - 0.5).sqrt(), 1.0).unwrap();
        assert!(matches!(
            first_passage_time(&broken, 1.0, 0.0, FarSide::Infinite),
            Err(TheoryError::BadFunction { name: "potential", .. })
        ));
        let dead = Process::state_dependent(|x| x, |x| x);
        assert!(first_passage_time(&dead, 1.0, -1.0, FarSide::Infinite).is_err());
        assert!(first_passage_time(&free, 1.0, 1.0, FarSide::Infinite).is_err());
        assert!(first_passage_time(&free, 1.0, 0.0, FarSide::Reflecting(0.5)).is_err());
        assert!(interval_exit_time(&free, 3.0, 0.0, 3.0).is_err());
        assert!(Process::gibbs(|_| 0.0, 0.0).is_err());
    }
}
