//! Studies of networks, from their text to rows and verdicts, and what they refuse.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::network_setting::{Begun, network_of};
use super::setting::rule_on;
use super::{Conditions, Results, RunError, run};
use crate::ensemble::measured::{Courses, MeasuredProgram};
use crate::ensemble::{MemoryStore, Outcome, Plan, Units};
use crate::random::Seed;
use crate::risk::Dataset;
use crate::risk::network::layered::{BatchStatistics, Input, Layer, LayeredNetwork};
use crate::risk::network::{Loss, NetworkRisk, write_weights};
use crate::study::{Datum, Existing, Holds, Overrides, RunDirectory, Study, Table, Verdict};

/// A network of 30 parameters on 1,372 banknotes.
const BANKNOTES: &str = r#"
    [landscape]
    risk = "network"
    data = "banknote"
    layers = [4, 2]
    [rule]
    name = "sgd"
    learning_rate = 0.1
    batch_size = 16
"#;

/// The rule in them.
const RULE: &str = "[rule]
    name = \"sgd\"
    learning_rate = 0.1
    batch_size = 16";

fn on(text: &str, threads: usize) -> Result<Results, RunError> {
    let study = Study::parse("test", text, &Overrides::default())?;
    let stop = AtomicBool::new(false);
    run(&study, &Conditions { threads, stop: &stop, directory: None, progress: &|_| {} })
}

fn results(text: &str) -> Results {
    on(text, 2).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(text: &str) -> String {
    on(text, 1).expect_err("a study that is refused").to_string()
}

fn curvature(keys: &str) -> String {
    format!("study = \"curvature\"\n{BANKNOTES}\n[curvature]\n{keys}")
}

fn numbers(table: &Table, column: &str) -> Vec<f64> {
    let column = table.column(column).unwrap_or_else(|| panic!("{column}"));
    let number = |row| match column.values.datum(row) {
        Datum::Number(number) => number,
        Datum::Count(count) => count as f64,
        other => panic!("{other:?}"),
    };
    (0..table.rows()).map(number).collect()
}

fn holds(results: &Results, claim: &str) -> Holds {
    let verdict = results.verdicts.iter().find(|verdict| verdict.claim.starts_with(claim));
    verdict.unwrap_or_else(|| panic!("{claim}: {:?}", results.verdicts)).holds
}

#[test]
fn every_question_to_a_trained_network_is_answered() {
    let results = results(&curvature(
        "epochs = 3\ncount = 4\nstandard_error = 0.1\nmatrices = [\"hessian\", \"covariance\"]\nvectors = 20\nnodes = 30\n\
         observe = [\"eigenvalues\", \"density\", \"trace\", \"diagonal\", \"layers\", \"alignment\", \"covariance-spectrum\"]",
    ));
    // ⌈3 · 1372/16⌉.
    assert_eq!(numbers(&results.rows, "steps"), [258.0; 2]);
    assert!(numbers(&results.rows, "accuracy")[0] > 0.9);
    let tables: Vec<&str> = results.details.iter().map(Table::name).collect();
    assert_eq!(tables, ["eigenvalues", "spectral-density", "diagonal", "layers", "covariance"]);
    for claim in ["every eigenpair", "independent estimates", "the Gram matrix and the products"] {
        assert_eq!(holds(&results, claim), Holds::Yes, "{:?}", results.verdicts);
    }
    let layers = results.details.iter().find(|table| table.name() == "layers").unwrap();
    let of_hessian: f64 = numbers(layers, "trace")[..4].iter().sum();
    // Blocks and whole are smaller than the subspace: what is left to chance is what it holds to rounding, 1e-5 of an image.
    assert!((of_hessian / numbers(&results.rows, "trace")[0] - 1.0).abs() < 1e-4);
}

#[test]
fn threads_change_nothing() {
    let text = curvature(
        "steps = 40\nobserve = [\"eigenvalues\", \"density\", \"trace\", \"diagonal\", \"covariance\"]",
    );
    let (one, three) = (on(&text, 1).unwrap(), on(&text, 3).unwrap());
    assert_eq!(one.rows, three.rows);
    assert_eq!(one.details, three.details);
}

#[test]
fn rescaled_layers_are_one_function() {
    let text = curvature(
        "steps = 100\ncount = 1\ntolerance = 1e-8\nrescale = [0.25, 1, 4]\n\
         observe = [\"eigenvalues\", \"adaptive-sharpness\"]",
    );
    let relu = text.replace("layers = [4, 2]", "layers = [4, 2]\nactivation = \"relu\"");
    let results = results(&relu);
    for claim in
        ["rescaled layers are the same function", "the sharpness of one", "the adaptive sharpness does not"]
    {
        assert_eq!(holds(&results, claim), Holds::Yes, "{:?}", results.verdicts);
    }
    let error = refusal(&text);
    assert!(error.contains("tanh(αz) is not α tanh(z)"), "{error}");
    let one = relu.replace("layers = [4, 2]", "layers = [2]");
    assert!(refusal(&one).contains("it takes two layers"));
}

/// The verdicts whose claim holds these words, and that are not resolved.
fn not_resolved<'r>(results: &'r Results, words: &str) -> &'r Verdict {
    let told = |verdict: &&Verdict| verdict.claim.contains(words) && verdict.holds == Holds::NotResolved;
    results.verdicts.iter().find(told).unwrap_or_else(|| panic!("{words}: {:?}", results.verdicts))
}

