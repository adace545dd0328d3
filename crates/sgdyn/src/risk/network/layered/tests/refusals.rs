//! What does not fit is named.

use super::{Case, IMAGE, VECTOR, batch_norm, cases, convolution, dense, function, point};
use crate::risk::network::layered::{BatchStatistics, Input, Layer, LayeredNetwork};
use crate::risk::network::{Activation, Loss, NetworkRisk};

/// What building these layers answers.
fn refusal(input: Input, layers: Vec<Layer>) -> String {
    let case = Case { name: "", input, layers, loss: Loss::SoftmaxCrossEntropy, kinks: false };
    let data = case.data(5);
    LayeredNetwork::<f32>::new(&data, case.input, &case.layers, case.loss, 0.0).unwrap_err().to_string()
}

#[test]
fn layers_that_do_not_meet_are_named() {
    assert_eq!(refusal(VECTOR, vec![]), "a network needs at least one layer");
    assert_eq!(
        refusal(VECTOR, vec![dense(5, 4), function(Activation::Tanh), dense(6, 3)]),
        "layer 2 (dense) takes 6 inputs, and layer 1 (tanh) gives 4 values: the widths must meet"
    );
    assert_eq!(
        refusal(IMAGE, vec![convolution(3, 4, 3, 1, 1)]),
        "layer 0 (convolution2d) takes 3 inputs, and the input gives images of 2 × 6 × 5: the widths must meet"
    );
    assert_eq!(
        refusal(IMAGE, vec![convolution(2, 4, 3, 1, 1), dense(4, 3)]),
        "layer 1 (dense) takes vectors, and layer 0 (convolution2d) gives images of 4 × 6 × 5; put flatten between them, or an embedding behind tokens"
    );
    assert_eq!(
        refusal(IMAGE, vec![convolution(2, 4, 9, 1, 1)]),
        "layer 0 (convolution2d): the kernel of 9 × 9 does not fit on 6 × 5 pixels with 1 on each side"
    );
    assert_eq!(
        refusal(IMAGE, vec![Layer::MaxPool { kernel: 2, stride: 1, padding: 2 }]),
        "layer 0 (max_pool): the padding 2 is more than half of the kernel 2"
    );
    assert_eq!(
        refusal(IMAGE, vec![Layer::GroupNorm { groups: 3, channels: 2 }]),
        "layer 0 (group_norm): 2 channels do not make 3 equal groups"
    );
    assert_eq!(
        refusal(VECTOR, vec![dense(5, 0)]),
        "layer 0 (dense): outputs is 0, and must be from 1 to 1048576"
    );
    assert_eq!(
        refusal(VECTOR, vec![dense(5, 1 << 20), dense(1 << 20, 1 << 20)]),
        "up to layer 1 (dense) there are 1099518967808 parameters: more than 4294967295 are not supported"
    );
    assert!(
        refusal(IMAGE, vec![convolution(2, 1 << 20, 1, 1, 1 << 10)])
            .starts_with("up to layer 0 (convolution2d) a sample has ")
    );
    let block = Layer::Residual { body: vec![convolution(2, 3, 3, 1, 1)], shortcut: vec![] };
    assert_eq!(
        refusal(IMAGE, vec![block.named("layer1")]),
        "layer layer1 (residual): the body gives images of 3 × 6 × 5, and the shortcut images of 2 × 6 × 5: they are added, so they must be alike"
    );
    assert_eq!(
        refusal(VECTOR, vec![dense(5, 5).named("a"), dense(5, 3).named("a")]),
        "the tensor a.weight is there twice: give the layers different names"
    );
    assert_eq!(
        refusal(VECTOR, vec![dense(5, 4)]),
        "layer 0 (dense), the last, gives 4 values, and the labels of fixture need 3 values"
    );
    assert_eq!(
        refusal(VECTOR, vec![function(Activation::Tanh)]),
        "the layers have no parameters: there is nothing to train"
    );
}

#[test]
fn data_that_do_not_fit_are_named() {
    let case = Case { input: Input::Features { features: 7 }, ..cases().swap_remove(0) };
    let vectors = Case { input: VECTOR, ..cases().swap_remove(0) }.data(5);
    let error = LayeredNetwork::<f32>::new(&vectors, case.input, &case.layers, case.loss, 0.0).unwrap_err();
    assert_eq!(error.to_string(), "fixture has 5 features, and the input is 7 values, which is 7");
    let boundless = Input::Image { channels: usize::MAX, height: usize::MAX, width: 2 };
    let error = LayeredNetwork::<f32>::new(&vectors, boundless, &case.layers, case.loss, 0.0).unwrap_err();
    assert!(error.to_string().starts_with("fixture has 5 features, and the input is images of "));
    let tokens = [Layer::Embedding { tokens: 6, channels: 2 }, Layer::Flatten {}, dense(8, 3)];
    assert_eq!(
        refusal(Input::Tokens { length: 4 }, tokens.to_vec()),
        "fixture: feature 3 of sample 0 (from 0) is 6, no token: layer 0 (embedding) reads integers from 0 to 5"
    );
    let targets = Case { loss: Loss::Squared, ..cases().swap_remove(0) }.data(5);
    let layers = [dense(5, 1)];
    let error = LayeredNetwork::<f32>::new(&targets, VECTOR, &layers, Loss::SoftmaxCrossEntropy, 0.0);
    assert!(error.unwrap_err().to_string().contains("the squared loss takes them"));
    assert!(LayeredNetwork::<f32>::new(&targets, VECTOR, &layers, Loss::Squared, -1.0).is_err());
}

