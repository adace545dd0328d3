//! Products of dense matrices on lanes: the same bits at every SIMD level and for every shape of tile.
//!
//! All matrices are row-major; rows of right factors and of results are whole panels of 16 values. An element of a
//! result is one chain of fused multiply-adds in the order of the inner index, so neither the tile that it lies in
//! nor other rows and columns can change its bits. A library product would promise its bits on one kind of
//! processor only, and is no faster at the shapes of small networks (measured: within 4 % of `faer`'s from 32 × 64 × 128
//! to 1797 × 330 × 1797, and 0.9 of the peak of AVX-512).

use crate::lanes::{Real, SimdLevel, lane_kernel, simd_level};

/// Values of a panel: one register of f32 on AVX-512.
pub(super) const PANEL: usize = 16;

type Panel<R> = [R; PANEL];

/// A row-major matrix: row `r` begins at `values[r · stride]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows<'v, R> {
    pub(super) values: &'v [R],
    pub(super) stride: usize,
}

/// A row-major matrix to write, `[rows × stride]`, of whole panels.
#[derive(Debug)]
pub(super) struct RowsMut<'v, R> {
    pub(super) values: &'v mut [R],
    pub(super) stride: usize,
}

/// What a result holds before products are added.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start<'v, R> {
    /// This value everywhere.
    Value(R),
    /// This row, `[stride]`, in all rows.
    Row(&'v [R]),
    /// What it holds.
    Kept,
}

/// The rows × panels of a result that are kept in registers, by the registers there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tiles {
    /// 6 × 4, the rest 8 × 2 and 8 × 1: 32 registers of 16 values.
    Wide,
    /// 8 × 1: 32 registers of 8 values.
    Tall,
    /// 4 × 1: 16 registers of 8 values.
    Small,
    /// 2 × 1: 16 registers of 4 values.
    Flat,
}

fn tiles<R>() -> Tiles {
    match (simd_level(), size_of::<R>()) {
        (SimdLevel::Avx512, 4) => Tiles::Wide,
        (SimdLevel::Avx512, _) => Tiles::Tall,
        (_, 4) => Tiles::Small,
        (_, _) => Tiles::Flat,
    }
}

/// `out[r][c] = start + Σₖ left[r][k] · right[k][c]`, k < `depth`, for all rows and panels of `out`.
pub(super) fn multiply<R: Real>(
    start: Start<'_, R>,
    left: Rows<'_, R>,
    depth: usize,
    right: Rows<'_, R>,
    out: RowsMut<'_, R>,
) {
    multiply_kernel(tiles::<R>(), start, left, depth, right, out);
}

/// `out[r][c] += Σₛ left[s][r] · right[s][c]`, s < `depth`: a sum over samples.
pub(super) fn add_transposed<R: Real>(
    left: Rows<'_, R>,
    depth: usize,
    right: Rows<'_, R>,
    out: RowsMut<'_, R>,
) {
    add_transposed_kernel(tiles::<R>(), left, depth, right, out);
}

/// Repeats a body for `$index` = 0, 1, … below `$count` ≤ 8: a loop of this length would stay a loop, and keep its
/// sums in memory instead of registers.
macro_rules! unrolled {
    ($name:ident in $count:ident $body:block) => {
        unrolled!($name in $count $body, 0 1 2 3 4 5 6 7)
    };
    ($name:ident in $count:ident $body:block, $($index:literal)*) => {
        $(if $index < $count {
            let $name = $index;
            $body
        })*
    };
}

/// Covers all rows and panels of a result with tiles: calls `$tile::<R, rows, panels>(row, panel)`.
macro_rules! cover {
    ($tiles:expr, $rows:expr, $panels:expr, |$row:ident, $panel:ident| $tile:ident $arguments:tt) => {{
        let (rows, panels) = ($rows, $panels);
        let mut $panel = 0;
        match $tiles {
            Tiles::Wide => {
                cover!(@columns 6, 4, rows, panels, $row, $panel, $tile $arguments);
                cover!(@columns 8, 2, rows, panels, $row, $panel, $tile $arguments);
                cover!(@columns 8, 1, rows, panels, $row, $panel, $tile $arguments);
            }
            Tiles::Tall => cover!(@columns 8, 1, rows, panels, $row, $panel, $tile $arguments),
            Tiles::Small => cover!(@columns 4, 1, rows, panels, $row, $panel, $tile $arguments),
            Tiles::Flat => cover!(@columns 2, 1, rows, panels, $row, $panel, $tile $arguments),
        }
    }};
    (@columns $high:literal, $wide:literal, $rows:ident, $panels:ident, $row:ident, $panel:ident,
     $tile:ident ($($argument:expr),*)) => {
        while $panels - $panel >= $wide {
            let mut $row = 0;
            while $row + $high <= $rows {
                $tile::<R, $high, $wide>($($argument),*);
                $row += $high;
            }
            while $row + 2 <= $rows {
                $tile::<R, 2, $wide>($($argument),*);
                $row += 2;
            }
            if $row < $rows {
                $tile::<R, 1, $wide>($($argument),*);
            }
            $panel += $wide;
        }
    };
}

