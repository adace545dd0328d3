//! The blocks of a matrix that belong to single tensors of parameters.

use super::look::Asked;
use super::unresolved::Quantity;
use crate::random::Variate;
use crate::spectrum::{CurvatureMatrix, LayerQuestion, layers};
use crate::study::run::RunError;

impl<R: Variate> Asked<'_, '_, R> {
    pub(super) fn layers(&mut self, matrix: CurvatureMatrix) -> Result<(), RunError> {
        let (lanczos, traces, memory) = (self.look.lanczos(), self.look.traces(), self.look.memory());
        let question = LayerQuestion { matrix, lanczos, traces, memory };
        let tensors = self.look.network.parameter_tensors();
        let probes = |number: u64| self.probes.of(matrix, 1 << 20 | number);
        for layer in layers(self.point, &tensors, &question, probes)? {
            let mut keys = self.keys(matrix);
            keys.text("tensor", &layer.tensor.name);
            if let Err(unconverged) = &layer.largest {
                self.unconverged(Quantity::TensorEigenvalue, keys.clone(), unconverged);
            }
            self.compare(Quantity::TensorTrace, keys.clone(), layer.trace);
            self.compare(Quantity::TensorNoise, keys.clone(), layer.noise_share);
            let (mut entry, largest) = (keys, layer.largest.ok());
            entry.count("parameters", layer.tensor.range.len() as u64);
            entry.maybe("eigenvalue", largest.map(|largest| largest.value));
            entry.maybe("residual", largest.map(|largest| largest.residual));
            entry.estimate("trace", layer.trace).estimate("noise_share", layer.noise_share);
            self.tables.layers.push(entry);
        }
        Ok(())
    }
}
