//! Tests of whole studies: errors as they are read, sweeps, overrides, and arbitrary input.

mod arbitrary_input;

use super::*;
use crate::study::datum::Datum;
use crate::study::{Landscape, Noise, Parameter, Question, Rule, Sampling, Schedule, Start};

const ESCAPE: &str = r#"study = "escape"
seed = 3

[landscape]
formula = "a*x^4 - 2*x^2"
parameters = { a = 1 }

[rule]
name = "langevin"
beta = [1, 3, 5]
step_size = 0.01

[escape]
start = [1.0]
target = "x <= -0.5"
max_time = 1e6
"#;

const SGD: &str = r#"study = "stationary"

[landscape]
risk = "logistic"
data = "banknote"

[rule]
name = "sgd"
learning_rate = 0.1
batch_size = 8

[stationary]
burn_in = 100
steps = 1000
"#;

const NAMED: &str = r#"study = "simulate"
[landscape]
name = "quadratic"
parameters = { curvatures = [[1, 10], [1, 100]] }
[rule]
name = ["sgd", "svag", "langevin"]
learning_rate = [0.1, 0.2]
batch_size = 4
amplification = 4
beta = 2
step_size = 0.01
[noise]
name = "covariance"
matrix = [[1, 0.5], [0.5, 1]]
[simulate]
start = [1, 1]
steps = 100
time = 1
"#;

fn parse(text: &str) -> Result<Study, DescriptionError> {
    Study::parse("s.toml", text, &Overrides::default())
}

fn with(text: &str, set: &[&str]) -> Result<Study, DescriptionError> {
    let set = set.iter().map(ToString::to_string).collect();
    Study::parse("s.toml", text, &Overrides { quick: false, set })
}

/// The first line of the error of a text with one piece replaced.
fn error(text: &str, piece: &str, by: &str) -> String {
    assert!(text.contains(piece), "{piece}");
    parse(&text.replace(piece, by)).map_or_else(|error| error.to_string(), |study| study.resolved_toml())
}

#[test]
fn a_study_becomes_types_with_defaults() {
    let study = parse(ESCAPE).unwrap();
    assert_eq!((study.name(), study.seed(), study.cell_count()), ("s", 3, 3));
    let Landscape::Formula(formula) = &study.first().landscape else { panic!("formula") };
    assert_eq!((formula.parameters["a"], &formula.variables), (1.0, &None));
    let Question::Escape(escape) = &study.first().question else { panic!("escape") };
    assert!(escape.crossing_correction && escape.target == ["x <= -0.5"]);
    assert_eq!((escape.max_time, escape.max_steps), (Some(1e6), None));
    assert_eq!((study.first().noise.clone(), study.first().ensemble.replicas), (None, 10_000));

    let study = parse(SGD).unwrap();
    let Rule::Sgd { step, weight_decay } = &study.first().rule else { panic!("sgd") };
    assert_eq!((step.batch_size, step.sampling, *weight_decay), (8, Some(Sampling::WithReplacement), 0.0));
    assert_eq!(step.schedule, Schedule::Constant);
    let Question::Stationary(stationary) = &study.first().question else { panic!("stationary") };
    assert!(matches!(stationary.start, Start::Named(_)));
}

