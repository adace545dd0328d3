//! Where an axis is marked and what is written there.

use crate::number::{minus, significant, superscript};
use crate::scale::Map;

/// The marks of an axis.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ticks {
    /// Pixel and text of each labelled mark, in the order of values.
    pub(crate) major: Vec<(f64, String)>,
    /// Pixels of the marks between.
    pub(crate) minor: Vec<f64>,
    /// What every label is to be multiplied by or added to; empty if nothing.
    pub(crate) common: String,
}

/// How much room labels need.
pub(crate) struct Room<'a> {
    /// The extent of a label along the axis.
    pub(crate) extent: &'a dyn Fn(&str) -> f64,
    /// The smallest distance between labels.
    pub(crate) gap: f64,
    /// The smallest distance between labelled marks.
    pub(crate) spacing: f64,
}

impl Room<'_> {
    fn fits(&self, marks: &[(f64, String)]) -> bool {
        marks.windows(2).all(|pair| {
            let distance = (pair[1].0 - pair[0].0).abs();
            let needed = f64::midpoint((self.extent)(&pair[0].1), (self.extent)(&pair[1].1)) + self.gap;
            distance >= needed.max(self.spacing)
        })
    }
}

/// The marks for the range of `map`.
pub(crate) fn ticks(map: &Map, room: &Room<'_>) -> Ticks {
    if map.is_log() { logarithmic(map, room) } else { linear(map, room) }
}

/// The finest multiples of 1, 2 or 5 × 10ⁿ whose labels do not touch.
fn linear(map: &Map, room: &Room<'_>) -> Ticks {
    let (low, high) = map.ends();
    let span = high - low;
    if !span.is_normal() {
        return Ticks::default();
    }
    let decade = span.log10().floor() as i32;
    let mut coarsest = Ticks::default();
    for exponent in decade - 2..=decade + 1 {
        for digit in [1.0, 2.0, 5.0] {
            let step = digit * 10f64.powi(exponent);
            // A hair of slack keeps ends such as 0.3 = 3 × 0.1 that rounding pushed outside.
            let (first, last) = ((low / step - 1e-6).ceil(), (high / step + 1e-6).floor());
            let few = (last - first).is_finite() && last - first < 400.0;
            if !step.is_normal() || !few {
                continue;
            }
            let count = (last - first + 1.0).max(0.0) as usize;
            let values: Vec<f64> = (0..count).map(|k| (first + k as f64) * step).collect();
            let candidate = labelled(map, &values, exponent, span);
            if candidate.major.len() < 2 && !coarsest.major.is_empty() {
                return ends_of(coarsest);
            }
            if room.fits(&candidate.major) {
                return candidate;
            }
            coarsest = candidate;
        }
    }
    ends_of(coarsest)
}

/// The first and the last label alone: where more touch and the next coarser step has one at most.
fn ends_of(mut ticks: Ticks) -> Ticks {
    let labels = ticks.major.len();
    if labels > 2 {
        ticks.major.drain(1..labels - 1);
    }
    ticks
}

/// Labels for multiples of a step with the given decimal exponent.
fn labelled(map: &Map, values: &[f64], step_exponent: i32, span: f64) -> Ticks {
    let largest = values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    let top = if largest > 0.0 { largest.log10().floor() as i32 } else { 0 };
    // Seven digits that agree are written once, at the end of the axis.
    let offset = if top - step_exponent > 5 {
        let unit = 10f64.powi(span.log10().ceil() as i32 + 1);
        (values.first().copied().unwrap_or(0.0) / unit).floor() * unit
    } else {
        0.0
    };
    let top = if offset == 0.0 { top } else { step_exponent + 1 };
    let power = if top >= 5 || step_exponent < -4 { top } else { 0 };
    let decimals = (power - step_exponent).max(0) as usize;
    let label = |value: f64| {
        let text = format!("{:.decimals$}", (value - offset) / 10f64.powi(power) + 0.0);
        let zero = text.chars().all(|c| !c.is_ascii_digit() || c == '0');
        minus(if zero { text.trim_start_matches('-') } else { &text })
    };
    let major = values.iter().filter_map(|&value| Some((map.pixel(value)?, label(value)))).collect();
    let mut common = if power == 0 { String::new() } else { format!("×10{}", superscript(power)) };
    if offset != 0.0 {
        let sign = if offset < 0.0 { "−" } else { "+" };
        let space = if common.is_empty() { "" } else { " " };
        common += &format!("{space}{sign} {}", significant(offset.abs(), 15));
    }
    Ticks { major, minor: Vec::new(), common }
}

/// Decades where the range has two or more, simple multiples of them where it has fewer.
fn logarithmic(map: &Map, room: &Room<'_>) -> Ticks {
    let (low, high) = map.decades();
    let (first, last) = ((low - 1e-9).ceil() as i32, (high + 1e-9).floor() as i32);
    if last > first {
        return decades(map, room, first, last);
    }
    multiples(map, room, first).unwrap_or_else(|| linear(map, room))
}

