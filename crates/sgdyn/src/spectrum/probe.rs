//! Random signs at addresses of their own.

use crate::lanes::Real;
use crate::random::{Address, Purpose, Seed};

/// The random vectors of one question about one replica.
#[derive(Clone, Copy, Debug)]
pub struct Probes {
    seed: Seed,
    replica: u64,
}

impl Probes {
    /// For question number `question` about `replica`; different questions have independent vectors.
    pub fn new(seed: Seed, replica: u64, question: u64) -> Self {
        Self { seed: seed.part(question), replica }
    }

    /// Writes vector `index`: independent signs ±1, the same everywhere.
    pub fn fill<R: Real>(self, index: usize, out: &mut [R]) {
        for (coordinate, values) in out.chunks_mut(128).enumerate() {
            let address = Address {
                replica: self.replica,
                chunk: index as u64,
                coordinate: coordinate as u32,
                purpose: Purpose::Probe,
            };
            let words = address.bits(self.seed);
            for (values, mut word) in values.chunks_mut(32).zip(words) {
                for value in values {
                    *value = if word & 1 == 0 { R::ONE } else { -R::ONE };
                    word >>= 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_independent_of_each_other_and_of_other_questions() {
        let write = |question: u64, index: usize| {
            let mut out = vec![0.0_f64; 10_000];
            Probes::new(Seed::new(3, 0), 0, question).fill(index, &mut out);
            out
        };
        let (one, two, other) = (write(0, 0), write(0, 1), write(1, 0));
        assert!(one.iter().all(|sign| sign.abs() == 1.0));
        let shifted: Vec<f64> = one[1..].to_vec();
        for pair in [(&one, &two), (&one, &other), (&shifted, &one)] {
            // 10,000 products of signs have a sum of standard deviation 100; 450 is passed by chance in 7e-6 of cases.
            let sum: f64 = pair.0.iter().zip(pair.1).map(|(a, b)| a * b).sum();
            assert!(sum.abs() < 450.0, "{sum}");
        }
        assert!(one.iter().sum::<f64>().abs() < 450.0);
    }
}
