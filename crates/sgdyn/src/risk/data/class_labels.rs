//! Classes from the labels of a file.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::dataset::Labels;
use super::error::DatasetError;

/// Numbers the classes in the order of their values if all are numbers, otherwise of their texts.
pub(super) fn found(texts: &[Cow<'_, str>]) -> Labels {
    let numbers: Option<Vec<f64>> = texts.iter().map(|text| text.parse().ok()).collect();
    if let Some(numbers) = numbers {
        // `1` and `1.0` are one class. Adding 0 turns −0 into 0, so that the order of bits below is that of values.
        let ordered = |value: f64| {
            let bits = (value + 0.0).to_bits() as i64;
            bits ^ (((bits >> 63) as u64) >> 1) as i64
        };
        numbered(numbers.iter().map(|&number| ordered(number)), texts)
    } else {
        numbered(texts.iter().map(AsRef::as_ref), texts)
    }
}

fn numbered<K: Ord + Clone>(keys: impl Iterator<Item = K> + Clone, texts: &[Cow<'_, str>]) -> Labels {
    let mut found: BTreeMap<K, (u32, String)> = BTreeMap::new();
    for (key, text) in keys.clone().zip(texts) {
        found.entry(key).or_insert_with(|| (0, text.to_string()));
    }
    for (index, (number, _)) in found.values_mut().enumerate() {
        *number = index as u32;
    }
    Labels::Classes {
        of_sample: keys.map(|key| found[&key].0).collect(),
        names: found.into_values().map(|(_, name)| name).collect(),
    }
}

/// The classes 0 … `count` − 1, whichever of them occur; `rows` are the labels with their places in `file`.
pub(super) fn declared<'t>(
    file: &str,
    count: usize,
    rows: impl Iterator<Item = (usize, &'t str)>,
) -> Result<Labels, DatasetError> {
    let of_sample = rows.map(|(row, text)| {
        let class = text.parse::<f64>().ok().filter(|class| class.fract() == 0.0 && *class >= 0.0);
        class.filter(|&class| class < count as f64).map(|class| class as u32).ok_or_else(|| {
            DatasetError::LabelOutsideClasses {
                file: file.to_owned(),
                row,
                label: text.to_owned(),
                classes: count,
            }
        })
    });
    let of_sample = of_sample.collect::<Result<_, _>>()?;
    Ok(Labels::Classes { of_sample, names: (0..count).map(|class| class.to_string()).collect() })
}