fn table<'r>(results: &'r Results, name: &str) -> &'r Table {
    results.details.iter().find(|table| table.name() == name).unwrap_or_else(|| panic!("{name}"))
}

#[test]
fn what_does_not_converge_leaves_the_other_answers() {
    let everything = "observe = [\"eigenvalues\", \"density\", \"trace\", \"diagonal\", \"adaptive-sharpness\", \
                      \"layers\", \"alignment\", \"covariance\"]";
    let text = curvature(&format!("steps = 9\ncount = 5\nproducts = 1\ntolerance = 1e-12\n{everything}"));
    let results = results(&format!("{text}\n[ensemble]\nreplicas = 2"));
    for claim in [
        "every eigenpair is known",
        "every adaptive sharpness",
        "the largest eigenvalue of every tensor",
        "the eigenvectors whose overlap",
        "the eigenvalues of the gradients' covariance",
    ] {
        let detail = &not_resolved(&results, claim).detail;
        let named = detail.contains("hessian") || detail.contains("covariance");
        assert!(named && detail.contains("pairs converged in"), "{detail}");
        assert!(detail.contains("`curvature.products`"), "{detail}");
    }
    let detail = &not_resolved(&results, "every eigenpair is known").detail;
    // One product, and one for the residual of the pair that it gives.
    let line = "hessian, eigenpairs, replica 1: 0 of 5 pairs converged in 2 products, residuals included; too few for so many";
    assert!(detail.lines().nth(1) == Some(line), "{detail}");
    for column in ["eigenvalue_1", "adaptive_sharpness", "noise_eigenvalue_1"] {
        assert!(results.rows.column(column).is_none(), "{column}");
    }
    let missing = results.rows.column("subspace_overlap").unwrap();
    assert_eq!(missing.values.datum(0), Datum::Missing);
    assert!(results.details.iter().all(|table| !["eigenvalues", "covariance"].contains(&table.name())));
    // What takes no eigenpairs is there, of both replicas.
    assert_eq!((numbers(&results.rows, "trace").len(), numbers(&results.rows, "alignment").len()), (2, 2));
    assert_eq!(numbers(table(&results, "layers"), "trace").len(), 2 * 4);
    assert_eq!(numbers(table(&results, "diagonal"), "value").len(), 2 * 30);
    assert_eq!(numbers(table(&results, "spectral-density"), "density").len(), 2 * 400);
    let Datum::Text(unresolved) = results.rows.column("unresolved").unwrap().values.datum(1) else {
        panic!("the row names what it lacks")
    };
    let lacking =
        ["eigenvalues", "eigenpairs", "adaptive sharpness", "eigenvalue of the tensor", "eigenvectors"];
    assert!(lacking.iter().all(|name| unresolved.contains(name)), "{unresolved}");
}

