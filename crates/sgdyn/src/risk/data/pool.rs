//! Smaller images by means over windows.

use super::dataset::Dataset;
use super::error::DatasetError;
use super::preparation_error::PreparationError;

impl Dataset {
    /// Images of `height` × `width`, each channel for itself, by adaptive average pooling: pixel i of n out of m is the
    /// mean of the pixels from ⌊i m/n⌋ to ⌈(i + 1) m/n⌉ − 1. Windows cover all pixels, are of equal size where n
    /// divides m, and otherwise overlap by a pixel: the rule of `torch.nn.functional.adaptive_avg_pool2d`.
    ///
    /// ```
    /// use sgdyn::risk::Dataset;
    ///
    /// let images = Dataset::ready("mnist-test")?.pooled(6, 6)?;
    /// assert_eq!((images.features(), images.shape()), (36, &[6, 6][..]));
    /// # Ok::<(), sgdyn::risk::DatasetError>(())
    /// ```
    ///
    /// # Errors
    /// [`PreparationError::Pool`] if samples are no images, or to no pixels or more than there are.
    pub fn pooled(&self, height: usize, width: usize) -> Result<Self, DatasetError> {
        let refused = || PreparationError::Pool {
            file: self.name().to_owned(),
            shape: self.shape().to_vec(),
            to: [height, width],
        };
        let [channels, rows, columns] = self.image_shape().ok_or_else(refused)?;
        if !(1..=rows).contains(&height) || !(1..=columns).contains(&width) {
            return Err(refused().into());
        }
        let window =
            |pixel: usize, of: usize, out_of: usize| pixel * out_of / of..((pixel + 1) * out_of).div_ceil(of);
        let mut values = Vec::with_capacity(self.samples() * channels * height * width);
        for channel in self.values().chunks_exact(rows * columns) {
            for row in 0..height {
                let from_rows = window(row, height, rows);
                for column in 0..width {
                    let from_columns = window(column, width, columns);
                    let pixels = (from_rows.len() * from_columns.len()) as f64;
                    let sum: f64 = from_rows
                        .clone()
                        .flat_map(|row| &channel[row * columns..][from_columns.clone()])
                        .sum();
                    values.push(sum / pixels);
                }
            }
        }
        let mut shape = self.shape().to_vec();
        let image = shape.len() - 2;
        shape[image..].copy_from_slice(&[height, width]);
        let names = (1..=channels * height * width).map(|feature| format!("feature {feature}")).collect();
        Self::new(self.name(), values, names, self.labels().clone())?.with_shape(&shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::Labels;

    fn image(values: &[f64], shape: &[usize]) -> Dataset {
        let names = (0..values.len()).map(|pixel| pixel.to_string()).collect();
        let data = Dataset::new("image", values.to_vec(), names, Labels::Targets(vec![0.0])).unwrap();
        data.with_shape(shape).unwrap()
    }

    #[test]
    fn windows_are_those_of_torch() {
        // torch.nn.functional.adaptive_avg_pool1d of [1, 2, 4, 8, 16] to 3: windows 0..2, 1..4, 3..5.
        let pooled = image(&[1., 2., 4., 8., 16.], &[1, 5]).pooled(1, 3).unwrap();
        assert_eq!((pooled.values(), pooled.shape()), (&[1.5, 14.0 / 3.0, 12.0][..], &[1, 3][..]));
        let two = image(&[1., 3., 5., 7., 2., 4., 6., 8.], &[2, 2, 2]).pooled(1, 2).unwrap();
        assert_eq!((two.values(), two.shape()), (&[3., 5., 4., 6.][..], &[2, 1, 2][..]));
    }

    #[test]
    fn pooling_is_linear_in_windows_of_28_to_6() {
        // Bounds ⌊28 i/6⌋ and ⌈28 (i + 1)/6⌉ by hand; of an image that counts its columns, the mean of a window is that
        // of its ends.
        let bounds = [(0, 5), (4, 10), (9, 14), (14, 19), (18, 24), (23, 28)];
        let counting: Vec<f64> = (0..28 * 28).map(|pixel| f64::from(pixel % 28)).collect();
        let pooled = image(&counting, &[28, 28]).pooled(6, 6).unwrap();
        for (column, (begin, end)) in bounds.into_iter().enumerate() {
            let mean = f64::from(begin + end - 1) / 2.0;
            for row in 0..6 {
                assert_eq!(pooled.values()[6 * row + column], mean);
            }
        }
    }

    #[test]
    fn what_is_no_image_or_too_small_is_refused() {
        let error = |data: &Dataset, height, width| data.pooled(height, width).unwrap_err().to_string();
        let list = image(&[0.0; 4], &[4]);
        assert!(
            error(&list, 1, 1)
                .starts_with("image: samples of shape [4] cannot be pooled to [1, 1]: pooling takes images")
        );
        let square = image(&[0.0; 4], &[2, 2]);
        assert_eq!(square.pooled(2, 2).unwrap().values(), square.values());
        for (height, width) in [(0, 1), (3, 1), (1, usize::MAX)] {
            assert!(matches!(
                square.pooled(height, width),
                Err(DatasetError::Preparation(PreparationError::Pool { .. }))
            ));
        }
    }
}