lane_kernel! {
    fn multiply_kernel<R: Real>(
        tiles: Tiles,
        start: Start<'_, R>,
        left: Rows<'_, R>,
        depth: usize,
        right: Rows<'_, R>,
        out: RowsMut<'_, R>,
    ) {
        let stride = out.stride;
        let out = out.values;
        match start {
            Start::Value(value) => out.fill(value),
            Start::Row(row) => out.chunks_exact_mut(stride).for_each(|out| out.copy_from_slice(row)),
            Start::Kept => {}
        }
        cover!(tiles, out.len() / stride, stride / PANEL, |row, panel| multiply_tile(
            Rows { values: &left.values[row * left.stride..], stride: left.stride },
            depth,
            right,
            &mut out[row * stride..],
            stride,
            panel
        ));
    }
}

#[inline(always)]
fn multiply_tile<R: Real, const ROWS: usize, const PANELS: usize>(
    left: Rows<'_, R>,
    depth: usize,
    right: Rows<'_, R>,
    out: &mut [R],
    stride: usize,
    panel: usize,
) {
    // Loaded, even where they are all alike: the compiler then knows that panels are its vectors.
    let mut sums = [[[R::ZERO; PANEL]; PANELS]; ROWS];
    unrolled!(row in ROWS { sums[row] = *panels::<R, PANELS>(&out[row * stride..], panel); });
    let rows: [&[R]; ROWS] = std::array::from_fn(|row| &left.values[row * left.stride..][..depth]);
    let columns = &right.values[panel * PANEL..];
    for k in 0..depth {
        let values = panels::<R, PANELS>(&columns[k * right.stride..], 0);
        unrolled!(row in ROWS {
            let factor = rows[row][k];
            unrolled!(part in PANELS { add_scaled(factor, &values[part], &mut sums[row][part]); });
        });
    }
    store(&sums, out, stride, panel);
}

lane_kernel! {
    fn add_transposed_kernel<R: Real>(
        tiles: Tiles,
        left: Rows<'_, R>,
        depth: usize,
        right: Rows<'_, R>,
        out: RowsMut<'_, R>,
    ) {
        let stride = out.stride;
        let out = out.values;
        cover!(tiles, out.len() / stride, stride / PANEL, |row, panel| add_transposed_tile(
            left,
            depth,
            right,
            row,
            &mut out[row * stride..],
            stride,
            panel
        ));
    }
}

#[inline(always)]
fn add_transposed_tile<R: Real, const ROWS: usize, const PANELS: usize>(
    left: Rows<'_, R>,
    depth: usize,
    right: Rows<'_, R>,
    first: usize,
    out: &mut [R],
    stride: usize,
    panel: usize,
) {
    let mut sums = [[[R::ZERO; PANEL]; PANELS]; ROWS];
    unrolled!(row in ROWS { sums[row] = *panels::<R, PANELS>(&out[row * stride..], panel); });
    let columns = &right.values[panel * PANEL..];
    for sample in 0..depth {
        let factors = &left.values[sample * left.stride + first..][..ROWS];
        let values = panels::<R, PANELS>(&columns[sample * right.stride..], 0);
        unrolled!(row in ROWS {
            let factor = factors[row];
            unrolled!(part in PANELS { add_scaled(factor, &values[part], &mut sums[row][part]); });
        });
    }
    store(&sums, out, stride, panel);
}

/// `PANELS` panels of a row, from `panel` on.
#[inline(always)]
fn panels<R: Real, const PANELS: usize>(row: &[R], panel: usize) -> &[Panel<R>; PANELS] {
    let (panels, _) = row[panel * PANEL..][..PANELS * PANEL].as_chunks::<PANEL>();
    match panels.first_chunk::<PANELS>() {
        Some(panels) => panels,
        None => unreachable!("the slice has this length"),
    }
}

#[inline(always)]
fn store<R: Real, const ROWS: usize, const PANELS: usize>(
    sums: &[[Panel<R>; PANELS]; ROWS],
    out: &mut [R],
    stride: usize,
    panel: usize,
) {
    unrolled!(row in ROWS {
        let (out, _) = out[row * stride + panel * PANEL..].as_chunks_mut::<PANEL>();
        unrolled!(part in PANELS { out[part] = sums[row][part]; });
    });
}

/// `sums += factor · values`
#[inline(always)]
fn add_scaled<R: Real>(factor: R, values: &Panel<R>, sums: &mut Panel<R>) {
    for part in 0..PANEL {
        sums[part] = factor.mul_add(values[part], sums[part]);
    }
}

