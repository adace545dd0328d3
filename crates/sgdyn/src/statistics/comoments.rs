//! Mergeable mean vector and covariance matrix.

use super::{Estimate, StatisticsError};
use serde::{Deserialize, Serialize};

/// Count, mean vector `[d]` and central co-moments `M_ij = Σ (x_i − mean_i)(x_j − mean_j)`, stored packed by rows of
/// the lower triangle, `[d(d+1)/2]`.
///
/// Updates and merges follow Pébay (SAND2008-6212, 2008) as in [`super::Moments`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoMoments {
    count: u64,
    mean: Vec<f64>,
    central: Vec<f64>,
}

impl CoMoments {
    /// No data, for vectors of `dimension` coordinates.
    pub fn new(dimension: usize) -> Self {
        Self { count: 0, mean: vec![0.0; dimension], central: vec![0.0; dimension * (dimension + 1) / 2] }
    }

    /// The number of coordinates.
    pub fn dimension(&self) -> usize {
        self.mean.len()
    }

    /// The number of vectors added.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Adds one vector `[d]`.
    ///
    /// # Errors
    /// [`StatisticsError::LengthMismatch`] if `x` has another dimension.
    pub fn push(&mut self, x: &[f64]) -> Result<(), StatisticsError> {
        self.check_dimension("x", x.len())?;
        let before = self.count as f64;
        self.count += 1;
        let weight = before / self.count as f64;
        let mut packed = 0;
        for i in 0..x.len() {
            let scaled = weight * (x[i] - self.mean[i]);
            for (x, mean) in x.iter().zip(&self.mean).take(i + 1) {
                self.central[packed] += scaled * (x - mean);
                packed += 1;
            }
        }
        for (mean, x) in self.mean.iter_mut().zip(x) {
            *mean += (x - *mean) / self.count as f64;
        }
        Ok(())
    }

    /// Adds all vectors of `other`.
    ///
    /// # Errors
    /// [`StatisticsError::LengthMismatch`] if `other` has another dimension.
    pub fn merge(&mut self, other: &Self) -> Result<(), StatisticsError> {
        self.check_dimension("the merged means", other.dimension())?;
        if other.count == 0 {
            return Ok(());
        }
        if self.count == 0 {
            self.clone_from(other);
            return Ok(());
        }
        let (na, nb) = (self.count as f64, other.count as f64);
        let weight = na * nb / (na + nb);
        let mut packed = 0;
        for i in 0..self.dimension() {
            let scaled = weight * (other.mean[i] - self.mean[i]);
            for j in 0..=i {
                self.central[packed] += other.central[packed] + scaled * (other.mean[j] - self.mean[j]);
                packed += 1;
            }
        }
        for (mean, other_mean) in self.mean.iter_mut().zip(&other.mean) {
            *mean += (other_mean - *mean) * (nb / (na + nb));
        }
        self.count += other.count;
        Ok(())
    }

    /// The mean of coordinate `i` with its standard error, or `None` beyond the dimension.
    pub fn mean(&self, i: usize) -> Option<Estimate> {
        let value = *self.mean.get(i)?;
        let stderr = (self.covariance(i, i)? / self.count as f64).sqrt();
        Some(Estimate { value: if self.count == 0 { f64::NAN } else { value }, stderr, n: self.count })
    }

    /// The unbiased covariance `M_ij/(n−1)`, or `None` beyond the dimension. NaN below two data.
    pub fn covariance(&self, i: usize, j: usize) -> Option<f64> {
        if i.max(j) >= self.dimension() {
            return None;
        }
        if self.count < 2 {
            return Some(f64::NAN);
        }
        Some(self.central[packed_index(i, j)] / (self.count as f64 - 1.0))
    }

    /// The covariance of coordinates i and j with the standard error it has for Gaussian data,
    /// `√((c_ii c_jj + c_ij²)/(n−1))` (Wishart law), or `None` beyond the dimension.
    pub fn gaussian_covariance(&self, i: usize, j: usize) -> Option<Estimate> {
        let value = self.covariance(i, j)?;
        let product = self.covariance(i, i)? * self.covariance(j, j)?;
        let stderr = ((product + value * value) / (self.count as f64 - 1.0)).sqrt();
        Some(Estimate { value, stderr, n: self.count })
    }

    /// The mean vector, `[d]`; zeros without data.
    pub fn means(&self) -> &[f64] {
        &self.mean
    }

    /// The unbiased covariance matrix, row-major `[d × d]`. NaN below two data.
    pub fn covariance_matrix(&self) -> Vec<f64> {
        let d = self.dimension();
        let scale = if self.count < 2 { f64::NAN } else { 1.0 / (self.count as f64 - 1.0) };
        (0..d * d).map(|k| self.central[packed_index(k / d, k % d)] * scale).collect()
    }

    fn check_dimension(&self, second: &'static str, length: usize) -> Result<(), StatisticsError> {
        if length == self.dimension() {
            return Ok(());
        }
        Err(StatisticsError::LengthMismatch {
            first: "the accumulator",
            first_length: self.dimension(),
            second,
            second_length: length,
        })
    }
}

fn packed_index(i: usize, j: usize) -> usize {
    let (row, column) = (i.max(j), i.min(j));
    row * (row + 1) / 2 + column
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data() -> Vec<[f64; 3]> {
        (0..500)
            .map(|i| {
                let t = f64::from(i);
                [1e5 + (0.3 * t).sin(), (0.7 * t).cos() * 3.0, (0.3 * t).sin() - (1.1 * t).cos()]
            })
            .collect()
    }

    #[test]
    fn streaming_and_merging_match_two_passes() {
        let data = data();
        let n = data.len() as f64;
        let offset = [1e5, 0.0, 0.0];
        let mean: Vec<f64> =
            (0..3).map(|i| data.iter().map(|x| x[i] - offset[i]).sum::<f64>() / n + offset[i]).collect();
        let mut streamed = CoMoments::new(3);
        let mut merged = CoMoments::new(3);
        for chunk in data.chunks(41) {
            let mut part = CoMoments::new(3);
            for x in chunk {
                streamed.push(x).unwrap();
                part.push(x).unwrap();
            }
            merged.merge(&part).unwrap();
        }
        for moments in [streamed, merged] {
            for i in 0..3 {
                for j in 0..3 {
                    let want =
                        data.iter().map(|x| (x[i] - mean[i]) * (x[j] - mean[j])).sum::<f64>() / (n - 1.0);
                    // The offset 1e5 leaves 1.5e-11 in each datum and 1e-9 in the plain sum that gives the mean.
                    assert!((moments.covariance(i, j).unwrap() - want).abs() < 1e-9);
                    let entry = moments.covariance_matrix()[3 * i + j];
                    assert!((entry - moments.covariance(i, j).unwrap()).abs() <= 1e-15 * entry.abs());
                }
                assert!((moments.mean(i).unwrap().value - mean[i]).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn refuses_another_dimension() {
        let mut moments = CoMoments::new(2);
        assert!(moments.push(&[1.0]).is_err());
        assert!(moments.merge(&CoMoments::new(3)).is_err());
        assert_eq!(moments.covariance(2, 0), None);
    }
}
