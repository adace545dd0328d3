//! Places of a study on a rescaled landscape.

use super::cell::Description;
use super::critical_points::CriticalPoints;
use super::noise::Noise;
use super::question::{Question, Start};

impl Description {
    /// Moves every place that the study writes in the coordinates of L to where it lies on L(√k θ): x to x/√k. Conditions
    /// and formulas are rescaled where they are read.
    pub(super) fn in_place(mut self) -> Self {
        if self.sharpness == 1.0 {
            return self;
        }
        let shrink = 1.0 / self.sharpness.sqrt();
        let mut places: Vec<&mut Vec<f64>> = Vec::new();
        match &mut self.question {
            Question::Escape(escape) => places.push(&mut escape.start),
            Question::Simulate(simulate) => places.push(&mut simulate.start),
            Question::FirstPassage(passage) => places.push(&mut passage.start),
            Question::Density(density) => places.extend(&mut density.start),
            Question::Laws(laws) => places.push(&mut laws.start),
            Question::CriticalPoints(points) => {
                let CriticalPoints { from, to, lower, upper, length, .. } = points;
                places.extend([from, to, lower, upper].into_iter().flatten());
                *length *= shrink;
            }
            Question::Occupation(occupation) => places.push(&mut occupation.start),
            Question::RareEvent(event) => places.push(&mut event.start),
            Question::Curvature(_) | Question::Train(_) => {}
            Question::Stationary(stationary) => {
                places.extend(&mut stationary.minimum);
                if let Start::At(point) = &mut stationary.start {
                    places.push(point);
                }
            }
        }
        if let Some(Noise::Switching { minimum, .. }) = &mut self.noise {
            places.extend(minimum);
        }
        if let Some(grid) = &mut self.grid {
            places.extend(&mut grid.lower);
            places.extend(&mut grid.upper);
        }
        for coordinate in places.into_iter().flatten() {
            *coordinate *= shrink;
        }
        self
    }
}
