//! Writes weights, gradients and curvature products of some networks for `benchmarks/parity.py`, which compares them with
//! PyTorch's.
//!
//! `cargo run --release --example parity -- FOLDER`

use std::error::Error;
use std::fs;
use std::path::Path;

use sgdyn::risk::network::layered::{
    Input, Layer, LayeredNetwork, ResNet18, ResidualNorm, mlp, next_token_model,
};
use sgdyn::risk::network::{Activation, InitialDistribution, Loss, NetworkPoint, NetworkRisk, write_weights};
use sgdyn::risk::{Dataset, EmpiricalRisk, Labels, Workspace};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("give the folder to write to")?;
    let digits = Dataset::ready("digits")?.subset(&(0..60).collect::<Vec<_>>())?;
    let pixels = digits.divided_by(16.0)?;
    for (name, activation) in
        [("tanh", Activation::Tanh), ("gelu", Activation::Gelu), ("softplus", Activation::Softplus)]
    {
        export(&folder, &format!("mlp-{name}"), &pixels, mlp(&[64, 20, 16, 10], activation))?;
    }
    let norms = [("group", ResidualNorm::Group(4)), ("batch", ResidualNorm::FrozenBatch)];
    for (name, norm) in norms {
        let resnet = ResNet18 { side: 8, width: 8, norm, ..ResNet18::default() };
        export(&folder, &format!("resnet-{name}"), &pixels, resnet.layers())?;
    }
    // The levels of grey of the pixels, 0 to 16, serve as tokens.
    export(&folder, "next-token", &digits, next_token_model(17, 64, 3, 12))?;
    Ok(())
}

fn export(
    folder: &str,
    name: &str,
    data: &Dataset,
    (input, layers): (Input, Vec<Layer>),
) -> Result<(), Box<dyn Error>> {
    // The next-token model has 17 outputs: its labels are digits all the same.
    let data = match data.labels() {
        Labels::Classes { of_sample, .. } if name == "next-token" => {
            let names = (0..17).map(|class| class.to_string()).collect();
            let labels = Labels::Classes { of_sample: of_sample.clone(), names };
            Dataset::new(name, data.values().to_vec(), data.feature_names().to_vec(), labels)?
        }
        _ => data.clone(),
    };
    let mut network = LayeredNetwork::<f64>::new(&data, input, &layers, Loss::SoftmaxCrossEntropy, 0.0)?;
    let statistics: Vec<f64> =
        uniform(network.frozen_statistics().len(), 5).map(|value| value + 1.1).collect();
    network.set_statistics(&statistics)?;
    let mut at: Vec<f64> = uniform(network.dimension(), 0).collect();
    for initial in network.initial_parameters() {
        for value in &mut at[initial.range] {
            *value = match initial.law {
                InitialDistribution::Uniform { bound } => bound * *value,
                InitialDistribution::Normal { deviation } => deviation * *value,
                InitialDistribution::Constant(constant) => constant + 0.1 * *value,
            };
        }
    }
    let vector: Vec<f64> = uniform(at.len(), 9).collect();
    let folder = Path::new(folder).join(name);
    fs::create_dir_all(&folder)?;
    write_weights(&network, &at, folder.join("weights.safetensors"))?;
    let Labels::Classes { of_sample, .. } = data.labels() else {
        return Err("the digits have classes".into());
    };
    let labels: Vec<f64> = of_sample.iter().map(|&class| f64::from(class)).collect();
    let array = |what: &str, values: &[f64], width: usize| write_npy(&folder.join(what), values, width);
    array("inputs.npy", data.values(), data.features())?;
    array("labels.npy", &labels, 1)?;
    array("vector.npy", &vector, 1)?;
    array("losses.npy", &network.sample_losses(&at)?, 1)?;
    let point = network.evaluate(&at)?;
    let mut workspace = Workspace::new();
    let mut out = vec![0.0; at.len()];
    point.gradient(&mut workspace, &mut out)?;
    array("gradient.npy", &out, 1)?;
    point.hessian_vector(&vector, &mut workspace, &mut out)?;
    array("hessian.npy", &out, 1)?;
    point.gauss_newton_vector(&vector, &mut workspace, &mut out)?;
    array("gauss-newton.npy", &out, 1)?;
    let mut norms = vec![0.0; data.samples()];
    point.squared_norms(&mut norms)?;
    array("squared-norms.npy", &norms, 1)?;
    println!("{name}: {} parameters", at.len());
    Ok(())
}

/// Numbers without structure in [−1, 1). Squares of indices: multiples alone would be a lattice.
fn uniform(count: usize, shift: usize) -> impl Iterator<Item = f64> {
    (shift..shift + count).map(|index| {
        let index = index as f64;
        2.0 * (0.618_033_988_749_894_9 * index * (index + 1.0) / 2.0).fract() - 1.0
    })
}

/// Writes an array, `[rows × width]`, or `[rows]` of width 1, in NumPy's format.
fn write_npy(path: &Path, values: &[f64], width: usize) -> std::io::Result<()> {
    let rows = values.len() / width;
    let shape = if width == 1 { format!("({rows},)") } else { format!("({rows}, {width})") };
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
    let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(format!("{header:<0$}\n", length - 1).into_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    fs::write(path, bytes)
}