#[test]
fn every_rule_noise_and_schedule_has_a_type() {
    let study = |rule: &str, noise: &str| {
        let time =
            ["langevin", "sde", "sme2", "levy"].iter().any(|name| rule.contains(&format!("\"{name}\"")));
        let end = if time { "time = 1.0" } else { "steps = 10" };
        let noise = if noise.is_empty() { String::new() } else { format!("[noise]\n{noise}\n") };
        format!(
            "study = \"simulate\"\n[landscape]\nname = \"double-well\"\n[rule]\n{rule}\n{noise}[simulate]\n\
             start = [1.0]\n{end}\n"
        )
    };
    let gaussian = "name = \"gaussian\"\nstandard_deviation = 1";
    let sgd = "name = \"sgd\"\nlearning_rate = 0.1";
    for rule in [
        "name = \"heavy-ball\"\nlearning_rate = 0.1\nmomentum = 0.9\nweight_decay = 0.1",
        "name = \"nesterov\"\nlearning_rate = 0.1\nmomentum = 0.0",
        "name = \"sgld\"\nlearning_rate = 0.1\nbeta = 2",
        "name = \"svag\"\nlearning_rate = 0.1\namplification = 4",
        "name = \"sde\"\nlearning_rate = 0.1\nstep_size = 0.1\ninterpretation = \"anti-ito\"",
        "name = \"sme2\"\nlearning_rate = 0.1\nstep_size = 0.1\nsubsteps = 2\nintegrator = \"heun\"",
        "name = \"sgd\"\nlearning_rate = 0.1\nschedule = \"step\"\nschedule_every = 10\nschedule_factor = 0.5",
        "name = \"sgd\"\nlearning_rate = 0.1\nschedule = \"exponential\"\nschedule_factor = 0.5",
        "name = \"sgd\"\nlearning_rate = 0.1\nschedule = \"cosine\"\nschedule_steps = 5",
        "name = \"sgd\"\nlearning_rate = 0.1\nschedule = \"warmup\"\nschedule_steps = 5",
    ] {
        parse(&study(rule, gaussian)).unwrap_or_else(|error| panic!("{rule}: {error}"));
    }
    for rule in [
        "name = \"langevin\"\nbeta = 1\nstep_size = 0.1\nintegrator = \"weak-order-2\"",
        "name = \"levy\"\nalpha = 1.5\nscale = 0.1\nstep_size = 0.1",
        "name = \"sgld\"\nlearning_rate = 0.1\nbeta = 2",
    ] {
        parse(&study(rule, "")).unwrap_or_else(|error| panic!("{rule}: {error}"));
    }
    for noise in [
        "name = \"white\"\nstandard_deviation = 1",
        "name = \"covariance\"\nmatrix = [[1]]",
        "name = \"low-rank\"\nfactor = [[1, 2]]",
        "name = \"formula\"\nentries = [[\"1 + x^2\"]]",
        "name = \"hessian\"",
        "name = \"switching\"\ninside = \"x > 0.5\"\nvariance_inside = 1\nvariance_outside = 2",
        "name = \"loss-proportional\"\nscale = 2\nfloor = 0.1",
        "name = \"stable\"\nalpha = 1.5",
        "name = \"student-t\"\ndegrees_of_freedom = 3",
    ] {
        parse(&study(sgd, noise)).unwrap_or_else(|error| panic!("{noise}: {error}"));
    }
    let heavy =
        parse(&study("name = \"sde\"\nlearning_rate = 0.1\nstep_size = 0.1", "name = \"stable\"\nalpha = 1"));
    assert!(heavy.unwrap_err().to_string().starts_with("`noise.name` has no choice \"stable\""));
}

