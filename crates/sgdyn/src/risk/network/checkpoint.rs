//! Weights in and out as safetensors, under PyTorch's names and shapes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::layered::LayeredNetwork;
use super::point::{NetworkRisk, ParameterTensor};
use super::{CheckpointError, NetworkError};
use crate::lanes::Real;
use crate::risk::data::safetensors::Tensors;

/// Writes θ = `parameters`, `[d]`, in the network's own format: what `safetensors.torch.load_file` reads and
/// `load_state_dict` takes.
///
/// # Errors
/// [`CheckpointError::Network`] if θ has another length, [`CheckpointError::Write`].
pub fn write_weights<R: Real>(
    network: &(impl NetworkRisk<R> + ?Sized),
    parameters: &[R],
    path: impl AsRef<Path>,
) -> Result<(), CheckpointError> {
    check_length(network, parameters)?;
    write_tensors(&network.parameter_tensors(), parameters, path.as_ref())
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
    /// As [`write_weights`], with the statistics of frozen batch normalisations (`running_mean` and `running_var`).
    ///
    /// # Errors
    /// As [`write_weights`].
    pub fn write_checkpoint(&self, parameters: &[R], path: impl AsRef<Path>) -> Result<(), CheckpointError> {
        check_length(self, parameters)?;
        let statistics = self.statistics().iter().map(|&value| R::from_f64(value));
        let values: Vec<R> = parameters.iter().copied().chain(statistics).collect();
        write_tensors(&self.checkpoint_tensors(), &values, path.as_ref())
    }

    /// As [`read_weights`], and sets the statistics of frozen batch normalisations to those of the file, which PyTorch
    /// counts to the state of a network and not to its parameters.
    ///
    /// # Errors
    /// As [`read_weights`]; [`CheckpointError::Network`] for a negative variance. The network is then as it was.
    pub fn read_checkpoint(&mut self, path: impl AsRef<Path>) -> Result<Vec<R>, CheckpointError> {
        let mut values = read_tensors(&self.checkpoint_tensors(), path.as_ref())?;
        let statistics = values.split_off(values.len() - self.statistics().len());
        self.set_statistics(&statistics)?;
        Ok(values.into_iter().map(R::from_f64).collect())
    }

    /// The tensors of θ, and behind them those of the statistics.
    fn checkpoint_tensors(&self) -> Vec<ParameterTensor> {
        let mut tensors = self.parameter_tensors();
        let end = tensors.last().map_or(0, |tensor| tensor.range.end);
        tensors.extend(self.statistic_tensors().iter().map(|tensor| ParameterTensor {
            range: end + tensor.range.start..end + tensor.range.end,
            ..tensor.clone()
        }));
        tensors
    }
}

fn check_length<R: Real>(
    network: &(impl NetworkRisk<R> + ?Sized),
    parameters: &[R],
) -> Result<(), NetworkError> {
    let (expected, found) = (network.dimension(), parameters.len());
    if expected == found {
        Ok(())
    } else {
        Err(NetworkError::Length { what: "parameters", expected, found })
    }
}

