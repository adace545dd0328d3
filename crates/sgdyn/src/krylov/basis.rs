//! An orthonormal basis: inner products with all its vectors, and what is left of a vector without them.

use crate::lanes::{Real, lane_kernel};

/// Values that sums of the vectors' format run over before they are added up in `f64`; a piece of many vectors fits in
/// the second-level cache.
const PIECE: usize = 1024;
const PANEL: usize = 16;

/// Orthonormal vectors, `[count × dimension]`, one after another.
#[derive(Clone, Debug)]
pub(super) struct Basis<R> {
    pub(super) dimension: usize,
    pub(super) vectors: Vec<R>,
}

/// What became of a vector.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left {
    /// Its norm before.
    pub(super) before: f64,
    /// The norm of its part orthogonal to the basis.
    pub(super) after: f64,
}

impl<R: Real> Basis<R> {
    pub(super) fn new(dimension: usize) -> Self {
        Self { dimension, vectors: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.vectors.len() / self.dimension
    }

    pub(super) fn vector(&self, index: usize) -> &[R] {
        &self.vectors[index * self.dimension..][..self.dimension]
    }

    /// Subtracts from `vector` its components along the basis and adds these to `components`, `[count]`.
    ///
    /// Classical Gram–Schmidt, twice: then the rest is orthogonal to rounding (Giraud, Langou and Rozložník 2005).
    pub(super) fn remove(&self, vector: &mut [R], components: &mut [f64]) -> Left {
        let count = self.len();
        let mut first = vec![0.0; count];
        let mut second = vec![0.0; count];
        let mut before = 0.0;
        for begin in (0..self.dimension).step_by(PIECE) {
            let piece = begin..self.dimension.min(begin + PIECE);
            add_products(&self.vectors, self.dimension, begin, &vector[piece.clone()], &mut first);
            before += dot_piece(&vector[piece.clone()], &vector[piece]);
        }
        let factors: Vec<R> = first.iter().map(|&value| R::from_f64(value)).collect();
        for begin in (0..self.dimension).step_by(PIECE) {
            let piece = &mut vector[begin..self.dimension.min(begin + PIECE)];
            subtract(&self.vectors, self.dimension, begin, &factors, piece);
            add_products(&self.vectors, self.dimension, begin, piece, &mut second);
        }
        let factors: Vec<R> = second.iter().map(|&value| R::from_f64(value)).collect();
        let mut after = 0.0;
        for begin in (0..self.dimension).step_by(PIECE) {
            let piece = &mut vector[begin..self.dimension.min(begin + PIECE)];
            subtract(&self.vectors, self.dimension, begin, &factors, piece);
            after += dot_piece(piece, piece);
        }
        for (component, (first, second)) in components.iter_mut().zip(first.iter().zip(&second)) {
            *component += first + second;
        }
        Left { before: before.sqrt(), after: after.sqrt() }
    }

    /// Appends `factor · vector`.
    pub(super) fn push_scaled(&mut self, vector: &[R], factor: f64) {
        let factor = R::from_f64(factor);
        self.vectors.extend(vector.iter().map(|&value| factor * value));
    }

    /// Replaces the first vectors by linear combinations, vᵢ ← Σⱼ vⱼ sⱼᵢ with s, `[count × kept]` by rows, in place,
    /// and drops those between the last of these and `then`, which follow.
    pub(super) fn combine(&mut self, count: usize, kept: usize, coefficients: &[f64]) {
        let dimension = self.dimension;
        let coefficients: Vec<R> = coefficients.iter().map(|&value| R::from_f64(value)).collect();
        let mut piece = vec![R::ZERO; kept * PIECE];
        for begin in (0..dimension).step_by(PIECE) {
            let length = PIECE.min(dimension - begin);
            combine_piece(&self.vectors, dimension, begin, length, &coefficients, kept, count, &mut piece);
            for (index, piece) in piece.chunks_exact(PIECE).enumerate() {
                self.vectors[index * dimension + begin..][..length].copy_from_slice(&piece[..length]);
            }
        }
        self.vectors.drain(kept * dimension..count * dimension);
    }
}

/// x·y in `f64`, from sums over pieces.
pub(super) fn dot<R: Real>(x: &[R], y: &[R]) -> f64 {
    x.chunks(PIECE).zip(y.chunks(PIECE)).map(|(x, y)| dot_piece(x, y)).sum()
}

lane_kernel! {
    fn dot_piece<R: Real>(x: &[R], y: &[R]) -> f64 {
        products([x], y)[0]
    }
}

lane_kernel! {
    /// `sums[i] += vᵢ·x` over a piece of the vectors that begins at `begin`.
    fn add_products<R: Real>(vectors: &[R], dimension: usize, begin: usize, x: &[R], sums: &mut [f64]) {
        let (fours, rest) = sums.as_chunks_mut::<4>();
        let mut rows = vectors.chunks_exact(dimension).map(|vector| &vector[begin..begin + x.len()]);
        let mut next = || rows.next().unwrap_or(x);
        for sums in fours {
            let added = products([next(), next(), next(), next()], x);
            for (sum, added) in sums.iter_mut().zip(added) {
                *sum += added;
            }
        }
        for sum in rest {
            *sum += products([next()], x)[0];
        }
    }
}

/// vᵢ·x of `COUNT` vectors, each with 16 partial sums that are joined in a fixed tree.
#[inline(always)]
fn products<R: Real, const COUNT: usize>(vectors: [&[R]; COUNT], x: &[R]) -> [f64; COUNT] {
    let mut sums = [[R::ZERO; PANEL]; COUNT];
    let vectors = vectors.map(|vector| vector[..x.len()].as_chunks::<PANEL>());
    let (panels, rest) = x.as_chunks::<PANEL>();
    for (place, x) in panels.iter().enumerate() {
        for index in 0..COUNT {
            let vector = &vectors[index].0[place];
            for part in 0..PANEL {
                sums[index][part] = vector[part].mul_add(x[part], sums[index][part]);
            }
        }
    }
    // What is left, padded: an index known at run time would keep the sums in memory.
    let mut x_rest = [R::ZERO; PANEL];
    x_rest[..rest.len()].copy_from_slice(rest);
    let mut joined = [0.0; COUNT];
    for index in 0..COUNT {
        let mut vector = [R::ZERO; PANEL];
        vector[..rest.len()].copy_from_slice(vectors[index].1);
        let mut sums = sums[index];
        for part in 0..PANEL {
            sums[part] = vector[part].mul_add(x_rest[part], sums[part]);
        }
        let eight: [R; 8] = std::array::from_fn(|part| sums[part] + sums[part + 8]);
        let four: [R; 4] = std::array::from_fn(|part| eight[part] + eight[part + 4]);
        joined[index] = ((four[0] + four[2]) + (four[1] + four[3])).to_f64();
    }
    joined
}

lane_kernel! {
    /// `x −= Σ cᵢvᵢ` over a piece of the vectors that begins at `begin`.
    fn subtract<R: Real>(vectors: &[R], dimension: usize, begin: usize, factors: &[R], x: &mut [R]) {
        let (fours, rest) = factors.as_chunks::<4>();
        let length = x.len();
        let row = |index: usize| &vectors[index * dimension + begin..][..length];
        for (four, c) in fours.iter().enumerate() {
            let (v0, v1, v2, v3) = (row(4 * four), row(4 * four + 1), row(4 * four + 2), row(4 * four + 3));
            for place in 0..length {
                let mut value = (-c[0]).mul_add(v0[place], x[place]);
                value = (-c[1]).mul_add(v1[place], value);
                value = (-c[2]).mul_add(v2[place], value);
                x[place] = (-c[3]).mul_add(v3[place], value);
            }
        }
        for (index, &c) in rest.iter().enumerate() {
            for (x, &value) in x.iter_mut().zip(row(4 * fours.len() + index)) {
                *x = (-c).mul_add(value, *x);
            }
        }
    }
}

lane_kernel! {
    /// `out[i] = Σⱼ vⱼ sⱼᵢ` over a piece, `[kept × PIECE]`.
    fn combine_piece<R: Real>(
        vectors: &[R],
        dimension: usize,
        begin: usize,
        length: usize,
        coefficients: &[R],
        kept: usize,
        count: usize,
        out: &mut [R],
    ) {
        out.fill(R::ZERO);
        for (index, out) in out.chunks_exact_mut(PIECE).enumerate() {
            let out = &mut out[..length];
            for (vector, row) in
                vectors.chunks_exact(dimension).take(count).zip(coefficients.chunks_exact(kept))
            {
                let factor = row[index];
                for (out, &value) in out.iter_mut().zip(&vector[begin..begin + length]) {
                    *out = factor.mul_add(value, *out);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::probes::fill_signs;
    use super::*;

    #[test]
    fn what_is_left_is_orthogonal_even_where_little_is_left() {
        let dimension = 2500;
        let mut basis = Basis::<f32>::new(dimension);
        for stream in 0..7 {
            let mut vector = vec![0.0; dimension];
            fill_signs(stream, &mut vector);
            let left = basis.remove(&mut vector, &mut vec![0.0; basis.len()]);
            basis.push_scaled(&vector, left.after.recip());
        }
        // A vector whose part outside is 1e-4 of it.
        let mut vector: Vec<f32> = basis.vector(2).to_vec();
        vector[17] += 1e-4;
        let mut components = vec![0.0; 7];
        let left = basis.remove(&mut vector, &mut components);
        assert!((left.before - 1.0).abs() < 1e-4 && (left.after - 1e-4).abs() < 1e-6, "{left:?}");
        assert!((components[2] - 1.0).abs() < 1e-5);
        for index in 0..7 {
            // Rounding of f32 relative to the original size, once more relative to what is left.
            assert!(dot(basis.vector(index), &vector).abs() < 1e-10, "{index}");
        }
    }

    #[test]
    fn combinations_replace_the_vectors() {
        let dimension = 1500;
        let mut basis = Basis::<f64>::new(dimension);
        basis.vectors = (0..3 * dimension).map(|index| index as f64).collect();
        let before = basis.vectors.clone();
        basis.combine(2, 1, &[2.0, -1.0]);
        assert_eq!(basis.len(), 2);
        for place in [0, 1023, 1024, 1499] {
            assert_eq!(basis.vector(0)[place], 2.0 * before[place] - before[dimension + place]);
            assert_eq!(basis.vector(1)[place], before[2 * dimension + place]);
        }
    }
}