#[test]
fn errors_show_the_key_the_reason_and_the_place() {
    assert_eq!(
        error(ESCAPE, "step_size = 0.01", "step_sise = 0.01"),
        "unknown key `rule.step_sise`: did you mean `rule.step_size`?\n  --> s.toml:11:1\n   |\n11 | step_sise = 0.01\n   | ^^^^^^^^^"
    );
    assert_eq!(
        error(ESCAPE, "step_size = 0.01", "learning_rate = 0.01").lines().next().unwrap(),
        "`rule.learning_rate` does not fit here: it belongs to rule.name = \"sgd\", \"heavy-ball\", \"nesterov\", \
         \"sgld\", \"svag\", \"sde\" or \"sme2\", and this study has rule.name = \"langevin\"; langevin and levy have \
         no learning rate; their step in time is `rule.step_size`"
    );
    assert_eq!(
        error(ESCAPE, "start = [1.0]\n", ""),
        "missing key `escape.start` (a list of numbers): Where every replica starts.\n  --> s.toml:13:2\n   |\n13 | [escape]\n   |  ^^^^^^"
    );
    assert_eq!(
        error(ESCAPE, "[1, 3, 5]", "[1, 0, 5]"),
        "`rule.beta` = 0 is out of range: it must be > 0\n  --> s.toml:10:12\n   |\n10 | beta = [1, 0, 5]\n   |            ^"
    );
    for (text, piece, by, expected) in [
        (ESCAPE, "[1, 3, 5]", "[1, \"x\"]", "`rule.beta` takes a number > 0, and was given text: \"x\""),
        (ESCAPE, "[1, 3, 5]", "[]", "`rule.beta` is an empty list"),
        (ESCAPE, "0.01", "nan", "`rule.step_size` = nan is out of range: it must be > 0"),
        (
            ESCAPE,
            "\"langevin\"",
            "\"langevn\"",
            "`rule.name` has no choice \"langevn\": did you mean `langevin`?",
        ),
        (
            ESCAPE,
            "seed = 3",
            "seed = [3, 4]",
            "`seed` takes a whole number ≥ 0, and was given a list: [3, 4]",
        ),
        (ESCAPE, "seed = 3", "seed = -3", "`seed` = -3 is out of range: it must be ≥ 0 and below 2⁶⁴"),
        (ESCAPE, "seed = 3", "sed = 3", "unknown key `sed`: did you mean `seed`?"),
        (ESCAPE, "seed = 3", "rule = 3", "not valid TOML: duplicate key"),
        (
            ESCAPE,
            "max_time",
            "max_steps",
            "`escape.max_steps` does not fit here: it belongs to rule.name = \"sgd\"",
        ),
        (
            ESCAPE,
            "\"escape\"",
            "\"simulate\"",
            "`escape.start` does not fit here: it belongs to study = \"escape\", and this study has study = \"simulate\"",
        ),
        (
            ESCAPE,
            "formula = \"a*x^4 - 2*x^2\"\n",
            "",
            "a study has exactly one of `landscape.formula`, `landscape.name`, `landscape.risk`; this one has none",
        ),
        (ESCAPE, "[rule]", "risk = \"mean\"\n[rule]", "a study has exactly one of"),
        (
            ESCAPE,
            "a = 1",
            "\"a b\" = 1",
            "`landscape.parameters.a b` does not fit here: the name of a parameter",
        ),
        (
            ESCAPE,
            "\"langevin\"\n",
            "\"langevin\"\n[noise]\nname = \"gaussian\"\n[rule2]\n",
            "unknown key `rule2`: did you mean `rule`?",
        ),
        (
            ESCAPE,
            "[escape]",
            "[noise]\nstandard_deviation = 1\nname = \"gaussian\"\n[escape]",
            "`noise.name` does not fit here: it belongs to rule.name = \"sgd\"",
        ),
        (
            SGD,
            "learning_rate = 0.1",
            "learning_rate = 0.0",
            "`rule.learning_rate` = 0.0 is out of range: it must be > 0",
        ),
        (SGD, "batch_size = 8", "batch_size = 0", "`rule.batch_size` = 0 is out of range"),
        (
            SGD,
            "batch_size = 8",
            "beta = 8",
            "`rule.beta` does not fit here: it belongs to rule.name = \"langevin\" or \"sgld\", and this study has rule.name = \"sgd\"",
        ),
        (
            SGD,
            "batch_size = 8",
            "integrator = \"heun\"",
            "`rule.integrator` does not fit here: it belongs to rule.name = \"langevin\", \"sde\", \"sme2\" or \"levy\", and this study has rule.name = \"sgd\"; a discrete rule is a map",
        ),
        (
            SGD,
            "batch_size = 8",
            "momentum = 0.9",
            "`rule.momentum` does not fit here: it belongs to rule.name = \"heavy-ball\" or \"nesterov\"",
        ),
        (
            SGD,
            "\"sgd\"",
            "\"nesterov\"\nmomentum = 1.0",
            "`rule.momentum` = 1.0 is out of range: it must be in [0, 1)",
        ),
        (SGD, "name = \"sgd\"\n", "", "missing key `rule.name`"),
        (
            SGD,
            "[stationary]",
            "[noise]\nname = \"gaussian\"\nstandard_deviation = 1\n[stationary]",
            "`noise.name` does not fit here: it belongs to a study without landscape.risk, and this study has landscape.risk = \"logistic\"; the noise of a risk comes from its minibatches",
        ),
        (SGD, "risk = \"logistic\"\ndata = \"banknote\"", "formula = \"x^2\"", "missing key `noise.name`"),
        (
            SGD,
            "risk = \"logistic\"\ndata = \"banknote\"",
            "name = \"rastrigin\"\nparameters.dimensions = 3",
            "unknown key `landscape.parameters.dimensions`: did you mean `landscape.parameters.dimension`?",
        ),
        (
            SGD,
            "\"banknote\"",
            "\"banknote\"\nintercept = 1",
            "`landscape.intercept` takes true or false, and was given a whole number: 1",
        ),
        (
            SGD,
            "[rule]",
            "[rule]\nschedule_every = 2",
            "`rule.schedule_every` does not fit here: it belongs to rule.schedule = \"step\", and this study has rule.schedule = \"constant\"",
        ),
        (
            SGD,
            "[stationary]",
            "[sweep]\nzip = [\"rule.learning_rate\", \"rule.batch_size\"]\n[stationary]",
            "`sweep.zip` names `rule.learning_rate`, which is not swept: it needs a list",
        ),
        (
            SGD,
            "[stationary]",
            "[quick]\n\"ensemble.replica\" = 3\n[stationary]",
            "unknown key `ensemble.replica`",
        ),
        (
            SGD,
            "[stationary]",
            "[quick]\n\"ensemble.replicas\" = 0\n[stationary]",
            "`ensemble.replicas` = 0 is out of range",
        ),
        (SGD, "[rule]", "[rule]\n\"x.y\" = 1", "unknown key `rule.x.y`"),
    ] {
        let found = error(text, piece, by);
        assert!(found.starts_with(expected), "{by}\n{found}\n{expected}");
    }
    let missing = Study::read(Path::new("/no/such/study.toml"), &Overrides::default()).unwrap_err();
    assert!(missing.to_string().starts_with("cannot read the study /no/such/study.toml"));
}