fn write_tensors<R: Real>(
    tensors: &[ParameterTensor],
    values: &[R],
    path: &Path,
) -> Result<(), CheckpointError> {
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
    fs::write(path, file).map_err(|source| CheckpointError::Write { file: path.display().to_string(), source })
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
mod tests {
    use super::*;
    use crate::risk::fixtures::scattered;
    use crate::risk::network::layered::{ResNet18, ResidualNorm, Stem};
    use crate::risk::network::{Activation, Dense, Loss, Network};
    use crate::risk::{Dataset, EmpiricalRisk, Labels};

    fn data(features: usize) -> Dataset {
        let labels =
            Labels::Classes { of_sample: vec![0, 1], names: (0..10).map(|class| class.to_string()).collect() };
        let names = (0..features).map(|feature| format!("x{feature}")).collect();
        Dataset::new("fixture", scattered(2 * features, 0.1), names, labels).unwrap()
    }

    fn chain<R: Real>() -> Network<R> {
        let layers = [
            Dense { inputs: 5, outputs: 4, activation: Activation::Tanh },
            Dense { inputs: 4, outputs: 10, activation: Activation::Identity },
        ];
        Network::new(&data(5), &layers, Loss::SoftmaxCrossEntropy, 0.0).unwrap()
    }

    fn values<R: Real>(count: usize) -> Vec<R> {
        scattered(count, 0.3).into_iter().map(R::from_f64).collect()
    }

    /// A safetensors file with these entries.
    fn file(path: &Path, entries: &[(&str, &str, Vec<usize>, Vec<u8>)]) {
        let mut header = serde_json::Map::new();
        let mut data = Vec::new();
        for (name, dtype, shape, bytes) in entries {
            let offsets = [data.len(), data.len() + bytes.len()];
            let entry = serde_json::json!({ "dtype": dtype, "shape": shape, "data_offsets": offsets });
            header.insert((*name).to_owned(), entry);
            data.extend(bytes);
        }
        let header = serde_json::to_string(&header).unwrap();
        let length = (header.len() as u64).to_le_bytes();
        fs::write(path, [&length[..], header.as_bytes(), &data].concat()).unwrap();
    }

    #[test]
    fn weights_come_back_to_the_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        let (wide, narrow) = (chain::<f64>(), chain::<f32>());
        let parameters = values::<f64>(wide.dimension());
        write_weights(&wide, &parameters, &path).unwrap();
        assert_eq!(read_weights(&wide, &path).unwrap(), parameters);
        let parameters = values::<f32>(narrow.dimension());
        write_weights(&narrow, &parameters, &path).unwrap();
        assert_eq!(read_weights(&narrow, &path).unwrap(), parameters);
        let wider: Vec<f64> = parameters.iter().map(|&value| f64::from(value)).collect();
        assert_eq!(read_weights(&wide, &path).unwrap(), wider);
        assert!(matches!(write_weights(&wide, &[0.0], &path), Err(CheckpointError::Network(_))));
        let nowhere = write_weights(&narrow, &parameters, folder.path());
        assert!(matches!(nowhere, Err(CheckpointError::Write { .. })));
    }

    /// The names and shapes of torchvision 0.20's `resnet18(num_classes=10).state_dict()`, by what is known of it: 62
    /// parameters, 40 statistics, 11,181,642 values in parameters.
    #[test]
    fn a_residual_network_has_the_tensors_of_torchvision() {
        let (norm, stem) = (ResidualNorm::FrozenBatch, Stem::ImageNet);
        let description = ResNet18 { channels: 3, norm, stem, ..ResNet18::default() };
        let (input, layers) = description.layers();
        let mut network = LayeredNetwork::<f32>::new(
            &data(3 * 28 * 28),
            input,
            &layers,
            Loss::SoftmaxCrossEntropy,
            0.0,
        )
        .unwrap();
        let tensors = network.parameter_tensors();
        assert_eq!((tensors.len(), network.statistic_tensors().len()), (62, 40));
        assert_eq!(network.dimension(), 11_181_642);
        let shape = |name: &str| tensors.iter().find(|tensor| tensor.name == name).unwrap().shape.clone();
        assert_eq!(shape("conv1.weight"), [64, 3, 7, 7]);
        assert_eq!(shape("layer1.1.conv2.weight"), [64, 64, 3, 3]);
        assert_eq!(shape("layer3.0.downsample.0.weight"), [256, 128, 1, 1]);
        assert_eq!(shape("layer3.0.downsample.1.bias"), [256]);
        assert_eq!(shape("layer4.1.bn2.weight"), [512]);
        assert_eq!(shape("fc.weight"), [10, 512]);
        assert_eq!(network.statistic_tensors()[38].name, "layer4.1.bn2.running_mean");

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("resnet.safetensors");
        let statistics: Vec<f64> =
            values::<f32>(network.statistics().len()).iter().map(|&v| f64::from(v).abs()).collect();
        let parameters = values::<f32>(network.dimension());
        network.set_statistics(&statistics).unwrap();
        network.write_checkpoint(&parameters, &path).unwrap();
        network.set_statistics(&vec![1.0; statistics.len()]).unwrap();
        assert_eq!(network.read_checkpoint(&path).unwrap(), parameters);
        assert_eq!(network.statistics(), statistics);
        // Without the statistics they are tensors that nothing uses.
        let error = read_weights(&network, &path).unwrap_err().to_string();
        assert!(error.contains("unused: bn1.running_mean, bn1.running_var, layer1"), "{error}");
    }

    #[test]
    fn other_formats_of_numbers_are_converted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("half.safetensors");
        // 1 in F16 is 0x3C00, −2 in BF16 is 0xC000.
        let ones = |count| [0x00, 0x3c].repeat(count);
        let twos = |count| [0x00, 0xc0].repeat(count);
        let network = chain::<f32>();
        let entries = [
            ("0.weight", "F16", vec![4, 5], ones(20)),
            ("0.bias", "BF16", vec![4], twos(4)),
            ("2.weight", "F16", vec![10, 4], ones(40)),
            ("2.bias", "BF16", vec![10], twos(10)),
        ];
        file(&path, &entries);
        let read = read_weights(&network, &path).unwrap();
        assert_eq!((read[0], read[20], read[24], read[64]), (1.0, -2.0, 1.0, -2.0));
    }

    #[test]
    fn files_that_do_not_fit_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        let network = chain::<f32>();
        let error = || read_weights(&network, &path).unwrap_err().to_string();
        assert!(error().contains("weights.safetensors: cannot be read: "));
        let entry = |name, shape: Vec<usize>| (name, "F32", shape.clone(), vec![0; 4 * shape.iter().product::<usize>()]);
        let good =
            [entry("0.weight", vec![4, 5]), entry("0.bias", vec![4]), entry("2.weight", vec![10, 4]), entry("2.bias", vec![10])];
        file(&path, &good);
        assert!(read_weights(&network, &path).is_ok());
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(error().contains("weights.safetensors: tensor `2.bias` of shape [10] lies at offsets"), "{}", error());
        fs::write(&path, &whole[..20]).unwrap();
        assert!(error().contains("truncated"), "{}", error());
        file(&path, &good[..3]);
        let expected = "there is no tensor 2.bias of shape [10]; there are 0.bias, 0.weight, 2.weight";
        assert!(error().ends_with(expected), "{}", error());
        let mut other = good.to_vec();
        other[2] = entry("2.weight", vec![4, 10]);
        file(&path, &other);
        assert!(error().ends_with("tensor 2.weight has the shape [4, 10], and the network's is [10, 4]"));
        other[2] = good[2].clone();
        other.push(entry("4.weight", vec![1]));
        other.push(entry("bn.num_batches_tracked", vec![]));
        file(&path, &other);
        let expected = "tensors that the network leaves unused: 4.weight, bn.num_batches_tracked; build the network that they belong to, or remove them";
        assert!(error().ends_with(expected), "{}", error());
        other.truncate(4);
        other[1].3[4..8].copy_from_slice(&f32::NAN.to_le_bytes());
        file(&path, &other);
        assert!(error().ends_with("value 1 (from 0) of tensor 0.bias is NaN: weights must be finite"));
    }
}