#[test]
fn covariances_by_products_may_fall_short_too() {
    // N² = 1,372² is more than a basis of 26 vectors of 4,002 parameters.
    let text = curvature(
        "steps = 1\ncount = 1\nproducts = 2\ntolerance = 1e-12\nobserve = [\"covariance\", \"trace\"]",
    )
    .replace("layers = [4, 2]", "layers = [571, 2]");
    let results = results(&text);
    let detail = &not_resolved(&results, "the eigenvalues of the gradients' covariance").detail;
    let line = "covariance, eigenvalues, replica 0: 0 of 1 pairs converged in 3 products, residuals included; the worst has a relative residual of ";
    assert!(detail.starts_with(line), "{detail}");
    assert_eq!(results.rows.column("noise_by_gram").unwrap().values.datum(0), Datum::Truth(false));
    assert_eq!(numbers(&results.rows, "trace").len(), 1);
}

#[test]
fn estimates_short_of_their_standard_error_say_how_far_they_came() {
    // More parameters than the subspace of a trace holds directions, so that signs are needed.
    let keys = "steps = 9\nstandard_error = 1e-6\nmost_vectors = 4\n\
                observe = [\"trace\", \"diagonal\", \"layers\", \"alignment\"]";
    let text = |keys: &str| curvature(keys).replace("layers = [4, 2]", "layers = [9, 2]");
    let few = results(&text(keys));
    for claim in
        ["every trace", "every diagonal", "the traces of every tensor", "the traces of the alignment"]
    {
        let detail = &not_resolved(&few, claim).detail;
        assert!(detail.contains(" from 4 vectors, above 1.0e-6; about "), "{detail}");
        assert!(
            detail.ends_with("`curvature.most_vectors` or a larger `curvature.standard_error`"),
            "{detail}"
        );
    }
    let (rows, unresolved) = (&few.rows, table(&few, "unresolved"));
    let reached = numbers(unresolved, "reached");
    assert!(reached.contains(&numbers(rows, "diagonal_error")[0]), "{reached:?}");
    assert!(reached.contains(&(numbers(rows, "trace_stderr")[0] / numbers(rows, "trace")[0].abs())));
    let enough = results(&text("steps = 9\nstandard_error = 0.3\nobserve = [\"trace\", \"diagonal\"]"));
    assert!(
        enough.verdicts.iter().all(|verdict| verdict.holds != Holds::NotResolved),
        "{:?}",
        enough.verdicts
    );
    assert!(enough.details.iter().all(|table| table.name() != "unresolved"));
}

#[test]
fn sharpnesses_that_do_not_converge_are_left_out_and_told() {
    let text = |tail: &str| {
        let full =
            BANKNOTES.replace("batch_size = 16", "batch_size = 1372\n    sampling = \"without-replacement\"");
        format!(
            "study = \"train\"\n{full}\n[train]\nsteps = 20\nevery = 10\nobserve = [\"sharpness\"]\n{tail}"
        )
    };
    let found = results(&text("products = 2\ntolerance = 1e-12"));
    let detail = &not_resolved(&found, "every sharpness is known").detail;
    let first = "3 of 3 are not, and are left out; the first:\nreplica 0 at step 0: |Hv − λv|/|λ| is ";
    assert!(detail.starts_with(first) && detail.contains(" after 3 products, above 1.0e-12"), "{detail}");
    assert!(detail.ends_with("allow more `train.products` or a larger `train.tolerance`"), "{detail}");
    let edge = not_resolved(&found, "rises to the limit of stability");
    assert_eq!(edge.detail, "no sharpness is known");
    assert_eq!(numbers(&found.rows, "loss").len(), 3);
    let courses = table(&found, "courses");
    assert_eq!(courses.column("sharpness").unwrap().values.datum(0), Datum::Missing);
    assert!(numbers(courses, "sharpness_residual").iter().all(|&residual| residual > 1e-12));
    let sound = results(&text(""));
    assert!(numbers(table(&sound, "courses"), "sharpness_residual").iter().all(|&residual| residual <= 1e-3));
    assert!(sound.verdicts.iter().all(|verdict| !verdict.claim.contains("every sharpness")));
}

