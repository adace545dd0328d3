//! Counts in the bins of a box.

/// A box cut into bins along each component.
#[derive(Clone, Debug, PartialEq)]
pub struct Bins {
    edges: Vec<Vec<f64>>,
}

impl Bins {
    /// Bins between ascending edges, `[components][bins + 1]`.
    pub fn new(edges: Vec<Vec<f64>>) -> Self {
        Self { edges }
    }

    /// The number of bins, and one for what lies outside the box.
    pub fn count(&self) -> usize {
        self.edges.iter().map(|edges| edges.len().saturating_sub(1)).product::<usize>() + 1
    }

    /// The bin of a point, fastest along the last component; the last number is outside. A point on an edge belongs to
    /// the bin above.
    pub fn bin(&self, values: &[f64]) -> usize {
        let mut bin = 0;
        for (edges, &value) in self.edges.iter().zip(values) {
            let above = edges.partition_point(|&edge| edge <= value);
            if above == 0 || above == edges.len() {
                return self.count() - 1;
            }
            bin = bin * (edges.len() - 1) + above - 1;
        }
        bin
    }
}

#[cfg(test)]
mod tests {
    use super::Bins;

    #[test]
    fn points_fall_into_their_bins() {
        let bins = Bins::new(vec![vec![0.0, 1.0, 3.0], vec![-1.0, 0.0, 1.0, 2.0]]);
        assert_eq!(bins.count(), 7);
        assert_eq!(bins.bin(&[0.5, -0.5]), 0);
        assert_eq!(bins.bin(&[1.0, 1.5]), 5);
        for outside in [[-0.1, 0.0], [3.0, 0.0], [0.5, 2.0], [f64::NAN, 0.0]] {
            assert_eq!(bins.bin(&outside), 6);
        }
    }
}
