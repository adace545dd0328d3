//! Random trees, random overrides and random cuts: a study is read or refused, and what is read keeps its promises.

use super::*;
use proptest::prelude::*;

/// A TOML value of any shape, in the words of studies.
fn any_value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<f64>().prop_map(|number| Value::Number(number).to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<bool>().prop_map(|truth| truth.to_string()),
        prop::sample::select(vec![
            "\"sgd\"",
            "\"langevin\"",
            "\"gaussian\"",
            "\"x\"",
            "1979-05-27",
            "\"quadratic\""
        ])
        .prop_map(str::to_owned),
        Just("1".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|values| format!("[{}]", values.join(", "))),
            prop::collection::vec(("[a-c]{1,2}", inner), 0..3).prop_map(|entries| {
                let mut entries: Vec<_> = entries;
                entries.dedup_by(|a, b| a.0 == b.0);
                let entries: Vec<_> = entries.iter().map(|(key, value)| format!("{key} = {value}")).collect();
                format!("{{ {} }}", entries.join(", "))
            }),
        ]
    })
}

fn any_path() -> impl Strategy<Value = String> {
    let paths: Vec<&str> = keys::all()
        .map(|key| key.path)
        .chain(["sweep.zip", "quick.seed", "rule", "landscape.parameters.a", "x"])
        .collect();
    prop::sample::select(paths).prop_map(|path| path.replace('*', "a"))
}

/// Whatever is accepted must keep its promises.
fn examine(study: &Study) -> Result<(), TestCaseError> {
    let resolved = study.resolved_toml();
    let again = parse(&resolved).map_err(|error| TestCaseError::fail(format!("{resolved}\n{error}")))?;
    prop_assert_eq!(&again.resolved_toml(), &resolved);
    prop_assert_eq!(again.cell_count(), study.cell_count());
    for index in (0..study.cell_count()).take(50) {
        let cell = study.cell(index).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(again.cell(index).map_err(|error| TestCaseError::fail(error.to_string()))?, cell);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_trees_are_read_or_refused(entries in prop::collection::vec((any_path(), any_value()), 0..12)) {
        let text = entries.iter().map(|(path, value)| format!("{path} = {value}")).collect::<Vec<_>>().join("\n");
        match parse(&text) {
            Ok(study) => examine(&study)?,
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn valid_studies_with_random_overrides_are_read_or_refused(
        base in prop::sample::select(vec![ESCAPE, SGD, NAMED]),
        changes in prop::collection::vec((any_path(), any_value()), 0..3),
    ) {
        let set = changes.iter().map(|(path, value)| format!("{path}={value}")).collect();
        match Study::parse("s.toml", base, &Overrides { quick: false, set }) {
            Ok(study) => examine(&study)?,
            Err(error) => {
                let text = error.to_string();
                prop_assert!(!text.contains("please report"), "{}", text);
            }
        }
    }

    #[test]
    fn valid_studies_with_random_cuts_are_read_or_refused(
        base in prop::sample::select(vec![ESCAPE, SGD, NAMED]),
        start in any::<prop::sample::Index>(),
        length in 0_usize..40,
        insert in "[ -~]{0,6}",
    ) {
        let start = start.index(base.len());
        let end = (start + length).min(base.len());
        let text = format!("{}{insert}{}", &base[..start], &base[end..]);
        match parse(&text) {
            Ok(study) => examine(&study)?,
            Err(error) => prop_assert!(!error.to_string().contains("please report")),
        }
    }

    #[test]
    fn lists_of_choices_sweep_or_are_refused(
        rules in prop::collection::vec(prop::sample::select(vec!["sgd", "heavy-ball", "sgld", "svag", "langevin", "sde", "levy"]), 1..4),
        extra in prop::collection::vec(prop::sample::select(vec![
            "momentum = 0.9", "weight_decay = 0.1", "amplification = [1, 2]", "beta = 1", "alpha = 1.5",
            "scale = 1", "step_size = 0.1", "integrator = \"heun\"", "schedule = [\"constant\", \"cosine\"]",
            "schedule_steps = 5", "substeps = 2", "interpretation = \"ito\"",
        ]), 0..9),
        noise in prop::sample::select(vec!["", "name = [\"gaussian\", \"hessian\"]\nstandard_deviation = 1\nscale = [1, 2]"]),
    ) {
        let mut extra = extra;
        extra.sort_unstable();
        extra.dedup();
        let noise = if noise.is_empty() { String::new() } else { format!("[noise]\n{noise}\n") };
        let text = format!(
            "study = \"simulate\"\n[landscape]\nformula = \"x^2\"\n[rule]\nname = {rules:?}\nlearning_rate = 0.1\n{}\n{noise}\
             [simulate]\nstart = [0]\nsteps = 5\ntime = 1\n", extra.join("\n"),
        );
        match parse(&text) {
            Ok(study) => examine(&study)?,
            Err(error) => prop_assert!(!error.to_string().contains("please report")),
        }
    }
}
