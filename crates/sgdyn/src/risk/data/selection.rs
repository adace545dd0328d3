//! Some of the samples: named ones, the first, a share of each class, or the two parts of a split.

use super::dataset::{Dataset, Labels};
use super::error::DatasetError;
use super::preparation_error::PreparationError;
use crate::random::{Purpose, Seed, SequentialGenerator};

impl Dataset {
    /// The named samples, in the order given; a sample may appear twice. All classes keep their index.
    ///
    /// # Errors
    /// [`DatasetError::OutOfRange`] for a sample that does not exist, [`DatasetError::NoRows`] for none.
    pub fn subset(&self, samples: &[usize]) -> Result<Self, DatasetError> {
        let count = self.samples();
        if let Some(&index) = samples.iter().find(|&&sample| sample >= count) {
            return Err(DatasetError::OutOfRange {
                file: self.name().to_owned(),
                what: "sample",
                index,
                count,
            });
        }
        let labels = match self.labels() {
            Labels::Classes { of_sample, names } => Labels::Classes {
                of_sample: samples.iter().map(|&sample| of_sample[sample]).collect(),
                names: names.clone(),
            },
            Labels::Targets(targets) => {
                Labels::Targets(samples.iter().map(|&sample| targets[sample]).collect())
            }
        };
        let values = samples.iter().flat_map(|&sample| self.row(sample)).copied().collect();
        Self::new(self.name(), values, self.feature_names().to_vec(), labels)?.with_shape(self.shape())
    }

    /// The first `count` samples.
    ///
    /// # Errors
    /// [`PreparationError::SubsetSize`] for none or more than there are.
    pub fn first(&self, count: usize) -> Result<Self, DatasetError> {
        self.check_size(count)?;
        self.subset(&(0..count).collect::<Vec<_>>())
    }

    /// `count` samples, of each class the first ones, in the order of the file. A class of N_c samples out of N gets
    /// count·N_c/N, rounded down; what is left goes to the largest remainders, and among equal ones to the first class.
    /// A rare class may get none; it remains a class.
    ///
    /// # Errors
    /// [`PreparationError::SubsetSize`] for none or more than there are, [`PreparationError::NotStratified`] for real targets.
    pub fn stratified(&self, count: usize) -> Result<Self, DatasetError> {
        self.check_size(count)?;
        let Labels::Classes { of_sample, names } = self.labels() else {
            return Err(PreparationError::NotStratified { file: self.name().to_owned() }.into());
        };
        let mut left = vec![0_u128; names.len()];
        for &class in of_sample {
            left[class as usize] += 1;
        }
        let samples = self.samples() as u128;
        let exact: Vec<u128> = left.iter().map(|size| size * count as u128).collect();
        let mut largest_remainder: Vec<usize> = (0..names.len()).collect();
        largest_remainder.sort_by_key(|&class| std::cmp::Reverse(exact[class] % samples));
        for (left, exact) in left.iter_mut().zip(&exact) {
            *left = exact / samples;
        }
        let given: u128 = left.iter().sum();
        for &class in largest_remainder.iter().take(count - given as usize) {
            left[class] += 1;
        }
        let taken = (0..self.samples()).filter(|&sample| {
            let left = &mut left[of_sample[sample] as usize];
            let take = *left > 0;
            *left -= u128::from(take);
            take
        });
        self.subset(&taken.collect::<Vec<_>>())
    }

    /// Training and test part: ⌊`share`·N + ½⌋ samples and the others, chosen by a permutation (Fisher and Yates) that
    /// depends on `seed` and N only. Each part keeps the order of the file.
    ///
    /// # Errors
    /// [`PreparationError::EmptyPart`] if a part has no sample.
    pub fn split(&self, share: f64, seed: u64) -> Result<(Self, Self), DatasetError> {
        let samples = self.samples();
        let train = training_count(self.name(), samples, share)?;
        let mut generator = SequentialGenerator::new(Seed::new(seed, 0), 0, 0, Purpose::Split);
        let mut order: Vec<usize> = (0..samples).collect();
        for place in 0..train {
            let others = u32::try_from(samples - place).unwrap_or(u32::MAX);
            order.swap(place, place + generator.below(others) as usize);
        }
        let (train, test) = order.split_at_mut(train);
        train.sort_unstable();
        test.sort_unstable();
        Ok((self.subset(train)?, self.subset(test)?))
    }

