//! Laws from a text to verdicts, on few replicas.

use std::sync::atomic::AtomicBool;

use crate::study::{Conditions, Datum, Holds, Overrides, Results, RunError, Study, Table, run};
use crate::theory::{FarSide, Process, first_passage_time};

const QUARTIC: &str = r#"
study = "laws"
seed = 2
[landscape]
name = "double-well"
[rule]
name = "langevin"
beta = 3.0
step_size = 0.01
[laws]
start = [0.8]
target = "x <= -0.7"
[ensemble]
replicas = 400
"#;

fn results(text: &str, threads: usize) -> Result<Results, RunError> {
    let study = Study::parse("laws.toml", text, &Overrides::default())?;
    let stop = AtomicBool::new(false);
    run(&study, &Conditions { threads, stop: &stop, directory: None, progress: &|_| {} })
}

fn column(table: &Table, name: &str) -> Vec<f64> {
    let values = &table.column(name).unwrap_or_else(|| panic!("no column {name}")).values;
    let number = |row| match values.datum(row) {
        Datum::Number(number) => number,
        Datum::Count(count) => count as f64,
        _ => f64::NAN,
    };
    (0..table.rows()).map(number).collect()
}

fn refusal(text: &str) -> String {
    results(text, 1).map_or_else(|error| error.to_string(), |_| "no error".to_owned())
}

#[test]
fn sgld_is_proportional_to_k_and_the_false_law_is_refused() {
    let text = format!(
        "{QUARTIC}[[panel]]\nname = \"k\"\nx = \"ln k\"\ny = \"time\"\nensemble.replicas = 4000\nlandscape.sharpness = [1.0, 1.8, 3.0, 5.0]\n\
         [[panel]]\nname = \"false\"\nlike = \"k\"\nx = \"1/k\"\nensemble.replicas = 20000\n\
         landscape.sharpness = [1.0, 1.2, 1.4, 1.7, 2.0]\n"
    );
    let found = results(&text, 2).unwrap();
    let laws = &found.details[0];
    assert_eq!((laws.name(), laws.rows(), found.rows.rows()), ("laws", 2, 9));
    // Oracle: time is rescaled by k and nothing else, so that τ(k) = τ(1)/k exactly.
    assert!((column(laws, "slope_predicted")[0] + 1.0).abs() < 1e-9);
    assert!((column(laws, "slope_exact")[0] + 1.0).abs() < 1e-9);
    assert_eq!(found.verdicts[0].holds, Holds::Yes, "{:?}", found.verdicts[0]);
    assert!(column(laws, "correlation")[1] > 0.99);
    assert!(
        found.verdicts[1].claim.contains("refused") && found.verdicts[1].holds == Holds::Yes,
        "{:?}",
        found.verdicts[1]
    );
    // Different cells draw different numbers, and threads change nothing.
    let times = column(&found.rows, "escape_time");
    assert!(times[0] != times[4]);
    assert_eq!(column(&results(&text, 1).unwrap().rows, "escape_time"), times);
}

#[test]
fn sgd_under_switching_noise_is_held_against_its_exact_equation() {
    let text = QUARTIC.replace(
        "name = \"langevin\"\nbeta = 3.0\nstep_size = 0.01",
        "name = \"sgd\"\nlearning_rate = 0.005",
    );
    let text = format!(
        "{text}[noise]\nname = \"switching\"\nminimum = [1.2]\nscale = 200.0\n\
         [[panel]]\nname = \"B\"\nx = \"B\"\nrule.batch_size = [10, 12, 14, 16]\n\
         [[panel]]\nname = \"k\"\nx = \"1/k\"\nrule.batch_size = 16\nlandscape.sharpness = [1.0, 1.2, 1.4, 1.6]\n\
         [[panel]]\nname = \"P\"\nlike = \"B\"\nx = \"eta/B\"\ny = \"prefactor\"\n"
    );
    let found = results(&text, 2).unwrap();
    let rows = &found.rows;
    // Oracle: quadrature written out here, D = (η/2B)·200·8 beyond the inflection and half of that before.
    let inflection = 1.0 / 3f64.sqrt();
    let exact = column(rows, "escape_time_exact");
    for (row, batch) in [10.0, 12.0, 14.0, 16.0].into_iter().enumerate() {
        let diffusion = |x: f64| 0.0025 / batch * 200.0 * if x > inflection { 8.0 } else { 4.0 };
        let process = Process::state_dependent(|x| 4.0 * x.powi(3) - 4.0 * x, diffusion);
        let mean = first_passage_time(&process, 1.0, -0.7, FarSide::Infinite).unwrap().mean;
        assert!((exact[row] / mean - 1.0).abs() < 1e-6, "{} {mean}", exact[row]);
        let exponent = 2.0 * batch * (4.0 / 9.0 / 8.0 + 5.0 / 9.0 / 4.0);
        assert!((column(rows, "exponent_predicted")[row] - exponent).abs() < 1e-5);
    }
    // L(√k θ) at η is L at ηk, k times as fast.
    let predicted = column(rows, "exponent_predicted");
    assert!((predicted[5] * 1.2 / predicted[4] - 1.0).abs() < 1e-6);
    // Measured within 4 standard errors of the chain's own exact times (4-5 % each at 400 exits), in all twelve cells.
    let (y, chain, stderr) = (column(rows, "y"), column(rows, "y_exact_chain"), column(rows, "y_stderr"));
    for row in 0..12 {
        assert!((y[row] - chain[row]).abs() < 4.0 * stderr[row], "row {row}: {} {}", y[row], chain[row]);
    }
    let prefactor = &found.verdicts[2];
    assert!(prefactor.claim.contains("Itô's equation") && prefactor.holds == Holds::Yes, "{prefactor:?}");
}

#[test]
fn what_is_no_law_is_refused_with_its_key() {
    let panel = "[[panel]]\nname = \"k\"\nx = \"1/k\"\nlandscape.sharpness = [1.0, 1.5, 2.0, 2.5]\n";
    let with = |piece: &str, by: &str| {
        assert!(QUARTIC.contains(piece), "{piece}");
        refusal(&format!("{}{panel}", QUARTIC.replace(piece, by)))
    };
    assert!(with("x <= -0.7", "x <= 0.2").contains("the pass"), "{}", with("x <= -0.7", "x <= 0.2"));
    assert!(with("x <= -0.7", "x >= 0.5").contains("nothing is left to escape"));
    assert!(with("x <= -0.7", "x <= -1.3").contains("it holds no minimum beyond the passes"));
    assert!(with("[0.8]", "[0.8, 1.0]").contains("dimension 1"));
    let bowl = with("\"double-well\"", "\"quadratic\"\nparameters.curvatures = [1.0]");
    assert!(bowl.starts_with("`laws.start` is [0.8]"), "{bowl}");
    let batch = refusal(&format!("{QUARTIC}{}", panel.replace("1/k", "B")));
    assert!(batch.starts_with("`panel.x` is B"), "{batch}");
    let levy = with("name = \"langevin\"\nbeta = 3.0", "name = \"levy\"\nalpha = 1.5\nscale = 0.1");
    assert!(levy.contains("laws are predicted for sgd, sde, sgld and langevin"), "{levy}");
}
