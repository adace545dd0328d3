//! The nearest known name to an unknown one.

/// Names longer than this are not compared: edit distances cost the product of the lengths.
const LONGEST: usize = 100;

/// Below this similarity (1 − edit distance / length) a suggestion confuses more than it helps.
const SIMILAR: f64 = 0.6;

/// What people write for keys of the schema, from other tools.
const SYNONYMS: &[(&str, &str)] = &[
    ("lr", "rule.learning_rate"),
    ("eta", "rule.learning_rate"),
    ("batch", "rule.batch_size"),
    ("mu", "rule.momentum"),
    ("dt", "rule.step_size"),
    ("temperature", "rule.beta"),
    ("method", "rule.integrator"),
    ("solver", "rule.integrator"),
    ("sigma", "noise.standard_deviation"),
    ("std", "noise.standard_deviation"),
    ("paths", "ensemble.replicas"),
    ("samples", "ensemble.replicas"),
    ("dtype", "ensemble.precision"),
    ("potential", "landscape.formula"),
    ("standardize", "landscape.standardise"),
];

/// The most similar of `names` to `name`, if one is similar enough. The first of equals wins.
pub(crate) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name: String = comparable(name)?;
    best(names.map(|known| (similarity(&name, known), known)))
}

/// The most similar key path to `path`: a slip in the key, a key in the wrong table, or another tool's word.
pub(crate) fn nearest_key<'a>(path: &str, paths: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let path = comparable(path)?;
    let (table, last) = split(&path);
    if let Some((_, key)) = SYNONYMS.iter().find(|(word, _)| *word == last) {
        return Some(key);
    }
    best(paths.map(|known| {
        let (known_table, known_last) = split(known);
        let weight = if table == known_table { 1.0 } else { 0.9 };
        let own = weight * similarity(last, known_last);
        // Where both the table and the key are misspelt, the whole path decides.
        let whole = if table == known_table { 0.0 } else { 0.95 * similarity(&path, known) };
        (own.max(whole), known)
    }))
}

fn comparable(name: &str) -> Option<String> {
    (name.len() <= LONGEST).then(|| name.to_lowercase().replace('-', "_"))
}

fn similarity(name: &str, known: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(name, &known.replace('-', "_"))
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

fn best<'a>(scored: impl Iterator<Item = (f64, &'a str)>) -> Option<&'a str> {
    scored
        .filter(|(score, _)| *score >= SIMILAR)
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_wrong_tables_and_synonyms_are_found() {
        let paths = ["seed", "rule.learning_rate", "rule.beta", "noise.scale", "ensemble.replicas"];
        let near = |path| nearest_key(path, paths.into_iter());
        assert_eq!(near("rule.learing_rate"), Some("rule.learning_rate"));
        assert_eq!(near("rule.Learning-Rate"), Some("rule.learning_rate"));
        assert_eq!(near("learning_rate"), Some("rule.learning_rate"));
        assert_eq!(near("rules.learning_rat"), Some("rule.learning_rate"));
        assert_eq!(near("rule.lr"), Some("rule.learning_rate"));
        assert_eq!(near("rule.colour"), None);
        assert_eq!(near(&"x".repeat(1_000_000)), None);
        assert_eq!(nearest("heavyball", ["sgd", "heavy-ball"].into_iter()), Some("heavy-ball"));
    }
}
