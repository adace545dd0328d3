//! A block of replicas: the array that every kernel works on.

use super::Real;

/// In which order a block stores its `dimension × lanes` values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Value of coordinate `c` in lane `l` at `c · lanes + l`: for small dimensions, loops run over lanes.
    CoordinateMajor,
    /// Value of coordinate `c` in lane `l` at `l · dimension + c`: for large models, loops run over coordinates.
    ReplicaMajor,
}

/// `dimension × lanes` values: one column of coordinates for each of the replicas that advance together.
#[derive(Clone, Debug, PartialEq)]
pub struct Block<R> {
    values: Vec<R>,
    dimension: usize,
    lanes: usize,
    layout: Layout,
}

impl<R: Real> Block<R> {
    /// A block of zeros.
    pub fn zeros(dimension: usize, lanes: usize, layout: Layout) -> Self {
        Self { values: vec![R::ZERO; dimension * lanes], dimension, lanes, layout }
    }

    /// One replica's point, as a block of one lane.
    pub fn point(coordinates: &[f64]) -> Self {
        let values: Vec<R> = coordinates.iter().map(|&value| R::from_f64(value)).collect();
        Self { dimension: values.len(), values, lanes: 1, layout: Layout::CoordinateMajor }
    }

    /// A block of zeros of the same shape and layout.
    pub fn zeros_like(&self) -> Self {
        Self::zeros(self.dimension, self.lanes, self.layout)
    }

    /// A block of the same shape and layout around other values.
    pub(super) fn with_values(&self, values: Vec<R>) -> Self {
        debug_assert_eq!(values.len(), self.values.len());
        Self { values, ..*self }
    }

    /// The values alone, in storage order.
    pub fn into_values(self) -> Vec<R> {
        self.values
    }

    /// The number of coordinates of a replica.
    #[inline]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// The number of replicas.
    #[inline]
    pub fn lanes(&self) -> usize {
        self.lanes
    }

    /// The storage order.
    #[inline]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// All values in storage order, for rules that act on every value alike.
    #[inline]
    pub fn values(&self) -> &[R] {
        &self.values
    }

    /// All values in storage order, to be written.
    #[inline]
    pub fn values_mut(&mut self) -> &mut [R] {
        &mut self.values
    }

    /// Coordinate `coordinate` of all lanes, `[lanes]`.
    ///
    /// # Panics
    /// If the block is not coordinate-major.
    #[inline]
    pub fn coordinate(&self, coordinate: usize) -> &[R] {
        assert!(
            self.layout == Layout::CoordinateMajor,
            "lanes of a coordinate are contiguous only coordinate-major"
        );
        &self.values[coordinate * self.lanes..(coordinate + 1) * self.lanes]
    }

    /// Coordinate `coordinate` of all lanes, to be written.
    ///
    /// # Panics
    /// If the block is not coordinate-major.
    #[inline]
    pub fn coordinate_mut(&mut self, coordinate: usize) -> &mut [R] {
        assert!(
            self.layout == Layout::CoordinateMajor,
            "lanes of a coordinate are contiguous only coordinate-major"
        );
        &mut self.values[coordinate * self.lanes..(coordinate + 1) * self.lanes]
    }

    /// All coordinates of one replica, `[dimension]`.
    ///
    /// # Panics
    /// If the block is not replica-major.
    #[inline]
    pub fn replica(&self, lane: usize) -> &[R] {
        assert!(
            self.layout == Layout::ReplicaMajor,
            "coordinates of a replica are contiguous only replica-major"
        );
        &self.values[lane * self.dimension..(lane + 1) * self.dimension]
    }

    /// All coordinates of one replica, to be written.
    ///
    /// # Panics
    /// If the block is not replica-major.
    #[inline]
    pub fn replica_mut(&mut self, lane: usize) -> &mut [R] {
        assert!(
            self.layout == Layout::ReplicaMajor,
            "coordinates of a replica are contiguous only replica-major"
        );
        &mut self.values[lane * self.dimension..(lane + 1) * self.dimension]
    }

    #[inline]
    fn index(&self, coordinate: usize, lane: usize) -> usize {
        match self.layout {
            Layout::CoordinateMajor => coordinate * self.lanes + lane,
            Layout::ReplicaMajor => lane * self.dimension + coordinate,
        }
    }

    /// One value, in either layout.
    #[inline]
    pub fn get(&self, coordinate: usize, lane: usize) -> R {
        self.values[self.index(coordinate, lane)]
    }

    /// Sets one value, in either layout.
    #[inline]
    pub fn set(&mut self, coordinate: usize, lane: usize, value: R) {
        let index = self.index(coordinate, lane);
        self.values[index] = value;
    }
}
