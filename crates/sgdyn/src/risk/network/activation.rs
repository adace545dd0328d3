//! Activations of a layer, and their derivatives as functions of what the layer keeps.

use crate::lanes::{Real, lane_kernel};

/// The function φ that a layer applies to each of its outputs z = Wa + b.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// z: what the last layer of a network has.
    Identity,
    /// tanh z.
    Tanh,
    /// max(z, 0), with derivative 0 at 0.
    Relu,
    /// z Φ(z) with the normal distribution function Φ: the exact form, not its approximation by tanh. Hendrycks and
    /// Gimpel (arXiv:1606.08415).
    Gelu,
    /// ln(1 + eᶻ).
    Softplus,
    /// 1/(1 + e⁻ᶻ).
    Sigmoid,
}

impl Activation {
    /// The name in a study and in errors.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Tanh => "tanh",
            Self::Relu => "relu",
            Self::Gelu => "gelu",
            Self::Softplus => "softplus",
            Self::Sigmoid => "sigmoid",
        }
    }

    /// Whether φ″ vanishes wherever it exists.
    pub fn is_piecewise_linear(self) -> bool {
        matches!(self, Self::Identity | Self::Relu)
    }

    /// Whether φ′ and φ″ cannot be had from φ, which is not monotone, and have to be kept.
    pub(super) fn keeps_derivatives(self) -> bool {
        self == Self::Gelu
    }
}

/// φ as a type, so that the loops over values are compiled for each.
trait Function: Copy {
    fn value<R: Real>(self, z: R) -> R;
    /// φ′, from a = φ(z).
    fn slope<R: Real>(self, a: R) -> R;
    /// φ″/φ′, from a = φ(z).
    fn bend<R: Real>(self, a: R) -> R;
}

#[derive(Clone, Copy)]
struct Tanh;
#[derive(Clone, Copy)]
struct Relu;
#[derive(Clone, Copy)]
struct Softplus;
#[derive(Clone, Copy)]
struct Sigmoid;

impl Function for Tanh {
    #[inline(always)]
    fn value<R: Real>(self, z: R) -> R {
        z.tanh()
    }
    #[inline(always)]
    fn slope<R: Real>(self, a: R) -> R {
        (-a).mul_add(a, R::ONE)
    }
    #[inline(always)]
    fn bend<R: Real>(self, a: R) -> R {
        -(a + a)
    }
}

impl Function for Relu {
    #[inline(always)]
    fn value<R: Real>(self, z: R) -> R {
        // NaN stays NaN: it has to be found.
        if z < R::ZERO { R::ZERO } else { z }
    }
    #[inline(always)]
    fn slope<R: Real>(self, a: R) -> R {
        if a > R::ZERO { R::ONE } else { R::ZERO }
    }
    #[inline(always)]
    fn bend<R: Real>(self, _a: R) -> R {
        R::ZERO
    }
}

impl Function for Softplus {
    #[inline(always)]
    fn value<R: Real>(self, z: R) -> R {
        let positive = if z < R::ZERO { R::ZERO } else { z };
        positive + (-z.abs()).exp().ln_1p()
    }
    #[inline(always)]
    fn slope<R: Real>(self, a: R) -> R {
        -(-a).exp_m1()
    }
    #[inline(always)]
    fn bend<R: Real>(self, a: R) -> R {
        (-a).exp()
    }
}

impl Function for Sigmoid {
    #[inline(always)]
    fn value<R: Real>(self, z: R) -> R {
        R::ONE / (R::ONE + (-z).exp())
    }
    #[inline(always)]
    fn slope<R: Real>(self, a: R) -> R {
        (-a).mul_add(a, a)
    }
    #[inline(always)]
    fn bend<R: Real>(self, a: R) -> R {
        R::ONE - (a + a)
    }
}

/// Calls a kernel for the type of an activation that needs no kept derivatives.
macro_rules! by_output {
    ($activation:expr, $kernel:ident($($argument:expr),*)) => {
        match $activation {
            Activation::Tanh => $kernel(Tanh, $($argument),*),
            Activation::Relu => $kernel(Relu, $($argument),*),
            Activation::Softplus => $kernel(Softplus, $($argument),*),
            Activation::Sigmoid => $kernel(Sigmoid, $($argument),*),
            Activation::Identity | Activation::Gelu => {}
        }
    };
}

