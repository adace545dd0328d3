//! The error function.

use super::exponential::{Exponential, exp_of_moderate};
use super::format::{polynomial, select};

pub(in crate::lanes) trait ErrorFunction: Exponential {
    /// From here on the error function rounds to 1.
    const ERF_IS_ONE: Self;

    /// `erf(x)/x − 1` as a function of `x²`, for `|x| ≤ 1`.
    fn erf_series(x_squared: Self) -> Self;
    /// `ln(1 − erf(1 + u))`, for `0 ≤ u ≤ ERF_IS_ONE − 1`.
    fn ln_erfc_beyond_one(u: Self) -> Self;
}

impl ErrorFunction for f64 {
    const ERF_IS_ONE: Self = 6.0;

    // |error| < 2^−56.4.
    #[inline(always)]
    fn erf_series(x_squared: Self) -> Self {
        polynomial!(
            x_squared;
            0.12837916709551256,
            -0.3761263890318346,
            0.11283791670942891,
            -0.026866170642988397,
            0.0052239776054908565,
            -0.0008548325910668122,
            0.00012055293248029177,
            -1.4924709062579805e-05,
            1.6447119100880985e-06,
            -1.6206374533037661e-07,
            1.371175436292725e-08,
            -7.781644946881461e-10,
        )
    }
    // |error|·erfc < 2^−55.9: where erfc is small, little of its logarithm is needed.
    #[inline(always)]
    fn ln_erfc_beyond_one(u: Self) -> Self {
        -polynomial!(
            u;
            1.8496055099332482,
            2.6389675142347757,
            0.8431072563594126,
            0.041561098025079804,
            -0.010033825179109147,
            0.0019779012156827484,
            -0.00023731643417219725,
            -2.6296328870012566e-05,
            2.7198977148849234e-05,
            -9.671384371379427e-06,
            2.131948598019572e-06,
            -2.0481935236812754e-07,
            -5.8007129668263794e-08,
            3.338936990876929e-08,
            -8.518224581148219e-09,
            1.3189995478333397e-09,
            -1.1931445208065314e-10,
            4.8644598018039104e-12,
        )
    }
}

impl ErrorFunction for f32 {
    const ERF_IS_ONE: Self = 4.0;

    // |error| < 2^−29.5.
    #[inline(always)]
    fn erf_series(x_squared: Self) -> Self {
        polynomial!(
            x_squared;
            0.12837917,
            -0.3761263,
            0.11283618,
            -0.026855126,
            0.0051907334,
            -0.00080307503,
            7.920303e-05,
        )
    }
    // |error|·erfc < 2^−26.9.
    #[inline(always)]
    fn ln_erfc_beyond_one(u: Self) -> Self {
        -polynomial!(
            u;
            1.8496056,
            2.6389668,
            0.8431183,
            0.041500688,
            -0.009890889,
            0.0018261607,
            -0.00018557323,
        )
    }
}

/// `erf x = 2/√π ∫₀ˣ e^{−t²} dt`.
///
/// Up to 1 it is `x + x·P(x²)`; beyond, `1 − e^{Q(x − 1)}`, whose exponential is at most 0.16, so that its errors
/// count for a sixth.
#[inline(always)]
pub(in crate::lanes) fn erf<F: ErrorFunction>(x: F) -> F {
    let magnitude = x.abs();
    let clamped = select(magnitude > F::ERF_IS_ONE, F::ERF_IS_ONE, magnitude);
    let beyond = F::ONE - exp_of_moderate(F::ln_erfc_beyond_one(clamped - F::ONE));
    let within = clamped.mul_add(F::erf_series(clamped * clamped), clamped);
    F::multiply_sign(select(magnitude > F::ONE, beyond, within), x)
}