#[test]
fn batch_statistics_are_refused() {
    let norm = Layer::BatchNorm { channels: 2, statistics: BatchStatistics::Batch };
    assert_eq!(
        refusal(IMAGE, vec![norm]),
        "layer 0 (batch_norm): under batch statistics each loss depends on all samples of the batch, so per-sample gradients do not exist; take statistics = \"frozen\" or group_norm"
    );
    let layers = [batch_norm(5), dense(5, 3)];
    let case = Case { layers: layers.to_vec(), ..cases().swap_remove(0) };
    let mut network = case.network::<f32>(5);
    let mut statistics = vec![1.0; 10];
    statistics[7] = -1.0;
    let error = network.set_statistics(&statistics).unwrap_err().to_string();
    assert_eq!(
        error,
        "running_var of batch normalisation must be 5 finite values of at least 0, and value 2 (from 0) is -1"
    );
    assert!(network.set_statistics(&[1.0]).is_err());
}

#[test]
fn what_is_not_finite_is_named_with_layer_and_sample() {
    let case = cases().into_iter().find(|case| case.name == "residual").unwrap();
    let network = case.network::<f32>(11);
    let mut at = point(&network, 0.8);
    assert!(network.evaluate(&at[1..]).is_err());
    assert!(network.sample_losses(&at[1..]).is_err());
    let tensor =
        network.parameter_tensors().into_iter().find(|tensor| tensor.name == "3.conv2.bias").unwrap();
    at[tensor.range.start + 1] = f32::NAN;
    let error = network.evaluate(&at).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "parameter {} (from 0), in 3.conv2.bias, is NaN: parameters must be finite",
            tensor.range.start + 1
        )
    );
    at[tensor.range.start + 1] = 3e38;
    at[tensor.range.start] = 3e38;
    let error = network.evaluate(&at).unwrap_err().to_string();
    assert!(error.starts_with("the outputs of layer "), "{error}");
    assert!(
        error.contains("are not finite for sample 0 (from 0): the parameters are too large for f32"),
        "{error}"
    );
    let mut vector = vec![0.0; 3];
    let point = network.at(&point(&network, 0.8)).unwrap();
    assert!(point.hessian_vector(&[0.0; 3], &mut crate::risk::Workspace::new(), &mut vector).is_err());
    assert!(point.squared_norms(&mut vector).is_err());
}

#[test]
fn names_follow_pytorch() {
    let case = cases().into_iter().find(|case| case.name == "residual").unwrap();
    let network = case.network::<f64>(5);
    let tensors = network.parameter_tensors();
    let names: Vec<_> = tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    let expected = [
        "0.weight",
        "0.bias",
        "1.weight",
        "1.bias",
        "3.conv1.weight",
        "3.bn1.weight",
        "3.bn1.bias",
        "3.conv2.weight",
        "3.conv2.bias",
        "3.shortcut.0.weight",
        "3.shortcut.0.bias",
        "3.shortcut.1.weight",
        "3.shortcut.1.bias",
        "5.body.0.weight",
        "5.body.0.bias",
        "8.weight",
        "8.bias",
    ];
    assert_eq!(names, expected);
    assert_eq!(tensors[4].shape, [6, 4, 3, 3]);
    assert_eq!(network.statistic_tensors()[1].name, "3.shortcut.1.running_var");
    let all =
        tensors.iter().fold(0, |end, tensor| if tensor.range.start == end { tensor.range.end } else { 0 });
    assert_eq!(all, crate::risk::EmpiricalRisk::dimension(&network));
}

#[test]
fn layers_are_written_in_a_study() {
    #[derive(serde::Deserialize, serde::Serialize)]
    struct Study {
        layers: Vec<Layer>,
    }
    let text = r#"
        [[layers]]
        kind = "residual"
        [[layers.body]]
        kind = "named"
        name = "conv1"
        layer = { kind = "convolution2d", inputs = 2, outputs = 2, kernel = 3, padding = 1, bias = false }
        [[layers.body]]
        kind = "activation"
        function = "gelu"
        [[layers]]
        kind = "flatten"
        [[layers]]
        kind = "dense"
        inputs = 60
        outputs = 3
    "#;
    let Study { layers } = toml::from_str(text).unwrap();
    let written = toml::to_string(&Study { layers: layers.clone() }).unwrap();
    assert_eq!(toml::from_str::<Study>(&written).unwrap().layers, layers);
    let network = Case { layers, input: IMAGE, ..cases().swap_remove(0) }.network::<f32>(5);
    let names: Vec<_> = network.parameter_tensors().into_iter().map(|tensor| tensor.name).collect();
    assert_eq!(names, ["0.conv1.weight", "2.weight", "2.bias"]);
    let unknown = toml::from_str::<Layer>("kind = 'dense'\ninputs = 1\noutputs = 2\nwidth = 3");
    assert!(unknown.unwrap_err().to_string().contains("unknown field `width`"));
}