/// Replaces z by φ(z).
pub(super) fn apply<R: Real>(activation: Activation, values: &mut [R]) {
    if activation == Activation::Gelu {
        gelu(values);
    }
    by_output!(activation, apply_kernel(values));
}

/// Replaces z by φ(z) and writes φ′(z) and φ″(z) where they have to be kept.
pub(super) fn apply_keeping<R: Real>(
    activation: Activation,
    values: &mut [R],
    slopes: &mut [R],
    seconds: &mut [R],
) {
    if activation == Activation::Gelu {
        gelu_derivatives(values, slopes, seconds);
    }
    apply(activation, values);
}

/// Replaces g = ∂ℓ/∂a by δ = ∂ℓ/∂z = φ′g; what was kept as φ″ becomes φ″g.
pub(super) fn pull_back<R: Real>(
    activation: Activation,
    outputs: &[R],
    slopes: &[R],
    seconds: &mut [R],
    errors: &mut [R],
) {
    if activation == Activation::Gelu {
        bend_kept(errors, seconds);
        scale_by_kept(slopes, errors);
    }
    by_output!(activation, pull_back_kernel(outputs, errors));
}

/// Replaces ġ by φ′ġ.
pub(super) fn scale_by_slope<R: Real>(activation: Activation, outputs: &[R], slopes: &[R], out: &mut [R]) {
    if activation == Activation::Gelu {
        scale_by_kept(slopes, out);
    }
    by_output!(activation, pull_back_kernel(outputs, out));
}

/// Writes ȧ = φ′ż.
pub(super) fn push_forward<R: Real>(
    activation: Activation,
    outputs: &[R],
    slopes: &[R],
    tangents: &[R],
    out: &mut [R],
) {
    match activation {
        Activation::Identity => out.copy_from_slice(tangents),
        Activation::Gelu => multiply(slopes, tangents, out),
        _ => by_output!(activation, push_forward_kernel(outputs, tangents, out)),
    }
}

/// Replaces ġ by δ̇ = φ′ġ + φ″gż, with φ″g = (φ″/φ′)δ from what is kept.
pub(super) fn pull_back_tangent<R: Real>(
    activation: Activation,
    outputs: &[R],
    slopes: &[R],
    bent: &[R],
    errors: &[R],
    tangents: &[R],
    out: &mut [R],
) {
    match activation {
        Activation::Identity => {}
        Activation::Relu => pull_back_kernel(Relu, outputs, out),
        Activation::Gelu => kept_tangent(slopes, bent, tangents, out),
        _ => by_output!(activation, pull_back_tangent_kernel(outputs, errors, tangents, out)),
    }
}

lane_kernel! {
    fn apply_kernel<R: Real, F: Function>(function: F, values: &mut [R]) {
        for value in values {
            *value = function.value(*value);
        }
    }
}

lane_kernel! {
    fn pull_back_kernel<R: Real, F: Function>(function: F, outputs: &[R], errors: &mut [R]) {
        for (error, &output) in errors.iter_mut().zip(outputs) {
            *error *= function.slope(output);
        }
    }
}

lane_kernel! {
    fn push_forward_kernel<R: Real, F: Function>(function: F, outputs: &[R], tangents: &[R], out: &mut [R]) {
        for ((out, &tangent), &output) in out.iter_mut().zip(tangents).zip(outputs) {
            *out = function.slope(output) * tangent;
        }
    }
}

lane_kernel! {
    fn pull_back_tangent_kernel<R: Real, F: Function>(
        function: F, outputs: &[R],
        errors: &[R],
        tangents: &[R],
        out: &mut [R],
    ) {
        for (((out, &tangent), &error), &output) in out.iter_mut().zip(tangents).zip(errors).zip(outputs) {
            *out = function.slope(output).mul_add(*out, function.bend(output) * error * tangent);
        }
    }
}

lane_kernel! {
    fn gelu<R: Real>(values: &mut [R]) {
        let root_half = R::from_f64(std::f64::consts::FRAC_1_SQRT_2);
        let half = R::from_f64(0.5);
        for value in values {
            *value *= half * (R::ONE + (*value * root_half).erf());
        }
    }
}

