//! The edge of stability: does sharpness rise to the limit of the rule, and stay there?

use super::rows::{Row, Rows};
use super::verdicts::verdict;
use crate::statistics::{Estimate, Moments};
use crate::study::{Holds, Verdict};

/// How near to 1 the mean ratio must be.
const TOLERANCE: f64 = 0.1;
/// Cells of which a verdict tells the first sharpness that is missing; the table `stability` has all.
const MOST_TOLD: usize = 4;
/// The pieces of time whose means tell the error of a single course.
const BLOCKS: usize = 8;

/// What the ratio of sharpness and limit does.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Edge {
    /// The largest ratio, if there is any.
    pub largest: Option<f64>,
    /// The observation at which each course that rises to 1 reaches it.
    pub reached: Vec<usize>,
    /// The mean from there on, of those that do; its standard error over courses, or over times for a single one.
    pub mean: Option<Estimate>,
}

/// The ratios of all courses, `[courses][observations]`; NaN is left out.
pub(super) fn edge(courses: &[Vec<f64>]) -> Edge {
    let largest = courses.iter().flatten().copied().filter(|ratio| ratio.is_finite()).reduce(f64::max);
    let mut reached = Vec::new();
    let mut after: Vec<Vec<f64>> = Vec::new();
    for course in courses {
        // One that begins above falls first: what is asked is the rise.
        let below = course.iter().position(|&ratio| ratio < 1.0).unwrap_or(course.len());
        if let Some(rise) = course[below..].iter().position(|&ratio| ratio >= 1.0) {
            let index = below + rise;
            reached.push(index);
            after.push(course[index..].iter().copied().filter(|ratio| ratio.is_finite()).collect());
        }
    }
    let parts: Vec<&[f64]> = match after.as_slice() {
        [] => return Edge { largest, reached, mean: None },
        [only] if only.len() >= 2 * BLOCKS => only.chunks_exact(only.len() / BLOCKS).take(BLOCKS).collect(),
        many => many.iter().map(Vec::as_slice).collect(),
    };
    let mut moments = Moments::new();
    for part in parts {
        moments.push(part.iter().sum::<f64>() / part.len() as f64);
    }
    Edge { largest, reached, mean: Some(moments.mean()) }
}

/// What a study of training says.
pub(super) fn verdicts(edges: &Rows) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = edges.iter().filter_map(at_the_edge).collect();
    let sum = |name: &str| edges.iter().filter_map(|row| row.value(name)).sum::<f64>();
    let failed = sum("failed");
    if failed > 0.0 {
        let first = edges.iter().find_map(|row| row.word("first_failure")).unwrap_or_default();
        let detail = format!("{failed} of {} left it; {first}", sum("replicas"));
        verdicts.push(verdict("every replica stays in the range of numbers", Holds::No, detail));
    }
    let missing = sum("not_converged");
    if missing > 0.0 {
        let told = edges.iter().filter_map(|row| {
            let settings = row.settings();
            let at = if settings.is_empty() { String::new() } else { format!("{settings}: ") };
            Some(format!("{at}{}", row.word("first_not_converged")?))
        });
        let first: Vec<String> = told.take(MOST_TOLD).collect();
        let detail = format!(
            "{missing} of {} are not, and are left out; the first:\n{}\n\
             allow more `train.products` or a larger `train.tolerance`",
            sum("sharpnesses"),
            first.join("\n")
        );
        let claim = "every sharpness is known to the residual asked for";
        verdicts.push(verdict(claim, Holds::NotResolved, detail));
    }
    verdicts
}

fn at_the_edge(row: &Row) -> Option<Verdict> {
    // With minibatches the sharpness settles below it, where no limit is known.
    if row.is("full_batch") != Some(true) {
        return None;
    }
    let limit = row.value("stability_limit")?;
    // The rule is named already.
    let settings = row.settings_without(&["name"]);
    let at = if settings.is_empty() { String::new() } else { format!(" at {settings}") };
    let rule = row.word("rule").unwrap_or("the rule");
    let claim =
        format!("the sharpness of {rule} rises to the limit of stability and stays within 10 % of it{at}");
    let Some(mean) = row.value("ratio_after") else {
        let detail = row.value("largest_ratio").map_or_else(
            || "no sharpness is known".to_owned(),
            |largest| format!("it reaches {largest:.3} of the limit {limit:.4}: train longer"),
        );
        return Some(verdict(claim, Holds::NotResolved, detail));
    };
    let stderr = row.value("ratio_after_stderr").unwrap_or(f64::NAN);
    let first = row.value("first_reached").unwrap_or(0.0);
    let detail = format!(
        "from step {first} on it is {} of the limit {limit:.4} on average; at most {:.3}",
        Estimate { value: mean, stderr, n: 0 },
        row.value("largest_ratio").unwrap_or(mean)
    );
    Some(verdict(claim, holds(mean, stderr), detail))
}

/// Whether the mean is near 1, where two standard errors can tell.
fn holds(mean: f64, stderr: f64) -> Holds {
    let away = (mean - 1.0).abs();
    if away + 2.0 * stderr <= TOLERANCE {
        Holds::Yes
    } else if away - 2.0 * stderr > TOLERANCE {
        Holds::No
    } else {
        Holds::NotResolved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_begins_where_the_limit_is_reached() {
        let course = |height: f64| vec![0.2, 0.6, 1.0 + height, 1.2, 0.9 + height];
        let found = edge(&[course(0.0), course(0.1), vec![0.1; 5]]);
        assert_eq!((found.largest, found.reached.as_slice()), (Some(1.2), &[2, 2][..]));
        let mean = found.mean.unwrap();
        // (1 + 1.2 + 0.9)/3 and 0.2/3 above it.
        assert!((mean.value - (3.1 / 3.0 + 0.1 / 3.0)).abs() < 1e-12 && mean.n == 2, "{mean:?}");
        assert!(edge(&[vec![0.5, f64::NAN]]).mean.is_none());
        assert!(edge(&[vec![f64::NAN; 3]]).largest.is_none());
        assert_eq!(edge(&[vec![1.3, 0.5, 0.9, 1.1]]).reached, [3]);
        assert!(edge(&[vec![1.3, 1.2]]).mean.is_none());
    }

    #[test]
    fn a_single_course_is_judged_by_its_times() {
        let ratios: Vec<f64> = (0..81).map(|index| if index % 2 == 0 { 0.9 } else { 1.1 }).collect();
        let mean = edge(&[ratios]).mean.unwrap();
        assert!((mean.value - 1.0).abs() < 1e-12 && mean.stderr < 1e-12, "{mean:?}");
    }

    #[test]
    fn a_verdict_says_what_the_error_allows() {
        assert_eq!(holds(1.02, 0.01), Holds::Yes);
        assert_eq!(holds(1.3, 0.05), Holds::No);
        assert_eq!(holds(1.09, 0.05), Holds::NotResolved);
        assert_eq!(holds(1.02, f64::NAN), Holds::NotResolved);
    }
}