fn numbers(study: &Study) -> Vec<Vec<String>> {
    let show = |datum: &Datum| match datum {
        Datum::Number(number) => number.to_string(),
        Datum::Count(count) => count.to_string(),
        Datum::Text(text) => text.clone(),
        other => format!("{other:?}"),
    };
    study
        .cells()
        .map(|cell| cell.unwrap().coordinates.iter().map(|coordinate| show(&coordinate.value)).collect())
        .collect()
}

#[test]
fn lists_multiply_and_the_last_varies_fastest() {
    let text = SGD.replace("0.1", "[0.1, 0.2]").replace("batch_size = 8", "batch_size = [1, 2, 3]");
    let study = parse(&text).unwrap();
    let expected = [["0.1", "1"], ["0.1", "2"], ["0.1", "3"], ["0.2", "1"], ["0.2", "2"], ["0.2", "3"]];
    assert_eq!(numbers(&study), expected);
    let columns: Vec<_> = study.swept().collect();
    assert_eq!(columns, [("rule.learning_rate", "learning_rate"), ("rule.batch_size", "batch_size")]);
    assert!(matches!(study.cell(6), Err(DescriptionError::NoSuchCell { index: 6, cells: 6 })));
}

#[test]
fn zipped_lists_are_walked_together() {
    let text =
        SGD.replace("0.1", "[0.1, 0.2]").replace("batch_size = 8", "batch_size = [4, 8]") + "[landscape2]\n";
    let text = text.replace("[landscape2]\n", "[ensemble]\nreplicas = [10, 20]\n[sweep]\n");
    for zip in
        ["[\"rule.learning_rate\", \"rule.batch_size\"]", "[[\"rule.learning_rate\", \"rule.batch_size\"]]"]
    {
        let study = parse(&format!("{text}zip = {zip}\n")).unwrap();
        let expected = [["0.1", "4", "10"], ["0.1", "4", "20"], ["0.2", "8", "10"], ["0.2", "8", "20"]];
        assert_eq!(numbers(&study), expected);
        assert_eq!(numbers(&parse(&study.resolved_toml()).unwrap()), expected);
    }
    let unequal =
        text.replace("[4, 8]", "[4, 8, 16]") + "zip = [\"rule.learning_rate\", \"rule.batch_size\"]";
    let message = parse(&unequal).unwrap_err().to_string();
    assert!(message.contains("`rule.learning_rate` has 2 values, `rule.batch_size` has 3"), "{message}");
    let twice = text.clone() + "zip = [\"rule.batch_size\", \"rule.batch_size\"]";
    assert!(parse(&twice).unwrap_err().to_string().contains("twice"));
    let alone = text + "zip = [[\"rule.batch_size\"]]";
    assert!(parse(&alone).unwrap_err().to_string().contains("alone"));
}