#[test]
fn training_measures_and_says_where_numbers_end() {
    let train = |keys: &str| format!("study = \"train\"\n{BANKNOTES}\n[train]\n{keys}");
    let sound = train(
        "steps = 200\nevery = 50\nobserve = [\"accuracy\", \"gradient-norm\", \"sharpness\", \"noise\"]",
    );
    let found = results(&format!("{sound}\n[ensemble]\nreplicas = 3"));
    assert_eq!(numbers(&found.rows, "step"), [0.0, 50.0, 100.0, 150.0, 200.0]);
    let (losses, errors) = (numbers(&found.rows, "loss"), numbers(&found.rows, "loss_stderr"));
    assert!(losses[4] < 0.5 * losses[0] && errors.iter().all(|error| *error > 0.0), "{losses:?}");
    assert_eq!(numbers(&found.rows, "stability_limit"), [20.0; 5]);
    // With minibatches there is no limit to hold it against.
    assert!(found.verdicts.is_empty(), "{:?}", found.verdicts);
    let wild = |text: &str| {
        let relu = text.replace("layers = [4, 2]", "layers = [4, 2]\nactivation = \"relu\"");
        relu.replace("learning_rate = 0.1", "learning_rate = 1e200")
    };
    let cause = "replica 0 at step 1: the outputs of layer 2 are not finite for sample ";
    let found = results(&wild(&train("steps = 5\nevery = 1")));
    let verdict = found.verdicts.iter().find(|verdict| verdict.claim.contains("range of numbers")).unwrap();
    assert!(verdict.holds == Holds::No && verdict.detail.contains(cause), "{}", verdict.detail);
    let error = refusal(&wild(&curvature("steps = 1")));
    assert!(error.starts_with(cause) && error.contains("learning_rate"), "{error}");
}

#[test]
fn a_stopped_training_goes_on_with_the_same_bits() {
    let text = format!("study = \"train\"\n{BANKNOTES}\n[train]\nsteps = 1");
    let study = Study::parse("test", &text, &Overrides::default()).unwrap();
    let description = study.cell(0).unwrap().description;
    let Begun { network, start } = network_of::<f32>("train", &description.landscape, None).unwrap();
    let rule = rule_on(&description, network.clone()).unwrap();
    let program = MeasuredProgram {
        rule: &*rule,
        start: &start,
        steps: &[0, 300, 900],
        measure: &|_, at: &[f32]| Ok(at.iter().map(|value| f64::from(*value)).collect()),
        cause: &|_, _, _| panic!("nothing is lost"),
        seed: Seed::new(5, 0),
    };
    let (stop, store) = (AtomicBool::new(false), MemoryStore::default());
    let courses = |threads, store, save_every| -> Courses {
        let plan = Plan { threads, stop: &stop, progress: None, store, save_every };
        match crate::ensemble::run(&program, Units::new(19, 16), &plan).unwrap() {
            Outcome::Finished(courses) => courses,
            Outcome::Stopped(_) => panic!("nobody stopped it"),
        }
    };
    let whole = courses(1, None, Duration::from_secs(100));
    // Saved, dropped and read again after every few steps.
    let pieces = courses(3, Some(&store), Duration::ZERO);
    assert_eq!(whole.0, pieces.0);
    assert_eq!(whole.0.iter().map(|course| course.replica).collect::<Vec<_>>(), (0..19).collect::<Vec<_>>());
    // Each replica begins elsewhere, within ±1/√4 for the first layer of four inputs.
    assert_ne!(whole.0[0].values[0], whole.0[1].values[0]);
    assert!(whole.0.iter().flat_map(|course| &course.values[0]).all(|value| value.abs() <= 0.5));
}

#[test]
fn networks_are_simulated_by_thousands() {
    let text = format!(
        "study = \"simulate\"\n{}\n[simulate]\nsteps = 20\nobserve = [\"mean\"]\n[ensemble]\nreplicas = 1000\nprecision = \"f32\"",
        BANKNOTES.replace("= 0.1", "= 1e-6")
    );
    let found = results(&text);
    assert_eq!((found.rows.rows(), numbers(&found.rows, "replicas")[0]), (30, 1000.0));
    // U(±1/2) has a variance of 1/12, which steps of 1e-6 do not change: five standard errors of 1000 draws are 0.14.
    assert!((numbers(&found.rows, "variance")[0] * 12.0 - 1.0).abs() < 0.14);
}

