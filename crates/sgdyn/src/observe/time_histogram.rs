//! Counts of times in logarithmic bins: exact to merge, of bounded size for any number of replicas.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Bits of the mantissa that a bin keeps: 64 bins for each factor of two, so a time is known to 0.8 %.
const MANTISSA_BITS: u32 = 6;

/// Counts of non-negative times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeHistogram {
    counts: BTreeMap<u32, u64>,
}

impl TimeHistogram {
    /// Counts one time; a negative or undefined one is put to 0.
    pub fn add(&mut self, time: f64) {
        let bin = if time > 0.0 { (time.to_bits() >> (52 - MANTISSA_BITS)) as u32 } else { 0 };
        *self.counts.entry(bin).or_default() += 1;
    }

    /// Adds the counts of another histogram.
    pub fn merge(&mut self, other: &Self) {
        for (&bin, &count) in &other.counts {
            *self.counts.entry(bin).or_default() += count;
        }
    }

    /// The number of times counted.
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The bins in order of time: lower edge, upper edge, count.
    pub fn bins(&self) -> impl Iterator<Item = (f64, f64, u64)> + '_ {
        let edge = |bin: u32| f64::from_bits(u64::from(bin) << (52 - MANTISSA_BITS));
        self.counts.iter().map(move |(&bin, &count)| (edge(bin), edge(bin + 1), count))
    }

    /// The time below which a share `probability` of the counted times lies, to 0.8 %; `None` without counts.
    pub fn quantile(&self, probability: f64) -> Option<f64> {
        let target = probability * self.total() as f64;
        let mut below = 0.0;
        for (low, high, count) in self.bins() {
            let count = count as f64;
            if below + count >= target {
                return Some(low + (high - low) * ((target - below) / count).clamp(0.0, 1.0));
            }
            below += count;
        }
        None
    }
}

/// One point of a survival curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SurvivalPoint {
    /// The time.
    pub time: f64,
    /// The estimated probability to be still inside.
    pub survival: f64,
    /// Its standard error by Greenwood's formula.
    pub stderr: f64,
}

/// The estimate of Kaplan and Meier (JASA 1958) at the upper edges of the bins; losses inside a bin are counted after
/// its exits.
pub fn survival_curve(reached: &TimeHistogram, lost: &TimeHistogram) -> Vec<SurvivalPoint> {
    let mut events: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
    for (&bin, &count) in &reached.counts {
        events.entry(bin).or_default().0 += count;
    }
    for (&bin, &count) in &lost.counts {
        events.entry(bin).or_default().1 += count;
    }
    let mut at_risk = (reached.total() + lost.total()) as f64;
    let (mut survival, mut greenwood) = (1.0, 0.0);
    let mut curve = Vec::with_capacity(events.len());
    for (bin, (exits, losses)) in events {
        let exits = exits as f64;
        if exits > 0.0 {
            survival *= 1.0 - exits / at_risk;
            if at_risk > exits {
                greenwood += exits / (at_risk * (at_risk - exits));
            }
            let time = f64::from_bits(u64::from(bin + 1) << (52 - MANTISSA_BITS));
            curve.push(SurvivalPoint { time, survival, stderr: survival * f64::sqrt(greenwood) });
        }
        at_risk -= exits + losses as f64;
    }
    curve
}

#[cfg(test)]
mod tests {
    use super::{TimeHistogram, survival_curve};

    #[test]
    fn quantiles_and_survival_of_a_uniform_grid() {
        let (mut reached, mut lost) = (TimeHistogram::default(), TimeHistogram::default());
        for k in 1..=10_000 {
            reached.add(f64::from(k) * 0.01);
        }
        let median = reached.quantile(0.5).expect("counts");
        assert!((median - 50.0).abs() < 0.5);
        let last = survival_curve(&reached, &lost).pop().expect("points");
        assert!(last.survival.abs() < 1e-12);
        for _ in 0..10_000 {
            lost.add(25.0);
        }
        // Half are lost at 25: of the other half a quarter left by then, out of twice as many at risk.
        let curve = survival_curve(&reached, &lost);
        let at = curve.iter().rfind(|point| point.time <= 25.0).expect("before the losses");
        assert!((at.survival - 0.875).abs() < 0.01, "{at:?}");
    }
}