#[test]
fn a_swept_rule_may_be_told_what_only_one_rule_takes() {
    let study = parse(NAMED).unwrap();
    assert_eq!(study.cell_count(), 12);
    let langevin = study.cell(4).unwrap();
    assert!(matches!(langevin.description.rule, Rule::Langevin { .. }));
    assert_eq!(langevin.description.noise, None);
    // The learning rate does not fit langevin, and its column says so.
    assert_eq!(langevin.coordinates[2].value, Datum::Missing);
    assert_eq!(langevin.coordinates[0].value, Datum::Text("[1.0, 10.0]".into()));
    let svag = study.cell(8).unwrap();
    assert!(matches!(svag.description.rule, Rule::Svag { amplification: 4, .. }));
    assert!(matches!(svag.description.noise, Some(Noise::Covariance { .. })));
    let Landscape::Named(named) = svag.description.landscape else { panic!("named") };
    assert_eq!(named.parameters["curvatures"], Parameter::Vector(vec![1.0, 100.0]));
    // What fits no cell is an error.
    let never = error(NAMED, "amplification = 4", "amplification = 4\nmomentum = 0.9");
    assert!(
        never.starts_with("`rule.momentum` does not fit here: it belongs to no cell of the sweep"),
        "{never}"
    );
}

#[test]
fn columns_that_collide_have_their_whole_path() {
    let text = ESCAPE.replace("a*x^4", "beta*x^4").replace("a = 1", "beta = [1, 2]");
    let columns: Vec<_> = parse(&text).unwrap().swept().map(|(_, column)| column.to_owned()).collect();
    assert_eq!(columns, ["landscape_parameters_beta", "rule_beta"]);
    // A parameter may be called as the whole path of another key.
    let text = text.replace("beta = [1, 2]", "beta = [1, 2], rule_beta = [3, 4]");
    let columns: Vec<_> = parse(&text).unwrap().swept().map(|(_, column)| column.to_owned()).collect();
    assert_eq!(columns, ["landscape_parameters_beta", "landscape_parameters_rule_beta", "rule_beta"]);
}

#[test]
fn sweeps_are_counted_before_they_are_made() {
    let list = format!("[{}]", "1, ".repeat(1001));
    let text = ESCAPE.replace("[1, 3, 5]", &list).replace("0.01", &list);
    assert!(
        parse(&text).unwrap_err().to_string().starts_with("the sweep has 1002001 cells (rule.beta: 1001")
    );
    let text =
        ESCAPE.replace("a = 1", &(0..60).map(|i| format!("p{i} = {list}")).collect::<Vec<_>>().join(", "));
    assert!(parse(&text).unwrap_err().to_string().starts_with("the sweep has more than 2^64 cells"));
}