fn decades(map: &Map, room: &Room<'_>, first: i32, last: i32) -> Ticks {
    let mark =
        |exponent: i32| Some((map.pixel(10f64.powi(exponent))?, format!("10{}", superscript(exponent))));
    // Decades may stand closer than the numbers of a linear axis.
    let room = Room { spacing: room.spacing.min(26.0), ..*room };
    let mut strides = [1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300].into_iter();
    let (major, stride) = loop {
        let stride = strides.next().unwrap_or(600);
        // Labels at multiples of the stride, so that panels side by side agree.
        let marks: Vec<_> =
            (first..=last).filter(|exponent| exponent.rem_euclid(stride) == 0).filter_map(mark).collect();
        if room.fits(&marks) || stride == 600 {
            break (marks, stride);
        }
    };
    let pixels_per_decade = map.length / f64::from(last - first + 1);
    let minor = if stride == 1 && pixels_per_decade >= 18.0 {
        between_decades(map, first - 1, last)
    } else if stride > 1 && pixels_per_decade >= 4.0 {
        (first..=last).filter_map(|exponent| map.pixel(10f64.powi(exponent))).collect()
    } else {
        Vec::new()
    };
    Ticks { major, minor, common: String::new() }
}

/// The pixels of 2, 3, …, 9 times the powers of ten inside the range.
fn between_decades(map: &Map, first: i32, last: i32) -> Vec<f64> {
    (first..=last)
        .flat_map(|exponent| (2..10).map(move |digit| f64::from(digit) * 10f64.powi(exponent)))
        .filter(|&value| map.fraction(value).is_some_and(|fraction| (0.0..=1.0).contains(&fraction)))
        .filter_map(|value| map.pixel(value))
        .collect()
}

/// Marks such as 0.2, 0.5, 1, 2: for less than two decades, if at least two of them fit.
fn multiples(map: &Map, room: &Room<'_>, decade: i32) -> Option<Ticks> {
    const CHOICES: [&[i32]; 4] = [&[1, 2, 3, 4, 5, 6, 7, 8, 9], &[1, 2, 3, 5], &[1, 2, 5], &[1, 3]];
    let minor = between_decades(map, decade - 1, decade);
    for digits in CHOICES {
        let major: Vec<_> = [decade - 1, decade]
            .into_iter()
            .flat_map(|exponent| digits.iter().map(move |&digit| (digit, exponent)))
            .map(|(digit, exponent)| (digit, exponent, f64::from(digit) * 10f64.powi(exponent)))
            .filter(|&(_, _, value)| {
                map.fraction(value).is_some_and(|fraction| (-1e-9..=1.0 + 1e-9).contains(&fraction))
            })
            .filter_map(|(digit, exponent, value)| {
                let plain = (-3..=4).contains(&decade);
                let label = if plain {
                    significant(value, 3)
                } else {
                    format!("{digit}×10{}", superscript(exponent))
                };
                Some((map.pixel(value)?, label))
            })
            .collect();
        if major.len() >= 3 && room.fits(&major) {
            return Some(Ticks { major, minor, common: String::new() });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scale::Extent;
    use crate::{Axis, font};
    use proptest::prelude::*;

    fn along(axis: &Axis, length: f64) -> Ticks {
        let (map, _) = Map::new(axis, Extent::default(), length, false);
        let extent = |label: &str| font::width(label, 11.0);
        ticks(&map, &Room { extent: &extent, gap: 8.0, spacing: 40.0 })
    }

    fn labels(axis: &Axis) -> Vec<String> {
        along(axis, 400.0).major.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn usual_ranges() {
        assert_eq!(labels(&Axis::linear("").range(0.0, 1.0)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&Axis::linear("").range(-1.0, 1.0)), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(labels(&Axis::log("").range(1e-3, 10.0)), ["10⁻³", "10⁻²", "10⁻¹", "10⁰", "10¹"]);
        assert_eq!(labels(&Axis::log("").range(0.5, 5.5)), ["0.5", "1", "2", "3", "5"]);
    }

    #[test]
    fn large_small_and_offset_ranges() {
        let ticks = along(&Axis::linear("").range(0.0, 2e6), 400.0);
        assert_eq!((ticks.major[1].1.as_str(), ticks.common.as_str()), ("0.2", "×10⁶"));
        let ticks = along(&Axis::linear("").range(1e6, 1e6 + 0.01), 400.0);
        assert!(ticks.common.ends_with("+ 1000000"), "{}", ticks.common);
    }

    /// Any range: at least two labels (one where nothing finer fits), inside, increasing, distinct, not touching.
    #[test]
    fn labels_never_touch() {
        let ranges = (-300.0..299.0f64, -10.0..290.0f64, any::<bool>(), any::<bool>(), 80.0..900.0f64);
        proptest!(|((exponent, width, negative, log, length) in ranges)| {
            let start = 10f64.powf(exponent) * if negative && !log { -1.0 } else { 1.0 };
            let end = start + start.abs() * 10f64.powf(width.min(299.0 - exponent));
            let axis = if log { Axis::log("") } else { Axis::linear("") }.range(start, end);
            let ticks = along(&axis, length);
            prop_assert!(!ticks.major.is_empty());
            let extent = |label: &str| font::width(label, 11.0);
            for pair in ticks.major.windows(2) {
                prop_assert!(pair[0].0 < pair[1].0);
                prop_assert!(pair[0].1 != pair[1].1, "{:?}", ticks.major);
                if ticks.major.len() > 2 {
                    prop_assert!(pair[1].0 - pair[0].0 >= f64::midpoint(extent(&pair[0].1), extent(&pair[1].1)), "{:?}", ticks.major);
                }
            }
            for (pixel, _) in &ticks.major {
                prop_assert!((-1.0..=length + 1.0).contains(pixel));
            }
        });
    }
}