#[test]
fn mistakes_are_named_with_their_remedy() {
    let with = |from: &str, to: &str| refusal(&curvature("steps = 1").replace(from, to));
    let error = with("layers = [4, 2]", "layers = [4, 2]\nactivation = \"rellu\"");
    assert!(error.contains("did you mean \"relu\"") || error.contains("did you mean `relu`"), "{error}");
    let error = with("[4, 2]", "[0, 2]");
    assert!(error.contains("landscape.layers") && error.contains('0'), "{error}");
    let error = with("[4, 2]", "[4, 3]");
    assert_eq!(error, "`landscape`: layer 2, the last, has 3 outputs, and the labels of banknote need 2");
    let error = refusal(&curvature("steps = 1\ncount = 31"));
    assert_eq!(
        error,
        "`curvature`: 31 eigenpairs of hessian were asked for, which has 30: ask for at most 30"
    );
    let error = refusal(&curvature("steps = 1\nmemory = 1e-6"));
    assert!(error.contains("a basis for 10 eigenpairs of 30 parameters takes"), "{error}");
    let error = refusal("study = \"curvature\"\nlandscape.formula = \"x^2\"");
    assert!(error.contains("set `landscape.risk = \"network\"`"), "{error}");
    let error = refusal(&curvature(""));
    assert!(error.starts_with("`curvature.steps` is absent: say how long"), "{error}");
    let error = refusal(&curvature("steps = 5\nepochs = 2"));
    assert!(error.contains("the length of the training is given once"), "{error}");
}

/// Standardised by the training samples, the two parts of a data set would not be those of the whole.
#[test]
fn training_and_test_samples_make_up_the_whole() {
    let first = |keys: &str| {
        let text = BANKNOTES.replace("layers", &format!("standardise = false\n{keys}\nlayers"));
        let train = "[train]\nsteps = 2\nevery = 1\nobserve = [\"accuracy\"]";
        results(&format!("study = \"train\"\n{text}\n{train}\n[ensemble]\nreplicas = 1")).rows
    };
    let (whole, parts) = (first(""), first("split = 0.75"));
    assert!(whole.column("test_loss").is_none());
    // 1,029 and 343 samples at the same initial parameters.
    for (name, of_test) in [("loss", "test_loss"), ("accuracy", "test_accuracy")] {
        let mean = 0.75 * numbers(&parts, name)[0] + 0.25 * numbers(&parts, of_test)[0];
        assert!((mean / numbers(&whole, name)[0] - 1.0).abs() < 1e-12, "{name}: {mean}");
    }
}

#[test]
fn a_trained_network_is_saved_and_begun_with() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "study = \"train\"\n{BANKNOTES}\n[train]\nepochs = 2\nsave_weights = true\nobserve = [\"accuracy\"]\n\
         [ensemble]\nreplicas = 3"
    );
    let study = Study::parse("test", &text, &Overrides::default()).unwrap();
    let directory = RunDirectory::create(&folder.path().join("run"), &study, 2, Existing::Refuse).unwrap();
    let stop = AtomicBool::new(false);
    let trained =
        run(&study, &Conditions { threads: 2, stop: &stop, directory: Some(&directory), progress: &|_| {} })
            .unwrap();
    let courses = trained.details.iter().find(|table| table.name() == "courses").unwrap();
    let losses = numbers(courses, "loss");
    let each = losses.len() / 3;
    for replica in 0..3 {
        let file = directory.path().join(format!("weights/cell-0-replica-{replica}.safetensors"));
        let weights = format!("[landscape]\nweights = {:?}", file.display().to_string());
        let text = curvature("observe = [\"trace\"]").replace("[landscape]", &weights);
        // As it is in the file: no rule trains it further.
        let found = results(&text.replace(RULE, ""));
        // Both are sums of the same losses, of parameters with the same bits.
        assert_eq!(numbers(&found.rows, "loss"), [losses[each * (replica + 1) - 1]]);
    }
}

#[test]
fn frozen_statistics_are_those_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weights.safetensors");
    let text = |weights: &str| {
        format!(
            "study = \"curvature\"\n[landscape]\nrisk = \"network\"\narchitecture = \"layered\"\ndata = \"banknote\"\n{weights}\n\
             layer = [{{ kind = \"batch_norm\", channels = 4 }}, {{ kind = \"dense\", inputs = 4, outputs = 2 }}]\n\
             [curvature]\nobserve = [\"trace\"]"
        )
    };
    let data = Dataset::ready("banknote").unwrap();
    let layers = [
        Layer::BatchNorm { channels: 4, statistics: BatchStatistics::Frozen },
        Layer::Dense { inputs: 4, outputs: 2, bias: true },
    ];
    let input = Input::Features { features: 4 };
    let mut network =
        LayeredNetwork::<f64>::new(&data, input, &layers, Loss::SoftmaxCrossEntropy, 0.0).unwrap();
    let parameters: Vec<f64> = (0..18).map(|index| (index as f64).sin()).collect();
    let begun_with = |network: &LayeredNetwork<f64>| {
        write_weights(network, &parameters, &file).unwrap();
        let weights = format!("weights = {:?}\nstandardise = false", file.display().to_string());
        let loss = numbers(&results(&text(&weights)).rows, "loss")[0];
        let losses = network.sample_losses(&parameters).unwrap();
        (loss, losses.iter().sum::<f64>() / losses.len() as f64)
    };
    let (plain, expected) = begun_with(&network);
    assert_eq!(plain, expected);
    network.set_statistics(&[1.0, -2.0, 0.5, 0.0, 3.0, 30.0, 10.0, 4.0]).unwrap();
    let (with_statistics, expected) = begun_with(&network);
    assert_eq!(with_statistics, expected);
    assert!((with_statistics - plain).abs() > 0.01);
}