#[test]
fn a_sweep_of_the_largest_size_is_taken_cell_by_cell() {
    let list = |length: usize| (1..=length).map(|value| value.to_string()).collect::<Vec<_>>().join(", ");
    let text = ESCAPE
        .replace("[1, 3, 5]", &format!("[{}]", list(1000)))
        .replace("0.01", &format!("[{}]", list(1000)));
    let study = parse(&text).unwrap();
    assert_eq!(study.cell_count(), crate::study::MOST_CELLS);
    let Rule::Langevin { beta, integration } = study.cell(999_998).unwrap().description.rule else {
        panic!("langevin")
    };
    assert_eq!((beta, integration.step_size), (1000.0, 999.0));
}

#[test]
fn overrides_apply_in_their_order() {
    let text = format!("{ESCAPE}[quick]\n\"rule.beta\" = 7\nensemble.replicas = 5\nseed = 9\n");
    let overrides =
        |quick, set: &[&str]| Overrides { quick, set: set.iter().map(ToString::to_string).collect() };
    let study = |quick, set: &[&str]| Study::parse("s.toml", &text, &overrides(quick, set)).unwrap();
    assert_eq!(study(false, &[]).cell_count(), 3);
    let quick = study(true, &["seed=11", "rule.integrator=euler-maruyama", "title=5"]);
    assert_eq!((quick.cell_count(), quick.seed(), quick.first().ensemble.replicas), (1, 11, 5));
    assert_eq!(quick.first().title.as_deref(), Some("5"));
    assert!(!quick.resolved_toml().contains("quick"));
    let swept = with(
        &text,
        &["rule.beta=[1, 2]", "rule.step_size = [0.1, 0.2]", "sweep.zip=[\"rule.beta\", \"rule.step_size\"]"],
    );
    assert_eq!(swept.unwrap().cell_count(), 2);
    let target = with(&text, &["escape.target=x <= -1", "landscape.formula=3"]).unwrap();
    let Question::Escape(escape) = &target.first().question else { panic!("escape") };
    assert_eq!(escape.target, ["x <= -1"]);
    for (set, expected) in [
        ("rule.betta=1", "unknown key `rule.betta`: did you mean `rule.beta`?\n --> from --set rule.betta=1"),
        ("rule.beta=-1", "`rule.beta` = -1 is out of range: it must be > 0\n --> from --set rule.beta=-1"),
        ("rule.beta=fast", "`rule.beta` takes a number > 0, and was given text: \"fast\""),
        ("rule.beta", "--set rule.beta: there is no `=`"),
        ("=1", "--set =1: the path is empty"),
        ("rule.beta=", "--set rule.beta=: the value is empty"),
        ("rule.beta=[1", "--set rule.beta=[1: "),
        ("rule=1", "`rule` takes a table of keys, and was given a whole number: 1"),
        ("rule.beta.x=1", "unknown key `rule.beta.x`"),
        ("quick.seed=1", "unknown key `quick.seed`"),
    ] {
        let found = with(&text, &[set]).unwrap_err().to_string();
        assert!(found.starts_with(expected), "{found}");
    }
}

#[test]
fn the_resolved_text_reads_back_as_the_same_study() {
    for text in [ESCAPE, SGD, NAMED] {
        let study = parse(text).unwrap();
        let resolved = study.resolved_toml();
        let again = parse(&resolved).unwrap_or_else(|error| panic!("{resolved}\n{error}"));
        assert_eq!(again.resolved_toml(), resolved);
        assert_eq!(again.cell_count(), study.cell_count());
        for (cell, other) in study.cells().zip(again.cells()) {
            assert_eq!(cell.unwrap(), other.unwrap());
        }
    }
    assert!(parse(ESCAPE).unwrap().resolved_toml().contains("beta = [1.0, 3.0, 5.0]"));
}

#[test]
fn default_parameters_of_a_landscape_are_printed_where_they_are_read_back() {
    let text = "study = \"escape\"\n[landscape]\nname = \"double-well\"\n[rule]\nname = \"langevin\"\nbeta = 4\n\
                step_size = 0.1\n[escape]\nstart = [1.0]\ntarget = \"x < 0\"\n";
    let resolved = parse(text).unwrap().resolved_toml();
    assert_eq!(parse(&resolved).unwrap().resolved_toml(), resolved);
}
