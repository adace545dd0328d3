//! Run-time choice of the instruction set: the one file with `unsafe` code.
//!
//! A kernel is written once, as plain loops over slices, by [`lane_kernel!`](crate::lanes::lane_kernel). The macro
//! compiles the body three times (portable, AVX2, AVX-512) and picks one when called. The three give the same
//! bits: the compiler may reorder loads and lanes, never floating-point operations of one lane, and fused
//! multiply-adds are written explicitly ([`crate::lanes::Real::mul_add`]).

use std::sync::atomic::{AtomicU8, Ordering};

/// The instruction sets that kernels are compiled for, from the slowest to the fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum SimdLevel {
    /// What every machine of the target has (SSE2 on x86-64, NEON on ARM).
    Portable = 1,
    /// AVX2 with fused multiply-add.
    Avx2 = 2,
    /// AVX-512 F, DQ, BW, VL and CD.
    Avx512 = 3,
}

impl SimdLevel {
    /// The name used by the environment variable `SGDYN_SIMD` and in manifests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }
}

/// A SIMD level that was asked for cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SimdLevelError {
    /// The name is not one of the levels.
    #[error("unknown SIMD level `{0}`: use portable, avx2 or avx512")]
    Unknown(String),
    /// The machine lacks the instructions.
    #[error("this machine has no {}: its best level is {}", .asked.name(), .available.name())]
    Unavailable {
        /// What was asked for.
        asked: SimdLevel,
        /// The best the machine has.
        available: SimdLevel,
    },
}

impl std::str::FromStr for SimdLevel {
    type Err = SimdLevelError;
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Portable, Self::Avx2, Self::Avx512]
            .into_iter()
            .find(|level| level.name() == name)
            .ok_or_else(|| SimdLevelError::Unknown(name.to_owned()))
    }
}

static LEVEL: AtomicU8 = AtomicU8::new(0);

fn detect() -> SimdLevel {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("bmi2")
        {
            let wide = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512cd");
            return if wide { SimdLevel::Avx512 } else { SimdLevel::Avx2 };
        }
    }
    SimdLevel::Portable
}

/// The level in use: the best of the machine unless [`force_simd_level`] lowered it.
#[inline]
pub fn simd_level() -> SimdLevel {
    match LEVEL.load(Ordering::Relaxed) {
        1 => SimdLevel::Portable,
        2 => SimdLevel::Avx2,
        3 => SimdLevel::Avx512,
        _ => {
            let level = detect();
            LEVEL.store(level as u8, Ordering::Relaxed);
            level
        }
    }
}

/// Makes every kernel of the process use `level`. Results do not change by a bit; only the speed does.
///
/// # Errors
/// [`SimdLevelError::Unavailable`] if the machine lacks the instructions.
pub fn force_simd_level(level: SimdLevel) -> Result<(), SimdLevelError> {
    let available = detect();
    if level > available {
        return Err(SimdLevelError::Unavailable { asked: level, available });
    }
    LEVEL.store(level as u8, Ordering::Relaxed);
    Ok(())
}

/// Defines a function whose body is compiled for every [`SimdLevel`] and dispatched at run time.
///
/// ```text
/// lane_kernel! {
///     /// `y += a·x`, lane by lane.
///     pub(crate) fn add_scaled<R: Real>(a: R, x: &[R], y: &mut [R]) {
///         for (y, &x) in y.iter_mut().zip(x) {
///             *y = a.mul_add(x, *y);
///         }
///     }
/// }
/// ```
/// Everything the body calls must be `#[inline(always)]`, or it stays at the portable level.
/// The generics are one list of `Name: Bound` pairs (or none), then perhaps `; const NAME: usize`.
macro_rules! lane_kernel {
    (
        $(#[$meta:meta])*
        $vis:vis fn $name:ident $(< $($generic:ident : $bound:path),+ $(; const $constant:ident : usize)? >)? (
            $($argument:ident : $kind:ty),* $(,)?
        ) $(-> $output:ty)? $body:block
    ) => {
        $(#[$meta])*
        #[allow(unused_mut, reason = "each compiled copy passes its arguments on")]
        $vis fn $name $(< $($generic: $bound),+ $(, const $constant: usize)? >)? ($($argument: $kind),*) $(-> $output)? {
            #[inline(always)]
            fn body $(< $($generic: $bound),+ $(, const $constant: usize)? >)? ($($argument: $kind),*) $(-> $output)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
                fn avx2 $(< $($generic: $bound),+ $(, const $constant: usize)? >)? ($($argument: $kind),*) $(-> $output)? {
                    body($($argument),*)
                }
                #[target_feature(
                    enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512cd,avx2,fma,bmi1,bmi2,lzcnt,popcnt"
                )]
                fn avx512 $(< $($generic: $bound),+ $(, const $constant: usize)? >)? ($($argument: $kind),*) $(-> $output)? {
                    body($($argument),*)
                }
                match $crate::lanes::simd_level() {
                    // SAFETY: `simd_level` answers a level only after the machine was seen to have it.
                    #[allow(unsafe_code, reason = "the instructions were detected")]
                    $crate::lanes::SimdLevel::Avx512 => return unsafe { avx512($($argument),*) },
                    // SAFETY: as above.
                    #[allow(unsafe_code, reason = "the instructions were detected")]
                    $crate::lanes::SimdLevel::Avx2 => return unsafe { avx2($($argument),*) },
                    $crate::lanes::SimdLevel::Portable => {}
                }
            }
            body($($argument),*)
        }
    };
}
pub(crate) use lane_kernel;
