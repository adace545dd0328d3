//! Trace, density and diagonal of a matrix by random vectors.

use super::look::Asked;
use super::unresolved::Quantity;
use crate::krylov::Diagonal;
use crate::random::Variate;
use crate::spectrum::{CurvatureMatrix, density, diagonal, trace};
use crate::statistics::Estimate;
use crate::study::Curvature;
use crate::study::run::RunError;
use crate::study::run::rows::Row;

/// The places at which a density is told.
const PLACES: usize = 400;

impl<R: Variate> Asked<'_, '_, R> {
    pub(super) fn trace(&mut self, matrix: CurvatureMatrix, row: &mut Row) -> Result<(), RunError> {
        let probes = self.probes.of(matrix, 0);
        let found = trace(self.operator(matrix), self.look.traces(), probes, self.look.memory())?.trace;
        self.compare(Quantity::Trace, self.keys(matrix), found);
        row.estimate("trace", found);
        if matches!(matrix, CurvatureMatrix::Hessian | CurvatureMatrix::GaussNewton) {
            let ratio = self.noise / found.value;
            let stderr = ratio.abs() * found.relative_error();
            row.estimate("noise_over_trace", Estimate { value: ratio, stderr, n: found.n });
        }
        Ok(())
    }

    pub(super) fn density(&mut self, matrix: CurvatureMatrix, row: &mut Row) -> Result<(), RunError> {
        let Curvature { vectors, nodes, smoothing, .. } = *self.look.question;
        let probes = self.probes.of(matrix, 1);
        let (vectors, nodes) = (vectors as usize, nodes as usize);
        let found = density(self.operator(matrix), vectors, nodes, probes, self.look.memory())?;
        let dimension = self.point.dimension() as f64;
        let mean = found.mean(|node| node);
        row.estimate(
            "trace_density",
            Estimate { value: dimension * mean.value, stderr: dimension * mean.stderr, n: mean.n },
        );
        let all = || found.quadratures.iter().flat_map(|quadrature| &quadrature.nodes).copied();
        let least = all().fold(f64::INFINITY, f64::min);
        let width = all().fold(f64::NEG_INFINITY, f64::max) - least;
        let smoothing = (smoothing * width).max(f64::MIN_POSITIVE);
        for place in 0..PLACES {
            let part = place as f64 / (PLACES - 1) as f64;
            let x = least - 4.0 * smoothing + part * (width + 8.0 * smoothing);
            let mut entry = self.keys(matrix);
            entry.number("x", x).estimate("density", found.smoothed(x, smoothing));
            entry.estimate("cumulative", found.cumulative(x));
            let [lower, upper] = found.cumulative_bounds(x);
            entry.number("cumulative_lower", lower).number("cumulative_upper", upper);
            self.tables.density.push(entry);
        }
        Ok(())
    }

    pub(super) fn diagonal(&mut self, matrix: CurvatureMatrix, row: &mut Row) -> Result<(), RunError> {
        let Curvature { standard_error, most_vectors, .. } = *self.look.question;
        let most = most_vectors as usize;
        let method = Diagonal { tolerance: standard_error, fewest: most.min(10), most };
        let found = diagonal(self.operator(matrix), method, self.probes.of(matrix, 2))?;
        if found.relative_error > standard_error {
            let (error, vectors) = (found.relative_error, found.products as u64);
            self.inaccurate(Quantity::Diagonal, self.keys(matrix), error, vectors);
        }
        row.estimate("trace_diagonal", found.trace).number("diagonal_error", found.relative_error);
        for tensor in self.look.network.parameter_tensors() {
            for (index, parameter) in tensor.range.clone().enumerate() {
                let mut entry = self.keys(matrix);
                entry.text("tensor", &tensor.name).count("index", index as u64);
                entry
                    .number("value", found.values[parameter])
                    .number("value_stderr", found.stderrs[parameter]);
                self.tables.diagonal.push(entry);
            }
        }
        Ok(())
    }
}
