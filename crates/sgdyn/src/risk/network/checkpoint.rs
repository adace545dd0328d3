//! Weights in and out as safetensors, under PyTorch's names and shapes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::layered::LayeredNetwork;
use super::point::{NetworkRisk, ParameterTensor};
use super::{CheckpointError, NetworkError};
use crate::lanes::Real;
use crate::risk::data::safetensors::Tensors;

/// Writes θ = `parameters`, `[d]`, in the network's own format, with the statistics of frozen batch normalisations
/// (`running_mean` and `running_var`): what `safetensors.torch.load_file` reads and `load_state_dict` takes.
///
/// # Errors
/// [`CheckpointError::Network`] if θ has another length, [`CheckpointError::Write`].
pub fn write_weights<R: Real>(
    network: &(impl NetworkRisk<R> + ?Sized),
    parameters: &[R],
    path: impl AsRef<Path>,
) -> Result<(), CheckpointError> {
    let path = path.as_ref();
    fs::write(path, weights_file(network, parameters)?)
        .map_err(|source| CheckpointError::Write { file: path.display().to_string(), source })
}

/// The bytes that [`write_weights`] writes.
///
/// # Errors
/// [`NetworkError::Length`] if θ has another length.
pub(crate) fn weights_file<R: Real>(
    network: &(impl NetworkRisk<R> + ?Sized),
    parameters: &[R],
) -> Result<Vec<u8>, NetworkError> {
    let (expected, found) = (network.dimension(), parameters.len());
    if expected != found {
        return Err(NetworkError::Length { what: "parameters", expected, found });
    }
    let statistics = network.frozen_statistics().iter().map(|&value| R::from_f64(value));
    let values: Vec<R> = parameters.iter().copied().chain(statistics).collect();
    Ok(safetensors(&state_tensors(network), &values))
}

/// Reads θ, `[d]`, from a file that has a tensor of the right name and shape for each of the network's, and no other.
/// Numbers of all formats are converted, F16 and BF16 too.
///
/// # Errors
/// [`CheckpointError`] with the file and the tensor.
pub fn read_weights<R: Real>(
    network: &(impl NetworkRisk<R> + ?Sized),
    path: impl AsRef<Path>,
) -> Result<Vec<R>, CheckpointError> {
    let values = read_tensors(&network.parameter_tensors(), path.as_ref())?;
    Ok(values.into_iter().map(R::from_f64).collect())
}

impl<R: Real> LayeredNetwork<R> {
    /// As [`read_weights`], and sets the statistics of frozen batch normalisations to those of the file, which PyTorch
    /// counts to the state of a network and not to its parameters.
    ///
    /// # Errors
    /// As [`read_weights`]; [`CheckpointError::Network`] for a negative variance. The network is then as it was.
    pub fn read_checkpoint(&mut self, path: impl AsRef<Path>) -> Result<Vec<R>, CheckpointError> {
        let mut values = read_tensors(&state_tensors(self), path.as_ref())?;
        let statistics = values.split_off(values.len() - self.frozen_statistics().len());
        self.set_statistics(&statistics)?;
        Ok(values.into_iter().map(R::from_f64).collect())
    }
}

/// The tensors of θ, and behind them those of the statistics.
fn state_tensors<R: Real>(network: &(impl NetworkRisk<R> + ?Sized)) -> Vec<ParameterTensor> {
    let mut tensors = network.parameter_tensors();
    let end = network.dimension();
    tensors.extend(network.statistic_tensors().iter().map(|tensor| ParameterTensor {
        range: end + tensor.range.start..end + tensor.range.end,
        ..tensor.clone()
    }));
    tensors
}

fn safetensors<R: Real>(tensors: &[ParameterTensor], values: &[R]) -> Vec<u8> {
    let (bytes, dtype) = (size_of::<R>(), R::NAME.to_uppercase());
    let mut header = BTreeMap::from([("__metadata__", serde_json::json!({ "format": "pt" }))]);
    for ParameterTensor { name, shape, range } in tensors {
        let offsets = [bytes * range.start, bytes * range.end];
        let entry = serde_json::json!({ "dtype": dtype, "shape": shape, "data_offsets": offsets });
        header.insert(name.as_str(), entry);
    }
    // Keys are texts and values are numbers and texts: nothing that JSON could refuse.
    let mut header = serde_json::to_string(&header).unwrap_or_default();
    // The data begin at a multiple of 8 bytes, so that readers can map them.
    header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
    let mut file = Vec::with_capacity(8 + header.len() + bytes * values.len());
    file.extend((header.len() as u64).to_le_bytes());
    file.extend(header.as_bytes());
    for &value in values {
        if bytes == 4 {
            file.extend((value.to_f64() as f32).to_le_bytes());
        } else {
            file.extend(value.to_f64().to_le_bytes());
        }
    }
    file
}

/// The values of the tensors, in their places.
fn read_tensors(tensors: &[ParameterTensor], path: &Path) -> Result<Vec<f64>, CheckpointError> {
    let file = || path.display().to_string();
    let bytes = fs::read(path).map_err(|source| CheckpointError::Read { file: file(), source })?;
    let format = |source| CheckpointError::Format { file: file(), source };
    let held = Tensors::open(&bytes).map_err(format)?;
    let shapes: BTreeMap<&str, &[usize]> = held.all().collect();
    let mut values = vec![0.0; tensors.last().map_or(0, |tensor| tensor.range.end)];
    for ParameterTensor { name, shape, range } in tensors {
        let Some(&found) = shapes.get(name.as_str()) else {
            let (tensor, shape) = (name.clone(), shape.clone());
            let held = shapes.keys().copied().collect::<Vec<_>>().join(", ");
            return Err(CheckpointError::Missing { file: file(), tensor, shape, held });
        };
        if found != shape {
            let (tensor, expected, found) = (name.clone(), shape.clone(), found.to_vec());
            return Err(CheckpointError::Shape { file: file(), tensor, expected, found });
        }
        let own = held.array(name).map_err(format)?.values;
        if let Some(index) = own.iter().position(|value| !value.is_finite()) {
            let (tensor, value) = (name.clone(), own[index]);
            return Err(CheckpointError::NotFinite { file: file(), tensor, index, value });
        }
        values[range.clone()].copy_from_slice(&own);
    }
    let names: BTreeSet<&str> = tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    let is_counter = |name: &str| {
        // PyTorch counts the batches that made the statistics: nothing that a network computes with.
        let statistics = name.strip_suffix("num_batches_tracked").map(|path| format!("{path}running_mean"));
        statistics.is_some_and(|mean| names.contains(mean.as_str()))
    };
    let unused: Vec<&str> =
        shapes.keys().copied().filter(|name| !names.contains(name) && !is_counter(name)).collect();
    if unused.is_empty() {
        Ok(values)
    } else {
        Err(CheckpointError::Unused { file: file(), tensors: unused.join(", ") })
    }
}

#[cfg(test)]
mod tests;
