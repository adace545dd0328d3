//! Memory that one thread uses again from front to front: fresh pages cost as much as the arithmetic of small fronts.

use super::product::Packing;

/// Packed factors, and arrays that were given back.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    pub(super) packing: Packing,
    free: Vec<Vec<f64>>,
}

impl Workspace {
    /// An array of zeros, in the smallest of the free arrays that can hold it if there is one.
    pub(super) fn zeros(&mut self, length: usize) -> Vec<f64> {
        let fits = |&number: &usize| self.free[number].capacity() >= length;
        let best = (0..self.free.len()).filter(fits).min_by_key(|&number| self.free[number].capacity());
        let Some(number) = best else { return vec![0.0; length] };
        let mut array = self.free.swap_remove(number);
        array.clear();
        array.resize(length, 0.0);
        array
    }

    /// Gives an array back.
    pub(super) fn give(&mut self, array: Vec<f64>) {
        /// A front has two children: what they leave is in use together, little else is.
        const KEPT: usize = 4;
        self.free.push(array);
        if self.free.len() > KEPT {
            let least = (0..self.free.len()).min_by_key(|&number| self.free[number].capacity());
            self.free.swap_remove(least.unwrap_or(0));
        }
    }
}
