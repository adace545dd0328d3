//! Critical points in the order in which they are numbered, with the names that tables give them.

use crate::escape::{CriticalPoint, PassGraph, Route};

/// What was found, in the order in which it is numbered.
pub(super) struct Found {
    pub graph: PassGraph,
    pub route: Option<Route>,
    pub degree: Option<i64>,
    /// The numbers of minima, passes and other points by ascending loss.
    pub minima: Vec<usize>,
    pub passes: Vec<usize>,
    pub others: Vec<usize>,
}

impl Found {
    pub(super) fn new(graph: PassGraph, route: Option<Route>, degree: Option<i64>) -> Self {
        fn ordered<'a>(points: impl Iterator<Item = &'a CriticalPoint>) -> Vec<usize> {
            let losses: Vec<f64> = points.map(|point| point.loss).collect();
            let mut order: Vec<usize> = (0..losses.len()).collect();
            order.sort_by(|a, b| losses[*a].total_cmp(&losses[*b]));
            order
        }
        let minima = ordered(graph.minima.iter());
        let passes = ordered(graph.passes.iter().map(|pass| &pass.saddle));
        let others = ordered(graph.others.iter());
        Self { graph, route, degree, minima, passes, others }
    }

    /// Every point with its label: M1, M2, … by ascending loss, then saddles S1, …, then other points P1, ….
    pub(super) fn all(&self) -> impl Iterator<Item = (String, &CriticalPoint)> {
        fn labelled(letter: &str, number: usize) -> String {
            format!("{letter}{}", number + 1)
        }
        let minima = self.minima.iter().enumerate();
        let passes = self.passes.iter().enumerate();
        let others = self.others.iter().enumerate();
        minima
            .map(|(number, &point)| (labelled("M", number), &self.graph.minima[point]))
            .chain(passes.map(|(number, &pass)| (labelled("S", number), &self.graph.passes[pass].saddle)))
            .chain(others.map(|(number, &point)| (labelled("P", number), &self.graph.others[point])))
    }

    pub(super) fn label_of_pass(&self, pass: usize) -> String {
        let number = self.passes.iter().position(|known| *known == pass);
        number.map_or_else(String::new, |number| format!("S{}", number + 1))
    }

    fn label_of_minimum(&self, minimum: usize) -> String {
        let number = self.minima.iter().position(|known| *known == minimum);
        number.map_or_else(String::new, |number| format!("M{}", number + 1))
    }

    pub(super) fn pass(&self, label: &str) -> Option<usize> {
        let number: usize = label.strip_prefix('S')?.parse().ok()?;
        self.passes.get(number.checked_sub(1)?).copied()
    }

    pub(super) fn minimum(&self, label: &str) -> Option<&CriticalPoint> {
        let number: usize = label.strip_prefix('M')?.parse().ok()?;
        Some(&self.graph.minima[*self.minima.get(number.checked_sub(1)?)?])
    }

    /// The labels of the minima on both sides of a pass, the lower one first, and the barriers seen from them.
    pub(super) fn ends(&self, pass: usize) -> [(String, Option<f64>); 2] {
        let pass = &self.graph.passes[pass];
        let end = |end: Option<usize>| match end {
            Some(minimum) => {
                let barrier = pass.saddle.loss - self.graph.minima[minimum].loss;
                (self.label_of_minimum(minimum), Some(barrier))
            }
            None => ("outside".to_owned(), None),
        };
        let mut ends = pass.ends.map(end);
        let deeper = |barrier: Option<f64>| barrier.unwrap_or(f64::NEG_INFINITY);
        if deeper(ends[1].1) > deeper(ends[0].1) {
            ends.swap(0, 1);
        }
        ends
    }

    /// A way as `M1 – S2 – M3`.
    pub(super) fn way(&self, route: &Route) -> String {
        let mut words: Vec<String> = route.minima.iter().take(1).map(|m| self.label_of_minimum(*m)).collect();
        for (pass, minimum) in route.passes.iter().zip(&route.minima[1..]) {
            words.push(self.label_of_pass(*pass));
            words.push(self.label_of_minimum(*minimum));
        }
        words.join(" – ")
    }
}