lane_kernel! {
    /// φ′ = Φ + zϕ and φ″ = (2 − z²)ϕ, with the normal density ϕ.
    fn gelu_derivatives<R: Real>(values: &[R], slopes: &mut [R], seconds: &mut [R]) {
        let root_half = R::from_f64(std::f64::consts::FRAC_1_SQRT_2);
        let half = R::from_f64(0.5);
        // 1/√(2π)
        let height = R::from_f64(0.398_942_280_401_432_7);
        for ((&z, slope), second) in values.iter().zip(slopes).zip(seconds) {
            let distribution = half * (R::ONE + (z * root_half).erf());
            let density = height * (-half * z * z).exp();
            *slope = z.mul_add(density, distribution);
            *second = (R::ONE + R::ONE - z * z) * density;
        }
    }
}

lane_kernel! {
    fn bend_kept<R: Real>(errors: &[R], seconds: &mut [R]) {
        for (second, &error) in seconds.iter_mut().zip(errors) {
            *second *= error;
        }
    }
}

lane_kernel! {
    fn scale_by_kept<R: Real>(slopes: &[R], out: &mut [R]) {
        for (out, &slope) in out.iter_mut().zip(slopes) {
            *out *= slope;
        }
    }
}

lane_kernel! {
    fn multiply<R: Real>(factors: &[R], values: &[R], out: &mut [R]) {
        for ((out, &value), &factor) in out.iter_mut().zip(values).zip(factors) {
            *out = factor * value;
        }
    }
}

lane_kernel! {
    fn kept_tangent<R: Real>(slopes: &[R], bent: &[R], tangents: &[R], out: &mut [R]) {
        for (((out, &tangent), &bent), &slope) in out.iter_mut().zip(tangents).zip(bent).zip(slopes) {
            *out = slope.mul_add(*out, bent * tangent);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Activation; 6] = [
        Activation::Identity,
        Activation::Tanh,
        Activation::Relu,
        Activation::Gelu,
        Activation::Softplus,
        Activation::Sigmoid,
    ];

    fn value(activation: Activation, z: f64) -> f64 {
        let mut values = [z];
        apply(activation, &mut values);
        values[0]
    }

    /// φ′ and φ″ through the functions that the passes call.
    fn derivatives(activation: Activation, z: f64) -> (f64, f64) {
        let (mut output, mut slopes, mut seconds, mut errors) = ([z], [0.0], [0.0], [1.0]);
        apply_keeping(activation, &mut output, &mut slopes, &mut seconds);
        pull_back(activation, &output, &slopes, &mut seconds, &mut errors);
        let mut second = [0.0];
        pull_back_tangent(activation, &output, &slopes, &seconds, &errors, &[1.0], &mut second);
        let mut pushed = [0.0];
        push_forward(activation, &output, &slopes, &[1.0], &mut pushed);
        assert_eq!(pushed, errors);
        (errors[0], second[0])
    }

    #[test]
    fn values_at_one_half() {
        // Python's math module: tanh(1/2), Φ(1/2)/2, ln(1 + √e), 1/(1 + e^−1/2).
        let expected = [
            0.5,
            0.462_117_157_260_009_76,
            0.5,
            0.345_731_230_637_006_56,
            0.974_076_984_180_106_7,
            0.622_459_331_201_854_59,
        ];
        for (activation, expected) in ALL.into_iter().zip(expected) {
            let found = value(activation, 0.5);
            assert!((found - expected).abs() < 4.0 * f64::EPSILON, "{} {found}", activation.name());
        }
    }

    #[test]
    fn derivatives_are_those_of_differences() {
        let step = 1e-4;
        for activation in ALL {
            for z in [-3.0, -0.7, -0.1, 0.3, 1.4, 4.0] {
                let (minus, at, plus) =
                    (value(activation, z - step), value(activation, z), value(activation, z + step));
                let (slope, second) = derivatives(activation, z);
                // Truncation h²/6·φ‴ and rounding ε/h; ε/h² and h²/12·φ⁗ for the second.
                assert!((slope - (plus - minus) / (2.0 * step)).abs() < 1e-8, "{} {z}", activation.name());
                let difference = (plus - 2.0 * at + minus) / (step * step);
                assert!((second - difference).abs() < 2e-7, "{} {z}: {second}", activation.name());
            }
        }
    }

    #[test]
    fn limits() {
        assert_eq!(value(Activation::Softplus, 800.0), 800.0);
        assert_eq!(value(Activation::Softplus, -800.0), 0.0);
        assert_eq!(value(Activation::Sigmoid, -800.0), 0.0);
        assert_eq!(value(Activation::Gelu, -40.0), 0.0);
        assert!(value(Activation::Relu, f64::NAN).is_nan());
    }
}
