//! The innermost loops of an elimination: a few pivots at a time, without blocking.

use crate::lanes::{Real, lane_kernel};

/// Independent partial sums of a long sum: enough to hide the latency of additions, the same at every SIMD level.
const LANES: usize = 16;

/// The sum of partial sums, pairwise.
#[inline(always)]
fn joined<R: Real>(mut partial: [R; LANES]) -> R {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            let other = partial[lane + half];
            partial[lane] += other;
        }
        half /= 2;
    }
    partial[0]
}

#[inline(always)]
fn sum<R: Real>(values: &[R]) -> R {
    let mut partial = [R::ZERO; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (partial, &value) in partial.iter_mut().zip(chunk) {
            *partial += value;
        }
    }
    for (partial, &value) in partial.iter_mut().zip(rest) {
        *partial += value;
    }
    joined(partial)
}

#[inline(always)]
fn add<R: Real>(factor: R, from: &[R], to: &mut [R]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = factor.mul_add(from, *to);
    }
}

#[inline(always)]
fn inner<R: Real>(a: &[R], b: &[R]) -> R {
    let mut partial = [R::ZERO; LANES];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for ((partial, &a), &b) in partial.iter_mut().zip(a).zip(b) {
            *partial = a.mul_add(b, *partial);
        }
    }
    for ((partial, &a), &b) in partial.iter_mut().zip(a_rest).zip(b_rest) {
        *partial = a.mul_add(b, *partial);
    }
    joined(partial)
}

lane_kernel! {
    /// Eliminates the pivots `from..to` from the rows `from..to`, in which all earlier pivots are eliminated: departures
    /// go to the diagonal, what is right of it becomes probabilities, what is left of it stays rates. Answers the first
    /// pivot that nothing leaves, if any.
    pub(super) fn eliminate_panel<R: Real>(
        rows: &mut [R], stride: usize, from: usize, to: usize
    ) -> Option<usize> {
        let (_, panel) = rows.split_at_mut(from * stride);
        for pivot in from..to {
            let (row, below) = panel[(pivot - from) * stride..].split_at_mut(stride);
            let departure = sum(&row[pivot + 1..]);
            let leaves = departure > R::ZERO;
            if !leaves {
                return Some(pivot);
            }
            row[pivot] = departure;
            // A quotient each, not a product with 1 / departure: that may overflow.
            for rate in &mut row[pivot + 1..] {
                *rate /= departure;
            }
            let onward = &row[pivot + 1..];
            for below in below.chunks_exact_mut(stride).take(to - pivot - 1) {
                let (rates, after) = below.split_at_mut(pivot + 1);
                add(rates[pivot], onward, after);
            }
        }
        None
    }
}

lane_kernel! {
    /// Brings the columns `from..to` of rows further down up to date with the pivots `from..to`, which stand in `above`.
    pub(super) fn update_columns<R: Real>(
        below: &mut [R], above: &[R], stride: usize, from: usize, to: usize
    ) {
        for row in below.chunks_exact_mut(stride) {
            for pivot in from..to {
                let (rates, after) = row[..to].split_at_mut(pivot + 1);
                add(rates[pivot], &above[pivot * stride + pivot + 1..pivot * stride + to], after);
            }
        }
    }
}

lane_kernel! {
    /// Brings the rates from the border to the pivots `from..to` up to date with these pivots, which stand in `rows`.
    pub(super) fn update_incoming<R: Real>(
        incoming: &mut [R], border: usize, rows: &[R], stride: usize, from: usize, to: usize
    ) {
        for pivot in from..to {
            let (row, after) = incoming[pivot * border..to * border].split_at_mut(border);
            for (later, to) in after.chunks_exact_mut(border).enumerate() {
                add(rows[pivot * stride + pivot + 1 + later], row, to);
            }
        }
    }
}

lane_kernel! {
    /// Turns what is gained in the pivots per unit of time into what is gained per visit, and passes it on: `local` holds
    /// pivots, then border.
    pub(super) fn gather_gains<R: Real>(rows: &[R], stride: usize, incoming: &[R], local: &mut [R]) {
        let (pivots, border) = local.split_at_mut(rows.len() / stride);
        for (pivot, row) in rows.chunks_exact(stride).enumerate() {
            let gain = (pivots[pivot] + inner(&row[..pivot], &pivots[..pivot])) / row[pivot];
            pivots[pivot] = gain;
            add(gain, &incoming[pivot * border.len()..][..border.len()], border);
        }
    }
}

lane_kernel! {
    /// Adds to the gain of each pivot what is expected from the states that come after it.
    pub(super) fn spread_gains<R: Real>(rows: &[R], stride: usize, local: &mut [R]) {
        for (pivot, row) in rows.chunks_exact(stride).enumerate().rev() {
            let (before, after) = local.split_at_mut(pivot + 1);
            before[pivot] += inner(&row[pivot + 1..stride - 1], after);
        }
    }
}

lane_kernel! {
    /// Passes on the mass in each pivot to the states that come after it.
    pub(super) fn gather_mass<R: Real>(rows: &[R], stride: usize, local: &mut [R]) {
        for (pivot, row) in rows.chunks_exact(stride).enumerate() {
            let (before, after) = local.split_at_mut(pivot + 1);
            add(before[pivot], &row[pivot + 1..stride - 1], after);
        }
    }
}

lane_kernel! {
    /// Turns the mass in each pivot, and what comes back to it from later states, into time spent there.
    pub(super) fn spread_mass<R: Real>(
        rows: &[R], stride: usize, incoming: &[R], pivots: &mut [R], border: &[R]
    ) {
        for (pivot, row) in rows.chunks_exact(stride).enumerate().rev() {
            let back = inner(&incoming[pivot * border.len()..][..border.len()], border);
            let (before, own) = pivots.split_at_mut(pivot);
            own[0] = (own[0] + back) / row[pivot];
            add(own[0], &row[..pivot], before);
        }
    }
}