#[test]
fn layers_that_do_not_fit_are_named() {
    let layered = |layers: &str| {
        refusal(&format!(
            "study = \"train\"\n[landscape]\nrisk = \"network\"\narchitecture = \"layered\"\ndata = \"digits\"\nstandardise = false\nlayer = [{layers}]\n\
             [rule]\nname = \"sgd\"\nlearning_rate = 0.1\nbatch_size = 16\n[train]\nsteps = 1"
        ))
    };
    let convolution = "{ kind = \"convolution2d\", inputs = 1, outputs = 2, kernel = 3 }";
    for (layers, expected) in [
        ("", "it must be a list of at least one layer"),
        ("{ kind = \"dense\", inputs = 64, outputs = 9 }", "the labels of digits need 10 values"),
        ("{ kind = \"dens\", inputs = 64, outputs = 10 }", "unknown variant `dens`, expected one of `dense`"),
        (
            "{ kind = \"dense\", inputs = 64 }",
            "`landscape.layer[0]` does not fit here: missing field `outputs`",
        ),
        (
            &format!(
                "{convolution}, {{ kind = \"flatten\" }}, {{ kind = \"dense\", inputs = 9, outputs = 10 }}"
            ),
            "layer 2 (dense) takes 9 inputs, and layer 1 (flatten) gives 72 values",
        ),
        (
            "{ kind = \"batch_norm\", channels = 64, statistics = \"batch\" }, { kind = \"dense\", inputs = 64, outputs = 10 }",
            "per-sample gradients do not exist",
        ),
    ] {
        let refusal = layered(layers);
        assert!(refusal.contains(expected), "{layers}: {refusal}");
    }
}

#[test]
fn a_simulation_begins_once() {
    let text = format!("study = \"simulate\"\n{BANKNOTES}\n[simulate]\nsteps = 1\nstart = [0.0]");
    let description =
        Study::parse("test", &text, &Overrides::default()).unwrap().cell(0).unwrap().description;
    let network = network_of::<f32>("simulate", &description.landscape, None).unwrap().network;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weights.safetensors");
    write_weights(&*network, &vec![0.5; network.dimension()], &file).unwrap();
    let weights = format!("[landscape]\nweights = {:?}", file.display().to_string());
    let refusal = refusal(&text.replace("[landscape]", &weights));
    assert!(
        refusal.contains("`simulate.start` is [0.0]: the network begins with `landscape.weights`"),
        "{refusal}"
    );
}

#[test]
fn what_left_the_range_of_numbers_is_named() {
    let wild = BANKNOTES
        .replace("learning_rate = 0.1", "learning_rate = 1e100")
        .replace("layers = [4, 2]", "layers = [4, 2]\nactivation = \"relu\"");
    let trained = results(&format!("study = \"train\"\n{wild}\n[train]\nsteps = 50\nevery = 10"));
    let verdict =
        trained.verdicts.iter().find(|verdict| verdict.claim.starts_with("every replica stays")).unwrap();
    assert_eq!(verdict.holds, Holds::No);
    let named = |text: &str| {
        ["replica 0 at step ", "the gradient of sample ", " of batch "].iter().all(|part| text.contains(part))
    };
    assert!(named(&verdict.detail), "{verdict:?}");
    let refused = refusal(&format!("study = \"curvature\"\n{wild}\n[curvature]\nsteps = 50"));
    assert!(named(&refused), "{refused}");
}