    fn check_size(&self, wanted: usize) -> Result<(), DatasetError> {
        let samples = self.samples();
        if (1..=samples).contains(&wanted) {
            Ok(())
        } else {
            Err(PreparationError::SubsetSize { file: self.name().to_owned(), wanted, samples }.into())
        }
    }
}

/// ⌊`share`·`samples` + ½⌋, if it is neither 0 nor all.
pub(super) fn training_count(file: &str, samples: usize, share: f64) -> Result<usize, PreparationError> {
    let train = (share * samples as f64 + 0.5).floor();
    if train >= 1.0 && train < samples as f64 {
        return Ok(train as usize);
    }
    // NaN and what is negative leave the training part empty.
    let train = train.partial_cmp(&1.0).is_none_or(std::cmp::Ordering::is_lt);
    Err(PreparationError::EmptyPart { file: file.to_owned(), share, samples, train })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sample i has the feature i and the class that `classes` says.
    fn numbered(classes: &[u32], names: usize) -> Dataset {
        let labels = Labels::Classes {
            of_sample: classes.to_vec(),
            names: (0..names).map(|class| class.to_string()).collect(),
        };
        let values = (0..classes.len()).map(|sample| sample as f64).collect();
        Dataset::new("numbered", values, vec!["x".to_owned()], labels).unwrap()
    }

    #[test]
    fn named_and_first_samples() {
        let data = numbered(&[0, 1, 1], 2);
        let subset = data.subset(&[2, 0]).unwrap();
        assert_eq!(subset.values(), [2.0, 0.0]);
        let error = data.subset(&[3]).unwrap_err().to_string();
        assert_eq!(error, "numbered: sample 3 does not exist: there are 3, counted from 0");
        assert_eq!(data.first(2).unwrap().values(), [0.0, 1.0]);
        assert_eq!(
            data.first(4).unwrap_err().to_string(),
            "numbered: 4 of 3 samples were asked for; ask for 1 to 3"
        );
        assert!(matches!(
            data.stratified(0),
            Err(DatasetError::Preparation(PreparationError::SubsetSize { .. }))
        ));
    }

    #[test]
    fn strata_get_their_shares_by_largest_remainder() {
        // 6, 3 and 1 of 10: of 5, exactly 3, 1.5 and 0.5; of the equal remainders the first class gets the last one.
        let data = numbered(&[0, 0, 0, 0, 0, 0, 1, 1, 1, 2], 3);
        assert_eq!(data.stratified(5).unwrap().values(), [0., 1., 2., 6., 7.]);
        // Of 7: 4.2, 2.1 and 0.7.
        assert_eq!(data.stratified(7).unwrap().values(), [0., 1., 2., 3., 6., 7., 9.]);
        assert_eq!(data.stratified(10).unwrap(), data);
        assert_eq!(data.stratified(5).unwrap().classes(), Some(3));
        let targets = Labels::Targets(vec![1.0]);
        let real = Dataset::new("real", vec![1.0], vec!["x".to_owned()], targets).unwrap();
        assert!(matches!(
            real.stratified(1),
            Err(DatasetError::Preparation(PreparationError::NotStratified { .. }))
        ));
    }

    #[test]
    fn a_split_is_a_partition_that_depends_on_its_seed() {
        let data = numbered(&[0, 1].repeat(500), 2);
        let (train, test) = data.split(0.8, 3).unwrap();
        assert_eq!((train.samples(), test.samples()), (800, 200));
        let mut all = [train.values(), test.values()].concat();
        all.sort_by(f64::total_cmp);
        assert_eq!(all, data.values());
        assert_eq!(data.split(0.8, 3).unwrap(), (train.clone(), test));
        assert_ne!(data.split(0.8, 4).unwrap().0, train);
        // The number of training samples among the first half is hypergeometric: mean 400, standard deviation 6.3. One
        // seed in 2·10⁹ would leave ±6 deviations.
        let early = train.values().iter().filter(|&&value| value < 500.0).count();
        assert!(early.abs_diff(400) < 38, "{early}");
    }

    #[test]
    fn a_split_without_one_part_is_refused() {
        let data = numbered(&[0, 1, 0], 2);
        let error = |share| data.split(share, 1).unwrap_err().to_string();
        assert_eq!(error(0.1), "numbered: a training share of 0.1 of 3 samples leaves training without any");
        assert_eq!(error(0.9), "numbered: a training share of 0.9 of 3 samples leaves test without any");
        assert!(error(f64::NAN).ends_with("leaves training without any"));
    }
}
