//! How the noise of gradients lies in a matrix, and its own spectrum.

use super::look::Asked;
use super::unresolved::Quantity;
use crate::random::Variate;
use crate::spectrum::{
    CurvatureMatrix, GramSpectrum, alignment, all_by_gram, gram_is_smaller, overlap, top_by_gram,
};
use crate::study::CurvatureObservable;
use crate::study::run::RunError;
use crate::study::run::rows::Row;

impl<R: Variate> Asked<'_, '_, R> {
    pub(super) fn alignment(&mut self, matrix: CurvatureMatrix, row: &mut Row) -> Result<(), RunError> {
        let probes = |number: u64| self.probes.of(matrix, 1 << 21 | number);
        let found = alignment(self.point, matrix, self.look.traces(), probes)?;
        for (quantity, trace) in [
            (Quantity::ProductTrace, found.product_trace),
            (Quantity::MatrixSquare, found.matrix_square),
            (Quantity::NoiseSquare, found.noise_square),
        ] {
            self.compare(quantity, self.keys(matrix), trace);
        }
        row.estimate("product_trace", found.product_trace).estimate("alignment", found.cosine());
        let noise = CurvatureMatrix::Covariance;
        let lanczos = self.look.lanczos();
        let one = self.pairs(Quantity::LeadingEigenvectors, self.operator(matrix), matrix, &lanczos)?;
        let other = self.pairs(Quantity::LeadingEigenvectors, self.operator(noise), noise, &lanczos)?;
        let dimension = self.point.dimension();
        let overlap = one.zip(other).map(|(one, other)| overlap(&one.vectors, &other.vectors, dimension));
        row.maybe("subspace_overlap", overlap);
        row.number("subspace_overlap_random", lanczos.count as f64 / dimension as f64);
        Ok(())
    }

    /// The eigenvalues of the covariance, by the Gram matrix where that is smaller.
    pub(super) fn covariance(&mut self, row: &mut Row) -> Result<(), RunError> {
        let all = self.look.asks(CurvatureObservable::CovarianceSpectrum);
        if !all && !self.look.asks(CurvatureObservable::Covariance) {
            return Ok(());
        }
        let lanczos = self.look.lanczos();
        let small = gram_is_smaller(self.point.samples(), self.point.dimension(), &lanczos);
        row.truth("noise_by_gram", all || small);
        let (found, way) = if all {
            let found = all_by_gram(self.point, self.look.memory())?;
            row.number("gram_trace", found.values.iter().sum());
            (Some((found.values, found.residuals)), "gram, all at once")
        } else if small {
            (self.top_of_gram()?.map(|found| (found.values, found.residuals)), "gram")
        } else {
            let noise = CurvatureMatrix::Covariance;
            let found = self.pairs(Quantity::NoiseEigenvalues, self.operator(noise), noise, &lanczos)?;
            (found.map(|pairs| (pairs.values, pairs.residuals)), "matrix-free")
        };
        let Some((values, residuals)) = found else { return Ok(()) };
        if let Some(&largest) = values.first() {
            row.number("noise_eigenvalue_1", largest);
        }
        for (index, &value) in values.iter().enumerate() {
            let mut entry = self.keys.clone();
            entry.count("index", index as u64 + 1).number("eigenvalue", value);
            entry.maybe("residual", residuals.get(index).copied()).text("way", way);
            self.tables.covariance.push(entry);
        }
        Ok(())
    }

    fn top_of_gram(&mut self) -> Result<Option<GramSpectrum>, RunError> {
        match top_by_gram(self.point, &self.look.lanczos(), self.look.memory()) {
            Ok(found) => Ok(Some(found)),
            Err(error) => {
                let unconverged = error.unconverged()?;
                let keys = self.keys(CurvatureMatrix::Covariance);
                self.unconverged(Quantity::NoiseEigenvalues, keys, &unconverged);
                Ok(None)
            }
        }
    }
}