lane_kernel! {
    /// `out[column][row] = from[row][column]` for the given shape of `from`; what lies beyond in `out` is left.
    pub(super) fn transpose<R: Real>(from: Rows<'_, R>, rows: usize, columns: usize, out: RowsMut<'_, R>) {
        // In squares, so that neither side walks through memory by whole strides for long.
        let (mut square, mut other) = ([R::ZERO; PANEL * PANEL], [R::ZERO; PANEL * PANEL]);
        for first in (0..rows).step_by(PANEL) {
            let height = PANEL.min(rows - first);
            for begin in (0..columns).step_by(PANEL) {
                let width = PANEL.min(columns - begin);
                if height == PANEL && width == PANEL {
                    for (row, panel) in square.as_chunks_mut::<PANEL>().0.iter_mut().enumerate() {
                        panel.copy_from_slice(&from.values[(first + row) * from.stride + begin..][..PANEL]);
                    }
                    transpose_square(&mut square, &mut other);
                    for (column, panel) in square.as_chunks::<PANEL>().0.iter().enumerate() {
                        out.values[(begin + column) * out.stride + first..][..PANEL].copy_from_slice(panel);
                    }
                    continue;
                }
                for row in first..first + height {
                    let values = &from.values[row * from.stride + begin..][..width];
                    for (column, &value) in values.iter().enumerate() {
                        out.values[(begin + column) * out.stride + row] = value;
                    }
                }
            }
        }
    }
}

/// Transposes a square, with `other` as memory. To riffle its first half with its second turns the bits of indices
/// around by one; after half of all turns, those of rows and columns have changed places.
#[inline(always)]
fn transpose_square<R: Real>(square: &mut [R; PANEL * PANEL], other: &mut [R; PANEL * PANEL]) {
    const { assert!(PANEL == 16) };
    riffle(square, other);
    riffle(other, square);
    riffle(square, other);
    riffle(other, square);
}

#[inline(always)]
fn riffle<R: Real>(from: &[R; PANEL * PANEL], out: &mut [R; PANEL * PANEL]) {
    let (first, second) = from.split_at(PANEL * PANEL / 2);
    for (out, (&one, &other)) in out.as_chunks_mut::<2>().0.iter_mut().zip(first.iter().zip(second)) {
        *out = [one, other];
    }
}

lane_kernel! {
    /// `sums[c] += Σₛ rows[s][c]` over whole rows.
    pub(super) fn add_rows<R: Real>(rows: Rows<'_, R>, sums: &mut [R]) {
        for row in rows.values.chunks_exact(rows.stride) {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::force_simd_level;
    use crate::risk::fixtures::scattered;

    fn values<R: Real>(count: usize, phase: f64) -> Vec<R> {
        scattered(count, phase).into_iter().map(R::from_f64).collect()
    }

    /// The chain that every tile promises, element by element.
    fn products_are_chains<R: Real>() {
        for (rows, depth, panels) in [(1, 1, 1), (6, 3, 4), (17, 10, 7), (13, 5, 2), (9, 0, 1)] {
            let stride = panels * PANEL;
            let (left, right) = (values::<R>(rows * (depth + 2), 0.2), values::<R>(depth * stride, 0.7));
            let begin = values::<R>(rows * stride, 0.4);
            let left = Rows { values: &left, stride: depth + 2 };
            let right = Rows { values: &right, stride };
            let row = &begin[..stride];
            for start in [Start::Value(R::ONE), Start::Row(row), Start::Kept] {
                let mut out = begin.clone();
                multiply(start, left, depth, right, RowsMut { values: &mut out, stride });
                for (place, &value) in out.iter().enumerate() {
                    let (r, c) = (place / stride, place % stride);
                    let mut sum = match start {
                        Start::Value(value) => value,
                        Start::Row(row) => row[c],
                        Start::Kept => begin[place],
                    };
                    for k in 0..depth {
                        sum = left.values[r * left.stride + k].mul_add(right.values[k * stride + c], sum);
                    }
                    assert!(value == sum, "{rows} × {depth} × {stride} at {place}");
                }
            }
            let wide = values::<R>(depth * (rows + 1), 0.5);
            let mut out = begin.clone();
            let wide = Rows { values: &wide, stride: rows + 1 };
            add_transposed(wide, depth, right, RowsMut { values: &mut out, stride });
            for (place, &value) in out.iter().enumerate() {
                let (r, c) = (place / stride, place % stride);
                let mut sum = begin[place];
                for k in 0..depth {
                    sum = wide.values[k * wide.stride + r].mul_add(right.values[k * stride + c], sum);
                }
                assert!(value == sum, "{depth} × {rows} × {stride} at {place}");
            }
        }
    }

    #[test]
    fn every_tile_gives_the_bits_of_one_chain() {
        let best = simd_level();
        for level in [SimdLevel::Portable, SimdLevel::Avx2, SimdLevel::Avx512] {
            if force_simd_level(level).is_ok() {
                products_are_chains::<f32>();
                products_are_chains::<f64>();
            }
        }
        force_simd_level(best).unwrap();
    }

    #[test]
    fn transposition() {
        let from: Vec<f64> = (0..37 * 21).map(f64::from).collect();
        let mut out = vec![-1.0; 21 * 48];
        transpose(Rows { values: &from, stride: 21 }, 37, 21, RowsMut { values: &mut out, stride: 48 });
        assert!((0..21 * 48).all(|place| {
            let (row, column) = (place / 48, place % 48);
            out[place] == if column < 37 { from[column * 21 + row] } else { -1.0 }
        }));
    }
}
