//! The memory that an analysis may take, compared with what it needs before that is allocated.

use super::error::SpectrumError;
use crate::krylov::Lanczos;

/// What may be kept at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// In bytes.
    pub bytes: u128,
}

impl Memory {
    /// Of `gibibytes` GiB.
    pub fn gibibytes(gibibytes: f64) -> Self {
        Self { bytes: (gibibytes * f64::from(1 << 30)) as u128 }
    }

    /// Refuses `needed` bytes for `what` if they do not fit.
    ///
    /// # Errors
    /// [`SpectrumError::Memory`] with the remedy.
    pub fn check(
        self,
        what: impl Into<String>,
        needed: u128,
        remedy: impl FnOnce() -> String,
    ) -> Result<(), SpectrumError> {
        if needed <= self.bytes {
            return Ok(());
        }
        Err(SpectrumError::Memory { what: what.into(), needed, allowed: self.bytes, remedy: remedy() })
    }

    /// Refuses `count` vectors of `dimension` values of `size` bytes each.
    ///
    /// # Errors
    /// [`SpectrumError::Memory`] with the number of vectors that would fit.
    pub fn check_vectors(
        self,
        what: &str,
        count: usize,
        dimension: usize,
        size: usize,
    ) -> Result<(), SpectrumError> {
        let vector = (dimension * size).max(1) as u128;
        let what = format!("{what}, {count} vectors of {dimension} parameters,");
        self.check(what, count as u128 * vector, || {
            format!("{} vectors would fit; ask for fewer, or allow more", self.bytes / vector)
        })
    }

    /// Refuses the vectors that `lanczos` keeps of `dimension` values of `size` bytes each: its basis, and a block of
    /// products.
    ///
    /// # Errors
    /// [`SpectrumError::Memory`] with the number of eigenpairs that would fit.
    pub fn check_basis(self, lanczos: &Lanczos, dimension: usize, size: usize) -> Result<(), SpectrumError> {
        let vector = dimension as u128 * size as u128;
        let kept = (lanczos.largest_basis.min(dimension) + lanczos.block.max(lanczos.count)) as u128;
        let what = format!("a basis for {} eigenpairs of {dimension} parameters", lanczos.count);
        self.check(what, kept * vector, || {
            // `Lanczos::largest` keeps 2k + 24 vectors, and k products at the end.
            let vectors = self.bytes / vector.max(1);
            match vectors.checked_sub(24).map(|vectors| vectors / 3) {
                Some(fitting) if fitting > 0 => {
                    format!("{fitting} eigenpairs would fit; ask for fewer, or allow more")
                }
                _ => format!(
                    "not even one eigenpair would fit; allow {} MiB or more",
                    (27 * vector).div_ceil(1 << 20)
                ),
            }
        })
    }
}
