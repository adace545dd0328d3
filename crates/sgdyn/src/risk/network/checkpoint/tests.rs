//! Weights that come back, and files that do not fit.

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
    let mut network =
        LayeredNetwork::<f32>::new(&data(3 * 28 * 28), input, &layers, Loss::SoftmaxCrossEntropy, 0.0)
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
        values::<f32>(network.frozen_statistics().len()).iter().map(|&v| f64::from(v).abs()).collect();
    let parameters = values::<f32>(network.dimension());
    network.set_statistics(&statistics).unwrap();
    write_weights(&network, &parameters, &path).unwrap();
    network.set_statistics(&vec![1.0; statistics.len()]).unwrap();
    assert_eq!(network.read_checkpoint(&path).unwrap(), parameters);
    assert_eq!(network.frozen_statistics(), statistics);
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
    let entry =
        |name, shape: Vec<usize>| (name, "F32", shape.clone(), vec![0; 4 * shape.iter().product::<usize>()]);
    let good = [
        entry("0.weight", vec![4, 5]),
        entry("0.bias", vec![4]),
        entry("2.weight", vec![10, 4]),
        entry("2.bias", vec![10]),
    ];
    file(&path, &good);
    assert!(read_weights(&network, &path).is_ok());
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert!(
        error().contains("weights.safetensors: tensor `2.bias` of shape [10] lies at offsets"),
        "{}",
        error()
    );
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
